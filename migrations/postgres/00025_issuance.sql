-- Credentials that are promised and not yet made.

-- +goose Up

-- A deferred credential (OID4VCI 1.0 §9): who asked for which one, bound to
-- which keys. It stands behind the transaction_id, until the credentials are
-- given out or refused. keys holds the public keys of the proofs as the wallet
-- named them; the c_nonce in the proofs is used up.
CREATE TABLE deferred_issuance (
  issuer        text        NOT NULL,
  id            text        PRIMARY KEY,
  registrant_id uuid        NOT NULL,
  config_id     text        NOT NULL,
  grant_id      text        NOT NULL,
  client_id     text        NOT NULL,
  keys          jsonb       NOT NULL,
  state         text        NOT NULL CHECK (state IN ('waiting', 'delivered', 'denied')),
  created_at    timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL
);
CREATE INDEX deferred_issuance_grant ON deferred_issuance (grant_id, config_id);
CREATE INDEX deferred_issuance_expiry ON deferred_issuance (expires_at);

-- +goose Down
DROP TABLE deferred_issuance;
