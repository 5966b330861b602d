package registry_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func TestAnAppealIsAnswered(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		first, second := called("first", registry.RoleAttester), called("second", registry.RoleAttester)
		reject := func() {
			t.Helper()
			for _, field := range []string{"region", "sex"} {
				if got := x.decide(t, first, p, registry.Decision{Field: field, State: registry.StateRejected, Comment: "not on the paper"}); len(got) > 0 {
					t.Fatal(got)
				}
			}
		}
		appeal := func(field string) (registry.Appeal, error) {
			return x.AppealDecision(t.Context(), self(p.ID), p.ID, field, "It stands on the second page.")
		}
		_, err := appeal("region")
		wantFault(t, err, fault.Conflict, "not_rejected")
		reject()
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i := range errs { // two at once: one of them counts
			wg.Go(func() { _, errs[i] = appeal("region") })
		}
		wg.Wait()
		if errs[0] == nil {
			errs[0] = errs[1]
		}
		wantFault(t, errs[0], fault.Conflict, "already_appealed")
		of, err := appeal("sex")
		if err != nil {
			t.Fatal(err)
		}
		if s := x.states(t, p)["region"]; s.State != registry.StateRejected || s.Appeal.State != registry.AppealOpen {
			t.Errorf("state = %+v", s)
		}
		page, err := x.Appeals(t.Context(), second, "", 0)
		if err != nil || len(page.Appeals) != 2 || page.Appeals[1].ID != of.ID || page.Appeals[1].Text != "It stands on the second page." ||
			page.Appeals[1].RejectedBy != "first" || page.Appeals[1].Rejection != "not on the paper" || page.Appeals[1].Field != "sex" {
			t.Fatalf("appeals = %+v, %v", page.Appeals, err)
		}

		// not by who rejected: neither with words nor by a decision
		_, err = x.DeclineAppeal(t.Context(), first, of.ID, "no")
		wantFault(t, err, fault.Forbidden, "own_rejection")
		if got := x.decide(t, first, p, registry.Decision{Field: "region", State: registry.StateAttested}); len(got) != 1 || got[0] != "region:own_rejection" {
			t.Errorf("refused with %v", got)
		}
		if got := x.decide(t, second, p, registry.Decision{Field: "region", State: registry.StateAttested}); len(got) > 0 {
			t.Errorf("refused with %v", got)
		}
		declined, err := x.DeclineAppeal(t.Context(), second, of.ID, "The second page is of another person.")
		if err != nil || declined.State != registry.AppealDeclined || declined.AnsweredBy != "second" {
			t.Errorf("declined = %+v, %v", declined, err)
		}
		_, err = x.DeclineAppeal(t.Context(), second, of.ID, "again")
		wantFault(t, err, fault.Conflict, "appeal_closed")
		states := x.states(t, p)
		if s := states["region"]; s.State != registry.StateAttested || s.Appeal.ID != uuid.Nil {
			t.Errorf("region = %+v", s)
		}
		if s := states["sex"]; s.State != registry.StateRejected || s.Appeal.Answer != "The second page is of another person." {
			t.Errorf("sex = %+v", s)
		}
		_, err = appeal("sex") // once per decision
		wantFault(t, err, fault.Conflict, "already_appealed")
		reject() // another decision
		if _, err = appeal("sex"); err != nil {
			t.Error(err)
		}
		if page, err = x.Appeals(t.Context(), second, "", 0); err != nil || len(page.Appeals) != 1 {
			t.Errorf("appeals = %+v, %v", page.Appeals, err)
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestWhoAppealsAndWhoReadsAppeals(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, "code,parent,name\nN,,North\nS,,South\n")
		p := x.register(t, map[string]string{"given_name": "Amina", "sex": "female", "region": "N"})
		other := x.register(t, map[string]string{"given_name": "Berta", "sex": "female", "region": "S"})
		x.attest(t, p, registry.StateRejected, "no", "sex")
		appeal := func(a registry.Actor, id uuid.UUID, field, text string) error {
			_, err := x.AppealDecision(t.Context(), a, id, field, text)
			return err
		}
		wantFault(t, appeal(admin(), p.ID, "sex", "x"), fault.Forbidden, "not_allowed")
		wantFault(t, appeal(self(other.ID), p.ID, "sex", "x"), fault.NotFound, "no_such_person")
		wantFault(t, appeal(self(p.ID), p.ID, "shoe_size", "x"), fault.NotFound, "no_such_field")
		for _, text := range []string{"", " ", "a\nb", strings.Repeat("é", 2001)} {
			wantFault(t, appeal(self(p.ID), p.ID, "sex", text), fault.Invalid, "invalid_appeal")
		}
		if err := appeal(self(p.ID), p.ID, "sex", strings.Repeat("é", 2000)); err != nil {
			t.Fatal(err)
		}
		seen := func(a registry.Actor, want int) (id uuid.UUID) {
			t.Helper()
			page, err := x.Appeals(t.Context(), a, "", 0)
			if err != nil || len(page.Appeals) != want {
				t.Fatalf("%s reads %d appeals, %v, want %d", a.Name, len(page.Appeals), err, want)
			}
			if want == 1 {
				id = page.Appeals[0].ID
			}
			return id
		}
		id := seen(bounded(registry.RoleAttester, "N"), 1)
		seen(bounded(registry.RoleAttester, "S"), 0)
		_, err := x.DeclineAppeal(t.Context(), bounded(registry.RoleAttester, "S"), id, "no")
		wantFault(t, err, fault.NotFound, "no_such_appeal")
		_, err = x.DeclineAppeal(t.Context(), attester(), uuid.New(), "no")
		wantFault(t, err, fault.NotFound, "no_such_appeal")
		_, err = x.Appeals(t.Context(), registrar(), "", 0)
		wantFault(t, err, fault.Forbidden, "not_allowed")

		// a section that the attester does not decide about, and a field that nobody is told, are as if not there
		section := attester()
		section.Grants = []registry.Grant{{Role: registry.RoleAttester, Section: "contact"}}
		seen(section, 0)
		f, err := x.Field(t.Context(), "sex")
		if err != nil {
			t.Fatal(err)
		}
		f.SeeBy = []registry.Role{registry.RoleAdmin}
		if _, err := x.UpdateField(t.Context(), admin(), f, "sensitive"); err != nil {
			t.Fatal(err)
		}
		seen(attester(), 0)
		wantFault(t, appeal(self(p.ID), p.ID, "sex", "x"), fault.NotFound, "no_such_field")
		seen(admin(), 1)
	})
}

