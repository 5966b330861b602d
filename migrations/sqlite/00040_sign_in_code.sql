-- Codes by which people sign in, sent to them by message: the newest of each person.

-- +goose Up
CREATE TABLE sign_in_code (
  registrant_id TEXT NOT NULL PRIMARY KEY REFERENCES registrant (id),
  code_hash     BLOB NOT NULL, -- keyed, with the person
  made_at       TEXT NOT NULL,
  expires_at    TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE sign_in_code;
