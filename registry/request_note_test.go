package registry_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// noteField is the field of notes that comes with the program.
func (x *fixture) noteField(t *testing.T) registry.Field {
	t.Helper()
	list, err := x.Fields(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(f registry.Field) bool { return f.Approval.Note })
	if i < 0 {
		t.Fatal("no field takes notes")
	}
	return list[i]
}

// TestANoteIsAskedForAndNeverKept: what a person tells waits for the office, with its lines; whoever
// deals with it leaves the record as it was, and so the next one stands for itself.
func TestANoteIsAskedForAndNeverKept(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		key := x.noteField(t).Key
		p := x.register(t, amina())
		me, grace := self(p.ID), named(registry.RoleRegistrar, "grace")
		first := x.ask(t, me, p, map[string]string{key: " A child  was born. \r\n\r\n\r\nHis name is Juma.\n"})
		if len(first) != 1 || first[0].Value != "A child was born.\n\nHis name is Juma." || first[0].State != registry.RequestSent {
			t.Fatalf("asked for: %+v", first)
		}
		x.holdSealed(t, "His name is Juma.")
		second, err := x.RequestChange(t.Context(), me, p.ID, registry.Change{Set: map[string]string{key: "My brother moved out."}}, false)
		if err != nil {
			t.Fatal(err)
		}
		_, err = x.ApproveRequest(t.Context(), me, pick(first[0]), registry.Approve{})
		wantFault(t, err, fault.Forbidden, "not_allowed")
		done, err := x.ApproveRequest(t.Context(), grace, pick(first[0]), registry.Approve{Words: "He is in your household now."})
		if err != nil || done.State != registry.RequestApproved || done.Words != "He is in your household now." || done.Value != first[0].Value {
			t.Fatalf("%+v, %v", done, err)
		}
		outcomes, err := x.ApproveRequests(t.Context(), grace, []registry.RequestVersion{pick(second[0])}, registry.Approve{})
		if err != nil || outcomes[0].Err != nil || outcomes[0].Request.Changed {
			t.Fatalf("the next one stands in the way of itself: %+v, %v", outcomes, err)
		}
		now := x.person(t, p.ID)
		if _, held := now.Values[key]; held || now.VersionNo != p.VersionNo || now.LatestNo != p.LatestNo {
			t.Errorf("the record has %q in version %d", now.Values[key].Text, now.VersionNo)
		}
		third := x.ask(t, me, p, map[string]string{key: first[0].Value, "address_line_1": "9 Hill Street"})
		if len(third) != 1 || x.value(t, p.ID, "address_line_1") != "9 Hill Street" || third[0].ID == first[0].ID {
			t.Errorf("with a value beside it: %+v", third)
		}
		if q, err := x.RejectRequest(t.Context(), grace, pick(third[0]), "You told us this before."); err != nil || q.State != registry.RequestRejected {
			t.Errorf("%+v, %v", q, err)
		}
		x.verify(t, p.ID)
	})
}

// TestANoteIsWrittenByThePersonAlone: neither staff, nor an import, nor a version of the record has
// one, and what is no note is refused.
func TestANoteIsWrittenByThePersonAlone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		f := x.noteField(t)
		p, other := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Berta Achieng"})
		tell := func(a registry.Actor, id uuid.UUID, text string) error {
			_, err := x.Edit(t.Context(), a, id, registry.Change{Set: map[string]string{f.Key: text}, Reason: "as told", ExpectVersion: 1})
			return err
		}
		for _, a := range []registry.Actor{admin(), registrar(), named(registry.RoleFieldWorker, "otieno")} {
			if err := tell(a, p.ID, "A child was born."); fmt.Sprint(fields(err)) != "["+f.Key+":"+registry.CodeNotEditable+"]" {
				t.Errorf("%v: %v %v", a.Roles, err, fields(err))
			}
		}
		wantFault(t, tell(self(other.ID), p.ID, "A child was born."), fault.NotFound, "no_such_person")
		for text, code := range map[string]string{strings.Repeat("x", f.MaxLength+1): "too_long", "a\x00b": registry.CodeControl, "a\tb": registry.CodeControl, "\xff": registry.CodeInvalidUTF8} {
			if err := tell(self(p.ID), p.ID, text); fmt.Sprint(fields(err)) != "["+f.Key+":"+code+"]" {
				t.Errorf("%.10q: %v", text, fields(err))
			}
		}
		_, err := x.RequestChange(t.Context(), self(p.ID), p.ID, registry.Change{Set: map[string]string{f.Key: " \n "}}, false)
		wantFault(t, err, fault.Invalid, "no_change")
		_, err = x.CountExport(t.Context(), admin(), registry.ExportRequest{Kind: registry.PersonKind, Fields: []string{f.Key}, Purpose: "a look", Format: registry.ExportCSV})
		if fmt.Sprint(fields(err)) != "["+f.Key+":"+registry.CodeUnknownField+"]" {
			t.Errorf("a download: %v %v", err, fields(err))
		}
		for _, carries := range []registry.Carries{"", registry.CarriesValues, registry.CarriesBoth} {
			if list, err := x.ImportTemplate(t.Context(), admin(), registry.PersonKind, carries); err != nil || slices.Contains(list, f.Key) {
				t.Errorf("%q: a template asks for it, %v", carries, err)
			}
		}
	})
}

// TestANoteIsHeldToItsDefinition: nothing about it asks for a value, and no field becomes a note
// that was none.
func TestANoteIsHeldToItsDefinition(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		f := x.noteField(t)
		refused := func(name string, err error) {
			t.Helper()
			if fault.CodeOf(err) != "invalid_field_definition" || !slices.ContainsFunc(fields(err), func(s string) bool { return strings.HasPrefix(s, "approval:") }) {
				t.Errorf("%s: %v %v", name, err, fields(err))
			}
		}
		ctx := context.WithoutCancel(t.Context())
		for name, change := range map[string]func(*registry.Field){
			"attested": func(f *registry.Field) { f.Attestable = true }, "searchable": func(f *registry.Field) { f.Searchable = true },
			"needed": func(f *registry.Field) { f.Required = true }, "by staff": func(f *registry.Field) { f.EditBy = []registry.Role{registry.RoleRegistrar} },
			"no note": func(f *registry.Field) { f.Approval = selfNeeds() }} {
			g := f
			change(&g)
			_, err := x.UpdateField(ctx, admin(), g, "tried")
			refused(name, err)
		}
		email, err := x.Field(ctx, "email")
		if err != nil {
			t.Fatal(err)
		}
		email.Approval.Note = true
		_, err = x.UpdateField(ctx, admin(), email, "tried")
		refused("a value", err)
		f.Hint = map[string]string{"en": "Who and when"}
		if _, err := x.UpdateField(ctx, admin(), f, "shorter"); err != nil {
			t.Error(err, fields(err))
		}
		g := registry.Field{Key: "complaint", Label: label("Complaint"), Type: registry.TypeText, EditBy: []registry.Role{registry.RoleRegistrant}, Approval: registry.Approval{Note: true}}
		if g, err = x.DefineField(ctx, admin(), g, "asked for"); err != nil || fmt.Sprint(g.Approval.By) != "[admin registrar]" {
			t.Error(g.Approval, err, fields(err))
		}
	})
}
