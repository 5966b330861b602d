package xlsx

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// sharedStrings is the table of texts that cells refer to by number, in one piece
// of memory of a known size.
type sharedStrings struct {
	text []byte
	ends []uint32 // of each text
}

// perString is what a text takes besides its bytes, so that a table of empty ones
// has an end too.
const perString = 4

// at gives text number i; false: there is none.
func (s sharedStrings) at(i int) (string, bool) {
	if i < 0 || i >= len(s.ends) {
		return "", false
	}
	start := uint32(0)
	if i > 0 {
		start = s.ends[i-1]
	}
	return string(s.text[start:s.ends[i]]), true
}

// readStrings reads the table whole. Pronunciation hints, which stand within the
// text in files from Japan, are left out.
func (c *container) readStrings(name string, most int) (sharedStrings, error) {
	p, err := c.openXML(name, onePiece)
	if err != nil {
		return sharedStrings{}, err
	}
	defer p.close()
	var s sharedStrings
	for {
		t, err := p.next()
		if err == io.EOF {
			return s, nil
		}
		if err == nil {
			if e, ok := t.(xml.StartElement); !ok || e.Name.Local != "si" {
				continue
			}
			p.bytes.mark()
			var text string
			text, err = p.richText("si")
			s.text = append(s.text, text...)
			s.ends = append(s.ends, uint32(len(s.text)))
		}
		switch {
		case errors.Is(err, errTooLong), len(s.text)+perString*len(s.ends) > most:
			return s, fileError(0, CodeTooManyStrings, "the workbook holds too much text: split it, or save it as CSV")
		case err != nil:
			return s, asFileError(err, 0)
		}
	}
}

// richText reads up to the end of an element and gives the text of all its runs.
func (p *part) richText(end string) (string, error) {
	var b strings.Builder
	in, hint := false, false
	for {
		t, err := p.next()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			in = t.Name.Local == "t"
			hint = hint || t.Name.Local == "rPh"
		case xml.CharData:
			if in && !hint {
				b.Write(t)
			}
		case xml.EndElement:
			in = false
			switch t.Name.Local {
			case "rPh":
				hint = false
			case end:
				return unescape(b.String()), nil
			}
		}
	}
}

// escaped is how a workbook writes characters that XML cannot (ECMA-376 22.9.2.19).
var escaped = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	return escaped.ReplaceAllStringFunc(s, func(e string) string {
		n, err := strconv.ParseUint(e[2:6], 16, 16)
		if err != nil || n >= 0xD800 && n < 0xE000 {
			return e
		}
		return string(rune(n))
	})
}
