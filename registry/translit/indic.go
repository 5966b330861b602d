package translit

// The blocks of the scripts of India, from Devanagari and Bengali to Malayalam,
// have one layout (after ISCII): a letter stands at the same place in each.

// indic spells a letter of one of these scripts. A consonant has an a unless a
// vowel sign or a virama follows, or it is the last of the word.
func (s *spelling) indic(i int) int {
	place := indicPlace(s.in[i])
	consonant := indicConsonant(place)
	if consonant == "" {
		return s.put(indicVowel(place), 1)
	}
	s.put(consonant, 1)
	n := 1
	if after := s.next(i, n); indicPlace(after) == 0x3c { // nukta
		n++
	}
	after := s.next(i, n)
	switch place := indicPlace(after); {
	case after == 0:
	case place == 0x4d: // virama
		n++
	case place >= 0x3e && place <= 0x4c: // a vowel sign, which says itself
	default:
		s.put("a", 0)
	}
	return n
}

// indicPlace is where in its block a letter stands; 0: in none.
func indicPlace(r rune) rune {
	if r < 0x0900 || r >= 0x0d80 {
		return 0
	}
	return r & 0x7f
}

func indicVowel(place rune) string {
	switch place {
	case 0x05, 0x06, 0x3e:
		return "a"
	case 0x07, 0x08, 0x3f, 0x40:
		return "i"
	case 0x09, 0x0a, 0x41, 0x42:
		return "u"
	case 0x0b, 0x43:
		return "ri"
	case 0x0d, 0x0e, 0x0f, 0x45, 0x46, 0x47:
		return "e"
	case 0x10, 0x48:
		return "ai"
	case 0x11, 0x12, 0x13, 0x49, 0x4a, 0x4b:
		return "o"
	case 0x14, 0x4c:
		return "au"
	case 0x01, 0x02: // candrabindu, anusvara
		return "n"
	case 0x03: // visarga
		return "h"
	}
	return ""
}

func indicConsonant(place rune) string {
	switch place {
	case 0x15, 0x58:
		return "k"
	case 0x16, 0x59:
		return "kh"
	case 0x17, 0x5a:
		return "g"
	case 0x18:
		return "gh"
	case 0x19, 0x1e, 0x23, 0x28, 0x29:
		return "n"
	case 0x1a, 0x1b:
		return "ch"
	case 0x1c, 0x1d:
		return "j"
	case 0x1f, 0x24:
		return "t"
	case 0x20, 0x25:
		return "th"
	case 0x21, 0x26, 0x5c:
		return "d"
	case 0x22, 0x27, 0x5d:
		return "dh"
	case 0x2a:
		return "p"
	case 0x2b, 0x5e:
		return "ph"
	case 0x2c:
		return "b"
	case 0x2d:
		return "bh"
	case 0x2e:
		return "m"
	case 0x2f, 0x5f:
		return "y"
	case 0x30, 0x31:
		return "r"
	case 0x32, 0x33, 0x34:
		return "l"
	case 0x35:
		return "v"
	case 0x36, 0x37:
		return "sh"
	case 0x38:
		return "s"
	case 0x39:
		return "h"
	case 0x5b:
		return "z"
	}
	return ""
}
