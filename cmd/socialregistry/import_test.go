package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
)

// office is the three commands of this file on one database.
type office struct {
	url    string
	out    bytes.Buffer
	errOut bytes.Buffer
}

// do runs one command line and gives its error.
func (o *office) do(t *testing.T, in string, args ...string) error {
	t.Helper()
	var cmds struct {
		Import   importCmd   `cmd:""`
		Export   exportCmd   `cmd:""`
		DemoData demoDataCmd `cmd:""`
		Fields   fieldsCmd   `cmd:""`
	}
	parser, err := kong.New(&cmds, kong.Writers(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return err
	}
	config, err := LoadConfig(env(map[string]string{"DATABASE_URL": o.url, "SR_MASTER_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}), nil)
	if err != nil {
		t.Fatal(err)
	}
	o.out.Reset()
	o.errOut.Reset()
	parsed.BindTo(t.Context(), (*context.Context)(nil))
	return parsed.Run(&app{config: config, log: slog.New(slog.DiscardHandler), in: strings.NewReader(in), out: &o.out, errOut: &o.errOut, now: time.Now})
}

func (o *office) says(t *testing.T, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(o.out.String()+o.errOut.String(), w) {
			t.Errorf("does not say %q:\n%s%s", w, &o.out, &o.errOut)
		}
	}
}

func TestImportCommand(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		o := &office{url: url}
		file := filepath.Join(t.TempDir(), "people.csv")
		if err := o.do(t, "", "demo-data", "--people", "50", "--seed", "3", "-o", file); err != nil {
			t.Fatal(err)
		}
		if err := o.do(t, "", "import", file, "--dry-run"); err != nil {
			t.Fatal(err, o.errOut.String())
		}
		o.says(t, "Dry run", "50 rows: 50 created, 0 updated, 0 unchanged, 0 with problems")
		if err := o.do(t, "", "import", file); err != nil {
			t.Fatal(err)
		}
		o.says(t, "50 rows: 50 created")
		if err := o.do(t, "", "import", file); err != nil {
			t.Fatal(err)
		}
		o.says(t, "applied before", "50 rows: 0 created, 0 updated, 50 unchanged")
		if o.errOut.Len() != 0 {
			t.Errorf("a bar where there is no terminal: %q", &o.errOut)
		}
	})
}

func TestImportCommandTellsProblems(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		o := &office{url: url}
		csv := "Nr,First Name,Born,Shoe\nID-0001,Amina,1.1.1990,38\nID-0002,Secret,31.02.1990,\n"
		problems := filepath.Join(t.TempDir(), "problems.csv")
		args := []string{"import", "-", "--map", "Nr=national_id", "--map", "Born=birth_date", "--ignore-unknown-columns", "--problems", problems}
		if err := o.do(t, csv, append(args, "--all-or-nothing")...); err == nil {
			t.Error("no error")
		}
		o.says(t, "Nothing was changed", "2 rows: 1 created, 0 updated, 0 unchanged, 1 with problems")
		err := o.do(t, csv, args...)
		if err == nil || err.Error() != "1 of 2 rows have problems" {
			t.Errorf("error = %v", err)
		}
		o.says(t, "left out: Shoe", `line 3, column "Born": The cell is not a date`)
		if strings.Contains(o.errOut.String(), "Secret") {
			t.Error("a name is shown")
		}
		got, err := os.ReadFile(problems)
		if err != nil || !strings.HasPrefix(string(got), "line,column,code,words\n3,Born,bad_date,") {
			t.Errorf("problems file = %q (%v)", got, err)
		}
		if err := o.do(t, "\xFF\xFEx", "import", "-"); err == nil || !strings.Contains(err.Error(), "encoding_utf16") {
			t.Errorf("error = %v", err)
		} else if strings.Contains(o.errOut.String(), words(err)) {
			t.Errorf("told twice: %s", &o.errOut)
		}
		if err := o.do(t, "", "import", "/nowhere/at/all.csv"); err == nil {
			t.Error("no error for a missing file")
		}
		if err := o.do(t, "", "import", t.TempDir()); err == nil {
			t.Error("no error for a folder")
		}
		if err := o.do(t, "", "import", "-", "--mode", "replace"); err == nil {
			t.Error("no error for an unknown mode")
		}
	})
}

