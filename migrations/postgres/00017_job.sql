-- Work that somebody has asked for: see registry/job.go.
--
-- job_request   who asked for a job, and what came of it; the rest of the job stands in table job
-- job_schedule  when the work that the servers ask for by themselves was asked for last: of several servers one asks
--
-- What is over is purged by its end: jobs, offers, grants.

-- +goose Up
CREATE TABLE job_request (
  job_id       uuid        PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
  account_id   uuid,                                     -- whose rights the work has when it runs; NULL: the service itself
  actor        text        NOT NULL,                     -- the name of whoever asked
  roles        text        NOT NULL,                     -- without an account: the roles, space-separated; else empty
  channel      text        NOT NULL,
  scopes       text,                                     -- of the token by which it was asked for; NULL: no token
  created_at   timestamptz NOT NULL,
  result       jsonb,                                    -- NULL: none; numbers and ids, no values of people
  error_code   text        NOT NULL DEFAULT '',
  error_detail text        NOT NULL DEFAULT '',
  error_fields jsonb       NOT NULL DEFAULT '[]',        -- [{"Name":, "Code":, "Detail":}]: names of fields, never values
  cancelled_by text
);
CREATE INDEX job_request_account ON job_request (account_id, job_id);
CREATE INDEX job_ended ON job (ended_at) WHERE ended_at > 0;
CREATE INDEX credential_offer_expiry ON credential_offer (expires_at);
CREATE INDEX issue_grant_expiry ON issue_grant (expires_at);

CREATE TABLE job_schedule (
  name     text        PRIMARY KEY,
  asked_at timestamptz NOT NULL
);

-- +goose Down
DROP TABLE job_schedule;
DROP INDEX issue_grant_expiry;
DROP INDEX credential_offer_expiry;
DROP INDEX job_ended;
DROP TABLE job_request;
