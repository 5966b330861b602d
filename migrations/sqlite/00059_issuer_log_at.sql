-- The newest changes of the issuer's settings, whatever they are about.

-- +goose Up
CREATE INDEX issuer_log_at ON issuer_log (at, id);

-- +goose Down
DROP INDEX issuer_log_at;
