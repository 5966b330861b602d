-- Messages leave the portal, and reading a record is written down.

-- +goose Up

-- What is to leave by the hook for SMS, mail and letter: the outbox. A row names whom
-- and what, never how to reach the person, which is read when it leaves. sealed is the
-- transaction code of an offer until it has left. due_at is when it is tried next, or
-- when whoever tries it now counts as dead. urgent rows pass the others.
CREATE TABLE delivery (
  id            TEXT    NOT NULL PRIMARY KEY,
  registrant_id TEXT    NOT NULL,
  kind          TEXT    NOT NULL,
  params        TEXT    NOT NULL CHECK (json_valid(params)),
  sealed        TEXT    NOT NULL,
  urgent        INTEGER NOT NULL CHECK (urgent IN (0, 1)),
  at            TEXT    NOT NULL,
  until         TEXT    NOT NULL,
  state         TEXT    NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'dropped')),
  attempts      INTEGER NOT NULL,
  due_at        TEXT    NOT NULL,
  ended_at      TEXT   ,
  code          TEXT    NOT NULL
) STRICT;
CREATE INDEX delivery_due ON delivery (urgent, due_at) WHERE state = 'waiting';
CREATE INDEX delivery_ended ON delivery (ended_at) WHERE state <> 'waiting';
CREATE INDEX delivery_failed ON delivery (ended_at) WHERE state = 'failed';

-- Who wants messages in the portal alone.
CREATE TABLE message_choice (
  registrant_id TEXT    NOT NULL PRIMARY KEY,
  portal_only   INTEGER NOT NULL CHECK (portal_only IN (0, 1)),
  changed_at    TEXT    NOT NULL
) STRICT;

CREATE INDEX message_newest ON message (registrant_id, at, id);
CREATE INDEX message_unread ON message (registrant_id) WHERE read_at IS NULL;

-- Who of the staff read whose record: one row per reader, record and day. told_at is
-- the outbox: a reading that the person was not told of yet has none.
CREATE TABLE record_look (
  registrant_id TEXT    NOT NULL,
  account_id    TEXT    NOT NULL,
  day           TEXT    NOT NULL,
  id            TEXT    NOT NULL,
  name          TEXT    NOT NULL,
  roles         TEXT    NOT NULL,
  channel       TEXT    NOT NULL,
  reason        TEXT    NOT NULL,
  at            TEXT    NOT NULL,
  told_at       TEXT   ,
  PRIMARY KEY (registrant_id, day, account_id)
) STRICT;
CREATE INDEX record_look_untold ON record_look (id) WHERE told_at IS NULL;
CREATE INDEX record_look_newest ON record_look (registrant_id, id);
CREATE INDEX record_look_day ON record_look (day);

-- +goose Down
DROP TABLE record_look;
DROP INDEX message_unread;
DROP INDEX message_newest;
DROP TABLE message_choice;
DROP TABLE delivery;
