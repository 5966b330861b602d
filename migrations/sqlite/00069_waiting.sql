-- Who waits for a decision, and since when: the work queues of registry/queue.go, the oldest first.
--
-- waiting       one row per person, queue and moment, with the fields that have waited there since; kept in the transaction of
--               every change and decision
-- waiting_each  the same from the records themselves, field by field
-- waiting_now   what waiting has to hold; the check of the registry compares the two
-- import_stage.waiting  the fields of a new person on the way that nobody has decided on, as in waiting.fields
--
-- Queues: undecided (nobody's decision counts), changed (it was about another value), resubmitted (that was a rejection),
-- rejected, ends (attested until then), proposed (by one of two).

-- +goose Up
CREATE TABLE waiting (
  registrant_id TEXT    NOT NULL,
  queue         TEXT    NOT NULL CHECK (queue IN ('undecided', 'changed', 'resubmitted', 'rejected', 'ends', 'proposed')),
  since         INTEGER NOT NULL,                      -- microseconds; of ends: when
  fields        TEXT    NOT NULL,                      -- ,1,12,: their numbers, in no order
  PRIMARY KEY (registrant_id, queue, since)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_oldest ON waiting (queue, since, registrant_id);

CREATE VIEW waiting_each AS
  SELECT r.id AS registrant_id, d.no AS field, 'undecided' AS queue, r.times -> d.key ->> 'r' AS since
  FROM registrant r JOIN field_definition d ON r.times -> d.key IS NOT NULL
  WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND d.attestable AND NOT d.retired AND EXISTS (SELECT 1 FROM json_each(d.kinds) AS about WHERE about.value = 'person')
    AND NOT EXISTS (SELECT 1 FROM field_state f WHERE f.registrant_id = r.id AND f.field = d.no AND f.state <> 'NEW')
  UNION ALL
  SELECT f.registrant_id, f.field, q.column1, CASE q.column1 WHEN 'rejected' THEN CAST(strftime('%s', f.since) AS INTEGER) * 1000000 + CAST(substr(f.since, 21, 6) AS INTEGER)
      WHEN 'ends' THEN CAST(strftime('%s', f.expires_at) AS INTEGER) * 1000000 + CAST(substr(f.expires_at, 21, 6) AS INTEGER) ELSE r.times -> d.key ->> 'r' END
  FROM field_state f JOIN registrant r ON r.id = f.registrant_id JOIN field_definition d ON d.no = f.field AND r.times -> d.key IS NOT NULL
    JOIN (VALUES ('changed'), ('resubmitted'), ('rejected'), ('ends'), ('proposed')) AS q ON CASE q.column1
      WHEN 'changed' THEN f.state <> 'NEW' AND f.live_hash <> f.decided_hash
      WHEN 'resubmitted' THEN f.state = 'REJECTED' AND f.live_hash <> f.decided_hash
      WHEN 'rejected' THEN f.state = 'REJECTED' AND f.live_hash = f.decided_hash
      WHEN 'ends' THEN f.state IN ('ATTESTED', 'EXPIRED') AND f.expires_at IS NOT NULL AND f.live_hash = f.decided_hash
      ELSE f.proposal > 0 END
  WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND d.attestable AND NOT d.retired AND EXISTS (SELECT 1 FROM json_each(d.kinds) AS about WHERE about.value = 'person');
CREATE VIEW waiting_now AS
  SELECT registrant_id, queue, since, ',' || group_concat(field, ',') || ',' AS fields FROM waiting_each GROUP BY registrant_id, queue, since;
INSERT INTO waiting (registrant_id, queue, since, fields) SELECT registrant_id, queue, since, fields FROM waiting_now;

ALTER TABLE import_stage ADD COLUMN waiting TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE import_stage DROP COLUMN waiting;
DROP VIEW waiting_now;
DROP VIEW waiting_each;
DROP TABLE waiting;
