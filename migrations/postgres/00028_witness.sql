-- Processes that keep a journal outside the database and find it in order.

-- +goose Up
CREATE TABLE issuer_witness (
  issuer  text        NOT NULL,
  id      text        PRIMARY KEY,
  seen_at timestamptz NOT NULL
);

-- +goose Down
DROP TABLE issuer_witness;
