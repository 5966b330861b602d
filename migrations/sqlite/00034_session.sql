-- Sessions tell how and where they began, what they still need, and when their owner last
-- proved who they are. Nobody can say that of the old ones: they end.

-- +goose Up
DROP TABLE session;
CREATE TABLE session (
  id_hash    BLOB    NOT NULL PRIMARY KEY,                        -- SHA-256 of the token
  id         TEXT    NOT NULL UNIQUE,                             -- by which its owner ends it; opens nothing
  account_id TEXT    NOT NULL REFERENCES account (id),
  method     TEXT    NOT NULL CHECK (method IN ('passphrase', 'activation', 'passkey', 'code', 'provider')),
  device     TEXT    NOT NULL,                                    -- browser/system in one word each; '': not known
  needs      TEXT    NOT NULL CHECK (needs IN ('', 'totp', 'enrol')), -- before it is good for anything
  created_at TEXT    NOT NULL,
  proved_at  TEXT    NOT NULL,                                    -- when its owner last proved who they are
  seen_at    TEXT    NOT NULL,                                    -- moves at most once a minute
  expires_at TEXT    NOT NULL                                     -- whatever happens
) STRICT;
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expiry ON session (expires_at);

-- +goose Down
DROP TABLE session;
CREATE TABLE session (
  id_hash    BLOB    NOT NULL PRIMARY KEY,                        -- SHA-256 of the token
  account_id TEXT    NOT NULL REFERENCES account (id),
  created_at TEXT    NOT NULL,
  seen_at    TEXT    NOT NULL,                                    -- moves at most once a minute
  expires_at TEXT    NOT NULL                                     -- whatever happens
) STRICT;
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expiry ON session (expires_at);
