-- Attestation in full: the policy of a field, attestations that expire, the first of two attesters, statuses that
-- offices define, and appeals.
--
-- attestation_status  further words for a state, by administrators: for everybody, or for the attesters of one office
-- attestation_appeal  what registrants say against rejections of their own values: once per decision

-- +goose Up
ALTER TABLE field_definition ADD COLUMN attestation jsonb NOT NULL DEFAULT '{}';       -- the policy: registry/attestation

ALTER TABLE attestation
  ADD COLUMN status     text        NOT NULL DEFAULT '',    -- key of an attestation_status, or empty
  ADD COLUMN proposal   boolean     NOT NULL DEFAULT false, -- the first of two attesters: it decides nothing yet
  ADD COLUMN expires_at timestamptz,                        -- of ATTESTED and EXPIRED; NULL: never
  ADD COLUMN undoes     integer     NOT NULL DEFAULT 0;     -- seq of the decision that was taken back with an import: state is what stands again; 0: none

ALTER TABLE field_state
  ADD COLUMN status     text        NOT NULL DEFAULT '',    -- as in the row of attestation that decided
  ADD COLUMN expires_at timestamptz,                        -- ATTESTED is EXPIRED from then on, before anybody writes so
  ADD COLUMN proposal   integer     NOT NULL DEFAULT 0,     -- seq of the proposal about the live value; 0: none. An edit clears it
  ADD COLUMN last_seq   integer     NOT NULL DEFAULT 0;     -- the highest seq in attestation; seq is 0 while there is only a proposal
UPDATE field_state SET last_seq = seq;
CREATE INDEX field_state_expiring ON field_state (expires_at) WHERE state = 'ATTESTED' AND expires_at IS NOT NULL;
CREATE INDEX field_state_proposed ON field_state (registrant_id) WHERE proposal > 0;

