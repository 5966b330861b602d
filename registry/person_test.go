package registry_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func texts(p registry.Person) map[string]string {
	out := map[string]string{}
	for k, v := range p.Values {
		out[k] = v.Text
	}
	return out
}

func TestRegisterGivesBackWhatWasSaid(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		collected := x.Clock.Now().Add(-48 * time.Hour)
		made, err := x.Register(t.Context(), registrar(), registry.Change{Set: amina(), CollectedAt: collected})
		if err != nil {
			t.Fatal(err)
		}
		want := amina()
		want["phone_number"] = "+254711220998"
		for _, get := range []func() (registry.Person, error){
			func() (registry.Person, error) { return made, nil },
			func() (registry.Person, error) { return x.Person(t.Context(), attester(), made.ID) },
			func() (registry.Person, error) {
				return x.PersonByNumber(t.Context(), attester(), " "+strings.ToLower(made.Number))
			},
		} {
			got, err := get()
			if err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(texts(got), want) {
				t.Errorf("values = %v, want %v", texts(got), want)
			}
			if got.VersionNo != 1 || got.LatestNo != 1 || got.ChainNo != 1 || got.Status != "ACTIVE" || got.Number != made.Number {
				t.Errorf("person = %+v", got)
			}
			for k, v := range got.Values {
				if !v.RecordedAt.Equal(x.Clock.Now()) || !v.CollectedAt.Equal(collected) {
					t.Errorf("%s was recorded %v and collected %v", k, v.RecordedAt, v.CollectedAt)
				}
			}
		}
	})
}

func TestEditChangesOnlyWhatItNames(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		x.Clock.Add(time.Hour)
		got := x.edit(t, p, map[string]string{"given_name": "Amina Grace", "email": "", "phone_number": "00254 711-220-999"})
		want := texts(p)
		want["given_name"], want["phone_number"] = "Amina Grace", "+254711220999"
		delete(want, "email")
		if !maps.Equal(texts(got), want) || got.VersionNo != 2 || got.ChainNo != 2 {
			t.Fatalf("person = %+v", got)
		}
		stored, err := x.Person(t.Context(), admin(), p.ID)
		if err != nil || !maps.Equal(texts(stored), want) {
			t.Fatalf("stored = %v, %v", texts(stored), err)
		}
		for k, v := range stored.Values {
			changed := k == "given_name" || k == "phone_number"
			if v.RecordedAt.Equal(x.Clock.Now()) != changed {
				t.Errorf("%s was recorded at %v", k, v.RecordedAt)
			}
		}
		if !stored.UpdatedAt.Equal(x.Clock.Now()) || !stored.CreatedAt.Equal(p.CreatedAt) {
			t.Errorf("created %v updated %v", stored.CreatedAt, stored.UpdatedAt)
		}
	})
}

func TestEditWithoutAChangeWritesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		x.Clock.Add(time.Hour)
		got := x.edit(t, p, map[string]string{"given_name": "  Amina ", "phone_number": "+254-711-220998", "email": "amina@EXAMPLE.org", "locality": ""})
		if got.VersionNo != 1 || got.ChainNo != 1 || !got.UpdatedAt.Equal(p.UpdatedAt) {
			t.Errorf("person = %+v", got)
		}
		if n := x.count(t, "registrant_version") + x.count(t, "change_log"); n != 2 {
			t.Errorf("%d rows of versions and log, want 2", n)
		}
	})
}

func TestEditOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		p = x.edit(t, p, map[string]string{"region": "Coast"})
		for _, version := range []int{0, 1, 3} {
			_, err := x.Edit(t.Context(), registrar(), p.ID, registry.Change{Set: map[string]string{"region": "Rift"}, ExpectVersion: version})
			wantFault(t, err, fault.Conflict, "version_conflict")
		}
		x.edit(t, p, map[string]string{"region": "Rift"})
	})
}

func TestOfManyEditsAtOnceOneWins(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		const writers, rounds = 20, 4 // the first round opens the connections
		for round := 1; round <= rounds; round++ {
			errs := make([]error, writers)
			var ready, done sync.WaitGroup
			ready.Add(writers)
			for i := range writers {
				done.Go(func() {
					ready.Done()
					ready.Wait()
					_, errs[i] = x.Edit(t.Context(), registrar(), p.ID, registry.Change{
						Set: map[string]string{"region": fmt.Sprint("Region ", round, i)}, ExpectVersion: round})
				})
			}
			done.Wait()
			won := 0
			for _, err := range errs {
				if err == nil {
					won++
					continue
				}
				wantFault(t, err, fault.Conflict, "version_conflict")
			}
			if won != 1 {
				t.Errorf("%d edits won, want 1", won)
			}
		}
		if got, err := x.Person(t.Context(), admin(), p.ID); err != nil || got.VersionNo != rounds+1 || got.ChainNo != rounds+1 {
			t.Errorf("person = %+v, %v", got, err)
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestAnIdentifierBelongsToOnePerson(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		first := x.register(t, amina())
		other := map[string]string{"given_name": "Brian", "national_id": "ke 44712209", "phone_number": "+254711220998"}
		before := x.count(t, "registrant") + x.count(t, "change_log") + x.count(t, "identifier") + x.count(t, "record_key")
		_, err := x.Register(t.Context(), registrar(), registry.Change{Set: other})
		wantFault(t, err, fault.Conflict, "identifier_taken")
		if got := fields(err); !slices.Equal(got, []string{"national_id:identifier_taken"}) {
			t.Errorf("fields = %v", got)
		}
		if strings.Contains(err.Error(), first.Number) || strings.Contains(err.Error(), "4471") {
			t.Errorf("the error tells too much: %v", err)
		}
		if after := x.count(t, "registrant") + x.count(t, "change_log") + x.count(t, "identifier") + x.count(t, "record_key"); after != before {
			t.Errorf("%d rows were left behind", after-before)
		}

		other["national_id"] = "KE-1" + "000-1"
		second := x.register(t, other) // a phone may be shared
		_, err = x.Edit(t.Context(), registrar(), second.ID, registry.Change{Set: map[string]string{"national_id": "KE44712209"}, ExpectVersion: 1})
		wantFault(t, err, fault.Conflict, "identifier_taken")

		x.edit(t, first, map[string]string{"national_id": ""}) // given up, it is free again
		x.edit(t, second, map[string]string{"national_id": "KE44712209"})
	})
}

