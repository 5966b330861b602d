-- Uploads that carry values, decisions about values, or both; and what takes an upload back.
--
-- import_stage_note         people of whom an upload changes no value, but decides about some: the entry of their change log
-- import_stage_attestation  decisions on their way
--
-- Same tables as on PostgreSQL, see there.

-- +goose Up
ALTER TABLE import_batch ADD COLUMN carries    TEXT    NOT NULL DEFAULT 'values' CHECK (carries IN ('values', 'attestations', 'both'));
ALTER TABLE import_batch ADD COLUMN attested   INTEGER NOT NULL DEFAULT 0; -- decisions by what they say
ALTER TABLE import_batch ADD COLUMN rejected   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import_batch ADD COLUMN taken_back INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import_batch ADD COLUMN repeated   INTEGER NOT NULL DEFAULT 0; -- cells that say what was decided already
ALTER TABLE import_batch ADD COLUMN refused    INTEGER NOT NULL DEFAULT 0; -- decisions that cannot be accepted, and those of rows with a problem
ALTER TABLE import_batch ADD COLUMN tx_no      INTEGER;                    -- of the transaction that applied it, as in change_log; NULL: none has
ALTER TABLE import_batch ADD COLUMN undoes     TEXT;                       -- the import that this one takes back; NULL: it is no undo
ALTER TABLE import_batch ADD COLUMN deactivated INTEGER NOT NULL DEFAULT 0; -- people whom it had registered and whom its undo has made inactive
ALTER TABLE import_batch ADD COLUMN undo_after TEXT;                       -- the last person whom an undo on its way has dealt with
-- Of an import, one undo at a time is on its way; what an applied one has left, another may take back.
CREATE UNIQUE INDEX import_batch_undo ON import_batch (undoes) WHERE state NOT IN ('applied', 'refused', 'discarded');

CREATE TABLE import_stage_note (
  run_no        INTEGER NOT NULL,
  line          INTEGER NOT NULL,
  registrant_id TEXT    NOT NULL,
  base_chain_no INTEGER NOT NULL,                          -- chain_no of the record that was looked at
  diff          BLOB    NOT NULL,
  payload_hash  BLOB    NOT NULL,
  PRIMARY KEY (run_no, line)
) STRICT;

CREATE TABLE import_stage_attestation (
  run_no        INTEGER NOT NULL,
  line          INTEGER NOT NULL,
  registrant_id TEXT    NOT NULL,
  field         INTEGER NOT NULL,
  seq           INTEGER NOT NULL,
  version_no    INTEGER NOT NULL,
  value_hash    BLOB    NOT NULL,
  hash_key_id   TEXT    NOT NULL,
  state         TEXT    NOT NULL,
  comment       TEXT    NOT NULL,                      -- sealed, as it will stand in attestation
  status        TEXT    NOT NULL,
  proposal      INTEGER NOT NULL CHECK (proposal IN (0, 1)),
  expires_at    TEXT,
  PRIMARY KEY (run_no, line, field)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE import_stage_attestation;
DROP TABLE import_stage_note;
DROP INDEX import_batch_undo;
ALTER TABLE import_batch DROP COLUMN carries;
ALTER TABLE import_batch DROP COLUMN attested;
ALTER TABLE import_batch DROP COLUMN rejected;
ALTER TABLE import_batch DROP COLUMN taken_back;
ALTER TABLE import_batch DROP COLUMN repeated;
ALTER TABLE import_batch DROP COLUMN refused;
ALTER TABLE import_batch DROP COLUMN tx_no;
ALTER TABLE import_batch DROP COLUMN undoes;
ALTER TABLE import_batch DROP COLUMN undo_after;
ALTER TABLE import_batch DROP COLUMN deactivated;
