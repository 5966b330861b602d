package registry_test

import (
	"slices"
	"strings"
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

// A line that cannot be read may hold a member: the groups next to it wait for it. So
// does a group whose lines do not stand together.
func TestAGroupIsImportedWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Berta", "Carla", "Dora", "Eva", "Fana", "Gila")
		n := func(i int) string { return p[i].Number }
		o := registry.ImportOptions{Kind: "household", Mode: registry.ImportCreate, DryRun: true}
		file := func(lines ...string) string {
			return "group,group_name,member,role,start\n" + strings.Join(lines, "\n") + "\n"
		}
		torn := "A,," + n(1) + ",child" // a comma is missing
		for name, tc := range map[string]struct{ file, counts, problems string }{
			"within": {file("A,Lake,"+n(0)+",head,", torn, "A,,"+n(2)+",child,", "B,Quay,"+n(3)+",head,"), "1 0 0 2",
				"2 group line_refused,3  cell_count"},
			"at the end":      {file("B,Quay,"+n(3)+",head,", "A,Lake,"+n(0)+",head,", torn), "1 0 0 2", "3 group line_refused,4  cell_count"},
			"between":         {file("A,Lake,"+n(0)+",head,", torn, "B,Quay,"+n(3)+",head,", "C,Dune,"+n(4)+",head,"), "1 0 0 3", "2 group line_refused,3  cell_count,4 group line_refused"},
			"quotes":          {file("A,Lake,"+n(0)+",head,", `A,,`+n(1)+`,ch"ild,`, "B,Quay,"+n(3)+",head,"), "0 0 0 3", "2 group line_refused,3  bad_quotes,4 group line_refused"},
			"apart":           {file("A,Lake,"+n(0)+",head,", "B,Quay,"+n(3)+",head,", "A,,"+n(1)+",child,"), "1 0 0 2", "2 group doubled_in_file,4 group doubled_in_file"},
			"a day of nobody": {file("A,Lake,"+n(0)+",head,", "A,,,,2020-01-01"), "0 0 0 1", "3 member not_found"},
			"one line each":   {"group_name,member,role\nLake," + n(0) + ",head\nQuay," + n(1) + "\nDune," + n(2) + ",head\n", "2 0 0 1", "3  cell_count"},
		} {
			res := x.load(t, tc.file, o, tc.counts)
			if got := strings.Join(problemsOf(res), ","); got != tc.problems {
				t.Errorf("%s: %s, want %s", name, got, tc.problems)
			}
		}
		o.DryRun = false
		x.load(t, file("A,Lake,"+n(0)+",head,", torn, "B,Quay,"+n(3)+",head,", "C,Dune,"+n(4)+",head,"), o, "1 0 0 3")
		if x.count(t, "membership") != 1 {
			t.Errorf("%d members", x.count(t, "membership"))
		}
	})
}

// A group that is refused uses up no registration number.
func TestARefusedGroupTakesNoNumber(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Berta")
		before := x.FreeNumbers()
		file := "group_name,member,role\nLake," + p[0].Number + ",head\nQuay,SR-nobody,head\nDune," + p[1].Number + ",head\n"
		x.load(t, file, registry.ImportOptions{Kind: "household", Mode: registry.ImportCreate}, "2 0 0 1")
		if got, want := x.FreeNumbers(), before-2; got != want {
			t.Errorf("%d numbers are left, want %d", got, want)
		}
	})
}
