-- The history of everything that is not a registrant.
--
-- admin_log   who changed which area, office, account, definition, programme or kind of group: one hash chain
--             per subject; rows are only ever inserted. It holds no personal data.

-- +goose Up
CREATE TABLE admin_log (
  subject   text COLLATE "C" NOT NULL,                 -- what kind of thing, a colon, its key: 'area:NG-LA'
  seq       bigint      NOT NULL,                      -- 1, 2, 3, ... per subject
  at        timestamptz NOT NULL,
  actor     text        NOT NULL,
  channel   text        NOT NULL,                      -- by which it came: staff, system, ...
  reason    text        NOT NULL,
  old_value text        NOT NULL,                      -- JSON, as it is hashed; null: it was not there
  new_value text        NOT NULL,                      -- null: it is not there any more
  prev_hash bytea       NOT NULL,
  hash      bytea       NOT NULL,                      -- over all of the above
  PRIMARY KEY (subject, seq)
);

-- +goose Down
DROP TABLE admin_log;
