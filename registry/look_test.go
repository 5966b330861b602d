package registry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// Who of the staff reads a record stands there once for each day, with the purpose
// that was said first; the service, the person and the family do not look.
func TestLooksAreWrittenDown(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		other := x.register(t, map[string]string{"full_name": "Brian"})
		reader, program := attester(), registrar()
		program.Purpose = " the yearly visit "
		read := func(a registry.Actor) {
			t.Helper()
			if _, err := x.Person(t.Context(), a, p.ID); err != nil {
				t.Fatal(err)
			}
		}
		read(registry.System())
		read(self(p.ID))
		if n := x.count(t, "record_look"); n != 0 {
			t.Fatalf("%d looks of the service and the person", n)
		}
		for range 3 {
			read(reader)
		}
		late := program
		late.Purpose = ""
		read(late)
		read(program) // the purpose is said later
		program.Purpose = "another"
		read(program)
		if _, err := x.Person(t.Context(), self(other.ID), p.ID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("somebody else: %v", err)
		}
		if n := x.count(t, "record_look"); n != 2 {
			t.Errorf("%d looks of one day, want 2", n)
		}
		x.Clock.Add(24 * time.Hour)
		if _, err := x.HistoryPage(t.Context(), reader, p.ID, "", 0); err != nil {
			t.Error(err)
		}
		if _, err := x.FieldStates(t.Context(), reader, p.ID); err != nil {
			t.Error(err)
		}
		page, err := x.Looks(t.Context(), admin(), p.ID, "", 2)
		if err != nil || len(page.Looks) != 2 || page.Next == "" || page.Looks[0].AccountID != reader.AccountID || page.Looks[1].Purpose != "the yearly visit" || page.Looks[1].Name == "" {
			t.Errorf("the first page: %+v, %v", page, err)
		}
		if page, err = x.Looks(t.Context(), admin(), p.ID, page.Next, 2); err != nil || len(page.Looks) != 1 || page.Next != "" || !page.Looks[0].At.Equal(x.Clock.Now().Add(-24*time.Hour)) {
			t.Errorf("the second page: %+v, %v", page, err)
		}
		own, err := x.Looks(t.Context(), self(p.ID), p.ID, "", 0)
		if err != nil || len(own.Looks) != 3 {
			t.Fatalf("the person sees %+v, %v", own, err)
		}
		for _, l := range own.Looks {
			if l.Name != "" || l.AccountID != uuid.Nil || len(l.Roles) == 0 {
				t.Errorf("the person is told %+v", l)
			}
		}
		for name, a := range map[string]registry.Actor{"registrar": registrar(), "attester": attester()} {
			if _, err := x.Looks(t.Context(), a, p.ID, "", 0); fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := x.Looks(t.Context(), self(other.ID), p.ID, "", 0); fault.KindOf(err) != fault.NotFound {
			t.Errorf("somebody else sees who looked: %v", err)
		}
		program.Purpose = strings.Repeat("x", 201)
		if _, err := x.Person(t.Context(), program, p.ID); fault.CodeOf(err) != "bad_purpose" {
			t.Errorf("a long purpose: %v", err)
		}
		if n, err := x.PurgeLooks(t.Context(), 0); err != nil || n != 0 {
			t.Errorf("purged %d that nobody was told of, %v", n, err)
		}
		looks, err := x.UntoldLooks(t.Context(), 10)
		if err != nil || len(looks) != 3 || looks[0].Kind != registry.PersonKind {
			t.Fatalf("untold: %+v, %v", looks, err)
		}
		if err := x.LooksTold(t.Context(), looks); err != nil {
			t.Fatal(err)
		}
		if n, err := x.PurgeLooks(t.Context(), 0); err != nil || n != 2 {
			t.Errorf("purged %d, %v, want those of yesterday", n, err)
		}
	})
}

