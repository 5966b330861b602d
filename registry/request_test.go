package registry_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// guard makes edits of fields by channels wait for roles.
func (x *fixture) guard(t *testing.T, p registry.Approval, keys ...string) {
	t.Helper()
	for _, key := range keys {
		f, err := x.Field(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		f.Approval = p
		if _, err := x.UpdateField(t.Context(), admin(), f, "needs a second look"); err != nil {
			t.Fatal(err, fields(err))
		}
	}
}

func selfNeeds() registry.Approval {
	return registry.Approval{Channels: []registry.Channel{registry.ChannelSelf}}
}

func staffNeeds(by ...registry.Role) registry.Approval {
	return registry.Approval{Channels: []registry.Channel{registry.ChannelStaff}, By: by}
}

// named is somebody of staff with a name of their own.
func named(role registry.Role, name string) registry.Actor {
	a := actor(role)
	a.Name = name
	return a
}

// ask edits a person and gives what waits.
func (x *fixture) ask(t *testing.T, a registry.Actor, p registry.Person, set map[string]string) []registry.ChangeRequest {
	t.Helper()
	now, err := x.Edit(t.Context(), a, p.ID, registry.Change{Set: set, Reason: "as asked", ExpectVersion: p.VersionNo})
	if err != nil {
		t.Fatal(err, fields(err))
	}
	return now.Pending
}

func pick(q registry.ChangeRequest) registry.RequestVersion {
	return registry.RequestVersion{ID: q.ID, Version: q.Version}
}

// value is what the record says of a field.
func (x *fixture) value(t *testing.T, id uuid.UUID, key string) string {
	t.Helper()
	p, err := x.Person(t.Context(), admin(), id)
	if err != nil {
		t.Fatal(err)
	}
	return p.Values[key].Text
}

// TestAnEditWaitsForApproval: of one edit, what needs no approval is written and
// the rest waits, sealed, until somebody else approves it.
func TestAnEditWaitsForApproval(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.guard(t, selfNeeds(), "email", "phone_number")
		p := x.register(t, amina())
		me := self(p.ID)
		now, err := x.Edit(t.Context(), me, p.ID, registry.Change{ExpectVersion: 1, Reason: "moved", Set: map[string]string{
			"email": " Nyota@Example.org ", "phone_number": "+254 711 000 111", "address_line_1": "9 Hill Street"}})
		if err != nil {
			t.Fatal(err, fields(err))
		}
		if got := now.Values["address_line_1"].Text; got != "9 Hill Street" || now.VersionNo != 2 {
			t.Errorf("what needs no approval: %q, version %d", got, now.VersionNo)
		}
		if now.Values["email"].Text != "amina@example.org" || len(now.Pending) != 2 {
			t.Fatalf("what needs approval: %q, %d wait", now.Values["email"].Text, len(now.Pending))
		}
		byField := map[string]registry.ChangeRequest{}
		for _, q := range now.Pending {
			byField[q.Field] = q
		}
		q := byField["email"]
		want := x.canonicalEmail(t, "Nyota@Example.org")
		if q.Value != want || q.Base != "amina@example.org" || q.State != registry.RequestSent || !q.Own || q.Channel != registry.ChannelSelf || q.BatchID != byField["phone_number"].BatchID {
			t.Errorf("the request is %+v, want value %q", q, want)
		}
		x.holdSealed(t, want)

		done, err := x.ApproveRequest(t.Context(), named(registry.RoleRegistrar, "grace"), pick(q), registry.Approve{Words: "seen the letter"})
		if err != nil {
			t.Fatal(err, fields(err))
		}
		if done.State != registry.RequestApproved || done.DecidedBy != "grace" || x.value(t, p.ID, "email") != want {
			t.Errorf("approved: %+v, the record says %q", done, x.value(t, p.ID, "email"))
		}
		if got := x.value(t, p.ID, "phone_number"); got == "+254711000111" {
			t.Error("the other request was approved, too")
		}
		x.holdApproval(t, p.ID, me.Name, want)
		x.verify(t, p.ID)
	})
}

