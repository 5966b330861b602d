package attestation_test

import (
	"testing"
	"time"

	"socialregistry/registry/attestation"
)

// The whole table: a row per state, a column per decision, in the order of States.
func TestMoves(t *testing.T) {
	t.Parallel()
	want := map[attestation.State]string{ // NEW ATTESTED REJECTED EXPIRED REVOKED
		attestation.New:      "-++--",
		attestation.Attested: "+++-+",
		attestation.Rejected: "+++--",
		attestation.Expired:  "+++--",
		attestation.Revoked:  "+----",
	}
	for from, row := range want {
		for i, to := range attestation.States() {
			if got := (attestation.Standing{State: from}).Allows(to, ""); got != (row[i] == '+') {
				t.Errorf("%s to %s: %v", from, to, got)
			}
		}
	}
	for _, c := range []struct {
		name   string
		from   attestation.Standing
		to     attestation.State
		status string
		want   bool
	}{
		{"what is pending is taken back", attestation.Standing{State: attestation.New, Pending: true}, attestation.New, "", true},
		{"another status of the same state", attestation.Standing{State: attestation.New}, attestation.New, "at_the_office", true},
		{"the same status again", attestation.Standing{State: attestation.New, Status: "at_the_office"}, attestation.New, "at_the_office", false},
		{"another status of revoked", attestation.Standing{State: attestation.Revoked}, attestation.Revoked, "fraud", true},
		{"nobody decides that something expired", attestation.Standing{State: attestation.Expired}, attestation.Expired, "old", false},
		{"no such state", attestation.Standing{State: attestation.New}, "APPROVED", "", false},
	} {
		if got := c.from.Allows(c.to, c.status); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestAnAttestationExpiresAtItsMoment(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		state attestation.State
		now   time.Time
		end   time.Time
		want  attestation.State
	}{
		{attestation.Attested, end.Add(-time.Microsecond), end, attestation.Attested},
		{attestation.Attested, end, end, attestation.Expired},
		{attestation.Attested, end.Add(time.Microsecond), end, attestation.Expired},
		{attestation.Attested, end, time.Time{}, attestation.Attested},
		{attestation.Rejected, end, end, attestation.Rejected},
	} {
		if got := c.state.At(c.now, c.end); got != c.want {
			t.Errorf("%s until %v is %s at %v, want %s", c.state, c.end, got, c.now, c.want)
		}
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	two := attestation.Policy{Attesters: 2}
	for _, c := range []struct {
		name   string
		policy attestation.Policy
		of     attestation.Case
		want   attestation.Verdict
	}{
		{"none", attestation.Policy{}, attestation.Case{To: attestation.Attested, By: "a", Authors: []string{"a"}}, attestation.Verdict{}},
		{"own edit", attestation.Policy{OwnEdit: attestation.OwnEditRefused}, attestation.Case{To: attestation.Attested, By: "a", Authors: []string{"b", "a"}}, attestation.Verdict{Code: "own_edit"}},
		{"own edit rejected", attestation.Policy{OwnEdit: attestation.OwnEditRefused}, attestation.Case{To: attestation.Rejected, By: "a", Authors: []string{"a"}}, attestation.Verdict{}},
		{"another's edit", attestation.Policy{OwnEdit: attestation.OwnEditRefused}, attestation.Case{To: attestation.Attested, By: "a", Authors: []string{"b"}}, attestation.Verdict{}},
		{"no evidence", attestation.Policy{EvidenceRequired: true}, attestation.Case{To: attestation.Attested, By: "a"}, attestation.Verdict{Code: "evidence_required"}},
		{"evidence", attestation.Policy{EvidenceRequired: true}, attestation.Case{To: attestation.Attested, By: "a", Evidence: true}, attestation.Verdict{}},
		{"rejected without evidence", attestation.Policy{EvidenceRequired: true}, attestation.Case{To: attestation.Rejected, By: "a"}, attestation.Verdict{}},
		{"outside", attestation.Policy{Area: true}, attestation.Case{To: attestation.Rejected, By: "a"}, attestation.Verdict{Code: "outside_area"}},
		{"inside", attestation.Policy{Area: true}, attestation.Case{To: attestation.Rejected, By: "a", InArea: true}, attestation.Verdict{}},
		{"the first of two", two, attestation.Case{To: attestation.Attested, By: "a"}, attestation.Verdict{Proposes: true}},
		{"the same again", two, attestation.Case{To: attestation.Attested, By: "a", Proposal: attestation.Proposal{By: "a"}}, attestation.Verdict{Code: "same_attester"}},
		{"the second of two", two, attestation.Case{To: attestation.Attested, By: "b", Proposal: attestation.Proposal{By: "a"}}, attestation.Verdict{}},
		{"one says no", two, attestation.Case{To: attestation.Rejected, By: "a"}, attestation.Verdict{}},
	} {
		got := c.policy.Judge(c.of)
		if got.Words = ""; got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestDaysOfAPolicy(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	p := attestation.Policy{ValidDays: 365, DeadlineDays: 7}
	if got := p.ExpiresAt(attestation.Attested, now); !got.Equal(now.AddDate(1, 0, 0)) {
		t.Errorf("expires at %v", got)
	}
	if got := p.ExpiresAt(attestation.Rejected, now); !got.IsZero() {
		t.Errorf("a rejection expires at %v", got)
	}
	if got := p.OverdueBefore(now); !got.Equal(now.AddDate(0, 0, -7)) {
		t.Errorf("overdue before %v", got)
	}
	if none := (attestation.Policy{}); !none.ExpiresAt(attestation.Attested, now).IsZero() || !none.OverdueBefore(now).IsZero() {
		t.Error("the zero policy has days")
	}
	for _, bad := range []attestation.Policy{{Attesters: 3}, {Attesters: -1}, {OwnEdit: "never"}, {ValidDays: -1}, {ValidDays: attestation.MaxDays + 1}, {DeadlineDays: attestation.MaxDays + 1}} {
		if bad.Problem() == "" {
			t.Errorf("%+v passes", bad)
		}
	}
	for _, fine := range []attestation.Policy{{}, {Attesters: 2, OwnEdit: "refused", Area: true, ValidDays: attestation.MaxDays, DeadlineDays: attestation.MaxDays}} {
		if wrong := fine.Problem(); wrong != "" {
			t.Errorf("%+v: %s", fine, wrong)
		}
	}
}
