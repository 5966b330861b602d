package registry_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// Attestations follow the value: away with it and back with it.
func TestSwitchingTheDefaultMovesWhatIsAttested(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		x.attest(t, p, registry.StateAttested, "", "region", "national_id", "sex")
		x.addVersion(t, p, "Survey", map[string]string{"region": "Coast", "national_id": "KE-9", "phone_number": ""}, false)
		x.Clock.Add(time.Hour)
		before := x.count(t, "registrant_version")

		survey := x.setDefault(t, p, 2)
		if survey.VersionNo != 2 || survey.LatestNo != 2 || survey.ChainNo != 4 || survey.Values["region"].Text != "Coast" || !survey.UpdatedAt.Equal(x.Clock.Now()) {
			t.Errorf("the record is %+v", survey)
		}
		if got := x.person(t, p.ID); got.Values["national_id"].Text != "KE-9" || got.ChainNo != 4 || got.VersionNo != 2 {
			t.Errorf("stored is %+v", got)
		}
		if got := x.attested(t, p); len(got) != 1 || got["sex"] == "" {
			t.Errorf("attested = %v after the switch", got)
		}
		if found := x.findIDs(t, "KE-9"); len(found) != 1 || found[0] != p.ID {
			t.Errorf("found %v by the new identifier", found)
		}
		if found := append(x.findIDs(t, "KE-4471 220/9"), x.findIDs(t, "+254711220998")...); len(found) != 0 {
			t.Errorf("found %v by an identifier that is gone", found)
		}
		page, err := x.Search(t.Context(), admin(), registry.Query{Field: "region", State: registry.StateAttested})
		if err != nil || len(page.People) != 0 {
			t.Errorf("search by state finds %v, %v", page.People, err)
		}

		back := x.setDefault(t, survey, 1)
		if got := x.attested(t, back); len(got) != 3 || got["region"] != "Nyanza" {
			t.Errorf("attested = %v after the return", got)
		}
		if found := x.findIDs(t, "+254711220998"); len(found) != 1 {
			t.Errorf("found %v by the phone number that is back", found)
		}
		if n := x.count(t, "registrant_version"); n != before {
			t.Errorf("%d versions, want %d: a switch makes none", n, before)
		}
		history, err := x.History(t.Context(), admin(), p.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := []registry.FieldChange{{Kind: registry.KindDefault, Old: "2", New: "1"}, {Field: "national_id", Kind: registry.KindValue, Old: "KE-9", New: "KE-4471 220/9"},
			{Field: "phone_number", Kind: registry.KindValue, New: "+254711220998"}, {Field: "region", Kind: registry.KindValue, Old: "Coast", New: "Nyanza"}}
		if last := history[len(history)-1]; !slices.Equal(last.Changes, want) || last.Reason != "compared at the office" || last.Actor != "registrar-1" {
			t.Errorf("the log says %+v", last)
		}
		again := x.setDefault(t, back, 1)
		if again.ChainNo != back.ChainNo || x.count(t, "change_log") != len(history) {
			t.Error("a switch to the default writes something")
		}
		x.verify(t, p.ID)
	})
}

// findIDs gives the people that a search finds by a text.
func (x *fixture) findIDs(t *testing.T, text string) (ids []uuid.UUID) {
	t.Helper()
	page, err := x.Search(t.Context(), admin(), registry.Query{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range page.People {
		ids = append(ids, p.ID)
	}
	return ids
}

func TestABadSwitchIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		x.addVersion(t, p, "Survey", map[string]string{"national_id": "KE-5"}, false)
		other := x.register(t, map[string]string{"full_name": "Brian", "national_id": "KE-5"})
		set := func(id uuid.UUID, number, expect int) error {
			_, err := x.SetDefault(t.Context(), registrar(), id, number, expect, "")
			return err
		}
		wantFault(t, set(p.ID, 2, 2), fault.Conflict, "version_conflict")
		for _, number := range []int{0, -1, 3, 1 << 40} {
			wantFault(t, set(p.ID, number, 1), fault.NotFound, "no_such_version")
		}
		wantFault(t, set(uuid.New(), 1, 1), fault.NotFound, "no_such_person")
		err := set(p.ID, 2, 1)
		wantFault(t, err, fault.Conflict, "identifier_taken")
		if got := fields(err); !slices.Equal(got, []string{"national_id:identifier_taken"}) {
			t.Errorf("mistakes = %v", got)
		}
		if now := x.person(t, p.ID); now.VersionNo != 1 || now.ChainNo != 2 || now.Values["national_id"].Text != "KE-4471 220/9" {
			t.Errorf("a refused switch left %+v", now)
		}
		x.edit(t, other, map[string]string{"national_id": "KE-6"})
		if err := set(p.ID, 2, 1); err != nil {
			t.Error(err)
		}
		x.verify(t, p.ID)
	})
}

