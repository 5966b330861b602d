-- Trust bundles, signed by the registry's root key, and those of other registries that were merged into them.

-- +goose Up
ALTER TABLE signing_key DROP CONSTRAINT signing_key_use_check;
ALTER TABLE signing_key ADD CONSTRAINT signing_key_use_check CHECK (use IN ('sig', 'enc', 'ca', 'root'));

-- The parts of a bundle by their keys, with a hash of each: what a delta is worked out from. The document stands with
-- the newest alone.
CREATE TABLE trust_bundle (
  seq        bigint      NOT NULL PRIMARY KEY,
  keys       text        NOT NULL, -- what the issuers' keys were
  parts      jsonb       NOT NULL,
  document   bytea,
  created_at timestamptz NOT NULL
);

CREATE TABLE merged_registry (
  url        text        NOT NULL PRIMARY KEY,
  roots      text        NOT NULL, -- thumbprints of the keys that may sign its next bundle, separated by spaces
  seq        bigint      NOT NULL,
  payload    bytea       NOT NULL, -- the bundle, as it was checked
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

-- +goose Down
DROP TABLE merged_registry;
DROP TABLE trust_bundle;
DELETE FROM signing_key WHERE use = 'root';
ALTER TABLE signing_key DROP CONSTRAINT signing_key_use_check;
ALTER TABLE signing_key ADD CONSTRAINT signing_key_use_check CHECK (use IN ('sig', 'enc', 'ca'));
