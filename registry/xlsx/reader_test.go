package xlsx_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"socialregistry/registry/csvio"
	"socialregistry/registry/xlsx"
)

func TestReaderReadsRows(t *testing.T) {
	t.Parallel()
	file := workbook(`<row r="2"/><row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" t="inlineStr"><is><t> Family
		Name</t></is></c><c r="C3" t="str"><v>Note</v></c><c r="D3" t="inlineStr"><is><t>region</t></is></c></row>
		<row r="4"><c r="A4" t="s"><v>1</v></c><c r="D4" t="inlineStr"><is><t>'=1+1</t></is></c></row>
		<row r="6"><c r="A6" t="s"><v>2</v></c></row>
		<row r="9" hidden="1"><c r="C9"><v>7</v></c><c r="D9" t="s"><v>3</v></c></row>`).bytes(t)
	rows, bad, end := readAll(t, file, xlsx.Options{})
	want := []csvio.Row{{Line: 4, Cells: []string{"Amina", "", "=1+1"}}, {Line: 9, Cells: []string{"", "", "a\rb_x000A_"}}}
	if end != io.EOF || len(bad) != 0 || len(rows) != len(want) {
		t.Fatalf("got %v, problems %v, end %v", rows, bad, end)
	}
	for i := range want {
		if rows[i].Line != want[i].Line || !slices.Equal(rows[i].Cells, want[i].Cells) {
			t.Errorf("row %d = %v, want %v", i, rows[i], want[i])
		}
	}
	r, err := xlsx.NewReader(bytes.NewReader(file), int64(len(file)), people(), xlsx.Options{})
	if err != nil || !slices.Equal(r.Ignored(), []string{"Note"}) || r.Sheet() != "People" {
		t.Errorf("ignored %v of sheet %q, error %v", r.Ignored(), r.Sheet(), err)
	}
}

// TestCells gives each cell its text or the code of its problem.
func TestCells(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ cell, want string }{
		"whole number":            {`<c><v>44927</v></c>`, "44927"},
		"exponent":                {`<c><v>1.23E+11</v></c>`, "123000000000"},
		"trailing .0":             {`<c><v>12.0</v></c>`, "12"},
		"15 digits":               {`<c><v>999999999999999</v></c>`, "999999999999999"},
		"16 digits are lost":      {`<c><v>1000000000000000</v></c>`, "1E+15"},
		"17 digits of a double":   {`<c><v>0.30000000000000004</v></c>`, "0.3"},
		"small":                   {`<c><v>-1.5E-3</v></c>`, "-0.0015"},
		"leading zeros by format": {`<c s="3"><v>42</v></c>`, "000042"},
		"hexadecimal":             {`<c><v>0x1p4</v></c>`, "file " + xlsx.CodeDamaged},
		"infinite":                {`<c><v>Inf</v></c>`, "file " + xlsx.CodeDamaged},
		"true":                    {`<c t="b"><v>1</v></c>`, "true"},
		"false":                   {`<c t="b"><v>0</v></c>`, "false"},
		"neither":                 {`<c t="b"><v>2</v></c>`, "file " + xlsx.CodeDamaged},
		"error":                   {`<c t="e"><v>#N/A</v></c>`, csvio.CodeSpreadsheetFlaw},
		"formula":                 {`<c><f>1+1</f><v>2</v></c>`, xlsx.CodeFormula},
		"formula of a text":       {`<c t="str"><f>A1</f><v>x</v></c>`, xlsx.CodeFormula},
		"formula without value":   {`<c><f t="shared" si="0"/></c>`, xlsx.CodeFormula},
		"date":                    {`<c s="1"><v>45000</v></c>`, "2023-03-15"},
		"date by own format":      {`<c s="2"><v>1</v></c>`, "1900-01-01"},
		"before the false day":    {`<c s="1"><v>59</v></c>`, "1900-02-28"},
		"29 February 1900":        {`<c s="1"><v>60</v></c>`, csvio.CodeBadDate},
		"after the false day":     {`<c s="1"><v>61</v></c>`, "1900-03-01"},
		"day zero":                {`<c s="1"><v>0</v></c>`, csvio.CodeBadDate},
		"before time":             {`<c s="1"><v>-1</v></c>`, csvio.CodeBadDate},
		"last day":                {`<c s="1"><v>2958465</v></c>`, "9999-12-31"},
		"after the last day":      {`<c s="1"><v>2958466</v></c>`, csvio.CodeBadDate},
		"date and time":           {`<c s="6"><v>45000.75</v></c>`, "2023-03-15T18:00:00"},
		"rounded to midnight":     {`<c s="6"><v>45000.999999</v></c>`, "2023-03-16"},
		"time":                    {`<c s="5"><v>0.5</v></c>`, "12:00:00"},
		"quoted letters":          {`<c s="7"><v>2.5</v></c>`, "2.5"},
		"style of the base":       {`<c s="0"><v>45000</v></c>`, "45000"},
		"unknown style":           {`<c s="99"><v>45000</v></c>`, "45000"},
		"iso date":                {`<c t="d"><v>2020-02-29T00:00:00</v></c>`, "2020-02-29"},
		"text of digits":          {`<c s="4" t="inlineStr"><is><t>0042</t></is></c>`, "0042"},
		"shared text not there":   {`<c t="s"><v>9</v></c>`, "file " + xlsx.CodeDamaged},
		"unknown kind":            {`<c t="x"><v>9</v></c>`, "file " + xlsx.CodeDamaged},
	} {
		file := workbook(head(`<row r="2">`+tc.cell+`</row>`, "given_name")).bytes(t)
		rows, bad, end := readAll(t, file, xlsx.Options{})
		got := ""
		switch {
		case end != io.EOF:
			got = "file " + fileCode(end)
		case len(bad) == 1 && bad[0].Column == "given_name" && bad[0].Line == 2:
			got = bad[0].Code
		case len(rows) == 1:
			got = rows[0].Cells[0]
		}
		if got != tc.want {
			t.Errorf("%s: %q (%v, %v), want %q", name, got, bad, end, tc.want)
		}
	}
}

