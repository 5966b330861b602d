package registry_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const aFile = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// ofEachType is one added field per type, with a value as it is entered, as it
// is stored, and another one. No code names any of them.
func ofEachType() []struct {
	def                    registry.Field
	entered, stored, other string
} {
	choices := []registry.Choice{{Value: "food", Label: label("Food aid")}, {Value: "cash", Label: label("Cash")}}
	type list = []struct {
		def                    registry.Field
		entered, stored, other string
	}
	return list{
		{registry.Field{Key: "nickname", Type: registry.TypeText}, " Ami  na ", "Ami na", "Nana"},
		{registry.Field{Key: "arrived_on", Type: registry.TypeDate}, "2020-02-29", "2020-02-29", "2021-01-01"},
		{registry.Field{Key: "aid", Type: registry.TypeChoice, Choices: choices}, "FOOD", "food", "cash"},
		{registry.Field{Key: "income", Type: registry.TypeNumber}, "+012.50", "12.5", "13"},
		{registry.Field{Key: "employed", Type: registry.TypeBoolean}, "yes", "true", "false"},
		{registry.Field{Key: "second_phone", Type: registry.TypePhone}, "00254 711 000 111", "+254711000111", "+254711000112"},
		{registry.Field{Key: "work_email", Type: registry.TypeEmail}, "a@Example.org", "a@example.org", "b@example.org"},
		{registry.Field{Key: "ration_card", Type: registry.TypeIdentifier}, "RC 17", "RC 17", "RC 18"},
		{registry.Field{Key: "aids", Type: registry.TypeMultiChoice, Choices: choices}, "food; CASH;food", "cash, food", "food"},
		{registry.Field{Key: "home_at", Type: registry.TypeLocation}, "-0.09170, 34.768,012", "-0.0917,34.768,12", "1,2"},
		{registry.Field{Key: "animals", Type: registry.TypeRepeat, Schema: json.RawMessage(`{"items":{"required":["kind"],"properties":{"count":{"type":"integer"}}}}`)},
			`[ {"kind":"goat", "count": 3.0} ]`, `[{"count":3,"kind":"goat"}]`, `[]`},
		{registry.Field{Key: "income_per_year", Type: registry.TypeComputed, Rule: "income * 12.0"}, "", "150", "156"},
	}
}

// A field of each type is defined, edited, imported, attested, given to the
// issuer and retired.
func TestAFieldOfEachType(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		set, other, columns, cells := map[string]string{"given_name": "Amina"}, map[string]string{}, []string{"Given name"}, []string{"Brian"}
		var keys []string
		for _, c := range ofEachType() {
			c.def.Label, c.def.Attestable, c.def.Issuable = map[string]string{"en": "The " + c.def.Key}, true, true
			x.define(t, c.def)
			keys = append(keys, c.def.Key)
			if c.entered != "" {
				set[c.def.Key], other[c.def.Key] = c.entered, c.other
				columns, cells = append(columns, c.def.Label["en"]), append(cells, `"`+strings.ReplaceAll(c.entered, `"`, `""`)+`"`)
			}
		}
		p := x.register(t, set)
		x.attest(t, p, registry.StateAttested, "", keys...)
		attested := x.attested(t, p)
		x.load(t, strings.Join(columns, ",")+"\n"+strings.Join(cells, ",")+"\n", create(), "1 0 0 0")
		imported := x.find(t, "Brian")
		changed := x.edit(t, p, other)
		for _, c := range ofEachType() {
			key := c.def.Key
			if p.Values[key].Text != c.stored || imported.Values[key].Text != c.stored || attested[key] != c.stored {
				t.Errorf("%s: registered %q, imported %q, attested %q, want %q", key, p.Values[key].Text, imported.Values[key].Text, attested[key], c.stored)
			}
			if changed.Values[key].Text == c.stored || changed.Values[key].Text != c.other {
				t.Errorf("%s: changed to %q, want %q", key, changed.Values[key].Text, c.other)
			}
		}
		if left := x.attested(t, changed); len(left) != 0 {
			t.Errorf("still attested after a change: %v", left)
		}
		x.retireAll(t, keys)
		changed = x.edit(t, changed, map[string]string{"given_name": "Zawadi"})
		for _, id := range []registry.Person{changed, imported} {
			if err := x.VerifyChain(t.Context(), id.ID); err != nil {
				t.Error(err)
			}
		}
		for _, c := range ofEachType() {
			if c.entered == "" {
				continue
			}
			_, err := x.Edit(t.Context(), registrar(), changed.ID, registry.Change{Set: map[string]string{c.def.Key: c.entered}, ExpectVersion: changed.VersionNo})
			if got := fields(err); !slices.Equal(got, []string{c.def.Key + ":" + registry.CodeRetired}) {
				t.Errorf("%s: an edit of a retired field: %v", c.def.Key, err)
			}
		}
	})
}

func (x *fixture) retireAll(t *testing.T, keys []string) {
	t.Helper()
	for _, key := range keys {
		f, err := x.RetireField(t.Context(), admin(), key, 1, "not asked any more")
		if err != nil || !f.Retired || f.Version != 2 {
			t.Fatalf("retire %s: %+v, %v", key, f, err)
		}
	}
}

