package registry_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// TestValuesThatRestOnEachOtherAreApprovedTogether: what cannot be written without
// what waits, waits too; and of one edit, all are approved at once where none could
// be alone.
func TestValuesThatRestOnEachOtherAreApprovedTogether(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for _, f := range []registry.Field{
			{Key: "has_land", Type: registry.TypeBoolean, Label: label("Land"), Approval: staffNeeds()},
			{Key: "land_size", Type: registry.TypeNumber, Label: label("Size"), ShowIf: "has_land", RequiredIf: "has_land"},
		} {
			if _, err := x.DefineField(t.Context(), admin(), f, ""); err != nil {
				t.Fatal(err, fields(err))
			}
		}
		p := x.register(t, amina())
		waiting := x.ask(t, registrar(), p, map[string]string{"has_land": "true", "land_size": "3", "email": "n@example.org"})
		if len(waiting) != 3 {
			t.Fatalf("%d wait, want all: what rests on what waits takes the edit with it", len(waiting))
		}
		var picks []registry.RequestVersion
		for _, q := range waiting {
			picks = append(picks, pick(q))
			if q.Field == "email" {
				continue
			}
			_, err := x.ApproveRequest(t.Context(), named(registry.RoleAdmin, "boss"), pick(q), registry.Approve{})
			wantFault(t, err, fault.Invalid, "invalid_values")
		}
		done, err := x.ApproveRequests(t.Context(), named(registry.RoleAdmin, "boss"), append(picks, registry.RequestVersion{ID: p.ID, Version: 1}), registry.Approve{})
		if err != nil || len(done) != 4 {
			t.Fatal(done, err)
		}
		wantFault(t, done[3].Err, fault.NotFound, "no_such_request")
		now := x.person(t, p.ID)
		if now.VersionNo != 2 || now.Values["land_size"].Text != "3" || now.Values["has_land"].Text != "true" || done[0].Err != nil || done[0].Request.State != registry.RequestApproved {
			t.Errorf("version %d, %v: %v", now.VersionNo, now.Values, done)
		}
		x.verify(t, p.ID)
		_, err = x.ApproveRequests(t.Context(), admin(), nil, registry.Approve{})
		wantFault(t, err, fault.Invalid, "bad_requests")
	})
}

// TestTogetherIsWhatAVersionKeeps: drafts of one edit that were given another reason
// or another day of collection are approved each by a version of its own.
func TestTogetherIsWhatAVersionKeeps(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		me, may := registrar(), x.Clock.Now().AddDate(0, -6, 0)
		set := map[string]string{"email": "new@example.org", "sex": "other", "given_name": "Anna", "region": "Kisumu"}
		drafts, err := x.RequestChange(t.Context(), me, p.ID, registry.Change{Set: set, Reason: "first"}, true)
		if err != nil || len(drafts) != 4 {
			t.Fatal(drafts, err)
		}
		reason, picks := "second", []registry.RequestVersion{}
		edits := map[string]registry.DraftEdit{"email": {Reason: &reason}, "region": {CollectedAt: &may}}
		for _, q := range drafts {
			if e, edited := edits[q.Field]; edited {
				if q, err = x.EditRequest(t.Context(), me, pick(q), e); err != nil {
					t.Fatal(err)
				}
			}
			if q, err = x.SendRequest(t.Context(), me, pick(q)); err != nil {
				t.Fatal(err)
			}
			picks = append(picks, pick(q))
		}
		done, err := x.ApproveRequests(t.Context(), named(registry.RoleAdmin, "boss"), picks, registry.Approve{})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range done {
			if q.Err != nil {
				t.Error(q.Err)
			}
		}
		versions, err := x.Versions(t.Context(), admin(), p.ID)
		if err != nil || len(versions) != 4 {
			t.Fatalf("%d versions, %v, want 4: sex and given_name share one", len(versions), err)
		}
		reasons := map[string]int{}
		for _, v := range versions[1:] {
			reasons[v.Reason]++
		}
		if reasons["first"] != 2 || reasons["second"] != 1 {
			t.Errorf("reasons of versions: %v", reasons)
		}
		now := x.person(t, p.ID).Values
		if got := now["region"].CollectedAt; !got.Equal(may) || !now["sex"].CollectedAt.IsZero() || !now["email"].CollectedAt.IsZero() {
			t.Errorf("collected: region %v, sex %v, email %v", got, now["sex"].CollectedAt, now["email"].CollectedAt)
		}
		x.verify(t, p.ID)
	})
}

