package xlsx

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"socialregistry/registry/csvio"
)

// cell is a cell as the sheet has it.
type cell struct {
	column  int    // from 1
	kind    string // what value is: n or "" a number, s a shared string, ...
	style   int
	value   string
	formula bool // value is what a formula gave
}

// sheet reads the rows of one sheet.
type sheet struct {
	book   *workbook
	p      *part
	row    int    // number of the last row
	arrays []area // of formulas that fill more than the cell they stand in
	cells  []cell // of the row, used again
}

func (w *workbook) openSheet(maxRecord int) (*sheet, error) {
	p, err := w.openXML(w.sheet, maxRecord)
	if err != nil {
		return nil, err
	}
	s := &sheet{book: w, p: p}
	for {
		p.bytes.mark()
		t, err := p.next()
		if err != nil {
			p.close()
			return nil, s.fail(err)
		}
		if e, ok := t.(xml.StartElement); ok && e.Name.Local == "sheetData" {
			return s, nil
		}
	}
}

// fail says in our words what ended the sheet.
func (s *sheet) fail(err error) error {
	switch {
	case errors.Is(err, errTooLong):
		return fileError(s.row+1, csvio.CodeLineTooLong, "a row has more than %d bytes", s.p.bytes.limit)
	case err == io.EOF:
		return damaged(s.row) // the rows do not end
	}
	return asFileError(err, s.row)
}

// next reads the next row that the sheet has, blank or not. The cells are good
// until the next call. io.EOF is the end of the rows.
func (s *sheet) next() (row int, cells []cell, err error) {
	for {
		s.p.bytes.mark()
		t, err := s.p.next()
		if err != nil {
			return s.row, nil, s.fail(err)
		}
		switch t := t.(type) {
		case xml.EndElement:
			if t.Name.Local == "sheetData" {
				return s.row, nil, io.EOF
			}
		case xml.StartElement:
			if t.Name.Local != "row" {
				return s.row, nil, damaged(s.row)
			}
			if err := s.readRow(t); err != nil {
				return s.row, nil, s.fail(err)
			}
			return s.row, s.cells, nil
		}
	}
}

func (s *sheet) readRow(start xml.StartElement) error {
	number := s.row + 1
	if r := attribute(start, "r"); r != "" {
		n, ok := parseRow(r)
		if !ok || n < number {
			return damaged(number)
		}
		number = n
	}
	if s.row = number; number > maxRow {
		return damaged(number)
	}
	s.arrays = slices.DeleteFunc(s.arrays, func(a area) bool { return a.bottom < number })
	s.cells = s.cells[:0]
	for last := 0; ; {
		t, err := s.p.next()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.EndElement:
			if t.Name.Local == "row" {
				return nil
			}
		case xml.StartElement:
			if t.Name.Local != "c" {
				continue
			}
			c, err := s.readCell(t, last)
			if err != nil {
				return err
			}
			last = c.column
			s.cells = append(s.cells, c)
		}
	}
}

// readCell reads one cell; last is the column of the one before it.
func (s *sheet) readCell(start xml.StartElement, last int) (cell, error) {
	c := cell{column: last + 1, kind: attribute(start, "t")}
	if ref := attribute(start, "r"); ref != "" {
		column, row, ok := parseCell(ref)
		if !ok || row != s.row || column <= last {
			return c, damaged(s.row)
		}
		c.column = column
	}
	if c.column > maxColumn {
		return c, damaged(s.row)
	}
	if style := attribute(start, "s"); style != "" {
		n, err := strconv.Atoi(style)
		if err != nil || n < 0 {
			return c, damaged(s.row)
		}
		c.style = n
	}
	c.formula = slices.ContainsFunc(s.arrays, func(a area) bool { return a.left <= c.column && c.column <= a.right && a.top <= s.row })
	return c, s.readContent(&c)
}

// readContent reads up to the end of the cell.
func (s *sheet) readContent(c *cell) error {
	for {
		t, err := s.p.next()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.EndElement:
			if t.Name.Local == "c" {
				return nil
			}
		case xml.StartElement:
			switch t.Name.Local {
			case "f":
				c.formula = true
				if err := s.noteArray(t); err != nil {
					return err
				}
			case "v":
				c.value, err = s.p.text("v")
			case "is":
				c.value, err = s.p.richText("is")
			}
			if err != nil {
				return err
			}
		}
	}
}

// maxArrays is how many formulas of more than one cell may hold at a time.
const maxArrays = 1000

// noteArray remembers the cells that a formula fills besides its own.
func (s *sheet) noteArray(f xml.StartElement) error {
	kind, ref := attribute(f, "t"), attribute(f, "ref")
	if ref == "" || kind != "array" && kind != "dataTable" {
		return nil
	}
	a, ok := parseArea(ref)
	if !ok || len(s.arrays) >= maxArrays {
		return damaged(s.row)
	}
	s.arrays = append(s.arrays, a)
	return nil
}

// text reads up to the end of an element.
func (p *part) text(end string) (string, error) {
	var text string
	for {
		t, err := p.next()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.CharData:
			text += string(t)
		case xml.EndElement:
			if t.Name.Local == end {
				return text, nil
			}
		}
	}
}

// text gives what a cell says; a CellError if that is nothing to be taken.
func (w *workbook) text(c *cell) (string, *csvio.CellError, error) {
	if c.formula {
		return "", errFormula(), nil
	}
	value := strings.TrimSpace(c.value)
	switch c.kind {
	case "s":
		i, err := strconv.Atoi(value)
		text, ok := w.strings.at(i)
		if err != nil && value != "" || !ok && value != "" {
			return "", nil, damaged(0)
		}
		return text, nil, nil
	case "inlineStr":
		return c.value, nil, nil
	case "str":
		return unescape(c.value), nil, nil
	case "e":
		return "", errFlaw(), nil
	case "d":
		return isoText(value), nil, nil
	case "b":
		switch value {
		case "", "1", "0":
			return map[string]string{"1": "true", "0": "false"}[value], nil, nil
		}
	case "", "n":
		return w.number(value, c.style)
	}
	return "", nil, damaged(0)
}

func (w *workbook) number(value string, style int) (string, *csvio.CellError, error) {
	if value == "" {
		return "", nil, nil
	}
	var shown numberStyle
	if style < len(w.styles) {
		shown = w.styles[style]
	}
	text, ok := numberText(value, shown)
	if !ok {
		return "", nil, damaged(0)
	}
	if !shown.date {
		return text, nil, nil
	}
	day, flaw := dateText(value, w.date1904)
	return day, flaw, nil
}
