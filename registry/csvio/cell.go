package csvio

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// DateOrder says how dates with slashes are to be read.
type DateOrder string

// The orders. Without one, 03/04/1990 is refused: it is two different days.
const (
	OrderUnknown DateOrder = ""
	DayFirst     DateOrder = "dmy"
	MonthFirst   DateOrder = "mdy"
)

// CellError is what is wrong with a cell, without the cell.
type CellError struct{ Code, Words string }

func (e *CellError) Error() string { return e.Code + ": " + e.Words }

var (
	errBadDate = &CellError{CodeBadDate,
		"is not a date: write YYYY-MM-DD or dd-mm-yyyy"}
	errAmbiguousDate = &CellError{CodeAmbiguousDate,
		"may be two different days: write YYYY-MM-DD, or say whether the day or the month stands first"}
	dateShape = regexp.MustCompile(`^(\d{1,4})([-/.])(\d{1,2})([-/.])(\d{1,4})$`)
)

// ParseDate reads a date cell and gives it as YYYY-MM-DD.
//
// YYYY-MM-DD (also with slashes or dots), dd-mm-yyyy and dd.mm.yyyy are always
// understood. With slashes the order must be known, by order or because only
// one of the two can be a month. Years have four digits.
func ParseDate(cell string, order DateOrder) (string, *CellError) {
	if _, err := time.Parse(time.DateOnly, cell); err == nil && cell >= "0001" {
		return cell, nil // the usual case, quickly
	}
	m := dateShape.FindStringSubmatch(cell)
	if m == nil || m[2] != m[4] {
		return "", errBadDate
	}
	if len(m[1]) == 4 && len(m[5]) <= 2 {
		return civil(m[1], m[3], m[5])
	}
	if len(m[1]) > 2 || len(m[5]) != 4 {
		return "", errBadDate
	}
	first, second, year := m[1], m[3], m[5]
	if m[2] != "/" {
		return civil(year, second, first)
	}
	switch order {
	case DayFirst:
		return civil(year, second, first)
	case MonthFirst:
		return civil(year, first, second)
	}
	dmy, err1 := civil(year, second, first)
	mdy, err2 := civil(year, first, second)
	switch {
	case err1 == nil && err2 == nil && dmy != mdy:
		return "", errAmbiguousDate
	case err1 == nil:
		return dmy, nil
	}
	return mdy, err2
}

// ParseMoment reads a cell that is a moment or, as it mostly is, a day: RFC 3339
// with a time zone, or what ParseDate reads, as the beginning of that day in UTC.
func ParseMoment(cell string, order DateOrder) (time.Time, *CellError) {
	if t, err := time.Parse(time.RFC3339, cell); err == nil && t.UTC().Year() >= 1 && t.UTC().Year() <= 9999 {
		return t.UTC(), nil
	}
	day, flaw := ParseDate(cell, order)
	if flaw != nil {
		return time.Time{}, flaw
	}
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return time.Time{}, errBadDate
	}
	return t, nil
}

// civil checks that the day exists in the calendar.
func civil(year, month, day string) (string, *CellError) {
	y, _ := strconv.Atoi(year)
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if y < 1 || t.Year() != y || int(t.Month()) != m || t.Day() != d {
		return "", errBadDate
	}
	return t.Format(time.DateOnly), nil
}

var scientific = regexp.MustCompile(`^[+-]?\d+([.,]\d+)?[eE][+-]?\d{1,3}$`)

// A spreadsheet keeps 15 significant digits. Zeros behind them are the mark of
// lost ones only where there are several: of honest numbers with 16 digits one in
// ten ends in a zero, of those with 19 one in 10,000 ends in four.
const (
	spreadsheetDigits = 15
	lostZeros         = 4
)

// CheckIdentifier refuses an identifier that a spreadsheet has turned into a
// number: 4.49E+35, or one of 19 digits or more whose digits beyond the 15th
// became zeros.
func CheckIdentifier(cell string) *CellError {
	lost := len(cell) >= spreadsheetDigits+lostZeros && strings.Trim(cell, "0123456789") == "" &&
		strings.Trim(cell[spreadsheetDigits:], "0") == ""
	if lost || scientific.MatchString(cell) {
		return &CellError{CodeMangled,
			"was turned into a number by a spreadsheet and its digits are lost: format the column as text and export again"}
	}
	return nil
}

// CheckSpreadsheet refuses the error words that spreadsheets leave in cells.
func CheckSpreadsheet(cell string) *CellError {
	if !strings.HasPrefix(cell, "#") {
		return nil
	}
	switch cell {
	case "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#####":
		return &CellError{CodeSpreadsheetFlaw, "holds an error of the spreadsheet instead of a value"}
	}
	return nil
}
