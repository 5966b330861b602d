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

// appoint records a guardianship.
func (x *fixture) appoint(t *testing.T, ward, guardian uuid.UUID, from, to string) error {
	t.Helper()
	_, err := x.AddGuardian(t.Context(), registrar(), ward, registry.GuardianChange{Guardian: guardian, From: from, To: to, Reason: "court order"})
	return err
}

// dismiss ends a guardianship from the state of now.
func (x *fixture) dismiss(t *testing.T, ward, guardian uuid.UUID, to string) error {
	t.Helper()
	_, err := x.EndGuardian(t.Context(), registrar(), ward, registry.GuardianChange{Guardian: guardian, To: to, Expect: x.kinship(t, ward).ChainNo})
	return err
}

func TestGuardianshipsHaveAHistory(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ward, one, two := x.born(t, "Ward", "2012-01-01"), x.born(t, "One", "1970-01-01"), x.born(t, "Two", "1970-01-01")
		mustFit(t, x.appoint(t, ward.ID, one.ID, "2015-01-01", ""))
		mustFit(t, x.appoint(t, ward.ID, two.ID, "2016-01-01", "")) // at the same time
		mustFit(t, x.dismiss(t, ward.ID, one.ID, "2027-01-01"))     // a day to come
		mustFit(t, x.dismiss(t, ward.ID, one.ID, "2026-11-22"))     // and earlier after all
		mustFit(t, x.dismiss(t, ward.ID, one.ID, "2020-12-31"))
		wantFault(t, x.dismiss(t, ward.ID, one.ID, "2021-12-31"), fault.Conflict, "guardianship_ended")
		mustFit(t, x.appoint(t, ward.ID, one.ID, "2021-01-01", "2022-01-01"))
		k := x.kinship(t, ward.ID)
		var got []string
		for _, g := range k.Guardians {
			got = append(got, g.From+"/"+g.To)
		}
		if want := []string{"2021-01-01/2022-01-01", "2016-01-01/", "2015-01-01/2020-12-31"}; !slices.Equal(got, want) {
			t.Errorf("guardianships = %v, want %v", got, want)
		}
		_, err := x.RemoveGuardian(t.Context(), registrar(), ward.ID, registry.GuardianChange{Guardian: one.ID, From: "2021-01-01", Reason: "the order was for a sister", Expect: k.ChainNo})
		mustFit(t, err)
		n := one.Number + ", from "
		want := []string{"guardian:  > " + n + "2015-01-01", "guardian:  > " + two.Number + ", from 2016-01-01",
			"guardian: " + n + "2015-01-01 > " + n + "2015-01-01 to 2027-01-01", "guardian: " + n + "2015-01-01 to 2027-01-01 > " + n + "2015-01-01 to 2026-11-22",
			"guardian: " + n + "2015-01-01 to 2026-11-22 > " + n + "2015-01-01 to 2020-12-31",
			"guardian:  > " + n + "2021-01-01 to 2022-01-01", "guardian: " + n + "2021-01-01 to 2022-01-01 >"}
		if got := x.ties(t, admin(), ward.ID); !slices.Equal(got, want) {
			t.Errorf("got\n%q\nwant\n%q", got, want)
		}
		if got := x.ties(t, admin(), two.ID); !slices.Equal(got, []string{"ward:  > " + ward.Number + ", from 2016-01-01"}) {
			t.Errorf("the guardian's log = %q", got)
		}
		x.unbroken(t, ward, one, two)
	})
}

