package xlsx_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"socialregistry/registry/xlsx"
)

func write(t testing.TB, rows ...[]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := xlsx.NewWriter(&b, `People & "more"`)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var awkward = []string{"=1+1", "", "0042", "a<b>&\"'", "_x000D_", "é አሚና 🙂", "line\nbreak"}

func TestWriterIsReadBack(t *testing.T) {
	t.Parallel()
	names := []string{"given_name", "family_name", "birth_date", "national_id", "home_size", "region"}
	rows, bad, end := readAll(t, write(t, names, awkward[:6]), xlsx.Options{})
	if end != io.EOF || len(bad) != 0 || len(rows) != 1 || !slices.Equal(rows[0].Cells, awkward[:6]) {
		t.Errorf("got %v, %v, %v", rows, bad, end)
	}
}

// TestAnotherProgramReadsOurFile: every cell is text, and no cell is a formula.
func TestAnotherProgramReadsOurFile(t *testing.T) {
	t.Parallel()
	wide := make([]string, 30)
	wide[29] = "AD"
	f, err := excelize.OpenReader(bytes.NewReader(write(t, awkward, wide)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := f.GetRows(`People & "more"`)
	want := slices.Clone(awkward)
	want[0] = "'=1+1"
	if err != nil || len(got) != 2 || !slices.Equal(got[0], want) || got[1][29] != "AD" {
		t.Errorf("got %q, %v", got, err)
	}
	if formula, err := f.GetCellFormula(`People & "more"`, "A1"); formula != "" || err != nil {
		t.Errorf("A1 is the formula %q, %v", formula, err)
	}
}

func TestWriterLimits(t *testing.T) {
	t.Parallel()
	w, err := xlsx.NewWriter(io.Discard, "S")
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]error{32_766: nil, 32_767: nil, 32_768: xlsx.ErrTooLong} {
		if err := w.Write([]string{strings.Repeat("é", n)}); err != want {
			t.Errorf("%d characters: %v, want %v", n, err, want)
		}
	}
	w.SkipTo(xlsx.MaxRows)
	for _, want := range []error{nil, xlsx.ErrTooManyRows} { // row 1,048,576 and the one after it
		if err := w.Write([]string{"x"}); err != want {
			t.Errorf("error %v, want %v", err, want)
		}
	}
}
