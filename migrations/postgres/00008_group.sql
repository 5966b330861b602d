-- Groups of people, and programmes.
--
-- group_kind  the kinds of group: what a membership in one may be; an administrator adds others
-- membership  who belongs to which group, as what, from when to when; a row is ended, never deleted
-- programme   what people or groups can be enrolled in; each has a field that says where somebody stands
-- enrolment   who stands where in which programme; one row from the application to the exit

-- +goose Up
CREATE TABLE group_kind (
  key            text COLLATE "C" NOT NULL PRIMARY KEY,               -- as in registrant.kind
  label          jsonb            NOT NULL,                           -- {language: words}
  needs_head     boolean          NOT NULL,                           -- somebody has the role 'head' until the group ends
  is_exclusive   boolean          NOT NULL,                           -- nobody is in two of this kind at a time
  roles          jsonb            NOT NULL,                           -- [{key, label, unique}]
  member_kinds   jsonb            NOT NULL,                           -- 'person', or kinds of group
  max_members    integer          NOT NULL CHECK (max_members > 0),   -- at a time
  version_no     integer          NOT NULL,                           -- moves with every change
  created_by     text             NOT NULL,
  created_at     timestamptz      NOT NULL
);

-- A membership holds from start_date to the day before end_date. What is copied from the kind of the group
-- stands here for the indexes that hold its rules.
CREATE TABLE membership (
  group_id       uuid             NOT NULL REFERENCES registrant (id),
  member_id      uuid             NOT NULL REFERENCES registrant (id),
  seq            integer          NOT NULL,                           -- 1, 2, 3, ... per pair: somebody may leave and come back
  kind           text COLLATE "C" NOT NULL,                           -- of the group
  role           text COLLATE "C" NOT NULL,
  start_date     date             NOT NULL,
  end_date       date,                                                -- NULL: it holds now
  is_exclusive   boolean          NOT NULL,                           -- nobody is in two groups of this kind
  is_unique_role boolean          NOT NULL,                           -- one member at a time has the role
  recorded_at    timestamptz      NOT NULL,
  recorded_by    text             NOT NULL,
  end_reason     text             NOT NULL,
  ended_at       timestamptz,                                         -- when the end was recorded
  ended_by       text             NOT NULL,
  PRIMARY KEY (group_id, member_id, seq),
  CHECK (end_date >= start_date),
  CHECK (group_id <> member_id)
);
CREATE INDEX membership_of_member ON membership (member_id, group_id, seq);
CREATE UNIQUE INDEX membership_open ON membership (group_id, member_id) WHERE end_date IS NULL;
CREATE UNIQUE INDEX membership_role ON membership (group_id, role) WHERE end_date IS NULL AND is_unique_role;
CREATE UNIQUE INDEX membership_exclusive ON membership (member_id, kind) WHERE end_date IS NULL AND is_exclusive;

CREATE TABLE programme (
  code           text COLLATE "C" NOT NULL PRIMARY KEY,
  label          jsonb            NOT NULL,                           -- {language: words}
  kinds          jsonb            NOT NULL,                           -- whom it is for: ["person"], or kinds of group
  start_date     date             NOT NULL,
  end_date       date,                                                -- the last day; NULL: none is set
  version_no     integer          NOT NULL,                           -- moves with every change
  created_by     text             NOT NULL,
  created_at     timestamptz      NOT NULL,
  CHECK (end_date >= start_date)
);

CREATE TABLE enrolment (
  registrant_id  uuid             NOT NULL REFERENCES registrant (id),
  programme      text COLLATE "C" NOT NULL REFERENCES programme (code),
  seq            integer          NOT NULL,                           -- 1, 2, 3, ...: somebody may exit and apply again
  status         text COLLATE "C" NOT NULL CHECK (status IN ('APPLIED', 'ENROLLED', 'SUSPENDED', 'EXITED')),
  start_date     date             NOT NULL,                           -- of the application, or of what began without one
  since_date     date             NOT NULL,                           -- the status holds from this day
  end_date       date,                                                -- of the exit
  reason         text             NOT NULL,                           -- of the status
  recorded_at    timestamptz      NOT NULL,
  recorded_by    text             NOT NULL,
  PRIMARY KEY (registrant_id, programme, seq),
  CHECK ((status = 'EXITED') = (end_date IS NOT NULL)),
  CHECK (since_date >= start_date)
);
CREATE UNIQUE INDEX enrolment_open ON enrolment (registrant_id, programme) WHERE end_date IS NULL;
CREATE INDEX enrolment_of_programme ON enrolment (programme, status, registrant_id);

-- +goose Down
DROP TABLE enrolment;
DROP TABLE programme;
DROP TABLE membership;
DROP TABLE group_kind;
