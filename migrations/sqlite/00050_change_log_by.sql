-- change_log_actor    the transactions in which somebody wrote: the log of all records, by who did it
-- change_log_channel  the same by the way that changes came
-- Rows of one transaction have equal keys, which PostgreSQL keeps once: an upload of a million rows adds little.

-- +goose Up
CREATE INDEX change_log_actor ON change_log (actor, tx_no);
CREATE INDEX change_log_channel ON change_log (channel, tx_no);

-- +goose Down
DROP INDEX change_log_channel;
DROP INDEX change_log_actor;
