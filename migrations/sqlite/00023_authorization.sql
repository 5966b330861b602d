-- The authorization server: clients, what they ask for, what was consented to.
--
-- oauth_client    wallets and other clients that staff registered. redirect_uris and grant_types are lists separated by spaces
-- pushed_request  RFC 9126: what a client asks for, kept from the push to the person's decision
-- consent         what a person agreed to: which client gets which details of which credential, until when
-- refresh_token   only hashes; family is the first grant of the authorization
-- issuer_log      who changed what in the issuer's settings, and why; it holds no personal data

-- +goose Up
CREATE TABLE oauth_client (
  id            TEXT    NOT NULL PRIMARY KEY,
  name          TEXT    NOT NULL,
  redirect_uris TEXT    NOT NULL,
  auth_method   TEXT    NOT NULL CHECK (auth_method IN ('none', 'private_key_jwt', 'attest_jwt_client_auth')),
  jwks          TEXT    NOT NULL CHECK (json_valid(jwks)),
  grant_types   TEXT    NOT NULL,
  dpop_bound    INTEGER NOT NULL CHECK (dpop_bound IN (0, 1)),
  version_no    INTEGER NOT NULL,
  created_at    TEXT    NOT NULL,
  changed_at    TEXT    NOT NULL,
  disabled_at   TEXT
) STRICT;

CREATE TABLE pushed_request (
  issuer        TEXT    NOT NULL,
  id            TEXT    NOT NULL PRIMARY KEY,
  client_id     TEXT    NOT NULL,
  request       TEXT    NOT NULL CHECK (json_valid(request)),
  created_at    TEXT    NOT NULL,
  expires_at    TEXT    NOT NULL
) STRICT;
CREATE INDEX pushed_request_expiry ON pushed_request (expires_at);

CREATE TABLE consent (
  issuer        TEXT    NOT NULL,
  id            TEXT    NOT NULL PRIMARY KEY,
  registrant_id TEXT    NOT NULL,
  account_id    TEXT    NOT NULL,
  client_id     TEXT    NOT NULL,
  client_name   TEXT    NOT NULL,
  offer_id      TEXT    NOT NULL,
  details       TEXT    NOT NULL CHECK (json_valid(details)), -- configuration to the keys of the fields in it
  given_at      TEXT    NOT NULL,
  expires_at    TEXT    NOT NULL,
  withdrawn_at  TEXT,
  withdrawn_by  TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX consent_registrant ON consent (registrant_id, given_at);

CREATE TABLE refresh_token (
  issuer        TEXT    NOT NULL,
  hash          TEXT    NOT NULL PRIMARY KEY,
  family        TEXT    NOT NULL,
  created_at    TEXT    NOT NULL,
  expires_at    TEXT    NOT NULL,
  replaced_at   TEXT
) STRICT;
CREATE INDEX refresh_token_family ON refresh_token (family);
CREATE INDEX refresh_token_expiry ON refresh_token (expires_at);

CREATE TABLE issuer_log (
  id            TEXT    NOT NULL PRIMARY KEY,
  subject       TEXT    NOT NULL,
  at            TEXT    NOT NULL,
  actor         TEXT    NOT NULL,
  reason        TEXT    NOT NULL,
  old_value     TEXT    NOT NULL CHECK (json_valid(old_value)),
  new_value     TEXT    NOT NULL CHECK (json_valid(new_value))
) STRICT;
CREATE INDEX issuer_log_subject ON issuer_log (subject, at);

-- +goose Down
DROP TABLE issuer_log;
DROP TABLE refresh_token;
DROP TABLE consent;
DROP TABLE pushed_request;
DROP TABLE oauth_client;
