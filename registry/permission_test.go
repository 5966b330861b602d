package registry_test

import (
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// The whole table of permissions: every role with every method. A role or a
// method that is not named here is a failing test, not a hole.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	const (
		yes = iota
		forbidden
		notFound
		unauthenticated
	)
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		other := x.register(t, map[string]string{"full_name": "Brian"})
		actors := map[string]registry.Actor{
			"admin": admin(), "registrar": registrar(), "attester": attester(), "auditor": actor(registry.RoleAuditor), "field worker": actor(registry.RoleFieldWorker), "system": registry.System(),
			"self": self(p.ID), "somebody else": self(other.ID), "registrant of nobody": self(uuid.Nil), "unknown role": actor("root"), "nobody": {},
			"nobody with an id": {AccountID: uuid.New(), RegistrantID: p.ID},
		}
		edit := func(a registry.Actor, field, text string) error {
			now, err := x.Person(t.Context(), admin(), p.ID)
			if err != nil {
				t.Fatal(err)
			}
			_, err = x.Edit(t.Context(), a, p.ID, registry.Change{Set: map[string]string{field: text}, ExpectVersion: now.VersionNo})
			return err
		}
		n := 0
		methods := map[string]func(a registry.Actor) error{
			"Register": func(a registry.Actor) error {
				_, err := x.Register(t.Context(), a, registry.Change{Set: map[string]string{"full_name": "C"}})
				return err
			},
			"Edit":   func(a registry.Actor) error { n++; return edit(a, "locality", string(rune('a'+n))) },
			"Person": func(a registry.Actor) error { _, err := x.Person(t.Context(), a, p.ID); return err },
			"PersonByNumber": func(a registry.Actor) error {
				_, err := x.PersonByNumber(t.Context(), a, p.Number)
				return err
			},
			"FieldStates": func(a registry.Actor) error { _, err := x.FieldStates(t.Context(), a, p.ID); return err },
			"Versions":    func(a registry.Actor) error { _, err := x.Versions(t.Context(), a, p.ID); return err },
			"History":     func(a registry.Actor) error { _, err := x.History(t.Context(), a, p.ID); return err },
			"Search":      func(a registry.Actor) error { _, err := x.Search(t.Context(), a, registry.Query{}); return err },
			"Attest": func(a registry.Actor) error {
				now, err := x.Person(t.Context(), admin(), p.ID)
				if err != nil {
					t.Fatal(err)
				}
				return x.Attest(t.Context(), a, p.ID, now.VersionNo, []registry.Decision{{Field: "sex", State: registry.StateAttested}})
			},
			"DefineField": func(a registry.Actor) error {
				n++
				_, err := x.DefineField(t.Context(), a, registry.Field{Key: "f" + string(rune('a'+n)), Type: registry.TypeText, Label: map[string]string{"en": "F"}}, "")
				return err
			},
		}
		reading := map[string]int{"admin": yes, "registrar": yes, "attester": yes, "auditor": yes, "field worker": yes, "system": yes, "self": yes,
			"somebody else": notFound, "registrant of nobody": notFound, "unknown role": forbidden, "nobody": unauthenticated, "nobody with an id": unauthenticated}
		staffOnly := func(roles ...string) map[string]int {
			want := map[string]int{"nobody": unauthenticated, "nobody with an id": unauthenticated}
			for _, role := range roles {
				want[role] = yes
			}
			for name := range actors {
				if _, ok := want[name]; !ok {
					want[name] = forbidden
				}
			}
			return want
		}
		editing := staffOnly("admin", "registrar", "field worker", "self")
		editing["somebody else"], editing["registrant of nobody"] = notFound, notFound
		want := map[string]map[string]int{
			"Person": reading, "PersonByNumber": reading, "FieldStates": reading, "Versions": reading, "History": reading, "Edit": editing,
			"Register": staffOnly("admin", "registrar", "field worker"), "Attest": staffOnly("admin", "attester"), "DefineField": staffOnly("admin"),
			"Search": staffOnly("admin", "registrar", "field worker", "attester", "auditor", "system"),
		}
		kinds := map[int]fault.Kind{forbidden: fault.Forbidden, notFound: fault.NotFound, unauthenticated: fault.Unauthenticated}
		for method, call := range methods {
			for name, a := range actors {
				expected, ok := want[method][name]
				if !ok {
					t.Fatalf("the table says nothing about %s by %s", method, name)
				}
				err := call(a)
				if expected == yes && err != nil || expected != yes && (err == nil || fault.KindOf(err) != kinds[expected]) {
					t.Errorf("%s by %s: %v, want %d", method, name, err, expected)
				}
			}
		}

		if err := edit(self(p.ID), "given_name", "Queen"); len(fields(err)) != 1 || fields(err)[0] != "given_name:not_editable" {
			t.Errorf("a registrant edits the own name: %v", err)
		}
	})
}

// A missing person and somebody else's are the same answer to a registrant.
func TestARegistrantLearnsNothingOfOthers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, other := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Brian"})
		_, theirs := x.Person(t.Context(), self(p.ID), other.ID)
		_, nobodys := x.Person(t.Context(), self(p.ID), uuid.New())
		if theirs == nil || nobodys == nil || theirs.Error() != nobodys.Error() {
			t.Errorf("%v differs from %v", theirs, nobodys)
		}
		_, theirs = x.PersonByNumber(t.Context(), self(p.ID), other.Number)
		_, nobodys = x.PersonByNumber(t.Context(), self(p.ID), "SR-1")
		if theirs == nil || nobodys == nil || theirs.Error() != nobodys.Error() {
			t.Errorf("%v differs from %v", theirs, nobodys)
		}
	})
}

// Several roles add up; being registered oneself takes nothing away.
func TestSeveralRoles(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, own := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Brian"})
		a := attester()
		a.Roles, a.RegistrantID = append(a.Roles, registry.RoleRegistrant), own.ID
		if _, err := x.Person(t.Context(), a, p.ID); err != nil {
			t.Error(err)
		}
		_, err := x.Edit(t.Context(), a, p.ID, registry.Change{Set: map[string]string{"locality": "A"}, ExpectVersion: 1})
		wantFault(t, err, fault.NotFound, "no_such_person")
		if _, err = x.Edit(t.Context(), a, own.ID, registry.Change{Set: map[string]string{"locality": "A"}, ExpectVersion: 1}); err != nil {
			t.Error(err)
		}
	})
}
