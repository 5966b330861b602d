-- A trust bundle names how many status lists there were, so that another is made when one is opened.

-- +goose Up
ALTER TABLE trust_bundle ADD COLUMN lists INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE trust_bundle DROP COLUMN lists;
