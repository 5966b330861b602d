package registry_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"socialregistry/registry"
)

// A value that is given back was recorded and collected when it was; the version is
// of who takes the import back. What the import asked for is withdrawn.
func TestUndoKeepsWhenValuesWereCollected(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.guard(t, registry.Approval{Channels: []registry.Channel{registry.ChannelCSV}}, "email", "phone_number")
		o := create()
		o.CollectedAt = x.Clock.Now().Add(-48 * time.Hour)
		x.load(t, three, o, "3 0 0 0")
		before := x.find(t, "ID-0001").Values["region"]
		x.Clock.Add(time.Hour)
		file := x.numbered(t, "region,email,phone_number", "ID-0001,ET-SO,amina@example.org,+251911000009", "ID-0002,,dawit@example.org,")
		res := x.send(t, called("field office", registry.RoleRegistrar), file, update(), "0 2 0 0 / 0 0 0 0 0")
		if res.Requested != 3 {
			t.Fatalf("requested %d", res.Requested)
		}
		one, two := x.find(t, "ID-0001"), x.find(t, "ID-0002")
		asked, err := x.RequestsOf(t.Context(), admin(), two.ID, registry.RequestQuery{})
		if err != nil || len(asked.Requests) != 1 {
			t.Fatalf("requests = %+v (%v)", asked, err)
		}
		if _, err := x.ApproveRequests(t.Context(), called("boss", registry.RoleAdmin), []registry.RequestVersion{pick(asked.Requests[0])}, registry.Approve{}); err != nil {
			t.Fatal(err)
		}
		x.Clock.Add(time.Hour)
		got, problems := x.undoes(t, registrar(), res.Batch)
		if got.Updated != 1 || got.Failed != 1 || problems != "email changed_since" {
			t.Errorf("undo: %+v, problems %s", got, problems)
		}
		one = x.person(t, one.ID)
		if v := one.Values["region"]; v != before || !v.CollectedAt.Equal(o.CollectedAt) {
			t.Errorf("region = %+v, want %+v", v, before)
		}
		versions, err := x.Versions(t.Context(), admin(), one.ID)
		if last := versions[len(versions)-1]; err != nil || last.Author != "registrar-1" || last.Channel != registry.ChannelCSV || last.Reason != "the wrong file" || !last.At.Equal(x.Clock.Now()) {
			t.Errorf("version = %+v (%v)", last, err)
		}
		asked, err = x.RequestsOf(t.Context(), admin(), one.ID, registry.RequestQuery{})
		if err != nil || len(asked.Requests) != 2 {
			t.Fatalf("requests = %+v (%v)", asked, err)
		}
		for _, q := range asked.Requests {
			if q.State != registry.RequestWithdrawn || q.DecidedBy != "registrar-1" || q.Words != "the wrong file" {
				t.Errorf("request = %+v", q)
			}
		}
		if v := x.value(t, two.ID, "email"); v != "dawit@example.org" {
			t.Errorf("email = %q", v)
		}
		x.verify(t, one.ID)
		x.noDrift(t)
	})
}

