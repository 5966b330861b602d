-- Imports from CSV files: see registry/import.go.
--
-- import_batch             one row per import that came to an end, or per file that waits for it
-- import_error             what was wrong with its rows; no values of people
-- import_stage             new rows of people, built in Go, until one transaction merges them; junk afterwards
-- import_stage_identifier  their identifiers: finds those that stand twice in a file or belong to somebody else
-- import_stage_state       their new value hashes where a decision exists
--
-- Same tables as on PostgreSQL, see there. Nothing is unlogged here, and what is staged is checked only when it is merged.

-- +goose Up
CREATE TABLE import_batch (
  id             TEXT    NOT NULL PRIMARY KEY,           -- UUIDv7
  name           TEXT    NOT NULL,                       -- of the file, as given
  mode           TEXT    NOT NULL CHECK (mode IN ('create', 'update')),
  all_or_nothing INTEGER NOT NULL CHECK (all_or_nothing IN (0, 1)),
  mapping        TEXT    NOT NULL CHECK (json_valid(mapping)), -- {header: field}: the user's own choices
  date_order     TEXT    NOT NULL CHECK (date_order IN ('', 'dmy', 'mdy')),
  reason         TEXT    NOT NULL,
  collected_at   TEXT,                                   -- of the values, where no cell says it; NULL: unknown
  actor          TEXT    NOT NULL,
  state          TEXT    NOT NULL CHECK (state IN ('uploaded', 'checked', 'refused', 'applied', 'discarded', 'undoing', 'undone')),
  sha256         BLOB,                                   -- of the file; NULL until it was read to its end
  fingerprint    BLOB,                                   -- of a file of new people and what its columns mean; NULL for a file of changes
  applied_before INTEGER NOT NULL CHECK (applied_before IN (0, 1)), -- the last look found that the same file was applied
  row_count      INTEGER NOT NULL,
  created        INTEGER NOT NULL,
  updated        INTEGER NOT NULL,
  unchanged      INTEGER NOT NULL,
  failed         INTEGER NOT NULL,                       -- rows with a problem
  problem_count  INTEGER NOT NULL,                       -- all problems; import_error keeps the first ones
  ignored        TEXT    NOT NULL CHECK (json_valid(ignored)), -- [header]: columns that are no field
  created_at     TEXT    NOT NULL,
  ended_at       TEXT                                    -- of the last run
) STRICT;
-- The same new people are imported once: of two at the same time, one gets this error and changes nothing.
CREATE UNIQUE INDEX import_batch_once ON import_batch (fingerprint) WHERE state = 'applied' AND failed = 0;

CREATE TABLE import_error (
  batch_id    TEXT    NOT NULL REFERENCES import_batch (id) ON DELETE CASCADE,
  no          INTEGER NOT NULL,                          -- 1, 2, 3, ... by line
  line        INTEGER NOT NULL,                          -- of the file; 0: the file as a whole
  column_name TEXT    NOT NULL,                          -- header, or empty for the whole line
  code        TEXT    NOT NULL,
  words       TEXT    NOT NULL,
  PRIMARY KEY (batch_id, no)
) STRICT, WITHOUT ROWID;

CREATE TABLE import_stage (
  run_no         INTEGER NOT NULL,
  line           INTEGER NOT NULL,
  registrant_id  TEXT    NOT NULL,
  base_chain_no  INTEGER NOT NULL,                       -- chain_no of the record that the row was built from; 0 for a new person
  number         TEXT    NOT NULL,
  version_no     INTEGER NOT NULL,
  given_name     TEXT,
  family_name    TEXT,
  full_name_norm TEXT    NOT NULL,
  sex            TEXT,
  birth_date     TEXT,
  region         TEXT,
  extra          TEXT    NOT NULL,
  enc            TEXT    NOT NULL,
  times          TEXT    NOT NULL,
  vhash          BLOB    NOT NULL,
  hash_key_id    TEXT    NOT NULL,
  key_kid        TEXT,
  key_wrapped    BLOB,
  key_kek        TEXT,
  diff           BLOB    NOT NULL,
  payload_hash   BLOB    NOT NULL,
  PRIMARY KEY (run_no, line)
) STRICT;

CREATE TABLE import_stage_identifier (
  run_no    INTEGER NOT NULL,
  line      INTEGER NOT NULL,
  scheme    TEXT    NOT NULL,                          -- empty: the person, by the bytes of the id
  bidx      BLOB    NOT NULL,
  is_unique INTEGER NOT NULL CHECK (is_unique IN (0, 1)),
  op        TEXT    NOT NULL CHECK (op IN ('add', 'drop', 'keep')),
  bad       INTEGER NOT NULL CHECK (bad IN (0, 1)), -- the row has a problem, and only counts among the doubled
  PRIMARY KEY (run_no, line, scheme, op)
) STRICT, WITHOUT ROWID;

CREATE TABLE import_stage_state (
  run_no    INTEGER NOT NULL,
  line      INTEGER NOT NULL,
  field     INTEGER NOT NULL,
  live_hash BLOB,
  PRIMARY KEY (run_no, line, field)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE import_stage_state;
DROP TABLE import_stage_identifier;
DROP TABLE import_stage;
DROP TABLE import_error;
DROP TABLE import_batch;
