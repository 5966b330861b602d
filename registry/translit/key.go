package translit

import "strings"

// Key gives what the spellings of one name have in common: its consonants, those
// that languages mix up as one, a vowel at the beginning as a. It is "" for a word
// with anything but Latin letters in it, or with none.
func Key(latin string) string {
	var key []byte
	for i := 0; i < len(latin); {
		c := latin[i]
		if c < 'a' || c > 'z' {
			return ""
		}
		sound, n := consonant(latin[i:])
		switch {
		case sound != "":
			if c == 'h' && i == len(latin)-1 || i > 0 && c == latin[i-1] { // final h; doubled
				break
			}
			key = append(key, sound...)
		case i > 0:
		case c == 'y' || c == 'w':
			key = append(key, c)
		default:
			key = append(key, 'a')
		}
		i += n
	}
	return string(key)
}

// consonant gives the sound at the beginning of a word, "" for a vowel, and how
// many letters it takes.
func consonant(s string) (sound string, letters int) {
	for _, d := range [...][2]string{{"sch", "x"}, {"tch", "x"}, {"sh", "x"}, {"ch", "x"}, {"kh", "k"}, {"ph", "f"}, {"th", "t"},
		{"dh", "d"}, {"dj", "j"}, {"gh", "j"}, {"zh", "j"}, {"jh", "j"}, {"bh", "b"}, {"ck", "k"}} {
		if strings.HasPrefix(s, d[0]) {
			return d[1], len(d[0])
		}
	}
	switch s[0] {
	case 'a', 'e', 'i', 'o', 'u', 'y', 'w':
		return "", 1
	case 'p':
		return "b", 1
	case 'v':
		return "f", 1
	case 'g':
		return "j", 1
	case 'q':
		return "k", 1
	case 'x':
		return "ks", 1
	case 'c':
		if len(s) > 1 && strings.IndexByte("eiy", s[1]) >= 0 {
			return "s", 1
		}
		return "k", 1
	}
	return s[:1], 1
}

// KeyOf is the key of a folded word in any script.
func KeyOf(folded string) string { return Key(Latin(article(folded))) }
