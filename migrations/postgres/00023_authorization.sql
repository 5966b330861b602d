-- The authorization server: clients, what they ask for, what was consented to.
--
-- oauth_client    wallets and other clients that staff registered. redirect_uris and grant_types are lists separated by spaces
-- pushed_request  RFC 9126: what a client asks for, kept from the push to the person's decision
-- consent         what a person agreed to: which client gets which details of which credential, until when
-- refresh_token   only hashes; family is the first grant of the authorization
-- issuer_log      who changed what in the issuer's settings, and why; it holds no personal data

-- +goose Up
CREATE TABLE oauth_client (
  id            text        PRIMARY KEY,
  name          text        NOT NULL,
  redirect_uris text        NOT NULL,
  auth_method   text        NOT NULL CHECK (auth_method IN ('none', 'private_key_jwt', 'attest_jwt_client_auth')),
  jwks          jsonb       NOT NULL,
  grant_types   text        NOT NULL,
  dpop_bound    boolean     NOT NULL,
  version_no    bigint      NOT NULL,
  created_at    timestamptz NOT NULL,
  changed_at    timestamptz NOT NULL,
  disabled_at   timestamptz
);

CREATE TABLE pushed_request (
  issuer     text        NOT NULL,
  id         text        PRIMARY KEY,
  client_id  text        NOT NULL,
  request    jsonb       NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX pushed_request_expiry ON pushed_request (expires_at);

CREATE TABLE consent (
  issuer        text        NOT NULL,
  id            text        PRIMARY KEY,
  registrant_id uuid        NOT NULL,
  account_id    uuid        NOT NULL,
  client_id     text        NOT NULL,
  client_name   text        NOT NULL,
  offer_id      text        NOT NULL,
  details       jsonb       NOT NULL,                  -- configuration to the keys of the fields in it
  given_at      timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  withdrawn_at  timestamptz,
  withdrawn_by  text        NOT NULL DEFAULT ''
);
CREATE INDEX consent_registrant ON consent (registrant_id, given_at);

CREATE TABLE refresh_token (
  issuer      text        NOT NULL,
  hash        text        PRIMARY KEY,
  family      text        NOT NULL,
  created_at  timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  replaced_at timestamptz
);
CREATE INDEX refresh_token_family ON refresh_token (family);
CREATE INDEX refresh_token_expiry ON refresh_token (expires_at);

CREATE TABLE issuer_log (
  id        uuid        PRIMARY KEY,
  subject   text        NOT NULL,
  at        timestamptz NOT NULL,
  actor     text        NOT NULL,
  reason    text        NOT NULL,
  old_value jsonb       NOT NULL,
  new_value jsonb       NOT NULL
);
CREATE INDEX issuer_log_subject ON issuer_log (subject, at);

-- +goose Down
DROP TABLE issuer_log;
DROP TABLE refresh_token;
DROP TABLE consent;
DROP TABLE pushed_request;
DROP TABLE oauth_client;
