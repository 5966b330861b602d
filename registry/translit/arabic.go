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
	return arabicLetter(r)
}

func arabicLetter(r rune) string {
	switch r {
	case 'ا':
		return "a"
	case 'ب':
		return "b"
	case 'پ':
		return "p"
	case 'ت', 'ط', 'ٹ':
		return "t"
	case 'ث':
		return "th"
	case 'ج':
		return "j"
	case 'چ':
		return "ch"
	case 'ح', 'ه':
		return "h"
	case 'خ':
		return "kh"
	case 'د', 'ض', 'ڈ':
		return "d"
	case 'ذ':
		return "dh"
	case 'ر', 'ڑ':
		return "r"
	case 'ز', 'ظ':
		return "z"
	case 'ژ':
		return "zh"
	case 'س', 'ص':
		return "s"
	case 'ش':
		return "sh"
	case 'غ':
		return "gh"
	case 'ف':
		return "f"
	case 'ڤ', 'ۋ':
		return "v"
	case 'ق':
		return "q"
	case 'ك':
		return "k"
	case 'گ', 'ڭ', 'ݣ', 'ڠ':
		return "g"
	case 'ل':
		return "l"
	case 'م':
		return "m"
	case 'ن', 'ں', 'ڼ':
		return "n"
	case 'و':
		return "u"
	case 'ي':
		return "i"
	}
	return ""
}

// article takes the Arabic article off a word that is long enough to have one:
// in Latin letters it is a word of its own.
func article(word string) string {
	if rest, found := strings.CutPrefix(word, "ال"); found && len(rest) >= 6 { // three letters
		return rest
	}
	return word
}