func TestAnotherSpellingOfAnIdentifierIsAnEdit(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.edit(t, x.register(t, amina()), map[string]string{"national_id": "KE44712209"})
		if got := p.Values["national_id"].Text; got != "KE44712209" {
			t.Errorf("national_id = %q", got)
		}
		if n := x.count(t, "identifier"); n != 2 {
			t.Errorf("%d identifiers, want 2", n)
		}
	})
}

func TestManyRegistrationsOfOneIdentifierMakeOnePerson(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const writers = 10
		errs := make([]error, writers)
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				_, errs[i] = x.Register(t.Context(), registrar(), registry.Change{Set: amina()})
			})
		}
		wg.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
				continue
			}
			wantFault(t, err, fault.Conflict, "identifier_taken")
		}
		if made != 1 || x.count(t, "registrant") != 1 {
			t.Errorf("%d made, %d stored, want 1", made, x.count(t, "registrant"))
		}
	})
}

func TestBadInputIsNamedAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		set := map[string]string{"given_name": "Ami\x00na", "family_name": "\xff", "birth_date": "2026-11-23", "sex": "femal", "phone_number": "12",
			"shoe_size": "40", "email": "x", "region": "Nyanza"}
		_, err := x.Register(t.Context(), registrar(), registry.Change{Set: set, CollectedAt: x.Clock.Now().Add(time.Microsecond)})
		wantFault(t, err, fault.Invalid, "invalid_values")
		want := []string{"birth_date:date_in_future", "collected_at:date_in_future", "email:bad_email", "family_name:invalid_utf8",
			"given_name:control_character", "phone_number:bad_phone", "sex:not_listed", "shoe_size:unknown_field"}
		if got := fields(err); !slices.Equal(got, want) {
			t.Errorf("fields = %v, want %v", got, want)
		}
		if x.count(t, "registrant")+x.count(t, "record_key")+x.count(t, "identifier")+x.count(t, "change_log") != 0 {
			t.Error("something was written")
		}
		p := x.register(t, amina())
		_, err = x.Edit(t.Context(), registrar(), p.ID, registry.Change{Set: map[string]string{"region": "Coast", "birth_date": "1990-02-30"}, ExpectVersion: 1})
		wantFault(t, err, fault.Invalid, "invalid_values")
		if got, err := x.Person(t.Context(), admin(), p.ID); err != nil || !maps.Equal(texts(got), texts(p)) {
			t.Errorf("person = %v, %v", texts(got), err)
		}
	})
}

func TestAPersonNeedsAName(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		_, err := x.Register(t.Context(), registrar(), registry.Change{Set: map[string]string{"region": "Nyanza", "given_name": " "}})
		if got := fields(err); !slices.Equal(got, []string{"full_name:name_required"}) {
			t.Errorf("fields = %v", got)
		}
		_, err = x.Register(t.Context(), registrar(), registry.Change{Set: map[string]string{"given_name": "\x07"}})
		if got := fields(err); !slices.Equal(got, []string{"given_name:control_character"}) {
			t.Errorf("fields = %v: a wrong name is not a missing one too", got)
		}
		p := x.register(t, map[string]string{"full_name": "Suharto"})
		_, err = x.Edit(t.Context(), registrar(), p.ID, registry.Change{Set: map[string]string{"full_name": ""}, ExpectVersion: 1})
		if got := fields(err); !slices.Equal(got, []string{"full_name:name_required"}) {
			t.Errorf("fields = %v", got)
		}
		x.edit(t, p, map[string]string{"full_name": "", "given_name": "Suharto"})
	})
}

func TestTheReasonIsCheckedToo(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for reason, want := range map[string]string{
			strings.Repeat("é", 500): "", strings.Repeat("é", 501): "reason:too_long", "a\nb": "reason:control_character", "\xff": "reason:invalid_utf8",
		} {
			_, err := x.Register(t.Context(), registrar(), registry.Change{Set: map[string]string{"full_name": "A"}, Reason: reason})
			if got := strings.Join(fields(err), ","); got != want || (err == nil) != (want == "") {
				t.Errorf("%.10q: %v, want %q", reason, err, want)
			}
		}
	})
}

func TestWhoIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		_, err := x.Person(t.Context(), admin(), uuid.New())
		wantFault(t, err, fault.NotFound, "no_such_person")
		_, err = x.Edit(t.Context(), admin(), uuid.New(), registry.Change{Set: map[string]string{"region": "X"}, ExpectVersion: 1})
		wantFault(t, err, fault.NotFound, "no_such_person")
		for _, number := range []string{"", "SR-", "SR-00000000018", "SR-99999999999", "'; DROP TABLE registrant", "SR-\x00"} {
			_, err = x.PersonByNumber(t.Context(), admin(), number)
			wantFault(t, err, fault.NotFound, "no_such_person")
		}
	})
}
