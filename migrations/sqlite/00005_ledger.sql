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
  issuer       TEXT    NOT NULL PRIMARY KEY,
  public_url   TEXT    NOT NULL,
  installation TEXT    NOT NULL,
  generation   INTEGER NOT NULL,
  created_at   TEXT    NOT NULL
) STRICT;

-- The issuer's keys, wrapped by a key derived from the master key: for signatures
-- (sig), for encrypted requests (enc), and those of the issuer CA (ca).
-- (issuer, use, alg, generation) is unique so that two first starts at once make one set.
-- chain holds X.509 certificates in base64, separated by spaces, the key's own
-- first. published_until is set when all that the key will ever sign is known.
CREATE TABLE signing_key (
  issuer          TEXT    NOT NULL,
  kid             TEXT    NOT NULL PRIMARY KEY,
  use             TEXT    NOT NULL CHECK (use IN ('sig', 'enc', 'ca')),
  alg             TEXT    NOT NULL,
  generation      INTEGER NOT NULL,
  wrapped         BLOB    NOT NULL,
  chain           TEXT    NOT NULL DEFAULT '',
  not_before      TEXT    NOT NULL,
  not_after       TEXT    NOT NULL,
  published_until TEXT,
  revoked_at      TEXT,
  created_at      TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX signing_key_slot ON signing_key (issuer, use, alg, generation);

-- Credential configurations are data; the document is checked at every start.
CREATE TABLE credential_configuration (
  issuer     TEXT    NOT NULL,
  id         TEXT    NOT NULL,
  position   INTEGER NOT NULL,
  document   TEXT    NOT NULL CHECK (json_valid(document)),
  created_at TEXT    NOT NULL,
  PRIMARY KEY (issuer, id)
) STRICT;

-- An offer: a short random id, what it offers to whom, and how it went.
-- representative_id, here and below: who holds the credential for the registrant,
-- as guardian or for the household; NULL: the registrant.
-- config_ids and grant_types are lists separated by spaces. created_by and cancelled_by name an
-- account, or the rule that did it. replaces is the credential that it re-issues.
CREATE TABLE credential_offer (
  issuer        TEXT    NOT NULL,
  id            TEXT    NOT NULL PRIMARY KEY,
  registrant_id TEXT    NOT NULL,
  representative_id TEXT,
  config_ids    TEXT    NOT NULL,
  state         TEXT    NOT NULL CHECK (state IN ('waiting', 'redeemed', 'issued', 'cancelled')),
  grant_types   TEXT    NOT NULL,
  tx_code_hash  TEXT    NOT NULL DEFAULT '',
  tx_code_mode  TEXT    NOT NULL CHECK (tx_code_mode IN ('', 'numeric', 'text')),
  tx_failures   INTEGER NOT NULL DEFAULT 0,
  replaces      TEXT,
  created_by    TEXT    NOT NULL,
  cancelled_by  TEXT    NOT NULL DEFAULT '',
  created_at    TEXT    NOT NULL,
  expires_at    TEXT    NOT NULL
) STRICT;
CREATE INDEX credential_offer_registrant ON credential_offer (registrant_id, created_at);

-- A grant stands behind every access token; its id is in the token. offer_id is
-- empty if the wallet began by itself, client_id if it is anonymous, jkt if the
-- token is not bound to a key (RFC 9449), consent_id if the person made the offer
-- and nobody had to be asked. identifiers maps the credential_identifiers that
-- were issued to configurations. family is the first grant of an authorization:
-- those made by its refresh token share it, and are revoked together.
CREATE TABLE issue_grant (
  issuer        TEXT    NOT NULL,
  id            TEXT    NOT NULL PRIMARY KEY,
  family        TEXT    NOT NULL,
  kind          TEXT    NOT NULL CHECK (kind IN ('authorization_code', 'pre-authorized_code', 'refresh_token')),
  offer_id      TEXT    NOT NULL,
  registrant_id TEXT    NOT NULL,
  representative_id TEXT,
  config_ids    TEXT    NOT NULL,
  client_id     TEXT    NOT NULL DEFAULT '',
  jkt           TEXT    NOT NULL DEFAULT '',
  consent_id    TEXT    NOT NULL DEFAULT '',
  identifiers   TEXT    NOT NULL CHECK (json_valid(identifiers)),
  created_at    TEXT    NOT NULL,
  expires_at    TEXT    NOT NULL,
  revoked_at    TEXT
) STRICT;
CREATE INDEX issue_grant_offer ON issue_grant (offer_id);
CREATE INDEX issue_grant_family ON issue_grant (family);

-- Ids that may be used once: codes and nonces. The primary key is the guard.
CREATE TABLE used_id (
  issuer     TEXT    NOT NULL,
  kind       TEXT    NOT NULL,
  id         TEXT    NOT NULL,
  expires_at TEXT    NOT NULL,
  PRIMARY KEY (issuer, kind, id)
) STRICT;
CREATE INDEX used_id_expiry ON used_id (expires_at);

-- A status list. next_index counts leased positions before the permutation;
-- revision moves with every bit that changes. Every credential in it ends before
-- ends_at, after which the list is retired.
-- closed_at: the database was brought back from a backup since, and nothing more is
-- leased; of the positions below void_below, those without a credential are invalid.
CREATE TABLE status_list (
  issuer     TEXT    NOT NULL,
  id         TEXT    NOT NULL PRIMARY KEY,
  kind       TEXT    NOT NULL CHECK (kind IN ('token', 'bitstring')),
  ends_at    TEXT    NOT NULL,
  seq        INTEGER NOT NULL,
  size       INTEGER NOT NULL CHECK (size >= 131072),
  next_index INTEGER NOT NULL CHECK (next_index >= 0 AND next_index <= size),
  revision   INTEGER NOT NULL,
  created_at TEXT    NOT NULL,
  closed_at  TEXT,
  void_below INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX status_list_seq ON status_list (issuer, kind, ends_at, seq);

-- One credential, from the reservation on. fields maps the key of each issued
-- field to the keyed hash of its value. (list_id, list_index) is never shared.
-- response_id is shared by the copies of a batch. closed_by names an account, or the
-- rule that closed it; accepted_at, failed_at and deleted_at are what the wallet told. supersedes is
-- the one that it takes the place of, which stays valid for grace seconds if the
-- wallet does not say that it took the new one: that one has replaced_by and replace_at.
CREATE TABLE issuance (
  issuer        TEXT    NOT NULL,
  id            TEXT    NOT NULL PRIMARY KEY,
  registrant_id TEXT    NOT NULL,
  representative_id TEXT,
  config_id     TEXT    NOT NULL,
  format        TEXT    NOT NULL,
  grant_id      TEXT    NOT NULL,
  family        TEXT    NOT NULL,
  response_id   TEXT    NOT NULL,
  state         TEXT    NOT NULL CHECK (state IN ('reserved', 'issued', 'suspended', 'withdrawn', 'failed')),
  kid           TEXT    NOT NULL,
  holder        TEXT    NOT NULL,
  fields        TEXT    NOT NULL CHECK (json_valid(fields)),
  version_no    INTEGER NOT NULL,
  chain_no      INTEGER NOT NULL,
  list_id       TEXT    NOT NULL,
  list_index    INTEGER NOT NULL,
  valid_from    TEXT    NOT NULL,
  valid_until   TEXT    NOT NULL,
  reserved_at   TEXT    NOT NULL,
  issued_at     TEXT,
  closed_at     TEXT,
  closed_by     TEXT    NOT NULL DEFAULT '',
  reason        TEXT    NOT NULL DEFAULT '',
  accepted_at   TEXT,
  failed_at     TEXT,
  deleted_at    TEXT,
  supersedes    TEXT,
  grace         INTEGER NOT NULL DEFAULT 0,
  replaced_by   TEXT,
  replace_at    TEXT
) STRICT;
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
  issuer        TEXT    NOT NULL,
  registrant_id TEXT    NOT NULL,
  config_id     TEXT    NOT NULL,
  issuance_id   TEXT    NOT NULL,
  since         TEXT    NOT NULL,
  PRIMARY KEY (issuer, registrant_id, config_id)
) STRICT;

-- How far a follower of the change log has read.
CREATE TABLE follower (
  issuer     TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  position   TEXT    NOT NULL,
  updated_at TEXT    NOT NULL,
  PRIMARY KEY (issuer, name)
) STRICT;

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