// canonicalEmail is how the registry writes an e-mail.
func (x *fixture) canonicalEmail(t *testing.T, raw string) string {
	t.Helper()
	text, code := registry.Canonical(registry.Field{Key: "e", Type: registry.TypeEmail}, raw, x.Clock.Now())
	if code != "" {
		t.Fatal(code)
	}
	return text
}

// holdSealed looks for a text in what is stored.
func (x *fixture) holdSealed(t *testing.T, text string) {
	t.Helper()
	var payloads [][]byte
	if err := x.DB.WithContext(t.Context()).Raw(`SELECT payload FROM change_request`).Scan(&payloads).Error; err != nil || len(payloads) == 0 {
		t.Fatal(err, len(payloads))
	}
	for _, b := range payloads {
		if strings.Contains(string(b), text) {
			t.Error("a request holds its value in the clear")
		}
	}
}

// holdApproval: the log names who approved and who asked, the version who asked.
func (x *fixture) holdApproval(t *testing.T, id uuid.UUID, author, value string) {
	t.Helper()
	log, err := x.History(t.Context(), admin(), id)
	if err != nil {
		t.Fatal(err)
	}
	e := log[len(log)-1]
	want := []string{"value|amina@example.org|" + value + "|", "change_request|SENT|APPROVED|seen the letter", "change_request_value|amina@example.org|" + value + "|" + author}
	var got []string
	for _, c := range e.Changes {
		got = append(got, strings.Join([]string{c.Kind, c.Old, c.New, c.Comment}, "|"))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || e.Actor != "grace" || e.Reason != "moved" || e.Channel != registry.ChannelStaff {
		t.Errorf("the log says %s: %v, want %v", e.Actor, got, want)
	}
	versions, err := x.Versions(t.Context(), admin(), id)
	if err != nil {
		t.Fatal(err)
	}
	if v := versions[len(versions)-1]; v.Author != author || v.Channel != registry.ChannelSelf {
		t.Errorf("the version is by %s through %s, want %s through self", v.Author, v.Channel, author)
	}
}

// TestOnlyChannelsWithARuleWait: by other channels the same edit is written at once.
func TestOnlyChannelsWithARuleWait(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.guard(t, selfNeeds(), "email")
		p := x.edit(t, x.register(t, amina()), map[string]string{"email": "b@example.org"})
		if len(p.Pending) != 0 || p.Values["email"].Text != "b@example.org" {
			t.Errorf("an edit by staff: %q, %d wait", p.Values["email"].Text, len(p.Pending))
		}
		if got := x.ask(t, self(p.ID), p, map[string]string{"email": "b@example.org"}); len(got) != 0 {
			t.Errorf("the value that is there is asked for: %v", got)
		}
		odk := registrar()
		odk.Channel = registry.ChannelODK
		x.guard(t, registry.Approval{Channels: []registry.Channel{registry.ChannelODK, registry.ChannelSelf}}, "email")
		if got := x.ask(t, odk, p, map[string]string{"email": "c@example.org"}); len(got) != 1 || got[0].Channel != registry.ChannelODK {
			t.Errorf("an edit by odk: %v", got)
		}
		for _, bad := range []registry.Approval{{Channels: []registry.Channel{"post"}}, {Channels: []registry.Channel{"self"}, By: []registry.Role{registry.RoleAuditor}},
			{Channels: []registry.Channel{"system"}}, {By: []registry.Role{registry.RoleRegistrant}}} {
			f, _ := x.Field(t.Context(), "email")
			f.Approval = bad
			_, err := x.UpdateField(t.Context(), admin(), f, "")
			if wantFault(t, err, fault.Invalid, "invalid_field_definition"); fmt.Sprint(fields(err)) != "[approval:invalid_approval]" {
				t.Errorf("%v: %v", bad, fields(err))
			}
		}
	})
}

