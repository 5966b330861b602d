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

// born registers somebody with a birth date, or without one.
func (x *fixture) born(t *testing.T, name, day string) registry.Person {
	t.Helper()
	set := map[string]string{"full_name": name}
	if day != "" {
		set["birth_date"] = day
	}
	return x.register(t, set)
}

// household makes a registrant who is no person.
func (x *fixture) household(t *testing.T) uuid.UUID {
	t.Helper()
	p := x.register(t, map[string]string{"full_name": "The Household"})
	x.exec(t, `UPDATE registrant SET kind = 'household' WHERE id = ?`, p.ID)
	return p.ID
}

// kinship reads the kinship of somebody, as staff do.
func (x *fixture) kinship(t *testing.T, id uuid.UUID) registry.Kinship {
	t.Helper()
	k, err := x.Kinship(t.Context(), registrar(), id)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// setParents records parents from the state of now.
func (x *fixture) setParents(t *testing.T, child uuid.UUID, c registry.ParentsChange) error {
	t.Helper()
	c.Expect = x.kinship(t, child).ChainNo
	_, err := x.SetParents(t.Context(), registrar(), child, c)
	return err
}

// ties lists the changes of kinship in somebody's change log, as "tie: old > new".
func (x *fixture) ties(t *testing.T, a registry.Actor, id uuid.UUID) (out []string) {
	t.Helper()
	log, err := x.History(t.Context(), a, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range log {
		for _, c := range e.Changes {
			if c.Kind == registry.KindKinship {
				out = append(out, strings.TrimSpace(c.Field+": "+c.Old+" > "+c.New))
			}
		}
	}
	return out
}

// unbroken verifies the change logs of people.
func (x *fixture) unbroken(t *testing.T, people ...registry.Person) {
	t.Helper()
	for _, p := range people {
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
	}
}

func mustFit(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err, fields(err))
	}
}

// Every tie is told from both of its sides.
func TestKinshipTellsEveryTie(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		mother := x.register(t, amina())
		child, father, spouse, tutor := x.born(t, "Child", "2001-01-01"), x.born(t, "Father", ""), x.born(t, "Spouse", ""), x.born(t, "Tutor", "1970-01-01")
		mustFit(t, x.setParents(t, child.ID, registry.ParentsChange{Parent1: mother.ID, Parent2: father.ID, AgeReason: "the birth of the mother is estimated"}))
		ctx, a := t.Context(), registrar()
		_, err := x.AddSpouse(ctx, a, child.ID, registry.SpouseChange{Spouse: spouse.ID, Marriage: registry.Marriage{IsMarried: true, MarriedOn: "2022-05-01"}})
		mustFit(t, err)
		got, err := x.AddGuardian(ctx, a, child.ID, registry.GuardianChange{Guardian: tutor.ID, From: "2010-01-01", To: "2018-12-31"})
		mustFit(t, err)

		if stored := x.kinship(t, child.ID); fmt.Sprintf("%+v", stored) != fmt.Sprintf("%+v", got) && stored.ChainNo != got.ChainNo {
			t.Errorf("the answer to the change is %+v, then it is %+v", got, stored)
		}
		if got.ID != child.ID || got.ChainNo != 4 || got.IsAdopted || got.More {
			t.Errorf("kinship = %+v", got)
		}
		if want := (registry.Kin{ID: mother.ID, Number: mother.Number, Sex: "female"}); *got.Parent1 != want {
			t.Errorf("parent1 = %+v, want %+v", got.Parent1, want)
		}
		if got.Parent2.ID != father.ID || got.Parent2.Sex != "" {
			t.Errorf("parent2 = %+v", got.Parent2)
		}
		if len(got.Spouses) != 1 || got.Spouses[0].Number != spouse.Number || got.Spouses[0].Marriage != (registry.Marriage{IsMarried: true, MarriedOn: "2022-05-01"}) {
			t.Errorf("spouses = %+v", got.Spouses)
		}
		if len(got.Guardians) != 1 || got.Guardians[0] != (registry.GuardianshipOf{Kin: registry.Kin{ID: tutor.ID, Number: tutor.Number}, From: "2010-01-01", To: "2018-12-31"}) {
			t.Errorf("guardians = %+v", got.Guardians)
		}
		me := registry.Kin{ID: child.ID, Number: child.Number}
		if k := x.kinship(t, mother.ID); len(k.Children) != 1 || k.Children[0] != (registry.Child{Kin: me}) || k.Parent1 != nil {
			t.Errorf("of the mother: %+v", k)
		}
		if k := x.kinship(t, spouse.ID); len(k.Spouses) != 1 || k.Spouses[0].Kin != me || k.Spouses[0].MarriageID != got.Spouses[0].MarriageID {
			t.Errorf("of the spouse: %+v", k)
		}
		if k := x.kinship(t, tutor.ID); len(k.Wards) != 1 || k.Wards[0].Kin != me || k.Wards[0].To != "2018-12-31" {
			t.Errorf("of the guardian: %+v", k)
		}
		x.unbroken(t, child, mother, father, spouse, tutor)
	})
}

