-- How programs come in, and how a repeated request is known again.
--
-- personal_token    personal access tokens: what narrows an account's rights for a program. A thief of this
--                   table has only hashes of 256 random bits
-- idempotency_key   requests that carried an Idempotency-Key, for 24 hours: a repeat gets the first answer

-- +goose Up
CREATE TABLE personal_token (
  id         TEXT    NOT NULL PRIMARY KEY,
  account_id TEXT    NOT NULL REFERENCES account (id),
  token_hash BLOB    NOT NULL UNIQUE,                              -- SHA-256 of the token
  name       TEXT    NOT NULL CHECK (name <> ''),                  -- what it is for, in its owner's words
  scopes     TEXT    NOT NULL CHECK (scopes <> ''),                -- names, separated by one space
  created_by TEXT    NOT NULL,
  created_at TEXT    NOT NULL,
  expires_at TEXT    NOT NULL,
  last_used  TEXT,                                                 -- moves at most once a minute
  revoked_at TEXT
) STRICT;
CREATE INDEX personal_token_account ON personal_token (account_id);

CREATE TABLE idempotency_key (
  account_id TEXT    NOT NULL REFERENCES account (id),
  key_hash   BLOB    NOT NULL,                                     -- keyed hash of the key
  request    BLOB    NOT NULL,                                     -- keyed hash of who asked for what: another request is refused
  attempt    INTEGER NOT NULL,                                     -- 1, 2, ...: only the last one may write
  started_at TEXT    NOT NULL,                                     -- of the last attempt
  written_at TEXT,                                                 -- set by every transaction that the request commits
  answer     BLOB,                                                 -- sealed; absent while the request is at work
  PRIMARY KEY (account_id, key_hash)
) STRICT;
CREATE INDEX idempotency_key_age ON idempotency_key (started_at);

-- +goose Down
DROP TABLE idempotency_key;
DROP TABLE personal_token;