// TestRequestsAreHeldToWhatAnEditIsHeldTo: the same codes, and what others have.
func TestRequestsAreHeldToWhatAnEditIsHeldTo(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.guard(t, staffNeeds(), "email", "national_id", "given_name", "family_name")
		p := x.register(t, amina())
		other := amina()
		other["national_id"], other["phone_number"] = "KE-1", ""
		x.register(t, other)
		try := func(set map[string]string) error {
			_, err := x.Edit(t.Context(), registrar(), p.ID, registry.Change{Set: set, ExpectVersion: 1})
			return err
		}
		err := try(map[string]string{"email": "nobody", "no_such": "x", "sex": "none"})
		wantFault(t, err, fault.Invalid, "invalid_values")
		if got := fmt.Sprint(fields(err)); got != "[email:bad_email no_such:unknown_field sex:not_listed]" {
			t.Errorf("mistakes %s", got)
		}
		wantFault(t, try(map[string]string{"national_id": "ke 1"}), fault.Conflict, "identifier_taken")
		wantFault(t, try(map[string]string{"given_name": "", "family_name": "", "local_script_name": ""}), fault.Invalid, "invalid_values")
		_, err = x.RequestChange(t.Context(), registrar(), p.ID, registry.Change{Set: map[string]string{"email": "amina@example.org"}}, false)
		wantFault(t, err, fault.Invalid, "no_change")
		_, err = x.RequestChange(t.Context(), self(p.ID), p.ID, registry.Change{Set: map[string]string{"birth_date": "1990-03-01"}}, false)
		if wantFault(t, err, fault.Invalid, "invalid_values"); fmt.Sprint(fields(err)) != "[birth_date:not_editable]" {
			t.Errorf("a field that the author may not edit: %v", fields(err))
		}
		_, err = x.RequestChange(t.Context(), attester(), p.ID, registry.Change{Set: map[string]string{"email": "c@example.org"}}, false)
		wantFault(t, err, fault.Forbidden, "not_allowed")
		if n := x.count(t, "change_request"); n != 0 {
			t.Errorf("%d requests were stored", n)
		}
	})
}

// TestCompetingRequests: each is decided by itself; once one is approved, the others
// are about an older value and need a fresh look.
func TestCompetingRequests(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.guard(t, staffNeeds(), "email")
		p := x.register(t, amina())
		boss := named(registry.RoleAdmin, "boss")
		one := x.ask(t, registrar(), p, map[string]string{"email": "one@example.org"})[0]
		two := x.ask(t, named(registry.RoleRegistrar, "two"), p, map[string]string{"email": "two@example.org"})[0]
		if again := x.ask(t, named(registry.RoleRegistrar, "three"), p, map[string]string{"email": "two@example.org"}); again[0].ID == two.ID {
			t.Error("the same value asked for by another author is the same request")
		}
		if _, err := x.ApproveRequest(t.Context(), boss, pick(one), registry.Approve{}); err != nil {
			t.Fatal(err)
		}
		now, err := x.ChangeRequest(t.Context(), boss, two.ID)
		if err != nil || now.State != registry.RequestSent || !now.Changed || now.Current != "one@example.org" {
			t.Errorf("the other one: %+v, %v", now, err)
		}
		_, err = x.ApproveRequest(t.Context(), boss, pick(two), registry.Approve{})
		wantFault(t, err, fault.Conflict, "value_changed")
		if got := x.value(t, p.ID, "email"); got != "one@example.org" {
			t.Errorf("a stale approval wrote %q", got)
		}
		if _, err := x.ApproveRequest(t.Context(), boss, pick(two), registry.Approve{EvenIfChanged: true}); err != nil {
			t.Error(err)
		}
		third, err := x.RequestsOf(t.Context(), boss, p.ID, registry.RequestQuery{State: registry.RequestSent})
		if err != nil || len(third.Requests) != 1 || third.Requests[0].Changed {
			t.Fatalf("one that asks for what the record says by now: %+v, %v", third.Requests, err)
		}
		version := x.person(t, p.ID).VersionNo
		if _, err := x.ApproveRequest(t.Context(), boss, pick(third.Requests[0]), registry.Approve{}); err != nil {
			t.Error(err)
		}
		if got := x.person(t, p.ID).VersionNo; got != version {
			t.Errorf("approving what is so already made version %d", got)
		}
	})
}

