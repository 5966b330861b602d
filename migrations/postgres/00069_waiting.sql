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
  registrant_id uuid   NOT NULL,
  queue         text   COLLATE "C" NOT NULL CHECK (queue IN ('undecided', 'changed', 'resubmitted', 'rejected', 'ends', 'proposed')),
  since         bigint NOT NULL,                       -- microseconds; of ends: when
  fields        text   NOT NULL,                       -- ,1,12,: their numbers, in no order
  PRIMARY KEY (registrant_id, queue, since)
);
CREATE INDEX waiting_oldest ON waiting (queue, since, registrant_id);

CREATE VIEW waiting_each AS
  SELECT r.id AS registrant_id, d.no AS field, 'undecided' COLLATE "C" AS queue, (r.times -> d.key ->> 'r')::bigint AS since
  FROM registrant r JOIN field_definition d ON r.times -> d.key IS NOT NULL
  WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND d.attestable AND NOT d.retired AND d.kinds @> '["person"]'
    AND NOT EXISTS (SELECT 1 FROM field_state f WHERE f.registrant_id = r.id AND f.field = d.no AND f.state <> 'NEW')
  UNION ALL
  SELECT f.registrant_id, f.field, q.column1 COLLATE "C", (CASE q.column1 WHEN 'rejected' THEN extract(epoch FROM f.since) * 1000000
      WHEN 'ends' THEN extract(epoch FROM f.expires_at) * 1000000 ELSE (r.times -> d.key ->> 'r')::bigint END)::bigint
  FROM field_state f JOIN registrant r ON r.id = f.registrant_id JOIN field_definition d ON d.no = f.field AND r.times -> d.key IS NOT NULL
    JOIN (VALUES ('changed'), ('resubmitted'), ('rejected'), ('ends'), ('proposed')) AS q ON CASE q.column1
      WHEN 'changed' THEN f.state <> 'NEW' AND f.live_hash <> f.decided_hash
      WHEN 'resubmitted' THEN f.state = 'REJECTED' AND f.live_hash <> f.decided_hash
      WHEN 'rejected' THEN f.state = 'REJECTED' AND f.live_hash = f.decided_hash
      WHEN 'ends' THEN f.state IN ('ATTESTED', 'EXPIRED') AND f.expires_at IS NOT NULL AND f.live_hash = f.decided_hash
      ELSE f.proposal > 0 END
  WHERE r.kind = 'person' AND r.status = 'ACTIVE' AND d.attestable AND NOT d.retired AND d.kinds @> '["person"]';
CREATE VIEW waiting_now AS
  SELECT registrant_id, queue, since, ',' || string_agg(field::text, ',') || ',' AS fields FROM waiting_each GROUP BY registrant_id, queue, since;
INSERT INTO waiting (registrant_id, queue, since, fields) SELECT registrant_id, queue, since, fields FROM waiting_now;

ALTER TABLE import_stage ADD COLUMN waiting text NOT NULL DEFAULT '';
ALTER TABLE import_stage ALTER COLUMN waiting SET STATISTICS 0;

-- +goose Down
ALTER TABLE import_stage DROP COLUMN waiting;
DROP VIEW waiting_now;
DROP VIEW waiting_each;
DROP TABLE waiting;
