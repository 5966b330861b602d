package registry_test

import (
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// inCare registers a guardian with a session, and a ward.
func (x *fixture) inCare(t *testing.T) (guardian registry.Actor, token string, ward registry.Person) {
	t.Helper()
	person, ward := x.register(t, map[string]string{"full_name": "Amina Yusuf"}), x.register(t, map[string]string{"full_name": "Ibou Okonjo", "birth_date": "2019-04-05"})
	_, err := x.AddGuardian(t.Context(), admin(), ward.ID, registry.GuardianChange{Guardian: person.ID, From: "2026-01-01", Reason: "court order"})
	if err != nil {
		t.Fatal(err, fields(err))
	}
	code, _, err := x.NewActivationCode(t.Context(), registrar(), person.ID)
	if err != nil {
		t.Fatal(err)
	}
	if token, _, err = x.Activate(t.Context(), person.Number, code, goodPassword); err != nil {
		t.Fatal(err)
	}
	if guardian, err = x.Session(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	return guardian, token, ward
}

func TestActFor(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		own, token, ward := x.inCare(t)
		ctx := t.Context()
		wards, err := x.Wards(ctx, own)
		if err != nil || len(wards) != 1 || wards[0].ID != ward.ID || wards[0].Number != ward.Number {
			t.Fatalf("wards: %+v, %v", wards, err)
		}
		stranger := x.register(t, map[string]string{"full_name": "Fatoumata Diop"})
		for _, id := range []uuid.UUID{stranger.ID, own.RegistrantID, uuid.New(), uuid.Nil} {
			wantFault(t, x.Act(ctx, own, token, id), fault.NotFound, "no_such_person")
		}
		wantFault(t, x.Act(ctx, own, "another token", ward.ID), fault.Unauthenticated, "session_ended")
		wantFault(t, x.Act(ctx, registrar(), token, ward.ID), fault.NotFound, "no_such_person")
		if err := x.Act(ctx, own, token, ward.ID); err != nil {
			t.Fatal(err)
		}
		session, err := x.Session(ctx, token)
		if err != nil || session.RegistrantID != own.RegistrantID || session.ActsFor != ward.ID || session.Acting() {
			t.Fatalf("the session alone acts: %+v, %v", session, err)
		}
		acting, got, err := x.ActFor(ctx, session, token)
		if err != nil || !acting.Acting() || acting.RegistrantID != ward.ID || got.ID != ward.ID || acting.Own().RegistrantID != own.RegistrantID {
			t.Fatalf("acting: %+v, %v", acting, err)
		}
		if _, err := x.Person(ctx, acting, own.RegistrantID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the own record is open meanwhile: %v", err)
		}
		_, err = x.Tokens(ctx, acting)
		wantFault(t, err, fault.Forbidden, "not_while_acting")

		form, err := x.NewForm(session)
		if err != nil {
			t.Fatal(err)
		}
		_, err = x.UseForm(ctx, acting, form)
		wantFault(t, err, fault.Conflict, "form_other_record")
		wantFault(t, x.FormFits(acting, form), fault.Conflict, "form_other_record")
		if err := x.FormFits(session, form); err != nil {
			t.Error(err)
		}
	})
}

func TestActingEnds(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		own, token, ward := x.inCare(t)
		ctx := t.Context()
		for _, c := range [][2]string{
			{"the guardianship is over", "UPDATE guardianship SET valid_to = '2026-01-02' WHERE registrant_id = ?"},
			{"the ward is of age", "UPDATE registrant SET birth_date = '2005-01-01' WHERE id = ?"},
			{"the record is not active", "UPDATE registrant SET status = 'INACTIVE' WHERE id = ?"},
			{"there is no such guardian", "DELETE FROM guardianship WHERE registrant_id = ?"},
		} {
			what, statement := c[0], c[1]
			x.exec(t, "UPDATE guardianship SET valid_to = NULL, valid_from = '2020-01-01' WHERE registrant_id = ?", ward.ID)
			x.exec(t, "UPDATE registrant SET birth_date = '2019-04-05', status = 'ACTIVE' WHERE id = ?", ward.ID)
			if err := x.Act(ctx, own, token, ward.ID); err != nil {
				t.Errorf("%s: before: %v", what, err)
				continue
			}
			session, err := x.Session(ctx, token)
			if err != nil {
				t.Fatal(err)
			}
			x.exec(t, statement, ward.ID)
			_, _, err = x.ActFor(ctx, session, token)
			if fault.CodeOf(err) != "acting_ended" || fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s: %v", what, err)
			}
			if session, err = x.Session(ctx, token); err != nil || session.ActsFor != uuid.Nil {
				t.Errorf("%s: the session still acts: %v", what, err)
			}
		}
	})
}
