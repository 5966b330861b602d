-- Who of staff signed in or was refused, when, how and with what sort of browser. It is
-- kept for half a year; addresses of the network and names that nobody here has are not
-- kept.

-- +goose Up
CREATE TABLE staff_sign_in (
  id       uuid        NOT NULL PRIMARY KEY, -- in the order of writing
  at       timestamptz NOT NULL,
  username text        NOT NULL,
  method   text        NOT NULL CHECK (method IN ('passphrase', 'activation', 'passkey', 'code', 'provider', 'app')),
  outcome  text        NOT NULL CHECK (outcome IN ('in', 'half', 'refused', 'locked')),
  device   text        NOT NULL -- browser/system in one word each; '': not known
);
CREATE INDEX staff_sign_in_at ON staff_sign_in (at, id);
CREATE INDEX staff_sign_in_who ON staff_sign_in (username, at, id);
CREATE INDEX staff_sign_in_outcome ON staff_sign_in (outcome, at, id);

-- +goose Down
DROP TABLE staff_sign_in;