// A switch and an edit at once: one of them is first, the other is told.
func TestSwitchesAndEditsAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		x.addVersion(t, p, "Survey", map[string]string{"region": "Coast"}, false)
		for range 5 {
			p = x.person(t, p.ID)
			to := 3 - min(p.VersionNo, 2)
			var edited, switched error
			var wg sync.WaitGroup
			wg.Go(func() {
				_, edited = x.Edit(t.Context(), registrar(), p.ID, registry.Change{Set: map[string]string{"locality": uuid.NewString()}, ExpectVersion: p.VersionNo})
			})
			wg.Go(func() { _, switched = x.SetDefault(t.Context(), registrar(), p.ID, to, p.VersionNo, "") })
			wg.Wait()
			switch {
			case edited == nil:
				wantFault(t, switched, fault.Conflict, "version_conflict")
			case switched == nil:
				wantFault(t, edited, fault.Conflict, "version_conflict")
			default:
				t.Errorf("both lost: %v, %v", edited, switched)
			}
		}
		x.verify(t, p.ID)
	})
}

// The record as it was at a moment is the version that was the default then.
func TestReadAsOfATime(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		start := x.Clock.Now()
		hour := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }
		p := x.register(t, amina()) // hour 0
		x.Clock.Add(time.Hour)
		x.addVersion(t, p, "Survey", map[string]string{"region": "Coast"}, false) // hour 1
		x.Clock.Add(time.Hour)
		p = x.edit(t, x.person(t, p.ID), map[string]string{"region": "Rift"}) // hour 2
		x.Clock.Add(time.Hour)
		p = x.setDefault(t, p, 2) // hour 3
		x.Clock.Add(time.Hour)
		p = x.setDefault(t, p, 1) // hour 4
		for _, c := range []struct {
			at                      time.Time
			version, latest, update int
			region                  string
		}{
			{hour(0), 1, 1, 0, "Nyanza"}, {hour(1), 1, 2, 0, "Nyanza"}, {hour(2).Add(-time.Microsecond), 1, 2, 0, "Nyanza"}, {hour(2), 3, 3, 2, "Rift"},
			{hour(3), 2, 3, 3, "Coast"}, {hour(4).Add(-time.Second), 2, 3, 3, "Coast"}, {hour(4), 1, 3, 4, "Nyanza"}, {hour(9999), 1, 3, 4, "Nyanza"},
		} {
			got, err := x.PersonAt(t.Context(), self(p.ID), p.ID, c.at)
			if err != nil || got.VersionNo != c.version || got.LatestNo != c.latest || got.Values["region"].Text != c.region || !got.UpdatedAt.Equal(hour(c.update)) ||
				got.Number != p.Number || got.Values["national_id"].Text != "KE-4471 220/9" {
				t.Errorf("at %v: %+v, %v; want version %d of %d", c.at, got, err, c.version, c.latest)
			}
		}
		_, err := x.PersonAt(t.Context(), admin(), p.ID, start.Add(-time.Microsecond))
		wantFault(t, err, fault.NotFound, "not_registered_then")
		_, err = x.PersonAt(t.Context(), self(uuid.New()), p.ID, start)
		wantFault(t, err, fault.NotFound, "no_such_person")
		_, err = x.PersonAt(t.Context(), registry.Actor{}, p.ID, start)
		wantFault(t, err, fault.Unauthenticated, "sign_in_required")
	})
}

