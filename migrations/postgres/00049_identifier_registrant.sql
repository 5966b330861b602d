-- The check of the records compares the identifiers of 500 people at a time with what they hold; without an index each such part
-- reads the whole table.

-- +goose Up
CREATE INDEX identifier_registrant ON identifier (registrant_id);

-- +goose Down
DROP INDEX identifier_registrant;