// TestOfTwoApproversOneWins: whatever they decide, at the same time.
func TestOfTwoApproversOneWins(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.guard(t, staffNeeds(), "email")
		p := x.register(t, amina())
		q := x.ask(t, registrar(), p, map[string]string{"email": "one@example.org"})[0]
		errs := make([]error, 4)
		var wait sync.WaitGroup
		for i := range errs {
			wait.Go(func() {
				a := named(registry.RoleAdmin, fmt.Sprint("boss-", i))
				if i%2 == 0 {
					_, errs[i] = x.ApproveRequest(t.Context(), a, pick(q), registry.Approve{})
				} else {
					_, errs[i] = x.RejectRequest(t.Context(), a, pick(q), "no")
				}
			})
		}
		wait.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				wantFault(t, err, fault.Conflict, "request_decided")
			}
		}
		now, err := x.ChangeRequest(t.Context(), admin(), q.ID)
		if won != 1 || err != nil || (now.State == registry.RequestApproved) != (x.value(t, p.ID, "email") == "one@example.org") {
			t.Errorf("%d won, the request is %s, the value %s: %v", won, now.State, x.value(t, p.ID, "email"), err)
		}
	})
}

// TestWhoDecides: never the author, and only the roles of the definition, in their
// areas and sections, if they may see the field.
func TestWhoDecides(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.guard(t, staffNeeds(registry.RoleAttester, registry.RoleAdmin), "email")
		p := x.register(t, amina())
		author := named(registry.RoleAdmin, "author")
		q := x.ask(t, author, p, map[string]string{"email": "one@example.org"})[0]
		refuse := func(a registry.Actor, kind fault.Kind, code string) {
			t.Helper()
			_, err := x.ApproveRequest(t.Context(), a, pick(q), registry.Approve{})
			wantFault(t, err, kind, code)
			_, err = x.RejectRequest(t.Context(), a, pick(q), "no")
			wantFault(t, err, kind, code)
		}
		refuse(author, fault.Forbidden, "own_request")
		renamed := author
		renamed.Name = "author.2" // the same account
		refuse(renamed, fault.Forbidden, "own_request")
		refuse(registrar(), fault.Forbidden, "not_approver")
		refuse(actor(registry.RoleAuditor), fault.Forbidden, "not_allowed")
		refuse(self(p.ID), fault.Forbidden, "not_allowed")
		refuse(registry.Actor{}, fault.Unauthenticated, "sign_in_required")
		elsewhere := named(registry.RoleAttester, "elsewhere")
		elsewhere.Grants = []registry.Grant{{Role: registry.RoleAttester, Area: "NOWHERE"}}
		refuse(elsewhere, fault.NotFound, "no_such_request")
		section := named(registry.RoleAttester, "section")
		section.Grants = []registry.Grant{{Role: registry.RoleAttester, Section: "identity"}}
		refuse(section, fault.Forbidden, "not_approver")
		_, err := x.ApproveRequest(t.Context(), attester(), registry.RequestVersion{ID: q.ID, Version: 2}, registry.Approve{})
		wantFault(t, err, fault.Conflict, "version_conflict")
		_, err = x.ApproveRequest(t.Context(), attester(), registry.RequestVersion{ID: uuid.New(), Version: 1}, registry.Approve{})
		wantFault(t, err, fault.NotFound, "no_such_request")
		_, err = x.RejectRequest(t.Context(), attester(), pick(q), "  ")
		if wantFault(t, err, fault.Invalid, "invalid_values"); fmt.Sprint(fields(err)) != "[words:required]" {
			t.Errorf("no words: %v", fields(err))
		}

		f, _ := x.Field(t.Context(), "email")
		f.SeeBy = []registry.Role{registry.RoleAdmin}
		if _, err := x.UpdateField(t.Context(), admin(), f, ""); err != nil {
			t.Fatal(err)
		}
		refuse(attester(), fault.NotFound, "no_such_request")
		if page, err := x.RequestsOf(t.Context(), attester(), p.ID, registry.RequestQuery{}); err != nil || len(page.Requests) != 0 {
			t.Errorf("a hidden field is told of: %v, %v", page.Requests, err)
		}
		if _, err := x.ApproveRequest(t.Context(), named(registry.RoleAdmin, "boss"), pick(q), registry.Approve{}); err != nil {
			t.Error(err)
		}
	})
}

