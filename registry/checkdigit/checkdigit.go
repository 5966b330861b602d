package checkdigit

import "strings"

// Rule names a way to compute check characters. Its text is stable: definitions
// hold it.
type Rule string

// The rules, with what each finds for certain.
const (
	None           Rule = "none"             // nothing
	Luhn           Rule = "luhn"             // every wrong digit; swaps of neighbours but 09 and 90 (ISO/IEC 7812-1 annex B)
	Verhoeff       Rule = "verhoeff"         // every wrong digit, every swap of neighbours
	Damm           Rule = "damm"             // every wrong digit, every swap of neighbours
	ISO7064Mod97   Rule = "iso7064_mod97_10" // two digits; every wrong digit, every swap of neighbouring digits
	ISO7064Mod11   Rule = "iso7064_mod11_2"  // a digit or X; every wrong digit, every swap of neighbours
	ISO7064Mod3736 Rule = "iso7064_mod37_36" // a digit or a letter; every wrong character, most swaps
)

// Rules lists all rules.
func Rules() []Rule {
	return []Rule{None, Luhn, Verhoeff, Damm, ISO7064Mod97, ISO7064Mod11, ISO7064Mod3736}
}

// Size is the number of check characters, which stand at the end.
func (r Rule) Size() int {
	switch r {
	case None:
		return 0
	case ISO7064Mod97:
		return 2
	}
	return 1
}

// Compute gives the check characters for what stands before them. It is false
// for an unknown rule, for an empty payload and for one with a character that
// the rule has no value for.
func (r Rule) Compute(payload string) (check string, ok bool) {
	if payload == "" || !r.reads(payload) {
		return "", false
	}
	switch r {
	case None:
		return "", true
	case Luhn:
		return character(luhn(payload)), true
	case Verhoeff:
		return character(verhoeff(payload)), true
	case Damm:
		return character(damm(payload)), true
	case ISO7064Mod97:
		n := mod97(payload)
		return character(n/10) + character(n%10), true
	case ISO7064Mod11:
		if n := mod11(payload); n < 10 {
			return character(n), true
		}
		return "X", true
	case ISO7064Mod3736:
		return character(mod3736(payload)), true
	}
	return "", false
}

// Valid tells whether text ends in its check characters. With None everything
// does; with an unknown rule nothing.
func (r Rule) Valid(text string) bool {
	if r == None {
		return true
	}
	end := max(len(text)-r.Size(), 0)
	check, ok := r.Compute(text[:end])
	return ok && check == text[end:]
}

// alphabet gives each character its value: 0 to 9, then A = 10 to Z = 35.
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

func character(n int) string { return alphabet[n : n+1] }

// value is the place of a character in the alphabet; -1: it is not there.
func value(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	}
	return -1
}

// reads tells whether the rule has a value for every character.
func (r Rule) reads(payload string) bool {
	known := alphabet[:10]
	switch r {
	case None:
		return true
	case ISO7064Mod97, ISO7064Mod3736:
		known = alphabet
	}
	return strings.Trim(payload, known) == ""
}
