-- Where people live, where offices are, and what staff may do where.
--
-- area             the administrative hierarchy; a row is retired, never deleted
-- area_name        which area a text means: its code, or a name that only one area has; made from area
-- area_turn        one row: changes of areas take turns by it
-- office           offices and the area that they serve
-- role_assignment  who of the staff has which role, and the bounds in which it holds
--
-- registrant.area repeats which area the values name. It is no value: no version and no hash covers it.

-- +goose Up
CREATE TABLE area (
  code       text COLLATE "C" NOT NULL PRIMARY KEY,
  parent     text COLLATE "C" REFERENCES area (code),         -- NULL: a top one
  level      integer     NOT NULL CHECK (level >= 0),         -- greater than the parent's
  name       jsonb       NOT NULL,                            -- {language: words}
  path       text COLLATE "C" NOT NULL UNIQUE,                -- codes from the top down to this one, each with a / behind it
  active     boolean     NOT NULL,
  version_no integer     NOT NULL,                            -- moves with every change of the row but path
  updated_at timestamptz NOT NULL
);
CREATE INDEX area_parent ON area (parent);

CREATE TABLE area_name (
  name text COLLATE "C" NOT NULL PRIMARY KEY,                 -- normalised as names of people are
  code text COLLATE "C" NOT NULL REFERENCES area (code)
);

CREATE TABLE area_turn (
  one smallint PRIMARY KEY CHECK (one = 1),
  no  bigint   NOT NULL
);
INSERT INTO area_turn (one, no) VALUES (1, 0);

ALTER TABLE registrant ADD COLUMN area text COLLATE "C";      -- NULL: the values name none
CREATE INDEX registrant_area ON registrant (area, id) WHERE area IS NOT NULL;

ALTER TABLE import_stage ADD COLUMN area_name text COLLATE "C"; -- what the new values name; NULL: as before
ALTER TABLE import_stage ALTER COLUMN area_name SET STATISTICS 0;

CREATE TABLE office (
  code       text COLLATE "C" NOT NULL PRIMARY KEY,
  label      jsonb       NOT NULL,                            -- {language: words}
  area       text COLLATE "C" NOT NULL REFERENCES area (code),
  active     boolean     NOT NULL,
  version_no integer     NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX office_area ON office (area);

CREATE TABLE role_assignment (
  id         uuid        NOT NULL PRIMARY KEY,
  account_id uuid        NOT NULL REFERENCES account (id),
  role       text        NOT NULL CHECK (role IN ('admin', 'registrar', 'attester', 'auditor', 'field_worker')),
  area       text COLLATE "C" REFERENCES area (code),         -- and all below it; NULL: everywhere
  kind       text,                                            -- 'person', 'group' or a kind of group; NULL: all
  section    text,                                            -- of fields, for edits and decisions; NULL: all
  granted_by text        NOT NULL,
  granted_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX role_assignment_once ON role_assignment (account_id, role, coalesce(area, ''), coalesce(kind, ''), coalesce(section, ''));

-- What staff held so far holds everywhere. account.roles goes on naming each role once, for lists.
INSERT INTO role_assignment (id, account_id, role, granted_by, granted_at)
  SELECT gen_random_uuid(), a.id, r.role, a.created_by, a.created_at
  FROM account a JOIN (SELECT 'admin' AS role UNION ALL SELECT 'registrar' UNION ALL SELECT 'attester' UNION ALL SELECT 'auditor') r
    ON ' ' || a.roles || ' ' LIKE '% ' || r.role || ' %'
  WHERE a.registrant_id IS NULL;

-- +goose Down
DROP TABLE role_assignment;
DROP TABLE office;
ALTER TABLE import_stage DROP COLUMN area_name;
DROP INDEX registrant_area;
ALTER TABLE registrant DROP COLUMN area;
DROP TABLE area_turn;
DROP TABLE area_name;
DROP TABLE area;
