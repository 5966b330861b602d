package xlsx

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"socialregistry/registry/csvio"
)

// MaxRows is how many rows a sheet takes below its header.
const MaxRows = maxRow - 1

// maxText is the most characters of a cell, counted as Excel does: in UTF-16.
const maxText = 32_767

// Errors of a Writer.
var (
	ErrTooManyRows = errors.New("xlsx: a sheet takes no more rows")
	ErrTooLong     = errors.New("xlsx: a cell takes no more text")
)

// Writer writes a workbook with one sheet as a stream: nothing is kept but the
// buffers of the compression, in memory or on disk. Every cell is text, so that no
// spreadsheet turns 0912 into 912, and is guarded as in csvio, so that the sheet may
// be saved as CSV.
type Writer struct {
	zip   *zip.Writer
	sheet *bufio.Writer
	row   int
	buf   []byte
}

// NewWriter begins a workbook; name is that of its sheet, of at most 31 characters
// and without []:*?/\.
func NewWriter(w io.Writer, name string) (*Writer, error) {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	for _, p := range frame(name) {
		f, err := z.Create(p.name)
		if err != nil {
			return nil, fmt.Errorf("write a workbook: %w", err)
		}
		if _, err := io.WriteString(f, xmlHead+p.text); err != nil {
			return nil, fmt.Errorf("write a workbook: %w", err)
		}
	}
	f, err := z.Create(sheetPart)
	if err != nil {
		return nil, fmt.Errorf("write a workbook: %w", err)
	}
	x := &Writer{zip: z, sheet: bufio.NewWriterSize(f, 64<<10)}
	_, err = x.sheet.WriteString(xmlHead + `<worksheet xmlns="` + mainSpace + `"><sheetData>`)
	return x, err
}

// Write adds a row; an empty cell is left out. It gives ErrTooManyRows or
// ErrTooLong, and then has written nothing of the row.
func (w *Writer) Write(cells []string) error {
	if w.row == maxRow {
		return ErrTooManyRows
	}
	number := strconv.Itoa(w.row + 1)
	b := append(w.buf[:0], `<row r="`...)
	b = append(append(b, number...), `">`...)
	for i, text := range cells {
		if text == "" {
			continue
		}
		if len(text) > maxText && utf16Length(text) > maxText {
			return ErrTooLong
		}
		b = append(b, `<c r="`...)
		b = append(appendColumn(b, i), number...)
		b = append(b, `" s="1" t="inlineStr"><is><t xml:space="preserve">`...)
		b = append(appendText(b, csvio.Guard(text)), `</t></is></c>`...)
	}
	w.buf = append(b, `</row>`...)
	w.row++
	_, err := w.sheet.Write(w.buf)
	return err
}

// Flush hands on what can be handed on before the end.
func (w *Writer) Flush() error { return w.sheet.Flush() }

// Close ends the workbook, without which it cannot be read. It does not close the
// writer below.
func (w *Writer) Close() error {
	if _, err := w.sheet.WriteString(`</sheetData></worksheet>`); err != nil {
		return err
	}
	if err := w.sheet.Flush(); err != nil {
		return err
	}
	return w.zip.Close()
}

// appendColumn adds the letters of a column, from 0.
func appendColumn(b []byte, column int) []byte {
	if column >= 26 {
		b = appendColumn(b, column/26-1)
	}
	return append(b, byte('A'+column%26))
}

// escapeMark is a text that a reader would take for an escaped character.
var escapeMark = regexp.MustCompile(`_(x[0-9A-Fa-f]{4}_)`)

// appendText adds text as XML. What XML cannot hold is written as _xHHHH_
// (ECMA-376 22.9.2.19), and a text that looks so is escaped itself.
func appendText(b []byte, text string) []byte {
	if strings.Contains(text, "_x") {
		text = escapeMark.ReplaceAllString(text, "_x005F_$1")
	}
	for _, r := range text {
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r < ' ' && r != '\t' && r != '\n':
			b = fmt.Appendf(b, "_x%04X_", r)
		case r == 0xFFFE || r == 0xFFFF:
			b = utf8.AppendRune(b, utf8.RuneError)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

func utf16Length(s string) (n int) {
	for _, r := range s {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}
