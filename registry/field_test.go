package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func label(en string) map[string]string { return map[string]string{"en": en, "ar": "حقل"} }

// A field that no code knows is stored, found, attested and issued.
func TestADefinedFieldNeedsNoCode(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for _, f := range []registry.Field{
			{Key: "household_size", Type: registry.TypeNumber, Min: "1", Max: "40", Label: label("Household size"), Attestable: true, Issuable: true},
			{Key: "tax_number", Type: registry.TypeIdentifier, Label: label("Tax number"), Sealed: true, Unique: true, Attestable: true, Pattern: "[0-9]{4,}", Hint: label("Digits")},
			{Key: "shoe", Type: registry.TypeChoice, Label: label("Shoe"), Choices: []registry.Choice{{Value: "left", Label: label("Left")}}, EditBy: []registry.Role{registry.RoleRegistrant}},
			{Key: "house_name", Type: registry.TypeText, Label: label("House name"), Name: true, IRI: "https://example.org/houseName", MaxLength: 10, Position: 1, Section: "name"},
		} {
			got, err := x.DefineField(t.Context(), admin(), f, "")
			if err != nil || got.No <= 1000 || got.Key != f.Key {
				t.Fatalf("%s: %+v, %v", f.Key, got, err)
			}
			list, err := x.Fields(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(list, func(l registry.Field) bool { return l.Key == f.Key })
			if i < 0 || fmt.Sprintf("%+v", list[i]) != fmt.Sprintf("%+v", got) {
				t.Errorf("stored %+v, want %+v", list[i], got)
			}
		}
		list, err := x.Fields(t.Context())
		if err != nil || list[0].Key != "house_name" {
			t.Errorf("the first field is %s, %v", list[0].Key, err)
		}

		p := x.register(t, map[string]string{"given_name": "Amina", "household_size": "04", "tax_number": "1234", "house_name": "Stark"})
		if p.Values["household_size"].Text != "4" {
			t.Errorf("household_size = %+v", p.Values["household_size"])
		}
		x.attest(t, p, registry.StateAttested, "", "household_size", "tax_number")
		if got := x.attested(t, p); got["household_size"] != "4" || got["tax_number"] != "1234" {
			t.Errorf("attested = %v", got)
		}
		for _, text := range []string{"1 234", "stark"} {
			if page, err := x.Search(t.Context(), admin(), registry.Query{Text: text}); err != nil || len(page.People) != 1 {
				t.Errorf("%q found %d, %v", text, len(page.People), err)
			}
		}
		_, err = x.Register(t.Context(), registrar(), registry.Change{Set: map[string]string{"given_name": "B", "tax_number": "12-34"}})
		if got := fields(err); !slices.Equal(got, []string{"tax_number:wrong_pattern"}) {
			t.Errorf("%v", err)
		}
		_, err = x.Register(t.Context(), registrar(), registry.Change{Set: map[string]string{"given_name": "B", "tax_number": "1234"}})
		wantFault(t, err, fault.Conflict, "identifier_taken")
		_, err = x.Register(t.Context(), registrar(), registry.Change{Set: map[string]string{"given_name": "B", "household_size": "41", "shoe": "left"}})
		if got := fields(err); !slices.Equal(got, []string{"household_size:too_large", "shoe:not_editable"}) {
			t.Errorf("fields = %v", got)
		}
		if _, err := x.Edit(t.Context(), self(p.ID), p.ID, registry.Change{Set: map[string]string{"shoe": "LEFT"}, ExpectVersion: 1}); err != nil {
			t.Error(err)
		}
	})
}

// A required field is asked of new people, and of others when it is touched.
func TestARequiredField(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		old := x.register(t, map[string]string{"given_name": "Old"})
		if _, err := x.DefineField(t.Context(), admin(), registry.Field{Key: "village", Type: registry.TypeText, Required: true, Label: label("Village")}, ""); err != nil {
			t.Fatal(err)
		}
		_, err := x.Register(t.Context(), registrar(), registry.Change{Set: map[string]string{"given_name": "New"}})
		if got := fields(err); !slices.Equal(got, []string{"village:required"}) {
			t.Errorf("fields = %v", got)
		}
		old = x.edit(t, old, map[string]string{"given_name": "Older"})
		old = x.edit(t, old, map[string]string{"village": "Ahero"})
		_, err = x.Edit(t.Context(), registrar(), old.ID, registry.Change{Set: map[string]string{"village": " "}, ExpectVersion: old.VersionNo})
		if got := fields(err); !slices.Equal(got, []string{"village:required"}) {
			t.Errorf("fields = %v", got)
		}
	})
}

func TestABadDefinitionIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		good := registry.Field{Key: "note", Type: registry.TypeText, Label: label("Note")}
		before := x.count(t, "field_definition")
		for name, c := range map[string]struct {
			change func(f *registry.Field)
			want   string
		}{
			"key with capitals":      {func(f *registry.Field) { f.Key = "Note" }, "key"},
			"key with a quote":       {func(f *registry.Field) { f.Key = "a'b" }, "key"},
			"key n+1":                {func(f *registry.Field) { f.Key = strings.Repeat("a", 64) }, "key"},
			"no key":                 {func(f *registry.Field) { f.Key = "" }, "key"},
			"unknown type":           {func(f *registry.Field) { f.Type = "photo" }, "type"},
			"no English":             {func(f *registry.Field) { f.Label = map[string]string{"ar": "حقل"} }, "label"},
			"no label":               {func(f *registry.Field) { f.Label = nil }, "label"},
			"bad language":           {func(f *registry.Field) { f.Label = map[string]string{"en": "N", "english": "N"} }, "label"},
			"control character":      {func(f *registry.Field) { f.Label = label("a\nb") }, "label"},
			"empty hint":             {func(f *registry.Field) { f.Hint = label("") }, "hint"},
			"bad section":            {func(f *registry.Field) { f.Section = "A B" }, "section"},
			"choice without choices": {func(f *registry.Field) { f.Type = registry.TypeChoice }, "choices"},
			"text with choices":      {func(f *registry.Field) { f.Choices = []registry.Choice{{Value: "a", Label: label("A")}} }, "choices"},
			"choices of another case": {func(f *registry.Field) {
				f.Type, f.Choices = registry.TypeChoice, []registry.Choice{{Value: "a", Label: label("A")}, {Value: "A", Label: label("A")}}
			}, "choices"},
			"choice without label": {func(f *registry.Field) { f.Type, f.Choices = registry.TypeChoice, []registry.Choice{{Value: "a"}} }, "choices"},
			"choice with spaces": {func(f *registry.Field) {
				f.Type, f.Choices = registry.TypeChoice, []registry.Choice{{Value: " a", Label: label("A")}}
			}, "choices"},
			"bad pattern":             {func(f *registry.Field) { f.Pattern = "[" }, "pattern"},
			"pattern that breaks out": {func(f *registry.Field) { f.Pattern = "a)|(b" }, "pattern"},
			"text with a bound":       {func(f *registry.Field) { f.Max = "today" }, "max"},
			"date with a number":      {func(f *registry.Field) { f.Type, f.Min = registry.TypeDate, "1" }, "min"},
			"least day today":         {func(f *registry.Field) { f.Type, f.Min = registry.TypeDate, "today" }, "min"},
			"number with a date":      {func(f *registry.Field) { f.Type, f.Max = registry.TypeNumber, "2000-01-01" }, "max"},
			"length n+1":              {func(f *registry.Field) { f.MaxLength = 4001 }, "max_length"},
			"length -1":               {func(f *registry.Field) { f.MaxLength = -1 }, "max_length"},
			"edited by auditors":      {func(f *registry.Field) { f.EditBy = []registry.Role{registry.RoleAuditor} }, "edit_by"},
			"relative IRI":            {func(f *registry.Field) { f.IRI = "givenName" }, "iri"},
			"IRI with a space":        {func(f *registry.Field) { f.IRI = "https://example.org/a b" }, "iri"},
			"IRI without host":        {func(f *registry.Field) { f.IRI = "javascript:alert(1)" }, "iri"},
		} {
			f := good
			c.change(&f)
			_, err := x.DefineField(t.Context(), admin(), f, "")
			wantFault(t, err, fault.Invalid, "invalid_field_definition")
			if got := fields(err); !slices.Equal(got, []string{c.want + ":invalid_" + c.want}) {
				t.Errorf("%s: %v, want %s", name, got, c.want)
			}
		}
		if n := x.count(t, "field_definition"); n != before {
			t.Errorf("%d definitions were left behind", n-before)
		}
		for _, f := range []registry.Field{good, {Key: "given_name", Type: registry.TypeText, Label: label("X")}} {
			x.DefineField(t.Context(), admin(), good, "")
			_, err := x.DefineField(t.Context(), admin(), f, "")
			wantFault(t, err, fault.Conflict, "field_exists")
		}
	})
}

// Several first starts at once make one set of core fields, and a later start
// changes nothing.
func TestCoreFieldsAreSeededOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.exec(t, "DELETE FROM field_definition")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := registry.New(t.Context(), registry.Config{DB: x.DB, Master: x.Master, Now: x.Clock.Now}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		x.exec(t, "UPDATE field_definition SET max_length = 77 WHERE key = 'locality'")
		again, err := registry.New(t.Context(), registry.Config{DB: x.DB, Master: x.Master, Now: x.Clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		list, err := again.Fields(t.Context())
		if err != nil || len(list) != 27 {
			t.Fatalf("%d fields, %v", len(list), err)
		}
		for _, f := range list {
			if f.Key == "locality" && f.MaxLength != 77 {
				t.Error("a start changed a definition")
			}
		}
	})
}
