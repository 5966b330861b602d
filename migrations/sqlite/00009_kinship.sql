-- Kinship: what is recorded of families. All else, such as who is whose aunt, is derived from it.
--
-- parentage     the parents of one person as far as they are known; no row: neither is
-- spouse        marriages and partnerships, each in two rows: one per side, so that a person's own rows are all there is to read
-- guardianship  who answers for whom, from when to when
--
-- What they said before stands in the change log of all the people concerned. That nobody is their own ancestor cannot be
-- said in a constraint: it is held in Go, under a lock on every ancestor.

-- +goose Up
CREATE TABLE parentage (
  registrant_id  TEXT    NOT NULL PRIMARY KEY REFERENCES registrant (id),
  parent1_id     TEXT    CHECK (parent1_id <> registrant_id),
  parent2_id     TEXT    CHECK (parent2_id <> registrant_id),
  is_adopted     INTEGER NOT NULL CHECK (is_adopted IN (0, 1)),   -- by the two
  recorded_at    TEXT    NOT NULL,
  CHECK (parent1_id IS NOT NULL OR parent2_id IS NOT NULL),
  CHECK (parent1_id <> parent2_id)
) STRICT;
CREATE INDEX parentage_parent1 ON parentage (parent1_id, registrant_id);
CREATE INDEX parentage_parent2 ON parentage (parent2_id, registrant_id);

CREATE TABLE spouse (
  person1_id     TEXT    NOT NULL REFERENCES registrant (id),     -- whose side it is
  person2_id     TEXT    NOT NULL,
  marriage_id    TEXT    NOT NULL,                                -- the same on both sides
  is_married     INTEGER NOT NULL CHECK (is_married IN (0, 1)),   -- false: partners without a marriage
  married_on     TEXT    CHECK (married_on IS date(married_on)) CHECK (is_married OR married_on IS NULL),
  is_separated   INTEGER NOT NULL CHECK (is_separated IN (0, 1)),
  separated_on   TEXT    CHECK (separated_on IS date(separated_on)) CHECK (is_separated OR separated_on IS NULL),
  recorded_at    TEXT    NOT NULL,
  PRIMARY KEY (person1_id, marriage_id),
  CHECK (person1_id <> person2_id),
  CHECK (separated_on >= married_on)
) STRICT;
CREATE UNIQUE INDEX spouse_open ON spouse (person1_id, person2_id) WHERE NOT is_separated;

CREATE TABLE guardianship (
  registrant_id  TEXT    NOT NULL REFERENCES registrant (id),     -- the ward
  guardian_id    TEXT    NOT NULL CHECK (guardian_id <> registrant_id),
  valid_from     TEXT    NOT NULL CHECK (valid_from IS date(valid_from)),
  valid_to       TEXT    CHECK (valid_to IS date(valid_to)) CHECK (valid_to >= valid_from), -- the last day; NULL: no end is known
  recorded_at    TEXT    NOT NULL,
  PRIMARY KEY (registrant_id, guardian_id, valid_from)
) STRICT;
CREATE UNIQUE INDEX guardianship_open ON guardianship (registrant_id, guardian_id) WHERE valid_to IS NULL;
CREATE INDEX guardianship_guardian ON guardianship (guardian_id, registrant_id);

-- +goose Down
DROP TABLE guardianship;
DROP TABLE spouse;
DROP TABLE parentage;
