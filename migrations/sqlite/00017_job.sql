-- Work that somebody has asked for: see registry/job.go.
--
-- job_request   who asked for a job, and what came of it; the rest of the job stands in table job
-- job_schedule  when the work that the servers ask for by themselves was asked for last: of several servers one asks
--
-- What is over is purged by its end: jobs, offers, grants.

-- +goose Up
CREATE TABLE job_request (
  job_id       TEXT NOT NULL PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
  account_id   TEXT,                                     -- whose rights the work has when it runs; NULL: the service itself
  actor        TEXT NOT NULL,                            -- the name of whoever asked
  roles        TEXT NOT NULL,                            -- without an account: the roles, space-separated; else empty
  channel      TEXT NOT NULL,
  scopes       TEXT,                                     -- of the token by which it was asked for; NULL: no token
  created_at   TEXT NOT NULL,
  result       TEXT CHECK (json_valid(result)),          -- NULL: none; numbers and ids, no values of people
  error_code   TEXT NOT NULL DEFAULT '',
  error_detail TEXT NOT NULL DEFAULT '',
  error_fields TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(error_fields)), -- [{"Name":, "Code":, "Detail":}]: names of fields, never values
  cancelled_by TEXT
) STRICT;
CREATE INDEX job_request_account ON job_request (account_id, job_id);
CREATE INDEX job_ended ON job (ended_at) WHERE ended_at > 0;
CREATE INDEX credential_offer_expiry ON credential_offer (expires_at);
CREATE INDEX issue_grant_expiry ON issue_grant (expires_at);

CREATE TABLE job_schedule (
  name     TEXT NOT NULL PRIMARY KEY,
  asked_at TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE job_schedule;
DROP INDEX issue_grant_expiry;
DROP INDEX credential_offer_expiry;
DROP INDEX job_ended;
DROP TABLE job_request;
