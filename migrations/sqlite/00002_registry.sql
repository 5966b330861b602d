-- The registry: people, their versions, identifiers, attestations and change log.
--
-- registrant          one live row per person or group: the default version, all that is searched
-- registrant_version  every version as it was; rows are only ever inserted
-- record_key          the key of one person's sealed values; without the row they are unreadable for good
-- identifier          blind indexes: finds a person by a sealed value without opening it
-- field_definition    what can be known about a person; the core fields come from registry/fields.json
-- attestation         every decision on a value; rows are only ever inserted
-- field_state         the last decision per field; no row means NEW
-- change_log          who changed what, one hash chain per person; rows are only ever inserted
-- master_key_check    which master key the database was begun with; another one is refused
--
-- Every table of a person leads with registrant_id, and global uniqueness stands in tables of its own, so
-- that the tables can be spread over several machines. Business rules are in Go: no trigger has any.

-- +goose Up
CREATE TABLE registrant (
  rid            INTEGER PRIMARY KEY,                             -- stable row number for the name index
  id             TEXT    NOT NULL UNIQUE,                         -- UUIDv7
  number         TEXT    NOT NULL UNIQUE,                         -- registration number, SR-..., with check digit
  kind           TEXT    NOT NULL,                                -- 'person', or the key of a kind of group; never changes
  status         TEXT    NOT NULL CHECK (status IN ('ACTIVE', 'INACTIVE')),
  version_no     INTEGER NOT NULL,                                -- the default version: what this row holds
  latest_no      INTEGER NOT NULL,                                -- the highest version number used
  given_name     TEXT,
  family_name    TEXT,
  full_name_norm TEXT    NOT NULL,                                -- all names, normalised in Go, for search only
  sex            TEXT,
  birth_date     TEXT    CHECK (birth_date IS date(birth_date)),
  region         TEXT,
  extra          TEXT    NOT NULL CHECK (json_valid(extra)),      -- {field: text}: other plain values
  enc            TEXT    NOT NULL CHECK (json_valid(enc)),        -- {field: base64}: values sealed under the record key
  times          TEXT    NOT NULL CHECK (json_valid(times)),      -- {field: {r, c, d}}: recorded and collected at, microseconds; version of the definition; one entry per value
  vhash          BLOB    NOT NULL,                                -- keyed hash of all values
  hash_key_id    TEXT    NOT NULL,                                -- which key made it
  chain_head     BLOB    NOT NULL,                                -- hash of the newest row in change_log
  chain_no       INTEGER NOT NULL,                                -- its number: moves with every edit and every decision
  created_at     TEXT    NOT NULL,
  updated_at     TEXT    NOT NULL
) STRICT;
CREATE INDEX registrant_group ON registrant (kind, id) WHERE kind <> 'person';
-- The name index. Its triggers keep it equal to the column and do nothing else.
CREATE VIRTUAL TABLE registrant_fts USING fts5(full_name_norm, content = 'registrant', content_rowid = 'rid', tokenize = 'trigram');
-- +goose StatementBegin
CREATE TRIGGER registrant_fts_insert AFTER INSERT ON registrant BEGIN
  INSERT INTO registrant_fts (rowid, full_name_norm) VALUES (new.rid, new.full_name_norm);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER registrant_fts_update AFTER UPDATE OF full_name_norm ON registrant WHEN old.full_name_norm <> new.full_name_norm BEGIN
  INSERT INTO registrant_fts (registrant_fts, rowid, full_name_norm) VALUES ('delete', old.rid, old.full_name_norm);
  INSERT INTO registrant_fts (rowid, full_name_norm) VALUES (new.rid, new.full_name_norm);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER registrant_fts_delete AFTER DELETE ON registrant BEGIN
  INSERT INTO registrant_fts (registrant_fts, rowid, full_name_norm) VALUES ('delete', old.rid, old.full_name_norm);
END;
-- +goose StatementEnd

