-- The second factor of staff.
--
-- totp           the secret of an authenticator app
-- recovery_code  what opens the account once when the app is gone

-- +goose Up
CREATE TABLE totp (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES account (id),
  secret     BLOB NOT NULL, -- sealed
  last_step  INTEGER NOT NULL, -- of the last right code: none does twice
  since      TEXT NOT NULL
) STRICT;

CREATE TABLE recovery_code (
  account_id TEXT NOT NULL REFERENCES account (id),
  code_hash  BLOB NOT NULL, -- keyed hash
  used_at    TEXT,
  PRIMARY KEY (account_id, code_hash)
) STRICT;

-- +goose Down
DROP TABLE recovery_code;
DROP TABLE totp;
