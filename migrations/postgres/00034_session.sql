-- Sessions tell how and where they began, what they still need, and when their owner last
-- proved who they are. Nobody can say that of the old ones: they end.

-- +goose Up
DROP TABLE session;
CREATE TABLE session (
  id_hash    bytea       PRIMARY KEY,             -- SHA-256 of the token
  id         uuid        NOT NULL UNIQUE,         -- by which its owner ends it; opens nothing
  account_id uuid        NOT NULL REFERENCES account (id),
  method     text        NOT NULL CHECK (method IN ('passphrase', 'activation', 'passkey', 'code', 'provider')),
  device     text        NOT NULL,                -- browser/system in one word each; '': not known
  needs      text        NOT NULL CHECK (needs IN ('', 'totp', 'enrol')), -- before it is good for anything
  created_at timestamptz NOT NULL,
  proved_at  timestamptz NOT NULL,                -- when its owner last proved who they are
  seen_at    timestamptz NOT NULL,                -- moves at most once a minute
  expires_at timestamptz NOT NULL                 -- whatever happens
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expiry ON session (expires_at);

-- +goose Down
DROP TABLE session;
CREATE TABLE session (
  id_hash    bytea       PRIMARY KEY,             -- SHA-256 of the token
  account_id uuid        NOT NULL REFERENCES account (id),
  created_at timestamptz NOT NULL,
  seen_at    timestamptz NOT NULL,                -- moves at most once a minute
  expires_at timestamptz NOT NULL                 -- whatever happens
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expiry ON session (expires_at);