// TestVersionsDoNotGoRoundApproval: neither as a new default nor as an old one, one
// by one or in bulk; beside the record, a version may say what it likes.
func TestVersionsDoNotGoRoundApproval(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.guard(t, staffNeeds(), "email")
		p := x.register(t, amina())
		add := func(name string, makeDefault bool) error {
			_, err := x.AddVersion(t.Context(), registrar(), p.ID, name, registry.Change{Set: map[string]string{"email": "survey@example.org"}, ExpectVersion: 1}, makeDefault)
			return err
		}
		err := add("Survey", true)
		if wantFault(t, err, fault.Invalid, "invalid_values"); fmt.Sprint(fields(err)) != "[email:approval_required]" {
			t.Error(fields(err))
		}
		if err := add("Survey", false); err != nil {
			t.Fatal(err, fields(err))
		}
		_, err = x.SetDefault(t.Context(), registrar(), p.ID, 2, 1, "")
		if wantFault(t, err, fault.Forbidden, "approval_required"); fmt.Sprint(fields(err)) != "[email:approval_required]" {
			t.Error(fields(err))
		}
		got, err := x.SetDefaultByLabel(t.Context(), registrar(), registry.DefaultSwitch{Label: "Survey", ExpectCount: 1})
		if err != nil || got.Conflicting != 1 || got.Switched != 0 {
			t.Errorf("in bulk: %+v, %v", got, err)
		}
		if v := x.value(t, p.ID, "email"); v != "amina@example.org" {
			t.Errorf("the record says %q", v)
		}
	})
}

// TestImportsAskForApproval: of a file, what needs approval by its channel is sent
// as requests in the transaction that writes the rest; the same file again asks for
// nothing again.
func TestImportsAskForApproval(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.guard(t, registry.Approval{Channels: []registry.Channel{registry.ChannelCSV}}, "email")
		p := x.register(t, amina())
		other := amina()
		other["national_id"], other["phone_number"] = "KE-2", ""
		q := x.register(t, other)
		importer := admin()
		file := "registration_number,email,locality\n" + p.Number + ",csv@example.org,Quay\n" + q.Number + ",csv2@example.org,\n"
		run := func(dry bool) registry.ImportResult {
			t.Helper()
			res, err := x.Import(t.Context(), importer, strings.NewReader(file), registry.ImportOptions{Mode: registry.ImportUpdate, Reason: "from the office", DryRun: dry})
			if err != nil || res.Failed != 0 {
				t.Fatal(err, res.Problems)
			}
			return res
		}
		if dry := run(true); dry.Requested != 2 || dry.Updated != 2 || x.count(t, "change_request") != 0 {
			t.Errorf("the dry run: %+v", dry)
		}
		if res := run(false); res.Requested != 2 || res.Updated != 2 {
			t.Errorf("the import: %+v", res)
		}
		if res := run(false); res.Requested != 0 || res.Unchanged != 2 {
			t.Errorf("the same file again: %+v", res)
		}
		for _, id := range []registry.Person{p, q} {
			if now := x.person(t, id.ID); now.Values["email"].Text != "amina@example.org" {
				t.Errorf("the record says %q", now.Values["email"].Text)
			}
			page, err := x.RequestsOf(t.Context(), admin(), id.ID, registry.RequestQuery{})
			if err != nil || len(page.Requests) != 1 || page.Requests[0].Channel != registry.ChannelCSV || page.Requests[0].Reason != "from the office" {
				t.Fatalf("requests %+v, %v", page.Requests, err)
			}
			x.verify(t, id.ID)
			if _, err := x.ApproveRequest(t.Context(), named(registry.RoleRegistrar, "grace"), pick(page.Requests[0]), registry.Approve{}); err != nil {
				t.Error(err, fields(err))
			}
			x.verify(t, id.ID)
		}
		if got := x.value(t, p.ID, "locality") + x.value(t, q.ID, "email"); got != "Quaycsv2@example.org" {
			t.Errorf("the records say %q", got)
		}
		if n := x.count(t, "import_stage_request"); n != 0 {
			t.Errorf("%d staged requests are left", n)
		}
	})
}

