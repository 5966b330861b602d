package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// within gives an actor whose roles hold within these bounds.
func within(grants ...registry.Grant) registry.Actor {
	a := registry.Actor{AccountID: uuid.New(), Name: "bounded", Grants: grants}
	for _, g := range grants {
		if !a.Has(g.Role) {
			a.Roles = append(a.Roles, g.Role)
		}
	}
	return a
}

func inArea(role registry.Role, area string) registry.Actor {
	return within(registry.Grant{Role: role, Area: area})
}

// Whoever has a role in one area is told of a record in another what is told of
// one that is not there.
func TestOutsideTheAreaThereIsNobody(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		in := x.register(t, map[string]string{"full_name": "Amina West", "region": "NL-W-BAY", "sex": "female"})
		out := x.register(t, map[string]string{"full_name": "Amina East", "region": "NL-E", "sex": "female"})
		lost := x.register(t, map[string]string{"full_name": "Amina Nowhere", "sex": "female"})
		for _, role := range []registry.Role{registry.RoleAdmin, registry.RoleRegistrar, registry.RoleFieldWorker, registry.RoleAttester, registry.RoleAuditor} {
			a := inArea(role, "NL-W")
			calls := map[string]func(p registry.Person) error{
				"Person":         func(p registry.Person) error { _, err := x.Person(t.Context(), a, p.ID); return err },
				"PersonByNumber": func(p registry.Person) error { _, err := x.PersonByNumber(t.Context(), a, p.Number); return err },
				"History":        func(p registry.Person) error { _, err := x.History(t.Context(), a, p.ID); return err },
				"Versions":       func(p registry.Person) error { _, err := x.Versions(t.Context(), a, p.ID); return err },
				"FieldStates":    func(p registry.Person) error { _, err := x.FieldStates(t.Context(), a, p.ID); return err },
			}
			writes := map[string]func(p registry.Person) error{
				"Edit": func(p registry.Person) error {
					_, err := x.Edit(t.Context(), a, p.ID, registry.Change{Set: map[string]string{"locality": string(role)}, ExpectVersion: p.VersionNo})
					return err
				},
				"CheckEdit": func(p registry.Person) error {
					_, err := x.CheckEdit(t.Context(), a, p.ID, registry.Change{Set: map[string]string{"locality": string(role)}, ExpectVersion: p.VersionNo})
					return err
				},
				"Attest": func(p registry.Person) error {
					return x.Attest(t.Context(), a, p.ID, p.VersionNo, []registry.Decision{{Field: "sex", State: registry.StateAttested}})
				},
				"NewActivationCode": func(p registry.Person) error { _, _, err := x.NewActivationCode(t.Context(), a, p.ID); return err },
			}
			for name, call := range calls {
				if err := call(in); err != nil {
					t.Errorf("%s of %s inside: %v", name, role, err)
				}
				x.sameAsUnknown(t, fmt.Sprint(name, " of ", role), call, out, lost)
			}
			for name, call := range writes {
				if fault.KindOf(call(registry.Person{ID: uuid.New(), VersionNo: 1})) != fault.Forbidden { // the role does such things
					x.sameAsUnknown(t, fmt.Sprint(name, " of ", role), call, out, lost)
				}
			}
			page, err := x.Search(t.Context(), a, registry.Query{Text: "Amina"})
			if err != nil || len(page.People) != 1 || page.People[0].ID != in.ID {
				t.Errorf("%s finds %d people, %v", role, len(page.People), err)
			}
			if page, err = x.Search(t.Context(), a, registry.Query{Text: out.Number}); err != nil || len(page.People) != 0 {
				t.Errorf("%s finds somebody by number: %v", role, err)
			}
			if queue, err := x.QueuePage(t.Context(), a, registry.QueueUndecided, "", 10); err != nil || len(queue.People) != 1 {
				t.Errorf("the queue of %s holds %d people, %v", role, len(queue.People), err)
			}
			if counts, err := x.QueueCounts(t.Context(), a); err != nil || counts[registry.QueueUndecided] != 1 {
				t.Errorf("the queue of %s counts %v, %v", role, counts, err)
			}
		}
		for _, p := range []registry.Person{out, lost} {
			if now, err := x.Person(t.Context(), admin(), p.ID); err != nil || now.ChainNo != 1 {
				t.Errorf("somebody outside was changed: entry %d, %v", now.ChainNo, err)
			}
		}
	})
}

