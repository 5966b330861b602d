package web_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"socialregistry/registry"
	"socialregistry/web"
)

// alike are texts that are the same in English and in the other language. Every
// other text that equals the English is not translated.
func alike() map[string][]string {
	return map[string][]string{
		"fr": {"Action", "Actions", "Audit", "Messages", "Parent", "Parents", "Secret", "Version {n}", "Attestation", "Attestations", "Code", "Date", "Description", "Document", "Documents", "Format", "Information", "Notification", "Notifications", "Messages",
			"Page", "Programme", "Programmes", "Question", "Section", "Sections", "Service", "Source", "Sources", "Type", "Types", "Version", "Versions"},
		"sw": {"Data", "PIN"},
	}
}

// mistakes of a language beside English: what is missing, too much or not translated,
// and what has other placeholders or plural classes.
func mistakes(en, other web.Locale, code string) (found []string) {
	all, texts := en.Texts(), other.Texts()
	for _, key := range slices.Sorted(maps.Keys(all)) {
		switch {
		case texts[key] == nil:
			found = append(found, key+" is missing")
			continue
		case len(all[key]) == 1 != (len(texts[key]) == 1):
			found = append(found, key+" has plural classes in one language alone")
			continue
		}
		for class, text := range texts[key] {
			if class != "" && !slices.Contains(classesOf(code), class) {
				found = append(found, key+" has the class "+class)
			}
			if code != "en" && wordy(text) && text == all[key][class] && !slices.ContainsFunc(alike()[code], func(word string) bool { return strings.EqualFold(word, text) }) {
				found = append(found, key+" is the English text")
			}
		}
		if want, got := placeholders(strings.Join(slices.Collect(maps.Values(all[key])), "")), placeholders(strings.Join(slices.Collect(maps.Values(texts[key])), "")); want != got {
			found = append(found, key+" has placeholders "+got+", want "+want)
		}
	}
	for key := range texts {
		if all[key] == nil {
			found = append(found, key+" is in no other language")
		}
	}
	return found
}

// wordy texts have something to translate: not the direction, nor what is a name everywhere.
func wordy(text string) bool {
	for _, name := range []string{"ltr", "rtl", "CSV", "JSON", "NDJSON", "XLSX", "UTC", "PIN", "QR", "did:web"} {
		if text == name {
			return false
		}
	}
	return strings.ContainsFunc(placeholder.ReplaceAllString(text, ""), func(r rune) bool { return r >= 'a' && r <= 'z' })
}

// classesOf adds to the classes of small numbers that of millions.
func classesOf(code string) []string {
	classes := append(pluralClasses(code), "zero") // for nothing at all, where that has words of its own
	if code == "fr" {
		classes = append(classes, "many")
	}
	return classes
}

func TestLanguagesAreTranslated(t *testing.T) {
	t.Parallel()
	all := locales(t)
	for _, code := range []string{"en", "fr", "ar", "hi", "sw"} {
		if all[code].Texts() == nil {
			t.Fatalf("no %s", code)
		}
	}
	for code, l := range all {
		for _, mistake := range mistakes(all["en"], l, code) {
			t.Errorf("%s: %s", code, mistake)
		}
		if all["en"].T("language.name") == l.T("language.name") && code != "en" {
			t.Errorf("%s has no name of its own", code)
		}
		if len(all["fr"].Texts()["check.changes"]) != 3 {
			t.Error("French has no class for millions")
		}
	}
}

