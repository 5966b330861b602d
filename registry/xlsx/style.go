package xlsx

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// numberStyle is what the format of a cell says about a number in it.
type numberStyle struct {
	date  bool // it is a day, with or without a time, or a time
	width int  // least number of digits: 000000 shows 42 as 000042
}

// maxStyles is how many formats a workbook may have (the limit of Excel).
const maxStyles = 65_490

// readStyles gives the style of every index that a cell may name.
func (c *container) readStyles(name string) ([]numberStyle, error) {
	p, err := c.openXML(name, onePiece)
	if err != nil {
		return nil, err
	}
	defer p.close()
	custom := map[int]numberStyle{}
	var styles []numberStyle
	inCells := false
	err = p.each(func(e xml.StartElement) error {
		p.bytes.mark()
		switch e.Name.Local {
		case "numFmt":
			id, _ := strconv.Atoi(attribute(e, "numFmtId"))
			custom[id] = styleOf(attribute(e, "formatCode"))
		case "cellXfs":
			inCells = true
		case "cellStyleXfs", "cellStyles", "dxfs":
			inCells = false
		case "xf":
			if !inCells {
				return nil
			}
			id, _ := strconv.Atoi(attribute(e, "numFmtId"))
			style, ok := custom[id]
			if !ok {
				style.date = builtInDate(id)
			}
			styles = append(styles, style)
		}
		if len(styles) > maxStyles || len(custom) > maxStyles {
			return damaged(0)
		}
		return nil
	})
	if err != nil {
		return nil, asFileError(err, 0)
	}
	return styles, nil
}

// builtInDate tells which formats without a code of their own are dates or times
// (ECMA-376 18.8.30; 27-36 and 50-58 are those of East Asia).
func builtInDate(id int) bool {
	return id >= 14 && id <= 22 || id >= 27 && id <= 36 || id >= 45 && id <= 47 || id >= 50 && id <= 58
}

// styleOf reads a format code: letters of days and times outside quotes, escapes
// and brackets make it a date. [h] counts hours and is a time too.
func styleOf(code string) numberStyle {
	first, _, _ := strings.Cut(code, ";")
	if first != "" && strings.Trim(first, "0") == "" {
		return numberStyle{width: len(first)}
	}
	for i := 0; i < len(first); i++ {
		switch c := first[i]; c {
		case '\\', '_', '*':
			i++
		case '"':
			n := strings.IndexByte(first[i+1:], '"')
			if n < 0 {
				return numberStyle{}
			}
			i += n + 1
		case '[':
			n := strings.IndexByte(first[i:], ']')
			if n < 0 {
				return numberStyle{}
			}
			if n > 1 && strings.Trim(strings.ToLower(first[i+1:i+n]), "hms") == "" {
				return numberStyle{date: true}
			}
			i += n
		case 'y', 'Y', 'm', 'M', 'd', 'D', 'h', 'H', 's', 'S':
			return numberStyle{date: true}
		case 'G', 'g':
			if len(first) >= i+7 && strings.EqualFold(first[i:i+7], "general") {
				i += 6
			}
		}
	}
	return numberStyle{}
}
