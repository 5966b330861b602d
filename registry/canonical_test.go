package registry_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"socialregistry/registry"
)

var today = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func TestCanonicalForms(t *testing.T) {
	t.Parallel()
	text := registry.Field{Key: "f", Type: registry.TypeText, MaxLength: 5}
	date := registry.Field{Key: "f", Type: registry.TypeDate, Min: "1850-01-01", Max: "today"}
	closed := registry.Field{Key: "f", Type: registry.TypeDate, Max: "2000-06-15"}
	number := registry.Field{Key: "f", Type: registry.TypeNumber, Min: "0", Max: "100"}
	anyNumber := registry.Field{Key: "f", Type: registry.TypeNumber}
	boolean := registry.Field{Key: "f", Type: registry.TypeBoolean}
	choice := registry.Field{Key: "f", Type: registry.TypeChoice, Choices: []registry.Choice{{Value: "male"}, {Value: "female"}}}
	phone := registry.Field{Key: "f", Type: registry.TypePhone}
	email := registry.Field{Key: "f", Type: registry.TypeEmail, MaxLength: 254}
	identifier := registry.Field{Key: "f", Type: registry.TypeIdentifier}
	pattern := registry.Field{Key: "f", Type: registry.TypeText, Pattern: "[A-Z]{2}|x"}
	lookup := registry.Field{Key: "f", Type: registry.TypeText, Lookup: true}
	for _, c := range []struct {
		name      string
		f         registry.Field
		raw, want string
		code      string
	}{
		{"length n-1", text, "abcd", "abcd", ""}, {"length n", text, "abcde", "abcde", ""}, {"length n+1", text, "abcdef", "", "too_long"},
		{"characters, not bytes", text, "ééééé", "ééééé", ""}, {"characters n+1", text, "éééééé", "", "too_long"},
		{"composed before counting", text, "e\u0301e\u0301e\u0301e\u0301e\u0301", "ééééé", ""},
		{"spaces", text, " a \u00a0 b ", "a b", ""}, {"only spaces", text, " \u2003 ", "", ""}, {"empty", text, "", "", ""},
		{"NUL", text, "a\x00", "", "control_character"}, {"tab", text, "a\tb", "", "control_character"},
		{"line break at the end", text, "a\n", "", "control_character"}, {"DEL", text, "\x7f", "", "control_character"},
		{"C1", text, "\u0085", "", "control_character"}, {"line separator", text, "a\u2028", "", "control_character"},
		{"below the overrides", text, "a\u2029", "", "control_character"}, {"override", text, "\u202eab", "", "control_character"},
		{"after the overrides", text, "a\u202f", "a", ""}, {"isolate", text, "\u2066a", "", "control_character"},
		{"byte order mark", text, "\ufeffa", "", "control_character"}, {"noncharacter", text, "\ufdd0", "", "control_character"},
		{"noncharacter at a plane's end", text, "\U0001ffff", "", "control_character"}, {"tag", text, "\U000e0041", "", "control_character"},
		{"joiner", text, "می\u200cخ", "می\u200cخ", ""}, {"right-to-left mark", text, "\u200fا", "\u200fا", ""},
		{"not UTF-8", text, "a\xc3", "", "invalid_utf8"}, {"surrogate", text, "\xed\xa0\x80", "", "invalid_utf8"},
		{"replacement character", text, "Ren\ufffd", "", "damaged_text"},
		{"far too long", text, strings.Repeat("a", 16001), "", "too_long"},

		{"date", date, "1990-02-28", "1990-02-28", ""}, {"leap day", date, "2000-02-29", "2000-02-29", ""},
		{"no leap day", date, "1900-02-29", "", "bad_date"}, {"yesterday", date, "2026-11-21", "2026-11-21", ""},
		{"today", date, "2026-11-22", "2026-11-22", ""}, {"tomorrow", date, "2026-11-23", "", "date_in_future"},
		{"before the first day", date, "1849-12-31", "", "date_too_early"}, {"first day", date, "1850-01-01", "1850-01-01", ""},
		{"last day", closed, "2000-06-15", "2000-06-15", ""}, {"after the last day", closed, "2000-06-16", "", "date_too_late"},
		{"year 0", closed, "0000-01-01", "", "bad_date"}, {"year 1", closed, "0001-01-01", "0001-01-01", ""},
		{"other order", date, "28-02-1990", "", "bad_date"}, {"slashes", date, "1990/02/28", "", "bad_date"},
		{"time", date, "1990-02-28T00:00:00Z", "", "bad_date"}, {"short", date, "1990-2-28", "", "bad_date"},
		{"arabic digits", date, "١٩٩٠-٠٢-٢٨", "1990-02-28", ""},

		{"number", number, "12.50", "12.5", ""}, {"zeros", number, "+007.0", "7", ""}, {"minus zero", number, "-0.0", "0", ""},
		{"least", number, "0", "0", ""}, {"below", number, "-0.000000001", "", "too_small"},
		{"greatest", number, "100.000", "100", ""}, {"above", number, "100.000000001", "", "too_large"},
		{"thousands", number, "1,000", "", "bad_number"}, {"word", number, "ten", "", "bad_number"}, {"dot", number, ".5", "", "bad_number"},
		{"negative", anyNumber, "-12.5", "-12.5", ""}, {"18 digits", anyNumber, strings.Repeat("9", 18), strings.Repeat("9", 18), ""},
		{"19 digits", anyNumber, strings.Repeat("9", 19), "", "bad_number"}, {"power", anyNumber, "1E5", "", "mangled_by_spreadsheet"},
		{"not a number", anyNumber, "NaN", "", "bad_number"}, {"eastern digits", anyNumber, "۴۲", "42", ""},

		{"true", boolean, "TRUE", "true", ""}, {"yes", boolean, "yes", "true", ""}, {"0", boolean, "0", "false", ""}, {"maybe", boolean, "maybe", "", "bad_boolean"},
		{"choice", choice, "Female", "female", ""}, {"no choice", choice, "f", "", "not_listed"},

		{"phone", phone, "+254 (711) 220-998", "+254711220998", ""}, {"00", phone, "00254711220998", "+254711220998", ""},
		{"4 digits", phone, "1234", "", "bad_phone"}, {"5 digits", phone, "12345", "12345", ""}, {"15 digits", phone, "+123456789012345", "+123456789012345", ""},
		{"16 digits", phone, "+1234567890123456", "", "bad_phone"}, {"letters", phone, "0800-CALL", "", "bad_phone"}, {"two pluses", phone, "++25471122", "", "bad_phone"},
		{"phone as a power", phone, "2.54711E+11", "", "mangled_by_spreadsheet"},

		{"email", email, "Amina.O+x@Example.ORG", "Amina.O+x@example.org", ""}, {"no at", email, "amina", "", "bad_email"}, {"no host", email, "a@", "", "bad_email"},
		{"no dot", email, "a@localhost", "", "bad_email"}, {"two ats", email, "a@b@c.de", "", "bad_email"}, {"no name", email, "@b.de", "", "bad_email"},
		{"space", email, "a b@c.de", "", "bad_email"}, {"dots", email, "a..b.@c.de", "a..b.@c.de", ""}, {"empty label", email, "a@b..de", "", "bad_email"},
		{"hyphen", email, "a@-b.de", "", "bad_email"}, {"own script", email, "آمنة@مثال.إختبار", "آمنة@مثال.إختبار", ""},
		{"name of 64", email, strings.Repeat("a", 64) + "@b.de", strings.Repeat("a", 64) + "@b.de", ""}, {"name of 65", email, strings.Repeat("a", 65) + "@b.de", "", "bad_email"},
		{"label of 63", email, "a@" + strings.Repeat("b", 63) + ".de", "a@" + strings.Repeat("b", 63) + ".de", ""}, {"label of 64", email, "a@" + strings.Repeat("b", 64) + ".de", "", "bad_email"},

		{"identifier", identifier, "ke-44 71/9", "ke-44 71/9", ""}, {"full width", identifier, "ＡＢ１２", "AB12", ""}, {"mangled", identifier, "4.49E+35", "", "mangled_by_spreadsheet"},
		{"mangled, comma", identifier, "4,49e+35", "", "mangled_by_spreadsheet"}, {"not mangled", identifier, "4E", "4E", ""}, {"no letter", identifier, "---", "", "bad_identifier"},
		{"36 digits", identifier, "068130455742399305784829962633186139", "068130455742399305784829962633186139", ""},
		{"pattern", pattern, "KE", "KE", ""}, {"alternative", pattern, "x", "x", ""}, {"more than the pattern", pattern, "KEx", "", "wrong_pattern"}, {"less", pattern, "K", "", "wrong_pattern"},
		{"nothing to look up", lookup, "!!", "", "bad_identifier"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text, code := registry.Canonical(c.f, c.raw, today)
			if text != c.want || code != c.code {
				t.Errorf("%q = %q, %q; want %q, %q", c.raw, text, code, c.want, c.code)
			}
			if again, code := registry.Canonical(c.f, text, today); again != text || code != "" {
				t.Errorf("the canonical form %q is not its own: %q, %q", text, again, code)
			}
		})
	}
}

