-- The list of all credentials, the newest first.

-- +goose Up
CREATE INDEX issuance_newest ON issuance (reserved_at, id);

-- +goose Down
DROP INDEX issuance_newest;
