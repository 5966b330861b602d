-- Import from other sources: saved mappings, identifiers in files of new people, and pulls from other systems.
--
-- import_mapping      which column of a file, or member of a pulled row, is which field; the first ones come from
--                     registry/mapping/presets.json
-- import_stage_given  identifiers that the rows of a file give to new people, on their way; unlogged, as the other stage tables
-- source              a system whose rows are pulled: its settings, and where the next pull goes on
-- source_run          one row per pull
-- source_problem      what was wrong with the rows of a pull; no values of people

-- +goose Up
ALTER TABLE import_batch ADD COLUMN kind  text NOT NULL DEFAULT 'person';  -- what a row is: a person, or a kind of group
ALTER TABLE import_batch ADD COLUMN saved jsonb NOT NULL DEFAULT 'null';    -- the saved mapping as it was when the file came, or null

CREATE TABLE import_mapping (
  key        text NOT NULL PRIMARY KEY,
  spec       jsonb NOT NULL,  -- the mapping
  version_no integer NOT NULL,             -- moves with every change
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

CREATE UNLOGGED TABLE import_stage_given (
  run_no     bigint NOT NULL,
  line       integer NOT NULL,
  seq        integer NOT NULL,
  type       text NOT NULL,
  enc        bytea NOT NULL,
  bidx       bytea NOT NULL,
  valid_from date,
  valid_to   date,
  issued_by  text NOT NULL,
  PRIMARY KEY (run_no, line, seq)
);

CREATE TABLE source (
  key        text NOT NULL PRIMARY KEY,
  spec       jsonb NOT NULL,  -- the settings, without the secret
  mapping    text NOT NULL REFERENCES import_mapping (key),
  secret     bytea,                     -- what its authorization header says, sealed under the master key; NULL: none is sent
  version_no integer NOT NULL,             -- moves with every change of the settings
  position   text NOT NULL,            -- cursor that the next request sends; empty: from the beginning
  state      text NOT NULL CHECK (state IN ('ready', 'cursor_refused')), -- cursor_refused: by the last pull
  turn       bigint NOT NULL,             -- moves with every page that is kept: of two pulls at once, one goes on
  next_at    timestamptz,                     -- when it is pulled next; NULL: when somebody asks
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX source_next ON source (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE source_run (
  id            uuid NOT NULL PRIMARY KEY, -- UUIDv7
  source        text NOT NULL REFERENCES source (key),
  asked_by      text NOT NULL,
  state         text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  error_code    text NOT NULL,            -- of one that failed
  pages         integer NOT NULL,
  row_count     integer NOT NULL,            -- = created + updated + unchanged + failed
  created       integer NOT NULL,
  updated       integer NOT NULL,
  unchanged     integer NOT NULL,
  failed        integer NOT NULL,            -- rows with a problem
  problem_count integer NOT NULL,            -- all of them; source_problem keeps the first ones
  begun_at      timestamptz NOT NULL,
  ended_at      timestamptz
);
CREATE INDEX source_run_source ON source_run (source, id);

CREATE TABLE source_problem (
  run_id      uuid NOT NULL REFERENCES source_run (id) ON DELETE CASCADE,
  no          integer NOT NULL,              -- 1, 2, 3, ...
  page        integer NOT NULL,              -- of the pull, from 1
  row_no      integer NOT NULL,              -- in the page, from 1
  column_name text NOT NULL,              -- path in the row, or empty for the whole row
  code        text NOT NULL,
  words       text NOT NULL,
  PRIMARY KEY (run_id, no)
);

-- +goose Down
DROP TABLE source_problem;
DROP TABLE source_run;
DROP TABLE source;
DROP TABLE import_stage_given;
DROP TABLE import_mapping;
ALTER TABLE import_batch DROP COLUMN saved;
ALTER TABLE import_batch DROP COLUMN kind;
