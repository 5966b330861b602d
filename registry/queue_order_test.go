package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/registry"
	"socialregistry/registry/attestation"
)

// Who has waited longest is first, across pages, while others decide: nobody is
// passed over, and nobody comes twice.
func TestAQueueGoesByAgeWhileOthersDecide(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		var all []registry.Person
		for i := range 9 {
			x.Clock.Add(time.Hour)
			all = append(all, x.register(t, map[string]string{"full_name": fmt.Sprint("Person ", i), "region": "Coast"}))
		}
		for _, i := range []int{0, 4} { // their names are decided on: a new region waits since now
			x.attest(t, all[i], registry.StateAttested, "", "full_name")
			x.Clock.Add(time.Hour)
			all[i] = x.edit(t, all[i], map[string]string{"region": "Rift"})
		}
		var seen []uuid.UUID
		for after, n := "", 0; n == 0 || after != ""; n++ {
			page, err := x.QueuePage(t.Context(), attester(), registry.QueueUndecided, after, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range page.People {
				seen = append(seen, p.ID)
			}
			switch n {
			case 0: // somebody of this page, and somebody of the next one
				x.attest(t, all[1], registry.StateAttested, "", "full_name", "region")
				x.attest(t, all[2], registry.StateAttested, "", "full_name", "region")
				x.attest(t, all[3], registry.StateAttested, "", "full_name", "region")
			case 1:
				x.register(t, map[string]string{"full_name": "One more"})
			}
			after = page.Next
		}
		var want []uuid.UUID
		for _, i := range []int{1, 2, 5, 6, 7, 8, 0, 4} {
			want = append(want, all[i].ID)
		}
		if len(seen) != 9 || !slices.Equal(seen[:8], want) {
			t.Errorf("the queue is %v, want %v and one more", seen, want)
		}
		x.pagesOf(t, registry.QueueUndecided)
	})
}

// Two work at once, each from one person to the next: everybody is decided on.
func TestTwoWorkThroughAQueueAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for i := range 12 {
			x.register(t, map[string]string{"full_name": fmt.Sprint("Person ", i)})
		}
		var wait sync.WaitGroup
		for range 2 {
			wait.Go(func() {
				for at := ""; ; {
					id, place, err := x.NextInQueue(t.Context(), attester(), registry.QueueUndecided, at)
					if err != nil || id == uuid.Nil {
						if err != nil {
							t.Error(err)
						}
						return
					}
					at = place
					if err := x.Attest(t.Context(), attester(), id, 1, []registry.Decision{{Field: "full_name", State: registry.StateAttested}}); err != nil {
						t.Log("the other was first:", err)
					}
				}
			})
		}
		wait.Wait()
		if n, err := x.QueueCount(t.Context(), attester(), registry.QueueUndecided); err != nil || n != 0 {
			t.Errorf("%d wait still, %v", n, err)
		}
		x.waitingHolds(t, "two at once")
	})
}

