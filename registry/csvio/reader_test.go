package csvio_test

import (
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"socialregistry/registry/csvio"
)

func people() csvio.Contract {
	return csvio.Contract{Targets: []csvio.Target{
		{Key: "given_name", Names: []string{"Prénom", "الاسم"}}, {Key: "family_name"}, {Key: "birth_date"}, {Key: "sex"},
		{Key: "national_id"}, {Key: "token_id"}, {Key: "phone_number"}, {Key: "region"}, {Key: "home_size"},
	}}
}

// readAll gives the rows, the row problems and what ended the file.
func readAll(t *testing.T, in string, c csvio.Contract, o csvio.Options) (rows []csvio.Row, bad []csvio.Problem, end error) {
	t.Helper()
	r, err := csvio.NewReader(strings.NewReader(in), c, o)
	if err != nil {
		return nil, nil, err
	}
	for {
		row, err := r.Next()
		var p csvio.Problem
		switch {
		case errors.As(err, &p):
			bad = append(bad, p)
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

func TestReaderReadsRows(t *testing.T) {
	t.Parallel()
	in := "\xEF\xBB\xBFFirst Name,Surname,D.O.B.,Gender,Note,Phone Number\r\n" +
		"Amina, Bekele ,1974-07-01,Female,x,'+251911000001\r\n" +
		"\r\n,,,,,\r\n" +
		"\"Ali \"\"Baba\"\"\",\"a,b\",,Male,\"two\nlines\",\r\n" +
		"أمينة,በቀለ,,,,\r\n"
	r, err := csvio.NewReader(strings.NewReader(in), people(), csvio.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, c := range r.Columns() {
		keys = append(keys, c.Key)
	}
	if want := []string{"given_name", "family_name", "birth_date", "sex", "phone_number"}; !slices.Equal(keys, want) {
		t.Errorf("columns = %v, want %v", keys, want)
	}
	if want := []string{"Note"}; !slices.Equal(r.Ignored(), want) {
		t.Errorf("ignored = %v, want %v", r.Ignored(), want)
	}
	rows, bad, end := readAll(t, in, people(), csvio.Options{})
	want := []csvio.Row{
		{Line: 2, Cells: []string{"Amina", "Bekele", "1974-07-01", "Female", "+251911000001"}},
		{Line: 5, Cells: []string{`Ali "Baba"`, "a,b", "", "Male", ""}},
		{Line: 7, Cells: []string{"أمينة", "በቀለ", "", "", ""}},
	}
	if end != io.EOF || len(bad) != 0 || len(rows) != len(want) {
		t.Fatalf("got %d rows, problems %v, end %v", len(rows), bad, end)
	}
	for i := range want {
		if rows[i].Line != want[i].Line || !slices.Equal(rows[i].Cells, want[i].Cells) {
			t.Errorf("row %d = %v, want %v", i, rows[i], want[i])
		}
	}
}

func TestReaderRefusesFile(t *testing.T) {
	t.Parallel()
	utf16 := "\xFF\xFEG\x00i\x00v\x00e\x00n\x00"
	for name, tc := range map[string]struct{ in, code string }{
		"empty":                  {"", csvio.CodeEmptyFile},
		"only a mark":            {"\xEF\xBB\xBF", csvio.CodeEmptyFile},
		"only line breaks":       {"\r\n\r\n", csvio.CodeEmptyFile},
		"utf-16 with mark":       {utf16, csvio.CodeUTF16},
		"utf-16 big endian":      {"\xFE\xFF\x00G", csvio.CodeUTF16},
		"utf-16 without mark":    {utf16[2:], csvio.CodeUTF16},
		"a program":              {"\x7fELF\x02\x00\x00", csvio.CodeUTF16},
		"latin-1 header":         {"given_name,r\xE9gion\nA,B\n", csvio.CodeNotUTF8},
		"latin-1 row":            {"given_name,region\nA,B\nRen\xE9,B\n", csvio.CodeNotUTF8},
		"tabs":                   {"given_name\tregion\nA\tB\n", csvio.CodeSeparator},
		"bars":                   {"given_name|region\nA|B\n", csvio.CodeSeparator},
		"semicolons and a comma": {"given_name;region,\nA;B,\n", csvio.CodeNoKnownHeader},
		"quote in header":        {"given\"name,region\n", csvio.CodeBadQuotes},
		"no header":              {"Amina,Bekele,1974-07-01\n", csvio.CodeNoKnownHeader},
		"header without name":    {"given_name,,region\n", csvio.CodeEmptyHeader},
		"same header twice":      {"given_name,region,region\n", csvio.CodeDoubledHeader},
		"two headers of a key":   {"given_name,First Name\n", csvio.CodeDoubledHeader},
		"header by bom twice":    {"given_name,Given-Name\n", csvio.CodeDoubledHeader},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, end := readAll(t, tc.in, people(), csvio.Options{})
			if got := fileCode(end); got != tc.code {
				t.Errorf("code = %q (%v), want %q", got, end, tc.code)
			}
		})
	}
}

// The header tells the separator; cells may hold the other one.
func TestReaderSeparator(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"commas":           "given_name,region\na;b,\"c,d\"\n",
		"semicolons":       "given_name;region\n\"a;b\";c,d\n",
		"a byte mark":      "\xEF\xBB\xBFgiven_name;region\r\n\"a;b\";c,d\r\n",
		"an empty line":    "\r\ngiven_name;region\n\"a;b\";c,d\n",
		"quotes in header": "\"given_name\";\"x,y\";region\n\"a;b\";;c,d",
	} {
		rows, _, end := readAll(t, in, people(), csvio.Options{})
		if end != io.EOF || len(rows) != 1 || !slices.Contains(rows[0].Cells, "a;b") || !slices.Contains(rows[0].Cells, "c,d") {
			t.Errorf("%s: %v, %v", name, rows, end)
		}
	}
}

func TestHeaderlessFileShowsNoPerson(t *testing.T) {
	t.Parallel()
	_, _, end := readAll(t, "Amina,Bekele,1974-07-01\nDawit,Alemu,1980-01-01\n", people(), csvio.Options{})
	if end == nil || strings.Contains(end.Error(), "Amina") || strings.Contains(end.Error(), "1974") {
		t.Errorf("error shows the first person: %v", end)
	}
}

func TestReaderGoesOnAfterBadRow(t *testing.T) {
	t.Parallel()
	in := "given_name,region\nA,B\nC,D,E\nF\n\"G\" x,H\nI,\"J\"\nK\"L,M\nN,O\n"
	rows, bad, end := readAll(t, in, people(), csvio.Options{})
	if end != io.EOF || len(rows) != 3 || rows[2].Line != 8 {
		t.Errorf("rows = %v, end = %v", rows, end)
	}
	var got []string
	for _, p := range bad {
		got = append(got, p.Code)
		if strings.ContainsAny(p.Words, "ACDEFGHIJKLMNO") && strings.Contains(p.Words, "G x") {
			t.Errorf("words show a value: %s", p.Words)
		}
	}
	want := []string{csvio.CodeCellCount, csvio.CodeCellCount, csvio.CodeBadQuotes, csvio.CodeBadQuotes}
	if !slices.Equal(got, want) || bad[0].Line != 3 || bad[2].Line != 5 || bad[3].Line != 7 {
		t.Errorf("problems = %v, want codes %v", bad, want)
	}
}

func TestUnclosedQuoteIsAProblem(t *testing.T) {
	t.Parallel()
	_, bad, end := readAll(t, "given_name,region\nA,B\nC,\"D\nE,F\n", people(), csvio.Options{})
	if end != io.EOF || len(bad) != 1 || bad[0].Code != csvio.CodeBadQuotes || bad[0].Line != 3 {
		t.Errorf("problems = %v, end = %v", bad, end)
	}
}

func TestRecordLimit(t *testing.T) {
	t.Parallel()
	const limit = 100
	for _, n := range []int{limit - 1, limit, limit + 1} {
		in := "given_name,region\n" + strings.Repeat("x", n-3) + ",y\n" // n bytes with the line break
		_, _, end := readAll(t, in, people(), csvio.Options{MaxRecord: limit})
		want := ""
		if n > limit {
			want = csvio.CodeLineTooLong
		}
		if got := fileCode(end); got != want {
			t.Errorf("%d bytes: code = %q (%v), want %q", n, got, end, want)
		}
	}
}

// long is an endless line without a break.
type long struct{ left int }

func (l *long) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), l.left)
	for i := range p[:n] {
		p[i] = 'x'
	}
	l.left -= n
	return n, nil
}

