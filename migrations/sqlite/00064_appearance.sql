-- How the pages look where the settings of the server do not say: what the first administrator chose, or another since.

-- +goose Up
CREATE TABLE appearance (
  one        INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  names      TEXT NOT NULL CHECK (json_valid(names)), -- of the service, by language; '' holds for all others
  colours    TEXT NOT NULL,    -- three, as #rrggbb with commas; empty: ours
  logo       BLOB,             -- SVG; NULL: ours
  version_no INTEGER NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE appearance;