// Who appealed is told of every appeal and its answer, page by page; nobody else is.
func TestAppealsOfARegistrant(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		first, second := called("first", registry.RoleAttester), called("second", registry.RoleAttester)
		for _, field := range []string{"region", "sex", "birth_date"} {
			x.decide(t, first, p, registry.Decision{Field: field, State: registry.StateRejected, Comment: "not on the paper"})
			if _, err := x.AppealDecision(t.Context(), self(p.ID), p.ID, field, "It is. "+field); err != nil {
				t.Fatal(err)
			}
		}
		x.decide(t, second, p, registry.Decision{Field: "region", State: registry.StateAttested})
		open, err := x.Appeals(t.Context(), second, "", 0)
		if err != nil || len(open.Appeals) != 2 {
			t.Fatalf("open = %+v, %v", open.Appeals, err)
		}
		if _, err := x.DeclineAppeal(t.Context(), second, open.Appeals[0].ID, "Of another person."); err != nil {
			t.Fatal(err)
		}
		var got []registry.Appeal
		for after, pages := "", 0; pages == 0 || after != ""; pages++ {
			page, err := x.AppealsOf(t.Context(), self(p.ID), p.ID, after, 2)
			if err != nil || len(page.Appeals) > 2 || pages > 2 {
				t.Fatalf("page %d: %+v, %v", pages, page, err)
			}
			got, after = append(got, page.Appeals...), page.Next
		}
		if len(got) != 3 || got[0].Field != "birth_date" || got[0].State != registry.AppealOpen || got[1].State != registry.AppealDeclined ||
			got[1].Answer != "Of another person." || got[2].State != registry.AppealAnswered || got[2].AnsweredBy != "second" || got[2].AnsweredAt.IsZero() {
			t.Errorf("appeals = %+v", got)
		}
		other := x.register(t, map[string]string{"given_name": "Otieno", "national_id": "KE55712209"})
		_, err = x.AppealsOf(t.Context(), self(other.ID), p.ID, "", 0)
		wantFault(t, err, fault.NotFound, "no_such_person")
		_, err = x.AppealsOf(t.Context(), second, p.ID, "", 0)
		wantFault(t, err, fault.Forbidden, "not_allowed")
		_, err = x.AppealsOf(t.Context(), self(p.ID), p.ID, "no cursor", 0)
		wantFault(t, err, fault.Invalid, "bad_cursor")
	})
}
