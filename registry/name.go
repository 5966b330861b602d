package registry

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// normaliseName writes names for searching: compatibility forms and case
// folded, accents and the vowel signs of Arabic and Hebrew gone, one space
// between words, and nothing but letters, marks and digits. Both databases
// compare the result byte by byte; neither folds anything itself.
func normaliseName(name string) string {
	var b strings.Builder
	space := false
	for _, r := range norm.NFKD.String(cases.Fold().String(norm.NFKC.String(name))) {
		switch {
		case optionalMark(r):
		case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsDigit(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(r)
		case r == '\'' || r == '\u2019' || r == '\u02bc' || r == '\u200c' || r == '\u200d': // inside a word
		default:
			space = true
		}
	}
	return norm.NFC.String(b.String())
}

// optionalMark tells whether a mark is often left out in writing: accents, and
// what points vowels in Arabic and Hebrew, with the Arabic stretching line.
func optionalMark(r rune) bool {
	return r >= 0x0300 && r <= 0x036f || r >= 0x0591 && r <= 0x05c7 || r >= 0x064b && r <= 0x065f || r == 0x0640 || r == 0x0670
}

// nameWords are the words of a search, normalised as names are.
func nameWords(text string) []string {
	words := strings.Fields(normaliseName(text))
	return words[:min(len(words), maxWords)]
}
