-- Statistics by area.
--
-- stat_registrant  as before, by row of the table of people: an area, or "(itself)" or "(other)"
-- stat_area        what may be told of an area and of its parts: registry/disclosure. No row: nothing may
--
-- The views stat_registrant_now and stat_group_now have the area where a record lies, and stat_attested_now counts the
-- attested values of people by it. Numbers by area are not stored, but for those that may be told.

-- +goose Up
DROP VIEW stat_registrant_now;
DROP VIEW stat_group_now;
CREATE VIEW stat_registrant_now AS
  SELECT area, sex, status, age_band, count(*) AS people FROM (
    SELECT coalesce(area, '') AS area, CASE WHEN sex IN ('female', 'male', 'other') THEN sex ELSE 'unknown' END AS sex, status,
      CASE WHEN birth_date IS NULL THEN 'unknown' WHEN years < 5 THEN '0-4' WHEN years < 18 THEN '5-17'
        WHEN years < 65 THEN '18-64' ELSE '65+' END AS age_band
    FROM (SELECT r.area, r.sex, r.status, r.birth_date, extract(year FROM age((s.begun_at AT TIME ZONE 'UTC')::date, r.birth_date)) AS years
      FROM registrant r, stat_refresh s WHERE r.kind = 'person') AS aged
  ) AS banded GROUP BY area, sex, status, age_band;

CREATE VIEW stat_group_now AS
  SELECT coalesce(area, '') AS area, kind, CASE WHEN size < 1 THEN '0' WHEN size < 2 THEN '1' WHEN size < 4 THEN '2-3' WHEN size < 6 THEN '4-5'
      WHEN size < 10 THEN '6-9' ELSE '10+' END AS size, count(*) AS people
  FROM (
    SELECT g.area, g.kind, (SELECT count(*) FROM membership m JOIN registrant p ON p.id = m.member_id AND p.kind = 'person'
      WHERE m.group_id = g.id AND m.start_date <= (begun_at AT TIME ZONE 'UTC')::date AND (m.end_date IS NULL OR m.end_date > (begun_at AT TIME ZONE 'UTC')::date)) AS size
    FROM registrant g, stat_refresh WHERE g.kind <> 'person' AND g.status = 'ACTIVE'
  ) AS sized GROUP BY 1, 2, 3;

-- The states and months of stat_attestation_now.
CREATE VIEW stat_attested_now AS
  SELECT area, field, month, count(*) AS people FROM (
    SELECT coalesce(r.area, '') AS area, d.key AS field, to_char(f.since AT TIME ZONE 'UTC', 'YYYY-MM') AS month
    FROM field_state f JOIN registrant r ON r.id = f.registrant_id JOIN field_definition d ON d.no = f.field CROSS JOIN stat_refresh s
    WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND f.state = 'ATTESTED' AND f.live_hash = f.decided_hash
      AND (f.expires_at IS NULL OR f.expires_at > s.begun_at)
  ) AS attested GROUP BY area, field, month;

CREATE TABLE stat_area (
  area text  PRIMARY KEY,                              -- code; empty: the registry as a whole
  told jsonb NOT NULL                                  -- registry/disclosure.Told
);
ALTER TABLE stat_registrant RENAME COLUMN region TO area;
DELETE FROM stat_registrant;
UPDATE stat_refresh SET as_of = '1970-01-01T00:00:00Z', begun_at = '1970-01-01T00:00:00Z';

-- +goose Down
DROP TABLE stat_area;
DROP VIEW stat_attested_now;
DROP VIEW stat_group_now;
DROP VIEW stat_registrant_now;
ALTER TABLE stat_registrant RENAME COLUMN area TO region;
DELETE FROM stat_registrant;
UPDATE stat_refresh SET as_of = '1970-01-01T00:00:00Z', begun_at = '1970-01-01T00:00:00Z';
CREATE VIEW stat_registrant_now AS
  SELECT region, sex, status, age_band, count(*) AS people FROM (
    SELECT coalesce(region, '') AS region, CASE WHEN sex IN ('female', 'male', 'other') THEN sex ELSE 'unknown' END AS sex, status,
      CASE WHEN birth_date IS NULL THEN 'unknown' WHEN years < 5 THEN '0-4' WHEN years < 18 THEN '5-17'
        WHEN years < 65 THEN '18-64' ELSE '65+' END AS age_band
    FROM (SELECT r.region, r.sex, r.status, r.birth_date, extract(year FROM age((s.begun_at AT TIME ZONE 'UTC')::date, r.birth_date)) AS years
      FROM registrant r, stat_refresh s WHERE r.kind = 'person') AS aged
  ) AS banded GROUP BY region, sex, status, age_band;
CREATE VIEW stat_group_now AS
  SELECT kind, CASE WHEN size < 1 THEN '0' WHEN size < 2 THEN '1' WHEN size < 4 THEN '2-3' WHEN size < 6 THEN '4-5'
      WHEN size < 10 THEN '6-9' ELSE '10+' END AS size, count(*) AS people
  FROM (
    SELECT g.kind, (SELECT count(*) FROM membership m JOIN registrant p ON p.id = m.member_id AND p.kind = 'person'
      WHERE m.group_id = g.id AND m.start_date <= (begun_at AT TIME ZONE 'UTC')::date AND (m.end_date IS NULL OR m.end_date > (begun_at AT TIME ZONE 'UTC')::date)) AS size
    FROM registrant g, stat_refresh WHERE g.kind <> 'person' AND g.status = 'ACTIVE'
  ) AS sized GROUP BY 1, 2;
