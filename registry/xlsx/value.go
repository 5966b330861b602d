package xlsx

import (
	"math"
	"strconv"
	"strings"
	"time"

	"socialregistry/registry/csvio"
)

// Cells that cannot be taken as they are.
func errFormula() *csvio.CellError {
	return &csvio.CellError{Code: CodeFormula, Words: "holds a formula: copy the column and paste it as values"}
}

func errFlaw() *csvio.CellError {
	return &csvio.CellError{Code: csvio.CodeSpreadsheetFlaw, Words: "holds an error of the spreadsheet instead of a value"}
}

func errBadDate() *csvio.CellError {
	return &csvio.CellError{Code: csvio.CodeBadDate, Words: "is shown as a date, and is none: write YYYY-MM-DD"}
}

// lastSerial is the number of 9999-12-31 in the system of 1900.
const lastSerial = 2_958_465

// A spreadsheet computes with 15 significant digits: of a whole number that has
// more, the last ones are lost.
const (
	digits       = 15
	firstTooLong = 1e15
)

// numberText gives a number as plain decimals, as the spreadsheet shows it: no
// exponent, no .0, no 0.30000000000000004. A whole number whose digits are lost
// keeps its exponent, by which csvio.CheckIdentifier knows it.
func numberText(v string, style numberStyle) (string, bool) {
	if strings.Trim(v, "0123456789+-.eE") != "" {
		return "", false // Inf, NaN, hexadecimals: Go reads them, no spreadsheet writes them
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil {
		return "", false
	}
	if f == math.Trunc(f) {
		if math.Abs(f) >= firstTooLong {
			return strconv.FormatFloat(f, 'E', -1, 64), true
		}
		text := strconv.FormatInt(int64(f), 10)
		if missing := style.width - len(text); missing > 0 && f >= 0 && style.width <= digits {
			text = strings.Repeat("0", missing) + text
		}
		return text, true
	}
	if f, err = strconv.ParseFloat(strconv.FormatFloat(f, 'e', digits-1, 64), 64); err != nil {
		return "", false
	}
	return strconv.FormatFloat(f, 'f', -1, 64), true
}

// dateText gives the day that a number is shown as: YYYY-MM-DD, with THH:MM:SS
// where it is not midnight, and HH:MM:SS where there is no day. The system of 1900
// has a 29 February 1900, which never was.
func dateText(v string, date1904 bool) (string, *csvio.CellError) {
	serial, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(serial) || serial < 0 || serial >= lastSerial+1 {
		return "", errBadDate()
	}
	day, seconds := int(serial), int(math.Round((serial-math.Trunc(serial))*86400))
	if seconds == 86400 {
		day, seconds = day+1, 0
	}
	clock := time.Date(2000, 1, 1, 0, 0, seconds, 0, time.UTC).Format(time.TimeOnly)
	var at time.Time
	switch {
	case day == 0 && seconds > 0:
		return clock, nil
	case date1904:
		at = time.Date(1904, 1, 1+day, 0, 0, 0, 0, time.UTC)
	case day == 0 || day == 60:
		return "", errBadDate()
	case day < 60:
		at = time.Date(1899, 12, 31+day, 0, 0, 0, 0, time.UTC)
	default:
		at = time.Date(1899, 12, 30+day, 0, 0, 0, 0, time.UTC)
	}
	if at.Year() > 9999 {
		return "", errBadDate()
	}
	text := at.Format(time.DateOnly)
	if seconds > 0 {
		text += "T" + clock
	}
	return text, nil
}

// isoText gives a date that is written as one (strict workbooks): midnight is no
// time.
func isoText(v string) string {
	for _, midnight := range []string{"T00:00:00", "T00:00:00Z", "T00:00:00.000", "T00:00:00.000Z"} {
		if day, ok := strings.CutSuffix(v, midnight); ok {
			return day
		}
	}
	return v
}
