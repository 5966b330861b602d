package csvio

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// errTooLong is what bounded gives when one record takes more than its budget.
var errTooLong = errors.New("csvio: record over the limit")

// readAhead is the size of the buffer below the CSV reader. Its bytes may
// belong to the next record, so the budget leaves room for them.
const readAhead = 4096

// bounded hands bytes on and counts those since the last reset, so that neither
// a long line nor a quote that never closes makes the CSV reader hold more than
// the limit.
type bounded struct {
	r     io.Reader
	since int
	limit int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.since > b.limit+2*readAhead {
		return 0, errTooLong
	}
	n, err := b.r.Read(p)
	b.since += n
	return n, err
}

func (b *bounded) reset() { b.since = 0 }

// separator tells what stands between the cells of the header line, and so of the
// file: semicolons if there are some and no comma outside of quotes. So do
// spreadsheets write where the comma is for decimals.
func separator(r *bufio.Reader) rune {
	head, _ := r.Peek(r.Size()) // an error is for whoever reads on
	quoted, found := false, ','
	for _, c := range bytes.TrimLeft(head, "\r\n") {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ',':
			return ','
		case c == ';':
			found = ';'
		case c == '\n', c == '\r':
			return found
		}
	}
	return found
}

var utf8BOM = []byte{0xEF, 0xBB, 0xBF}

// sniff skips a UTF-8 byte order mark and refuses UTF-16 and an empty file.
func sniff(src io.Reader) (*bufio.Reader, *FileError, error) {
	r := bufio.NewReaderSize(src, 64<<10)
	head, err := r.Peek(512)
	if err != nil && err != io.EOF && len(head) == 0 {
		return nil, nil, err
	}
	switch {
	case len(head) == 0 || bytes.Equal(head, utf8BOM):
		return nil, fileError(0, CodeEmptyFile, "the file is empty"), nil
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}), bytes.HasPrefix(head, []byte{0xFE, 0xFF}), bytes.IndexByte(head, 0) >= 0:
		return nil, fileError(0, CodeUTF16, "the file is UTF-16 or not a text: save it as \"CSV UTF-8\" and upload it again"), nil
	case bytes.HasPrefix(head, utf8BOM):
		if _, err := r.Discard(len(utf8BOM)); err != nil {
			return nil, nil, err
		}
	}
	return r, nil, nil
}
