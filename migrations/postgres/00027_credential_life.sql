-- What becomes of credentials after they are issued, and telling the person.

-- +goose Up

-- The life of each credential: one row per step. told_at is the outbox: a step
-- that nobody was told of yet has none.
CREATE TABLE issuance_event (
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

-- +goose Down
DROP TABLE issuance_event;
