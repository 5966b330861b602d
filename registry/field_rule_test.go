package registry_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// pmtFields are a proxy means test: shared/specs/registry-peers.md 6.
func pmtFields() []registry.Field {
	number := func(key, least, greatest string) registry.Field {
		return registry.Field{Key: key, Type: registry.TypeNumber, Min: least, Max: greatest, Label: label(key)}
	}
	boolean := func(key string) registry.Field {
		return registry.Field{Key: key, Type: registry.TypeBoolean, Label: label(key)}
	}
	return []registry.Field{
		number("wall", "1", "5"), number("water", "1", "5"), number("size", "1", "40"),
		boolean("female_head"), boolean("elderly_head"), boolean("child_head"),
		{Key: "pmt", Type: registry.TypeComputed, Label: label("Poverty score"), Min: "0", Max: "100", Attestable: true, Issuable: true,
			Rule: `math.round(math.least(100.0, math.greatest(0.0, 39.84 + 6.50*wall + 6.10*water - 2.85*size
				- (female_head ? 4.88 : 0.0) - (elderly_head ? 6.50 : 0.0) - (child_head ? 9.76 : 0.0))))`},
		{Key: "poor", Type: registry.TypeComputed, Result: registry.TypeBoolean, Label: label("Poor"), Rule: "pmt <= 40", Position: 1},
	}
}

func household(wall, water, size, female, elderly, child string) map[string]string {
	return map[string]string{"given_name": "Head", "wall": wall, "water": water, "size": size, "female_head": female, "elderly_head": elderly, "child_head": child}
}

// The poverty score of the reference comes out in an edit and in an import, goes
// stale by the same hash as any value, and is absent where it cannot be computed.
func TestComputedPovertyScore(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.define(t, pmtFields()...)
		csv := []string{"Given name,wall,water,size,female_head,elderly_head,child_head"}
		for _, c := range []struct {
			set        map[string]string
			score, is  string
			fromImport string
		}{
			{household("1", "1", "20", "true", "false", "true"), "0", "true", "Worst,1,1,20,true,false,true"},
			{household("5", "5", "1", "false", "false", "false"), "100", "false", "Best,5,5,1,no,no,no"},
			{household("1", "1", "8", "false", "true", "false"), "23", "true", "Hhold A,1,1,8,no,yes,no"},
			{household("4", "3", "5", "false", "false", "false"), "70", "false", "Hhold B,4,3,5,no,no,no"},
		} {
			p := x.register(t, c.set)
			if p.Values["pmt"].Text != c.score || p.Values["poor"].Text != c.is {
				t.Errorf("%v: %s, %s; want %s", c.set, p.Values["pmt"].Text, p.Values["poor"].Text, c.score)
			}
			csv = append(csv, c.fromImport)
		}
		x.load(t, strings.Join(csv, "\n")+"\n", create(), "4 0 0 0")
		for name, want := range map[string]string{"worst": "0", "best": "100", "hhold a": "23", "hhold b": "70"} {
			if p := x.find(t, name); p.Values["pmt"].Text != want {
				t.Errorf("imported %s: %q, want %s", name, p.Values["pmt"].Text, want)
			}
		}

		p := x.find(t, "hhold b")
		x.attest(t, p, registry.StateAttested, "", "pmt")
		p = x.edit(t, p, map[string]string{"given_name": "Same score"})
		if got := x.attested(t, p); !maps.Equal(got, map[string]string{"pmt": "70"}) {
			t.Errorf("attested %v", got)
		}
		p = x.edit(t, p, map[string]string{"wall": "1"})
		if p.Values["pmt"].Text != "50" || len(x.attested(t, p)) != 0 {
			t.Errorf("after an edit: %q, attested %v", p.Values["pmt"].Text, x.attested(t, p))
		}
		p = x.edit(t, p, map[string]string{"wall": ""})
		if _, ok := p.Values["pmt"]; ok || p.Values["poor"].Text != "" {
			t.Errorf("without a wall: %+v", p.Values)
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
		_, err := x.Edit(t.Context(), admin(), p.ID, registry.Change{Set: map[string]string{"pmt": "1"}, ExpectVersion: p.VersionNo})
		if got := fields(err); !slices.Equal(got, []string{"pmt:computed"}) {
			t.Errorf("an edit of a computed value: %v", err)
		}
	})
}

