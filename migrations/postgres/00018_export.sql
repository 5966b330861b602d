-- Downloads: see registry/export.go and docs/design/downloads.md.
--
-- export       who took which fields of whom, and for what purpose; the row stands before the first byte goes out
-- export_part  whose records they were: sets of the counters in registration numbers (registry/numset)
--
-- The query may name a person; it is sealed under a key of the row's own.

-- +goose Up
CREATE TABLE export (
  id            uuid        PRIMARY KEY,               -- UUIDv7
  account_id    uuid,                                  -- who asked; NULL: the service itself
  actor         text        NOT NULL,
  kind          text        NOT NULL,                  -- person, a kind of group, or group for all of them
  fields        jsonb       NOT NULL,                  -- [key]
  attested_only boolean     NOT NULL,
  attestations  boolean     NOT NULL,                  -- with their columns
  format        text        NOT NULL CHECK (format IN ('csv', 'xlsx')),
  purpose       text        NOT NULL,
  query         bytea       NOT NULL,                  -- sealed
  kid           text        NOT NULL,                  -- the key, wrapped as in record_key
  wrapped       bytea       NOT NULL,
  kek           text        NOT NULL,
  state         text        NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  rows_written  bigint      NOT NULL,
  job_id        uuid        REFERENCES job (id) ON DELETE SET NULL,  -- NULL: written at once
  blob_id       uuid        REFERENCES blob (id) ON DELETE SET NULL, -- the file; NULL: not yet, or no longer
  bounds        jsonb       NOT NULL,                  -- how far the roles reached that it was written by: [grant]
  created_at    timestamptz NOT NULL,
  ended_at      timestamptz,
  expires_at    timestamptz                            -- of the file
);
CREATE INDEX export_account ON export (account_id, id);
CREATE INDEX export_job ON export (job_id) WHERE job_id IS NOT NULL;

CREATE TABLE export_part (
  export_id uuid    NOT NULL REFERENCES export (id),
  seq       integer NOT NULL,                          -- 0, 1, 2, ...
  first_no  bigint  NOT NULL,                          -- the least and the greatest counter of the set
  last_no   bigint  NOT NULL,
  numbers   bytea   NOT NULL,
  PRIMARY KEY (export_id, seq)
);

-- +goose Down
DROP TABLE export_part;
DROP TABLE export;
