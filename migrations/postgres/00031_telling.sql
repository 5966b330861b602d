-- Messages leave the portal, and reading a record is written down.

-- +goose Up

-- What is to leave by the hook for SMS, mail and letter: the outbox. A row names whom
-- and what, never how to reach the person, which is read when it leaves. sealed is the
-- transaction code of an offer until it has left. due_at is when it is tried next, or
-- when whoever tries it now counts as dead. urgent rows pass the others.
CREATE TABLE delivery (
  id            uuid        NOT NULL PRIMARY KEY,
  registrant_id uuid        NOT NULL,
  kind          text        NOT NULL,
  params        jsonb       NOT NULL,
  sealed        text        NOT NULL,
  urgent        boolean     NOT NULL,
  at            timestamptz NOT NULL,
  until         timestamptz NOT NULL,
  state         text        NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'dropped')),
  attempts      integer     NOT NULL,
  due_at        timestamptz NOT NULL,
  ended_at      timestamptz,
  code          text        NOT NULL
);
CREATE INDEX delivery_due ON delivery (urgent, due_at) WHERE state = 'waiting';
CREATE INDEX delivery_ended ON delivery (ended_at) WHERE state <> 'waiting';
CREATE INDEX delivery_failed ON delivery (ended_at) WHERE state = 'failed';

-- Who wants messages in the portal alone.
CREATE TABLE message_choice (
  registrant_id uuid        NOT NULL PRIMARY KEY,
  portal_only   boolean     NOT NULL,
  changed_at    timestamptz NOT NULL
);

CREATE INDEX message_newest ON message (registrant_id, at, id);
CREATE INDEX message_unread ON message (registrant_id) WHERE read_at IS NULL;

-- Who of the staff read whose record: one row per reader, record and day. told_at is
-- the outbox: a reading that the person was not told of yet has none.
CREATE TABLE record_look (
  registrant_id uuid        NOT NULL,
  account_id    uuid        NOT NULL,
  day           date        NOT NULL,
  id            uuid        NOT NULL,
  name          text        NOT NULL,
  roles         text        NOT NULL,
  channel       text        NOT NULL,
  reason        text        NOT NULL,
  at            timestamptz NOT NULL,
  told_at       timestamptz,
  PRIMARY KEY (registrant_id, day, account_id)
);
CREATE INDEX record_look_untold ON record_look (id) WHERE told_at IS NULL;
CREATE INDEX record_look_newest ON record_look (registrant_id, id);
CREATE INDEX record_look_day ON record_look (day);

-- +goose Down
DROP TABLE record_look;
DROP INDEX message_unread;
DROP INDEX message_newest;
DROP TABLE message_choice;
DROP TABLE delivery;
