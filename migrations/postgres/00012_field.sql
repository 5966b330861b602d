-- Fields without code: what a definition can say beyond its type, and its versions.
--
-- field_definition_version  every version of every definition; rows are only ever inserted
-- field_revision            one row: moves with every change of a definition, so that a copy in memory can tell that it is old
-- field_value               finds people by the plain values of searchable fields, beside the live row so that a new
--                           searchable field needs no index on it; written in the transaction of the value
-- import_stage_value        the same for rows on their way; unlogged, as the other stage tables

-- +goose Up
ALTER TABLE field_definition
  ADD COLUMN see_by      jsonb   NOT NULL DEFAULT '[]',  -- [role]: who is told the values; empty: whoever reads the record
  ADD COLUMN searchable  boolean NOT NULL DEFAULT false, -- field_value has the values
  ADD COLUMN indexed     boolean NOT NULL DEFAULT false, -- field_value has all of them
  ADD COLUMN schema      text    NOT NULL DEFAULT '',    -- JSON Schema, or empty
  ADD COLUMN show_if     text    NOT NULL DEFAULT '',    -- condition (CEL), or empty
  ADD COLUMN required_if text    NOT NULL DEFAULT '',    -- condition (CEL), or empty
  ADD COLUMN rule        text    NOT NULL DEFAULT '',    -- expression (CEL) of a computed field
  ADD COLUMN result      text    NOT NULL DEFAULT '',    -- type of a computed field
  ADD COLUMN version     integer NOT NULL DEFAULT 1,
  ADD COLUMN retired     boolean NOT NULL DEFAULT false; -- takes no new value

CREATE TABLE field_definition_version (
  key        text        NOT NULL,
  version    integer     NOT NULL,                      -- 1, 2, 3, ...
  definition jsonb       NOT NULL,                      -- the whole definition
  at         timestamptz NOT NULL,
  actor      text        NOT NULL,
  reason     text        NOT NULL,
  PRIMARY KEY (key, version)
);

CREATE TABLE field_revision (
  one      smallint PRIMARY KEY CHECK (one = 1),
  revision bigint   NOT NULL
);
INSERT INTO field_revision (one, revision) VALUES (1, 1);

CREATE TABLE field_value (
  registrant_id uuid     NOT NULL,
  field         smallint NOT NULL,                      -- number of the field
  norm_value    text COLLATE "C" NOT NULL,              -- folded in Go; a hash of what is long; one row per choice
  PRIMARY KEY (registrant_id, field, norm_value)
);
CREATE INDEX field_value_found ON field_value (field, norm_value, registrant_id);

CREATE UNLOGGED TABLE import_stage_value (
  run_no     bigint   NOT NULL,
  line       integer  NOT NULL,
  field      smallint NOT NULL,
  norm_value text COLLATE "C" NOT NULL,                 -- empty: what was there is cleared
  PRIMARY KEY (run_no, line, field, norm_value)
);

-- +goose Down
DROP TABLE import_stage_value;
DROP TABLE field_value;
DROP TABLE field_revision;
DROP TABLE field_definition_version;
ALTER TABLE field_definition
  DROP COLUMN see_by, DROP COLUMN searchable, DROP COLUMN indexed, DROP COLUMN schema, DROP COLUMN show_if, DROP COLUMN required_if,
  DROP COLUMN rule, DROP COLUMN result, DROP COLUMN version, DROP COLUMN retired;