CREATE TABLE attestation_status (
  key        text        PRIMARY KEY,
  state      text        NOT NULL CHECK (state IN ('NEW', 'ATTESTED', 'REJECTED', 'REVOKED')), -- what it means
  label      jsonb       NOT NULL,                          -- {language: text}
  office     text        REFERENCES office (code),          -- NULL: everybody's
  retired    boolean     NOT NULL,                          -- takes no new decision
  version_no integer     NOT NULL,
  created_by text        NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

CREATE TABLE attestation_appeal (
  registrant_id uuid        NOT NULL,
  field         smallint    NOT NULL,
  seq           integer     NOT NULL,                       -- the rejection in attestation
  id            uuid        NOT NULL UNIQUE,
  text          bytea       NOT NULL,                       -- the registrant's words, sealed under the record key
  state         text        NOT NULL CHECK (state IN ('OPEN', 'ANSWERED', 'DECLINED')), -- ANSWERED: by a new decision
  at            timestamptz NOT NULL,
  answered_by   text        NOT NULL,                       -- empty while it is open
  answered_at   timestamptz,
  answer        text        NOT NULL CHECK (state <> 'DECLINED' OR answer <> ''), -- sealed under the record key, base64url; empty: none
  PRIMARY KEY (registrant_id, field, seq),
  FOREIGN KEY (registrant_id, field, seq) REFERENCES attestation (registrant_id, field, seq)
);
CREATE INDEX attestation_appeal_open ON attestation_appeal (id) WHERE state = 'OPEN';

-- A value whose decision is about another value is CHANGED; one that nobody has decided on is NEW and has no month.
DROP VIEW stat_attestation_now;
CREATE VIEW stat_attestation_now AS
  SELECT field, state, month, count(*) AS people FROM (
    SELECT f.field, CASE WHEN f.live_hash <> f.decided_hash THEN 'CHANGED' WHEN f.state = 'ATTESTED' AND f.expires_at <= s.begun_at THEN 'EXPIRED'
        ELSE f.state END AS state,
      to_char(CASE WHEN f.expires_at <= s.begun_at THEN f.expires_at ELSE f.since END AT TIME ZONE 'UTC', 'YYYY-MM') AS month
    FROM field_state f JOIN registrant r ON r.id = f.registrant_id CROSS JOIN stat_refresh s
    WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND f.state <> 'NEW' AND f.live_hash IS NOT NULL
    UNION ALL
    SELECT d.no, 'NEW', 'none'
    FROM registrant r CROSS JOIN LATERAL jsonb_object_keys(r.times) AS held (key) JOIN field_definition d ON d.key = held.key
    WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND d.attestable
      AND NOT EXISTS (SELECT 1 FROM field_state f WHERE f.registrant_id = r.id AND f.field = d.no AND f.state <> 'NEW')
  ) AS stated GROUP BY field, state, month;

-- People in the queues of registry/queue.go, and since when: registered, changed, rejected, expired, proposed or recorded.
DROP VIEW stat_queue_now;
CREATE VIEW stat_queue_now AS
  SELECT queue, CASE WHEN since > begun_at - interval '1 day' THEN '0' WHEN since > begun_at - interval '8 days' THEN '1-7'
      WHEN since > begun_at - interval '31 days' THEN '8-30' WHEN since > begun_at - interval '91 days' THEN '31-90' ELSE '91+' END AS days,
    count(*) AS people
  FROM (
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
    SELECT 'overdue', to_timestamp(min((r.times -> d.key ->> 'r')::bigint) / 1000000.0)
    FROM field_definition d JOIN registrant r ON r.times -> d.key IS NOT NULL CROSS JOIN stat_refresh s
    WHERE d.attestation ->> 'deadline_days' IS NOT NULL AND d.attestable AND NOT d.retired AND r.kind = 'person' AND r.status = 'ACTIVE'
      AND to_timestamp((r.times -> d.key ->> 'r')::bigint / 1000000.0) < s.begun_at - (d.attestation ->> 'deadline_days')::int * interval '1 day'
      AND NOT EXISTS (SELECT 1 FROM field_state f
        WHERE f.registrant_id = r.id AND f.field = d.no AND f.state <> 'NEW' AND f.live_hash = f.decided_hash)
    GROUP BY r.id
  ) AS waiting, stat_refresh GROUP BY queue, days;

-- +goose Down
DROP VIEW stat_queue_now;
DROP VIEW stat_attestation_now;
DROP TABLE attestation_appeal;
DROP TABLE attestation_status;
DROP INDEX field_state_proposed;
DROP INDEX field_state_expiring;
ALTER TABLE field_state DROP COLUMN status, DROP COLUMN expires_at, DROP COLUMN proposal, DROP COLUMN last_seq;
ALTER TABLE attestation DROP COLUMN status, DROP COLUMN proposal, DROP COLUMN expires_at, DROP COLUMN undoes;
ALTER TABLE field_definition DROP COLUMN attestation;
CREATE VIEW stat_attestation_now AS
  SELECT field, state, month, count(*) AS people FROM (
    SELECT f.field, CASE WHEN f.live_hash = f.decided_hash THEN f.state ELSE 'CHANGED' END AS state,
      to_char(f.since AT TIME ZONE 'UTC', 'YYYY-MM') AS month
    FROM field_state f JOIN registrant r ON r.id = f.registrant_id
    WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND f.state <> 'NEW' AND f.live_hash IS NOT NULL
    UNION ALL
    SELECT d.no, 'NEW', 'none'
    FROM registrant r CROSS JOIN LATERAL jsonb_object_keys(r.times) AS held (key) JOIN field_definition d ON d.key = held.key
    WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND d.attestable
      AND NOT EXISTS (SELECT 1 FROM field_state f WHERE f.registrant_id = r.id AND f.field = d.no AND f.state <> 'NEW')
  ) AS stated GROUP BY field, state, month;
CREATE VIEW stat_queue_now AS
  SELECT queue, CASE WHEN since > begun_at - interval '1 day' THEN '0' WHEN since > begun_at - interval '8 days' THEN '1-7'
      WHEN since > begun_at - interval '31 days' THEN '8-30' WHEN since > begun_at - interval '91 days' THEN '31-90' ELSE '91+' END AS days,
    count(*) AS people
  FROM (
    SELECT 'undecided' AS queue, r.created_at AS since FROM registrant r
    WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND NOT EXISTS (SELECT 1 FROM field_state f WHERE f.registrant_id = r.id)
    UNION ALL
    SELECT 'changed', r.updated_at FROM registrant r
    WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND r.id IN (SELECT registrant_id FROM field_state
      WHERE state <> 'NEW' AND live_hash IS NOT NULL AND live_hash <> decided_hash)
    UNION ALL
    SELECT 'rejected', min(f.since) FROM field_state f JOIN registrant r ON r.id = f.registrant_id
    WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND f.state = 'REJECTED' AND f.live_hash = f.decided_hash GROUP BY f.registrant_id
  ) AS waiting, stat_refresh GROUP BY queue, days;
