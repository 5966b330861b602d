package web

import (
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"socialregistry/registry"
)

// codeNames are the names of countries and languages in one language, by their codes
// (ISO 3166-1 alpha-2, ISO 639) and in the order of that language.
type codeNames struct {
	countries, languages []option
	country, tongue      map[string]words
}

// namesBy gives the list that the values of a field are out of, by what the definition
// says that they mean; nil for any other field.
func (n *codeNames) namesBy(f registry.Field) ([]option, map[string]words) {
	if f.Type != registry.TypeText {
		return nil, nil
	}
	_, term, _ := strings.Cut(f.IRI, "://schema.org/")
	switch term {
	case "nationality", "addressCountry", "countryOfOrigin":
		return n.countries, n.country
	case "knowsLanguage", "inLanguage":
		return n.languages, n.tongue
	}
	return nil, nil
}

// newCodeNames names what the language has names for (CLDR); the rest has its English
// name, marked as such.
func newCodeNames(tag language.Tag) *codeNames {
	n := &codeNames{country: map[string]words{}, tongue: map[string]words{}}
	regions, english := display.Regions(tag), display.English.Regions()
	for code := range codes(2) {
		r, err := language.ParseRegion(code)
		if err != nil || !r.IsCountry() || r.Canonicalize() != r || r.String() != strings.ToUpper(code) {
			continue
		}
		named(n.country, r.String(), nameFrom(regions, r), english.Name(r))
	}
	languages, inEnglish := display.Languages(tag), display.English.Languages()
	for _, b := range knownLanguages() {
		named(n.tongue, b.String(), nameFrom(languages, language.Make(b.String())), inEnglish.Name(language.Make(b.String())))
	}
	order := collate.New(tag)
	n.countries, n.languages = sortedNames(order, n.country), sortedNames(order, n.tongue)
	return n
}

// codes are all words of so many small letters.
func codes(letters int) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		word := []byte(strings.Repeat("a", letters))
		for {
			if !yield(string(word)) {
				return
			}
			i := letters - 1
			for ; i >= 0 && word[i] == 'z'; i-- {
				word[i] = 'a'
			}
			if i < 0 {
				return
			}
			word[i]++
		}
	}
}

// knownLanguages are those with a code of two letters, and those of three in which
// programs speak to people.
func knownLanguages() (out []language.Base) {
	for code := range codes(2) {
		if b, err := language.ParseBase(code); err == nil && b.String() == code {
			out = append(out, b)
		}
	}
	for _, b := range display.Supported.BaseLanguages() {
		if len(b.String()) == 3 {
			out = append(out, b)
		}
	}
	return out
}

// nameFrom is a name; "" where the language has no names at all.
func nameFrom(names display.Namer, what any) string {
	if names == nil {
		return ""
	}
	return names.Name(what)
}

func named(into map[string]words, code, name, english string) {
	switch {
	case name != "":
		into[code] = words{Text: upperFirst(name)}
	case english != "":
		into[code] = words{Text: english, Lang: defaultLocale, Dir: "ltr"}
	}
}

// upperFirst begins a name as a list does: several languages write the names of
// languages small.
func upperFirst(s string) string {
	r := []rune(s)
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

func sortedNames(order *collate.Collator, names map[string]words) []option {
	out := make([]option, 0, len(names))
	for _, code := range keysOf(names) {
		out = append(out, option{Value: code, Label: names[code]})
	}
	slices.SortStableFunc(out, func(a, b option) int { return order.CompareString(a.Label.Text, b.Label.Text) })
	return out
}

// codeName gives the words for a value that is the code of a country or a language.
func (p *Pages) codeName(l *locale, f registry.Field, text string) (words, bool) {
	_, names := p.codeNames[l.code].namesBy(f)
	w, ok := names[text]
	return w, ok
}

// chosenName is a list with one option chosen. A value that is not in the list, as one from
// an older time, is one more option.
func chosenName(l *locale, list []option, value string) []option {
	out := append([]option{{Label: words{Text: l.t("value.choose")}}}, list...)
	found := value == ""
	for i := range out {
		out[i].Selected = out[i].Value == value
		found = found || out[i].Selected
	}
	if !found {
		out = append(out, option{Value: value, Label: words{Text: value, Lang: "und"}, Selected: true})
	}
	return out
}