// A registrant is told of the own family no more than the ends of numbers, and
// nothing of children and wards, whichever way they ask.
func TestARegistrantIsToldLittleOfTheFamily(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		me, mother, kid := x.born(t, "Me", "1990-01-01"), x.born(t, "Mother", "1960-01-01"), x.born(t, "Kid", "2015-01-01")
		spouse, tutor, ward := x.born(t, "Spouse", "1990-01-01"), x.born(t, "Tutor", "1960-01-01"), x.born(t, "Ward", "2012-01-01")
		ctx, a, reason := t.Context(), registrar(), "taken from "+mother.Number
		mustFit(t, x.setParents(t, me.ID, registry.ParentsChange{Parent1: mother.ID, IsAdopted: true, Reason: reason, AgeReason: "a secret"}))
		mustFit(t, x.setParents(t, kid.ID, registry.ParentsChange{Parent2: me.ID, Reason: reason}))
		_, err := x.AddSpouse(ctx, a, me.ID, registry.SpouseChange{Spouse: spouse.ID, Marriage: registry.Marriage{IsMarried: true, MarriedOn: "2012-01-01"}, Reason: reason})
		mustFit(t, err)
		_, err = x.AddGuardian(ctx, a, me.ID, registry.GuardianChange{Guardian: tutor.ID, From: "2000-01-01", Reason: reason})
		mustFit(t, err)
		_, err = x.AddGuardian(ctx, a, ward.ID, registry.GuardianChange{Guardian: me.ID, From: "2020-01-01", Reason: reason})
		mustFit(t, err)

		mask := func(p registry.Person) string { return "SR-*******" + p.Number[len(p.Number)-4:] }
		k, err := x.Kinship(ctx, self(me.ID), me.ID)
		mustFit(t, err)
		if *k.Parent1 != (registry.Kin{Number: mask(mother)}) || k.Parent2 != nil || k.IsAdopted || k.Children != nil || k.Wards != nil || k.More || !k.Masked {
			t.Errorf("told: %+v", k)
		}
		if len(k.Spouses) != 1 || k.Spouses[0].Kin != (registry.Kin{Number: mask(spouse)}) || k.Spouses[0].MarriageID != uuid.Nil || k.Spouses[0].MarriedOn != "2012-01-01" {
			t.Errorf("spouses = %+v", k.Spouses)
		}
		if len(k.Guardians) != 1 || k.Guardians[0] != (registry.GuardianshipOf{Kin: registry.Kin{Number: mask(tutor)}, From: "2000-01-01"}) {
			t.Errorf("guardians = %+v", k.Guardians)
		}
		want := []string{"parent1:  > " + mask(mother), "spouse:  > " + mask(spouse), "guardian:  > " + mask(tutor)}
		if got := x.ties(t, self(me.ID), me.ID); !slices.Equal(got, want) {
			t.Errorf("history = %q, want %q", got, want)
		}
		log, err := x.History(ctx, self(me.ID), me.ID)
		mustFit(t, err)
		for _, secret := range []string{mother.Number, kid.Number, spouse.Number, tutor.Number, ward.Number, mother.ID.String(), "adopted", "a secret"} {
			if strings.Contains(fmt.Sprintf("%+v %+v", k, log), secret) {
				t.Errorf("%q is told to the registrant", secret)
			}
		}
		page, err := x.HistoryPage(ctx, self(me.ID), me.ID, "", 0)
		mustFit(t, err)
		if fmt.Sprintf("%+v", page.Entries) != fmt.Sprintf("%+v", log) {
			t.Errorf("a page tells %+v", page.Entries)
		}
		if len(log) != 4 { // those of a child and of a ward would be empty
			t.Errorf("%d entries, want 4 of 6", len(log))
		}
	})
}

