package registry_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

// Whatever is done with them, sealed values stand nowhere in the database in
// the clear: not in a table, and on SQLite not in the files either.
func TestSealedValuesAreNowhereInTheClear(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		d, err := db.Open(context.Background(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		x := newFixture(t, d)
		if _, err := x.DefineField(t.Context(), admin(), registry.Field{Key: "secret_note", Type: registry.TypeText, Sealed: true, Attestable: true,
			Label: map[string]string{"en": "Note"}}, ""); err != nil {
			t.Fatal(err)
		}
		p := x.register(t, map[string]string{"full_name": "Findable Name", "national_id": "KE-SECRET-4471", "phone_number": "+254711220998", "secret_note": "whisper one"})
		x.attest(t, p, registry.StateAttested, "", "national_id", "phone_number", "secret_note")
		p = x.edit(t, p, map[string]string{"national_id": "KE-SECRET-4472", "phone_number": "+254711220999", "secret_note": "whisper two"})
		x.edit(t, p, map[string]string{"secret_note": ""})
		if _, err := x.Search(t.Context(), admin(), registry.Query{Text: "KE-SECRET-4472"}); err != nil {
			t.Fatal(err)
		}
		card, err := x.AddIdentifier(t.Context(), registrar(), p.ID, registry.NewIdentifier{Type: "tax_number", Value: "TIN SECRET-4473"})
		if err != nil {
			t.Fatal(err)
		}
		revoked := registry.IdentifierRevoked
		if _, err := x.ChangeIdentifier(t.Context(), registrar(), p.ID, card.Seq, registry.IdentifierChange{Status: &revoked, ExpectVersion: card.Version}); err != nil {
			t.Fatal(err)
		}
		dump := dumpAll(t, x, url)
		for _, secret := range []string{"SECRET-447", "SECRET447", "254711220", "whisper"} {
			for form, needle := range map[string]string{"plain": secret, "hex": hex.EncodeToString([]byte(secret)), "base64": base64.RawStdEncoding.EncodeToString([]byte(secret))[:len(secret)]} {
				if bytes.Contains(bytes.ToLower(dump), bytes.ToLower([]byte(needle))) {
					t.Errorf("%q stands in the database (%s)", secret, form)
				}
			}
		}
		if !bytes.Contains(dump, []byte("Findable Name")) { // the dump is a dump
			t.Error("the dump does not hold a plain value either")
		}
	})
}

// dumpAll gives every row of every table as text and, on SQLite, the files.
func dumpAll(t *testing.T, x *fixture, url string) []byte {
	t.Helper()
	var out bytes.Buffer
	list := "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		list = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
		files, err := filepath.Glob(path + "*")
		if err != nil || len(files) == 0 {
			t.Fatalf("no database files: %v", err)
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(b)
		}
	}
	var tables []string
	if err := x.DB.WithContext(t.Context()).Raw(list).Scan(&tables).Error; err != nil || len(tables) < 10 {
		t.Fatalf("tables = %v, %v", tables, err)
	}
	for _, table := range tables {
		dumpTable(t, x, table, &out)
	}
	return out.Bytes()
}

func dumpTable(t *testing.T, x *fixture, table string, out *bytes.Buffer) {
	t.Helper()
	rows, err := x.DB.SQL.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(any)
		}
		if err := rows.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		for i, cell := range cells {
			v := *cell.(*any)
			if b, ok := v.([]byte); ok {
				fmt.Fprintf(out, "%s.%s=%s %x\n", table, columns[i], b, b)
				continue
			}
			fmt.Fprintf(out, "%s.%s=%v\n", table, columns[i], v)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