func TestGuardianshipsAreChecked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ward, guardian, unknown := x.born(t, "Ward", "2012-01-01"), x.born(t, "Guardian", "2000-06-15"), x.born(t, "Unknown", "")
		later := x.withRules(t, registry.KinshipRules{AdultAge: 21})
		for _, tc := range []struct {
			on       *fixture
			guardian uuid.UUID
			from, to string
			want     string
		}{
			{x, guardian.ID, "", "", "from:required"},
			{x, guardian.ID, "2020-13-01", "x", "from:bad_date to:bad_date"},
			{x, guardian.ID, "2026-11-23", "", "from:date_in_future"},
			{x, guardian.ID, "2020-01-02", "2020-01-01", "to:before_start"},
			{x, guardian.ID, "2018-06-14", "", "guardian_id:guardian_is_minor"},
			{later, guardian.ID, "2021-06-14", "", "guardian_id:guardian_is_minor"},
			{x, unknown.ID, "2011-12-31", "", "from:before_birth"},
			{x, ward.ID, "2020-01-01", "", "guardian_id:self"},
			{x, uuid.Nil, "2020-01-01", "", "guardian_id:required"},
		} {
			err := tc.on.appoint(t, ward.ID, tc.guardian, tc.from, tc.to)
			wantFault(t, err, fault.Invalid, "invalid_kinship")
			if got := strings.Join(fields(err), " "); got != tc.want {
				t.Errorf("%q to %q: %s, want %s", tc.from, tc.to, got, tc.want)
			}
		}
		if x.count(t, "guardianship") != 0 {
			t.Error("something was written")
		}
		mustFit(t, x.appoint(t, ward.ID, guardian.ID, "2018-06-15", "2019-01-01"))
		mustFit(t, later.appoint(t, ward.ID, guardian.ID, "2021-06-15", ""))
		mustFit(t, x.appoint(t, ward.ID, unknown.ID, "2012-01-01", "2012-01-01"))

		for to, want := range map[string]string{"": "to:required", "x": "to:bad_date", "2021-06-14": "to:before_start"} {
			err := x.dismiss(t, ward.ID, guardian.ID, to)
			wantFault(t, err, fault.Invalid, "invalid_kinship")
			if got := strings.Join(fields(err), " "); got != want {
				t.Errorf("to %q: %s, want %s", to, got, want)
			}
		}
		ctx, a, seen := t.Context(), registrar(), x.kinship(t, ward.ID).ChainNo
		wantFault(t, x.dismiss(t, ward.ID, uuid.New(), "2020-01-01"), fault.NotFound, "no_such_guardianship")
		wantFault(t, x.dismiss(t, guardian.ID, ward.ID, "2020-01-01"), fault.NotFound, "no_such_guardianship")
		_, err := x.RemoveGuardian(ctx, a, ward.ID, registry.GuardianChange{Guardian: guardian.ID, From: "2018-06-16", Reason: "r", Expect: seen})
		wantFault(t, err, fault.NotFound, "no_such_guardianship")
		_, err = x.RemoveGuardian(ctx, a, ward.ID, registry.GuardianChange{Guardian: guardian.ID, From: "2018-06-15", Expect: seen})
		if got := fields(err); !slices.Equal(got, []string{"reason:required"}) {
			t.Errorf("fields = %v", got)
		}
	})
}

// The same guardian is recorded once for any day.
func TestAGuardianIsNotDoubled(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ward, guardian := x.born(t, "Ward", "2000-01-01"), x.born(t, "Guardian", "1960-01-01")
		mustFit(t, x.appoint(t, ward.ID, guardian.ID, "2010-01-01", "2012-12-31"))
		mustFit(t, x.appoint(t, ward.ID, guardian.ID, "2016-01-01", ""))
		for _, days := range [][2]string{{"2010-01-01", "2012-12-31"}, {"2012-12-31", "2014-01-01"}, {"2009-01-01", "2010-01-01"}, {"2011-01-01", "2011-01-02"},
			{"2009-01-01", ""}, {"2014-01-01", "2016-01-01"}, {"2014-01-01", ""}, {"2020-01-01", "2020-01-01"}} {
			wantFault(t, x.appoint(t, ward.ID, guardian.ID, days[0], days[1]), fault.Conflict, "guardianship_exists")
		}
		mustFit(t, x.appoint(t, ward.ID, guardian.ID, "2013-01-01", "2015-12-31"))
		mustFit(t, x.appoint(t, ward.ID, guardian.ID, "2009-01-01", "2009-12-31"))

		other := x.born(t, "Other", "2000-01-01")
		errs := make([]error, 6)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = x.appoint(t, other.ID, guardian.ID, "2010-01-0"+string(rune('1'+i)), "") })
		}
		wg.Wait()
		held := 0
		for _, err := range errs {
			if err == nil {
				held++
				continue
			}
			wantFault(t, err, fault.Conflict, "guardianship_exists")
		}
		if held != 1 {
			t.Errorf("%d hold, want 1", held)
		}
	})
}