// The whole table of permissions of kinship.
func TestWhoMayDoWhatWithKinship(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, other := x.born(t, "P", "1990-01-01"), x.born(t, "Q", "1960-01-01")
		ctx := t.Context()
		actors := map[string]registry.Actor{
			"admin": admin(), "registrar": registrar(), "attester": attester(), "auditor": actor(registry.RoleAuditor), "system": registry.System(),
			"self": self(p.ID), "somebody else": self(other.ID), "nobody": {},
		}
		// A right to write shows in an answer about what is written.
		methods := map[string]func(a registry.Actor) error{
			"Kinship":   func(a registry.Actor) error { _, err := x.Kinship(ctx, a, p.ID); return err },
			"Relatives": func(a registry.Actor) error { _, err := x.Relatives(ctx, a, p.ID, 1); return err },
			"SetParents": func(a registry.Actor) error {
				_, err := x.SetParents(ctx, a, p.ID, registry.ParentsChange{Expect: x.kinship(t, p.ID).ChainNo})
				return err
			},
			"AddSpouse": func(a registry.Actor) error {
				_, err := x.AddSpouse(ctx, a, p.ID, registry.SpouseChange{Spouse: other.ID, Marriage: registry.Marriage{IsSeparated: true}})
				return err
			},
			"EditSpouse": func(a registry.Actor) error {
				_, err := x.EditSpouse(ctx, a, p.ID, uuid.New(), registry.SpouseChange{})
				return allowed(err, "no_such_marriage")
			},
			"RemoveSpouse": func(a registry.Actor) error {
				_, err := x.RemoveSpouse(ctx, a, p.ID, uuid.New(), registry.SpouseChange{})
				return allowed(err, "invalid_kinship")
			},
			"AddGuardian": func(a registry.Actor) error {
				_, err := x.AddGuardian(ctx, a, p.ID, registry.GuardianChange{Guardian: other.ID})
				return allowed(err, "invalid_kinship")
			},
			"EndGuardian": func(a registry.Actor) error {
				_, err := x.EndGuardian(ctx, a, p.ID, registry.GuardianChange{})
				return allowed(err, "no_such_guardianship")
			},
			"RemoveGuardian": func(a registry.Actor) error {
				_, err := x.RemoveGuardian(ctx, a, p.ID, registry.GuardianChange{})
				return allowed(err, "invalid_kinship")
			},
		}
		for method, call := range methods {
			for name, a := range actors {
				want := "not_allowed"
				writer := name == "admin" || name == "registrar"
				staff := writer || name == "attester" || name == "auditor" || name == "system"
				switch {
				case name == "nobody":
					want = "sign_in_required"
				case writer, staff && (method == "Kinship" || method == "Relatives"), name == "self" && method == "Kinship":
					want = ""
				case method == "Kinship":
					want = "no_such_person"
				}
				got := ""
				if err := call(a); err != nil {
					got = fault.CodeOf(err)
				}
				if got != want {
					t.Errorf("%s by %s: %q, want %q", method, name, got, want)
				}
			}
		}
	})
}

// allowed drops an error that comes only after the permission.
func allowed(err error, code string) error {
	if err != nil && fault.CodeOf(err) == code {
		return nil
	}
	return err
}

