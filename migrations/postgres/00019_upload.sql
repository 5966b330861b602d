-- Uploads that carry values, decisions about values, or both; and what takes an upload back.
--
-- import_stage_note         people of whom an upload changes no value, but decides about some: the entry of their change log
-- import_stage_attestation  decisions on their way
--
-- Both are unlogged, as the other stage tables. What an import did is found by the number of its transaction in the change log.

-- +goose Up
ALTER TABLE import_batch
  ADD COLUMN carries    text    NOT NULL DEFAULT 'values' CHECK (carries IN ('values', 'attestations', 'both')),
  ADD COLUMN attested   integer NOT NULL DEFAULT 0,      -- decisions by what they say
  ADD COLUMN rejected   integer NOT NULL DEFAULT 0,
  ADD COLUMN taken_back integer NOT NULL DEFAULT 0,
  ADD COLUMN repeated   integer NOT NULL DEFAULT 0,      -- cells that say what was decided already
  ADD COLUMN refused    integer NOT NULL DEFAULT 0,      -- decisions that cannot be accepted, and those of rows with a problem
  ADD COLUMN tx_no      bigint,                          -- of the transaction that applied it, as in change_log; NULL: none has
  ADD COLUMN undoes     uuid,                            -- the import that this one takes back; NULL: it is no undo
  ADD COLUMN deactivated integer NOT NULL DEFAULT 0,     -- people whom it had registered and whom its undo has made inactive
  ADD COLUMN undo_after uuid;                            -- the last person whom an undo on its way has dealt with
-- Of an import, one undo at a time is on its way; what an applied one has left, another may take back.
CREATE UNIQUE INDEX import_batch_undo ON import_batch (undoes) WHERE state NOT IN ('applied', 'refused', 'discarded');

CREATE UNLOGGED TABLE import_stage_note (
  run_no        bigint  NOT NULL,
  line          integer NOT NULL,
  registrant_id uuid    NOT NULL,
  base_chain_no bigint  NOT NULL,                        -- chain_no of the record that was looked at
  diff          bytea   NOT NULL,
  payload_hash  bytea   NOT NULL,
  PRIMARY KEY (run_no, line)
);

CREATE UNLOGGED TABLE import_stage_attestation (
  run_no        bigint   NOT NULL,
  line          integer  NOT NULL,
  registrant_id uuid     NOT NULL,
  field         smallint NOT NULL,
  seq           integer  NOT NULL,
  version_no    integer  NOT NULL,
  value_hash    bytea    NOT NULL,
  hash_key_id   text     NOT NULL,
  state         text     NOT NULL,
  comment       text     NOT NULL,                      -- sealed, as it will stand in attestation
  status        text     NOT NULL,
  proposal      boolean  NOT NULL,
  expires_at    timestamptz,
  PRIMARY KEY (run_no, line, field)
);

ALTER TABLE import_stage_note
  ALTER COLUMN diff SET STATISTICS 0, ALTER COLUMN payload_hash SET STATISTICS 0;
ALTER TABLE import_stage_attestation
  ALTER COLUMN run_no SET STATISTICS 10, ALTER COLUMN line SET STATISTICS 10, ALTER COLUMN registrant_id SET STATISTICS 10,
  ALTER COLUMN field SET STATISTICS 10, ALTER COLUMN seq SET STATISTICS 10, ALTER COLUMN version_no SET STATISTICS 0,
  ALTER COLUMN value_hash SET STATISTICS 0, ALTER COLUMN hash_key_id SET STATISTICS 0, ALTER COLUMN state SET STATISTICS 0,
  ALTER COLUMN comment SET STATISTICS 0, ALTER COLUMN status SET STATISTICS 0, ALTER COLUMN proposal SET STATISTICS 0,
  ALTER COLUMN expires_at SET STATISTICS 0;

-- +goose Down
DROP TABLE import_stage_attestation;
DROP TABLE import_stage_note;
DROP INDEX import_batch_undo;
ALTER TABLE import_batch
  DROP COLUMN carries, DROP COLUMN attested, DROP COLUMN rejected, DROP COLUMN taken_back, DROP COLUMN repeated,
  DROP COLUMN refused, DROP COLUMN tx_no, DROP COLUMN undoes, DROP COLUMN undo_after, DROP COLUMN deactivated;
