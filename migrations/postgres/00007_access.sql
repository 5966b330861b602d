-- How programs come in, and how a repeated request is known again.
--
-- personal_token    personal access tokens: what narrows an account's rights for a program. A thief of this
--                   table has only hashes of 256 random bits
-- idempotency_key   requests that carried an Idempotency-Key, for 24 hours: a repeat gets the first answer

-- +goose Up
CREATE TABLE personal_token (
  id         uuid        NOT NULL PRIMARY KEY,
  account_id uuid        NOT NULL REFERENCES account (id),
  token_hash bytea       NOT NULL UNIQUE,                          -- SHA-256 of the token
  name       text        NOT NULL CHECK (name <> ''),              -- what it is for, in its owner's words
  scopes     text        NOT NULL CHECK (scopes <> ''),            -- names, separated by one space
  created_by text        NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  last_used  timestamptz,                                          -- moves at most once a minute
  revoked_at timestamptz
);
CREATE INDEX personal_token_account ON personal_token (account_id);

CREATE TABLE idempotency_key (
  account_id uuid        NOT NULL REFERENCES account (id),
  key_hash   bytea       NOT NULL,                                 -- keyed hash of the key
  request    bytea       NOT NULL,                                 -- keyed hash of who asked for what: another request is refused
  attempt    bigint      NOT NULL,                                 -- 1, 2, ...: only the last one may write
  started_at timestamptz NOT NULL,                                 -- of the last attempt
  written_at timestamptz,                                          -- set by every transaction that the request commits
  answer     bytea,                                                -- sealed; absent while the request is at work
  PRIMARY KEY (account_id, key_hash)
);
CREATE INDEX idempotency_key_age ON idempotency_key (started_at);

-- +goose Down
DROP TABLE idempotency_key;
DROP TABLE personal_token;
