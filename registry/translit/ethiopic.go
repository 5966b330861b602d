package translit

// ethiopic spells a syllable: a row of the block is one consonant, and a place in
// the row one vowel. The sixth place has none.
func ethiopic(r rune) string {
	consonant := ethiopicRow(int(r-0x1200) / 8)
	order := int(r-0x1200) % 8
	switch {
	case consonant == "h" && order == 0:
		return "ha"
	case consonant == "'":
		return [8]string{"a", "u", "i", "a", "e", "e", "o", "wa"}[order]
	}
	return consonant + [8]string{"e", "u", "i", "a", "e", "", "o", "wa"}[order]
}

func ethiopicRow(row int) string {
	rows := [...]string{"h", "l", "h", "m", "s", "r", "s", "sh", "q", "qw", "q", "qw", "b", "v", "t", "ch", "h", "hw", "n", "ny",
		"'", "k", "kw", "kh", "kw", "w", "'", "z", "zh", "y", "d", "d", "j", "g", "gw", "g", "t", "ch", "p", "ts", "ts", "f", "p", ""}
	if row >= len(rows) {
		return ""
	}
	return rows[row]
}