// A definition changes while people write: no value of theirs is forgotten.
func TestADefinitionChangesWhilePeopleWrite(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		keys := []string{"ward", "street", "house", "floor"}
		for _, key := range keys {
			x.define(t, registry.Field{Key: key, Type: registry.TypeText, Label: label("Where")})
		}
		p := x.register(t, map[string]string{"full_name": "Person", "ward": "North"})
		var wait sync.WaitGroup
		for n := range 3 {
			wait.Go(func() {
				for i := range 8 {
					set := map[string]string{"full_name": fmt.Sprint("Person ", n, i), "ward": "North", "street": "A", "house": "1", "floor": "0"}
					if _, err := x.Register(t.Context(), registrar(), registry.Change{Set: set, Reason: "visit"}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for _, key := range keys {
			f, err := x.Field(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			f.Attestable = true
			if _, err = x.UpdateField(t.Context(), admin(), f, "otherwise"); err != nil {
				wait.Wait()
				t.Fatal(err, fields(err))
			}
		}
		wait.Wait()
		x.waitingHolds(t, "all that")
		x.attest(t, p, registry.StateAttested, "", "full_name")
		x.waitingHolds(t, "a decision")
	})
}

// Awaiting is whoever has a detail that nobody has decided on and that the reader
// sees and may decide on: by place, by part of the record, and by what is hidden.
func TestAQueueIsOfWhatItsReaderMayDecide(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, "code,parent,level,name_en\nKE,,0,Kenya\nKE-1,KE,1,Nyanza\nKE-2,KE,1,Coast\n")
		x.define(t, registry.Field{Key: "income", Section: "money", Type: registry.TypeText, Label: label("Income"), Attestable: true,
			Attestation: attestation.Policy{DeadlineDays: 5}})
		x.define(t, registry.Field{Key: "illness", Section: "health", Type: registry.TypeText, Label: label("Illness"), Attestable: true,
			SeeBy: []registry.Role{registry.RoleAdmin}})
		set := func(name, region, key, value string) registry.Person {
			x.Clock.Add(time.Hour)
			p := x.register(t, map[string]string{"full_name": name, "region": region, key: value})
			x.attest(t, p, registry.StateAttested, "", "full_name", "region")
			return p
		}
		ill, poor := set("Ill", "Nyanza", "illness", "flu"), set("Poor", "Nyanza", "income", "low")
		far, none := set("Far", "Coast", "income", "low"), set("None", "Coast", "email", "")
		attests := func(area, section string) registry.Grant {
			return registry.Grant{Role: registry.RoleAttester, Area: area, Section: section}
		}
		x.Clock.Add(10 * 24 * time.Hour)
		for name, c := range map[string]struct {
			who  registry.Actor
			want []registry.Person
		}{
			"all":            {admin(), []registry.Person{ill, poor, far}},
			"not hidden":     {attester(), []registry.Person{poor, far}},
			"who only reads": {actor(registry.RoleAuditor), []registry.Person{poor, far}},
			"a place":        {within(attests("KE-1", "")), []registry.Person{poor}},
			"a part":         {within(attests("", "money")), []registry.Person{poor, far}},
			"another part":   {within(attests("", "health")), nil},
			"both":           {within(attests("KE-1", "health"), attests("KE-2", "money")), []registry.Person{far}},
		} {
			page, err := x.QueuePage(t.Context(), c.who, registry.QueueUndecided, "", 10)
			if err != nil {
				t.Fatal(err)
			}
			var got, want []string
			for _, p := range page.People {
				got = append(got, p.ID.String())
				if len(page.Waits[p.ID]) != 1 {
					t.Errorf("%s: %s waits for %v", name, p.ID, page.Waits[p.ID])
				}
			}
			for _, p := range c.want {
				want = append(want, p.ID.String())
			}
			if n, err := x.QueueCount(t.Context(), c.who, registry.QueueUndecided); err != nil || n != len(want) || !slices.Equal(got, want) {
				t.Errorf("%s: %v (%d, %v), want %v", name, got, n, err, want)
			}
			if late, err := x.QueuePage(t.Context(), c.who, registry.QueueOverdue, "", 10); err != nil || len(late.People) != len(slices.DeleteFunc(want, func(id string) bool { return id == ill.ID.String() })) {
				t.Errorf("%s: %d are late, %v", name, len(late.People), err)
			}
		}
		x.waitingHolds(t, none.Number)
	})
}

// The queues are read in their order, and no further than the page.
func TestQueuesAreReadByTheirIndex(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.register(t, amina())
		for _, s := range among(capture(t, x.DB, func() {
			if _, err := x.QueuePage(t.Context(), attester(), registry.QueueUndecided, "", 10); err != nil {
				t.Error(err)
			}
		}), "waiting_since") {
			if plan := x.planWithout(t, []string{"seqscan", "bitmapscan"}, s.sql, s.args...); !strings.Contains(plan, "waiting_oldest") || strings.Contains(plan, "TEMP B-TREE FOR ORDER") {
				t.Errorf("%s", plan)
			}
		}
	})
}
