package registry_test

import (
	"os"
	"slices"
	"testing"

	"socialregistry/registry"
)

func TestCoreFieldsAreWhole(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("fields.json")
	if err != nil {
		t.Fatal(err)
	}
	list, err := registry.CoreFields(text)
	if err != nil {
		t.Fatal(err)
	}
	numbers, keys := map[int]bool{}, map[string]registry.Field{}
	for _, f := range list {
		if _, doubled := keys[f.Key]; doubled || numbers[f.No] {
			t.Errorf("%s or its number %d stands there twice", f.Key, f.No)
		}
		numbers[f.No], keys[f.Key] = true, f
		for _, lang := range []string{"en", "ar", "fr", "hi", "sw"} {
			if f.Label[lang] == "" || len(f.Hint) > 0 && f.Hint[lang] == "" {
				t.Errorf("%s has no label or no hint in %s", f.Key, lang)
			}
			for _, c := range f.Choices {
				if c.Label[lang] == "" {
					t.Errorf("%s: choice %s has no label in %s", f.Key, c.Value, lang)
				}
			}
		}
		if f.Issuable && !f.Attestable {
			t.Errorf("%s is issued without being attested", f.Key)
		}
	}
	for _, key := range []string{"national_id", "phone_number"} {
		if !keys[key].Sealed {
			t.Errorf("%s is not sealed", key)
		}
	}
	for _, key := range registry.TypedFields() {
		if registry.TypedColumn(key) == nil || keys[key].Key == "" || keys[key].Sealed {
			t.Errorf("%s has a column of its own, and it is not a plain core field", key)
		}
	}
	if registry.TypedColumn("locality") != nil || len(slices.Compact(registry.TypedFields())) != 5 {
		t.Error("the mapping to columns has changed")
	}
}

func TestABrokenFileOfCoreFieldsIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", `[{"no":1,"key":"A","type":"text","label":{"en":"A"}}]`, `[{"no":0,"key":"a","type":"text","label":{"en":"A"}}]`,
		`[{"no":1000,"key":"a","type":"text","label":{"en":"A"}}]`} {
		if _, err := registry.CoreFields([]byte(text)); err == nil {
			t.Errorf("%s passed", text)
		}
	}
}
