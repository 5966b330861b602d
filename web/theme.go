package web

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Theme is how a deployment looks: its name, its sign and three colours. The zero
// Theme is our own look.
type Theme struct {
	Names   map[string]string // of the service, by language; "" holds for all others
	Logo    []byte            // SVG, checked; nil: ours
	Colours Colours
}

// Colours are those of a theme, as #rrggbb; all or none.
type Colours struct {
	Brand string // heads and buttons, with white on it
	Dark  string // the row of sections, with a pale text on it
	Mark  string // what is current or new
}

// What WCAG 2.2 (AA) asks of text (§1.4.3), and of lines and areas that mean
// something (§1.4.11).
const (
	leastContrast = 4.5
	leastSeen     = 3.0
)

// ParseThemeNames reads one name for all languages, or lang=name; lang=name.
// It returns an error for an empty or a doubled one.
func ParseThemeNames(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	if !strings.Contains(text, "=") {
		return map[string]string{"": text}, checkThemeName(text)
	}
	names := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		lang, name, _ := strings.Cut(part, "=")
		lang, name = strings.TrimSpace(lang), strings.TrimSpace(name)
		if _, twice := names[lang]; twice || lang == "" {
			return nil, errors.New("a language is missing or there twice")
		}
		if err := checkThemeName(name); err != nil {
			return nil, err
		}
		names[lang] = name
	}
	return names, nil
}

func checkThemeName(name string) error {
	if name == "" || len([]rune(name)) > 40 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || turns(r) }) {
		return errors.New("a name is empty, too long, or has characters that cannot be seen")
	}
	return nil
}

// ParseColours reads three colours with commas: brand, brand dark and mark. It
// returns an error that names a pair of colours that cannot be read on each other.
func ParseColours(text string) (Colours, error) {
	if text == "" {
		return Colours{}, nil
	}
	parts := strings.Split(strings.ReplaceAll(text, " ", ""), ",")
	if len(parts) != 3 {
		return Colours{}, errors.New("not three colours")
	}
	c := Colours{parts[0], parts[1], parts[2]}
	for _, pair := range []struct {
		name, text, ground string
		least              float64
	}{
		{"white on the brand", "#ffffff", c.Brand, leastContrast}, {"the brand on paper", c.Brand, "#f7f5f0", leastContrast},
		{"pale text on the dark brand", "#dcebe9", c.Dark, leastContrast}, {"white on the dark brand", "#ffffff", c.Dark, leastContrast},
		{"ink on the mark", "#1b1b1b", c.Mark, leastContrast}, {"the mark on the brand", c.Mark, c.Brand, leastSeen}, {"the mark on the dark brand", c.Mark, c.Dark, leastSeen},
	} {
		ratio, err := contrast(pair.text, pair.ground)
		if err != nil {
			return Colours{}, err
		}
		if ratio < pair.least {
			return Colours{}, fmt.Errorf("%s has a contrast of %.1f", pair.name, ratio)
		}
	}
	return c, nil
}

// contrast is the ratio of WCAG 2.2 between two colours.
func contrast(a, b string) (float64, error) {
	la, err := luminance(a)
	if err != nil {
		return 0, err
	}
	lb, err := luminance(b)
	if err != nil {
		return 0, err
	}
	return (max(la, lb) + .05) / (min(la, lb) + .05), nil
}

func luminance(colour string) (float64, error) {
	hex, ok := strings.CutPrefix(colour, "#")
	n, err := strconv.ParseUint(hex, 16, 32)
	if !ok || len(hex) != 6 || err != nil {
		return 0, errors.New("a colour is not #rrggbb")
	}
	part := func(shift int) float64 {
		v := float64(n>>shift&255) / 255
		if v <= .04045 {
			return v / 12.92
		}
		return math.Pow((v+.055)/1.055, 2.4)
	}
	return .2126*part(16) + .7152*part(8) + .0722*part(0), nil
}

// darkCard is what stands behind text and charts in the dark: see 10-tokens.css.
const darkCard = "#1d2329"

// sheet is the small style sheet of the colours, which comes after ours. In the
// dark, a button that is pointed at is the brand, and charts have as much white in
// it as it takes to be seen.
func (c Colours) sheet() []byte {
	return fmt.Appendf(nil, ":root { --brand: %s; --brand-2: %s; --mark: %s; }\n@media (prefers-color-scheme: dark) { :root { --hover: %s; --chart: %s; --focus: %s; } }\n",
		c.Brand, c.Dark, c.Mark, c.Dark, seenOn(c.Brand, darkCard), seenOn(c.Mark, darkCard))
}

// seenOn is a colour with so much white in it that it can be seen on a dark ground.
func seenOn(colour, ground string) string {
	for white := 0; ; white++ {
		lighter := whiter(colour, white)
		if ratio, err := contrast(lighter, ground); err != nil || ratio >= leastContrast || white == 100 {
			return lighter
		}
	}
}

// whiter mixes a colour, as #rrggbb, with so many hundredths of white.
func whiter(colour string, white int) string {
	n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil {
		return colour
	}
	part := func(shift int) uint64 { v := n >> shift & 255; return v + (255-v)*uint64(white)/100 }
	return fmt.Sprintf("#%02x%02x%02x", part(16), part(8), part(0))
}
