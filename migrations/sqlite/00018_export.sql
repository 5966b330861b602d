-- Downloads: see registry/export.go and docs/design/downloads.md.
--
-- export       who took which fields of whom, and for what purpose; the row stands before the first byte goes out
-- export_part  whose records they were: sets of the counters in registration numbers (registry/numset)
--
-- The query may name a person; it is sealed under a key of the row's own.

-- +goose Up
CREATE TABLE export (
  id            TEXT    NOT NULL PRIMARY KEY,          -- UUIDv7
  account_id    TEXT,                                  -- who asked; NULL: the service itself
  actor         TEXT    NOT NULL,
  kind          TEXT    NOT NULL,                      -- person, a kind of group, or group for all of them
  fields        TEXT    NOT NULL CHECK (json_valid(fields)), -- [key]
  attested_only INTEGER NOT NULL CHECK (attested_only IN (0, 1)),
  attestations  INTEGER NOT NULL CHECK (attestations IN (0, 1)), -- with their columns
  format        TEXT    NOT NULL CHECK (format IN ('csv', 'xlsx')),
  purpose       TEXT    NOT NULL,
  query         BLOB    NOT NULL,                      -- sealed
  kid           TEXT    NOT NULL,                      -- the key, wrapped as in record_key
  wrapped       BLOB    NOT NULL,
  kek           TEXT    NOT NULL,
  state         TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  rows_written  INTEGER NOT NULL,
  job_id        TEXT    REFERENCES job (id) ON DELETE SET NULL,  -- NULL: written at once
  blob_id       TEXT    REFERENCES blob (id) ON DELETE SET NULL, -- the file; NULL: not yet, or no longer
  bounds        TEXT    NOT NULL CHECK (json_valid(bounds)), -- how far the roles reached that it was written by: [grant]
  created_at    TEXT    NOT NULL,
  ended_at      TEXT,
  expires_at    TEXT                                   -- of the file
) STRICT;
CREATE INDEX export_account ON export (account_id, id);
CREATE INDEX export_job ON export (job_id) WHERE job_id IS NOT NULL;

CREATE TABLE export_part (
  export_id TEXT    NOT NULL REFERENCES export (id),
  seq       INTEGER NOT NULL,                          -- 0, 1, 2, ...
  first_no  INTEGER NOT NULL,                          -- the least and the greatest counter of the set
  last_no   INTEGER NOT NULL,
  numbers   BLOB    NOT NULL,
  PRIMARY KEY (export_id, seq)
) STRICT;

-- +goose Down
DROP TABLE export_part;
DROP TABLE export;
