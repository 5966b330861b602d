-- Wallet providers whose attestations are believed.
--
-- uses and clients are lists separated by spaces; no clients: the provider speaks
-- for every client. jwks and roots (certificates in PEM) are public. disabled_at
-- says since when it is not believed. Changes stand in issuer_log.

-- +goose Up
CREATE TABLE wallet_provider (
  id          TEXT    NOT NULL PRIMARY KEY,
  name        TEXT    NOT NULL,
  uses        TEXT    NOT NULL,
  clients     TEXT    NOT NULL,
  jwks        TEXT    NOT NULL CHECK (json_valid(jwks)),
  roots       TEXT    NOT NULL,
  version_no  INTEGER NOT NULL,
  created_at  TEXT    NOT NULL,
  changed_at  TEXT    NOT NULL,
  disabled_at TEXT
) STRICT;

-- +goose Down
DROP TABLE wallet_provider;
