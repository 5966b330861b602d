package registry_test

import (
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/mapping"
)

func census() mapping.Mapping {
	return mapping.Mapping{Key: "census", Label: map[string]string{"en": "Census"}, Kind: registry.PersonKind, Mode: mapping.Create,
		Headers:  map[string]string{"Nr": "national_id", "Who": "full_name", "S": "sex", "Card": "identifier:voter_card", "Born": "birth_date", "Shoe": "", "Town": "locality"},
		Values:   map[string]map[string]string{"sex": {"W": "female", "M": "male", "?": ""}},
		Dates:    "mdy",
		Defaults: map[string]string{"country": "ET", "sex": "unknown"}}
}

func TestSavedMappings(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		m, err := x.DefineImportMapping(t.Context(), admin(), census(), "census of 2026")
		if err != nil {
			t.Fatal(err, fields(err))
		}
		_, err = x.DefineImportMapping(t.Context(), admin(), census(), "again")
		wantFault(t, err, fault.Conflict, "import_mapping_exists")
		_, err = x.DefineImportMapping(t.Context(), registrar(), census(), "")
		wantFault(t, err, fault.Forbidden, "not_allowed")
		_, err = x.ImportMappings(t.Context(), attester())
		wantFault(t, err, fault.Forbidden, "not_allowed")

		const file = "Nr,Who,S,Card,Born,Shoe,Note\nID-1,Amina,w,VC-0001,02/01/1990,38,x\nID-2,Berta,?,,,,\n"
		o := registry.ImportOptions{Saved: "census"}
		res := x.load(t, file, o, "2 0 0 0")
		if !slices.Equal(res.Ignored, []string{"Shoe", "Note"}) || !slices.Equal(res.Unknown, []string{"Note"}) {
			t.Errorf("ignored %v, unknown %v", res.Ignored, res.Unknown)
		}
		p, q := texts(x.find(t, "ID-1")), texts(x.find(t, "ID-2"))
		if p["sex"] != "female" || p["birth_date"] != "1990-02-01" || p["country"] != "ET" || q["sex"] != "unknown" || q["country"] != "ET" {
			t.Errorf("values %v and %v", p, q)
		}
		if x.find(t, "VC0001").Number != x.find(t, "ID-1").Number {
			t.Error("the card was not read")
		}

		id, err := x.UploadImport(t.Context(), registrar(), strings.NewReader(strings.ReplaceAll(file, "ID-", "ID-7")), o)
		if err != nil {
			t.Fatal(err)
		}
		m.Defaults, m.Headers["Card"] = nil, ""
		stale := m
		if m, err = x.ChangeImportMapping(t.Context(), admin(), m, "no defaults"); err != nil || m.VersionNo != 2 {
			t.Fatal(m.VersionNo, err, fields(err))
		}
		_, err = x.ChangeImportMapping(t.Context(), admin(), stale, "late")
		wantFault(t, err, fault.Conflict, "version_conflict")
		if res, err := x.CheckImport(t.Context(), registrar(), id, nil); err != nil || counts(res) != "1 0 0 1" { // the card is Amina's: the file keeps its mapping
			t.Errorf("%s %v, %v", counts(res), res.Problems, err)
		}
		if b, err := x.ImportBatch(t.Context(), registrar(), id); err != nil || b.Saved != "census" || b.Kind != registry.PersonKind {
			t.Errorf("batch %+v, %v", b, err)
		}
		_, err = x.Import(t.Context(), registrar(), strings.NewReader(file), registry.ImportOptions{Saved: "nothing"})
		wantFault(t, err, fault.NotFound, "no_such_import_mapping")

		page, err := x.AdminHistoryPage(t.Context(), admin(), "import_mapping:census", "", 10)
		if err != nil || len(page.Entries) != 2 || page.Entries[0].Reason != "census of 2026" {
			t.Errorf("history %+v, %v", page, err)
		}
	})
}

func TestMappingRefusals(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for want, change := range map[string]func(*mapping.Mapping){
			"key:invalid_key":                   func(m *mapping.Mapping) { m.Key = "Census!" },
			"label:invalid_label":               func(m *mapping.Mapping) { m.Label = nil },
			"kind:unknown_kind":                 func(m *mapping.Mapping) { m.Kind = "crew" },
			"mode:invalid_mode":                 func(m *mapping.Mapping) { m.Mode = "replace" },
			"shoe_size:unknown_field":           func(m *mapping.Mapping) { m.Headers["Shoe"] = "shoe_size" },
			"identifier:shoe:unknown_field":     func(m *mapping.Mapping) { m.Headers["Shoe"] = "identifier:shoe" },
			"rooms_count:unknown_field":         func(m *mapping.Mapping) { m.Headers["Shoe"] = "rooms_count" },
			"member:unknown_field":              func(m *mapping.Mapping) { m.Headers["Shoe"] = "member" },
			"sex:not_listed":                    func(m *mapping.Mapping) { m.Defaults["sex"] = "x" },
			"registration_number:unknown_field": func(m *mapping.Mapping) { m.Defaults["registration_number"] = "1" },
			"headers:invalid_header":            func(m *mapping.Mapping) { m.Headers["a\x00"] = "" },
		} {
			m := census()
			change(&m)
			_, err := x.DefineImportMapping(t.Context(), admin(), m, "")
			wantFault(t, err, fault.Invalid, "invalid_import_mapping")
			if got := strings.Join(fields(err), ","); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	})
}

// OpenG2P's sample data goes in by the preset alone, without a column chosen by
// hand, also where unknown columns are refused.
func TestOpenG2PPreset(t *testing.T) {
	t.Parallel()
	first, second := openg2p(t)
	onEach(t, func(t *testing.T, x *fixture) {
		o := registry.ImportOptions{Saved: "openg2p", KnownOnly: true}
		res := x.load(t, string(first), o, "200 0 0 0")
		if len(res.Unknown) > 0 {
			t.Errorf("unknown columns %q", res.Unknown)
		}
		o.Mode = registry.ImportUpdate
		x.load(t, string(second), o, "0 0 200 0")
		x.load(t, "foundational_id,first_name,last_name,gender,marital_status,birth_date\nXY-1,Amina,Bekele,FEMALE,WIDOWED,1990-02-01\n",
			registry.ImportOptions{Saved: "openg2p", KnownOnly: true}, "1 0 0 0")
		p := texts(x.find(t, "XY-1"))
		if p["sex"] != "female" || p["marital_status"] != "widowed" || p["family_name"] != "Bekele" {
			t.Errorf("values %v", p)
		}
	})
}
