-- Credential issuers beside the one at the root of the public URL.

-- +goose Up

-- names maps languages to what the issuer is called. What belongs to one names it in
-- its column issuer. There is no foreign key: the one at the root has no row here.
CREATE TABLE credential_issuer (
  name       TEXT NOT NULL PRIMARY KEY,
  names      TEXT NOT NULL CHECK (json_valid(names)),
  country    TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE credential_issuer;
