package registry_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// fieldDetails gives the words of the mistakes of an error.
func fieldDetails(err error) []string {
	var e *fault.Error
	if !errors.As(err, &e) {
		return nil
	}
	var out []string
	for _, f := range e.Fields {
		out = append(out, f.Detail)
	}
	return out
}

// defined defines one field and gives it back.
func (x *fixture) defined(t *testing.T, f registry.Field) registry.Field {
	t.Helper()
	if f.Label == nil {
		f.Label = label(f.Key)
	}
	f, err := x.DefineField(t.Context(), admin(), f, "")
	if err != nil {
		t.Fatal(err, fields(err), fieldDetails(err))
	}
	return f
}

func (x *fixture) update(t *testing.T, f registry.Field) registry.Field {
	t.Helper()
	f, err := x.UpdateField(t.Context(), admin(), f, "as the ministry asks")
	if err != nil {
		t.Fatal(err, fields(err), fieldDetails(err))
	}
	return f
}

func (x *fixture) field(t *testing.T, key string) registry.Field {
	t.Helper()
	list, err := x.Fields(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(f registry.Field) bool { return f.Key == key })
	if i < 0 {
		t.Fatalf("there is no field %s", key)
	}
	return list[i]
}

// A stricter definition leaves values as they are, and each value keeps the
// version that it was checked by, in edits and imports alike.
func TestAValueKeepsTheVersionOfItsDefinition(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		f := x.defined(t, registry.Field{Key: "ward", Type: registry.TypeText})
		old := x.register(t, map[string]string{"given_name": "Old", "national_id": "ID-1", "ward": "north"})
		f.Pattern, f.Label = "[A-Z].*", label("Ward of the town")
		if f = x.update(t, f); f.Version != 2 {
			t.Fatalf("version %d", f.Version)
		}
		_, err := x.Register(t.Context(), registrar(), registry.Change{Set: map[string]string{"given_name": "New", "ward": "north"}})
		if got := fields(err); !slices.Equal(got, []string{"ward:wrong_pattern"}) {
			t.Errorf("a new value by the old rule: %v", got)
		}
		old = x.edit(t, old, map[string]string{"given_name": "Older", "ward": "north"}) // a form sends back what it showed
		if v := old.Values["ward"]; v.Text != "north" || v.Definition != 1 || old.Values["given_name"].Definition != 1 {
			t.Errorf("after an edit of another field: %+v", v)
		}
		x.load(t, "National ID,Ward of the town\nID-1,South\n", update(), "0 1 0 0")
		old, err = x.Person(t.Context(), admin(), old.ID)
		if v := old.Values["ward"]; err != nil || v.Text != "South" || v.Definition != 2 {
			t.Errorf("after an import: %+v, %v", v, err)
		}
		versions, err := x.Versions(t.Context(), admin(), old.ID)
		if err != nil || versions[1].Values["ward"].Definition != 1 || versions[2].Values["ward"].Definition != 2 {
			t.Errorf("versions %+v, %v", versions, err)
		}
	})
}