func TestLostDigitsAreMangled(t *testing.T) {
	t.Parallel()
	rows, _, _ := readAll(t, workbook(head(`<row r="2"><c><v>4471220998123450</v></c></row>`, "national_id")).bytes(t), xlsx.Options{})
	if len(rows) != 1 || csvio.CheckIdentifier(rows[0].Cells[0]) == nil {
		t.Errorf("a number of 16 digits is taken as it is: %v", rows)
	}
}

func TestDatesFrom1904(t *testing.T) {
	t.Parallel()
	file := workbook(head(`<row r="2"><c s="1"><v>0</v></c></row><row r="3"><c s="1"><v>43538</v></c></row>`, "birth_date")).
		with("xl/workbook.xml", `<workbook><workbookPr date1904="true"/><sheets><sheet name="P" id="r1"/></sheets></workbook>`).bytes(t)
	rows, bad, end := readAll(t, file, xlsx.Options{})
	if end != io.EOF || len(rows) != 2 || rows[0].Cells[0] != "1904-01-01" || rows[1].Cells[0] != "2023-03-15" {
		t.Errorf("got %v, %v, %v", rows, bad, end)
	}
}

func TestProblemsOfARow(t *testing.T) {
	t.Parallel()
	rows, bad, end := readAll(t, workbook(head(`<row r="2"><c><f>1</f></c><c t="e"><v>#REF!</v></c><c><f>2</f></c></row>
		<row r="3"><c/><c/><c/><c/><c><v>1</v></c></row>
		<row r="4"><c r="A4"><f t="array" ref="A4:A5">X</f><v>1</v></c></row><row r="5"><c r="A5"><v>2</v></c></row>
		<row r="6"><c r="A6"><v>3</v></c></row>`, "given_name", "region", "Note", "family_name")).bytes(t), xlsx.Options{})
	var got []string
	for _, p := range bad {
		got = append(got, p.Code+" "+p.Column)
	}
	want := []string{"formula given_name", "spreadsheet_error region", "cell_count ", "formula given_name", "formula given_name"}
	if end != io.EOF || !slices.Equal(got, want) || len(rows) != 1 || rows[0].Line != 6 {
		t.Errorf("problems %q, rows %v, end %v, want %q", got, rows, end, want)
	}
}

