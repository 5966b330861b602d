package registry_test

import (
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/checkdigit"
)

// ration is a type with every member set.
func ration() registry.IdentifierType {
	return registry.IdentifierType{Key: "ration_card", Label: map[string]string{"en": "Ration card", "ar": "بطاقة التموين"}, Pattern: "[0-9]{6,12}",
		CheckRule: checkdigit.Luhn, Normalisation: registry.NormUnpadded, Unique: true, Expires: registry.ExpiresOptional,
		Kinds: []string{registry.PersonKind}, EditBy: []registry.Role{registry.RoleAdmin, registry.RoleRegistrar}, Active: true}
}

func (x *fixture) defineType(t *testing.T, typ registry.IdentifierType) registry.IdentifierType {
	t.Helper()
	typ, err := x.DefineIdentifierType(t.Context(), admin(), typ, "needed")
	if err != nil {
		t.Fatal(err, fields(err))
	}
	return typ
}

func (x *fixture) identifierType(t *testing.T, key string) registry.IdentifierType {
	t.Helper()
	list, err := x.IdentifierTypes(t.Context(), admin())
	i := slices.IndexFunc(list, func(typ registry.IdentifierType) bool { return typ.Key == key })
	if err != nil || i < 0 {
		t.Fatalf("type %s is not in %v, %v", key, list, err)
	}
	return list[i]
}

func TestIdentifierTypesAreThereFromTheStart(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		list, err := x.IdentifierTypes(t.Context(), registrar())
		if err != nil || len(list) < 5 {
			t.Fatalf("%d types, %v", len(list), err)
		}
		for _, typ := range list {
			if typ.Label["en"] == "" || typ.Label["ar"] == "" || !typ.Active || typ.Version != 1 {
				t.Errorf("type %+v", typ)
			}
		}
		mine := x.identifierType(t, "passport")
		mine.Pattern = "[A-Z][0-9]{8}"
		if _, err := x.ChangeIdentifierType(t.Context(), admin(), mine, "our passports"); err != nil {
			t.Fatal(err)
		}
		x.second(t) // the next start leaves it as it is
		if got := x.identifierType(t, "passport"); got.Pattern != mine.Pattern || got.Version != 2 {
			t.Errorf("passport = %+v", got)
		}
	})
}

func TestAnIdentifierTypeIsDefinedAndChanged(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		made := x.defineType(t, ration())
		if got := x.identifierType(t, "ration_card"); made.Version != 1 || got.CheckRule != checkdigit.Luhn || got.Normalisation != registry.NormUnpadded || got.Label["ar"] == "" {
			t.Errorf("defined %+v, stored %+v", made, got)
		}
		_, err := x.DefineIdentifierType(t.Context(), admin(), ration(), "")
		wantFault(t, err, fault.Conflict, "identifier_type_exists")

		made.Active, made.Expires = false, registry.ExpiresRequired
		changed, err := x.ChangeIdentifierType(t.Context(), admin(), made, "no longer issued")
		if err != nil || changed.Version != 2 || changed.Active {
			t.Fatalf("changed %+v, %v", changed, err)
		}
		_, err = x.ChangeIdentifierType(t.Context(), admin(), made, "stale")
		wantFault(t, err, fault.Conflict, "version_conflict")
		made.Key = "no_such_card"
		_, err = x.ChangeIdentifierType(t.Context(), admin(), made, "")
		wantFault(t, err, fault.NotFound, "no_such_identifier_type")

		log, err := x.AdminHistory(t.Context(), admin(), "identifier_type:ration_card")
		if err != nil || len(log) != 2 || log[0].Reason != "needed" || log[1].Reason != "no longer issued" ||
			!strings.Contains(string(log[1].Old), `"active":true`) || !strings.Contains(string(log[1].New), `"active":false`) {
			t.Errorf("history %+v, %v", log, err)
		}
	})
}

// What stored values are compared by changes only while there are none.
func TestATypeInUseKeepsHowItsValuesAreCompared(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		typ := x.defineType(t, ration())
		typ.Normalisation = registry.NormDigits
		typ, err := x.ChangeIdentifierType(t.Context(), admin(), typ, "")
		if err != nil {
			t.Fatal(err)
		}
		x.identify(t, x.register(t, amina()), "ration_card", "79927398713")
		for _, change := range []func(*registry.IdentifierType){
			func(typ *registry.IdentifierType) { typ.Normalisation = registry.NormLetters },
			func(typ *registry.IdentifierType) { typ.Unique = false },
		} {
			other := typ
			change(&other)
			_, err := x.ChangeIdentifierType(t.Context(), admin(), other, "")
			wantFault(t, err, fault.Conflict, "identifier_type_in_use")
		}
		typ.Pattern, typ.CheckRule = "[A-Z]", checkdigit.None // values that are there stay
		if _, err := x.ChangeIdentifierType(t.Context(), admin(), typ, ""); err != nil {
			t.Error(err)
		}
	})
}

func TestABadIdentifierTypeIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for want, spoil := range map[string]func(*registry.IdentifierType){
			"key":           func(typ *registry.IdentifierType) { typ.Key = "Ration card" },
			"label":         func(typ *registry.IdentifierType) { typ.Label = map[string]string{"ar": "بطاقة"} },
			"pattern":       func(typ *registry.IdentifierType) { typ.Pattern = "([0-9]+" },
			"check_rule":    func(typ *registry.IdentifierType) { typ.CheckRule = "mod10" },
			"normalisation": func(typ *registry.IdentifierType) { typ.Normalisation = "none" },
			"expires":       func(typ *registry.IdentifierType) { typ.Expires = "soon" },
			"kinds":         func(typ *registry.IdentifierType) { typ.Kinds = []string{registry.PersonKind, "household"} },
			"edit_by":       func(typ *registry.IdentifierType) { typ.EditBy = []registry.Role{registry.RoleAuditor} },
		} {
			typ := ration()
			spoil(&typ)
			_, err := x.DefineIdentifierType(t.Context(), admin(), typ, "")
			wantFault(t, err, fault.Invalid, "invalid_identifier_type")
			if got := fields(err); !slices.Equal(got, []string{want + ":invalid_" + want}) {
				t.Errorf("fields = %v, want %s", got, want)
			}
		}
		all := registry.IdentifierType{Key: "\x00", Pattern: "(", Expires: "x", Normalisation: "x", CheckRule: "x", Kinds: []string{"X"}, EditBy: []registry.Role{"x"}}
		if _, err := x.DefineIdentifierType(t.Context(), admin(), all, ""); len(fields(err)) != 8 {
			t.Errorf("fields = %v, want one per mistake", fields(err))
		}
		if n := x.count(t, "admin_log"); n != 0 {
			t.Errorf("%d entries of refused definitions", n)
		}
		least := x.defineType(t, registry.IdentifierType{Key: "least", Label: map[string]string{"en": "Least"}})
		if least.CheckRule != checkdigit.None || least.Normalisation != registry.NormLetters || least.Expires != registry.ExpiresOptional ||
			!slices.Equal(least.Kinds, []string{registry.PersonKind}) || least.Active {
			t.Errorf("defaults = %+v", least)
		}
	})
}
