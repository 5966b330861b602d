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
  key           text PRIMARY KEY,
  label         jsonb    NOT NULL,                     -- {language: words}
  pattern       text     NOT NULL,                     -- regular expression (RE2) for the whole compared form, or empty
  check_rule    text     NOT NULL CHECK (check_rule IN ('none', 'luhn', 'verhoeff', 'damm', 'iso7064_mod97_10', 'iso7064_mod11_2', 'iso7064_mod37_36')),
  normalisation text     NOT NULL CHECK (normalisation IN ('letters_digits', 'digits', 'digits_unpadded')),
  is_unique     boolean  NOT NULL,                     -- no two registrants have the same value at a time
  expires       text     NOT NULL CHECK (expires IN ('never', 'optional', 'required')),
  kinds         jsonb    NOT NULL,                     -- whose it is: person, kinds of group; "group" is every kind
  edit_by       jsonb    NOT NULL,                     -- [role]
  active        boolean  NOT NULL,                     -- false: none can be added
  version_no    integer  NOT NULL,                     -- moves with every change of the definition
  created_by    text     NOT NULL,
  created_at    timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL
);

CREATE TABLE registrant_identifier (
  registrant_id uuid        NOT NULL REFERENCES registrant (id),
  seq           integer     NOT NULL,                  -- 1, 2, 3, ... per registrant
  type          text        NOT NULL REFERENCES identifier_type (key),
  enc           bytea       NOT NULL,                  -- the value as it was written, sealed under the record key
  bidx          bytea       NOT NULL,                  -- keyed hash of the compared form, as in identifier
  status        text        NOT NULL CHECK (status IN ('VALID', 'REVOKED', 'LOST')),
  valid_from    date,                                  -- first day, where known
  valid_to      date,                                  -- last day; NULL: no end is known
  issued_by     text        NOT NULL,                  -- who gave it out, or empty
  version_no    integer     NOT NULL,                  -- moves with every change of this row
  recorded_by   text        NOT NULL,
  recorded_at   timestamptz NOT NULL,
  changed_by    text        NOT NULL,
  changed_at    timestamptz NOT NULL,
  PRIMARY KEY (registrant_id, seq)
);

-- +goose Down
DELETE FROM identifier WHERE scheme LIKE 'type:%';
DROP TABLE registrant_identifier;
DROP TABLE identifier_type;