func TestKinshipIsOfPeople(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, ctx, a := x.born(t, "P", "1990-01-01"), t.Context(), registrar()
		before := x.count(t, "change_log")
		for name, id := range map[string]uuid.UUID{"unknown": uuid.New(), "nil": uuid.Nil, "a group": x.household(t)} {
			_, err := x.Kinship(ctx, a, id)
			wantFault(t, err, fault.NotFound, "no_such_person")
			_, err = x.Relatives(ctx, a, id, 3)
			wantFault(t, err, fault.NotFound, "no_such_person")
			_, err = x.SetParents(ctx, a, id, registry.ParentsChange{Parent1: p.ID, Expect: 1})
			wantFault(t, err, fault.NotFound, "no_such_person")
			_, err = x.AddSpouse(ctx, a, id, registry.SpouseChange{Spouse: p.ID})
			wantFault(t, err, fault.NotFound, "no_such_person")
			_, err = x.EditSpouse(ctx, a, id, uuid.New(), registry.SpouseChange{})
			wantFault(t, err, fault.NotFound, "no_such_person")
			_, err = x.AddGuardian(ctx, a, id, registry.GuardianChange{Guardian: p.ID, From: "2020-01-01"})
			wantFault(t, err, fault.NotFound, "no_such_person")
			_, err = x.EndGuardian(ctx, a, id, registry.GuardianChange{Guardian: p.ID, To: "2020-01-01"})
			wantFault(t, err, fault.NotFound, "no_such_person")

			if name == "nil" { // nobody is named
				continue
			}
			_, err = x.SetParents(ctx, a, p.ID, registry.ParentsChange{Parent2: id, Expect: 1})
			wantFault(t, err, fault.NotFound, "no_such_person")
			_, err = x.AddSpouse(ctx, a, p.ID, registry.SpouseChange{Spouse: id})
			wantFault(t, err, fault.NotFound, "no_such_person")
			_, err = x.AddGuardian(ctx, a, p.ID, registry.GuardianChange{Guardian: id, From: "2020-01-01"})
			wantFault(t, err, fault.NotFound, "no_such_person")
		}
		if n := x.count(t, "parentage") + x.count(t, "spouse") + x.count(t, "guardianship"); n != 0 || x.count(t, "change_log") != before+1 {
			t.Errorf("%d rows were written", n)
		}
	})
}

// A change is about the state that somebody saw, and its words are checked.
func TestKinshipIsChangedFromWhatWasSeen(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, q, ctx, a := x.born(t, "P", "1990-01-01"), x.born(t, "Q", "1960-01-01"), t.Context(), registrar()
		married, err := x.AddSpouse(ctx, a, p.ID, registry.SpouseChange{Spouse: q.ID, Marriage: registry.Marriage{IsMarried: true}})
		mustFit(t, err)
		now, err := x.AddGuardian(ctx, a, p.ID, registry.GuardianChange{Guardian: q.ID, From: "2000-01-01"})
		mustFit(t, err)
		id := married.Spouses[0].MarriageID
		for _, seen := range []int64{0, now.ChainNo - 1, now.ChainNo + 1} {
			for _, err := range []error{
				errOf(x.SetParents(ctx, a, p.ID, registry.ParentsChange{Expect: seen})),
				errOf(x.EditSpouse(ctx, a, p.ID, id, registry.SpouseChange{Expect: seen})),
				errOf(x.RemoveSpouse(ctx, a, p.ID, id, registry.SpouseChange{Expect: seen, Reason: "r"})),
				errOf(x.EndGuardian(ctx, a, p.ID, registry.GuardianChange{Guardian: q.ID, To: "2001-01-01", Expect: seen})),
				errOf(x.RemoveGuardian(ctx, a, p.ID, registry.GuardianChange{Guardian: q.ID, From: "2000-01-01", Expect: seen, Reason: "r"})),
			} {
				wantFault(t, err, fault.Conflict, "version_conflict")
			}
		}
		_, err = x.SetParents(ctx, a, p.ID, registry.ParentsChange{Reason: strings.Repeat("é", 501), Expect: now.ChainNo})
		if got := fields(err); !slices.Equal(got, []string{"reason:too_long"}) {
			t.Errorf("fields = %v", got)
		}
		if k := x.kinship(t, p.ID); k.ChainNo != now.ChainNo {
			t.Errorf("something was written: %+v", k)
		}
	})
}

func errOf[T any](_ T, err error) error { return err }

func TestRulesOfKinshipAreNotNegative(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for _, rules := range []registry.KinshipRules{{Spouses: -1}, {ParentAge: -1}, {AdultAge: -1}} {
			if _, err := registry.New(t.Context(), registry.Config{DB: x.DB, Master: x.Master, Now: x.Clock.Now, Kinship: rules}); err == nil {
				t.Errorf("%+v is taken", rules)
			}
		}
	})
}

// withRules is the same registry under other rules.
func (x *fixture) withRules(t *testing.T, rules registry.KinshipRules) *fixture {
	t.Helper()
	r, err := registry.New(t.Context(), registry.Config{DB: x.DB, Master: x.Master, Now: x.Clock.Now, Kinship: rules})
	mustFit(t, err)
	return &fixture{Registry: r, DB: x.DB, Clock: x.Clock, Master: x.Master}
}
