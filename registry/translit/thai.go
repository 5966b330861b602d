package translit

// thai spells a letter. Vowels that are written before their consonant change
// places with it, and a letter with a thanthakhat is silent.
func (s *spelling) thai(i int) int {
	r := s.in[i]
	if r >= 'เ' && r <= 'ไ' {
		n := 1
		if next := s.next(i, 1); next >= 'ก' && next <= 'ฮ' {
			s.put(thaiLetter(next, i == 0), 0)
			n = 2
		}
		return s.put(thaiLetter(r, false), n)
	}
	if s.next(i, 1) == '์' {
		return 2
	}
	return s.put(thaiLetter(r, i == 0), 1)
}

func thaiLetter(r rune, first bool) string {
	switch r {
	case 'ก':
		return "k"
	case 'ข', 'ฃ', 'ค', 'ฅ', 'ฆ':
		return "kh"
	case 'ง':
		return "ng"
	case 'จ', 'ฉ', 'ช', 'ฌ':
		return "ch"
	case 'ซ', 'ศ', 'ษ', 'ส':
		return "s"
	case 'ญ', 'ย':
		return "y"
	case 'ฎ', 'ด':
		return "d"
	case 'ฏ', 'ต':
		return "t"
	case 'ฐ', 'ฑ', 'ฒ', 'ถ', 'ท', 'ธ':
		return "th"
	case 'ณ', 'น':
		return "n"
	case 'บ':
		return "b"
	case 'ป':
		return "p"
	case 'ผ', 'พ', 'ภ':
		return "ph"
	case 'ฝ', 'ฟ':
		return "f"
	case 'ม', '\u0e4d':
		return "m"
	case 'ร':
		return "r"
	case 'ล', 'ฬ':
		return "l"
	case 'ว':
		return "w"
	case 'ห', 'ฮ':
		return "h"
	case 'อ':
		if first {
			return "" // carries the vowel that follows
		}
		return "o"
	}
	return thaiVowel(r)
}

func thaiVowel(r rune) string {
	switch r {
	case 'ะ', 'ั', 'า':
		return "a"
	case 'ิ', 'ี':
		return "i"
	case 'ึ', 'ื', 'ุ', 'ู':
		return "u"
	case 'เ':
		return "e"
	case 'แ':
		return "ae"
	case 'โ':
		return "o"
	case 'ใ', 'ไ':
		return "ai"
	case 'ฤ':
		return "ri"
	}
	return "" // tones and signs
}
