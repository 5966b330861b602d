package registry_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// found is the number of people whom values find.
func (x *fixture) found(t *testing.T, equals map[string]string) int {
	t.Helper()
	page, err := x.Search(t.Context(), registrar(), registry.Query{Equals: equals})
	if err != nil {
		t.Fatal(equals, err)
	}
	return len(page.People)
}

// Searchable fields of every kind find people, through registrations, edits and
// imports alike, and only by whole values.
func TestSearchableFields(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		choices := []registry.Choice{{Value: "food", Label: label("Food")}, {Value: "cash", Label: label("Cash")}}
		x.define(t, registry.Field{Key: "ward", Type: registry.TypeText, Searchable: true, Label: label("Ward"), MaxLength: 4000},
			registry.Field{Key: "aids", Type: registry.TypeMultiChoice, Choices: choices, Searchable: true, Label: label("Aids")},
			registry.Field{Key: "rooms", Type: registry.TypeNumber, Searchable: true, Label: label("Rooms")},
			registry.Field{Key: "crowded", Type: registry.TypeComputed, Result: registry.TypeBoolean, Rule: "rooms < 2", Searchable: true, Label: label("Crowded")})
		p := x.register(t, map[string]string{"given_name": "Amina", "national_id": "ID-1", "ward": "Ångström Ward", "aids": "food,cash", "rooms": "01"})
		x.load(t, "Given name,National ID,ward,aids,rooms\nBrian,ID-2,north,cash,3\nChen,ID-3,,,\n", create(), "2 0 0 0")
		check := func(want int, equals map[string]string) {
			t.Helper()
			if got := x.found(t, equals); got != want {
				t.Errorf("%v finds %d, want %d", equals, got, want)
			}
		}
		check(1, map[string]string{"ward": "ångström ward"})
		check(1, map[string]string{"ward": "A\u030angstro\u0308m WARD"})
		check(0, map[string]string{"ward": "ångström"})
		check(2, map[string]string{"aids": "cash"})
		check(1, map[string]string{"aids": "cash, food"})
		check(1, map[string]string{"rooms": "1.0"})
		check(1, map[string]string{"crowded": "yes"})
		check(1, map[string]string{"crowded": "false", "ward": "NORTH"})
		check(0, map[string]string{"crowded": "true", "ward": "NORTH"})

		long := strings.Repeat("ﷺ", 4000)
		x.edit(t, p, map[string]string{"ward": long, "aids": "", "rooms": "2"})
		check(1, map[string]string{"ward": long})
		check(0, map[string]string{"ward": long[3:]})
		check(1, map[string]string{"aids": "cash"})
		check(0, map[string]string{"crowded": "true"})
		x.load(t, "National ID,ward,aids\nID-2,South,food\nID-1,south,cash\n", update(), "0 2 0 0")
		check(2, map[string]string{"ward": "south"})
		check(0, map[string]string{"ward": "north"})
		check(1, map[string]string{"aids": "food"})

		for _, equals := range []map[string]string{{"nothing": "a"}, {"region": "a"}, {"ward": ""}, {"ward": "a\x00"},
			{"ward": "a", "aids": "a", "rooms": "1", "crowded": "a", "x": "1", "y": "2"}} {
			_, err := x.Search(t.Context(), registrar(), registry.Query{Equals: equals})
			wantFault(t, err, fault.Invalid, "bad_query")
		}
	})
}