// sameAsUnknown holds what is said of people to what is said of nobody, and the
// work for it too.
func (x *fixture) sameAsUnknown(t *testing.T, name string, call func(p registry.Person) error, people ...registry.Person) {
	t.Helper()
	unknown := call(registry.Person{ID: uuid.New(), Number: registry.FormatNumber(4_711_000), VersionNo: 1})
	wantFault(t, unknown, fault.NotFound, "no_such_person")
	for _, p := range people {
		if err := call(p); err == nil || err.Error() != unknown.Error() {
			t.Errorf("%s outside: %v, of nobody: %v", name, err, unknown)
		}
	}
}

func TestStaffStaysWithinItsArea(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		a := inArea(registry.RoleFieldWorker, "NL-W")
		register := func(region string) (registry.Person, error) {
			return x.Register(t.Context(), a, registry.Change{Set: map[string]string{"full_name": "Amina", "region": region}})
		}
		for _, region := range []string{"", "Bay, West", "NL-E", "NL", "\x00"} {
			_, err := register(region)
			wantFault(t, err, fault.Forbidden, "outside_area")
		}
		p, err := register("NL-W-BAY")
		if err != nil {
			t.Fatal(err, fields(err))
		}
		for _, region := range []string{"NL-E", "NL", "Atlantis", ""} {
			_, err := x.Edit(t.Context(), a, p.ID, registry.Change{Set: map[string]string{"region": region}, ExpectVersion: p.VersionNo})
			wantFault(t, err, fault.Forbidden, "outside_area")
		}
		if p, err = x.Edit(t.Context(), a, p.ID, registry.Change{Set: map[string]string{"region": "West", "given_name": "A"}, ExpectVersion: 1}); err != nil || p.Area != "NL-W" {
			t.Errorf("%q, %v", p.Area, err)
		}
		// The person may move away.
		if p, err = x.Edit(t.Context(), self(p.ID), p.ID, registry.Change{Set: map[string]string{"region": "NL-E"}, ExpectVersion: 2}); err != nil || p.Area != "NL-E" {
			t.Fatalf("%q, %v", p.Area, err)
		}
		_, err = x.Person(t.Context(), a, p.ID)
		wantFault(t, err, fault.NotFound, "no_such_person")
		// An area that moves takes its people along, out of sight and into it.
		if _, err := x.MoveArea(t.Context(), admin(), "NL-E", "", 1, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := x.Person(t.Context(), inArea(registry.RoleAuditor, "NL"), p.ID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the country still sees an area that has left it: %v", err)
		}
	})
}

// What concerns the registry as a whole needs a role that holds everywhere.
func TestBoundsDoNotReachTheWholeRegistry(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		x.load(t, three, create(), "3 0 0 0")
		for _, g := range []registry.Grant{{Area: "NL"}, {Kind: registry.PersonKind}, {Section: "contact"}} {
			g.Role = registry.RoleAdmin
			a := within(g)
			_, err := x.DefineField(t.Context(), a, registry.Field{Key: "shoe", Type: registry.TypeText, Label: label("Shoe")}, "")
			wantFault(t, err, fault.Forbidden, "not_allowed")
			_, err = x.UploadImport(t.Context(), a, strings.NewReader(three), create())
			wantFault(t, err, fault.Forbidden, "not_allowed")
			if list, err := x.ImportBatches(t.Context(), a, uuid.Nil, 1); err != nil || len(list) != 0 {
				t.Errorf("%+v: imports of others are listed: %v (%v)", g, list, err)
			}
			_, err = x.AdminHistory(t.Context(), a, "area:NL")
			wantFault(t, err, fault.Forbidden, "not_allowed")
		}
		// Two bounded grants of a role, and one of another that holds everywhere.
		a := within(registry.Grant{Role: registry.RoleRegistrar, Area: "NL-W"}, registry.Grant{Role: registry.RoleRegistrar, Area: "NL-E-BAY"})
		a.Roles = append(a.Roles, registry.RoleAuditor)
		p := x.register(t, map[string]string{"full_name": "Amina", "region": "NL-E-EAST"})
		if _, err := x.Person(t.Context(), a, p.ID); err != nil {
			t.Errorf("an auditor of everything reads: %v", err)
		}
		_, err := x.Edit(t.Context(), a, p.ID, registry.Change{Set: map[string]string{"locality": "A"}, ExpectVersion: 1})
		wantFault(t, err, fault.NotFound, "no_such_person")
		q := x.register(t, map[string]string{"full_name": "Berta", "region": "NL-E-BAY"})
		if _, err := x.Edit(t.Context(), a, q.ID, registry.Change{Set: map[string]string{"locality": "A"}, ExpectVersion: 1}); err != nil {
			t.Error(err)
		}
	})
}