// A new rule, and a rule that has no result, never touch a record that nobody
// changes, and never fail a change.
func TestARuleNeverFailsAChange(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.define(t, registry.Field{Key: "members", Type: registry.TypeNumber, Label: label("Members")},
			registry.Field{Key: "rooms", Type: registry.TypeNumber, Label: label("Rooms")})
		f := x.defined(t, registry.Field{Key: "crowding", Type: registry.TypeComputed, Rule: "members / rooms", Max: "100"})
		p := x.register(t, map[string]string{"given_name": "A", "national_id": "ID-1", "members": "6", "rooms": "4"})
		if p.Values["crowding"].Text != "1.5" {
			t.Errorf("%+v", p.Values["crowding"])
		}
		for _, c := range []struct{ members, rooms, want string }{{"6", "0", ""}, {"600", "2", ""}, {"1", "3", "0.333333333"}} {
			p = x.edit(t, p, map[string]string{"members": c.members, "rooms": c.rooms})
			if got := p.Values["crowding"].Text; got != c.want {
				t.Errorf("%s in %s rooms: %q, want %q", c.members, c.rooms, got, c.want)
			}
		}
		f.Rule = "rooms / members"
		x.update(t, f)
		x.load(t, "National ID,members\nID-1,1\n", update(), "0 0 1 0")
		same, err := x.Edit(t.Context(), registrar(), p.ID, registry.Change{Set: map[string]string{"members": "1"}, ExpectVersion: p.VersionNo})
		if err != nil || same.VersionNo != p.VersionNo || same.Values["crowding"].Text != "0.333333333" {
			t.Errorf("nothing was changed: %+v, %v", same.Values["crowding"], err)
		}
		p = x.edit(t, p, map[string]string{"given_name": "B"})
		if v := p.Values["crowding"]; v.Text != "3" || v.Definition != 2 {
			t.Errorf("by the new rule: %+v", v)
		}
	})
}

func TestConditions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.define(t, registry.Field{Key: "expects", Type: registry.TypeBoolean, Label: label("Expects a child"), ShowIf: `sex == "female"`},
			registry.Field{Key: "clinic", Type: registry.TypeText, Label: label("Clinic"), ShowIf: "expects", RequiredIf: `region == "Nyanza"`},
			registry.Field{Key: "contact", Type: registry.TypeText, Label: label("Contact"), RequiredIf: `!has(phone_number)`})
		try := func(set map[string]string, want ...string) {
			t.Helper()
			set = maps.Clone(set)
			set["given_name"] = "A"
			_, err := x.Register(t.Context(), registrar(), registry.Change{Set: set})
			if got := fields(err); !slices.Equal(got, want) {
				t.Errorf("%v: %v, want %v", set, got, want)
			}
		}
		const phone = "+254711220998"
		try(map[string]string{"phone_number": phone, "sex": "female", "expects": "true", "clinic": "Ahero"})
		try(map[string]string{"phone_number": phone, "sex": "male", "expects": "true"}, "expects:not_applicable")
		try(map[string]string{"phone_number": phone, "expects": "true"}, "expects:not_applicable") // nobody knows the sex
		try(map[string]string{"phone_number": phone, "sex": "female", "clinic": "Ahero"}, "clinic:not_applicable")
		try(map[string]string{"phone_number": phone, "sex": "female", "expects": "true", "region": "Nyanza"}, "clinic:required")
		try(map[string]string{"phone_number": phone, "sex": "female", "expects": "true", "region": "Rift"})
		try(map[string]string{}, "contact:required")

		res := x.load(t, "Given name,Phone,Gender,expects\nImported,0711220998,male,true\nTwo,0711220997,female,true\n", create(), "1 0 0 1")
		if got := problemsOf(res); !slices.Equal(got, []string{"2 expects not_applicable"}) {
			t.Errorf("problems %v", got)
		}
		// What is there stays there, and is asked for again where the change touches it.
		p := x.find(t, "Two")
		p = x.edit(t, p, map[string]string{"sex": "male"})
		if p.Values["expects"].Text != "true" {
			t.Error("an edit of another field took a value away")
		}
		p = x.edit(t, p, map[string]string{"sex": "female"})
		_, err := x.Edit(t.Context(), registrar(), p.ID, registry.Change{Set: map[string]string{"region": "Nyanza"}, ExpectVersion: p.VersionNo})
		if got := fields(err); !slices.Equal(got, []string{"clinic:required"}) {
			t.Errorf("%v", got)
		}
	})
}

