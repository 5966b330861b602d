package registry

import (
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"socialregistry/registry/seal"
)

// Every function here takes text that has passed checkText, in NFC, without
// outer or doubled spaces.

var (
	reNumber  = regexp.MustCompile(`^[+-]?[0-9]{1,18}(\.[0-9]{1,9})?$`)
	reMangled = regexp.MustCompile(`^[+-]?[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+$`)
	rePhone   = regexp.MustCompile(`^\+?[0-9]{5,15}$`) // E.164 has at most 15 digits
	reDomain  = regexp.MustCompile(`^[\pL\pM\pN]([\pL\pM\pN-]{0,61}[\pL\pM\pN])?$`)
)

// checkText refuses what no value may hold: bytes that are not UTF-8, the mark
// of damaged text (U+FFFD), control characters, invisible characters that
// change the direction of what follows, and what is far too long.
func checkText(raw string) *mistake {
	if len(raw) > utf8.UTFMax*maxMaxLength {
		return tooLong(maxMaxLength)
	}
	if !utf8.ValidString(raw) {
		return &mistake{CodeInvalidUTF8, "The text is not UTF-8."}
	}
	for _, r := range raw {
		switch {
		case r == utf8.RuneError:
			return &mistake{CodeDamagedText, "Some letters were lost before this text came here."}
		case refused(r):
			return &mistake{CodeControl, "The text holds a control character, such as a line break or a tab."}
		}
	}
	return nil
}

// refused tells whether a character controls instead of being read. Joiners
// (U+200C, U+200D) and the marks of direction (U+200E, U+200F, U+061C) belong to
// the spelling of several languages and stay.
func refused(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u2028', r == '\u2029', r == '\ufeff':
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // embeddings, overrides, isolates
		return true
	case r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe007f: // annotations, tags
		return true
	case r >= 0xfdd0 && r <= 0xfdef, r&0xfffe == 0xfffe: // noncharacters
		return true
	}
	return false
}

func tooLong(n int) *mistake {
	return &mistake{CodeTooLong, "At most " + strconv.Itoa(n) + " characters."}
}

func canonicalDate(text, least, greatest, today string) (string, *mistake) {
	text = seal.Digits(text)
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < 1 {
		return "", &mistake{CodeBadDate, "This is not a day of the calendar written as year-month-day, such as 1990-12-31."}
	}
	switch {
	case least != "" && text < least:
		return "", &mistake{CodeDateTooEarly, "The date is before " + least + "."}
	case greatest == maxToday && text > today:
		return "", &mistake{CodeFutureDate, "The date is in the future."}
	case greatest != "" && greatest != maxToday && text > greatest:
		return "", &mistake{CodeDateTooLate, "The date is after " + greatest + "."}
	}
	return text, nil
}

func canonicalNumber(text, least, greatest string) (string, *mistake) {
	text = seal.Digits(text)
	if reMangled.MatchString(text) {
		return "", mangled()
	}
	if !reNumber.MatchString(text) {
		return "", &mistake{CodeBadNumber, "This is not a plain decimal number, such as 12 or 12.5."}
	}
	switch {
	case least != "" && number(text).Cmp(number(least)) < 0:
		return "", &mistake{CodeTooSmall, "At least " + least + "."}
	case greatest != "" && number(text).Cmp(number(greatest)) > 0:
		return "", &mistake{CodeTooLarge, "At most " + greatest + "."}
	}
	return plainDecimal(text), nil
}

// plainDecimal writes a number in the one way: no plus, no idle zeros, no -0.
func plainDecimal(text string) string {
	digits, negative := strings.CutPrefix(strings.TrimPrefix(text, "+"), "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if negative && whole != "0" {
		return "-" + whole
	}
	return whole
}

// number reads what reNumber matches.
func number(text string) *big.Rat {
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return new(big.Rat)
	}
	return n
}

func canonicalBoolean(text string) (string, *mistake) {
	switch strings.ToLower(text) {
	case "true", "yes", "1":
		return "true", nil
	case "false", "no", "0":
		return "false", nil
	}
	return "", &mistake{CodeBadBoolean, "Write true or false."}
}

func canonicalChoice(text string, choices []Choice) (string, *mistake) {
	i := slices.IndexFunc(choices, func(c Choice) bool { return strings.EqualFold(c.Value, text) })
	if i < 0 {
		return "", &mistake{CodeNotListed, "This is not one of the choices."}
	}
	return choices[i].Value, nil
}

func canonicalPhone(text string) (string, *mistake) {
	text = seal.Digits(norm.NFKC.String(text))
	if reMangled.MatchString(text) {
		return "", mangled()
	}
	text = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "", "/", "", "\u2011", "", "\u2013", "").Replace(text)
	if rest, ok := strings.CutPrefix(text, "00"); ok {
		text = "+" + rest // 00 and + both announce a country code (ITU-T E.123)
	}
	if !rePhone.MatchString(text) {
		return "", &mistake{CodeBadPhone, "This is not a phone number: 5 to 15 digits, with + and the country code where known."}
	}
	return text, nil
}

// canonicalEmail checks the form only (RFC 5321 §4.5.3.1 sets the sizes);
// whether anybody reads there, only a message can tell. Dots in the local part
// may stand anywhere: hosts in the field give out such addresses.
func canonicalEmail(text string) (string, *mistake) {
	at := strings.LastIndexByte(text, '@')
	if at < 1 || at > 64 || len(text) > 254 || strings.ContainsAny(text[:max(at, 0)], " @\"(),:;<>[\\]") {
		return "", badEmail()
	}
	local, domain := text[:at], strings.ToLower(text[at+1:])
	labels := strings.Split(domain, ".")
	if len(labels) < 2 || slices.ContainsFunc(labels, func(l string) bool { return !reDomain.MatchString(l) }) {
		return "", badEmail()
	}
	return local + "@" + domain, nil
}

func badEmail() *mistake {
	return &mistake{CodeBadEmail, "This is not an e-mail address, such as name@example.org."}
}

func canonicalIdentifier(text string) (string, *mistake) {
	text = seal.Digits(norm.NFKC.String(text))
	if reMangled.MatchString(text) {
		return "", mangled()
	}
	if seal.Normalise(text) == "" {
		return "", &mistake{CodeBadIdentifier, "This has neither letters nor digits."}
	}
	return text, nil
}

func mangled() *mistake {
	return &mistake{CodeMangled, "A spreadsheet has turned this into a power of ten and lost digits. Format the column as text and enter it again."}
}
