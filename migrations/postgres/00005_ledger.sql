-- The issuer's ledger: keys, configurations, offers, grants, issuances, status lists.
-- No value of a person stands here: what was issued is kept as keyed hashes.
-- No foreign key leads to the registry: the registry does not know credentials.

-- +goose Up

-- Several issuers share these tables. The column issuer is the name of the one that
-- a row belongs to, empty for the one at the root of the public URL.

-- The identifier of each issuer: it stands in every credential, so a database belongs
-- to one public URL.
-- installation names the issuer and every copy of it; generation counts how often it
-- was brought back from a backup, from 1.
CREATE TABLE issuer_identity (
  issuer       text        PRIMARY KEY,
  public_url   text        NOT NULL,
  installation text        NOT NULL,
  generation   bigint      NOT NULL,
  created_at   timestamptz NOT NULL
);

-- The issuer's keys, wrapped by a key derived from the master key: for signatures
-- (sig), for encrypted requests (enc), and those of the issuer CA (ca).
-- (issuer, use, alg, generation) is unique so that two first starts at once make one set.
-- chain holds X.509 certificates in base64, separated by spaces, the key's own
-- first. published_until is set when all that the key will ever sign is known.
CREATE TABLE signing_key (
  issuer          text        NOT NULL,
  kid             text        PRIMARY KEY,
  use             text        NOT NULL CHECK (use IN ('sig', 'enc', 'ca')),
  alg             text        NOT NULL,
  generation      integer     NOT NULL,
  wrapped         bytea       NOT NULL,
  chain           text        NOT NULL DEFAULT '',
  not_before      timestamptz NOT NULL,
  not_after       timestamptz NOT NULL,
  published_until timestamptz,
  revoked_at      timestamptz,
  created_at      timestamptz NOT NULL
);
CREATE UNIQUE INDEX signing_key_slot ON signing_key (issuer, use, alg, generation);

-- Credential configurations are data; the document is checked at every start.
CREATE TABLE credential_configuration (
  issuer     text        NOT NULL,
  id         text        NOT NULL,
  position   integer     NOT NULL,
  document   jsonb       NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (issuer, id)
);

-- An offer: a short random id, what it offers to whom, and how it went.
-- representative_id, here and below: who holds the credential for the registrant,
-- as guardian or for the household; NULL: the registrant.
-- config_ids and grant_types are lists separated by spaces. created_by and cancelled_by name an
-- account, or the rule that did it. replaces is the credential that it re-issues.
CREATE TABLE credential_offer (
  issuer        text        NOT NULL,
  id            text        PRIMARY KEY,
  registrant_id uuid        NOT NULL,
  representative_id uuid,
  config_ids    text        NOT NULL,
  state         text        NOT NULL CHECK (state IN ('waiting', 'redeemed', 'issued', 'cancelled')),
  grant_types   text        NOT NULL,
  tx_code_hash  text        NOT NULL DEFAULT '',
  tx_code_mode  text        NOT NULL CHECK (tx_code_mode IN ('', 'numeric', 'text')),
  tx_failures   integer     NOT NULL DEFAULT 0,
  replaces      uuid,
  created_by    text        NOT NULL,
  cancelled_by  text        NOT NULL DEFAULT '',
  created_at    timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL
);
CREATE INDEX credential_offer_registrant ON credential_offer (registrant_id, created_at);

-- A grant stands behind every access token; its id is in the token. offer_id is
-- empty if the wallet began by itself, client_id if it is anonymous, jkt if the
-- token is not bound to a key (RFC 9449), consent_id if the person made the offer
-- and nobody had to be asked. identifiers maps the credential_identifiers that
-- were issued to configurations. family is the first grant of an authorization:
-- those made by its refresh token share it, and are revoked together.
CREATE TABLE issue_grant (
  issuer        text        NOT NULL,
  id            text        PRIMARY KEY,
  family        text        NOT NULL,
  kind          text        NOT NULL CHECK (kind IN ('authorization_code', 'pre-authorized_code', 'refresh_token')),
  offer_id      text        NOT NULL,
  registrant_id uuid        NOT NULL,
  representative_id uuid,
  config_ids    text        NOT NULL,
  client_id     text        NOT NULL DEFAULT '',
  jkt           text        NOT NULL DEFAULT '',
  consent_id    text        NOT NULL DEFAULT '',
  identifiers   jsonb       NOT NULL,
  created_at    timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  revoked_at    timestamptz
);
CREATE INDEX issue_grant_offer ON issue_grant (offer_id);
CREATE INDEX issue_grant_family ON issue_grant (family);