func TestRulesAreChecked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.define(t, registry.Field{Key: "secret_income", Type: registry.TypeNumber, Sealed: true, Label: label("Income")},
			registry.Field{Key: "herd", Type: registry.TypeNumber, Kinds: []string{"household"}, Label: label("Herd")})
		one := x.defined(t, registry.Field{Key: "one", Type: registry.TypeComputed, Rule: "1.0"})
		x.define(t, registry.Field{Key: "two", Type: registry.TypeComputed, Rule: "one + 1.0", Label: label("Two")})
		computed := func(rule string) registry.Field {
			return registry.Field{Key: "c", Type: registry.TypeComputed, Rule: rule, Label: label("C")}
		}
		with := func(f registry.Field, change func(f *registry.Field)) registry.Field {
			change(&f)
			return f
		}
		text := registry.Field{Key: "c", Type: registry.TypeText, Label: label("C")}
		for _, c := range []struct {
			f    registry.Field
			want string
		}{
			{computed(""), "rule"}, {computed("1.0 +"), "rule"}, {computed("unknown_field"), "rule"}, {computed("c + 1.0"), "rule"},
			{computed("herd"), "rule"}, // of households
			{computed("secret_income"), "rule"},
			{computed(`"text"`), "rule"},
			{with(computed("1.0"), func(f *registry.Field) { f.Result = registry.TypePhone }), "result"},
			{with(computed("1.0"), func(f *registry.Field) { f.EditBy = []registry.Role{registry.RoleAdmin} }), "edit_by"},
			{with(computed("1.0"), func(f *registry.Field) { f.Required = true }), "required"},
			{with(computed("1.0"), func(f *registry.Field) { f.Unique = true }), "unique"},
			{with(computed("1.0"), func(f *registry.Field) { f.ShowIf = "true" }), "show_if"},
			{with(text, func(f *registry.Field) { f.Rule = "1.0" }), "rule"},
			{with(text, func(f *registry.Field) { f.ShowIf = "given_name" }), "show_if"},
			{with(text, func(f *registry.Field) { f.RequiredIf = "now()" }), "required_if"},
			{with(text, func(f *registry.Field) { f.Searchable, f.Sealed = true, true }), "searchable"},
			{with(text, func(f *registry.Field) { f.Type, f.Searchable = registry.TypeRepeat, true }), "searchable"},
			{with(text, func(f *registry.Field) { f.Type, f.Lookup = registry.TypeLocation, true }), "lookup"},
			{with(text, func(f *registry.Field) {
				f.Type, f.Choices = registry.TypeMultiChoice, []registry.Choice{{Value: "a,b", Label: label("A")}}
			}), "choices"},
		} {
			_, err := x.DefineField(t.Context(), admin(), c.f, "")
			wantFault(t, err, fault.Invalid, "invalid_field_definition")
			if got := fields(err); !slices.Equal(got, []string{c.want + ":invalid_" + c.want}) {
				t.Errorf("%+v: %v, want %s", c.f, got, c.want)
			}
		}
		one.Rule = "two - 1.0"
		_, err := x.UpdateField(t.Context(), admin(), one, "")
		if got := fields(err); !slices.Equal(got, []string{"rule:invalid_rule"}) {
			t.Errorf("a circle: %v", err)
		}
		x.define(t, with(computed("secret_income * 12.0"), func(f *registry.Field) { f.Sealed = true }))
		p := x.register(t, map[string]string{"given_name": "A", "secret_income": "2"})
		if p.Values["c"].Text != "24" || p.Values["two"].Text != "2" {
			t.Errorf("%+v", p.Values)
		}
	})
}
