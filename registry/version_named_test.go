package registry_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func (x *fixture) addVersion(t *testing.T, p registry.Person, label string, set map[string]string, makeDefault bool) registry.Version {
	t.Helper()
	v, err := x.AddVersion(t.Context(), registrar(), p.ID, label, registry.Change{Set: set, Reason: "field visit", ExpectVersion: p.VersionNo}, makeDefault)
	if err != nil {
		t.Fatal(err, fields(err))
	}
	return v
}

func (x *fixture) person(t *testing.T, id uuid.UUID) registry.Person {
	t.Helper()
	p, err := x.Person(t.Context(), admin(), id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (x *fixture) setDefault(t *testing.T, p registry.Person, number int) registry.Person {
	t.Helper()
	p, err := x.SetDefault(t.Context(), registrar(), p.ID, number, p.VersionNo, "compared at the office")
	if err != nil {
		t.Fatal(err, fields(err))
	}
	return p
}

func (x *fixture) verify(t *testing.T, id uuid.UUID) {
	t.Helper()
	if err := x.VerifyChain(t.Context(), id); err != nil {
		t.Error(err)
	}
}

// A survey stands beside the record until somebody chooses it.
func TestANamedVersionStandsBesideTheDefault(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		x.attest(t, p, registry.StateAttested, "", "region", "sex")
		x.Clock.Add(time.Hour)
		collected := x.Clock.Now().Add(-48 * time.Hour)
		v, err := x.AddVersion(t.Context(), registrar(), p.ID, "  Survey   2026 ", registry.Change{Set: map[string]string{"region": "Coast", "email": ""},
			CollectedAt: collected, Reason: "household survey", ExpectVersion: 1}, false)
		if err != nil {
			t.Fatal(err, fields(err))
		}
		if v.No != 2 || v.Label != "Survey 2026" || v.Author != "registrar-1" || v.Reason != "household survey" || !v.At.Equal(x.Clock.Now()) ||
			v.Values["region"].Text != "Coast" || !v.Values["region"].CollectedAt.Equal(collected) || v.Values["email"].Text != "" || v.Values["sex"].Text != "female" {
			t.Errorf("version = %+v", v)
		}
		now := x.person(t, p.ID)
		if now.VersionNo != 1 || now.LatestNo != 2 || now.Values["region"].Text != "Nyanza" || now.Values["email"].Text == "" || !now.UpdatedAt.Equal(p.UpdatedAt) {
			t.Errorf("the record is %+v", now)
		}
		if got := x.attested(t, p); len(got) != 2 {
			t.Errorf("attested = %v beside a survey", got)
		}
		history, err := x.History(t.Context(), admin(), p.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := []registry.FieldChange{{Kind: registry.KindVersion, Old: "1", New: "2", Comment: "Survey 2026"},
			{Field: "email", Kind: registry.KindVersionValue, Old: "amina@example.org"}, {Field: "region", Kind: registry.KindVersionValue, Old: "Nyanza", New: "Coast"}}
		got := history[len(history)-1].Changes
		slices.SortFunc(got, func(a, b registry.FieldChange) int { return strings.Compare(a.Field, b.Field) })
		if !slices.Equal(got, want) {
			t.Errorf("the log says %+v", got)
		}

		// the next edit goes on from the default, under the next free number
		p = x.edit(t, now, map[string]string{"locality": "Homa Bay"})
		if p.VersionNo != 3 || p.LatestNo != 3 || p.Values["region"].Text != "Nyanza" {
			t.Errorf("after an edit the record is %+v", p)
		}
		x.verify(t, p.ID)
	})
}

// A named version may be the default at once, also when it confirms every value.
func TestANamedVersionAsTheDefault(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		x.attest(t, p, registry.StateAttested, "", "region")
		x.addVersion(t, p, "Census", map[string]string{"region": "Coast"}, true)
		p = x.person(t, p.ID)
		if p.VersionNo != 2 || p.LatestNo != 2 || p.Values["region"].Text != "Coast" || len(x.attested(t, p)) != 0 {
			t.Errorf("the record is %+v", p)
		}
		v := x.addVersion(t, p, "Call-back", nil, true)
		if p = x.person(t, p.ID); v.No != 3 || p.VersionNo != 3 || p.Values["region"].Text != "Coast" {
			t.Errorf("after a call that changed nothing: %+v, %+v", v, p)
		}
		versions, err := x.Versions(t.Context(), admin(), p.ID)
		if err != nil || len(versions) != 3 || versions[1].Label != "Census" || versions[2].Label != "Call-back" {
			t.Errorf("versions = %+v, %v", versions, err)
		}
		x.verify(t, p.ID)
	})
}

func TestABadNamedVersionIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		x.addVersion(t, p, "Survey", nil, false)
		add := func(label string, c registry.Change) error {
			_, err := x.AddVersion(t.Context(), registrar(), p.ID, label, c, false)
			return err
		}
		fine := registry.Change{ExpectVersion: 1}
		for label, code := range map[string]string{"": "required", " \u00a0": "required", "12": "reserved", "-3": "reserved", "Default": "reserved",
			strings.Repeat("é", 101): "too_long", "a\nb": "control_character", "\xff": "invalid_utf8", "a\x00": "control_character"} {
			err := add(label, fine)
			wantFault(t, err, fault.Invalid, "invalid_label")
			if got := fields(err); !slices.Equal(got, []string{"label:" + code}) {
				t.Errorf("%q: %v, want %s", label, got, code)
			}
		}
		wantFault(t, add("Survey", fine), fault.Conflict, "label_taken")
		wantFault(t, add(" survey ", registry.Change{ExpectVersion: 2}), fault.Conflict, "version_conflict")
		err := add("Second", registry.Change{Set: map[string]string{"birth_date": "2999-01-01", "shoe_size": "4"}, ExpectVersion: 1})
		wantFault(t, err, fault.Invalid, "invalid_values")
		if got := fields(err); !slices.Equal(got, []string{"birth_date:date_in_future", "shoe_size:unknown_field"}) {
			t.Errorf("mistakes = %v", got)
		}
		_, err = x.AddVersion(t.Context(), registrar(), uuid.New(), "Survey", fine, false)
		wantFault(t, err, fault.NotFound, "no_such_person")
		if n := x.count(t, "registrant_version"); n != 2 || x.count(t, "change_log") != 2 {
			t.Errorf("%d versions are there, want 2", n)
		}
		if err := add(strings.Repeat("é", 100), fine); err != nil {
			t.Error(err)
		}
		other := x.register(t, map[string]string{"full_name": "Brian"})
		x.addVersion(t, other, "Survey", nil, false) // a label belongs to one person
		x.verify(t, p.ID)
	})
}

// Two surveys of one name at once: one is there, the other is told.
func TestOneOfTwoVersionsOfOneName(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		var errs [2]error
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = x.AddVersion(t.Context(), registrar(), p.ID, "Survey", registry.Change{ExpectVersion: 1}, false)
			})
		}
		wg.Wait()
		lost := errors.Join(errs[0], errs[1])
		if errs[0] == nil && errs[1] == nil || errs[0] != nil && errs[1] != nil {
			t.Fatalf("errors = %v", errs)
		}
		wantFault(t, lost, fault.Conflict, "label_taken")
		if p = x.person(t, p.ID); p.LatestNo != 2 || x.count(t, "registrant_version") != 2 {
			t.Errorf("the record is %+v", p)
		}
		x.verify(t, p.ID)
	})
}

// What somebody with the database in hand might change in named versions and in
// the choice of the default is found.
func TestTamperingWithVersionsIsFound(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const version = "UPDATE registrant_version SET "
		for name, sql := range map[string]string{
			"label":                 version + "label = 'Census' WHERE registrant_id = ? AND version_no = 2",
			"label removed":         version + "label = NULL WHERE registrant_id = ? AND version_no = 2",
			"label added":           version + "label = 'Census' WHERE registrant_id = ? AND version_no = 1",
			"value beside":          version + "region = 'Owner' WHERE registrant_id = ? AND version_no = 2",
			"version beside gone":   "DELETE FROM registrant_version WHERE registrant_id = ? AND version_no = 2",
			"last version gone":     "DELETE FROM registrant_version WHERE registrant_id = ? AND version_no = 4",
			"default, same values":  "UPDATE registrant SET version_no = 4 WHERE id = ?",
			"default, other values": "UPDATE registrant SET version_no = 2 WHERE id = ?",
			"highest number":        "UPDATE registrant SET latest_no = 5 WHERE id = ?",
			"values of another version": "UPDATE registrant SET region = v.region, extra = v.extra, enc = v.enc, vhash = v.vhash, version_no = v.version_no FROM registrant_version v" +
				" WHERE v.registrant_id = registrant.id AND v.version_no = 3 AND registrant.id = ?",
			"choice removed": "DELETE FROM change_log WHERE registrant_id = ? AND chain_no = 4",
		} {
			p := x.register(t, map[string]string{"full_name": "Amina O", "region": "Nyanza", "national_id": uuid.NewString()})
			x.addVersion(t, p, "Survey", map[string]string{"region": "Coast"}, false)
			p = x.edit(t, x.person(t, p.ID), map[string]string{"region": "Rift"})
			p = x.setDefault(t, p, 1)
			x.addVersion(t, p, "Confirmed", nil, false)
			x.verify(t, p.ID)
			x.exec(t, sql, p.ID)
			if err := x.VerifyChain(t.Context(), p.ID); !errors.Is(err, registry.ErrChainBroken) {
				t.Errorf("%s: %v, want ErrChainBroken", name, err)
			}
		}
	})
}
