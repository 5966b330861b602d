package registry_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// marry records a union from the side of one.
func (x *fixture) marry(t *testing.T, one, other uuid.UUID, m registry.Marriage) error {
	t.Helper()
	_, err := x.AddSpouse(t.Context(), registrar(), one, registry.SpouseChange{Spouse: other, Marriage: m, Reason: "certificate"})
	return err
}

// A marriage is one thing with two sides, and so is each change of it.
func TestAMarriageIsOfBoth(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, q := x.born(t, "P", "1980-01-01"), x.born(t, "Q", "1982-01-01")
		ctx, a := t.Context(), registrar()
		mustFit(t, x.marry(t, p.ID, q.ID, registry.Marriage{IsMarried: true, MarriedOn: "2005-03-02"}))
		id := x.kinship(t, q.ID).Spouses[0].MarriageID
		edit := func(who uuid.UUID, m registry.Marriage) registry.Kinship {
			t.Helper()
			k, err := x.EditSpouse(ctx, a, who, id, registry.SpouseChange{Marriage: m, Expect: x.kinship(t, who).ChainNo})
			mustFit(t, err)
			return k
		}
		over := registry.Marriage{IsMarried: true, MarriedOn: "2005-03-02", IsSeparated: true, SeparatedOn: "2019-03-01"}
		if k := edit(q.ID, over); k.ID != q.ID || k.Spouses[0].Marriage != over || k.Spouses[0].ID != p.ID {
			t.Errorf("kinship = %+v", k)
		}
		edit(p.ID, over) // nothing changes
		if k := x.kinship(t, p.ID); k.Spouses[0].Marriage != over || k.ChainNo != 3 {
			t.Errorf("the other side says %+v", k)
		}
		edit(p.ID, registry.Marriage{IsSeparated: true})
		_, err := x.RemoveSpouse(ctx, a, p.ID, id, registry.SpouseChange{Expect: 4, Reason: "they are cousins, and never married"})
		mustFit(t, err)
		for _, side := range []struct{ me, other registry.Person }{{p, q}, {q, p}} {
			n := side.other.Number
			want := []string{"spouse:  > " + n + ", married 2005-03-02", "spouse: " + n + ", married 2005-03-02 > " + n + ", married 2005-03-02, separated 2019-03-01",
				"spouse: " + n + ", married 2005-03-02, separated 2019-03-01 > " + n + ", not married, separated", "spouse: " + n + ", not married, separated >"}
			if got := x.ties(t, admin(), side.me.ID); !slices.Equal(got, want) {
				t.Errorf("got\n%q\nwant\n%q", got, want)
			}
			if k := x.kinship(t, side.me.ID); len(k.Spouses) != 0 {
				t.Errorf("spouses = %+v", k.Spouses)
			}
		}
		if x.count(t, "spouse") != 0 {
			t.Error("a side is left")
		}
		x.unbroken(t, p, q)
	})
}

