package translit

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold writes text within its own script: compatibility forms and case folded,
// accents, the vowel signs of Arabic and Hebrew and the variants of Arabic letters
// gone, one space between words, and nothing but letters, marks and digits.
func Fold(text string) string {
	var b strings.Builder
	space := false
	for _, r := range norm.NFKD.String(cases.Fold().String(norm.NFKC.String(text))) {
		switch {
		case optionalMark(r):
		case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsDigit(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(variant(r))
		case r == '\'' || r == '\u2019' || r == '\u02bc' || r == '\u200c' || r == '\u200d': // inside a word
		default:
			space = true
		}
	}
	return norm.NFC.String(b.String())
}

// optionalMark tells whether a mark is often left out in writing: accents, and
// what points vowels in Arabic and Hebrew, with the Arabic stretching line and
// the hamza.
func optionalMark(r rune) bool {
	return r >= 0x0300 && r <= 0x036f || r >= 0x0591 && r <= 0x05c7 || r >= 0x0610 && r <= 0x061a ||
		r >= 0x064b && r <= 0x065f || r == 0x0640 || r == 0x0670 || r == 0x0621
}

// variant gives the letter that is often written for another one: the alefs
// without and with wasla, the final forms of ya and ha, and the letters of
// Persian and Urdu that look like Arabic ones.
func variant(r rune) rune {
	switch r {
	case 'ٱ':
		return 'ا'
	case 'ى', 'ی', 'ے', 'ې':
		return 'ي'
	case 'ة', 'ہ', 'ھ', 'ە', 'ۃ':
		return 'ه'
	case 'ک', 'ڪ':
		return 'ك'
	}
	return r
}