func TestDefinitionsHaveVersions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		f := x.defined(t, registry.Field{Key: "score", Type: registry.TypeNumber, Max: "10"})
		f.Max = "5"
		f = x.update(t, f)
		if again := x.update(t, f); again.Version != 2 {
			t.Errorf("the same again is version %d", again.Version)
		}
		f, err := x.RetireField(t.Context(), admin(), "score", 2, "not asked any more")
		if err != nil || !f.Retired {
			t.Fatal(err)
		}
		if f, err = x.ReviveField(t.Context(), admin(), "score", 3, "asked again"); err != nil || f.Retired {
			t.Fatal(err)
		}
		page, err := x.FieldVersions(t.Context(), admin(), "score", registry.FieldVersionQuery{})
		list := page.Versions
		if err != nil || len(list) != 4 {
			t.Fatalf("%d versions, %v", len(list), err)
		}
		for i, want := range []struct {
			max     string
			retired bool
			reason  string
		}{{"10", false, ""}, {"5", false, "as the ministry asks"}, {"5", true, "not asked any more"}, {"5", false, "asked again"}} {
			if v := list[i]; v.Version != i+1 || v.Max != want.max || v.Retired != want.retired || v.Reason != want.reason || v.Actor != "admin-1" {
				t.Errorf("version %d: %+v", i+1, v)
			}
		}
		log, err := x.AdminHistory(t.Context(), admin(), "field:score")
		if err != nil || len(log) != 4 || string(log[0].Old) != "null" || !strings.Contains(string(log[2].New), `"retired":true`) {
			t.Errorf("history %+v, %v", log, err)
		}
		newest, err := x.FieldVersions(t.Context(), admin(), "score", registry.FieldVersionQuery{Newest: true, Limit: 3})
		if err != nil || len(newest.Versions) != 3 || newest.Versions[0].Version != 4 || newest.Next != 2 {
			t.Errorf("the newest: %+v, %v", newest, err)
		}
		first, err := x.FieldVersions(t.Context(), admin(), "score", registry.FieldVersionQuery{Newest: true, After: newest.Next})
		if err != nil || len(first.Versions) != 1 || first.Versions[0].Version != 1 || first.Next != 0 {
			t.Errorf("before them: %+v, %v", first, err)
		}
		page, err = x.FieldVersions(t.Context(), admin(), "given_name", registry.FieldVersionQuery{})
		core := page.Versions
		if err != nil || len(core) != 1 || core[0].Version != 1 {
			t.Errorf("a core field has %d versions, %v", len(core), err)
		}
		_, err = x.FieldVersions(t.Context(), admin(), "nothing", registry.FieldVersionQuery{})
		wantFault(t, err, fault.NotFound, "no_such_field")
		_, err = x.FieldVersions(t.Context(), registrar(), "score", registry.FieldVersionQuery{})
		wantFault(t, err, fault.Forbidden, "not_allowed")
	})
}

func TestAnUpdateIsChecked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		f := x.defined(t, registry.Field{Key: "score", Type: registry.TypeNumber, Attestable: true, Issuable: true})
		for member, change := range map[string]func(f *registry.Field){
			"type:fixed":              func(f *registry.Field) { f.Type = registry.TypeText },
			"sealed:fixed":            func(f *registry.Field) { f.Sealed = true },
			"unique:fixed":            func(f *registry.Field) { f.Unique = true },
			"lookup:fixed":            func(f *registry.Field) { f.Lookup = true },
			"name:fixed":              func(f *registry.Field) { f.Name = true },
			"kinds:fixed":             func(f *registry.Field) { f.Kinds = []string{"household"} },
			"attestable:fixed":        func(f *registry.Field) { f.Attestable = false },
			"issuable:fixed":          func(f *registry.Field) { f.Issuable = false },
			"min:invalid_min":         func(f *registry.Field) { f.Min = "today" },
			"see_by:invalid_see_by":   func(f *registry.Field) { f.SeeBy = []registry.Role{"root"} },
			"show_if:invalid_show_if": func(f *registry.Field) { f.ShowIf = "score > " },
			"schema:invalid_schema":   func(f *registry.Field) { f.Schema = json.RawMessage(`{"$ref":"#"}`) },
		} {
			g := f
			change(&g)
			_, err := x.UpdateField(t.Context(), admin(), g, "")
			wantFault(t, err, fault.Invalid, "invalid_field_definition")
			if got := fields(err); !slices.Equal(got, []string{member}) {
				t.Errorf("%v, want %s", got, member)
			}
		}
		f.Version = 2
		_, err := x.UpdateField(t.Context(), admin(), f, "")
		wantFault(t, err, fault.Conflict, "version_conflict")
		f.Version, f.Key = 1, "nothing"
		_, err = x.UpdateField(t.Context(), admin(), f, "")
		wantFault(t, err, fault.NotFound, "no_such_field")
		f.Key = "score"
		_, err = x.UpdateField(t.Context(), registrar(), f, "")
		wantFault(t, err, fault.Forbidden, "not_allowed")
		_, err = x.RetireField(t.Context(), registry.Actor{}, "score", 1, "")
		wantFault(t, err, fault.Unauthenticated, "sign_in_required")
		_, err = x.UpdateField(t.Context(), admin(), f, strings.Repeat("x", 501))
		wantFault(t, err, fault.Invalid, "invalid_values")
	})
}

