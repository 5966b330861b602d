-- What becomes of credentials after they are issued, and telling the person.

-- +goose Up

-- The life of each credential: one row per step. told_at is the outbox: a step
-- that nobody was told of yet has none.
CREATE TABLE issuance_event (
  issuer        text        NOT NULL,
  id            uuid        PRIMARY KEY,
  issuance_id   uuid        NOT NULL,
  registrant_id uuid        NOT NULL,
  step          text        NOT NULL CHECK (step IN ('offered', 'issued', 'accepted', 'suspended', 'restored', 'replaced', 'withdrawn', 'failed')),
  at            timestamptz NOT NULL,
  by            text        NOT NULL,
  reason        text        NOT NULL,
  told_at       timestamptz
);
CREATE INDEX issuance_event_life ON issuance_event (issuance_id, id);
CREATE INDEX issuance_event_untold ON issuance_event (id) WHERE told_at IS NULL;

-- What a registrant is told. params name a configuration, fields or a reason, never a
-- value. source is what it tells of: nobody is told the same twice.
CREATE TABLE message (
  id            uuid        PRIMARY KEY,
  registrant_id uuid        NOT NULL,
  kind          text        NOT NULL,
  params        jsonb       NOT NULL,
  source        text        NOT NULL,
  at            timestamptz NOT NULL,
  read_at       timestamptz
);
CREATE UNIQUE INDEX message_source ON message (registrant_id, source);

-- +goose Down
DROP TABLE message;
DROP TABLE issuance_event;