func TestMarriagesAreChecked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, q := x.born(t, "P", "1980-01-01"), x.born(t, "Q", "1982-05-05")
		for _, tc := range []struct {
			m    registry.Marriage
			want string
		}{
			{registry.Marriage{IsMarried: true, MarriedOn: "1982-05-04"}, "married_on:before_birth"},
			{registry.Marriage{IsMarried: true, MarriedOn: "1982-05-05"}, ""},
			{registry.Marriage{IsMarried: true, MarriedOn: "2026-11-22"}, ""}, // today
			{registry.Marriage{IsMarried: true, MarriedOn: "2026-11-23"}, "married_on:date_in_future"},
			{registry.Marriage{IsMarried: true, MarriedOn: "2005-02-29"}, "married_on:bad_date"},
			{registry.Marriage{IsMarried: true, MarriedOn: "2005-02-28\x00"}, "married_on:control_character"},
			{registry.Marriage{MarriedOn: "2005-02-28"}, "married_on:not_married"},
			{registry.Marriage{IsMarried: true, SeparatedOn: "2005-02-28"}, "separated_on:not_separated"},
			{registry.Marriage{IsMarried: true, MarriedOn: "2005-02-28", IsSeparated: true, SeparatedOn: "2005-02-27"}, "separated_on:before_marriage"},
			{registry.Marriage{IsMarried: true, MarriedOn: "2005-02-28", IsSeparated: true, SeparatedOn: "2005-02-28"}, ""},
			{registry.Marriage{IsSeparated: true, SeparatedOn: "1982-05-04"}, "separated_on:before_birth"},
			{registry.Marriage{IsSeparated: true, SeparatedOn: "2026-11-23"}, "separated_on:date_in_future"},
			{registry.Marriage{MarriedOn: "x", SeparatedOn: "y"}, "married_on:bad_date separated_on:bad_date"},
		} {
			err := x.marry(t, p.ID, q.ID, tc.m)
			if got := strings.Join(fields(err), " "); got != tc.want || (err == nil) != (tc.want == "") {
				t.Errorf("%+v: %v, want %q", tc.m, err, tc.want)
			}
			if err != nil {
				wantFault(t, err, fault.Invalid, "invalid_kinship")
				continue
			}
			k := x.kinship(t, p.ID)
			_, err = x.RemoveSpouse(t.Context(), registrar(), p.ID, k.Spouses[0].MarriageID, registry.SpouseChange{Expect: k.ChainNo, Reason: "test"})
			mustFit(t, err)
		}
		for other, want := range map[uuid.UUID]string{p.ID: "spouse_id:self", uuid.Nil: "spouse_id:required"} {
			err := x.marry(t, p.ID, other, registry.Marriage{})
			wantFault(t, err, fault.Invalid, "invalid_kinship")
			if got := fields(err); !slices.Equal(got, []string{want}) {
				t.Errorf("fields = %v, want %s", got, want)
			}
		}
		_, err := x.RemoveSpouse(t.Context(), registrar(), p.ID, uuid.New(), registry.SpouseChange{Reason: " "})
		if got := fields(err); !slices.Equal(got, []string{"reason:required"}) {
			t.Errorf("fields = %v", got)
		}
	})
}

func TestCloseKinDoNotMarry(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, parent, sibling, half, cousin := x.born(t, "P", ""), x.born(t, "Parent", ""), x.born(t, "Sibling", ""), x.born(t, "Half", ""), x.born(t, "Cousin", "")
		two, uncle, old := x.born(t, "Two", ""), x.born(t, "Uncle", ""), x.born(t, "Old", "")
		mustFit(t, x.setParents(t, p.ID, registry.ParentsChange{Parent1: parent.ID, Parent2: two.ID}))
		mustFit(t, x.setParents(t, sibling.ID, registry.ParentsChange{Parent1: two.ID, Parent2: parent.ID}))
		mustFit(t, x.setParents(t, half.ID, registry.ParentsChange{Parent2: parent.ID}))
		mustFit(t, x.setParents(t, parent.ID, registry.ParentsChange{Parent1: old.ID}))
		mustFit(t, x.setParents(t, uncle.ID, registry.ParentsChange{Parent1: old.ID}))
		mustFit(t, x.setParents(t, cousin.ID, registry.ParentsChange{Parent1: uncle.ID}))
		for _, other := range []registry.Person{parent, sibling, half} {
			for _, pair := range [][2]uuid.UUID{{p.ID, other.ID}, {other.ID, p.ID}} {
				err := x.marry(t, pair[0], pair[1], registry.Marriage{IsMarried: true, IsSeparated: true})
				wantFault(t, err, fault.Invalid, "invalid_kinship")
				if got := fields(err); !slices.Equal(got, []string{"spouse_id:close_kin"}) {
					t.Errorf("fields = %v", got)
				}
			}
		}
		mustFit(t, x.marry(t, p.ID, cousin.ID, registry.Marriage{IsMarried: true}))
	})
}

