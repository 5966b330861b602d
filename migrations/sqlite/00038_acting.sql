-- For whom a session acts: a person in care of whoever signed in. Whether the
-- guardianship holds is asked again at every request.

-- +goose Up
ALTER TABLE session ADD COLUMN acts_for TEXT REFERENCES registrant (id); -- NULL: for the one who signed in

-- +goose Down
ALTER TABLE session DROP COLUMN acts_for;
