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
	"socialregistry/registry/attestation"
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

// TestWordsAboutSomebodyEndWithTheRecordKey: what staff and registrants write about
// a person stands sealed under the key of the record, in whatever table, and is
// given back in the clear to whoever may read it. Reasons are not among it.
func TestWordsAboutSomebodyEndWithTheRecordKey(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		d, err := db.Open(context.Background(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		x := newFixture(t, d)
		p := x.sayAboutSomebody(t)
		states := x.states(t, p)
		page, err := x.AttestationHistory(t.Context(), admin(), p.ID, "sex", "", 0)
		if err != nil || len(page.Decisions) != 2 || page.Decisions[0].Comment != "whisper one" || page.Decisions[0].Appeal.Answer != "whisper three" {
			t.Fatalf("history = %+v, %v", page.Decisions, err)
		}
		if s := states["sex"]; s.Comment != "whisper four" || states["email"].Proposal.Comment != "whisper five" {
			t.Errorf("states = %+v", states)
		}
		var file bytes.Buffer
		o := registry.ExportRequest{Fields: []string{"given_name", "sex"}, Attestations: true, Format: registry.ExportCSV, Purpose: "a look"}
		if _, err := x.Export(t.Context(), admin(), &file, o, nil); err != nil || !strings.Contains(file.String(), ",female,ATTESTED,whisper four,") {
			t.Errorf("download = %s, %v", file.String(), err)
		}
		x.exec(t, "DELETE FROM record_key WHERE registrant_id = ?", p.ID) // erased
		dump := bytes.ToLower(dumpAll(t, x, url))
		for _, needle := range []string{"whisper", hex.EncodeToString([]byte("whisper")), strings.ToLower(base64.RawStdEncoding.EncodeToString([]byte("whisper"))[:8])} {
			if at := bytes.Index(dump, []byte(needle)); at >= 0 {
				t.Errorf("words about somebody who is erased stand in the database: %q", dump[max(0, at-80):at+40])
			}
		}
		if !bytes.Contains(dump, []byte("not-a-secret-reason")) { // the dump is a dump
			t.Error("the dump does not hold a reason either")
		}
	})
}

// sayAboutSomebody registers somebody and has words said wherever there is room for
// them: the first comment on sex is one, the appeal against it two, its answer
// three, the comment of an upload four, a proposal about email five, the words of a
// decision about a request six.
func (x *fixture) sayAboutSomebody(t *testing.T) registry.Person {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err, fields(err))
		}
	}
	x.policy(t, "email", attestation.Policy{Attesters: 2})
	p, err := x.Register(t.Context(), registrar(), registry.Change{Reason: "not-a-secret-reason",
		Set: map[string]string{"given_name": "Amina", "sex": "female", "email": "amina@example.org"}})
	must(err)
	x.attest(t, p, registry.StateRejected, "whisper one", "sex")
	appeal, err := x.AppealDecision(t.Context(), self(p.ID), p.ID, "sex", "whisper two")
	must(err)
	open, err := x.Appeals(t.Context(), called("second", registry.RoleAttester), "", 0)
	if err != nil || len(open.Appeals) != 1 || open.Appeals[0].Rejection != "whisper one" {
		t.Fatalf("appeals = %+v, %v", open.Appeals, err)
	}
	declined, err := x.DeclineAppeal(t.Context(), called("second", registry.RoleAttester), appeal.ID, "whisper three")
	if err != nil || declined.Answer != "whisper three" {
		t.Fatalf("declined = %+v, %v", declined, err)
	}
	x.guard(t, selfNeeds(), "address_line_1")
	q := x.ask(t, self(p.ID), p, map[string]string{"address_line_1": "12 Lake Road"})
	_, err = x.RejectRequest(t.Context(), called("second", registry.RoleAdmin), pick(q[0]), "whisper six")
	must(err)
	x.attest(t, p, registry.StateAttested, "whisper five", "email")
	file := "registration_number,sex,sex:attestation,sex:comment\n" + p.Number + ",female,ATTESTED,whisper four\n"
	_, err = x.Import(t.Context(), called("third", registry.RoleAttester), strings.NewReader(file), carrying(registry.CarriesAttestations))
	must(err)
	return p
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
