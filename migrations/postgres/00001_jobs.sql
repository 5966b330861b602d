-- +goose Up
-- chain_hash(a, b) = SHA-256 of a followed by b. The set-based merge of an import computes the
-- hash chain with it in SQL. On SQLite the same function is registered by internal/db.
-- +goose StatementBegin
CREATE FUNCTION chain_hash(a bytea, b bytea) RETURNS bytea
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT sha256(a || b)';
-- +goose StatementEnd

-- Background work and outbox: see internal/jobs. Times are microseconds since 1970, UTC.
CREATE TABLE job (
  id           uuid    PRIMARY KEY,
  kind         text    NOT NULL,
  args         jsonb   NOT NULL,
  state        text    NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  run_at       bigint  NOT NULL,
  lease_until  bigint  NOT NULL DEFAULT 0,
  fence        bigint  NOT NULL DEFAULT 0,
  attempts     integer NOT NULL DEFAULT 0,
  max_attempts integer NOT NULL CHECK (max_attempts > 0),
  unique_key   text,
  cursor       text    NOT NULL DEFAULT '',
  progress     bigint  NOT NULL DEFAULT 0,
  total        bigint  NOT NULL DEFAULT 0,
  cancel       boolean NOT NULL DEFAULT false,
  worker       text    NOT NULL DEFAULT '',
  error        text    NOT NULL DEFAULT '',
  ended_at     bigint  NOT NULL DEFAULT 0
);
CREATE INDEX job_ready ON job (run_at) WHERE state = 'queued';
CREATE INDEX job_lease ON job (lease_until) WHERE state = 'running';
CREATE UNIQUE INDEX job_unique ON job (kind, unique_key)
  WHERE unique_key IS NOT NULL AND state IN ('queued', 'running');

-- +goose Down
DROP TABLE job;
DROP FUNCTION chain_hash(bytea, bytea);
