-- Sign-in by an OpenID Provider: sign-ins that have begun, which accounts are linked to
-- whom the provider knows, the key by which the registry says to the provider who it is,
-- and by which value of a claim a member of staff is known.

-- +goose Up
CREATE TABLE provider_flow (
  token_hash BLOB NOT NULL PRIMARY KEY, -- SHA-256 of the cookie
  next       TEXT NOT NULL,             -- path to go on to, '' for the usual one
  expires_at TEXT NOT NULL
) STRICT;
CREATE INDEX provider_flow_expiry ON provider_flow (expires_at);

CREATE TABLE provider_link (
  id           TEXT NOT NULL PRIMARY KEY,
  account_id   TEXT NOT NULL REFERENCES account (id),
  issuer       TEXT NOT NULL,
  subject_hash BLOB NOT NULL, -- keyed, of what the provider calls the person
  created_at   TEXT NOT NULL,
  used_at      TEXT NOT NULL,
  ended_at     TEXT           -- its owner took it away; NULL: it is good
) STRICT;
CREATE UNIQUE INDEX provider_link_subject ON provider_link (issuer, subject_hash);
CREATE UNIQUE INDEX provider_link_account ON provider_link (account_id, issuer);

CREATE TABLE provider_key (
  id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  sealed     BLOB    NOT NULL, -- PKCS#8
  created_at TEXT    NOT NULL
) STRICT;

ALTER TABLE account ADD COLUMN provider_name TEXT; -- of staff: the value of the claim; NULL: none
CREATE UNIQUE INDEX account_provider_name ON account (provider_name) WHERE provider_name IS NOT NULL;

-- +goose Down
DROP INDEX account_provider_name;
ALTER TABLE account DROP COLUMN provider_name;
DROP TABLE provider_key;
DROP TABLE provider_link;
DROP TABLE provider_flow;
