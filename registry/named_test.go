package registry_test

import (
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func TestNames(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Brian")
		g := x.group(t, "household", as("head", p[0], ""))
		names, err := x.Names(t.Context(), attester(), []uuid.UUID{p[0].ID, g.ID, uuid.New()})
		if err != nil || len(names) != 2 || names[p[0].ID].Number != p[0].Number || names[p[0].ID].Kind != registry.PersonKind || names[p[0].ID].Name != "Amina" ||
			names[g.ID].Name != "A household" || names[g.ID].Kind != "household" {
			t.Errorf("%v, %v", names, err)
		}
		_, err = x.Names(t.Context(), self(p[0].ID), []uuid.UUID{p[0].ID})
		wantFault(t, err, fault.Forbidden, "not_allowed")
	})
}

// What an edit of a group would change is told as of a person.
func TestCheckEditOfAGroup(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		g := x.group(t, "household", as("head", x.people(t, "Amina")[0], ""))
		changes, err := x.CheckEdit(t.Context(), registrar(), g.ID, registry.Change{Set: map[string]string{"rooms_count": "04"}, ExpectVersion: 1})
		if err != nil || len(changes) != 1 || changes[0].New != "4" {
			t.Errorf("%v, %v", changes, err)
		}
	})
}
