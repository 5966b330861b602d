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

func indicVowel(place rune) string { return valueIn(indicVowels, 0x0900+place) }

func indicConsonant(place rune) string { return valueIn(indicConsonants, 0x0900+place) }

// indicVowels and indicConsonants are the letters of Devanagari and their values: see
// valueIn.
const indicVowels = " \u0905\u0906\u093e:a \u0907\u0908\u093f\u0940:i \u0909\u090a\u0941\u0942:u " +
	" \u090b\u0943:ri \u090d\u090e\u090f\u0945\u0946\u0947:e \u0910\u0948:ai " +
	" \u0911\u0912\u0913\u0949\u094a\u094b:o \u0914\u094c:au \u0901\u0902:n \u0903:h "

const indicConsonants = " \u0915\u0958:k \u0916\u0959:kh \u0917\u095a:g \u0918:gh \u0919\u091e\u0923\u0928\u0929:n " +
	" \u091a\u091b:ch \u091c\u091d:j \u091f\u0924:t \u0920\u0925:th \u0921\u0926\u095c:d " +
	" \u0922\u0927\u095d:dh \u092a:p \u092b\u095e:ph \u092c:b \u092d:bh \u092e:m " +
	" \u092f\u095f:y \u0930\u0931:r \u0932\u0933\u0934:l \u0935:v \u0936\u0937:sh \u0938:s " +
	" \u0939:h \u095b:z "
