-- Changes that wait for somebody's approval.
--
-- change_request        one value of one field that somebody asks for, and what became of it. What is asked for, what it was
--                       made from and the words of the decision are sealed under the key of the record.
-- import_stage_request  the same for rows on their way

-- +goose Up
ALTER TABLE field_definition ADD COLUMN approval TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(approval)); -- {channels, by}: whose edits wait, and for whom
ALTER TABLE import_batch ADD COLUMN requested INTEGER NOT NULL DEFAULT 0;                                 -- change requests that it sent

CREATE TABLE change_request (
  registrant_id TEXT    NOT NULL,
  id            TEXT    NOT NULL,                                -- version 7: in the order of making
  batch_id      TEXT    NOT NULL,                                -- the requests of one edit share it
  field         INTEGER NOT NULL,                                -- number of the field
  state         TEXT    NOT NULL CHECK (state IN ('DRAFT', 'SENT', 'APPROVED', 'REJECTED', 'WITHDRAWN')),
  version       INTEGER NOT NULL,                                -- of the request: 1, 2, 3, ...
  payload       BLOB    NOT NULL,                                -- sealed: the value, and the one that it was made from
  collected_at  TEXT,
  reason        TEXT    NOT NULL,
  author_id     TEXT    NOT NULL,                                -- account; all zero: the service itself
  author        TEXT    NOT NULL,
  channel       TEXT    NOT NULL,
  created_at    TEXT    NOT NULL,
  sent_at       TEXT,                                            -- null: nobody but the author has seen it
  decided_at    TEXT,
  decided_by    TEXT    NOT NULL DEFAULT '',
  words         BLOB,                                            -- sealed: what the decision says to the author
  PRIMARY KEY (registrant_id, id),
  CHECK ((state IN ('DRAFT', 'SENT')) = (decided_at IS NULL)),
  CHECK (state = 'DRAFT' OR state = 'WITHDRAWN' OR sent_at IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX change_request_id ON change_request (id);
CREATE UNIQUE INDEX change_request_draft ON change_request (registrant_id, field, author_id, author) WHERE state = 'DRAFT';
CREATE INDEX change_request_queue ON change_request (state, id);

CREATE TABLE import_stage_request (
  run_no       INTEGER NOT NULL,
  line         INTEGER NOT NULL,
  id           TEXT    NOT NULL,
  batch_id     TEXT    NOT NULL,
  field        INTEGER NOT NULL,
  payload      BLOB    NOT NULL,
  collected_at TEXT,
  PRIMARY KEY (run_no, line, id)
) STRICT;

-- +goose Down
DROP TABLE import_stage_request;
DROP TABLE change_request;
ALTER TABLE import_batch DROP COLUMN requested;
ALTER TABLE field_definition DROP COLUMN approval;
