package registry

import (
	"slices"
	"strings"
	"unicode/utf8"

	"socialregistry/registry/translit"
)

// What names are searched by is written here and nowhere else, and read by the
// patterns of nameWord. Both databases compare it byte by byte; neither folds
// anything itself.

// searchText is what a record is found by: the words of its names, folded and as
// far as they are not Latin in rough Latin letters too, then a stroke, then the
// keys of their sounds, each between spaces:
//
//	" amina odhiambo محمد mhmd | amn adhmb mhmd "
func searchText(names string) string {
	var words, keys []string
	add := func(list *[]string, s string) {
		if s != "" && !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
	for _, folded := range strings.Fields(translit.Fold(names)) {
		add(&words, folded)
		add(&words, translit.Latin(folded))
		add(&keys, translit.KeyOf(folded))
	}
	if len(words) == 0 {
		return ""
	}
	return " " + strings.Join(words, " ") + " | " + strings.Join(keys, " ") + " "
}

// nameWord is one word of a search for a name.
type nameWord struct {
	spellings []string // folded, and in Latin letters where that differs
	key       string   // of its sound; "": too short, or no name
}

// leastForKey is how many Latin letters a word has before anybody is found by its
// sound: shorter ones are mostly beginnings of words.
const leastForKey = 3

// nameWords are the words of a search, at most maxWords of them.
func nameWords(text string) []nameWord {
	folded := strings.Fields(translit.Fold(text))
	folded = folded[:min(len(folded), maxWords)]
	words := make([]nameWord, len(folded))
	for i, w := range folded {
		words[i].spellings = []string{w}
		latin := translit.Latin(w)
		if latin != w {
			words[i].spellings = append(words[i].spellings, latin)
		}
		if utf8.RuneCountInString(latin) >= leastForKey {
			words[i].key = translit.KeyOf(w)
		}
	}
	return words
}

// whole, part and near are patterns (LIKE) for searchText: the word is a word of
// the names, is part of one, or sounds like one. They hold no wildcards but their
// own: folded words have none.
func (w nameWord) whole() []string { return w.patterns("% ", " %|%") }
func (w nameWord) part() []string  { return w.patterns("%", "%|%") }
func (w nameWord) near() []string {
	if w.key == "" {
		return w.part()
	}
	return append(w.part(), "%|% "+w.key+" %")
}

func (w nameWord) patterns(before, after string) []string {
	out := make([]string, len(w.spellings))
	for i, s := range w.spellings {
		out[i] = before + s + after
	}
	return out
}
