package xlsx_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"socialregistry/registry/csvio"
	"socialregistry/registry/xlsx"
)

// FuzzSheet puts any XML in the place of a sheet: it ends with io.EOF or a code,
// and what is read is read again the same.
func FuzzSheet(f *testing.F) {
	f.Add(`<worksheet><sheetData>` + head(`<row r="2"><c s="1"><v>45000</v></c><c t="s"><v>1</v></c></row>`, "given_name", "region") + `</sheetData></worksheet>`)
	f.Add(`<worksheet><sheetData>` + head(`<row><c><f t="array" ref="A2:B9">1</f></c></row>`, "region") + `</sheetData><mergeCell ref="A1:B2"/>`)
	f.Add(`<sheetData><row><c t="inlineStr"><is><r><t>region</t></r></is></c></row>`)
	f.Fuzz(func(t *testing.T, sheet string) {
		check(t, workbook("").with("xl/worksheets/sheet1.xml", sheet).bytes(t))
	})
}

// FuzzWorkbook takes any bytes for a file.
func FuzzWorkbook(f *testing.F) {
	f.Add(workbook(head(`<row><c><v>1</v></c></row>`, "region")).bytes(f))
	f.Add(ole("EncryptedPackage"))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(check)
}

func check(t *testing.T, file []byte) {
	rows, bad, end := readAll(t, file, xlsx.Options{Options: csvio.Options{MaxRecord: 4096, MaxRows: 16}, MaxUnpacked: 1 << 20, MaxStrings: 1 << 16})
	if end != io.EOF && fileCode(end) == "" {
		t.Fatalf("end = %v: neither the end nor a problem of the file", end)
	}
	for _, p := range bad {
		if p.Code == "" || p.Words == "" || p.Line < 1 {
			t.Fatalf("problem without a name: %+v", p)
		}
	}
	if len(rows) == 0 {
		return
	}
	r, err := xlsx.NewReader(bytes.NewReader(file), int64(len(file)), people(), xlsx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	again := make([][]string, 1, len(rows)+1)
	for _, c := range r.Columns() {
		again[0] = append(again[0], c.Key)
	}
	rows = slices.DeleteFunc(rows, func(r csvio.Row) bool { return strings.Join(r.Cells, "") == "" })
	for _, row := range rows {
		again = append(again, row.Cells)
	}
	second, bad, end := readAll(t, write(t, again...), xlsx.Options{})
	if end != io.EOF || len(bad) != 0 || len(second) != len(rows) {
		t.Fatalf("read again %d rows of %d, %v, %v", len(second), len(rows), bad, end)
	}
	for i := range rows {
		if !slices.Equal(second[i].Cells, rows[i].Cells) {
			t.Fatalf("row = %q, want %q", second[i].Cells, rows[i].Cells)
		}
	}
}
