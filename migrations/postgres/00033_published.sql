-- What credentials name by its hash, and which therefore never changes: the versions of
-- the type metadata of SD-JWT VCs, and the pictures that these and the issuer metadata
-- show. content is the hash of what a type says, whatever its version. Rows are added,
-- and stay as long as a credential may name them.

-- +goose Up
CREATE TABLE credential_type (
  uri        text NOT NULL,
  version    integer NOT NULL CHECK (version > 0),
  content    text NOT NULL,
  body       bytea NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (uri, version)
);
CREATE UNIQUE INDEX credential_type_content ON credential_type (uri, content);

CREATE TABLE credential_image (
  digest     text NOT NULL PRIMARY KEY,
  media_type text NOT NULL CHECK (media_type IN ('image/svg+xml', 'image/png')),
  body       bytea NOT NULL,
  created_at timestamptz NOT NULL
);

-- Certificates that a key had before others took their place, in base64, separated by
-- spaces: mobile documents that name them stay good.
ALTER TABLE signing_key ADD COLUMN former text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE signing_key DROP COLUMN former;
DROP TABLE credential_image;
DROP TABLE credential_type;