CREATE TABLE registrant_version (
  registrant_id  TEXT    NOT NULL,
  version_no     INTEGER NOT NULL,
  label          TEXT,                                            -- a named version, such as a survey
  given_name     TEXT,
  family_name    TEXT,
  full_name_norm TEXT    NOT NULL,
  sex            TEXT,
  birth_date     TEXT    CHECK (birth_date IS date(birth_date)),
  region         TEXT,
  extra          TEXT    NOT NULL CHECK (json_valid(extra)),
  enc            TEXT    NOT NULL CHECK (json_valid(enc)),
  times          TEXT    NOT NULL CHECK (json_valid(times)),
  vhash          BLOB    NOT NULL,
  hash_key_id    TEXT    NOT NULL,
  author         TEXT    NOT NULL,
  channel        TEXT    NOT NULL,
  reason         TEXT    NOT NULL,
  created_at     TEXT    NOT NULL,
  PRIMARY KEY (registrant_id, version_no)
) STRICT;
CREATE UNIQUE INDEX registrant_version_label ON registrant_version (registrant_id, label) WHERE label IS NOT NULL;

CREATE TABLE record_key (
  registrant_id  TEXT    NOT NULL PRIMARY KEY,
  kid            TEXT    NOT NULL,                                -- id of this key, bound to everything it seals
  wrapped        BLOB    NOT NULL,                                -- the key, sealed under the key-encryption key
  kek            TEXT    NOT NULL                                 -- id of the key-encryption key
) STRICT;

CREATE TABLE identifier (
  scheme         TEXT    NOT NULL,                                -- the field's key
  bidx           BLOB    NOT NULL,                                -- keyed hash of the normalised value, 16 bytes
  registrant_id  TEXT    NOT NULL,
  is_unique      INTEGER NOT NULL CHECK (is_unique IN (0, 1)),    -- false: several people may share it, as a phone
  PRIMARY KEY (scheme, bidx, registrant_id)
) STRICT;
CREATE UNIQUE INDEX identifier_unique ON identifier (scheme, bidx) WHERE is_unique;

CREATE TABLE field_definition (
  key            TEXT    NOT NULL PRIMARY KEY,
  no             INTEGER NOT NULL UNIQUE,                         -- core fields below 1000, added ones above
  section        TEXT    NOT NULL,
  position       INTEGER NOT NULL,
  type           TEXT    NOT NULL CHECK (type IN ('text', 'date', 'choice', 'number', 'boolean', 'phone', 'email', 'identifier',
                           'multi_choice', 'location', 'document', 'repeat', 'computed')),
  label          TEXT    NOT NULL CHECK (json_valid(label)),      -- {language: words}
  hint           TEXT    NOT NULL CHECK (json_valid(hint)),       -- {language: words}
  choices        TEXT    NOT NULL CHECK (json_valid(choices)),    -- [{value, label}]
  pattern        TEXT    NOT NULL,                                -- regular expression (RE2) for the whole value, or empty
  min_value      TEXT    NOT NULL,                                -- least date or number, or empty
  max_value      TEXT    NOT NULL,                                -- greatest; 'today' for a date
  max_length     INTEGER NOT NULL CHECK (max_length > 0),         -- characters
  required       INTEGER NOT NULL CHECK (required IN (0, 1)),
  edit_by        TEXT    NOT NULL CHECK (json_valid(edit_by)),    -- [role]
  attestable     INTEGER NOT NULL CHECK (attestable IN (0, 1)),
  issuable       INTEGER NOT NULL CHECK (issuable IN (0, 1)),
  sealed         INTEGER NOT NULL CHECK (sealed IN (0, 1)),
  is_unique      INTEGER NOT NULL CHECK (is_unique IN (0, 1)),    -- no two people share a value
  lookup         INTEGER NOT NULL CHECK (lookup IN (0, 1)),       -- people are found by the whole value
  is_name        INTEGER NOT NULL CHECK (is_name IN (0, 1)),      -- part of the name search; a person has at least one
  kinds      TEXT    NOT NULL CHECK (json_valid(kinds)), -- whom it is about: ["person"], or kinds of group; "group" is every kind
  iri            TEXT    NOT NULL,                                -- meaning; empty: the term of our own vocabulary
  created_by     TEXT    NOT NULL,
  created_at     TEXT    NOT NULL
) STRICT;

