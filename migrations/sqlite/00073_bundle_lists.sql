-- A trust bundle names how many status lists there were, so that another is made when one is opened; and the number of a
-- registry's last bundle outlives its being dropped, so that none before it is merged again.

-- +goose Up
ALTER TABLE trust_bundle ADD COLUMN lists INTEGER NOT NULL DEFAULT 0;
ALTER TABLE merged_registry ADD COLUMN dropped_at TEXT; -- of one that was dropped: the rest says nothing any more

-- +goose Down
DELETE FROM merged_registry WHERE dropped_at IS NOT NULL;
ALTER TABLE merged_registry DROP COLUMN dropped_at;
ALTER TABLE trust_bundle DROP COLUMN lists;