// TestDrafts: nobody but the author knows of one, until it is sent.
func TestDrafts(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		me, boss := self(p.ID), named(registry.RoleAdmin, "boss")
		draft := func(email string) ([]registry.ChangeRequest, error) {
			return x.RequestChange(t.Context(), me, p.ID, registry.Change{Set: map[string]string{"email": email}}, true)
		}
		made, err := draft("one@example.org")
		if err != nil {
			t.Fatal(err, fields(err))
		}
		q := made[0]
		_, err = draft("two@example.org")
		wantFault(t, err, fault.Conflict, "draft_exists")
		_, err = x.ChangeRequest(t.Context(), boss, q.ID)
		wantFault(t, err, fault.NotFound, "no_such_request")
		_, err = x.ApproveRequest(t.Context(), boss, pick(q), registry.Approve{})
		wantFault(t, err, fault.NotFound, "no_such_request")
		chain := x.person(t, p.ID).ChainNo

		bad, good := "nobody", "Two@example.org"
		_, err = x.EditRequest(t.Context(), me, pick(q), registry.DraftEdit{Value: &bad})
		wantFault(t, err, fault.Invalid, "invalid_values")
		if q, err = x.EditRequest(t.Context(), me, pick(q), registry.DraftEdit{Value: &good}); err != nil || q.Version != 2 {
			t.Fatal(q, err)
		}
		_, err = x.EditRequest(t.Context(), me, registry.RequestVersion{ID: q.ID, Version: 1}, registry.DraftEdit{Value: &good})
		wantFault(t, err, fault.Conflict, "version_conflict")
		if got := x.person(t, p.ID).ChainNo; got != chain {
			t.Errorf("a draft is in the change log: entry %d", got)
		}

		p = x.edit(t, p, map[string]string{"email": "other@example.org"})
		_, err = x.SendDraft(t.Context(), me, pick(q), registry.DraftEdit{Value: &bad})
		wantFault(t, err, fault.Invalid, "invalid_values")
		if still, err := x.ChangeRequest(t.Context(), me, q.ID); err != nil || still.State != registry.RequestDraft || still.Version != q.Version {
			t.Errorf("after a sending that was refused: %+v, %v", still, err)
		}
		third, why := "three@example.org", "at last"
		if q, err = x.SendDraft(t.Context(), me, pick(q), registry.DraftEdit{Value: &third, Reason: &why}); err != nil || q.State != registry.RequestSent || q.Base != "other@example.org" || q.Changed || q.Value != third || q.Reason != why || q.Version != 3 {
			t.Fatalf("sent: %+v, %v", q, err)
		}
		_, err = x.SendRequest(t.Context(), me, pick(q))
		wantFault(t, err, fault.Conflict, "request_sent")
		_, err = x.WithdrawRequest(t.Context(), registrar(), pick(q), "")
		wantFault(t, err, fault.Forbidden, "not_author")
		if q, err = x.WithdrawRequest(t.Context(), me, pick(q), "a mistake"); err != nil || q.State != registry.RequestWithdrawn || q.Words != "a mistake" {
			t.Errorf("withdrawn: %+v, %v", q, err)
		}
		_, err = x.ApproveRequest(t.Context(), boss, pick(q), registry.Approve{})
		wantFault(t, err, fault.Conflict, "request_decided")
	})
}

