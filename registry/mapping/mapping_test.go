package mapping_test

import (
	"slices"
	"strings"
	"testing"

	"socialregistry/registry/mapping"
)

func TestValueMeans(t *testing.T) {
	t.Parallel()
	m := &mapping.Mapping{Values: map[string]map[string]string{"sex": {"M": "male", "F": "female", "-": ""}}}
	for cell, want := range map[string]string{"M": "male", "m": "male", "F": "female", "-": "", "x": "x", "": ""} {
		if got := m.Value("sex", cell); got != want {
			t.Errorf("%q means %q, want %q", cell, got, want)
		}
	}
	if got := (*mapping.Mapping)(nil).Value("sex", "M"); got != "M" {
		t.Errorf("without a mapping M means %q", got)
	}
}

func TestMappingProblems(t *testing.T) {
	t.Parallel()
	right := mapping.Mapping{Mode: mapping.Create, Headers: map[string]string{"Name": "full_name"}}
	for want, change := range map[string]func(*mapping.Mapping){
		"":                            func(*mapping.Mapping) {},
		"mode invalid_mode":           func(m *mapping.Mapping) { m.Mode = "replace" },
		"dates invalid_dates":         func(m *mapping.Mapping) { m.Dates = "ymd" },
		"headers invalid_headers":     func(m *mapping.Mapping) { m.Headers = nil },
		"headers invalid_header":      func(m *mapping.Mapping) { m.Headers = map[string]string{strings.Repeat("x", mapping.MaxHeader+1): ""} },
		"defaults defaults_in_update": func(m *mapping.Mapping) { m.Mode, m.Defaults = mapping.Update, map[string]string{"country": "ET"} },
		"values invalid_values":       func(m *mapping.Mapping) { m.Values = map[string]map[string]string{"sex": {"bad": "male"}} },
	} {
		m := right
		change(&m)
		var got []string
		for _, p := range m.Problems(func(text string) bool { return text != "bad" }) {
			got = append(got, p.Member+" "+p.Code)
		}
		if strings.Join(got, ",") != want {
			t.Errorf("problems %q, want %q", got, want)
		}
	}
}

func TestPresetsAreRight(t *testing.T) {
	t.Parallel()
	list, err := mapping.Presets()
	if err != nil || len(list) == 0 {
		t.Fatal(len(list), err)
	}
	for _, m := range list {
		if bad := m.Problems(func(string) bool { return true }); len(bad) > 0 || m.Kind == "" || m.Label["en"] == "" {
			t.Errorf("%s: %v", m.Key, bad)
		}
		if !slices.Contains(m.Fields(), "national_id") {
			t.Errorf("%s names the fields %v", m.Key, m.Fields())
		}
	}
}
