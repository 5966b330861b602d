-- Fields without code: what a definition can say beyond its type, and its versions.
--
-- field_definition_version  every version of every definition; rows are only ever inserted
-- field_revision            one row: moves with every change of a definition, so that a copy in memory can tell that it is old
-- field_value               finds people by the plain values of searchable fields, beside the live row so that a new
--                           searchable field needs no index on it; written in the transaction of the value
-- import_stage_value        the same for rows on their way

-- +goose Up
ALTER TABLE field_definition ADD COLUMN see_by      TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(see_by)); -- [role]: who is told the values; empty: whoever reads the record
ALTER TABLE field_definition ADD COLUMN searchable  INTEGER NOT NULL DEFAULT 0 CHECK (searchable IN (0, 1));  -- field_value has the values
ALTER TABLE field_definition ADD COLUMN indexed     INTEGER NOT NULL DEFAULT 0 CHECK (indexed IN (0, 1));     -- field_value has all of them
ALTER TABLE field_definition ADD COLUMN schema      TEXT    NOT NULL DEFAULT '';                              -- JSON Schema, or empty
ALTER TABLE field_definition ADD COLUMN show_if     TEXT    NOT NULL DEFAULT '';                              -- condition (CEL), or empty
ALTER TABLE field_definition ADD COLUMN required_if TEXT    NOT NULL DEFAULT '';                              -- condition (CEL), or empty
ALTER TABLE field_definition ADD COLUMN rule        TEXT    NOT NULL DEFAULT '';                              -- expression (CEL) of a computed field
ALTER TABLE field_definition ADD COLUMN result      TEXT    NOT NULL DEFAULT '';                              -- type of a computed field
ALTER TABLE field_definition ADD COLUMN version     INTEGER NOT NULL DEFAULT 1;
ALTER TABLE field_definition ADD COLUMN retired     INTEGER NOT NULL DEFAULT 0 CHECK (retired IN (0, 1));     -- takes no new value

CREATE TABLE field_definition_version (
  key        TEXT    NOT NULL,
  version    INTEGER NOT NULL,                                -- 1, 2, 3, ...
  definition TEXT    NOT NULL CHECK (json_valid(definition)), -- the whole definition
  at         TEXT    NOT NULL,
  actor      TEXT    NOT NULL,
  reason     TEXT    NOT NULL,
  PRIMARY KEY (key, version)
) STRICT;

CREATE TABLE field_revision (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  revision INTEGER NOT NULL
) STRICT;
INSERT INTO field_revision (one, revision) VALUES (1, 1);

CREATE TABLE field_value (
  registrant_id TEXT    NOT NULL,
  field         INTEGER NOT NULL,                             -- number of the field
  norm_value    TEXT    NOT NULL,                             -- folded in Go; a hash of what is long; one row per choice
  PRIMARY KEY (registrant_id, field, norm_value)
) STRICT, WITHOUT ROWID;
CREATE INDEX field_value_found ON field_value (field, norm_value, registrant_id);

CREATE TABLE import_stage_value (
  run_no     INTEGER NOT NULL,
  line       INTEGER NOT NULL,
  field      INTEGER NOT NULL,
  norm_value TEXT    NOT NULL,                                -- empty: what was there is cleared
  PRIMARY KEY (run_no, line, field, norm_value)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE import_stage_value;
DROP TABLE field_value;
DROP TABLE field_revision;
DROP TABLE field_definition_version;
ALTER TABLE field_definition DROP COLUMN see_by;
ALTER TABLE field_definition DROP COLUMN searchable;
ALTER TABLE field_definition DROP COLUMN indexed;
ALTER TABLE field_definition DROP COLUMN schema;
ALTER TABLE field_definition DROP COLUMN show_if;
ALTER TABLE field_definition DROP COLUMN required_if;
ALTER TABLE field_definition DROP COLUMN rule;
ALTER TABLE field_definition DROP COLUMN result;
ALTER TABLE field_definition DROP COLUMN version;
ALTER TABLE field_definition DROP COLUMN retired;