func TestLongLineTakesBoundedMemory(t *testing.T) {
	for name, start := range map[string]string{"line": "given_name,region\nA,B\n", "quote": "given_name,region\nA,B\nC,\""} {
		src := &long{left: 64 << 20}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := csvio.NewReader(io.MultiReader(strings.NewReader(start), src), people(), csvio.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = r.Next()
		}
		runtime.ReadMemStats(&after)
		var f *csvio.FileError
		if !errors.As(err, &f) || f.Code != csvio.CodeLineTooLong || f.Line != 3 {
			t.Errorf("%s: error = %v, want %s in line 3", name, err, csvio.CodeLineTooLong)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 16<<20 {
			t.Errorf("%s: allocated %d bytes for a line over the limit", name, got)
		}
		if src.left < 60<<20 {
			t.Errorf("%s: read on after the limit, %d bytes left", name, src.left)
		}
	}
}

func TestRowLimit(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 3, 4} {
		rows, _, end := readAll(t, "given_name\n"+strings.Repeat("A\n\n", n), people(), csvio.Options{MaxRows: 3})
		want := ""
		if n > 3 {
			want = csvio.CodeTooManyRows
		}
		if got := fileCode(end); got != want || len(rows) != min(n, 3) {
			t.Errorf("%d rows: read %d, code %q, want %q", n, len(rows), got, want)
		}
	}
}