// TestLimitsOfRequests: so many by one author about one field, none about a record
// that is erased or not active.
func TestLimitsOfRequests(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.guard(t, staffNeeds(), "email")
		p := x.register(t, amina())
		a := registrar()
		try := func(a registry.Actor, n int) error {
			_, err := x.Edit(t.Context(), a, p.ID, registry.Change{Set: map[string]string{"email": fmt.Sprintf("n%d@example.org", n)}, ExpectVersion: 1})
			return err
		}
		for n := range registry.MaxOpenRequests {
			if err := try(a, n); err != nil {
				t.Fatal(err)
			}
		}
		err := try(a, 99)
		if wantFault(t, err, fault.Conflict, "too_many_requests"); fmt.Sprint(fields(err)) != "[email:too_many_requests]" {
			t.Error(fields(err))
		}
		if err := try(a, 0); err != nil {
			t.Errorf("asked for again: %v", err)
		}
		if err := try(registrar(), 99); err != nil {
			t.Errorf("another author: %v", err)
		}
		page, err := x.RequestsOf(t.Context(), admin(), p.ID, registry.RequestQuery{})
		if err != nil || len(page.Requests) != registry.MaxOpenRequests+1 {
			t.Fatalf("%d requests, %v", len(page.Requests), err)
		}
		boss := named(registry.RoleAdmin, "boss")
		x.exec(t, `UPDATE registrant SET status = 'INACTIVE'`)
		_, err = x.ApproveRequest(t.Context(), boss, pick(page.Requests[0]), registry.Approve{})
		wantFault(t, err, fault.Conflict, "record_inactive")
		wantFault(t, try(registrar(), 7), fault.Conflict, "record_inactive")
		x.exec(t, `DELETE FROM record_key`)
		_, err = x.ApproveRequest(t.Context(), boss, pick(page.Requests[0]), registry.Approve{})
		wantFault(t, err, fault.Gone, "record_erased")
		if page, err := x.ChangeRequests(t.Context(), boss, registry.RequestQuery{}); err != nil || len(page.Requests) != 0 {
			t.Errorf("requests about an erased record: %v, %v", page.Requests, err)
		}
	})
}

// TestARequestMayBecomeWrong: one that no longer passes stays sent, with the codes
// of its field.
func TestARequestMayBecomeWrong(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.guard(t, staffNeeds(), "email", "national_id")
		p := x.register(t, amina())
		boss := named(registry.RoleAdmin, "boss")
		waiting := x.ask(t, registrar(), p, map[string]string{"email": "one@example.org", "national_id": "KE-77"})
		f, _ := x.Field(t.Context(), "email")
		f.Pattern = ".*@example.com"
		if _, err := x.UpdateField(t.Context(), admin(), f, ""); err != nil {
			t.Fatal(err)
		}
		other := amina()
		other["national_id"], other["phone_number"], other["email"] = "KE-77", "", ""
		x.register(t, other)
		for _, q := range waiting {
			_, err := x.ApproveRequest(t.Context(), boss, pick(q), registry.Approve{})
			if q.Field == "email" {
				if wantFault(t, err, fault.Invalid, "invalid_values"); fmt.Sprint(fields(err)) != "[email:wrong_pattern]" {
					t.Error(fields(err))
				}
			} else {
				wantFault(t, err, fault.Conflict, "identifier_taken")
			}
			if now, err := x.ChangeRequest(t.Context(), boss, q.ID); err != nil || now.State != registry.RequestSent || now.Version != 1 {
				t.Errorf("%s: %+v, %v", q.Field, now, err)
			}
		}
		if x.person(t, p.ID).VersionNo != 1 {
			t.Error("something was written")
		}
	})
}
