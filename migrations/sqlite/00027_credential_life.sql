-- What becomes of credentials after they are issued, and telling the person.

-- +goose Up

-- The life of each credential: one row per step. told_at is the outbox: a step
-- that nobody was told of yet has none.
CREATE TABLE issuance_event (
  issuer        TEXT    NOT NULL,
  id            TEXT    NOT NULL PRIMARY KEY,
  issuance_id   TEXT    NOT NULL,
  registrant_id TEXT    NOT NULL,
  step          TEXT    NOT NULL CHECK (step IN ('offered', 'issued', 'accepted', 'suspended', 'restored', 'replaced', 'withdrawn', 'failed')),
  at            TEXT    NOT NULL,
  by            TEXT    NOT NULL,
  reason        TEXT    NOT NULL,
  told_at       TEXT   
) STRICT;
CREATE INDEX issuance_event_life ON issuance_event (issuance_id, id);
CREATE INDEX issuance_event_untold ON issuance_event (id) WHERE told_at IS NULL;

-- What a registrant is told. params name a configuration, fields or a reason, never a
-- value. source is what it tells of: nobody is told the same twice.
CREATE TABLE message (
  id            TEXT    NOT NULL PRIMARY KEY,
  registrant_id TEXT    NOT NULL,
  kind          TEXT    NOT NULL,
  params        TEXT    NOT NULL CHECK (json_valid(params)),
  source        TEXT    NOT NULL,
  at            TEXT    NOT NULL,
  read_at       TEXT   
) STRICT;
CREATE UNIQUE INDEX message_source ON message (registrant_id, source);

-- +goose Down
DROP TABLE message;
DROP TABLE issuance_event;
