-- +goose Up
-- Who is in a programme now is listed in the order of registration: the index gives
-- them so. That of one registrant are found by the primary key.
DROP INDEX enrolment_open;
CREATE UNIQUE INDEX enrolment_open ON enrolment (programme, registrant_id) WHERE end_date IS NULL;

-- +goose Down
DROP INDEX enrolment_open;
CREATE UNIQUE INDEX enrolment_open ON enrolment (registrant_id, programme) WHERE end_date IS NULL;