CREATE TABLE attestation (
  registrant_id  TEXT    NOT NULL REFERENCES registrant (id),
  field          INTEGER NOT NULL REFERENCES field_definition (no),
  seq            INTEGER NOT NULL,
  version_no     INTEGER NOT NULL,                                -- the version that was looked at
  value_hash     BLOB    NOT NULL,                                -- keyed hash of the value decided on, 16 bytes
  hash_key_id    TEXT    NOT NULL,
  state          TEXT    NOT NULL CHECK (state IN ('NEW', 'ATTESTED', 'REJECTED', 'EXPIRED', 'REVOKED')),
  attested_by    TEXT    NOT NULL,
  at             TEXT    NOT NULL,
  comment        TEXT    NOT NULL CHECK (state NOT IN ('REJECTED', 'REVOKED') OR comment <> ''), -- sealed under the record key, base64url; empty: none
  PRIMARY KEY (registrant_id, field, seq)
) STRICT;

-- A decision stands while live_hash = decided_hash. An edit moves live_hash alone, so that the decision is
-- stale, and a return to the old value makes it stand again.
CREATE TABLE field_state (
  registrant_id  TEXT    NOT NULL REFERENCES registrant (id),
  field          INTEGER NOT NULL REFERENCES field_definition (no),
  state          TEXT    NOT NULL CHECK (state IN ('NEW', 'ATTESTED', 'REJECTED', 'EXPIRED', 'REVOKED')),
  seq            INTEGER NOT NULL,                                -- the row of attestation that decided
  decided_hash   BLOB    NOT NULL,
  live_hash      BLOB,                                            -- NULL: the person has no value now
  hash_key_id    TEXT    NOT NULL,                                -- the key of both hashes
  since          TEXT    NOT NULL,
  PRIMARY KEY (registrant_id, field)
) STRICT;
CREATE INDEX field_state_by_state ON field_state (field, state, registrant_id);

CREATE TABLE change_log (
  registrant_id  TEXT    NOT NULL,
  chain_no       INTEGER NOT NULL,                                -- 1, 2, 3, ... per person
  tx_no          INTEGER NOT NULL,                                -- number of the writing transaction: the order of the feed
  at             TEXT    NOT NULL,
  actor          TEXT    NOT NULL,
  actor_kind     TEXT    NOT NULL CHECK (actor_kind IN ('staff', 'registrant', 'system')),
  channel        TEXT    NOT NULL CHECK (channel IN ('staff', 'self', 'csv', 'import', 'odk', 'partner', 'system')),
  reason         TEXT    NOT NULL,
  diff           BLOB    NOT NULL,                                -- old and new values, sealed under the record key
  payload_hash   BLOB    NOT NULL,                                -- over all of the above but the two numbers
  prev_hash      BLOB    NOT NULL,
  hash           BLOB    NOT NULL,                                -- chain_hash(prev_hash, payload_hash)
  PRIMARY KEY (registrant_id, chain_no)
) STRICT;
CREATE INDEX change_log_feed ON change_log (tx_no, registrant_id, chain_no);

-- One row, written at the first start. It tells the key apart from others and nothing else.
CREATE TABLE master_key_check (
  one            INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  key_id         TEXT    NOT NULL,
  mac            BLOB    NOT NULL,                                -- of a constant
  made_at        TEXT    NOT NULL
) STRICT;

-- Registration numbers are leased in blocks, so that registering people does not queue up here.
CREATE TABLE registrant_number (
  one            INTEGER PRIMARY KEY CHECK (one = 1),
  next_no        INTEGER NOT NULL
) STRICT;
INSERT INTO registrant_number (one, next_no) VALUES (1, 1);

-- The gate between changes and issues: an issue locks the row here and compares chain_no, which every change moves.
CREATE VIEW registrant_gate AS SELECT id, chain_no FROM registrant;
-- Name search: the same query text for both databases.
CREATE VIEW registrant_search AS
  SELECT r.id AS id, f.full_name_norm AS full_name_norm FROM registrant_fts f JOIN registrant r ON r.rid = f.rowid;
-- The default version of everybody, for reports and other readers.
CREATE VIEW registrant_default AS
  SELECT id, number, status, version_no, given_name, family_name, sex, birth_date, region, extra, created_at, updated_at FROM registrant
  WHERE kind = 'person';

-- +goose Down
DROP VIEW registrant_default;
DROP VIEW registrant_search;
DROP VIEW registrant_gate;
DROP TABLE registrant_number;
DROP TABLE master_key_check;
DROP TABLE change_log;
DROP TABLE field_state;
DROP TABLE attestation;
DROP TABLE field_definition;
DROP TABLE identifier;
DROP TABLE record_key;
DROP TABLE registrant_version;
DROP TABLE registrant_fts;
DROP TABLE registrant;
