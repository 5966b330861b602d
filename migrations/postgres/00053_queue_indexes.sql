-- field_state_rejected   the work queues of what was rejected, and of what stands in its place since
-- field_state_ends       that of what was attested for a time that is over
-- Neither holds what an edit changes: an edit of a value that was decided on stays as cheap as it was.

-- +goose Up
CREATE INDEX field_state_rejected ON field_state (registrant_id) WHERE state = 'REJECTED';
CREATE INDEX field_state_ends ON field_state (expires_at) WHERE expires_at IS NOT NULL;

-- +goose Down
DROP INDEX field_state_ends;
DROP INDEX field_state_rejected;