func TestBoundsOfKindAndSection(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		p := x.register(t, map[string]string{"full_name": "Amina", "region": "NL-W", "sex": "female", "email": "a@example.org"})
		groups := within(registry.Grant{Role: registry.RoleRegistrar, Kind: registry.AnyGroup})
		_, err := x.Person(t.Context(), groups, p.ID)
		wantFault(t, err, fault.NotFound, "no_such_person")
		if page, err := x.Search(t.Context(), groups, registry.Query{}); err != nil || len(page.People) != 0 {
			t.Errorf("found %d people, %v", len(page.People), err)
		}
		if _, err := x.Person(t.Context(), within(registry.Grant{Role: registry.RoleRegistrar, Kind: registry.PersonKind}), p.ID); err != nil {
			t.Error(err)
		}

		// Contact everywhere, names in the West: each grant stands for itself.
		a := within(registry.Grant{Role: registry.RoleRegistrar, Section: "contact"}, registry.Grant{Role: registry.RoleRegistrar, Section: "name", Area: "NL-W"},
			registry.Grant{Role: registry.RoleAttester, Section: "contact"})
		edit := func(p registry.Person, set map[string]string) []string {
			_, err := x.Edit(t.Context(), a, p.ID, registry.Change{Set: set, ExpectVersion: p.VersionNo})
			if err == nil {
				return []string{"done"}
			}
			return fields(err)
		}
		far := x.register(t, map[string]string{"full_name": "Berta", "region": "NL-E"})
		if got := edit(far, map[string]string{"full_name": "B", "sex": "male", "locality": "A"}); !slices.Equal(got, []string{"full_name:not_editable", "sex:not_editable"}) {
			t.Errorf("far away: %v", got)
		}
		if got := edit(p, map[string]string{"full_name": "A", "sex": "male", "locality": "A"}); !slices.Equal(got, []string{"sex:not_editable"}) {
			t.Errorf("in the West: %v", got)
		}
		if got := edit(p, map[string]string{"full_name": "A", "locality": "A"}); !slices.Equal(got, []string{"done"}) {
			t.Errorf("in the West: %v", got)
		}
		_, err = x.Register(t.Context(), a, registry.Change{Set: map[string]string{"full_name": "C", "region": "NL-E"}})
		if got := fields(err); !slices.Equal(got, []string{"full_name:not_editable"}) {
			t.Errorf("a new record in the East: %v", err)
		}
		if _, err = x.Register(t.Context(), a, registry.Change{Set: map[string]string{"full_name": "C", "region": "West"}}); err != nil {
			t.Errorf("a new record in the West: %v %v", err, fields(err))
		}
		err = x.Attest(t.Context(), a, p.ID, 2, []registry.Decision{{Field: "sex", State: registry.StateAttested}, {Field: "email", State: registry.StateAttested}})
		if got := fields(err); !slices.Equal(got, []string{"sex:outside_section"}) {
			t.Errorf("decisions: %v", err)
		}
		if err = x.Attest(t.Context(), a, p.ID, 2, []registry.Decision{{Field: "email", State: registry.StateAttested}}); err != nil {
			t.Error(err)
		}
	})
}
