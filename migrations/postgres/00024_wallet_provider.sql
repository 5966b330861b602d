-- Wallet providers whose attestations are believed.
--
-- uses and clients are lists separated by spaces; no clients: the provider speaks
-- for every client. jwks and roots (certificates in PEM) are public. disabled_at
-- says since when it is not believed. Changes stand in issuer_log.

-- +goose Up
CREATE TABLE wallet_provider (
  id          text        PRIMARY KEY,
  name        text        NOT NULL,
  uses        text        NOT NULL,
  clients     text        NOT NULL,
  jwks        jsonb       NOT NULL,
  roots       text        NOT NULL,
  version_no  bigint      NOT NULL,
  created_at  timestamptz NOT NULL,
  changed_at  timestamptz NOT NULL,
  disabled_at timestamptz
);

-- +goose Down
DROP TABLE wallet_provider;
