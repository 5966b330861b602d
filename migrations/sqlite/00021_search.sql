-- What searches are answered from.
--
-- registrant_search  the live rows once more, with the column that the index of names is on: the same query text for both
--                    databases
-- change_log_at      who was changed since a moment

-- +goose Up
DROP VIEW registrant_search;
CREATE VIEW registrant_search AS
  SELECT r.id, r.number, r.kind, r.status, r.version_no, r.latest_no, r.area, r.given_name, r.family_name, r.full_name_norm, r.sex, r.birth_date,
    r.region, r.extra, r.enc, r.times, r.vhash, r.hash_key_id, r.chain_head, r.chain_no, r.created_at, r.updated_at, f.full_name_norm AS searched
  FROM registrant_fts f JOIN registrant r ON r.rid = f.rowid;

CREATE INDEX change_log_at ON change_log (at, registrant_id);

-- +goose Down
DROP INDEX change_log_at;
DROP VIEW registrant_search;
CREATE VIEW registrant_search AS
  SELECT r.id AS id, f.full_name_norm AS full_name_norm FROM registrant_fts f JOIN registrant r ON r.rid = f.rowid;
