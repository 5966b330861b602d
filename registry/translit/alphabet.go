package translit

// alphabetic gives the values of Cyrillic letters, and of Latin letters that are no
// ASCII letter with an accent. Accents are gone, so that й is и and ї is і here.
func alphabetic(r rune) (string, bool) {
	if r >= 0x0400 && r < 0x0530 {
		return valueIn(cyrillicLetters, r), true
	}
	text := valueIn(latinLetters, r)
	return text, text != ""
}

// latinLetters, cyrillicLetters and greekLetters are letters and their values: see
// valueIn. Signs have none.
const latinLetters = " øɔ:o łƚ:l đɖɗð:d ħ:h ıɨ:i ŋɲƞ:n ɓƀ:b ƙ:k ƴ:y ŧƭ:t ɛǝə:e æ:ae œ:oe þ:th "

const cyrillicLetters = " аә:a б:b в:v гґғ:g дђ:d еэє:e жҗ:zh зѕ:z иіы:i ј:y кқ:k л:l љ:ly м:m нң:n њ:ny оө:o п:p " +
	" р:r с:s т:t уүұ:u ф:f хҳһ:h ц:ts чћҷ:ch шщ:sh ю:yu я:ya џ:j "

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
	return s.put(valueIn(greekLetters, s.in[i]), 1)
}

const greekLetters = " α:a β:v γ:g δ:d ε:e ζ:z ηι:i θ:th κ:k λ:l μ:m ν:n ξ:x οω:o π:p ρ:r σς:s τ:t υ:y φ:f χ:ch " +
	" ψ:ps "
