-- How the pages look where the settings of the server do not say: what the first administrator chose, or another since.

-- +goose Up
CREATE TABLE appearance (
  one        smallint NOT NULL PRIMARY KEY CHECK (one = 1),
  names      jsonb NOT NULL,    -- of the service, by language; '' holds for all others
  colours    text NOT NULL,    -- three, as #rrggbb with commas; empty: ours
  logo       bytea,             -- SVG; NULL: ours
  version_no integer NOT NULL,
  updated_at timestamptz NOT NULL
);

-- +goose Down
DROP TABLE appearance;
