package registry_test

import (
	"strings"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// Whoever changes a telephone or an address, where codes to sign in are sent, has
// lately proved who they are; a token and a guardian change none.
func TestWhoMovesAContact(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		me, token, ward := x.inCare(t)
		ctx := t.Context()
		change := func(a registry.Actor, set map[string]string) registry.Change {
			t.Helper()
			p, err := x.Person(ctx, a, a.RegistrantID)
			if err != nil {
				t.Fatal(err)
			}
			return registry.Change{Set: set, ExpectVersion: p.VersionNo}
		}
		edit := func(a registry.Actor, set map[string]string) error {
			_, err := x.Edit(ctx, a, a.RegistrantID, change(a, set))
			return err
		}
		phone, email, elsewhere := map[string]string{"phone_number": "+254711000001"}, map[string]string{"email": "new@example.org"}, map[string]string{"locality": "Maralal"}
		if err := edit(me, phone); err != nil {
			t.Fatal("just signed in:", err)
		}
		draft, err := x.RequestChange(ctx, me, me.RegistrantID, registry.Change{Set: email}, true)
		if err != nil {
			t.Fatal(err)
		}
		x.Clock.Add(registry.DefaultStepUp)
		for _, set := range []map[string]string{{"phone_number": "+254711000002"}, {"phone_number": ""}, email} {
			wantFault(t, edit(me, set), fault.Forbidden, "step_up_needed")
			_, err := x.CheckEdit(ctx, me, me.RegistrantID, change(me, set))
			wantFault(t, err, fault.Forbidden, "step_up_needed")
			for _, asDraft := range []bool{false, true} {
				_, err = x.RequestChange(ctx, me, me.RegistrantID, registry.Change{Set: set}, asDraft)
				wantFault(t, err, fault.Forbidden, "step_up_needed")
			}
		}
		other := "thief@example.org"
		_, err = x.EditRequest(ctx, me, registry.RequestVersion{ID: draft[0].ID, Version: draft[0].Version}, registry.DraftEdit{Value: &other})
		wantFault(t, err, fault.Forbidden, "step_up_needed")
		_, err = x.SendRequest(ctx, me, registry.RequestVersion{ID: draft[0].ID, Version: draft[0].Version})
		wantFault(t, err, fault.Forbidden, "step_up_needed")
		if err := edit(me, phone); err != nil {
			t.Error("nothing is changed, and asked for:", err)
		}
		if err := edit(me, elsewhere); err != nil {
			t.Error("no contact, and asked for:", err)
		}
		if err := x.ProveByPassword(ctx, me, goodPassword); err != nil {
			t.Fatal(err)
		}
		again, err := x.Session(ctx, token)
		if err != nil {
			t.Fatal(err)
		}
		if err := edit(again, email); err != nil {
			t.Error("proved, and refused:", err)
		}
		lent := again
		lent.Scopes, lent.Session = []registry.Scope{registry.ScopePeopleRead, registry.ScopePeopleWrite}, registry.Session{}
		wantFault(t, edit(lent, map[string]string{"email": "lent@example.org"}), fault.Forbidden, "session_needed")
		if err := edit(lent, map[string]string{"locality": "Wamba"}); err != nil {
			t.Error(err)
		}

		if err := x.Act(ctx, again, token, ward.ID); err != nil {
			t.Fatal(err)
		}
		session, err := x.Session(ctx, token)
		if err != nil {
			t.Fatal(err)
		}
		acting, _, err := x.ActFor(ctx, session, token)
		if err != nil {
			t.Fatal(err)
		}
		err = edit(acting, phone)
		if got := fields(err); fault.KindOf(err) != fault.Invalid || strings.Join(got, " ") != "phone_number:not_editable" {
			t.Errorf("a guardian says how a ward is reached: %v %v", err, got)
		}
		if err := edit(acting, elsewhere); err != nil {
			t.Error(err)
		}
		counter := change(acting, phone)
		counter.Reason = "at the counter"
		if _, err := x.Edit(ctx, registrar(), ward.ID, counter); err != nil {
			t.Error("the office is refused:", err)
		}
	})
}
