-- Identifiers that others gave out: many per person or group, each of a type.
--
-- identifier_type        what kinds of identifier there are, and how their values are checked; the first ones come
--                        from registry/identifier_types.json
-- registrant_identifier  the identifiers of a person or a group, each value sealed under the record key. Rows are never
--                        deleted and a value never changes: a wrong one is revoked
--
-- Who has a value now stands in the table identifier under the scheme 'type:' and the type's key. A revoked or lost
-- identifier has no row there: it finds nobody, and others may have its value. EXPIRED is no status that is stored:
-- it follows from valid_to and the clock.

-- +goose Up
CREATE TABLE identifier_type (
  key           TEXT    NOT NULL PRIMARY KEY,
  label         TEXT    NOT NULL CHECK (json_valid(label)),       -- {language: words}
  pattern       TEXT    NOT NULL,                                 -- regular expression (RE2) for the whole compared form, or empty
  check_rule    TEXT    NOT NULL CHECK (check_rule IN ('none', 'luhn', 'verhoeff', 'damm', 'iso7064_mod97_10', 'iso7064_mod11_2', 'iso7064_mod37_36')),
  normalisation TEXT    NOT NULL CHECK (normalisation IN ('letters_digits', 'digits', 'digits_unpadded')),
  is_unique     INTEGER NOT NULL CHECK (is_unique IN (0, 1)),     -- no two registrants have the same value at a time
  expires       TEXT    NOT NULL CHECK (expires IN ('never', 'optional', 'required')),
  kinds         TEXT    NOT NULL CHECK (json_valid(kinds)),       -- whose it is: person, kinds of group; "group" is every kind
  edit_by       TEXT    NOT NULL CHECK (json_valid(edit_by)),     -- [role]
  active        INTEGER NOT NULL CHECK (active IN (0, 1)),        -- false: none can be added
  version_no    INTEGER NOT NULL,                                 -- moves with every change of the definition
  created_by    TEXT    NOT NULL,
  created_at    TEXT    NOT NULL,
  updated_at    TEXT    NOT NULL
) STRICT;

CREATE TABLE registrant_identifier (
  registrant_id TEXT    NOT NULL REFERENCES registrant (id),
  seq           INTEGER NOT NULL,                                 -- 1, 2, 3, ... per registrant
  type          TEXT    NOT NULL REFERENCES identifier_type (key),
  enc           BLOB    NOT NULL,                                 -- the value as it was written, sealed under the record key
  bidx          BLOB    NOT NULL,                                 -- keyed hash of the compared form, as in identifier
  status        TEXT    NOT NULL CHECK (status IN ('VALID', 'REVOKED', 'LOST')),
  valid_from    TEXT    CHECK (valid_from IS date(valid_from)),   -- first day, where known
  valid_to      TEXT    CHECK (valid_to IS date(valid_to)),       -- last day; NULL: no end is known
  issued_by     TEXT    NOT NULL,                                 -- who gave it out, or empty
  version_no    INTEGER NOT NULL,                                 -- moves with every change of this row
  recorded_by   TEXT    NOT NULL,
  recorded_at   TEXT    NOT NULL,
  changed_by    TEXT    NOT NULL,
  changed_at    TEXT    NOT NULL,
  PRIMARY KEY (registrant_id, seq)
) STRICT;

-- +goose Down
DELETE FROM identifier WHERE scheme LIKE 'type:%';
DROP TABLE registrant_identifier;
DROP TABLE identifier_type;
