package registry_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// Values that the actor may not see are in no answer, and nobody finds people by
// them: every method that gives values, by every role.
func TestWhoSeesAField(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.define(t, registry.Field{Key: "hiv", Type: registry.TypeText, Label: label("Test"), Attestable: true, Searchable: true,
			SeeBy: []registry.Role{registry.RoleAdmin, registry.RoleAttester}, EditBy: []registry.Role{registry.RoleAdmin, registry.RoleRegistrar}},
			registry.Field{Key: "case_number", Type: registry.TypeIdentifier, Label: label("Case"), Unique: true, SeeBy: []registry.Role{registry.RoleAdmin}})
		p := x.register(t, map[string]string{"given_name": "Amina", "hiv": "first", "case_number": "77-1"})
		if len(p.Values) != 1 {
			t.Errorf("register tells the registrar %+v", p.Values)
		}
		p = x.edit(t, p, map[string]string{"hiv": "second"})
		if len(p.Values) != 1 {
			t.Errorf("edit tells the registrar %+v", p.Values)
		}
		x.attest(t, p, registry.StateAttested, "", "hiv")
		for name, c := range map[string]struct {
			a    registry.Actor
			sees int // of the two
		}{
			"admin": {admin(), 2}, "system": {registry.System(), 2}, "attester": {attester(), 1}, "registrar": {registrar(), 0},
			"auditor": {actor(registry.RoleAuditor), 0}, "self": {self(p.ID), 0},
		} {
			for method, got := range x.told(t, c.a, p.ID) {
				want := c.sees
				if method == "states" || method == "comparison" {
					want = min(want, 1) // only one is attestable, and only one was changed
				}
				if got != want && !(name == "self" && got == -1) {
					t.Errorf("%s by %s: %d hidden fields, want %d", method, name, got, want)
				}
			}
		}
		bounded := attester()
		bounded.Grants = []registry.Grant{{Role: registry.RoleAttester, Kind: registry.PersonKind}}
		both := actor(registry.RoleAttester)
		both.Roles, both.Grants = append(both.Roles, registry.RoleRegistrar), bounded.Grants
		for want, a := range []registry.Actor{both, bounded} {
			if got := x.told(t, a, p.ID)["person"]; got != want {
				t.Errorf("with bounds %+v: %d hidden fields, want %d", a.Grants, got, want)
			}
		}
		x.nobodySearches(t, registrar())
		v, err := x.AddVersion(t.Context(), registrar(), p.ID, "Survey", registry.Change{Set: map[string]string{"hiv": "third"}, ExpectVersion: p.VersionNo}, false)
		if err != nil || len(v.Values) != 1 {
			t.Errorf("a named version tells %+v, %v", v.Values, err)
		}
		if p, err = x.SetDefault(t.Context(), registrar(), p.ID, v.No, p.VersionNo, ""); err != nil || len(p.Values) != 1 {
			t.Errorf("a switch tells %+v, %v", p.Values, err)
		}
		if page, err := x.Search(t.Context(), admin(), registry.Query{Equals: map[string]string{"hiv": "third"}}); err != nil || len(page.People) != 1 {
			t.Errorf("after a switch %d are found, %v", len(page.People), err)
		}
		_, err = x.CheckEdit(t.Context(), registrar(), p.ID, registry.Change{Set: map[string]string{"hiv": "third"}, ExpectVersion: p.VersionNo})
		if err != nil {
			t.Error(err)
		}
		changes, err := x.CheckEdit(t.Context(), registrar(), p.ID, registry.Change{Set: map[string]string{"hiv": "third", "given_name": "B"}, ExpectVersion: p.VersionNo})
		if err != nil || len(changes) != 1 || changes[0].Field != "given_name" {
			t.Errorf("changes %+v, %v", changes, err)
		}
		x.define(t, registry.Field{Key: "note", Type: registry.TypeText, Label: label("Note"), Attestable: true, SeeBy: []registry.Role{registry.RoleRegistrar}})
		p = x.edit(t, p, map[string]string{"note": "x"})
		err = x.Attest(t.Context(), attester(), p.ID, p.VersionNo, []registry.Decision{{Field: "note", State: registry.StateAttested}})
		if got := fields(err); !slices.Equal(got, []string{"note:not_visible"}) {
			t.Errorf("attest what one may not see: %v", err)
		}
	})
}

// told counts per method which of the two hidden fields the actor is told; -1:
// the method is not for this actor.
func (x *fixture) told(t *testing.T, a registry.Actor, id uuid.UUID) map[string]int {
	t.Helper()
	out := map[string]int{}
	count := func(method string, keys []string, err error) {
		t.Helper()
		switch {
		case fault.KindOf(err) == fault.Forbidden:
			out[method] = -1
		case err != nil:
			t.Error(method, err)
		default:
			slices.Sort(keys)
			out[method] = len(slices.DeleteFunc(slices.Compact(keys), func(key string) bool { return key != "hiv" && key != "case_number" }))
		}
	}
	p, err := x.Person(t.Context(), a, id)
	count("person", keysOf(p.Values), err)
	byNumber, err := x.PersonByNumber(t.Context(), a, p.Number)
	count("by number", keysOf(byNumber.Values), err)
	versions, err := x.Versions(t.Context(), a, id)
	var keys []string
	for _, v := range versions {
		keys = append(keys, keysOf(v.Values)...)
	}
	count("versions", keys, err)
	version, err := x.Version(t.Context(), a, id, 1)
	count("version", keysOf(version.Values), err)
	then, err := x.PersonAt(t.Context(), a, id, x.Clock.Now())
	count("person at", keysOf(then.Values), err)
	compared, err := x.CompareVersions(t.Context(), a, id, "1", "2")
	keys = nil
	for _, d := range compared.Differences {
		keys = append(keys, d.Field)
	}
	count("comparison", keys, err)
	log, err := x.History(t.Context(), a, id)
	count("history", changedIn(log), err)
	history, err := x.HistoryPage(t.Context(), a, id, "", 0)
	count("history page", changedIn(history.Entries), err)
	states, err := x.FieldStates(t.Context(), a, id)
	count("states", keysOf(states), err)
	page, err := x.Search(t.Context(), a, registry.Query{Text: "amina"})
	if err == nil {
		keys = keysOf(page.People[0].Values)
	}
	count("search", keys, err)
	return out
}

func changedIn(log []registry.LogEntry) []string {
	var keys []string
	for _, entry := range log {
		for _, c := range entry.Changes {
			keys = append(keys, c.Field)
		}
	}
	return keys
}

func keysOf[V any](m map[string]V) []string {
	var out []string
	for key := range m {
		out = append(out, key)
	}
	return out
}

// nobodySearches asks for a person in every way by what the actor may not see.
func (x *fixture) nobodySearches(t *testing.T, a registry.Actor) {
	t.Helper()
	page, err := x.Search(t.Context(), a, registry.Query{Text: "77-1"})
	if err != nil || len(page.People) != 0 {
		t.Errorf("found %d by a hidden identifier, %v", len(page.People), err)
	}
	for _, q := range []registry.Query{{Equals: map[string]string{"hiv": "second"}}, {Field: "hiv", State: registry.StateAttested}} {
		_, err = x.Search(t.Context(), a, q)
		wantFault(t, err, fault.Invalid, "bad_query")
	}
	if page, err = x.Search(t.Context(), admin(), registry.Query{Text: "77-1", Equals: map[string]string{"hiv": "SECOND"}}); err != nil || len(page.People) != 1 {
		t.Errorf("an admin finds %d, %v", len(page.People), err)
	}
}
