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
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- fillfactor 75 and no index on a column that changes with each edit: such updates stay in their page (HOT).
CREATE TABLE registrant (
  id             uuid        PRIMARY KEY,              -- UUIDv7
  number         text COLLATE "C" NOT NULL UNIQUE,     -- registration number, SR-..., with check digit
  kind           text        NOT NULL,                 -- 'person', or the key of a kind of group; never changes
  status         text        NOT NULL CHECK (status IN ('ACTIVE', 'INACTIVE')),
  version_no     integer     NOT NULL,                 -- the default version: what this row holds
  latest_no      integer     NOT NULL,                 -- the highest version number used
  given_name     text,
  family_name    text,
  full_name_norm text COLLATE "C" NOT NULL,            -- all names, normalised in Go, for search only
  sex            text,
  birth_date     date,
  region         text,
  extra          jsonb       NOT NULL,                 -- {field: text}: other plain values
  enc            jsonb       NOT NULL,                 -- {field: base64}: values sealed under the record key
  times          jsonb       NOT NULL,                 -- {field: {r, c, d}}: recorded and collected at, microseconds; version of the definition; one entry per value
  vhash          bytea       NOT NULL,                 -- keyed hash of all values
  hash_key_id    text        NOT NULL,                 -- which key made it
  chain_head     bytea       NOT NULL,                 -- hash of the newest row in change_log
  chain_no       bigint      NOT NULL,                 -- its number: moves with every edit and every decision
  created_at     timestamptz NOT NULL,
  updated_at     timestamptz NOT NULL
) WITH (fillfactor = 75);
CREATE INDEX registrant_group ON registrant (kind, id) WHERE kind <> 'person';
CREATE INDEX registrant_trgm ON registrant USING gin (full_name_norm gin_trgm_ops);

CREATE TABLE registrant_version (
  registrant_id  uuid        NOT NULL,
  version_no     integer     NOT NULL,
  label          text,                                 -- a named version, such as a survey
  given_name     text,
  family_name    text,
  full_name_norm text        NOT NULL,
  sex            text,
  birth_date     date,
  region         text,
  extra          jsonb       NOT NULL,
  enc            jsonb       NOT NULL,
  times          jsonb       NOT NULL,
  vhash          bytea       NOT NULL,
  hash_key_id    text        NOT NULL,
  author         text        NOT NULL,
  channel        text        NOT NULL,
  reason         text        NOT NULL,
  created_at     timestamptz NOT NULL,
  PRIMARY KEY (registrant_id, version_no)
);
CREATE UNIQUE INDEX registrant_version_label ON registrant_version (registrant_id, label) WHERE label IS NOT NULL;

CREATE TABLE record_key (
  registrant_id uuid  PRIMARY KEY,
  kid           text  NOT NULL,                        -- id of this key, bound to everything it seals
  wrapped       bytea NOT NULL,                        -- the key, sealed under the key-encryption key
  kek           text  NOT NULL                         -- id of the key-encryption key
);

CREATE TABLE identifier (
  scheme        text    NOT NULL,                      -- the field's key
  bidx          bytea   NOT NULL,                      -- keyed hash of the normalised value, 16 bytes
  registrant_id uuid    NOT NULL,
  is_unique     boolean NOT NULL,                      -- false: several people may share it, as a phone
  PRIMARY KEY (scheme, bidx, registrant_id)
);
CREATE UNIQUE INDEX identifier_unique ON identifier (scheme, bidx) WHERE is_unique;

CREATE TABLE field_definition (
  key        text PRIMARY KEY,
  no         smallint NOT NULL UNIQUE,                 -- core fields below 1000, added ones above
  section    text     NOT NULL,
  position   integer  NOT NULL,
  type       text     NOT NULL CHECK (type IN ('text', 'date', 'choice', 'number', 'boolean', 'phone', 'email', 'identifier',
                       'multi_choice', 'location', 'document', 'repeat', 'computed')),
  label      jsonb    NOT NULL,                        -- {language: words}
  hint       jsonb    NOT NULL,                        -- {language: words}
  choices    jsonb    NOT NULL,                        -- [{value, label}]
  pattern    text     NOT NULL,                        -- regular expression (RE2) for the whole value, or empty
  min_value  text     NOT NULL,                        -- least date or number, or empty
  max_value  text     NOT NULL,                        -- greatest; 'today' for a date
  max_length integer  NOT NULL CHECK (max_length > 0), -- characters
  required   boolean  NOT NULL,
  edit_by    jsonb    NOT NULL,                        -- [role]
  attestable boolean  NOT NULL,
  issuable   boolean  NOT NULL,
  sealed     boolean  NOT NULL,
  is_unique  boolean  NOT NULL,                        -- no two people share a value
  lookup     boolean  NOT NULL,                        -- people are found by the whole value
  is_name    boolean  NOT NULL,                        -- part of the name search; a person has at least one
  kinds      jsonb   NOT NULL,                         -- whom it is about: ["person"], or kinds of group; "group" is every kind
  iri        text     NOT NULL,                        -- meaning; empty: the term of our own vocabulary
  created_by text     NOT NULL,
  created_at timestamptz NOT NULL
);

