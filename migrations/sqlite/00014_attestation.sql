-- Attestation in full: the policy of a field, attestations that expire, the first of two attesters, statuses that
-- offices define, and appeals.
--
-- attestation_status  further words for a state, by administrators: for everybody, or for the attesters of one office
-- attestation_appeal  what registrants say against rejections of their own values: once per decision

-- +goose Up
ALTER TABLE field_definition ADD COLUMN attestation TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(attestation)); -- the policy: registry/attestation

ALTER TABLE attestation ADD COLUMN status     TEXT    NOT NULL DEFAULT '';                               -- key of an attestation_status, or empty
ALTER TABLE attestation ADD COLUMN proposal   INTEGER NOT NULL DEFAULT 0 CHECK (proposal IN (0, 1));     -- the first of two attesters: it decides nothing yet
ALTER TABLE attestation ADD COLUMN expires_at TEXT;                                                      -- of ATTESTED and EXPIRED; NULL: never
ALTER TABLE attestation ADD COLUMN undoes     INTEGER NOT NULL DEFAULT 0;                               -- seq of the decision that was taken back with an import: state is what stands again; 0: none

ALTER TABLE field_state ADD COLUMN status     TEXT    NOT NULL DEFAULT '';  -- as in the row of attestation that decided
ALTER TABLE field_state ADD COLUMN expires_at TEXT;                         -- ATTESTED is EXPIRED from then on, before anybody writes so
ALTER TABLE field_state ADD COLUMN proposal   INTEGER NOT NULL DEFAULT 0;   -- seq of the proposal about the live value; 0: none. An edit clears it
ALTER TABLE field_state ADD COLUMN last_seq   INTEGER NOT NULL DEFAULT 0;   -- the highest seq in attestation; seq is 0 while there is only a proposal
UPDATE field_state SET last_seq = seq;
CREATE INDEX field_state_expiring ON field_state (expires_at) WHERE state = 'ATTESTED' AND expires_at IS NOT NULL;
CREATE INDEX field_state_proposed ON field_state (registrant_id) WHERE proposal > 0;

CREATE TABLE attestation_status (
  key        TEXT    NOT NULL PRIMARY KEY,
  state      TEXT    NOT NULL CHECK (state IN ('NEW', 'ATTESTED', 'REJECTED', 'REVOKED')), -- what it means
  label      TEXT    NOT NULL CHECK (json_valid(label)),          -- {language: text}
  office     TEXT    REFERENCES office (code),                    -- NULL: everybody's
  retired    INTEGER NOT NULL CHECK (retired IN (0, 1)),          -- takes no new decision
  version_no INTEGER NOT NULL,
  created_by TEXT    NOT NULL,
  created_at TEXT    NOT NULL,
  updated_at TEXT    NOT NULL
) STRICT;

CREATE TABLE attestation_appeal (
  registrant_id TEXT    NOT NULL,
  field         INTEGER NOT NULL,
  seq           INTEGER NOT NULL,                                 -- the rejection in attestation
  id            TEXT    NOT NULL UNIQUE,
  text          BLOB    NOT NULL,                                 -- the registrant's words, sealed under the record key
  state         TEXT    NOT NULL CHECK (state IN ('OPEN', 'ANSWERED', 'DECLINED')), -- ANSWERED: by a new decision
  at            TEXT    NOT NULL,
  answered_by   TEXT    NOT NULL,                                 -- empty while it is open
  answered_at   TEXT,
  answer        TEXT    NOT NULL CHECK (state <> 'DECLINED' OR answer <> ''), -- sealed under the record key, base64url; empty: none
  PRIMARY KEY (registrant_id, field, seq),
  FOREIGN KEY (registrant_id, field, seq) REFERENCES attestation (registrant_id, field, seq)
) STRICT;
CREATE INDEX attestation_appeal_open ON attestation_appeal (id) WHERE state = 'OPEN';

-- A value whose decision is about another value is CHANGED; one that nobody has decided on is NEW and has no month.
DROP VIEW stat_attestation_now;
CREATE VIEW stat_attestation_now AS
  SELECT field, state, month, count(*) AS people FROM (
    SELECT f.field, CASE WHEN f.live_hash <> f.decided_hash THEN 'CHANGED' WHEN f.state = 'ATTESTED' AND f.expires_at <= s.begun_at THEN 'EXPIRED'
        ELSE f.state END AS state,
      substr(CASE WHEN f.expires_at <= s.begun_at THEN f.expires_at ELSE f.since END, 1, 7) AS month
    FROM field_state f JOIN registrant r ON r.id = f.registrant_id CROSS JOIN stat_refresh s
    WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND f.state <> 'NEW' AND f.live_hash IS NOT NULL
    UNION ALL
    SELECT d.no, 'NEW', 'none'
    FROM registrant r JOIN json_each(r.times) AS held JOIN field_definition d ON d.key = held.key
    WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND d.attestable
      AND NOT EXISTS (SELECT 1 FROM field_state f WHERE f.registrant_id = r.id AND f.field = d.no AND f.state <> 'NEW')
  ) AS stated GROUP BY field, state, month;

