-- Import from other sources: saved mappings, identifiers in files of new people, and pulls from other systems.
--
-- import_mapping      which column of a file, or member of a pulled row, is which field; the first ones come from
--                     registry/mapping/presets.json
-- import_stage_given  identifiers that the rows of a file give to new people, on their way
-- source              a system whose rows are pulled: its settings, and where the next pull goes on
-- source_run          one row per pull
-- source_problem      what was wrong with the rows of a pull; no values of people
--
-- Same tables as on PostgreSQL, see there.

-- +goose Up
ALTER TABLE import_batch ADD COLUMN kind  TEXT NOT NULL DEFAULT 'person';  -- what a row is: a person, or a kind of group
ALTER TABLE import_batch ADD COLUMN saved TEXT NOT NULL DEFAULT 'null';    -- the saved mapping as it was when the file came, or null

CREATE TABLE import_mapping (
  key        TEXT NOT NULL PRIMARY KEY,
  spec       TEXT NOT NULL CHECK (json_valid(spec)),  -- the mapping
  version_no INTEGER NOT NULL,             -- moves with every change
  created_by TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE import_stage_given (
  run_no     INTEGER NOT NULL,
  line       INTEGER NOT NULL,
  seq        INTEGER NOT NULL,
  type       TEXT NOT NULL,
  enc        BLOB NOT NULL,
  bidx       BLOB NOT NULL,
  valid_from TEXT,
  valid_to   TEXT,
  issued_by  TEXT NOT NULL,
  PRIMARY KEY (run_no, line, seq)
) STRICT;

CREATE TABLE source (
  key        TEXT NOT NULL PRIMARY KEY,
  spec       TEXT NOT NULL CHECK (json_valid(spec)),  -- the settings, without the secret
  mapping    TEXT NOT NULL REFERENCES import_mapping (key),
  secret     BLOB,                     -- what its authorization header says, sealed under the master key; NULL: none is sent
  version_no INTEGER NOT NULL,             -- moves with every change of the settings
  position   TEXT NOT NULL,            -- cursor that the next request sends; empty: from the beginning
  state      TEXT NOT NULL CHECK (state IN ('ready', 'cursor_refused')), -- cursor_refused: by the last pull
  turn       INTEGER NOT NULL,             -- moves with every page that is kept: of two pulls at once, one goes on
  next_at    TEXT,                     -- when it is pulled next; NULL: when somebody asks
  created_by TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX source_next ON source (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE source_run (
  id            TEXT NOT NULL PRIMARY KEY, -- UUIDv7
  source        TEXT NOT NULL REFERENCES source (key),
  asked_by      TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  error_code    TEXT NOT NULL,            -- of one that failed
  pages         INTEGER NOT NULL,
  row_count     INTEGER NOT NULL,            -- = created + updated + unchanged + failed
  created       INTEGER NOT NULL,
  updated       INTEGER NOT NULL,
  unchanged     INTEGER NOT NULL,
  failed        INTEGER NOT NULL,            -- rows with a problem
  problem_count INTEGER NOT NULL,            -- all of them; source_problem keeps the first ones
  begun_at      TEXT NOT NULL,
  ended_at      TEXT
) STRICT;
CREATE INDEX source_run_source ON source_run (source, id);

CREATE TABLE source_problem (
  run_id      TEXT NOT NULL REFERENCES source_run (id) ON DELETE CASCADE,
  no          INTEGER NOT NULL,              -- 1, 2, 3, ...
  page        INTEGER NOT NULL,              -- of the pull, from 1
  row_no      INTEGER NOT NULL,              -- in the page, from 1
  column_name TEXT NOT NULL,              -- path in the row, or empty for the whole row
  code        TEXT NOT NULL,
  words       TEXT NOT NULL,
  PRIMARY KEY (run_id, no)
) STRICT;

-- +goose Down
DROP TABLE source_problem;
DROP TABLE source_run;
DROP TABLE source;
DROP TABLE import_stage_given;
DROP TABLE import_mapping;
ALTER TABLE import_batch DROP COLUMN saved;
ALTER TABLE import_batch DROP COLUMN kind;
