package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	xmessage "golang.org/x/text/message"
	xnumber "golang.org/x/text/number"
)

//go:embed locales
var localeFiles embed.FS

// locale is one language: its messages and its way to write dates and numbers.
type locale struct {
	code     string // en
	name     string // in its own words
	dir      string // ltr or rtl
	tag      language.Tag
	messages map[string]message
	groups   grouping
	service  atomic.Pointer[string] // what the service is called; nil or empty: as messages say
}

// serviceName is the key of what the service is called: a theme may say otherwise.
const serviceName = "service.name"

// grouping is how a language sets the digits of a whole number apart (CLDR).
type grouping struct {
	mark        string
	first, rest int // digits of the last group and of those before it; 0: none
}

// message is one text, or one per plural class (CLDR) chosen by its argument n.
type message struct {
	text  string
	forms map[string]string
}

// UnmarshalJSON reads a string or an object of plural classes.
func (m *message) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		return json.Unmarshal(b, &m.forms)
	}
	return json.Unmarshal(b, &m.text)
}

// loadLocales reads locales/*.json; the file name is the language.
func loadLocales(files fs.FS) (map[string]*locale, error) {
	names, err := fs.Glob(files, "locales/*.json")
	if err != nil {
		return nil, fmt.Errorf("list locales: %w", err)
	}
	out := map[string]*locale{}
	for _, name := range names {
		code := strings.TrimSuffix(path.Base(name), ".json")
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read locale %s: %w", code, err)
		}
		l := &locale{code: code, tag: language.Make(code)}
		l.groups = groupingOf(l.tag)
		if err := json.Unmarshal(text, &l.messages); err != nil {
			return nil, fmt.Errorf("read locale %s: %w", code, err)
		}
		l.name, l.dir = l.messages["language.name"].text, l.messages["language.dir"].text
		out[code] = l
	}
	if out[defaultLocale] == nil {
		return nil, fmt.Errorf("locale %s is missing", defaultLocale)
	}
	return out, nil
}

// has tells whether the language has the message.
func (l *locale) has(key string) bool {
	_, ok := l.messages[key]
	return ok
}

// t gives a message with its placeholders {name} filled from pairs of name and
// value. Texts are set apart in their own direction (U+2068, U+2069); an int
// named n also chooses the plural class. A missing message shows its key: a test
// finds every one.
func (l *locale) t(key string, pairs ...any) string {
	m := l.messages[key]
	text := m.text
	if name := l.service.Load(); key == serviceName && name != nil && *name != "" {
		return *name
	}
	values := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name := fmt.Sprint(pairs[i])
		switch v := pairs[i+1].(type) {
		case int:
			values[name] = l.number(v)
			if name == "n" && m.forms != nil {
				text = l.plural(m.forms, v)
			}
		case time.Time:
			values[name] = l.date(v)
		default:
			values[name] = "\u2068" + inLine(fmt.Sprint(v)) + "\u2069"
		}
	}
	if text == "" {
		return "[" + key + "]"
	}
	return fill(text, values)
}

func (l *locale) plural(forms map[string]string, n int) string {
	class := map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many"}
	if text, ok := forms[class[plural.Cardinal.MatchPlural(l.tag, n, 0, 0, 0, 0)]]; ok {
		return text
	}
	return forms["other"]
}

// fill puts values into {name} placeholders, once: what a value holds is not
// looked at again.
func fill(text string, values map[string]string) string {
	var b strings.Builder
	for {
		open := strings.IndexByte(text, '{')
		end := strings.IndexByte(text[max(open, 0):], '}') + max(open, 0)
		if open < 0 || end <= open {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:open])
		if v, ok := values[text[open+1:end]]; ok {
			b.WriteString(v)
		} else {
			b.WriteString(text[open : end+1])
		}
		text = text[end+1:]
	}
}

// groupingOf asks CLDR. Its no-break space is the narrow one in French, as its
// newer editions say.
func groupingOf(tag language.Tag) grouping {
	latin, err := tag.SetTypeForKey("nu", "latn") // dates and codes have these digits in every language
	if err != nil {
		return grouping{}
	}
	parts := strings.FieldsFunc(xmessage.NewPrinter(latin).Sprint(xnumber.Decimal(1234567890)), notDigit)
	marks := strings.Trim(xmessage.NewPrinter(latin).Sprint(xnumber.Decimal(12345)), "0123456789")
	if len(parts) < 2 || marks == "" {
		return grouping{}
	}
	return grouping{strings.ReplaceAll(marks, "\u00a0", "\u202f"), len(parts[len(parts)-1]), len(parts[len(parts)-2])}
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

// number writes an integer with its digits in groups: 12,34,567 in Hindi.
func (l *locale) number(n int) string {
	s := strconv.Itoa(n)
	for i, size := len(s)-l.groups.first, l.groups.rest; size > 0 && i > 0 && s[i-1] != '-'; i -= size {
		s = s[:i] + l.groups.mark + s[i:]
	}
	return s
}

// inLine takes out of a text what would turn the line around it: overrides and
// embeddings, and isolates if they are not closed in the text.
func inLine(text string) string {
	if !strings.ContainsFunc(text, turns) {
		return text
	}
	open, lost := 0, false
	for _, r := range text {
		switch {
		case r >= 0x2066 && r <= 0x2068:
			open++
		case r == 0x2069:
			open--
			lost = lost || open < 0
		}
	}
	return strings.Map(func(r rune) rune {
		if r >= 0x202a && r <= 0x202e || turns(r) && (open != 0 || lost) {
			return -1
		}
		return r
	}, text)
}

// turns are the characters that set a direction until another ends it (UAX #9).
func turns(r rune) bool { return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 }

// date writes a day in words: 2 April 1991.
func (l *locale) date(t time.Time) string {
	t = t.UTC()
	return fill(l.messages["date.long"].text, map[string]string{
		"d": strconv.Itoa(t.Day()), "m": l.messages[fmt.Sprintf("date.month.%d", int(t.Month()))].text, "y": strconv.Itoa(t.Year())})
}

// dateTime writes a moment in UTC.
func (l *locale) dateTime(t time.Time) string {
	return fill(l.messages["date.time"].text, map[string]string{"date": l.date(t), "time": t.UTC().Format("15:04")})
}
