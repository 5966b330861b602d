-- Passkeys.
--
-- passkey            what an account signs in with besides its password; public keys, no secrets
-- passkey_challenge  a ceremony that has begun: used once, and for a few minutes

-- +goose Up
CREATE TABLE passkey (
  id            TEXT NOT NULL PRIMARY KEY,
  account_id    TEXT NOT NULL REFERENCES account (id),
  credential_id BLOB NOT NULL UNIQUE,
  name          TEXT NOT NULL, -- in its owner's words
  credential    TEXT NOT NULL, -- the whole of it in JSON, with flags and counter
  made_at       TEXT NOT NULL,
  used_at       TEXT,
  cloned_at     TEXT -- its counter did not grow: there may be a copy
) STRICT;
CREATE INDEX passkey_account ON passkey (account_id);

CREATE TABLE passkey_challenge (
  ticket_hash BLOB NOT NULL PRIMARY KEY, -- SHA-256 of what the browser brings back
  purpose     TEXT NOT NULL CHECK (purpose IN ('make', 'sign-in', 'prove')),
  account_id  TEXT REFERENCES account (id), -- NULL: nobody is signed in
  state       TEXT NOT NULL, -- challenge and what was asked for
  expires_at  TEXT NOT NULL
) STRICT;
CREATE INDEX passkey_challenge_account ON passkey_challenge (account_id);
CREATE INDEX passkey_challenge_expiry ON passkey_challenge (expires_at);

-- +goose Down
DROP TABLE passkey_challenge;
DROP TABLE passkey;