// TestTheValueChangesByApprovalAlone: whatever is done in whatever order by the
// channel that needs approval, the live value moves when a request is approved, to
// what that request asks for, and never else.
func TestTheValueChangesByApprovalAlone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.guard(t, staffNeeds(), "email")
		p := x.register(t, amina())
		rng, want := rand.New(rand.NewPCG(1, 2)), "amina@example.org"
		authors := []registry.Actor{named(registry.RoleRegistrar, "one"), named(registry.RoleRegistrar, "two")}
		var open []registry.ChangeRequest
		for n := range 30 {
			a, p := authors[rng.IntN(2)], x.person(t, p.ID)
			at := 0
			if len(open) > 0 {
				at = rng.IntN(len(open))
			}
			switch step := rng.IntN(5); {
			case step < 2 || len(open) == 0:
				now, err := x.Edit(t.Context(), a, p.ID, registry.Change{ExpectVersion: p.VersionNo,
					Set: map[string]string{"email": fmt.Sprintf("n%d@example.org", rng.IntN(4)), "locality": fmt.Sprint("Quay ", n)}})
				if err == nil {
					open = append(open, now.Pending...)
				} else {
					wantFault(t, err, fault.Conflict, "too_many_requests")
				}
			case step == 2:
				_, _ = x.WithdrawRequest(t.Context(), a, pick(open[at]), "")
			case step == 3:
				_, _ = x.RejectRequest(t.Context(), authors[rng.IntN(2)], pick(open[at]), "no")
			default:
				q, err := x.ApproveRequest(t.Context(), authors[rng.IntN(2)], pick(open[at]), registry.Approve{EvenIfChanged: rng.IntN(2) == 0})
				if err == nil {
					want = q.Value
				}
			}
			if got := x.value(t, p.ID, "email"); got != want {
				t.Fatalf("step %d: the record says %q, want %q", n, got, want)
			}
		}
		if want == "amina@example.org" {
			t.Error("nothing was ever approved: the test is hollow")
		}
		x.verify(t, p.ID)
	})
}

// TestPullsAskForApproval: of what a source sends, what needs approval by its
// channel waits; the same page again asks for nothing again.
func TestPullsAskForApproval(t *testing.T) {
	t.Parallel()
	onEachWithSource(t, 10*time.Second, func(t *testing.T, x *fixture, s *standIn, _ registry.Source) {
		s.put("", "", "ID-1 Amina", "ID-2 Berta")
		x.pull(t, "2 0 0 0")
		x.guard(t, registry.Approval{Channels: []registry.Channel{registry.ChannelImport}}, "full_name")
		s.put("", "", "ID-1 Amina", "ID-2 Bertha")
		x.pull(t, "0 1 1 0")
		p := x.find(t, "ID-2")
		page, err := x.RequestsOf(t.Context(), admin(), p.ID, registry.RequestQuery{})
		if err != nil || len(page.Requests) != 1 || page.Requests[0].Value != "Bertha" || page.Requests[0].Author != "source nsr" || texts(p)["full_name"] != "Berta" {
			t.Errorf("requests %+v, %v; the record says %v", page.Requests, err, texts(p))
		}
		x.pull(t, "0 0 2 0")
		x.verify(t, p.ID)
	})
}
