-- Changes that wait for somebody's approval.
--
-- change_request        one value of one field that somebody asks for, and what became of it. What is asked for, what it was
--                       made from and the words of the decision are sealed under the key of the record.
-- import_stage_request  the same for rows on their way; unlogged, as the other stage tables

-- +goose Up
ALTER TABLE field_definition ADD COLUMN approval jsonb NOT NULL DEFAULT '{}';  -- {channels, by}: whose edits wait, and for whom
ALTER TABLE import_batch ADD COLUMN requested integer NOT NULL DEFAULT 0;      -- change requests that it sent

CREATE TABLE change_request (
  registrant_id uuid        NOT NULL,
  id            uuid        NOT NULL,                      -- version 7: in the order of making
  batch_id      uuid        NOT NULL,                      -- the requests of one edit share it
  field         smallint    NOT NULL,                      -- number of the field
  state         text        NOT NULL CHECK (state IN ('DRAFT', 'SENT', 'APPROVED', 'REJECTED', 'WITHDRAWN')),
  version       integer     NOT NULL,                      -- of the request: 1, 2, 3, ...
  payload       bytea       NOT NULL,                      -- sealed: the value, and the one that it was made from
  collected_at  timestamptz,
  reason        text        NOT NULL,
  author_id     uuid        NOT NULL,                      -- account; all zero: the service itself
  author        text        NOT NULL,
  channel       text        NOT NULL,
  created_at    timestamptz NOT NULL,
  sent_at       timestamptz,                               -- null: nobody but the author has seen it
  decided_at    timestamptz,
  decided_by    text        NOT NULL DEFAULT '',
  words         bytea,                                     -- sealed: what the decision says to the author
  PRIMARY KEY (registrant_id, id),
  CHECK ((state IN ('DRAFT', 'SENT')) = (decided_at IS NULL)),
  CHECK (state = 'DRAFT' OR state = 'WITHDRAWN' OR sent_at IS NOT NULL)
);
CREATE UNIQUE INDEX change_request_id ON change_request (id);
CREATE UNIQUE INDEX change_request_draft ON change_request (registrant_id, field, author_id, author) WHERE state = 'DRAFT';
CREATE INDEX change_request_queue ON change_request (state, id);

CREATE UNLOGGED TABLE import_stage_request (
  run_no       bigint      NOT NULL,
  line         integer     NOT NULL,
  id           uuid        NOT NULL,
  batch_id     uuid        NOT NULL,
  field        smallint    NOT NULL,
  payload      bytea       NOT NULL,
  collected_at timestamptz,
  PRIMARY KEY (run_no, line, id)
);

-- +goose Down
DROP TABLE import_stage_request;
DROP TABLE change_request;
ALTER TABLE import_batch DROP COLUMN requested;
ALTER TABLE field_definition DROP COLUMN approval;
