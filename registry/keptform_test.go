package registry_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// A form waits for the account that had it open, for two hours, and five of an account do.
func TestFormsWaitForTheirAuthor(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		a, b := x.signedIn(t, "berta", registry.RoleRegistrar), x.signedIn(t, "carla", registry.RoleRegistrar)
		keep := func(n int) (token, name string) {
			t.Helper()
			token, err := x.NewForm(a)
			if err == nil {
				name, err = x.KeepForm(t.Context(), token, registry.KeptForm{Action: "/admin/people/new", Values: url.Values{"reason": {fmt.Sprint("visit ", n)}}})
			}
			if err != nil {
				t.Fatal(err)
			}
			x.Clock.Add(time.Second)
			return token, name
		}
		token, name := keep(0)
		if again, err := x.KeepForm(t.Context(), token, registry.KeptForm{Action: "/admin/people/new", Values: url.Values{"reason": {"visit 0, twice"}}}); err != nil || again != name {
			t.Errorf("sent twice: %q, %v", again, err)
		}
		x.Clock.Add(time.Second)
		if f, err := x.KeptForm(t.Context(), a, name); err != nil || f.Values.Get("reason") != "visit 0, twice" || f.Action != "/admin/people/new" {
			t.Errorf("%+v, %v", f, err)
		}
		_, err := x.KeptForm(t.Context(), b, name)
		wantFault(t, err, fault.NotFound, "no_such_form")
		_, err = x.KeptForm(t.Context(), a, "made up")
		wantFault(t, err, fault.NotFound, "no_such_form")
		_, err = x.KeepForm(t.Context(), "made up", registry.KeptForm{})
		wantFault(t, err, fault.Invalid, "form_expired")
		ward := a
		ward.RegistrantID = uuid.New()
		_, err = x.KeptForm(t.Context(), ward, name)
		wantFault(t, err, fault.Conflict, "form_other_record")
		if err := x.DropKeptForm(t.Context(), b, name); err != nil {
			t.Error(err)
		}
		var last string
		for n := range 5 {
			_, last = keep(n + 1)
		}
		_, err = x.KeptForm(t.Context(), a, name)
		wantFault(t, err, fault.NotFound, "no_such_form")
		if n := x.count(t, "idempotency_key"); n != 5 {
			t.Errorf("%d forms wait", n)
		}
		if err := x.DropKeptForm(t.Context(), a, last); err != nil {
			t.Error(err)
		}
		_, err = x.KeptForm(t.Context(), a, last)
		wantFault(t, err, fault.NotFound, "no_such_form")
		x.Clock.Add(2 * time.Hour)
		if n, err := x.SweepAnswers(t.Context()); err != nil || n != 4 {
			t.Errorf("%d forgotten, %v", n, err)
		}
	})
}

// The token of a form that is only shown once more carries nothing out.
func TestFormsAreShownAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for _, why := range []string{registry.FormWasKept, registry.FormHadSecret} {
			token, err := x.AgainForm(registrar(), why)
			if err != nil {
				t.Fatal(err)
			}
			_, err = x.UseForm(t.Context(), registrar(), token)
			wantFault(t, err, fault.Invalid, why)
			if x.FormIsOurs(token) {
				t.Error("such a form is kept")
			}
		}
	})
}

// Members are found by name, by role, and among some.
func TestMembersAreFound(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Berta", "Carla", "Berta")
		g, err := x.CreateGroup(t.Context(), registrar(), "household", registry.Change{Set: map[string]string{"group_name": "Lake House"}, Reason: "visit"},
			[]registry.NewMember{{MemberID: p[0].ID, Role: registry.HeadRole}, {MemberID: p[1].ID, Role: "child"}})
		if err != nil {
			t.Fatal(err)
		}
		found, err := x.Search(t.Context(), registrar(), registry.Query{Text: "Berta", MemberOf: g.ID, Names: true})
		if err != nil || len(found.People) != 1 || found.People[0].ID != p[1].ID {
			t.Errorf("%d people, %v", len(found.People), err)
		}
		for name, c := range map[string]struct {
			q    registry.MemberQuery
			want []uuid.UUID
		}{
			"role": {registry.MemberQuery{Role: registry.HeadRole}, []uuid.UUID{p[0].ID}}, "some": {registry.MemberQuery{Only: []uuid.UUID{p[1].ID, p[2].ID}}, []uuid.UUID{p[1].ID}},
			"none": {registry.MemberQuery{Only: []uuid.UUID{}}, nil}, "another role": {registry.MemberQuery{Role: "'; DROP"}, nil},
		} {
			page, err := x.Members(t.Context(), registrar(), g.ID, c.q)
			if err != nil || len(page.Members) != len(c.want) || len(c.want) == 1 && page.Members[0].MemberID != c.want[0] {
				t.Errorf("%s: %d members, %v", name, len(page.Members), err)
			}
		}
	})
}