func TestMergedCells(t *testing.T) {
	t.Parallel()
	rows := head(`<row r="2"><c><v>1</v></c></row><row r="3"><c><v>2</v></c></row><row r="4"/><row r="5"><c><v>3</v></c></row>`, "given_name", "region")
	for refs, want := range map[string]string{
		"A2:B2": "2", "$B$3:B5": "3 5", "C2:D2": "", "A9:A10": "", "A2:A2": "", "A1:B1": "file merged_cells", "A": "file xlsx_damaged",
	} {
		file := workbook(rows)
		file.with("xl/worksheets/sheet1.xml", strings.Replace(file["xl/worksheets/sheet1.xml"], "</sheetData>",
			"</sheetData><x:mergeCells count='1'><x:mergeCell\n ref='"+refs+"'/></x:mergeCells>", 1))
		_, bad, end := readAll(t, file.bytes(t), xlsx.Options{})
		var got []string
		for _, p := range bad {
			if p.Code != xlsx.CodeMerged {
				t.Errorf("%s: %v", refs, p)
			}
			got = append(got, string(rune('0'+p.Line)))
		}
		if end != io.EOF {
			got = []string{"file " + fileCode(end)}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q (%v), want %q", refs, got, end, want)
		}
	}
}

func TestSheetIsChosen(t *testing.T) {
	t.Parallel()
	one, two := workbook(head(`<row><c><v>1</v></c></row>`, "given_name")), head(`<row><c><v>2</v></c></row>`, "region")
	one.with("xl/worksheets/sheet2.xml", `<worksheet><sheetData>`+two+`</sheetData></worksheet>`)
	one.with("xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="a" Type="x/worksheet" Target="worksheets/sheet1.xml"/>
		<Relationship Id="b" Type="x/worksheet" Target="worksheets/sheet2.xml"/><Relationship Id="c" Type="x/chartsheet" Target="c.xml"/>
		<Relationship Id="d" Type="x/worksheet" TargetMode="External" Target="https://example.org/sheet1.xml"/></Relationships>`)
	sheets := func(list string) []byte {
		return one.with("xl/workbook.xml", `<workbook><sheets>`+list+`</sheets></workbook>`).bytes(t)
	}
	for _, tc := range []struct{ list, sheet, want string }{
		{`<sheet name="S1" id="a"/><sheet name="S2" id="b"/>`, "", "1"},
		{`<sheet name="S1" id="a" state="hidden"/><sheet name="S2" id="b"/>`, "", "2"},
		{`<sheet name="Chart" id="c"/><sheet name="S2" id="b" state="visible"/>`, "", "2"},
		{`<sheet name="S1" id="a" state="veryHidden"/>`, "", xlsx.CodeNoSheet},
		{`<sheet name="Away" id="d"/>`, "", xlsx.CodeNoSheet},
		{``, "", xlsx.CodeNoSheet},
		{`<sheet name="S1" id="a"/><sheet name="S2" id="b" state="hidden"/>`, "S2", "2"},
		{`<sheet name="S1" id="a"/>`, "S3", xlsx.CodeUnknownSheet},
	} {
		rows, _, end := readAll(t, sheets(tc.list), xlsx.Options{Sheet: tc.sheet})
		got := fileCode(end)
		if len(rows) == 1 {
			got = rows[0].Cells[0]
		}
		if got != tc.want {
			t.Errorf("%s, sheet %q: %q (%v), want %q", tc.list, tc.sheet, got, end, tc.want)
		}
	}
}

func TestReaderRefusesSheet(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ rows, code string }{
		"nothing":              {"", csvio.CodeEmptyFile},
		"only blank rows":      {`<row/><row><c t="inlineStr"><is><t> </t></is></c></row>`, csvio.CodeEmptyFile},
		"no header":            {head("", "Amina", "Bekele"), csvio.CodeNoKnownHeader},
		"doubled header":       {head("", "region", "region"), csvio.CodeDoubledHeader},
		"gap in the header":    {`<row><c t="inlineStr"><is><t>region</t></is></c><c/><c t="inlineStr"><is><t>x</t></is></c></row>`, csvio.CodeEmptyHeader},
		"header by formula":    {`<row><c><f>A9</f></c></row>`, xlsx.CodeFormula},
		"far header":           {`<row><c r="XFD1" t="inlineStr"><is><t>region</t></is></c></row>`, csvio.CodeTooManyColumns},
		"beyond the last cell": {`<row><c r="XFE1"/></row>`, xlsx.CodeDamaged},
		"rows go back":         {head(`<row r="3"/><row r="2"/>`, "region"), xlsx.CodeDamaged},
		"same row twice":       {head(`<row r="2"/><row r="2"/>`, "region"), xlsx.CodeDamaged},
		"cells go back":        {head(`<row r="2"><c r="B2"/><c r="A2"/></row>`, "region"), xlsx.CodeDamaged},
		"cell of another row":  {head(`<row r="2"><c r="A3"/></row>`, "region"), xlsx.CodeDamaged},
		"row too far":          {head(`<row r="1048577"/>`, "region"), xlsx.CodeDamaged},
		"cut off":              {head(`<row r="2"><c><v>1`, "region"), xlsx.CodeDamaged},
		"entity":               {head(`<row><c><v>&lol;</v></c></row>`, "region"), xlsx.CodeDamaged},
		"latin-1":              {head("<row><c t='str'><v>Ren\xE9</v></c></row>", "region"), csvio.CodeNotUTF8},
		"long row":             {head(`<row><c t="str"><v>`+strings.Repeat("x", 3000)+`</v></c></row>`, "region"), csvio.CodeLineTooLong},
		"too many rows":        {head(strings.Repeat(`<row><c><v>1</v></c></row>`, 4), "region"), csvio.CodeTooManyRows},
	} {
		_, _, end := readAll(t, workbook(tc.rows).bytes(t), xlsx.Options{Options: csvio.Options{MaxRecord: 2000, MaxRows: 3}})
		if got := fileCode(end); got != tc.code {
			t.Errorf("%s: code %q (%v), want %q", name, got, end, tc.code)
		}
	}
}

func TestMissingEndIsNoEnd(t *testing.T) {
	t.Parallel()
	file := workbook("").with("xl/worksheets/sheet1.xml", `<worksheet><sheetData>`+head(`<row r="2"><c><v>1</v></c></row>`, "region")).bytes(t)
	if _, _, end := readAll(t, file, xlsx.Options{}); fileCode(end) != xlsx.CodeDamaged {
		t.Errorf("a sheet that was cut off ends with %v", end)
	}
}

func TestBrokenSourceIsNotAProblemOfTheFile(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk gone")
	file := workbook(head("", "region")).bytes(t)
	_, err := xlsx.NewReader(brokenAt{bytes.NewReader(file), broken}, int64(len(file)), people(), xlsx.Options{})
	if !errors.Is(err, broken) || fileCode(err) != "" {
		t.Errorf("error = %v, want the one of the source", err)
	}
}

type brokenAt struct {
	io.ReaderAt
	err error
}

func (b brokenAt) ReadAt(p []byte, off int64) (int, error) {
	if off > 0 && len(p) < 1000 {
		return 0, b.err
	}
	return b.ReaderAt.ReadAt(p, off)
}

// TestReadsAnotherProgramsFile reads what an independent library writes.
func TestReadsAnotherProgramsFile(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	defer f.Close()
	date, err := f.NewStyle(&excelize.Style{NumFmt: 14})
	set := func(cell string, v any) { err = errors.Join(err, f.SetCellValue("Sheet1", cell, v)) }
	for i, h := range []string{"First Name", "DOB", "Region", "Home Size"} {
		set(string(rune('A'+i))+"1", h)
	}
	set("A2", "Amina <&> አሚና")
	set("B2", 27211)
	set("C2", true)
	set("D2", 12.3)
	err = errors.Join(err, f.SetCellStyle("Sheet1", "B2", "B2", date), f.SetCellFormula("Sheet1", "A3", "=1+1"), f.MergeCell("Sheet1", "A4", "B4"))
	set("A4", "x")
	var b bytes.Buffer
	if err = errors.Join(err, f.Write(&b)); err != nil {
		t.Fatal(err)
	}
	rows, bad, end := readAll(t, b.Bytes(), xlsx.Options{})
	if end != io.EOF || len(rows) != 1 || !slices.Equal(rows[0].Cells, []string{"Amina <&> አሚና", "1974-07-01", "true", "12.3"}) {
		t.Errorf("rows %v, end %v", rows, end)
	}
	if len(bad) != 2 || bad[0].Code != xlsx.CodeFormula || bad[1].Code != xlsx.CodeMerged {
		t.Errorf("problems %v", bad)
	}
}

func TestReaderTakesBoundedMemory(t *testing.T) {
	var b bytes.Buffer
	w, err := xlsx.NewWriter(&b, "People")
	if err != nil {
		t.Fatal(err)
	}
	row := []string{"given_name", "family_name", "region"}
	for range 6_000 {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
		row = []string{"Amina", strings.Repeat("Bekele ", 20), "ET-AA"}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := xlsx.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()), people(), xlsx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	for ; err == nil; n++ {
		if _, err = r.Next(); n == 5_500 {
			runtime.GC()
			runtime.ReadMemStats(&now)
		}
	}
	if err != io.EOF || n != 6_000 {
		t.Fatalf("read %d rows, end %v", n, err)
	}
	if grown := int64(now.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
		t.Errorf("holds %d bytes more after 5,500 rows", grown)
	}
}
