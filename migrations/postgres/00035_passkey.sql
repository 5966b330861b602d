-- Passkeys.
--
-- passkey            what an account signs in with besides its password; public keys, no secrets
-- passkey_challenge  a ceremony that has begun: used once, and for a few minutes

-- +goose Up
CREATE TABLE passkey (
  id            uuid        PRIMARY KEY,
  account_id    uuid        NOT NULL REFERENCES account (id),
  credential_id bytea       NOT NULL UNIQUE,
  name          text        NOT NULL,             -- in its owner's words
  credential    text        NOT NULL,             -- the whole of it in JSON, with flags and counter
  made_at       timestamptz NOT NULL,
  used_at       timestamptz,
  cloned_at     timestamptz                       -- its counter did not grow: there may be a copy
);
CREATE INDEX passkey_account ON passkey (account_id);

CREATE TABLE passkey_challenge (
  ticket_hash bytea       PRIMARY KEY,            -- SHA-256 of what the browser brings back
  purpose     text        NOT NULL CHECK (purpose IN ('make', 'sign-in', 'prove')),
  account_id  uuid        REFERENCES account (id), -- NULL: nobody is signed in
  state       text        NOT NULL,               -- challenge and what was asked for
  expires_at  timestamptz NOT NULL
);
CREATE INDEX passkey_challenge_account ON passkey_challenge (account_id);
CREATE INDEX passkey_challenge_expiry ON passkey_challenge (expires_at);

-- +goose Down
DROP TABLE passkey_challenge;
DROP TABLE passkey;