// A value that is given back is the one of the version that was the default before
// the import: not of another version that says the same, and however much was
// decided since. No other version is read, and no decision on other fields.
func TestUndoGivesBackWhatTheDefaultVersionSaid(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		x.Clock.Add(time.Hour)
		p = x.edit(t, p, map[string]string{"region": "Coast"})
		x.Clock.Add(time.Hour)
		survey := registry.Change{Set: map[string]string{"region": "Nyanza"}, Reason: "a call", ExpectVersion: p.VersionNo, CollectedAt: x.Clock.Now()}
		if _, err := x.AddVersion(t.Context(), registrar(), p.ID, "Survey", survey, false); err != nil {
			t.Fatal(err, fields(err))
		}
		x.Clock.Add(time.Hour)
		p, err := x.SetDefault(t.Context(), admin(), p.ID, 1, p.VersionNo, "the edit was wrong")
		if err != nil {
			t.Fatal(err, fields(err))
		}
		before := p.Values["region"]
		survey.ExpectVersion, survey.Set = p.VersionNo, map[string]string{"region": "Rift"}
		if _, err := x.AddVersion(t.Context(), registrar(), p.ID, "Survey 2", survey, false); err != nil {
			t.Fatal(err, fields(err))
		}
		for range registry.LogChunk/2 + 1 {
			x.attest(t, p, registry.StateAttested, "", "region")
			x.attest(t, p, registry.StateNew, "", "region")
		}
		x.Clock.Add(time.Hour)
		file := "registration_number,region,sex,sex:attestation\n" + p.Number + ",Rift,female,ATTESTED\n"
		res := x.send(t, admin(), file, carrying(registry.CarriesBoth), "0 1 0 0 / 1 0 0 0 0")
		x.Clock.Add(time.Hour)
		undo := x.undo(t, admin(), res.Batch, [6]int{1, 0, 0, 0, 1, 0})
		statements := capture(t, x.DB, func() { x.applyUndo(t, admin(), undo, [6]int{1, 0, 0, 0, 1, 0}) })
		if got := x.person(t, p.ID).Values["region"]; got != before {
			t.Errorf("region = %+v, want %+v", got, before)
		}
		for part, want := range map[string]int64{"registrant_id = ? AND version_no": 1, "ORDER BY registrant_id, field, seq": 1} {
			part = strings.ReplaceAll(part, "?", map[string]string{"postgres": "$1", "sqlite": "?"}[x.DB.Dialect.Name()])
			if of := among(statements, part); len(of) != 1 || of[0].rows != want {
				t.Errorf("%s: %+v, want one statement that reads %d", part, of, want)
			}
		}
		x.verify(t, p.ID)
		x.noDrift(t)
	})
}

// Somebody new gives up identifiers, of types and of fields, required ones too, so
// that the same file can be imported once more.
func TestUndoOfNewPeopleFreesTheirIdentifiers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		f, err := x.Field(t.Context(), "national_id")
		if err != nil {
			t.Fatal(err)
		}
		f.Required = true
		x.update(t, f)
		res := x.load(t, carded, create(), "2 0 0 0")
		one := x.find(t, "ID-1")
		if got, problems := x.undoes(t, registrar(), res.Batch); got.Deactivated != 2 || problems != "" {
			t.Fatalf("undo: %+v, problems %s", got, problems)
		}
		list, err := x.Identifiers(t.Context(), registrar(), one.ID)
		if err != nil || len(list) != 2 {
			t.Fatalf("identifiers = %+v (%v)", list, err)
		}
		for _, i := range list {
			if i.Status != registry.IdentifierRevoked || i.ChangedBy != "registrar-1" {
				t.Errorf("identifier = %+v", i)
			}
		}
		if got := x.value(t, one.ID, "national_id"); got != "" {
			t.Errorf("national_id = %q", got)
		}
		x.verify(t, one.ID)
		x.noDrift(t)
		x.load(t, carded, create(), "2 0 0 0")
		if again := x.find(t, "vc0001"); again.ID == one.ID || again.Status != "ACTIVE" {
			t.Errorf("the card finds %+v", again)
		}
	})
}

// An undo that ends in the middle goes on where it stood: nothing is lost or
// doubled.
func TestUndoGoesOn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const n = registry.UndoBatch + 3
		var file strings.Builder
		file.WriteString("full_name\n")
		for i := range n {
			fmt.Fprintf(&file, "Person %d\n", i)
		}
		res := x.load(t, file.String(), create(), fmt.Sprintf("%d 0 0 0", n))
		undo, err := x.UndoImport(t.Context(), registrar(), res.Batch, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.CheckImport(t.Context(), registrar(), undo, nil); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, err = x.ApplyImport(ctx, registrar(), undo, func(registry.ImportProgress) { cancel() })
		b, _ := x.ImportBatch(t.Context(), registrar(), undo)
		if err == nil || b.State != registry.ImportUndoing || b.Result.Deactivated != registry.UndoBatch || x.inactive(t) != registry.UndoBatch {
			t.Fatalf("in the middle: %v, %+v, %d inactive", err, b, x.inactive(t))
		}
		done, err := x.ApplyImport(t.Context(), registrar(), undo, nil)
		if err != nil || done.Deactivated != n || done.Rows != n || done.Failed != 0 || x.inactive(t) != n {
			t.Errorf("at the end: %+v (%v), %d inactive", done, err, x.inactive(t))
		}
		if logged := x.count(t, "change_log"); logged != 2*n {
			t.Errorf("%d entries of the change log, want %d", logged, 2*n)
		}
	})
}

func (x *fixture) inactive(t *testing.T) int {
	t.Helper()
	return x.count(t, "registrant WHERE status = 'INACTIVE'")
}