// A group as it was at a moment: its values, and who was in it on that day.
func TestAGroupAsOfATime(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		start, day := x.Clock.Now(), 24*time.Hour
		all := x.people(t, "Amina", "Brian")
		g := x.group(t, "household", as("head", all[0], ""))
		x.Clock.Add(day)
		x.addMembers(t, g.ID, as("child", all[1], "")) // day 1
		x.Clock.Add(day)
		edited, err := x.EditGroup(t.Context(), registrar(), g.ID, registry.Change{Set: map[string]string{"rooms_count": "4"}, ExpectVersion: 1}) // day 2
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			at            time.Time
			version, size int
			rooms         string
		}{{start, 1, 1, ""}, {start.Add(day), 1, 2, ""}, {start.Add(2*day - time.Microsecond), 1, 2, ""}, {start.Add(2 * day), 2, 2, "4"}, {start.Add(9 * day), 2, 2, "4"}} {
			got, err := x.GroupAt(t.Context(), admin(), g.ID, c.at)
			if err != nil || got.VersionNo != c.version || got.Size != c.size || got.Values["rooms_count"].Text != c.rooms || got.Number != g.Number {
				t.Errorf("at %v: %+v, %v; want version %d and %d members", c.at, got, err, c.version, c.size)
			}
		}
		diff, err := x.CompareVersions(t.Context(), admin(), g.ID, "1", registry.DefaultVersion)
		if err != nil || diff.To.No != edited.VersionNo || len(diff.Differences) != 1 || diff.Differences[0].Field != "rooms_count" {
			t.Errorf("comparison = %+v, %v", diff, err)
		}
		_, err = x.GroupAt(t.Context(), admin(), g.ID, start.Add(-time.Microsecond))
		wantFault(t, err, fault.NotFound, "not_registered_then")
		_, err = x.GroupAt(t.Context(), admin(), all[0].ID, start)
		wantFault(t, err, fault.NotFound, "no_such_group")
		_, err = x.GroupAt(t.Context(), self(all[1].ID), g.ID, start)
		wantFault(t, err, fault.NotFound, "no_such_person")
	})
}

func TestCompareAnyTwoVersions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		x.addVersion(t, p, "Survey 2026", map[string]string{"region": "Coast", "email": "", "locality": "Mombasa", "national_id": "KE-9"}, false)
		compare := func(from, to string) (registry.Comparison, error) {
			return x.CompareVersions(t.Context(), self(p.ID), p.ID, from, to)
		}
		for _, names := range [][2]string{{"1", "2"}, {"default", "Survey 2026"}, {"Default", " Survey  2026"}, {"1", "Survey 2026"}} {
			c, err := compare(names[0], names[1])
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range c.Differences {
				got = append(got, d.Field+"|"+d.Label["en"]+"|"+d.Old.Text+"|"+d.New.Text)
			}
			want := []string{"national_id|National identification number|KE-4471 220/9|KE-9", "email|E-mail address|amina@example.org|",
				"locality|" + x.label(t, "locality") + "||Mombasa", "region|" + x.label(t, "region") + "|Nyanza|Coast"}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) || c.From.No != 1 || c.To.No != 2 || c.To.Label != "Survey 2026" || c.From.Values != nil {
				t.Errorf("%v: %q\nwant %q; %+v", names, got, want, c)
			}
		}
		if c, err := compare("2", "2"); err != nil || len(c.Differences) != 0 {
			t.Errorf("a version differs from itself: %+v, %v", c, err)
		}
		for _, name := range []string{"3", "0", "-1", "99999999999", "survey 2026", "", "a\x00b", "\xff"} {
			_, err := compare(name, "1")
			wantFault(t, err, fault.NotFound, "no_such_version")
		}
		_, err := x.CompareVersions(t.Context(), self(uuid.New()), p.ID, "1", "2")
		wantFault(t, err, fault.NotFound, "no_such_person")
	})
}

// label is the English label of a field.
func (x *fixture) label(t *testing.T, key string) string {
	t.Helper()
	list, err := x.Fields(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(f registry.Field) bool { return f.Key == key })
	return list[i].Label["en"]
}

