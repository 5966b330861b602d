-- Trust bundles, signed by the registry's root key, and those of other registries that were merged into them.

-- +goose Up
CREATE TABLE signing_key_next (
  issuer          TEXT    NOT NULL,
  kid             TEXT    NOT NULL PRIMARY KEY,
  use             TEXT    NOT NULL CHECK (use IN ('sig', 'enc', 'ca', 'root')),
  alg             TEXT    NOT NULL,
  generation      INTEGER NOT NULL,
  wrapped         BLOB    NOT NULL,
  chain           TEXT    NOT NULL DEFAULT '',
  not_before      TEXT    NOT NULL,
  not_after       TEXT    NOT NULL,
  published_until TEXT,
  revoked_at      TEXT,
  created_at      TEXT    NOT NULL,
  former          TEXT    NOT NULL DEFAULT ''
) STRICT;
INSERT INTO signing_key_next (issuer, kid, use, alg, generation, wrapped, chain, not_before, not_after, published_until, revoked_at, created_at, former)
  SELECT issuer, kid, use, alg, generation, wrapped, chain, not_before, not_after, published_until, revoked_at, created_at, former FROM signing_key;
DROP TABLE signing_key;
ALTER TABLE signing_key_next RENAME TO signing_key;
CREATE UNIQUE INDEX signing_key_slot ON signing_key (issuer, use, alg, generation);

-- The parts of a bundle by their keys, with a hash of each: what a delta is worked out from. The document stands with
-- the newest alone.
CREATE TABLE trust_bundle (
  seq        INTEGER NOT NULL PRIMARY KEY,
  keys       TEXT    NOT NULL, -- what the issuers' keys were
  parts      TEXT    NOT NULL CHECK (json_valid(parts)),
  document   BLOB,
  created_at TEXT    NOT NULL
) STRICT;

CREATE TABLE merged_registry (
  url        TEXT    NOT NULL PRIMARY KEY,
  roots      TEXT    NOT NULL, -- thumbprints of the keys that may sign its next bundle, separated by spaces
  seq        INTEGER NOT NULL,
  payload    BLOB    NOT NULL, -- the bundle, as it was checked
  created_at TEXT    NOT NULL,
  updated_at TEXT    NOT NULL
) STRICT;

-- +goose Down
DROP TABLE merged_registry;
DROP TABLE trust_bundle;
DELETE FROM signing_key WHERE use = 'root';
CREATE TABLE signing_key_next (
  issuer          TEXT    NOT NULL,
  kid             TEXT    NOT NULL PRIMARY KEY,
  use             TEXT    NOT NULL CHECK (use IN ('sig', 'enc', 'ca')),
  alg             TEXT    NOT NULL,
  generation      INTEGER NOT NULL,
  wrapped         BLOB    NOT NULL,
  chain           TEXT    NOT NULL DEFAULT '',
  not_before      TEXT    NOT NULL,
  not_after       TEXT    NOT NULL,
  published_until TEXT,
  revoked_at      TEXT,
  created_at      TEXT    NOT NULL,
  former          TEXT    NOT NULL DEFAULT ''
) STRICT;
INSERT INTO signing_key_next (issuer, kid, use, alg, generation, wrapped, chain, not_before, not_after, published_until, revoked_at, created_at, former)
  SELECT issuer, kid, use, alg, generation, wrapped, chain, not_before, not_after, published_until, revoked_at, created_at, former FROM signing_key;
DROP TABLE signing_key;
ALTER TABLE signing_key_next RENAME TO signing_key;
CREATE UNIQUE INDEX signing_key_slot ON signing_key (issuer, use, alg, generation);
