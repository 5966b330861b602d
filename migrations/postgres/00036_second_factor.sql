-- The second factor of staff.
--
-- totp           the secret of an authenticator app
-- recovery_code  what opens the account once when the app is gone

-- +goose Up
CREATE TABLE totp (
  account_id uuid        PRIMARY KEY REFERENCES account (id),
  secret     bytea       NOT NULL,                -- sealed
  last_step  bigint      NOT NULL,                -- of the last right code: none does twice
  since      timestamptz NOT NULL
);

CREATE TABLE recovery_code (
  account_id uuid        NOT NULL REFERENCES account (id),
  code_hash  bytea       NOT NULL,                -- keyed hash
  used_at    timestamptz,
  PRIMARY KEY (account_id, code_hash)
);

-- +goose Down
DROP TABLE recovery_code;
DROP TABLE totp;
