-- Codes by which people sign in, sent to them by message: the newest of each person.

-- +goose Up
CREATE TABLE sign_in_code (
  registrant_id uuid NOT NULL PRIMARY KEY REFERENCES registrant (id),
  code_hash     bytea NOT NULL, -- keyed, with the person
  made_at       timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL
);

-- +goose Down
DROP TABLE sign_in_code;
