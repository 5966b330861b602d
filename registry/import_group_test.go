package registry_test

import (
	"slices"
	"testing"

	"socialregistry/registry"
)

// An import is of people: a group that a row names by its number or by an
// identifier stays as it is.
func TestAnImportOfPeopleLeavesGroupsAlone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina")[0]
		g := x.group(t, "household", as("head", p, "2020-01-01"))
		card := ration()
		card.Kinds = []string{"household"}
		card = x.defineType(t, card)
		if _, err := x.AddIdentifier(t.Context(), registrar(), g.ID, registry.NewIdentifier{Type: card.Key, Value: "79927398713"}); err != nil {
			t.Fatal(err, fields(err))
		}
		card.Kinds = []string{registry.PersonKind}
		if _, err := x.ChangeIdentifierType(t.Context(), admin(), card, "for people from now on"); err != nil {
			t.Fatal(err, fields(err))
		}
		before := x.count(t, "change_log")
		for _, c := range []struct {
			csv, want string
		}{
			{"registration_number,given_name\n" + g.Number + ",Mallory\n", "2 registration_number not_found"},
			{"type:ration_card,given_name\n79927398713,Mallory\n", "2 type:ration_card not_found"},
			{"registration_number,type:ration_card,given_name\n" + p.Number + ",79927398713,Mallory\n", "2 type:ration_card not_found"},
		} {
			res := x.load(t, c.csv, update(), "0 0 0 1")
			if got := problemsOf(res); !slices.Equal(got, []string{c.want}) {
				t.Errorf("%q: %v, want %s", c.csv, got, c.want)
			}
		}
		now, err := x.Group(t.Context(), admin(), g.ID)
		if err != nil || now.VersionNo != 1 || now.Values["given_name"].Text != "" || x.count(t, "change_log") != before {
			t.Errorf("the group is %+v, %v", now, err)
		}
	})
}
