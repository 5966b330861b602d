-- admin_log_at   the newest changes of settings, whatever they are about

-- +goose Up
CREATE INDEX admin_log_at ON admin_log (at, subject, seq);

-- +goose Down
DROP INDEX admin_log_at;