// A record that cannot be written down as read is not read.
func TestNobodyReadsUnseen(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		x.exec(t, "ALTER TABLE record_look RENAME TO away")
		if got, err := x.Person(t.Context(), attester(), p.ID); err == nil {
			t.Errorf("read unseen: version %d", got.VersionNo)
		}
	})
}

// Whoever finds people with their values has read them all, in one statement and once a
// day; a list of names gives no other value, and is no look.
func TestAPageOfPeopleIsLookedAt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		x.register(t, map[string]string{"given_name": "Amina", "family_name": "Otieno", "birth_date": "1991-03-04", "region": "Coast"})
		reader := attester()
		find := func(q registry.Query) []registry.Person {
			t.Helper()
			page, err := x.Search(t.Context(), reader, q)
			if err != nil || len(page.People) != 2 {
				t.Fatalf("found %d, %v", len(page.People), err)
			}
			return page.People
		}
		looks := func(what string, want int) {
			t.Helper()
			if n := x.count(t, "record_look"); n != want {
				t.Errorf("%d looks after %s, want %d", n, what, want)
			}
		}
		for _, found := range find(registry.Query{Text: "amina", Names: true}) {
			if found.Number == "" || found.Values["given_name"].Text != "Amina" || found.Values["birth_date"].Text != "" || found.Values["phone_number"].Text != "" {
				t.Errorf("a list of names gives %+v", found.Values)
			}
		}
		queue, err := x.QueuePage(t.Context(), reader, registry.QueueUndecided, "", 0)
		if err != nil || len(queue.People) != 2 || queue.People[0].Values["given_name"].Text != "Amina" || queue.People[0].Values["region"].Text != "" {
			t.Errorf("a queue gives %+v, %v", queue, err)
		}
		looks("lists of names", 0)
		if _, err := x.Person(t.Context(), reader, p.ID); err != nil {
			t.Fatal(err)
		}
		looks("one record", 1)
		for range 2 {
			if found := find(registry.Query{Text: "amina"}); found[0].Values["birth_date"].Text == "" {
				t.Error("a search gives no values")
			}
		}
		looks("a search for both", 2)
		if page, err := x.Search(t.Context(), registry.System(), registry.Query{}); err != nil || len(page.People) != 2 {
			t.Errorf("the service finds %d, %v", len(page.People), err)
		}
		looks("a search of the service", 2)
		x.exec(t, "ALTER TABLE record_look RENAME TO away")
		if _, err := x.Search(t.Context(), attester(), registry.Query{Text: "amina"}); err == nil {
			t.Error("found unseen")
		}
	})
}

// Whoever reads what somebody asked to change, and what belongs to a record beside its
// values, has read the record.
func TestWhatBelongsToARecordIsLookedAt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		asked, err := x.RequestChange(t.Context(), registrar(), p.ID, registry.Change{Set: map[string]string{"region": "Coast"}, Reason: "moved"}, false)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for name, read := range map[string]func(a registry.Actor) error{
			"its requests": func(a registry.Actor) error {
				return errOf(x.RequestsOf(t.Context(), a, p.ID, registry.RequestQuery{}))
			},
			"all requests":   func(a registry.Actor) error { return errOf(x.ChangeRequests(t.Context(), a, registry.RequestQuery{})) },
			"one request":    func(a registry.Actor) error { return errOf(x.ChangeRequest(t.Context(), a, asked[0].ID)) },
			"the family":     func(a registry.Actor) error { return errOf(x.Relatives(t.Context(), a, p.ID, 1)) },
			"programmes":     func(a registry.Actor) error { return errOf(x.Enrolments(t.Context(), a, p.ID)) },
			"its households": func(a registry.Actor) error { return errOf(x.Memberships(t.Context(), a, p.ID, "", 0)) },
		} {
			reader := admin()
			for range 2 {
				if err := read(reader); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			want++
			if n := x.count(t, "record_look"); n != want {
				t.Errorf("%d looks after %s, want %d", n, name, want)
			}
		}
	})
}