// One open union at a time, unless the rules allow more; the same two never have
// two open ones.
func TestSeveralSpousesOnlyByRule(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		three := x.withRules(t, registry.KinshipRules{Spouses: 3})
		p := x.born(t, "P", "")
		var others []registry.Person
		for range 4 {
			others = append(others, x.born(t, "Q", ""))
		}
		open, over := registry.Marriage{IsMarried: true}, registry.Marriage{IsSeparated: true}
		mustFit(t, x.marry(t, p.ID, others[0].ID, open))
		wantFault(t, x.marry(t, p.ID, others[1].ID, registry.Marriage{}), fault.Conflict, "already_married")
		wantFault(t, x.marry(t, others[1].ID, p.ID, open), fault.Conflict, "already_married")
		wantFault(t, x.marry(t, others[0].ID, p.ID, open), fault.Conflict, "marriage_exists")
		mustFit(t, x.marry(t, p.ID, others[1].ID, over))
		mustFit(t, x.marry(t, p.ID, others[0].ID, over)) // a former union of the two
		mustFit(t, three.marry(t, p.ID, others[1].ID, open))
		wantFault(t, three.marry(t, p.ID, others[1].ID, open), fault.Conflict, "marriage_exists")
		mustFit(t, three.marry(t, others[2].ID, p.ID, open))
		wantFault(t, three.marry(t, p.ID, others[3].ID, open), fault.Conflict, "already_married")

		k := x.kinship(t, p.ID)
		former := k.Spouses[len(k.Spouses)-1] // open ones come first
		_, err := three.EditSpouse(t.Context(), registrar(), p.ID, former.MarriageID, registry.SpouseChange{Marriage: open, Expect: k.ChainNo})
		wantFault(t, err, fault.Conflict, "marriage_exists")
		_, err = x.EditSpouse(t.Context(), registrar(), p.ID, k.Spouses[0].MarriageID, registry.SpouseChange{Marriage: over, Expect: k.ChainNo})
		mustFit(t, err) // ending one is never refused
	})
}

// Of many who marry the same person at once, one does.
func TestOfManyMarriagesAtOnceOneHolds(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const suitors = 8
		p := x.born(t, "P", "")
		people := []registry.Person{p}
		errs := make([]error, suitors)
		for range suitors {
			people = append(people, x.born(t, "Q", ""))
		}
		var wg sync.WaitGroup
		for i := range suitors {
			wg.Go(func() {
				one, other := p.ID, people[i+1].ID
				if i%2 == 0 {
					one, other = other, one
				}
				errs[i] = x.marry(t, one, other, registry.Marriage{IsMarried: true})
			})
		}
		wg.Wait()
		held := 0
		for _, err := range errs {
			if err == nil {
				held++
				continue
			}
			wantFault(t, err, fault.Conflict, "already_married")
		}
		if held != 1 || x.count(t, "spouse") != 2 {
			t.Errorf("%d marriages hold, %d sides are stored", held, x.count(t, "spouse"))
		}
		x.unbroken(t, people...)
	})
}

// Who becomes a sibling and who marries at once: one of the two is refused.
func TestSpousesDoNotBecomeSiblingsAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for round := range 8 {
			p, q, parent := x.born(t, "P", ""), x.born(t, "Q", ""), x.born(t, "Parent", "")
			mustFit(t, x.setParents(t, q.ID, registry.ParentsChange{Parent1: parent.ID}))
			var wg sync.WaitGroup
			var kin, wedding error
			wg.Go(func() {
				_, kin = x.SetParents(t.Context(), registrar(), p.ID, registry.ParentsChange{Parent2: parent.ID, Expect: 1})
			})
			wg.Go(func() { wedding = x.marry(t, p.ID, q.ID, registry.Marriage{IsMarried: true}) })
			wg.Wait()
			if (kin == nil) == (wedding == nil) {
				t.Fatalf("round %d: %v, %v; one must be refused", round, kin, wedding)
			}
		}
	})
}
