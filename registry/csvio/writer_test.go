package csvio_test

import (
	"strings"
	"testing"

	"socialregistry/registry/csvio"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"=1+1": "'=1+1", "+251": "'+251", "-5": "'-5", "@SUM": "'@SUM", "\tx": "'\tx", "\rx": "'\rx",
		"＝1+1": "'＝1+1", "＋251": "'＋251", "－5": "'－5", "＠SUM": "'＠SUM",
		"Amina": "Amina", "": "", "'Abd": "'Abd", "'=1": "''=1", "a=b": "a=b", "'": "'",
	} {
		got := csvio.Guard(cell)
		if got != want {
			t.Errorf("Guard(%q) = %q, want %q", cell, got, want)
		}
		if back := csvio.Unguard(got); back != cell {
			t.Errorf("Unguard(%q) = %q, want %q", got, back, cell)
		}
	}
}

func FuzzGuard(f *testing.F) {
	f.Add("'=1")
	f.Fuzz(func(t *testing.T, cell string) {
		got := csvio.Guard(cell)
		if strings.IndexAny(got, "=+-@\t\r＝＋－＠") == 0 {
			t.Errorf("Guard(%q) = %q is still a formula", cell, got)
		}
		if back := csvio.Unguard(got); back != cell {
			t.Errorf("Unguard(Guard(%q)) = %q", cell, back)
		}
	})
}

func TestProblemWriter(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	w, err := csvio.NewProblemWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(csvio.Problem{Line: 7, Column: "=cmd()", Code: csvio.CodeBadDate, Words: "is not a date, write it so"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "line,column,code,words\n7,'=cmd(),bad_date,\"is not a date, write it so\"\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}