// A field becomes searchable while people register and edit: nobody waits, and
// in the end everybody is found.
func TestAFieldBecomesSearchable(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		f := x.defined(t, registry.Field{Key: "ward", Type: registry.TypeText})
		const before, after = 30, 30
		var first []registry.Person
		for i := range before {
			first = append(first, x.register(t, map[string]string{"given_name": fmt.Sprint("P", i), "ward": "north"}))
		}
		_, err := x.Search(t.Context(), registrar(), registry.Query{Equals: map[string]string{"ward": "north"}})
		wantFault(t, err, fault.Invalid, "bad_query")
		wantFault(t, x.IndexField(t.Context(), admin(), "ward", nil), fault.Conflict, "not_searchable")
		wantFault(t, x.IndexField(t.Context(), admin(), "nothing", nil), fault.NotFound, "no_such_field")
		wantFault(t, x.IndexField(t.Context(), registrar(), "ward", nil), fault.Forbidden, "not_allowed")

		var wg sync.WaitGroup
		wg.Go(func() {
			for i := range after {
				x.register(t, map[string]string{"given_name": fmt.Sprint("Q", i), "ward": "north"})
				x.edit(t, first[i], map[string]string{"ward": "south"})
			}
		})
		f.Searchable = true
		if f = x.update(t, f); f.Indexed {
			t.Error("the index is open before it is whole")
		}
		_, err = x.Search(t.Context(), registrar(), registry.Query{Equals: map[string]string{"ward": "north"}})
		wantFault(t, err, fault.Invalid, "bad_query")
		seen := 0
		if err := x.IndexField(t.Context(), registry.System(), "ward", func(n int) { seen = n }); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		if n, s := x.found(t, map[string]string{"ward": "north"}), x.found(t, map[string]string{"ward": "south"}); n != after || s != before || seen < before {
			t.Errorf("%d in the north and %d in the south are found, %d were looked at", n, s, seen)
		}
		if g := x.field(t, "ward"); !g.Indexed || g.Version != 2 {
			t.Errorf("the definition says %+v", g)
		}

		// Off and on again: what was left behind is put right.
		f = x.field(t, "ward")
		f.Searchable = false
		f = x.update(t, f)
		x.edit(t, x.find(t, "q0"), map[string]string{"ward": ""})
		f.Searchable = true
		x.update(t, f)
		if err := x.IndexField(t.Context(), admin(), "ward", nil); err != nil {
			t.Fatal(err)
		}
		if n := x.found(t, map[string]string{"ward": "north"}); n != after-1 {
			t.Errorf("%d are found, want %d", n, after-1)
		}
	})
}

// A registration that began before the definition said searchable, and commits after
// the scan would have passed, is found: the scan waits for it, and for nobody who begins
// meanwhile.
func TestAnIndexWaitsForRegistrationsFromBefore(t *testing.T) {
	t.Parallel()
	x := newFixture(t, dbtest.New(t, "postgres")) // on SQLite the definition itself waits: there is one writer
	f := x.defined(t, registry.Field{Key: "ward", Type: registry.TypeText})
	x.register(t, map[string]string{"given_name": "Amina", "ward": "north"})
	hold := func(name string) (release func()) {
		held, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		ctx := db.Besides(t.Context(), func(*gorm.DB, db.Time) error {
			close(held)
			<-goOn
			return nil
		})
		go func() {
			_, err := x.Register(ctx, registrar(), registry.Change{Set: map[string]string{"given_name": name, "ward": "north"}})
			done <- err
		}()
		<-held
		return sync.OnceFunc(func() {
			close(goOn)
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	before := hold("Brian")
	t.Cleanup(before)
	f.Searchable = true
	x.update(t, f)
	steps, indexed := make(chan int, 10), make(chan error, 1)
	go func() { indexed <- x.IndexField(t.Context(), admin(), "ward", func(n int) { steps <- n }) }()
	select {
	case n := <-steps:
		t.Errorf("%d records are looked at while somebody writes by the definition from before", n)
	case err := <-indexed:
		t.Errorf("the index is open: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	if x.field(t, "ward").Indexed {
		t.Error("the field is open to searches")
	}
	after := hold("Chen")
	t.Cleanup(after)
	before()
	if err := <-indexed; err != nil { // while the other is at work still
		t.Fatal(err)
	}
	if n := x.found(t, map[string]string{"ward": "north"}); n != 2 {
		t.Errorf("%d are found, want 2", n)
	}
	after()
	if n := x.found(t, map[string]string{"ward": "north"}); n != 3 {
		t.Errorf("%d are found, want 3", n)
	}
}

// A definition that changes while the index is filled, between two batches or before
// the index is opened, lets the scan begin anew: meanwhile, changes may not have
// written the index.
func TestAnIndexIsOfTheDefinitionThatStands(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		f := x.defined(t, registry.Field{Key: "ward", Type: registry.TypeText})
		p := x.register(t, map[string]string{"given_name": "Amina", "ward": "north"})
		f.Searchable = true
		f = x.update(t, f)
		batches := 0
		moved := map[int]string{2: "south", 5: "east"} // a scan is three steps: the beginning, the person, and the end
		err := x.IndexField(t.Context(), admin(), "ward", func(int) {
			batches++
			if ward := moved[batches]; ward != "" {
				f.Searchable = false
				f = x.update(t, f)
				p = x.edit(t, p, map[string]string{"ward": ward})
				f.Searchable = true
				f = x.update(t, f)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if batches != 8 {
			t.Errorf("%d steps, want 2, 3 and 3", batches)
		}
		for ward, want := range map[string]int{"north": 0, "south": 0, "east": 1} {
			if got := x.found(t, map[string]string{"ward": ward}); got != want {
				t.Errorf("%s: %d are found, want %d", ward, got, want)
			}
		}
	})
}
