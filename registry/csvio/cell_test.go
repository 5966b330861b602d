package csvio_test

import (
	"testing"
	"time"

	"socialregistry/registry/csvio"
)

func TestParseDate(t *testing.T) {
	t.Parallel()
	const bad, ambiguous = csvio.CodeBadDate, csvio.CodeAmbiguousDate
	for _, tc := range []struct {
		cell       string
		order      csvio.DateOrder
		want, code string
	}{
		{"1974-07-01", "", "1974-07-01", ""},
		{"1974/7/1", "", "1974-07-01", ""},
		{"01-07-1974", "", "1974-07-01", ""},
		{"1-7-1974", csvio.MonthFirst, "1974-07-01", ""}, // with dashes always the day first
		{"01.07.1974", "", "1974-07-01", ""},
		{"01/07/1974", "", "", ambiguous},
		{"01/07/1974", csvio.DayFirst, "1974-07-01", ""},
		{"01/07/1974", csvio.MonthFirst, "1974-01-07", ""},
		{"07/07/1974", "", "1974-07-07", ""},
		{"13/07/1974", "", "1974-07-13", ""},
		{"07/13/1974", "", "1974-07-13", ""},
		{"07/13/1974", csvio.DayFirst, "", bad},
		{"13/13/1974", "", "", bad},
		{"29-02-2000", "", "2000-02-29", ""},
		{"29-02-1900", "", "", bad},
		{"31-04-1990", "", "", bad},
		{"1990-13-01", "", "", bad},
		{"0000-01-01", "", "", bad},
		{"01-07-74", "", "", bad},
		{"01-07/1974", "", "", bad},
		{"27211", "", "", bad},
		{"1974-07-01T00:00:00Z", "", "", bad},
		{"yesterday", "", "", bad},
		{"", "", "", bad},
	} {
		got, err := csvio.ParseDate(tc.cell, tc.order)
		code := ""
		if err != nil {
			code = err.Code
		}
		if got != tc.want || code != tc.code {
			t.Errorf("ParseDate(%q, %q) = %q, %q, want %q, %q", tc.cell, tc.order, got, code, tc.want, tc.code)
		}
	}
}

func TestParseMoment(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"2026-11-20":                "2026-11-20T00:00:00Z",
		"20-11-2026":                "2026-11-20T00:00:00Z",
		"2026-11-20T10:15:00+03:00": "2026-11-20T07:15:00Z",
		"2026-11-20T10:15:00":       csvio.CodeBadDate, // in which time zone?
		"11/10/2026":                csvio.CodeAmbiguousDate,
		"0001-01-01T00:00:00+03:00": csvio.CodeBadDate, // before the first year in UTC
		"yesterday":                 csvio.CodeBadDate,
	} {
		got, flaw := csvio.ParseMoment(cell, "")
		text := got.Format(time.RFC3339)
		if flaw != nil {
			text = flaw.Code
		}
		if text != want {
			t.Errorf("ParseMoment(%q) = %s, want %s", cell, text, want)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	f.Add("01/07/1974", "dmy")
	f.Add("1974-07-01", "")
	f.Fuzz(func(t *testing.T, cell, order string) {
		got, fail := csvio.ParseDate(cell, csvio.DateOrder(order))
		if fail != nil {
			return
		}
		if d, err := time.Parse(time.DateOnly, got); err != nil || d.Format(time.DateOnly) != got {
			t.Errorf("ParseDate(%q) = %q, which is no day", cell, got)
		}
	})
}

func TestCheckIdentifier(t *testing.T) {
	t.Parallel()
	for cell, bad := range map[string]bool{
		"4.49E+35": true, "4,49E+35": true, "4E35": true, "6.8e+34": true, "+4.49E+35": true,
		"449000000000000000000000000000000000": true,  // 15 digits and zeros
		"4490000000000000000":                  true,  // 19: the last four digits are lost
		"449000000000000000":                   false, // 18: as it may be
		"4490000000000001230":                  false, // 19, and the digits are there
		"4471220998123450":                     false, // 16: one in ten ends in a zero
		"068130455742399305784829962633186139": false, "9937286382": false, "AB-12E45": false, "": false, "E+35": false,
	} {
		if got := csvio.CheckIdentifier(cell) != nil; got != bad {
			t.Errorf("CheckIdentifier(%q) refuses = %v, want %v", cell, got, bad)
		}
	}
}

func TestCheckSpreadsheet(t *testing.T) {
	t.Parallel()
	for cell, bad := range map[string]bool{"#N/A": true, "#REF!": true, "#1 Main St": false, "": false} {
		if got := csvio.CheckSpreadsheet(cell) != nil; got != bad {
			t.Errorf("CheckSpreadsheet(%q) refuses = %v, want %v", cell, got, bad)
		}
	}
}
