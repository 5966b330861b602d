-- Accounts: who may sign in, and how.
--
-- account           one per person who signs in: staff, or a registrant (then registrant_id is set)
-- session           who is signed in; the token itself is only in the browser
-- sign_in_failure   wrong tries per name, known or not, so that a lock says nothing about who exists
-- activation        every code handed out, for whom and by whom; the newest one counts
-- form_use          forms that were sent, so that a second click does nothing twice

-- +goose Up
CREATE TABLE account (
  id            TEXT    NOT NULL PRIMARY KEY,
  username      TEXT    NOT NULL UNIQUE,                          -- staff name in small letters, or the registration number
  roles         TEXT    NOT NULL CHECK (roles <> ''),             -- names, separated by one space
  registrant_id TEXT    UNIQUE REFERENCES registrant (id),
  password      TEXT    NOT NULL,                                 -- argon2id, PHC string format
  created_by    TEXT    NOT NULL,
  created_at    TEXT    NOT NULL,
  password_at   TEXT    NOT NULL,                                 -- when the password was last set
  disabled_at   TEXT,
  open_secret   INTEGER NOT NULL CHECK (open_secret IN (0, 1))    -- everybody knows the password: an account for trying out
) STRICT;

CREATE TABLE session (
  id_hash    BLOB    NOT NULL PRIMARY KEY,                        -- SHA-256 of the token
  account_id TEXT    NOT NULL REFERENCES account (id),
  created_at TEXT    NOT NULL,
  seen_at    TEXT    NOT NULL,                                    -- moves at most once a minute
  expires_at TEXT    NOT NULL                                     -- whatever happens
) STRICT;
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE sign_in_failure (
  name_hash    BLOB    NOT NULL PRIMARY KEY,                      -- keyed hash of what was tried and the name
  failures     INTEGER NOT NULL,                                  -- in a row
  last_at      TEXT    NOT NULL
) STRICT;
CREATE INDEX sign_in_failure_age ON sign_in_failure (last_at);

CREATE TABLE activation (
  registrant_id TEXT    NOT NULL REFERENCES registrant (id),
  seq           INTEGER NOT NULL,                                 -- 1, 2, 3, ... per person
  code_hash     BLOB    NOT NULL,                                 -- keyed hash of the code
  made_by       TEXT    NOT NULL,
  made_at       TEXT    NOT NULL,
  expires_at    TEXT    NOT NULL,
  used_at       TEXT,
  PRIMARY KEY (registrant_id, seq)
) STRICT;

CREATE TABLE form_use (
  token_hash BLOB    NOT NULL PRIMARY KEY,
  location   TEXT    NOT NULL,                                    -- where the first sending led; empty while it runs
  used_at    TEXT    NOT NULL
) STRICT;
CREATE INDEX form_use_age ON form_use (used_at);

-- +goose Down
DROP TABLE form_use;
DROP TABLE activation;
DROP TABLE sign_in_failure;
DROP TABLE session;
DROP TABLE account;
