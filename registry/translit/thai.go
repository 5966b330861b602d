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

// thaiLetter gives the value of a letter. At the beginning of a word, o ang only
// carries the vowel that follows; tones and signs have none.
func thaiLetter(r rune, first bool) string {
	if r == 'อ' && first {
		return ""
	}
	return valueIn(thaiLetters, r)
}

// thaiLetters are letters and their values: see valueIn.
const thaiLetters = " ก:k ขฃคฅฆ:kh ง:ng จฉชฌ:ch ซศษส:s ญย:y ฎด:d ฏต:t ฐฑฒถทธ:th ณน:n บ:b ป:p ผพภ:ph ฝฟ:f มํ:m " +
	" ร:r ลฬ:l ว:w หฮ:h ะัา:a ิี:i ึืุู:u เ:e แ:ae โ:o ใไ:ai ฤ:ri อ:o "