// What is accepted is valid, composed, short enough, free of what controls, and
// its own canonical form.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"Amina", " e\u0301 ", "\x00", "\u202e", "1990-02-28", "4.49E+35", "+254 711", "a@b.de", "\xff", "١٢", "-0.10", "00254711", "1,2,3", `[{"a":[1,"\u0041"]}]`, "male;MALE"} {
		for i := range registryTypes {
			f.Add(s, i)
		}
	}
	f.Fuzz(func(t *testing.T, raw string, n int) {
		field := registry.Field{Key: "f", Type: registryTypes[uint(n)%uint(len(registryTypes))], MaxLength: 40, Choices: []registry.Choice{{Value: "male"}}}
		text, code := registry.Canonical(field, raw, today)
		if code != "" {
			if text != "" {
				t.Fatalf("refused with %s, and %q given back", code, text)
			}
			return
		}
		if !utf8.ValidString(text) || utf8.RuneCountInString(text) > 40 || registry.CheckText(text) != "" {
			t.Fatalf("%q was accepted as %q", raw, text)
		}
		if field.Type == registry.TypeText && !norm.NFC.IsNormalString(text) {
			t.Fatalf("%q is not composed", text)
		}
		if again, code := registry.Canonical(field, text, today); again != text || code != "" {
			t.Fatalf("%q became %q, and that %q (%s)", raw, text, again, code)
		}
	})
}

var registryTypes = []registry.FieldType{registry.TypeText, registry.TypeDate, registry.TypeChoice, registry.TypeNumber, registry.TypeBoolean,
	registry.TypePhone, registry.TypeEmail, registry.TypeIdentifier,
	registry.TypeMultiChoice, registry.TypeLocation, registry.TypeDocument, registry.TypeRepeat}
