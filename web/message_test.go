package web_test

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"socialregistry/registry"
	"socialregistry/web"
)

func locales(t *testing.T) map[string]web.Locale {
	t.Helper()
	all, err := web.LoadLocales(web.EmbeddedLocales())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 2 {
		t.Fatalf("%d languages", len(all))
	}
	return all
}

// Whatever an upload is, carries and counts, there are words for it.
func TestUploadsHaveWords(t *testing.T) {
	t.Parallel()
	var keys []string
	for _, state := range []registry.ImportState{registry.ImportUploaded, registry.ImportChecked, registry.ImportRefused, registry.ImportApplied,
		registry.ImportDiscarded, registry.ImportUndoing, registry.ImportUndone} {
		keys = append(keys, "upload.state_"+string(state), "upload.summary_"+string(state))
	}
	for _, carries := range []registry.Carries{registry.CarriesValues, registry.CarriesAttestations, registry.CarriesBoth} {
		keys = append(keys, "upload.carries_"+string(carries))
	}
	for _, mode := range []registry.ImportMode{registry.ImportCreate, registry.ImportUpdate, "undo"} {
		keys = append(keys, "upload.mode_"+string(mode))
	}
	for _, count := range []string{"create", "update", "deactivate", "request", "attest", "reject", "take_back"} {
		keys = append(keys, "upload.would_"+count, "upload.did_"+count)
	}
	for code, l := range locales(t) {
		for _, key := range append(keys, "upload.apply", "upload.go_on", "upload.repeated", "upload.decisions_failed", "upload.failed", "upload.unchanged") {
			if l.Texts()[key] == nil {
				t.Errorf("%s: there are no words for %s", code, key)
			}
		}
	}
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

func placeholders(text string) string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return strings.Join(slices.Compact(found), " ")
}

// Every language has every message with the same placeholders, in every plural
// class that it has. A class may leave the number out: "one detail".
func TestLanguagesAreComplete(t *testing.T) {
	t.Parallel()
	all := locales(t)
	en := all["en"].Texts()
	for code, l := range all {
		texts := l.Texts()
		for key := range texts {
			if en[key] == nil {
				t.Errorf("%s: %s is in no other language", code, key)
			}
		}
		for key, forms := range en {
			if texts[key] == nil {
				t.Errorf("%s: %s is missing", code, key)
				continue
			}
			want := placeholders(forms["other"] + forms[""])
			checkForms(t, code, key, want, texts[key])
		}
	}
}

func checkForms(t *testing.T, code, key, want string, forms map[string]string) {
	t.Helper()
	if _, plain := forms[""]; !plain {
		for _, class := range pluralClasses(code) {
			if forms[class] == "" {
				t.Errorf("%s: %s has no form for %q", code, key, class)
			}
		}
	}
	for class, text := range forms {
		if strings.TrimSpace(text) != text && !strings.HasPrefix(key, "list.") || text == "" {
			t.Errorf("%s: %s (%s) is empty or has outer spaces: %q", code, key, class, text)
		}
		got := placeholders(text)
		if optional := strings.TrimSpace(strings.Replace(want, "{n}", "", 1)); class != "" && class != "other" && strings.TrimSpace(strings.Replace(got, "{n}", "", 1)) == optional {
			continue
		}
		if class != "zero" && got != want {
			t.Errorf("%s: %s (%s) has placeholders %q, want %q", code, key, class, got, want)
		}
	}
}

// pluralClasses are the classes that whole numbers up to 1000 fall into.
func pluralClasses(code string) []string {
	names := map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other"}
	found := map[string]bool{}
	for n := range 1000 {
		found[names[plural.Cardinal.MatchPlural(language.Make(code), n, 0, 0, 0, 0)]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

func TestArabicHasSixPluralClasses(t *testing.T) {
	t.Parallel()
	if got := pluralClasses("ar"); len(got) != 6 {
		t.Fatalf("classes = %v", got)
	}
	ar := locales(t)["ar"]
	seen := map[string]int{}
	for _, n := range []int{0, 1, 2, 3, 11, 100} {
		seen[ar.T("person.waiting", "n", n)] = n
	}
	if len(seen) != 6 {
		t.Errorf("six numbers give %d sentences: %v", len(seen), seen)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	all := locales(t)
	day := time.Date(1991, 4, 2, 23, 59, 0, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{all["en"].T("check.changes", "n", 1), "One detail changes"},
		{all["en"].T("check.changes", "n", 1200), "1,200 details change"},
		{all["en"].T("detail.attested_by", "who", "{when}", "when", day), "Attested by \u2068{when}\u2069 · 2 April 1991"},
		{all["ar"].Date(day), "2 أبريل 1991"},
		{all["en"].T("no.such.key"), "[no.such.key]"},
		{all["en"].Number(-1234567), "-1,234,567"}, {all["en"].Number(999), "999"}, {all["en"].Number(1000), "1,000"}, {all["en"].Number(-100), "-100"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// Words that stand in templates and in code are there. Keys that are put
// together from parts show as [key] on a page, which TestEveryTemplate looks for.
func TestKeysInTemplatesAndCodeExist(t *testing.T) {
	t.Parallel()
	en := locales(t)["en"].Texts()
	use := regexp.MustCompile(`\bt\(?\s?"([a-z_]+\.[a-z_0-9/.]+)"`)
	n := 0
	look := func(files fs.FS, pattern string) {
		names, err := fs.Glob(files, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(files, name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range use.FindAllStringSubmatch(string(text), -1) {
				n++
				if en[m[1]] == nil && !strings.HasSuffix(m[1], "_") && !strings.HasSuffix(m[1], ".") {
					t.Errorf("%s: there is no message %s", name, m[1])
				}
			}
		}
	}
	look(web.Templates(), "templates/*.html")
	look(web.Templates(), "templates/parts/*.html")
	look(sources(), "*.go")
	if n < 200 {
		t.Errorf("only %d uses were found: the pattern has lost them", n)
	}
}

func TestBrokenLocalesAreRefused(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]fstest.MapFS{
		"no English": {"locales/ar.json": {Data: []byte(`{}`)}},
		"not JSON":   {"locales/en.json": {Data: []byte(`{"a": 1}`)}},
		"no folder":  {},
	} {
		if _, err := web.LoadLocales(files); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