// A planted mistake of each kind is found.
func TestMistakesOfLanguagesAreFound(t *testing.T) {
	t.Parallel()
	const en = `{"language.name": "English", "language.dir": "ltr", "a.word": "Save", "a.text": "Hello {name}", "a.many": {"one": "{n} day", "other": "{n} days"}}`
	for want, text := range map[string]string{
		"a.word is missing":                `{"a.text": "Salut {name}", "a.many": {"one": "{n} jour", "other": "{n} jours"}}`,
		"a.word is the English text":       `{"a.word": "Save", "a.text": "Salut {name}", "a.many": {"one": "{n} jour", "other": "{n} jours"}}`,
		"a.more is in no other language":   `{"a.word": "Garder", "a.more": "x", "a.text": "Salut {name}", "a.many": {"one": "{n} jour", "other": "{n} jours"}}`,
		"a.text has placeholders {nom}":    `{"a.word": "Garder", "a.text": "Salut {nom}", "a.many": {"one": "{n} jour", "other": "{n} jours"}}`,
		"a.many has the class two":         `{"a.word": "Garder", "a.text": "Salut {name}", "a.many": {"one": "{n} jour", "two": "{n} jours", "other": "{n} jours"}}`,
		"a.many has plural classes in one": `{"a.word": "Garder", "a.text": "Salut {name}", "a.many": "{n} jours"}`,
	} {
		all, err := web.LoadLocales(fstest.MapFS{"locales/en.json": {Data: []byte(en)}, "locales/fr.json": {Data: []byte(`{"language.name": "Français", "language.dir": "ltr", ` + text[1:])}})
		if err != nil {
			t.Fatal(err)
		}
		if found := strings.Join(mistakes(all["en"], all["fr"], "fr"), "\n"); !strings.Contains(found, want) || strings.Contains(found, "\n") {
			t.Errorf("want %q, found:\n%s", want, found)
		}
	}
}

// A new language is one new file.
func TestANewLanguageIsOneFile(t *testing.T) {
	t.Parallel()
	all, err := web.LoadLocales(fstest.MapFS{"locales/en.json": {Data: []byte(`{"a.b": "x"}`)},
		"locales/pt.json": {Data: []byte(`{"language.name": "Português", "language.dir": "ltr", "a.b": {"one": "{n} dia", "other": "{n} dias"}}`)}})
	if err != nil || all["pt"].T("a.b", "n", 12345) != "12.345 dias" {
		t.Errorf("%v: %q", err, all["pt"].T("a.b", "n", 12345))
	}
}

func TestNumbersByLanguage(t *testing.T) {
	t.Parallel()
	all := locales(t)
	for code, want := range map[string]string{"en": "1,234,567", "fr": "1\u202f234\u202f567", "hi": "12,34,567", "sw": "1,234,567", "ar": "1,234,567"} {
		if got := all[code].Number(1234567); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
		if got := all[code].Number(-12); got != "-12" {
			t.Errorf("%s: %q", code, got)
		}
	}
}

// What somebody wrote cannot turn the sentence around it.
func TestTextsStayInLine(t *testing.T) {
	t.Parallel()
	en := locales(t)["en"]
	for text, want := range map[string]string{
		"Amina": "Amina", "a\u202eb": "ab", "x\u2069y": "xy", "\u2067open": "open", "\u2068whole\u2069": "\u2068whole\u2069", "\u2069\u2068": "",
	} {
		if got := en.T("life.by", "who", text); got != "By \u2068"+want+"\u2069." {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// Right-to-left overrides in a name are refused where it is typed, and turn no page
// wherever they came from.
func TestOverridesTurnNoPage(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		form := b.get("/admin/people/new").hidden(map[string]string{"given_name": "A\u202enima"})
		if p := b.post("/admin/people/new", form); p.status != http.StatusUnprocessableEntity || strings.Contains(p.body, "\u202e") {
			t.Errorf("a name with an override: %d", p.status)
		}
		p := b.get("/admin/people?" + url.Values{"q": {"A\u202emina"}}.Encode())
		if p.status >= 500 || strings.Contains(p.body, "\u202e") {
			t.Errorf("a search with an override: %d", p.status)
		}
		b.get("/admin/people/"+w.person.ID.String()).want(t, http.StatusOK, "<bdi>Amina &lt;Yusuf&gt; &amp; Lekuton</bdi>", `<bdi dir="ltr">SR`)
	})
}

// untranslated finds an English message of a few words on a page in another language.
func untranslated(en, l web.Locale, code, body string) string {
	shown := text(body)
	for key, forms := range en.Texts() {
		words := forms[""]
		if len(strings.Fields(words)) < 3 || strings.Contains(words, "{") || l.T(key) == words {
			continue
		}
		if strings.Contains(shown, words) {
			return key + ": " + words
		}
	}
	return ""
}

func TestUntranslatedPagesAreFound(t *testing.T) {
	t.Parallel()
	all := locales(t)
	if got := untranslated(all["en"], all["fr"], "fr", "<p>See every detail, who attested it, and when.</p>"); !strings.HasPrefix(got, "home.see") {
		t.Errorf("found %q", got)
	}
	if got := untranslated(all["en"], all["fr"], "fr", "<p>Consultez chaque donnée.</p>"); got != "" {
		t.Errorf("found %q", got)
	}
}
