-- Processes that keep a journal outside the database and find it in order.

-- +goose Up
CREATE TABLE issuer_witness (
  issuer  TEXT NOT NULL,
  id      TEXT NOT NULL PRIMARY KEY,
  seen_at TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE issuer_witness;
