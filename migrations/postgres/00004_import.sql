-- Imports from CSV files: see registry/import.go.
--
-- import_batch             one row per import that came to an end, or per file that waits for it
-- import_error             what was wrong with its rows; no values of people
-- import_stage             new rows of people, built in Go, until one transaction merges them; junk afterwards
-- import_stage_identifier  their identifiers: finds those that stand twice in a file or belong to somebody else
-- import_stage_state       their new value hashes where a decision exists
--
-- The stage tables are unlogged: if the database crashes they are empty, the merge notices and the import is run again.

-- +goose Up
CREATE TABLE import_batch (
  id             uuid        PRIMARY KEY,              -- UUIDv7
  name           text        NOT NULL,                 -- of the file, as given
  mode           text        NOT NULL CHECK (mode IN ('create', 'update')),
  all_or_nothing boolean     NOT NULL,
  mapping        jsonb       NOT NULL,                 -- {header: field}: the user's own choices
  date_order     text        NOT NULL CHECK (date_order IN ('', 'dmy', 'mdy')),
  reason         text        NOT NULL,
  collected_at   timestamptz,                          -- of the values, where no cell says it; NULL: unknown
  actor          text        NOT NULL,
  state          text        NOT NULL CHECK (state IN ('uploaded', 'checked', 'refused', 'applied', 'discarded', 'undoing', 'undone')),
  sha256         bytea,                                -- of the file; NULL until it was read to its end
  fingerprint    bytea,                                -- of a file of new people and what its columns mean; NULL for a file of changes
  applied_before boolean     NOT NULL,                 -- the last look found that the same file was applied
  row_count      integer     NOT NULL,
  created        integer     NOT NULL,
  updated        integer     NOT NULL,
  unchanged      integer     NOT NULL,
  failed         integer     NOT NULL,                 -- rows with a problem
  problem_count  integer     NOT NULL,                 -- all problems; import_error keeps the first ones
  ignored        jsonb       NOT NULL,                 -- [header]: columns that are no field
  created_at     timestamptz NOT NULL,
  ended_at       timestamptz                           -- of the last run
);
-- The same new people are imported once: of two at the same time, one gets this error and changes nothing.
CREATE UNIQUE INDEX import_batch_once ON import_batch (fingerprint) WHERE state = 'applied' AND failed = 0;

CREATE TABLE import_error (
  batch_id    uuid    NOT NULL REFERENCES import_batch (id) ON DELETE CASCADE,
  no          integer NOT NULL,                        -- 1, 2, 3, ... by line
  line        integer NOT NULL,                        -- of the file; 0: the file as a whole
  column_name text    NOT NULL,                        -- header, or empty for the whole line
  code        text    NOT NULL,
  words       text    NOT NULL,
  PRIMARY KEY (batch_id, no)
);

CREATE UNLOGGED TABLE import_stage (
  run_no         bigint  NOT NULL,                     -- one per run of an import: milliseconds and random bits
  line           integer NOT NULL,
  registrant_id  uuid    NOT NULL,
  base_chain_no  bigint  NOT NULL,                     -- chain_no of the record that the row was built from; 0 for a new person
  number         text    NOT NULL,
  version_no     integer NOT NULL,
  given_name     text,
  family_name    text,
  full_name_norm text    NOT NULL,
  sex            text,
  birth_date     date,
  region         text,
  extra          jsonb   NOT NULL,
  enc            jsonb   NOT NULL,
  times          jsonb   NOT NULL,
  vhash          bytea   NOT NULL,
  hash_key_id    text    NOT NULL,
  key_kid        text,
  key_wrapped    bytea,
  key_kek        text,
  diff           bytea   NOT NULL,
  payload_hash   bytea   NOT NULL,
  PRIMARY KEY (run_no, line)
);

CREATE UNLOGGED TABLE import_stage_identifier (
  run_no    bigint  NOT NULL,
  line      integer NOT NULL,
  scheme    text    NOT NULL,                          -- empty: the person, by the bytes of the id
  bidx      bytea   NOT NULL,
  is_unique boolean NOT NULL,
  op        text    NOT NULL CHECK (op IN ('add', 'drop', 'keep')),
  bad       boolean NOT NULL,                          -- the row has a problem, and only counts among the doubled
  PRIMARY KEY (run_no, line, scheme, op)
);

CREATE UNLOGGED TABLE import_stage_state (
  run_no    bigint   NOT NULL,
  line      integer  NOT NULL,
  field     smallint NOT NULL,
  live_hash bytea,
  PRIMARY KEY (run_no, line, field)
);

-- The merge needs to know how many rows there are, not what is in them: ANALYZE of the values would take
-- longer than the merge itself.
ALTER TABLE import_stage
  ALTER COLUMN run_no SET STATISTICS 10, ALTER COLUMN line SET STATISTICS 10, ALTER COLUMN registrant_id SET STATISTICS 10,
  ALTER COLUMN base_chain_no SET STATISTICS 0, ALTER COLUMN number SET STATISTICS 0,
  ALTER COLUMN version_no SET STATISTICS 0, ALTER COLUMN given_name SET STATISTICS 0,
  ALTER COLUMN family_name SET STATISTICS 0, ALTER COLUMN full_name_norm SET STATISTICS 0,
  ALTER COLUMN sex SET STATISTICS 0, ALTER COLUMN birth_date SET STATISTICS 0, ALTER COLUMN region SET STATISTICS 0,
  ALTER COLUMN extra SET STATISTICS 0, ALTER COLUMN enc SET STATISTICS 0, ALTER COLUMN times SET STATISTICS 0,
  ALTER COLUMN vhash SET STATISTICS 0, ALTER COLUMN hash_key_id SET STATISTICS 0, ALTER COLUMN key_kid SET STATISTICS 0,
  ALTER COLUMN key_wrapped SET STATISTICS 0, ALTER COLUMN key_kek SET STATISTICS 0, ALTER COLUMN diff SET STATISTICS 0,
  ALTER COLUMN payload_hash SET STATISTICS 0;
ALTER TABLE import_stage_identifier
  ALTER COLUMN run_no SET STATISTICS 10, ALTER COLUMN line SET STATISTICS 10, ALTER COLUMN scheme SET STATISTICS 10,
  ALTER COLUMN bidx SET STATISTICS 10, ALTER COLUMN is_unique SET STATISTICS 10, ALTER COLUMN op SET STATISTICS 10,
  ALTER COLUMN bad SET STATISTICS 10;

-- +goose Down
DROP TABLE import_stage_state;
DROP TABLE import_stage_identifier;
DROP TABLE import_stage;
DROP TABLE import_error;
DROP TABLE import_batch;
