package translit

import "strings"

// arabic gives the value of one letter of a folded word; short vowels are not
// written. Ya and waw are vowels but at the beginning of a word, and a final ha is
// mostly a ta marbuta.
func arabic(r rune, first, last bool) string {
	switch {
	case first && r == 'ي':
		return "y"
	case first && r == 'و':
		return "w"
	case first && r == 'ع':
		return "a"
	case last && !first && r == 'ه':
		return "a"
	}
	return valueIn(arabicLetters, r)
}

// arabicLetters are letters and their values: see valueIn.
const arabicLetters = " ا:a ب:b پ:p تطٹ:t ث:th ج:j چ:ch حه:h خ:kh دضڈ:d ذ:dh رڑ:r زظ:z ژ:zh سص:s ش:sh غ:gh ف:f " +
	" ڤۋ:v ق:q ك:k گڭݣڠ:g ل:l م:m نںڼ:n و:u ي:i "

// article takes the Arabic article off a word that is long enough to have one:
// in Latin letters it is a word of its own.
func article(word string) string {
	if rest, found := strings.CutPrefix(word, "ال"); found && len(rest) >= 6 { // three letters
		return rest
	}
	return word
}
