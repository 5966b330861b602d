-- Named versions and statistics.
--
-- stat_refresh      when the statistics were counted last
-- stat_registrant   active and other people by region, sex and age band
-- stat_attestation  values of people by field, state and month of the decision
-- stat_queue        people who wait for an attester by queue and days
-- stat_group        groups that have not ended by kind and the number of people in them
-- stat_programme    people and groups by programme, kind and where they stand
--
-- Each stat_ but the first is a table that holds what the view beside it, named _now, said. REFRESH MATERIALIZED VIEW
-- would keep a writing transaction open for as long as it reads, and nobody who follows the change log sees past
-- one: so registry/statistics.go reads in a transaction that only reads, and writes in a short one. They hold small
-- numbers that must not be shown: readers go through the registry, which hides those.

-- +goose Up
CREATE INDEX registrant_version_named ON registrant_version (label, registrant_id) WHERE label IS NOT NULL;
ALTER TABLE registrant_version ADD COLUMN basis integer NOT NULL DEFAULT 0;                -- the version that it repeats but for facts of today; 0: none
ALTER TABLE import_batch ADD COLUMN label text NOT NULL DEFAULT '';                    -- of the versions that it makes; empty: none

CREATE TABLE stat_refresh (
  one      smallint    PRIMARY KEY CHECK (one = 1),
  as_of    timestamptz NOT NULL,                       -- of the numbers; 1970: never
  begun_at timestamptz NOT NULL                        -- of the count that was begun last; differs while it is at work
);
INSERT INTO stat_refresh (one, as_of, begun_at) VALUES (1, '1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z');

CREATE VIEW stat_registrant_now AS
  SELECT region, sex, status, age_band, count(*) AS people FROM (
    SELECT coalesce(region, '') AS region, CASE WHEN sex IN ('female', 'male', 'other') THEN sex ELSE 'unknown' END AS sex, status,
      CASE WHEN birth_date IS NULL THEN 'unknown' WHEN years < 5 THEN '0-4' WHEN years < 18 THEN '5-17'
        WHEN years < 65 THEN '18-64' ELSE '65+' END AS age_band
    FROM (SELECT r.region, r.sex, r.status, r.birth_date, extract(year FROM age((s.begun_at AT TIME ZONE 'UTC')::date, r.birth_date)) AS years
      FROM registrant r, stat_refresh s WHERE r.kind = 'person') AS aged
  ) AS banded GROUP BY region, sex, status, age_band;

-- A value whose decision is about another value is CHANGED; one that nobody has decided on is NEW and has no month.
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

-- People in the queues of registry/queue.go, and since when: registered, changed or rejected.
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

-- The size is the number of people who belong to the group that day.
CREATE VIEW stat_group_now AS
  SELECT kind, CASE WHEN size < 1 THEN '0' WHEN size < 2 THEN '1' WHEN size < 4 THEN '2-3' WHEN size < 6 THEN '4-5'
      WHEN size < 10 THEN '6-9' ELSE '10+' END AS size, count(*) AS people
  FROM (
    SELECT g.kind, (SELECT count(*) FROM membership m JOIN registrant p ON p.id = m.member_id AND p.kind = 'person'
      WHERE m.group_id = g.id AND m.start_date <= (begun_at AT TIME ZONE 'UTC')::date AND (m.end_date IS NULL OR m.end_date > (begun_at AT TIME ZONE 'UTC')::date)) AS size
    FROM registrant g, stat_refresh WHERE g.kind <> 'person' AND g.status = 'ACTIVE'
  ) AS sized GROUP BY 1, 2;

-- Of several enrolments of one active person or group in one programme, the last counts.
CREATE VIEW stat_programme_now AS
  SELECT e.programme, r.kind, e.status, count(*) AS people
  FROM enrolment e JOIN registrant r ON r.id = e.registrant_id
  WHERE r.status = 'ACTIVE' AND NOT EXISTS (SELECT 1 FROM enrolment later
    WHERE later.registrant_id = e.registrant_id AND later.programme = e.programme AND later.seq > e.seq)
  GROUP BY e.programme, r.kind, e.status;

CREATE TABLE stat_registrant (
  region   text   NOT NULL,
  sex      text   NOT NULL,
  status   text   NOT NULL,
  age_band text   NOT NULL,
  people   bigint NOT NULL,
  PRIMARY KEY (region, sex, status, age_band)
);
CREATE TABLE stat_attestation (
  field  integer NOT NULL,
  state  text    NOT NULL,
  month  text    NOT NULL,                             -- of the decision, 2006-01; none: NEW
  people bigint  NOT NULL,
  PRIMARY KEY (field, state, month)
);
CREATE TABLE stat_queue (
  queue  text   NOT NULL,
  days   text   NOT NULL,
  people bigint NOT NULL,
  PRIMARY KEY (queue, days)
);
CREATE TABLE stat_group (
  kind   text   NOT NULL,
  size   text   NOT NULL,
  people bigint NOT NULL,                              -- groups
  PRIMARY KEY (kind, size)
);
CREATE TABLE stat_programme (
  programme text   NOT NULL,
  kind      text   NOT NULL,
  status    text   NOT NULL,
  people    bigint NOT NULL,                           -- people or groups
  PRIMARY KEY (programme, kind, status)
);

-- +goose Down
DROP TABLE stat_programme;
DROP TABLE stat_group;
DROP TABLE stat_queue;
DROP TABLE stat_attestation;
DROP TABLE stat_registrant;
DROP VIEW stat_programme_now;
DROP VIEW stat_group_now;
DROP VIEW stat_queue_now;
DROP VIEW stat_attestation_now;
DROP VIEW stat_registrant_now;
DROP TABLE stat_refresh;
ALTER TABLE import_batch DROP COLUMN label;
ALTER TABLE registrant_version DROP COLUMN basis;
DROP INDEX registrant_version_named;
