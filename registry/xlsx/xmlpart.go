package xlsx

import (
	"bufio"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// part reads the XML of one part, token by token. Names are taken without their
// namespace, so that the transitional and the strict form read alike; markup
// declarations, which no workbook needs, are refused.
type part struct {
	*xml.Decoder
	bytes *byteCounter
	file  io.Closer
}

func (c *container) openXML(name string, limit int) (*part, error) {
	f, err := c.open(name)
	if err != nil {
		return nil, err
	}
	b := &byteCounter{r: bufio.NewReaderSize(f, 64<<10), limit: limit}
	return &part{Decoder: xml.NewDecoder(b), bytes: b, file: f}, nil
}

// The most bytes of XML between two marks: see byteCounter.
const (
	smallPart = 4 << 20 // of a part without marks: what the workbook is made of
	onePiece  = 1 << 20 // of one text or format, which is 32 KiB long at most
)

// next gives the next token that matters. io.EOF is the end of the part.
func (p *part) next() (xml.Token, error) {
	for {
		t, err := p.RawToken()
		if err != nil {
			return nil, err
		}
		switch t.(type) {
		case xml.StartElement, xml.EndElement, xml.CharData:
			return t, nil
		case xml.Directive:
			return nil, damaged(0)
		}
	}
}

// each calls start for every element of a part that is read whole.
func (p *part) each(start func(xml.StartElement) error) error {
	for {
		t, err := p.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := t.(xml.StartElement); ok {
			if err := start(e); err != nil {
				return err
			}
		}
	}
}

func (p *part) close() { p.file.Close() }

// errTooLong is what byteCounter gives when one piece takes more than its budget.
var errTooLong = errors.New("xlsx: a row or a text over the limit")

// byteCounter counts what is read since the last mark, so that no text and no row
// is held that is longer than its limit.
type byteCounter struct {
	r     *bufio.Reader
	since int
	limit int
}

func (b *byteCounter) ReadByte() (byte, error) {
	if b.since++; b.since > b.limit {
		return 0, errTooLong
	}
	return b.r.ReadByte()
}

func (b *byteCounter) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := b.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = c
	return 1, nil
}

func (b *byteCounter) mark() { b.since = 0 }

// attribute gives the value of an attribute by its local name, "" if it is absent.
func attribute(e xml.StartElement, local string) string {
	for _, a := range e.Attr {
		if a.Name.Local == local && a.Name.Space != "xmlns" {
			return a.Value
		}
	}
	return ""
}

// isTrue reads xsd:boolean.
func isTrue(s string) bool { return s == "1" || strings.EqualFold(s, "true") }
