package xlsx_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"socialregistry/registry/csvio"
	"socialregistry/registry/xlsx"
)

// wb is a workbook by its parts, as hostile as a test wants it.
type wb map[string]string

// workbook has one sheet with the given rows of XML. Styles: 1 a date, 2 a custom
// date, 3 six digits, 4 text, 5 a time, 6 a date and time.
func workbook(rows string) wb {
	return wb{
		"_rels/.rels":                `<Relationships><Relationship Id="r1" Type="http://x/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook xmlns:r="x"><sheets><sheet name="People" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="http://x/styles" Target="/xl/styles.xml"/><Relationship Id="r3" Type="http://x/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
		"xl/styles.xml": `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="[$-409]d\-mmm&quot; of &quot;yyyy"/><numFmt numFmtId="165" formatCode="000000"/><numFmt numFmtId="166" formatCode="&quot;day&quot; 0.0;[Red]\d0"/></numFmts>
			<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
			<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="49"/><xf numFmtId="21"/><xf numFmtId="22"/><xf numFmtId="166"/></cellXfs></styleSheet>`,
		"xl/sharedStrings.xml":     `<sst><si><t>given_name</t></si><si><r><rPr/><t>Ami</t></r><r><t xml:space="preserve">na </t></r><rPh><t>hint</t></rPh></si><si/><si><t>a_x000D_b_x005F_x000A_</t></si></sst>`,
		"xl/worksheets/sheet1.xml": `<worksheet><sheetData>` + rows + `</sheetData></worksheet>`,
	}
}

// with gives the workbook with one part put in place of another.
func (w wb) with(name, text string) wb { w[name] = text; return w }

func (w wb) bytes(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(w)) {
		f, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(f, w[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	return b.Bytes()
}

// head is a header row of inline strings, and rest the rows below.
func head(rest string, names ...string) string {
	var b strings.Builder
	b.WriteString(`<row r="1">`)
	for _, n := range names {
		fmt.Fprintf(&b, `<c t="inlineStr"><is><t>%s</t></is></c>`, n)
	}
	return b.String() + `</row>` + rest
}

func people() csvio.Contract {
	return csvio.Contract{Targets: []csvio.Target{{Key: "given_name", Names: []string{"Prénom"}}, {Key: "family_name"}, {Key: "birth_date"},
		{Key: "national_id"}, {Key: "home_size"}, {Key: "region"}}}
}

// readAll gives the rows, the problems of rows and what ended the file.
func readAll(t testing.TB, file []byte, o xlsx.Options) (rows []csvio.Row, bad []csvio.Problem, end error) {
	t.Helper()
	r, err := xlsx.NewReader(bytes.NewReader(file), int64(len(file)), people(), o)
	if err != nil {
		return nil, nil, err
	}
	for {
		row, err := r.Next()
		switch list := csvio.ProblemsOf(err); {
		case list != nil:
			bad = append(bad, list...)
		case err != nil:
			return rows, bad, err
		default:
			rows = append(rows, row)
		}
	}
}

// fileCode is the code of the problem that ended the file, "" if none did.
func fileCode(err error) string {
	var f *csvio.FileError
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}
