-- Who of staff signed in or was refused, when, how and with what sort of browser. It is
-- kept for half a year; addresses of the network and names that nobody here has are not
-- kept.

-- +goose Up
CREATE TABLE staff_sign_in (
  id       TEXT NOT NULL PRIMARY KEY, -- in the order of writing
  at       TEXT NOT NULL,
  username TEXT NOT NULL,
  method   TEXT NOT NULL CHECK (method IN ('passphrase', 'activation', 'passkey', 'code', 'provider', 'app')),
  outcome  TEXT NOT NULL CHECK (outcome IN ('in', 'half', 'refused', 'locked')),
  device   TEXT NOT NULL -- browser/system in one word each; '': not known
) STRICT;
CREATE INDEX staff_sign_in_at ON staff_sign_in (at, id);
CREATE INDEX staff_sign_in_who ON staff_sign_in (username, at, id);
CREATE INDEX staff_sign_in_outcome ON staff_sign_in (outcome, at, id);

-- +goose Down
DROP TABLE staff_sign_in;
