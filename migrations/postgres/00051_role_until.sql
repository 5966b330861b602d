-- role_assignment.until   the last day on which a role holds

-- +goose Up
ALTER TABLE role_assignment ADD COLUMN until date; -- NULL: until it is taken

-- +goose Down
ALTER TABLE role_assignment DROP COLUMN until;
