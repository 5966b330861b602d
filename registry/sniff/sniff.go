package sniff

import (
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Media types that a Sniffer gives; there are more, see http.DetectContentType.
const (
	PDF     = "application/pdf"
	JPEG    = "image/jpeg"
	PNG     = "image/png"
	WebP    = "image/webp"
	Text    = "text/plain"
	Markup  = "text/xml"
	Unknown = "application/octet-stream"
)

var reMarkup = regexp.MustCompile(`^\s*<[A-Za-z!?]`)

// headSize is how many bytes the standard looks at.
const headSize = 512

// Sniffer looks at a file as it passes: it is an io.Writer that never fails. The
// zero value is ready.
type Sniffer struct {
	head   []byte
	cut    []byte // the beginning of a character whose end has not come yet
	binary bool   // a byte was seen that no text has
}

// Write looks at the next bytes.
func (s *Sniffer) Write(p []byte) (int, error) {
	if room := headSize - len(s.head); room > 0 {
		s.head = append(s.head, p[:min(room, len(p))]...)
	}
	if !s.binary {
		s.readText(p)
	}
	return len(p), nil
}

func (s *Sniffer) readText(p []byte) {
	text := append(s.cut, p...)
	whole := len(text)
	if last := lastStart(text); !utf8.FullRune(text[last:]) {
		whole = last
	}
	s.cut = append([]byte(nil), text[whole:]...)
	s.binary = !utf8.Valid(text[:whole]) || hasControl(text[:whole])
}

// lastStart gives where the last character of text begins.
func lastStart(text []byte) int {
	i := max(len(text)-1, 0)
	for i > 0 && !utf8.RuneStart(text[i]) {
		i--
	}
	return i
}

func hasControl(text []byte) bool {
	for _, c := range text {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' || c == 0x7f {
			return true
		}
	}
	return false
}

// Type gives the media type of what was written, without parameters: Unknown if
// it is nothing that the standard knows.
func (s *Sniffer) Type() string {
	t, _, _ := strings.Cut(http.DetectContentType(s.head), ";")
	switch {
	case t == Text && (s.binary || len(s.cut) > 0):
		return Unknown
	case t == Text && reMarkup.Match(s.head): // a drawing without a prologue: a browser would run its scripts
		return Markup
	}
	return t
}