// A column that is no field would lose its cells, and people would be registered
// anew without their identifiers.
func TestImportCommandRefusesUnknownColumns(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		o := &office{url: url}
		const csv = "First Name,Natinal ID,Shoe\nAmina,ID-0001,38\n"
		for _, args := range [][]string{{}, {"--dry-run"}, {"--map", "Shoe="}} {
			err := o.do(t, csv, append([]string{"import", "-"}, args...)...)
			if fault.CodeOf(err) != "unknown_header" || strings.Contains(o.errOut.String(), "known for: Natinal ID, Shoe\n") != (len(args) < 2) {
				t.Errorf("%v: %v", args, err)
			}
			o.says(t, "No field is known for: Natinal ID", "--map 'HEADER='", "--ignore-unknown-columns")
		}
		if err := o.do(t, csv, "import", "-", "--map", "Natinal ID=national_id", "--map", "Shoe="); err != nil {
			t.Fatal(err)
		}
		o.says(t, "1 rows: 1 created", "left out: Shoe")
		if err := o.do(t, strings.ReplaceAll(csv, "Amina", "Berta"), "import", "-", "--ignore-unknown-columns"); err != nil {
			t.Fatal(err)
		}
		o.says(t, "1 rows: 1 created", "left out: Natinal ID, Shoe")
		if err := o.do(t, "National ID,First Name,Shoe\nID-0001,Aminata,38\n", "import", "-", "--mode", "update"); err != nil {
			t.Errorf("a file of changes: %v", err)
		}
	})
}

func TestImportCommandTakesDayOfCollection(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		o := &office{url: url}
		csv := "UIN,First Name\nID-0001,Amina\n"
		if err := o.do(t, csv, "import", "-", "--collected-at", "soon"); err == nil || !strings.Contains(err.Error(), "--collected-at is not a date") {
			t.Errorf("error = %v", err)
		}
		if err := o.do(t, csv, "import", "-", "--collected-at", "2999-01-01"); err == nil || !strings.Contains(err.Error(), "collected_in_future") {
			t.Errorf("error = %v", err)
		}
		if err := o.do(t, csv, "import", "-", "--collected-at", "2026-01-31"); err != nil {
			t.Fatal(err)
		}
		d, err := db.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		var got *db.Time
		if err := d.WithContext(t.Context()).Raw("SELECT collected_at FROM import_batch").Scan(&got).Error; err != nil || got == nil ||
			got.Format(time.DateOnly) != "2026-01-31" {
			t.Errorf("collected at %v (%v)", got, err)
		}
	})
}

func TestFieldsCommand(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		o := &office{url: url}
		if err := o.do(t, "", "fields", "add", "roof", "--type", "choice", "--label", "en=Roof; outside", "--choice", "tin=Tin roof", "--choice", "straw",
			"--edit-by", "admin,registrar", "--attestable"); err != nil {
			t.Fatal(err, o.errOut.String())
		}
		o.says(t, "roof is defined")
		if err := o.do(t, "", "fields", "list"); err != nil {
			t.Fatal(err)
		}
		o.says(t, "national_id", "unique sealed", "Roof; outside", "attestable")
		if err := o.do(t, "", "fields", "add", "roof", "--label", "en=Roof"); err == nil || !strings.Contains(err.Error(), "field_exists") {
			t.Errorf("error = %v", err)
		}
		if err := o.do(t, "", "fields", "add", "Bad Key", "--label", "en=x"); err == nil || !strings.Contains(words(err), "\n  key: ") {
			t.Errorf("a bad key: %v", err)
		}
		if err := o.do(t, "First Name,Roof; outside\nAmina,Tin roof\n", "import", "-"); err != nil {
			t.Fatal(err, o.errOut.String())
		}
	})
}

func TestDemoDataCommand(t *testing.T) {
	t.Parallel()
	o := &office{url: "sqlite:" + filepath.Join(t.TempDir(), "r.db")}
	if err := o.do(t, "", "demo-data", "--people", "3"); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(o.out.String(), "\n"); got != 4 {
		t.Errorf("%d lines, want 4", got)
	}
	for _, args := range [][]string{{"--as-of", "soon"}, {"--people", "-1"}, {"--out", "/nowhere/at/all.csv"}} {
		if err := o.do(t, "", append([]string{"demo-data"}, args...)...); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}
