-- +goose Up
-- Background work and outbox: see internal/jobs. Times are microseconds since 1970, UTC.
CREATE TABLE job (
  id           TEXT    NOT NULL PRIMARY KEY,
  kind         TEXT    NOT NULL,
  args         TEXT    NOT NULL CHECK (json_valid(args)),
  state        TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  run_at       INTEGER NOT NULL,
  lease_until  INTEGER NOT NULL DEFAULT 0,
  fence        INTEGER NOT NULL DEFAULT 0,
  attempts     INTEGER NOT NULL DEFAULT 0,
  max_attempts INTEGER NOT NULL CHECK (max_attempts > 0),
  unique_key   TEXT,
  cursor       TEXT    NOT NULL DEFAULT '',
  progress     INTEGER NOT NULL DEFAULT 0,
  total        INTEGER NOT NULL DEFAULT 0,
  cancel       INTEGER NOT NULL DEFAULT 0 CHECK (cancel IN (0, 1)),
  worker       TEXT    NOT NULL DEFAULT '',
  error        TEXT    NOT NULL DEFAULT '',
  ended_at     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX job_ready ON job (run_at) WHERE state = 'queued';
CREATE INDEX job_lease ON job (lease_until) WHERE state = 'running';
CREATE UNIQUE INDEX job_unique ON job (kind, unique_key)
  WHERE unique_key IS NOT NULL AND state IN ('queued', 'running');

-- +goose Down
DROP TABLE job;
