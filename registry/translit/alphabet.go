package translit

// alphabetic gives the values of Cyrillic letters, and of Latin letters that are no
// ASCII letter with an accent. Accents are gone, so that й is и and ї is і here.
func alphabetic(r rune) (string, bool) {
	if r >= 0x0400 && r < 0x0530 {
		return cyrillic(r), true
	}
	switch r {
	case 'ø', 'ɔ':
		return "o", true
	case 'ł', 'ƚ':
		return "l", true
	case 'đ', 'ɖ', 'ɗ', 'ð':
		return "d", true
	case 'ħ':
		return "h", true
	case 'ı', 'ɨ':
		return "i", true
	case 'ŋ', 'ɲ', 'ƞ':
		return "n", true
	case 'ɓ', 'ƀ':
		return "b", true
	case 'ƙ':
		return "k", true
	case 'ƴ':
		return "y", true
	case 'ŧ', 'ƭ':
		return "t", true
	case 'ɛ', 'ǝ', 'ə':
		return "e", true
	case 'æ':
		return "ae", true
	case 'œ':
		return "oe", true
	case 'þ':
		return "th", true
	}
	return "", false
}

func cyrillic(r rune) string {
	switch r {
	case 'а', 'ә':
		return "a"
	case 'б':
		return "b"
	case 'в':
		return "v"
	case 'г', 'ґ', 'ғ':
		return "g"
	case 'д', 'ђ':
		return "d"
	case 'е', 'э', 'є':
		return "e"
	case 'ж', 'җ':
		return "zh"
	case 'з', 'ѕ':
		return "z"
	case 'и', 'і', 'ы':
		return "i"
	case 'ј':
		return "y"
	case 'к', 'қ':
		return "k"
	case 'л':
		return "l"
	case 'љ':
		return "ly"
	case 'м':
		return "m"
	case 'н', 'ң':
		return "n"
	case 'њ':
		return "ny"
	case 'о', 'ө':
		return "o"
	case 'п':
		return "p"
	case 'р':
		return "r"
	case 'с':
		return "s"
	case 'т':
		return "t"
	case 'у', 'ү', 'ұ':
		return "u"
	case 'ф':
		return "f"
	case 'х', 'ҳ', 'һ':
		return "h"
	case 'ц':
		return "ts"
	case 'ч', 'ћ', 'ҷ':
		return "ch"
	case 'ш', 'щ':
		return "sh"
	case 'ю':
		return "yu"
	case 'я':
		return "ya"
	case 'џ':
		return "j"
	}
	return "" // signs
}

// greek spells a letter, or two that are one sound.
func (s *spelling) greek(i int) int {
	switch next := s.next(i, 1); s.in[i] {
	case 'μ':
		if next == 'π' {
			return s.put("b", 2)
		}
	case 'ν':
		if next == 'τ' {
			return s.put("d", 2)
		}
	case 'γ':
		if next == 'κ' || next == 'γ' {
			return s.put("g", 2)
		}
	case 'ο':
		if next == 'υ' {
			return s.put("u", 2)
		}
	}
	return s.put(greekLetter(s.in[i]), 1)
}

func greekLetter(r rune) string {
	switch r {
	case 'α':
		return "a"
	case 'β':
		return "v"
	case 'γ':
		return "g"
	case 'δ':
		return "d"
	case 'ε':
		return "e"
	case 'ζ':
		return "z"
	case 'η', 'ι':
		return "i"
	case 'θ':
		return "th"
	case 'κ':
		return "k"
	case 'λ':
		return "l"
	case 'μ':
		return "m"
	case 'ν':
		return "n"
	case 'ξ':
		return "x"
	case 'ο', 'ω':
		return "o"
	case 'π':
		return "p"
	case 'ρ':
		return "r"
	case 'σ', 'ς':
		return "s"
	case 'τ':
		return "t"
	case 'υ':
		return "y"
	case 'φ':
		return "f"
	case 'χ':
		return "ch"
	case 'ψ':
		return "ps"
	}
	return ""
}
