-- The history of everything that is not a registrant.
--
-- admin_log   who changed which area, office, account, definition, programme or kind of group: one hash chain
--             per subject; rows are only ever inserted. It holds no personal data.

-- +goose Up
CREATE TABLE admin_log (
  subject   TEXT    NOT NULL,                                -- what kind of thing, a colon, its key: 'area:NG-LA'
  seq       INTEGER NOT NULL,                                -- 1, 2, 3, ... per subject
  at        TEXT    NOT NULL,
  actor     TEXT    NOT NULL,
  channel   TEXT    NOT NULL,                                -- by which it came: staff, system, ...
  reason    TEXT    NOT NULL,
  old_value TEXT    NOT NULL CHECK (json_valid(old_value)),  -- as it is hashed; null: it was not there
  new_value TEXT    NOT NULL CHECK (json_valid(new_value)),  -- null: it is not there any more
  prev_hash BLOB    NOT NULL,
  hash      BLOB    NOT NULL,                                -- over all of the above
  PRIMARY KEY (subject, seq)
) STRICT;

-- +goose Down
DROP TABLE admin_log;