-- Ids that may be used once: codes and nonces. The primary key is the guard.
CREATE TABLE used_id (
  issuer     text        NOT NULL,
  kind       text        NOT NULL,
  id         text        NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (issuer, kind, id)
);
CREATE INDEX used_id_expiry ON used_id (expires_at);

-- A status list. next_index counts leased positions before the permutation;
-- revision moves with every bit that changes. Every credential in it ends before
-- ends_at, after which the list is retired.
-- closed_at: the database was brought back from a backup since, and nothing more is
-- leased; of the positions below void_below, those without a credential are invalid.
CREATE TABLE status_list (
  issuer     text        NOT NULL,
  id         text        PRIMARY KEY,
  kind       text        NOT NULL CHECK (kind IN ('token', 'bitstring')),
  ends_at    timestamptz NOT NULL,
  seq        integer     NOT NULL,
  size       bigint      NOT NULL CHECK (size >= 131072),
  next_index bigint      NOT NULL CHECK (next_index >= 0 AND next_index <= size),
  revision   bigint      NOT NULL,
  created_at timestamptz NOT NULL,
  closed_at  timestamptz,
  void_below bigint      NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX status_list_seq ON status_list (issuer, kind, ends_at, seq);

-- One credential, from the reservation on. fields maps the key of each issued
-- field to the keyed hash of its value. (list_id, list_index) is never shared.
-- response_id is shared by the copies of a batch. closed_by names an account, or the
-- rule that closed it; accepted_at, failed_at and deleted_at are what the wallet told. supersedes is
-- the one that it takes the place of, which stays valid for grace seconds if the
-- wallet does not say that it took the new one: that one has replaced_by and replace_at.
CREATE TABLE issuance (
  issuer        text        NOT NULL,
  id            uuid        PRIMARY KEY,
  registrant_id uuid        NOT NULL,
  representative_id uuid,
  config_id     text        NOT NULL,
  format        text        NOT NULL,
  grant_id      text        NOT NULL,
  family        text        NOT NULL,
  response_id   text        NOT NULL,
  state         text        NOT NULL CHECK (state IN ('reserved', 'issued', 'suspended', 'withdrawn', 'failed')),
  kid           text        NOT NULL,
  holder        text        NOT NULL,
  fields        jsonb       NOT NULL,
  version_no    integer     NOT NULL,
  chain_no      bigint      NOT NULL,
  list_id       text        NOT NULL,
  list_index    bigint      NOT NULL,
  valid_from    timestamptz NOT NULL,
  valid_until   timestamptz NOT NULL,
  reserved_at   timestamptz NOT NULL,
  issued_at     timestamptz,
  closed_at     timestamptz,
  closed_by     text        NOT NULL DEFAULT '',
  reason        text        NOT NULL DEFAULT '',
  accepted_at   timestamptz,
  failed_at     timestamptz,
  deleted_at    timestamptz,
  supersedes    uuid,
  grace         integer     NOT NULL DEFAULT 0,
  replaced_by   uuid,
  replace_at    timestamptz
);
CREATE UNIQUE INDEX issuance_status_index ON issuance (list_id, list_index);
CREATE INDEX issuance_registrant ON issuance (registrant_id, reserved_at);
CREATE INDEX issuance_response ON issuance (response_id);
CREATE INDEX issuance_grant ON issuance (grant_id, config_id);
CREATE INDEX issuance_reserved ON issuance (reserved_at) WHERE state = 'reserved';
CREATE INDEX issuance_closed ON issuance (list_id) WHERE state IN ('suspended', 'withdrawn', 'failed') OR replace_at IS NOT NULL;
CREATE INDEX issuance_replaced_by ON issuance (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE INDEX issuance_replace ON issuance (replace_at) WHERE replace_at IS NOT NULL;

-- A withdrawn credential leaves a standing offer to issue it again.
CREATE TABLE standing_reissue (
  issuer        text        NOT NULL,
  registrant_id uuid        NOT NULL,
  config_id     text        NOT NULL,
  issuance_id   uuid        NOT NULL,
  since         timestamptz NOT NULL,
  PRIMARY KEY (issuer, registrant_id, config_id)
);

-- How far a follower of the change log has read.
CREATE TABLE follower (
  issuer     text        NOT NULL,
  name       text        NOT NULL,
  position   text        NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (issuer, name)
);

-- +goose Down
DROP TABLE follower;
DROP TABLE standing_reissue;
DROP TABLE issuance;
DROP TABLE status_list;
DROP TABLE used_id;
DROP TABLE issue_grant;
DROP TABLE credential_offer;
DROP TABLE credential_configuration;
DROP TABLE signing_key;
DROP TABLE issuer_identity;