// Who may name a version and choose the default, and who may not.
func TestWhoMayChooseTheDefault(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		for _, a := range []registry.Actor{admin(), registrar()} {
			now := x.person(t, p.ID)
			if _, err := x.AddVersion(t.Context(), a, p.ID, a.Name, registry.Change{ExpectVersion: now.VersionNo}, true); err != nil {
				t.Error(err)
			}
			if _, err := x.SetDefault(t.Context(), a, p.ID, 1, now.LatestNo+1, ""); err != nil {
				t.Error(err)
			}
			if _, err := x.CountDefaultSwitch(t.Context(), a, "Survey", registry.Query{}); err != nil {
				t.Error(err)
			}
		}
		worker := actor(registry.RoleFieldWorker) // brings the survey, and does not decide about it
		if _, err := x.AddVersion(t.Context(), worker, p.ID, "Survey", registry.Change{ExpectVersion: 1}, false); err != nil {
			t.Error(err)
		}
		for _, a := range []registry.Actor{worker, attester(), actor(registry.RoleAuditor), registry.System(), self(p.ID), {}} {
			kind, code := fault.Forbidden, "not_allowed"
			if len(a.Roles) == 0 {
				kind, code = fault.Unauthenticated, "sign_in_required"
			}
			if !a.Has(registry.RoleFieldWorker) {
				_, err := x.AddVersion(t.Context(), a, p.ID, "Own", registry.Change{ExpectVersion: 1}, true)
				wantFault(t, err, kind, code)
			}
			_, err := x.SetDefault(t.Context(), a, p.ID, 1, 1, "")
			wantFault(t, err, kind, code)
			_, err = x.CountDefaultSwitch(t.Context(), a, "Survey", registry.Query{})
			wantFault(t, err, kind, code)
			_, err = x.SetDefaultByLabel(t.Context(), a, registry.DefaultSwitch{Label: "Survey"})
			wantFault(t, err, kind, code)
		}
	})
}

// What the registry itself keeps is a fact of today: an old version brings back
// no enrolment that has ended, and takes none away.
func TestASwitchKeepsEnrolments(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.programme(t, cash())
		enrol := func(p registry.Person, s registry.EnrolmentStatus) registry.Person {
			t.Helper()
			if _, err := x.Enrol(t.Context(), registrar(), p.ID, registry.EnrolmentChange{Programme: "cash", Status: s, ExpectVersion: p.VersionNo}); err != nil {
				t.Fatal(err, fields(err))
			}
			return x.person(t, p.ID)
		}
		p := x.register(t, amina())
		x.addVersion(t, p, "Survey", map[string]string{"region": "Coast"}, false)
		p = enrol(x.person(t, p.ID), registry.EnrolmentEnrolled) // version 3
		x.attest(t, p, registry.StateAttested, "", "programme_cash", "region")

		p = x.setDefault(t, p, 2)
		if p.VersionNo != 4 || p.LatestNo != 4 || p.Values["region"].Text != "Coast" || p.Values["programme_cash"].Text != "ENROLLED" {
			t.Errorf("the record is %+v", p)
		}
		if got := x.attested(t, p); len(got) != 1 || got["programme_cash"] != "ENROLLED" {
			t.Errorf("attested = %v", got)
		}
		versions, err := x.Versions(t.Context(), admin(), p.ID)
		if err != nil || versions[3].Basis != 2 || versions[3].Label != "" || versions[1].Basis != 0 {
			t.Errorf("versions = %+v, %v", versions, err)
		}
		if again := x.setDefault(t, p, 2); again.ChainNo != p.ChainNo || again.LatestNo != 4 {
			t.Errorf("the same again is %+v", again)
		}
		if got := x.countSwitch(t, "Survey", registry.Query{}); got != (registry.SwitchCount{Already: 1}) {
			t.Errorf("count = %+v", got)
		}

		p = enrol(p, registry.EnrolmentExited) // version 5
		p = x.setDefault(t, p, 3)
		if p.VersionNo != 6 || p.Values["region"].Text != "Nyanza" || p.Values["programme_cash"].Text != "EXITED" {
			t.Errorf("after the end the record is %+v", p)
		}
		if got := x.attested(t, p); len(got) != 1 || got["region"] != "Nyanza" {
			t.Errorf("attested = %v after the end", got)
		}
		x.verify(t, p.ID)
		x.noDrift(t)
		x.exec(t, "UPDATE registrant_version SET basis = 1 WHERE registrant_id = ? AND version_no = 6", p.ID)
		if err := x.VerifyChain(t.Context(), p.ID); !errors.Is(err, registry.ErrChainBroken) {
			t.Errorf("another basis: %v, want ErrChainBroken", err)
		}
	})
}
