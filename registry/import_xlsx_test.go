package registry_test

import (
	"bytes"
	"crypto/rand"
	"encoding/csv"
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/xlsx"
)

// workbookOf gives the rows of a CSV as a workbook, with a column of noise, so that
// it takes several pieces to keep.
func workbookOf(t *testing.T, text string, noise int) []byte {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := xlsx.NewWriter(&b, "People")
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		cell := []byte("Noise")
		if i > 0 {
			raw := make([]byte, noise)
			rand.Read(raw)
			cell = hex.AppendEncode(nil, raw)
		}
		if err := w.Write(append(row, string(cell))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// piped hides everything of a reader but Read.
type piped struct{ io.Reader }

// A workbook is imported as the same rows in CSV would be: as a file, from a pipe,
// and after an upload, from which it is read piece by piece.
func TestImportWorkbook(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		file := workbookOf(t, three, 100)
		named := create()
		named.Name = "people.csv" // a name says nothing
		res, err := x.Import(t.Context(), registrar(), bytes.NewReader(file), named)
		if err != nil || counts(res) != "3 0 0 0" || !slices.Equal(res.Ignored, []string{"Note", "Noise"}) {
			t.Fatalf("import = %s, %v (%v)", counts(res), res.Problems, err)
		}
		if p := x.find(t, "ID-0003"); texts(p)["given_name"] != "ሰላም" {
			t.Errorf("person = %v", texts(p))
		}
		again, err := x.Import(t.Context(), registrar(), piped{bytes.NewReader(file)}, create())
		if err != nil || !again.AlreadyApplied || again.SHA256 != res.SHA256 {
			t.Errorf("from a pipe: %+v (%v)", again, err)
		}
		large := workbookOf(t, strings.ReplaceAll(three, "ID-000", "ID-100")+strings.Repeat(",,,,,,,\n", 20), 16_000)
		id, err := x.UploadImport(t.Context(), registrar(), bytes.NewReader(large), create())
		if err != nil {
			t.Fatal(err)
		}
		if n := x.count(t, "blob_piece"); n < 2 {
			t.Errorf("%d pieces: the test needs several", n)
		}
		if res, err := x.CheckImport(t.Context(), registrar(), id, nil); err != nil || res.Created != 3 || res.Failed != 20 {
			t.Errorf("check = %s, %v (%v)", counts(res), res.Problems, err)
		}
	})
}

// TestImportWorkbookProblems: what a spreadsheet makes of cells is a problem of the
// row, and what is no list of people is refused as a file, each by its code.
func TestImportWorkbookProblems(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		f := excelize.NewFile()
		defer f.Close()
		for cell, v := range map[string]any{"A1": "National ID", "B1": "First Name", "C1": "DOB", "A2": "ID-1", "A3": 1234567890123456789, "B3": "Dawit",
			"A4": "ID-3", "B4": "Sara", "C4": 27211, "A5": "ID-4", "B5": "Hana"} {
			if err := f.SetCellValue("Sheet1", cell, v); err != nil {
				t.Fatal(err)
			}
		}
		date, err := f.NewStyle(&excelize.Style{NumFmt: 14})
		if err == nil {
			err = f.SetCellStyle("Sheet1", "C5", "C5", date)
		}
		if err == nil {
			err = f.SetCellValue("Sheet1", "C5", 27211)
		}
		if err == nil {
			err = f.SetCellFormula("Sheet1", "B2", `"Ami"&"na"`)
		}
		var b bytes.Buffer
		if err == nil {
			err = f.Write(&b)
		}
		if err != nil {
			t.Fatal(err)
		}
		res, err := x.Import(t.Context(), registrar(), &b, create())
		want := []string{"2 First Name formula", "3 National ID mangled_by_spreadsheet", "4 DOB bad_date"}
		if got := problemsOf(res); err != nil || !slices.Equal(got, want) || counts(res) != "1 0 0 3" {
			t.Errorf("import = %s %q (%v), want %q", counts(res), got, err, want)
		}
		if p := x.find(t, "ID-4"); texts(p)["birth_date"] != "1974-07-01" {
			t.Errorf("person = %v", texts(p))
		}
		old := append([]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), make([]byte, 600)...)
		_, err = x.Import(t.Context(), registrar(), bytes.NewReader(old), create())
		wantFault(t, err, fault.Invalid, xlsx.CodeLegacy)
		_, err = x.Import(t.Context(), registrar(), strings.NewReader("PK\x03\x04 and no more"), create())
		wantFault(t, err, fault.Invalid, xlsx.CodeDamaged)
		_, err = x.Import(t.Context(), registrar(), piped{io.MultiReader(strings.NewReader("PK\x03\x04"), io.LimitReader(zeros{}, 64<<20))}, create())
		wantFault(t, err, fault.Invalid, registry.CodeWorkbookTooLarge)
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
