-- What searches are answered from.
--
-- registrant_search  the live rows once more, with the column that the index of names is on: the same query text for both
--                    databases
-- change_log_at      who was changed since a moment

-- +goose Up
DROP VIEW registrant_search;
CREATE VIEW registrant_search AS
  SELECT id, number, kind, status, version_no, latest_no, area, given_name, family_name, full_name_norm, sex, birth_date, region, extra, enc,
    times, vhash, hash_key_id, chain_head, chain_no, created_at, updated_at, full_name_norm AS searched
  FROM registrant;

-- The log grows in the order of time: a range of blocks is told by its first and last moment, which costs a write next to
-- nothing.
CREATE INDEX change_log_at ON change_log USING brin (at) WITH (pages_per_range = 32, autosummarize = on);

-- +goose Down
DROP INDEX change_log_at;
DROP VIEW registrant_search;
CREATE VIEW registrant_search AS SELECT id, full_name_norm FROM registrant;
