-- Statistics of the queues from what is kept of them, so that they tell what the queues hold: since when the oldest of
-- a person's values waits there. Indexes that nothing else asks go.

-- +goose Up
DROP INDEX field_state_proposed;
DROP INDEX field_state_rejected;
DROP INDEX field_state_ends;
DROP VIEW stat_queue_now;
CREATE VIEW stat_queue_now AS
  SELECT queue, CASE WHEN waited < 1 THEN '0' WHEN waited < 8 THEN '1-7'
      WHEN waited < 31 THEN '8-30' WHEN waited < 91 THEN '31-90' ELSE '91+' END AS days,
    count(*) AS people
  FROM (
    SELECT queue, julianday(begun_at) - julianday(since) AS waited FROM (
      SELECT queue, strftime('%Y-%m-%dT%H:%M:%fZ', min(since) / 1000000.0, 'unixepoch') AS since FROM waiting
      WHERE queue IN ('undecided', 'changed', 'rejected', 'proposed') GROUP BY registrant_id, queue
      UNION ALL
      SELECT 'expired', strftime('%Y-%m-%dT%H:%M:%fZ', min(w.since) / 1000000.0, 'unixepoch') FROM waiting w CROSS JOIN stat_refresh s
      WHERE w.queue = 'ends' AND w.since <= CAST(strftime('%s', s.begun_at) AS INTEGER) * 1000000 + CAST(substr(s.begun_at, 21, 6) AS INTEGER) GROUP BY w.registrant_id
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
CREATE INDEX field_state_proposed ON field_state (registrant_id) WHERE proposal > 0;
CREATE INDEX field_state_rejected ON field_state (registrant_id) WHERE state = 'REJECTED';
CREATE INDEX field_state_ends ON field_state (expires_at) WHERE expires_at IS NOT NULL;
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
