package translit

import "strings"

// spelling is a word on its way to Latin letters.
type spelling struct {
	in  []rune
	out []byte
}

// Latin spells a folded word roughly in Latin letters. What no table knows, such
// as Chinese, stays as it is.
func Latin(word string) string {
	if plain(word) {
		return word
	}
	s := spelling{in: []rune(word), out: make([]byte, 0, len(word))}
	for i := 0; i < len(s.in); {
		i += s.letter(i)
	}
	return string(s.out)
}

func plain(word string) bool {
	for i := range len(word) {
		if word[i] >= 0x80 {
			return false
		}
	}
	return true
}

// letter spells what begins at place i and tells how many letters that were.
func (s *spelling) letter(i int) int {
	switch r := s.in[i]; {
	case r >= 0x0600 && r < 0x0700:
		return s.put(arabic(r, i == 0, i == len(s.in)-1), 1)
	case r >= 0x0900 && r < 0x0d80:
		return s.indic(i)
	case r >= 0x0e00 && r < 0x0e80:
		return s.thai(i)
	case r >= 0x1200 && r < 0x1360:
		return s.put(ethiopic(r), 1)
	case r >= 0x0370 && r < 0x0400:
		return s.greek(i)
	}
	if text, known := alphabetic(s.in[i]); known {
		return s.put(text, 1)
	}
	return s.put(string(s.in[i]), 1)
}

// put adds text for n letters.
func (s *spelling) put(text string, n int) int {
	s.out = append(s.out, text...)
	return n
}

// next is the letter n places on, or 0.
func (s *spelling) next(i, n int) rune {
	if i+n < len(s.in) {
		return s.in[i+n]
	}
	return 0
}

// valueIn finds a letter in a table: letters of one value, a colon, the value, a
// space. "" is the value of a letter that is not there.
func valueIn(table string, letter rune) string {
	at := strings.IndexRune(table, letter)
	if at < 0 || letter < 0x80 { // values are ASCII
		return ""
	}
	_, rest, _ := strings.Cut(table[at:], ":")
	value, _, _ := strings.Cut(rest, " ")
	return value
}
