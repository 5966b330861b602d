-- Accounts: who may sign in, and how.
--
-- account           one per person who signs in: staff, or a registrant (then registrant_id is set)
-- session           who is signed in; the token itself is only in the browser
-- sign_in_failure   wrong tries per name, known or not, so that a lock says nothing about who exists
-- activation        every code handed out, for whom and by whom; the newest one counts
-- form_use          forms that were sent, so that a second click does nothing twice

-- +goose Up
CREATE TABLE account (
  id            uuid        PRIMARY KEY,
  username      text COLLATE "C" NOT NULL UNIQUE,  -- staff name in small letters, or the registration number
  roles         text        NOT NULL CHECK (roles <> ''), -- names, separated by one space
  registrant_id uuid        UNIQUE REFERENCES registrant (id),
  password      text        NOT NULL,             -- argon2id, PHC string format
  created_by    text        NOT NULL,
  created_at    timestamptz NOT NULL,
  password_at   timestamptz NOT NULL,             -- when the password was last set
  disabled_at   timestamptz,
  open_secret   boolean     NOT NULL              -- everybody knows the password: an account for trying out
);

CREATE TABLE session (
  id_hash    bytea       PRIMARY KEY,             -- SHA-256 of the token
  account_id uuid        NOT NULL REFERENCES account (id),
  created_at timestamptz NOT NULL,
  seen_at    timestamptz NOT NULL,                -- moves at most once a minute
  expires_at timestamptz NOT NULL                 -- whatever happens
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE sign_in_failure (
  name_hash    bytea       PRIMARY KEY,           -- keyed hash of what was tried and the name
  failures     integer     NOT NULL,              -- in a row
  last_at      timestamptz NOT NULL
);
CREATE INDEX sign_in_failure_age ON sign_in_failure (last_at);

CREATE TABLE activation (
  registrant_id uuid        NOT NULL REFERENCES registrant (id),
  seq           integer     NOT NULL,             -- 1, 2, 3, ... per person
  code_hash     bytea       NOT NULL,             -- keyed hash of the code
  made_by       text        NOT NULL,
  made_at       timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  used_at       timestamptz,
  PRIMARY KEY (registrant_id, seq)
);

CREATE TABLE form_use (
  token_hash bytea       PRIMARY KEY,
  location   text        NOT NULL,                -- where the first sending led; empty while it runs
  used_at    timestamptz NOT NULL
);
CREATE INDEX form_use_age ON form_use (used_at);

-- +goose Down
DROP TABLE form_use;
DROP TABLE activation;
DROP TABLE sign_in_failure;
DROP TABLE session;
DROP TABLE account;