CREATE TABLE attestation (
  registrant_id uuid        NOT NULL REFERENCES registrant (id),
  field         smallint    NOT NULL REFERENCES field_definition (no),
  seq           integer     NOT NULL,
  version_no    integer     NOT NULL,                  -- the version that was looked at
  value_hash    bytea       NOT NULL,                  -- keyed hash of the value decided on, 16 bytes
  hash_key_id   text        NOT NULL,
  state         text        NOT NULL CHECK (state IN ('NEW', 'ATTESTED', 'REJECTED', 'EXPIRED', 'REVOKED')),
  attested_by   text        NOT NULL,
  at            timestamptz NOT NULL,
  comment       text        NOT NULL CHECK (state NOT IN ('REJECTED', 'REVOKED') OR comment <> ''), -- sealed under the record key, base64url; empty: none
  PRIMARY KEY (registrant_id, field, seq)
);

-- A decision stands while live_hash = decided_hash. An edit moves live_hash alone, so that the decision is
-- stale, and a return to the old value makes it stand again.
CREATE TABLE field_state (
  registrant_id uuid        NOT NULL REFERENCES registrant (id),
  field         smallint    NOT NULL REFERENCES field_definition (no),
  state         text        NOT NULL CHECK (state IN ('NEW', 'ATTESTED', 'REJECTED', 'EXPIRED', 'REVOKED')),
  seq           integer     NOT NULL,                  -- the row of attestation that decided
  decided_hash  bytea       NOT NULL,
  live_hash     bytea,                                 -- NULL: the person has no value now
  hash_key_id   text        NOT NULL,                  -- the key of both hashes
  since         timestamptz NOT NULL,
  PRIMARY KEY (registrant_id, field)
) WITH (fillfactor = 85);
CREATE INDEX field_state_by_state ON field_state (field, state, registrant_id);

CREATE TABLE change_log (
  registrant_id uuid        NOT NULL,
  chain_no      bigint      NOT NULL,                  -- 1, 2, 3, ... per person
  tx_no         bigint      NOT NULL,                  -- number of the writing transaction: the order of the feed
  at            timestamptz NOT NULL,
  actor         text        NOT NULL,
  actor_kind    text        NOT NULL CHECK (actor_kind IN ('staff', 'registrant', 'system')),
  channel       text        NOT NULL CHECK (channel IN ('staff', 'self', 'csv', 'import', 'odk', 'partner', 'system')),
  reason        text        NOT NULL,
  diff          bytea       NOT NULL,                  -- old and new values, sealed under the record key
  payload_hash  bytea       NOT NULL,                  -- over all of the above but the two numbers
  prev_hash     bytea       NOT NULL,
  hash          bytea       NOT NULL,                  -- chain_hash(prev_hash, payload_hash)
  PRIMARY KEY (registrant_id, chain_no)
);
CREATE INDEX change_log_feed ON change_log (tx_no, registrant_id, chain_no);

-- One row, written at the first start. It tells the key apart from others and nothing else.
CREATE TABLE master_key_check (
  one      smallint    PRIMARY KEY CHECK (one = 1),
  key_id   text        NOT NULL,
  mac      bytea       NOT NULL,                       -- of a constant
  made_at  timestamptz NOT NULL
);

-- Registration numbers are leased in blocks, so that registering people does not queue up here.
CREATE TABLE registrant_number (
  one     smallint PRIMARY KEY CHECK (one = 1),
  next_no bigint   NOT NULL
);
INSERT INTO registrant_number (one, next_no) VALUES (1, 1);

-- The gate between changes and issues: an issue locks the row here and compares chain_no, which every change moves.
CREATE VIEW registrant_gate AS SELECT id, chain_no FROM registrant;
-- Name search: the same query text for both databases.
CREATE VIEW registrant_search AS SELECT id, full_name_norm FROM registrant;
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
DROP TABLE registrant;
