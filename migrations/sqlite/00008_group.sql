-- Groups of people, and programmes.
--
-- group_kind  the kinds of group: what a membership in one may be; an administrator adds others
-- membership  who belongs to which group, as what, from when to when; a row is ended, never deleted
-- programme   what people or groups can be enrolled in; each has a field that says where somebody stands
-- enrolment   who stands where in which programme; one row from the application to the exit

-- +goose Up
CREATE TABLE group_kind (
  key            TEXT    NOT NULL PRIMARY KEY,                    -- as in registrant.kind
  label          TEXT    NOT NULL CHECK (json_valid(label)),      -- {language: words}
  needs_head     INTEGER NOT NULL CHECK (needs_head IN (0, 1)),   -- somebody has the role 'head' until the group ends
  is_exclusive   INTEGER NOT NULL CHECK (is_exclusive IN (0, 1)), -- nobody is in two of this kind at a time
  roles          TEXT    NOT NULL CHECK (json_valid(roles)),      -- [{key, label, unique}]
  member_kinds   TEXT    NOT NULL CHECK (json_valid(member_kinds)), -- 'person', or kinds of group
  max_members    INTEGER NOT NULL CHECK (max_members > 0),        -- at a time
  version_no     INTEGER NOT NULL,                                -- moves with every change
  created_by     TEXT    NOT NULL,
  created_at     TEXT    NOT NULL
) STRICT;

-- A membership holds from start_date to the day before end_date. What is copied from the kind of the group
-- stands here for the indexes that hold its rules.
CREATE TABLE membership (
  group_id       TEXT    NOT NULL REFERENCES registrant (id),
  member_id      TEXT    NOT NULL REFERENCES registrant (id),
  seq            INTEGER NOT NULL,                                -- 1, 2, 3, ... per pair: somebody may leave and come back
  kind           TEXT    NOT NULL,                                -- of the group
  role           TEXT    NOT NULL,
  start_date     TEXT    NOT NULL CHECK (start_date IS date(start_date)),
  end_date       TEXT    CHECK (end_date IS date(end_date)),      -- NULL: it holds now
  is_exclusive   INTEGER NOT NULL CHECK (is_exclusive IN (0, 1)), -- nobody is in two groups of this kind
  is_unique_role INTEGER NOT NULL CHECK (is_unique_role IN (0, 1)), -- one member at a time has the role
  recorded_at    TEXT    NOT NULL,
  recorded_by    TEXT    NOT NULL,
  end_reason     TEXT    NOT NULL,
  ended_at       TEXT,                                            -- when the end was recorded
  ended_by       TEXT    NOT NULL,
  PRIMARY KEY (group_id, member_id, seq),
  CHECK (end_date >= start_date),
  CHECK (group_id <> member_id)
) STRICT;
CREATE INDEX membership_of_member ON membership (member_id, group_id, seq);
CREATE UNIQUE INDEX membership_open ON membership (group_id, member_id) WHERE end_date IS NULL;
CREATE UNIQUE INDEX membership_role ON membership (group_id, role) WHERE end_date IS NULL AND is_unique_role;
CREATE UNIQUE INDEX membership_exclusive ON membership (member_id, kind) WHERE end_date IS NULL AND is_exclusive;

CREATE TABLE programme (
  code           TEXT    NOT NULL PRIMARY KEY,
  label          TEXT    NOT NULL CHECK (json_valid(label)),      -- {language: words}
  kinds          TEXT    NOT NULL CHECK (json_valid(kinds)),      -- whom it is for: ["person"], or kinds of group
  start_date     TEXT    NOT NULL CHECK (start_date IS date(start_date)),
  end_date       TEXT    CHECK (end_date IS date(end_date)),      -- the last day; NULL: none is set
  version_no     INTEGER NOT NULL,                                -- moves with every change
  created_by     TEXT    NOT NULL,
  created_at     TEXT    NOT NULL,
  CHECK (end_date >= start_date)
) STRICT;

CREATE TABLE enrolment (
  registrant_id  TEXT    NOT NULL REFERENCES registrant (id),
  programme      TEXT    NOT NULL REFERENCES programme (code),
  seq            INTEGER NOT NULL,                                -- 1, 2, 3, ...: somebody may exit and apply again
  status         TEXT    NOT NULL CHECK (status IN ('APPLIED', 'ENROLLED', 'SUSPENDED', 'EXITED')),
  start_date     TEXT    NOT NULL CHECK (start_date IS date(start_date)), -- of the application, or of what began without one
  since_date     TEXT    NOT NULL CHECK (since_date IS date(since_date)), -- the status holds from this day
  end_date       TEXT    CHECK (end_date IS date(end_date)),      -- of the exit
  reason         TEXT    NOT NULL,                                -- of the status
  recorded_at    TEXT    NOT NULL,
  recorded_by    TEXT    NOT NULL,
  PRIMARY KEY (registrant_id, programme, seq),
  CHECK ((status = 'EXITED') = (end_date IS NOT NULL)),
  CHECK (since_date >= start_date)
) STRICT;
CREATE UNIQUE INDEX enrolment_open ON enrolment (registrant_id, programme) WHERE end_date IS NULL;
CREATE INDEX enrolment_of_programme ON enrolment (programme, status, registrant_id);

-- +goose Down
DROP TABLE enrolment;
DROP TABLE programme;
DROP TABLE membership;
DROP TABLE group_kind;
