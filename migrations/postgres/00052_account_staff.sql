-- account_staff   the accounts of staff by name, beside those of a million registered people

-- +goose Up
CREATE INDEX account_staff ON account (username) WHERE registrant_id IS NULL;

-- +goose Down
DROP INDEX account_staff;