func TestBrokenSourceIsNotAProblemOfTheFile(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk gone")
	src := io.MultiReader(strings.NewReader("given_name\nA\n"), readError{broken})
	r, err := csvio.NewReader(src, people(), csvio.Options{})
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, broken) {
		t.Errorf("error = %v, want the one of the source", err)
	}
}

type readError struct{ err error }

func (r readError) Read([]byte) (int, error) { return 0, r.err }

func FuzzReader(f *testing.F) {
	f.Add("given_name,region\nA,B\n")
	f.Add("\xEF\xBB\xBFgiven_name,region\r\n\"A\"\"\",\"B\nC\"\r\n")
	f.Add("given_name;region\n")
	f.Add("given_name,region\nA,\"B")
	f.Add("given_name\n\xE9\n")
	f.Fuzz(func(t *testing.T, in string) {
		rows, bad, end := readAll(t, in, people(), csvio.Options{MaxRecord: 64, MaxRows: 8})
		if end != io.EOF && fileCode(end) == "" {
			t.Fatalf("end = %v: neither the end nor a problem of the file", end)
		}
		for _, p := range bad {
			if p.Code == "" || p.Words == "" || p.Line < 1 {
				t.Fatalf("problem without a name: %+v", p)
			}
		}
		var out strings.Builder // what was read is read again the same
		w := csvio.NewWriter(&out)
		if len(rows) == 0 {
			return
		}
		head := make([]string, len(rows[0].Cells))
		r, _ := csvio.NewReader(strings.NewReader(in), people(), csvio.Options{MaxRecord: 64})
		for i, c := range r.Columns() {
			head[i] = c.Key
		}
		w.Write(head)
		for _, row := range rows {
			w.Write(row.Cells)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		again, _, _ := readAll(t, out.String(), people(), csvio.Options{})
		full := slices.DeleteFunc(slices.Clone(rows), func(r csvio.Row) bool { return strings.Join(r.Cells, "") == "" })
		if len(again) != len(full) {
			t.Fatalf("read again %d rows, want %d of %q", len(again), len(full), out.String())
		}
		for i := range full {
			for j, cell := range full[i].Cells {
				if want := strings.ReplaceAll(cell, "\r\n", "\n"); strings.ReplaceAll(again[i].Cells[j], "\r\n", "\n") != want {
					t.Fatalf("cell = %q, want %q", again[i].Cells[j], want)
				}
			}
		}
	})
}
