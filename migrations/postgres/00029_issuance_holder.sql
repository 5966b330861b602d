-- The credentials that a person holds for others: they are looked at again when that
-- person's own record changes.

-- +goose Up
CREATE INDEX issuance_representative ON issuance (representative_id) WHERE representative_id IS NOT NULL;

-- +goose Down
DROP INDEX issuance_representative;