-- People in the queues of registry/queue.go, and since when: registered, changed, rejected, expired, proposed or recorded.
DROP VIEW stat_queue_now;
CREATE VIEW stat_queue_now AS
  SELECT queue, CASE WHEN waited < 1 THEN '0' WHEN waited < 8 THEN '1-7'
      WHEN waited < 31 THEN '8-30' WHEN waited < 91 THEN '31-90' ELSE '91+' END AS days,
    count(*) AS people
  FROM (
    SELECT queue, julianday(begun_at) - julianday(since) AS waited FROM (
      SELECT 'undecided' AS queue, r.created_at AS since FROM registrant r
      WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND NOT EXISTS (SELECT 1 FROM field_state f WHERE f.registrant_id = r.id AND f.seq > 0)
      UNION ALL
      SELECT 'changed', r.updated_at FROM registrant r
      WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND r.id IN (SELECT registrant_id FROM field_state
        WHERE state <> 'NEW' AND live_hash IS NOT NULL AND live_hash <> decided_hash)
      UNION ALL
      SELECT 'rejected', min(f.since) FROM field_state f JOIN registrant r ON r.id = f.registrant_id
      WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND f.state = 'REJECTED' AND f.live_hash = f.decided_hash GROUP BY f.registrant_id
      UNION ALL
      SELECT 'expired', min(f.expires_at) FROM field_state f JOIN registrant r ON r.id = f.registrant_id CROSS JOIN stat_refresh s
      WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND f.state IN ('ATTESTED', 'EXPIRED') AND f.expires_at <= s.begun_at
        AND f.live_hash = f.decided_hash GROUP BY f.registrant_id
      UNION ALL
      SELECT 'proposed', min(a.at) FROM field_state f JOIN registrant r ON r.id = f.registrant_id
        JOIN attestation a ON a.registrant_id = f.registrant_id AND a.field = f.field AND a.seq = f.proposal
      WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND f.proposal > 0 GROUP BY f.registrant_id
      UNION ALL
      SELECT 'overdue', strftime('%Y-%m-%dT%H:%M:%fZ', min(r.times -> d.key ->> 'r') / 1000000.0, 'unixepoch')
      FROM field_definition d JOIN registrant r ON r.times -> d.key IS NOT NULL CROSS JOIN stat_refresh s
      WHERE d.attestation ->> 'deadline_days' IS NOT NULL AND d.attestable AND NOT d.retired AND r.kind = 'person' AND r.status = 'ACTIVE'
        AND (r.times -> d.key ->> 'r') < CAST(strftime('%s', s.begun_at) AS INTEGER) * 1000000 + CAST(substr(s.begun_at, 21, 6) AS INTEGER)
          - (d.attestation ->> 'deadline_days') * 86400000000
        AND NOT EXISTS (SELECT 1 FROM field_state f
          WHERE f.registrant_id = r.id AND f.field = d.no AND f.state <> 'NEW' AND f.live_hash = f.decided_hash)
      GROUP BY r.id
    ) AS standing, stat_refresh
  ) AS waiting GROUP BY queue, days;

-- +goose Down
DROP VIEW stat_queue_now;
DROP VIEW stat_attestation_now;
DROP TABLE attestation_appeal;
DROP TABLE attestation_status;
DROP INDEX field_state_proposed;
DROP INDEX field_state_expiring;
ALTER TABLE field_state DROP COLUMN status;
ALTER TABLE field_state DROP COLUMN expires_at;
ALTER TABLE field_state DROP COLUMN proposal;
ALTER TABLE field_state DROP COLUMN last_seq;
ALTER TABLE attestation DROP COLUMN status;
ALTER TABLE attestation DROP COLUMN proposal;
ALTER TABLE attestation DROP COLUMN expires_at;
ALTER TABLE attestation DROP COLUMN undoes;
ALTER TABLE field_definition DROP COLUMN attestation;
CREATE VIEW stat_attestation_now AS
  SELECT field, state, month, count(*) AS people FROM (
    SELECT f.field, CASE WHEN f.live_hash = f.decided_hash THEN f.state ELSE 'CHANGED' END AS state,
      substr(f.since, 1, 7) AS month
    FROM field_state f JOIN registrant r ON r.id = f.registrant_id
    WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND f.state <> 'NEW' AND f.live_hash IS NOT NULL
    UNION ALL
    SELECT d.no, 'NEW', 'none'
    FROM registrant r JOIN json_each(r.times) AS held JOIN field_definition d ON d.key = held.key
    WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND d.attestable
      AND NOT EXISTS (SELECT 1 FROM field_state f WHERE f.registrant_id = r.id AND f.field = d.no AND f.state <> 'NEW')
  ) AS stated GROUP BY field, state, month;
CREATE VIEW stat_queue_now AS
  SELECT queue, CASE WHEN waited < 1 THEN '0' WHEN waited < 8 THEN '1-7'
      WHEN waited < 31 THEN '8-30' WHEN waited < 91 THEN '31-90' ELSE '91+' END AS days,
    count(*) AS people
  FROM (
    SELECT queue, julianday(begun_at) - julianday(since) AS waited FROM (
      SELECT 'undecided' AS queue, r.created_at AS since FROM registrant r
      WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND NOT EXISTS (SELECT 1 FROM field_state f WHERE f.registrant_id = r.id)
      UNION ALL
      SELECT 'changed', r.updated_at FROM registrant r
      WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND r.id IN (SELECT registrant_id FROM field_state
        WHERE state <> 'NEW' AND live_hash IS NOT NULL AND live_hash <> decided_hash)
      UNION ALL
      SELECT 'rejected', min(f.since) FROM field_state f JOIN registrant r ON r.id = f.registrant_id
      WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND f.state = 'REJECTED' AND f.live_hash = f.decided_hash GROUP BY f.registrant_id
    ) AS standing, stat_refresh
  ) AS waiting GROUP BY queue, days;