// What is wrong with values that have parts, and the boundaries of what is right.
func TestValuesWithPartsAreChecked(t *testing.T) {
	t.Parallel()
	choices := []registry.Choice{{Value: "a"}, {Value: "b c"}}
	def := func(ft registry.FieldType) registry.Field {
		return registry.Field{Key: "f", Type: ft, Choices: choices}
	}
	row := func(n int) string { return "[" + strings.TrimSuffix(strings.Repeat("{},", n), ",") + "]" }
	for _, c := range []struct {
		f         registry.Field
		raw, want string // a canonical text, or a code
	}{
		{def(registry.TypeMultiChoice), "B C | a,,", "a, b c"},
		{def(registry.TypeMultiChoice), "a b c", registry.CodeNotListed},
		{def(registry.TypeMultiChoice), ";", registry.CodeNotListed},
		{def(registry.TypeLocation), "90,-180,0", "90,-180,0"},
		{def(registry.TypeLocation), "٩٠,١٨٠", "90,180"},
		{def(registry.TypeLocation), "90.000001,0", registry.CodeBadLocation},
		{def(registry.TypeLocation), "0,-180.1", registry.CodeBadLocation},
		{def(registry.TypeLocation), "0,0,-1", registry.CodeBadLocation},
		{def(registry.TypeLocation), "1", registry.CodeBadLocation},
		{def(registry.TypeLocation), "1,2,3,4", registry.CodeBadLocation},
		{def(registry.TypeLocation), "1,36,8E+2", registry.CodeBadLocation},
		{def(registry.TypeDocument), "sha256:" + aFile, "sha256:" + aFile},
		{def(registry.TypeDocument), aFile[1:], registry.CodeBadDocument},
		{def(registry.TypeDocument), "md5:" + aFile, registry.CodeBadDocument},
		{def(registry.TypeRepeat), "[\n  {\"b\": \" x  y \", \"a\": [1.50, null, true]}\n]", `[{"a":[1.5,null,true],"b":"x y"}]`},
		{def(registry.TypeRepeat), `[]`, `[]`},
		{def(registry.TypeRepeat), `{}`, registry.CodeBadRows},
		{def(registry.TypeRepeat), `[1]`, registry.CodeBadRows},
		{def(registry.TypeRepeat), `[{}] []`, registry.CodeBadRows},
		{def(registry.TypeRepeat), `[{"a":1,"a":2}]`, registry.CodeBadRows},
		{def(registry.TypeRepeat), `[{"a":1,"\u0061":2}]`, registry.CodeBadRows},
		{def(registry.TypeRepeat), `[{"a":"\u0000"}]`, registry.CodeControl},
		{def(registry.TypeRepeat), `[{"a\u202e":1}]`, registry.CodeControl},
		{def(registry.TypeRepeat), `[{"a":"\ud800"}]`, registry.CodeDamagedText},
		{def(registry.TypeRepeat), `[{"a":1e3}]`, registry.CodeMangled},
		{def(registry.TypeRepeat), `[{"a":` + strings.Repeat("[", 4) + strings.Repeat("]", 4) + `}]`, `[{"a":[[[[]]]]}]`},
		{def(registry.TypeRepeat), `[{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}]`, registry.CodeBadRows},
		{def(registry.TypeRepeat), row(500), row(500)},
		{def(registry.TypeRepeat), row(501), registry.CodeTooLarge},
		{registry.Field{Key: "f", Type: registry.TypeNumber, Schema: json.RawMessage(`{"multipleOf":5}`)}, "10.0", "10"},
		{registry.Field{Key: "f", Type: registry.TypeNumber, Schema: json.RawMessage(`{"multipleOf":5}`)}, "11", registry.CodeSchema},
		{registry.Field{Key: "f", Type: registry.TypeMultiChoice, Choices: choices, Schema: json.RawMessage(`{"maxItems":1}`)}, "a,b c", registry.CodeSchema},
		{registry.Field{Key: "f", Type: registry.TypeLocation, Schema: json.RawMessage(`{"required":["accuracy"]}`)}, "1,2", registry.CodeSchema},
	} {
		text, code := registry.Canonical(c.f, c.raw, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
		if text != c.want && code != c.want {
			t.Errorf("%s %.60q: %q, %s; want %s", c.f.Type, c.raw, text, code, c.want)
		}
	}
}

// A mistake names where a value does not fit its schema, and not what it says.
func TestASchemaNamesThePlace(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.define(t, registry.Field{Key: "animals", Type: registry.TypeRepeat, Label: label("Animals"),
			Schema: json.RawMessage(`{"items":{"properties":{"count":{"type":"integer"}}}}`)})
		_, err := x.Register(t.Context(), registrar(), registry.Change{Set: map[string]string{"given_name": "A", "animals": `[{},{"count":"secret"}]`}})
		wantFault(t, err, fault.Invalid, "invalid_values")
		if text := fmt.Sprintf("%+v", fieldDetails(err)); !strings.Contains(text, "/1/count") || strings.Contains(text, "secret") {
			t.Errorf("the mistake says %s", text)
		}
	})
}