// Of several changes of one definition at once, one wins, and another process
// works by it at once.
func TestDefinitionsAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		f := x.defined(t, registry.Field{Key: "score", Type: registry.TypeNumber})
		elsewhere, err := registry.New(t.Context(), registry.Config{DB: x.DB, Master: x.Master, Now: x.Clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := elsewhere.Fields(t.Context()); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		won := ""
		for _, limit := range []string{"1", "2", "3", "4", "5"} {
			wg.Go(func() {
				g := f
				g.Max = limit
				_, err := x.UpdateField(t.Context(), admin(), g, "")
				if err != nil {
					wantFault(t, err, fault.Conflict, "version_conflict")
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if won != "" {
					t.Errorf("%s and %s both won", won, limit)
				}
				won = limit
			})
		}
		wg.Wait()
		_, err = elsewhere.Register(t.Context(), registrar(), registry.Change{Set: map[string]string{"given_name": "A", "score": "6"}})
		if got := fields(err); won == "" || !slices.Equal(got, []string{"score:too_large"}) {
			t.Errorf("%s won; the other process says %v", won, err)
		}
		if g := x.field(t, "score"); g.Max != won || g.Version != 2 {
			t.Errorf("stored %+v, want max %s", g, won)
		}
	})
}

// A retired field loses nothing: values are read, stay attested and searchable by
// their state, and are marked for the issuer; an upload ignores its column.
func TestARetiredFieldLosesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		f := x.defined(t, registry.Field{Key: "clan", Type: registry.TypeText, Required: true, Attestable: true, Issuable: true})
		p := x.register(t, map[string]string{"given_name": "Amina", "national_id": "ID-1", "clan": "Lion"})
		x.attest(t, p, registry.StateAttested, "", "clan")
		if _, err := x.RetireField(t.Context(), admin(), "clan", f.Version, ""); err != nil {
			t.Fatal(err)
		}
		x.register(t, map[string]string{"given_name": "Brian"}) // not required any more
		p = x.edit(t, p, map[string]string{"given_name": "Zawadi"})
		a, err := x.Attested(t.Context(), p.ID)
		if v := a.Values["clan"]; err != nil || v.Text != "Lion" || !v.Retired {
			t.Errorf("attested %+v, %v", v, err)
		}
		page, err := x.Search(t.Context(), admin(), registry.Query{Field: "clan", State: registry.StateAttested})
		if err != nil || len(page.People) != 1 || page.People[0].Values["clan"].Text != "Lion" {
			t.Errorf("found %+v, %v", page.People, err)
		}
		res := x.load(t, "National ID,Given name,clan\nID-1,Amina,Bear\n", update(), "0 1 0 0")
		if !slices.Equal(res.Ignored, []string{"clan"}) {
			t.Errorf("ignored %v", res.Ignored)
		}
		if _, err := x.ReviveField(t.Context(), admin(), "clan", 2, ""); err != nil {
			t.Fatal(err)
		}
		p, err = x.Person(t.Context(), admin(), p.ID)
		if err != nil {
			t.Fatal(err)
		}
		if p = x.edit(t, p, map[string]string{"clan": "Bear"}); p.Values["clan"].Definition != 3 {
			t.Errorf("after the revival: %+v", p.Values["clan"])
		}
	})
}

// A definition that changes while a file is read stops the merge: its rows were
// checked by another one.
func TestImportStopsWhenDefinitionsChange(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		f := x.defined(t, registry.Field{Key: "ward", Type: registry.TypeText})
		o := create()
		o.Progress = once(func() {
			f.Pattern = "[A-Z]+"
			x.update(t, f)
		})
		_, err := x.Import(t.Context(), registrar(), strings.NewReader("Given name,ward\nAmina,north\n"), o)
		wantFault(t, err, fault.Conflict, "definitions_changed")
		if n := x.count(t, "registrant"); n != 0 {
			t.Errorf("%d people were registered", n)
		}
		x.noStaging(t)
	})
}
