package registry_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/csvio"
	"socialregistry/registry/xlsx"
)

// export gives the rows of a download, the header first.
func (x *fixture) export(t *testing.T, a registry.Actor, req registry.ExportRequest) [][]string {
	t.Helper()
	if req.Purpose == "" {
		req.Purpose = "a test"
	}
	var b bytes.Buffer
	res, err := x.Export(t.Context(), a, &b, req, nil)
	if err != nil {
		t.Fatal(err, fields(err))
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || int64(len(rows)) != res.Rows+1 {
		t.Fatalf("%d lines for %d rows (%v)", len(rows), res.Rows, err)
	}
	return rows
}

func wantRows(t *testing.T, what string, got [][]string, want ...string) {
	t.Helper()
	var lines []string
	for _, row := range got {
		lines = append(lines, strings.Join(row, "|"))
	}
	if !slices.Equal(lines, want) {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

// Every kind of value comes as it is: of a column of its own, sealed, or with the
// others; formulas are defused, and what is attested is told apart.
func TestExportRows(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		set := amina()
		set["given_name"], set["national_id"], set["phone_number"], set["address_line_1"] = "Baraka", "KE-2", "0711000002", "-1, \"Lake\" Road"
		delete(set, "birth_date")
		q := x.register(t, set)
		x.attest(t, p, registry.StateAttested, "", "given_name", "national_id", "birth_date")
		x.attest(t, p, registry.StateRejected, "which road, and =where?", "address_line_1")
		x.attest(t, q, registry.StateAttested, "", "given_name")
		q = x.edit(t, q, map[string]string{"given_name": "Barack"})

		keys := []string{"given_name", "birth_date", "national_id", "phone_number", "address_line_1"}
		head := "registration_number|version_no|given_name|birth_date|national_id|phone_number|address_line_1"
		wantRows(t, "values", x.export(t, registrar(), registry.ExportRequest{Fields: keys}), head,
			p.Number+"|1|Amina|1990-02-28|KE-4471 220/9|'+254711220998|12 Lake Road",
			q.Number+"|2|Barack||KE-2|0711000002|'-1, \"Lake\" Road")
		wantRows(t, "attested only", x.export(t, registrar(), registry.ExportRequest{Fields: keys, AttestedOnly: true}), head,
			p.Number+"|1|Amina|1990-02-28|KE-4471 220/9||", q.Number+"|2|||||")
		at, none := x.Clock.Now().Format("2006-01-02T15:04:05Z"), "|||"
		wantRows(t, "attestations", x.export(t, attester(), registry.ExportRequest{Fields: []string{"address_line_1", "given_name", "birth_date"}, Attestations: true}),
			"registration_number|version_no|address_line_1|address_line_1:attestation|address_line_1:comment|address_line_1:attested_by|address_line_1:attested_at|"+
				"given_name|given_name:attestation|given_name:comment|given_name:attested_by|given_name:attested_at|"+
				"birth_date|birth_date:attestation|birth_date:comment|birth_date:attested_by|birth_date:attested_at",
			p.Number+"|1|12 Lake Road|REJECTED|which road, and =where?|attester-1|"+at+"|Amina|ATTESTED||attester-1|"+at+"|1990-02-28|ATTESTED||attester-1|"+at,
			q.Number+"|2|'-1, \"Lake\" Road|NEW"+none+"|Barack|NEW"+none+"||"+none)
		wantRows(t, "a query", x.export(t, registrar(), registry.ExportRequest{Fields: []string{"sex"}, Query: registry.Query{Text: "Barack"}}),
			"registration_number|version_no|sex", q.Number+"|2|female")
		if n, err := x.CountExport(t.Context(), registrar(), registry.ExportRequest{Fields: []string{"sex"}, Query: registry.Query{Text: "Barack"}}); n != 1 || err != nil {
			t.Errorf("counted %d, %v", n, err)
		}

		var b bytes.Buffer
		if _, err := x.Export(t.Context(), registrar(), &b, registry.ExportRequest{Fields: keys[:4], Format: registry.ExportXLSX, Purpose: "p"}, nil); err != nil {
			t.Fatal(err)
		}
		book, err := xlsx.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()), csvio.Contract{Targets: []csvio.Target{
			{Key: "registration_number"}, {Key: "given_name"}, {Key: "birth_date"}, {Key: "phone_number"}}}, xlsx.Options{})
		if err != nil {
			t.Fatal(err)
		}
		row, err := book.Next()
		if want := []string{p.Number, "Amina", "1990-02-28", "+254711220998"}; err != nil || !slices.Equal(row.Cells, want) {
			t.Errorf("workbook: %v, %v; want %v", row, err, want)
		}
	})
}

// Who may download, what, and of whom: the bounds of roles hold, and a hidden field
// is hidden.
func TestExportIsBounded(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		secret := registry.Field{Key: "clinic_note", Section: "health", Type: registry.TypeText, Label: map[string]string{"en": "Note"}, Sealed: true,
			SeeBy: []registry.Role{registry.RoleAttester}}
		if _, err := x.DefineField(t.Context(), admin(), secret, "a test"); err != nil {
			t.Fatal(err, fields(err))
		}
		x.edit(t, p, map[string]string{"clinic_note": "asthma"})
		ask := registry.ExportRequest{Fields: []string{"given_name", "clinic_note"}, Purpose: "p"}
		var b bytes.Buffer
		_, err := x.Export(t.Context(), registrar(), &b, ask, nil)
		wantFault(t, err, fault.Forbidden, "not_visible")
		if got := fields(err); !slices.Equal(got, []string{"clinic_note:not_visible"}) || b.Len() > 0 || x.count(t, "export") > 0 {
			t.Errorf("fields %v, %d bytes", got, b.Len())
		}
		if rows := x.export(t, attester(), ask); len(rows) != 2 || rows[1][3] != "asthma" {
			t.Errorf("who sees the field: %v", rows)
		}
		ask.Fields = ask.Fields[:1]
		for name, tc := range map[string]struct {
			a    registry.Actor
			kind fault.Kind
			code string
		}{
			"nobody": {registry.Actor{}, fault.Unauthenticated, "sign_in_required"}, "registrant": {self(p.ID), fault.Forbidden, "not_allowed"},
			"auditor": {actor(registry.RoleAuditor), fault.Forbidden, "not_allowed"}, "field worker": {actor(registry.RoleFieldWorker), fault.Forbidden, "not_allowed"},
			"a token without the scope": {scoped(registrar(), registry.ScopePeopleRead), fault.Forbidden, "insufficient_scope"},
		} {
			if _, err := x.Export(t.Context(), tc.a, &b, ask, nil); fault.KindOf(err) != tc.kind || fault.CodeOf(err) != tc.code {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := x.CountExport(t.Context(), tc.a, ask); fault.CodeOf(err) != tc.code {
				t.Errorf("%s counts: %v", name, err)
			}
		}
		for _, g := range []registry.Grant{{Role: registry.RoleRegistrar, Kind: registry.AnyGroup}, {Role: registry.RoleRegistrar, Area: "ELSEWHERE"}} {
			a := registrar()
			a.Grants = []registry.Grant{g}
			if rows := x.export(t, a, ask); len(rows) != 1 {
				t.Errorf("within %+v: %v", g, rows)
			}
		}
		section := attester()
		section.Grants = []registry.Grant{{Role: registry.RoleAttester, Section: "name"}}
		if rows := x.export(t, section, ask); len(rows) != 2 {
			t.Errorf("an attester of one section: %v", rows)
		}
	})
}

func scoped(a registry.Actor, scopes ...registry.Scope) registry.Actor {
	a.Scopes = scopes
	return a
}

func TestExportIsChecked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for _, tc := range []struct {
			req  registry.ExportRequest
			code string
			bad  []string
		}{
			{registry.ExportRequest{Format: "pdf"}, "invalid_export", []string{"format:not_listed", "fields:required", "purpose:required"}},
			{registry.ExportRequest{Fields: []string{"sex"}, Purpose: strings.Repeat("x", 501)}, "invalid_export", []string{"purpose:too_long"}},
			{registry.ExportRequest{Fields: slices.Repeat([]string{"sex"}, 201), Purpose: "p"}, "invalid_export", []string{"fields:too_large"}},
			{registry.ExportRequest{Fields: []string{"sex", "shoe", "sex"}, Purpose: "p"}, "invalid_export", []string{"shoe:unknown_field", "sex:doubled"}},
			{registry.ExportRequest{Fields: []string{"sex"}, Purpose: "p", Kind: "crowd"}, "bad_query", []string{"kind:bad_kind"}},
			{registry.ExportRequest{Fields: []string{"sex"}, Purpose: "p", Query: registry.Query{Area: "?"}}, "bad_query", []string{"area:bad_area"}},
		} {
			_, err := x.Export(t.Context(), registrar(), &bytes.Buffer{}, tc.req, nil)
			wantFault(t, err, fault.Invalid, tc.code)
			if got := fields(err); !slices.Equal(got, tc.bad) {
				t.Errorf("%v, want %v", got, tc.bad)
			}
		}
		if n := x.count(t, "export"); n != 0 {
			t.Errorf("%d downloads are recorded", n)
		}
	})
}

// TestExportOfGroups: kinds of group are downloaded with their own fields.
func TestExportOfGroups(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.register(t, amina())
		g, err := x.CreateGroup(t.Context(), registrar(), "community", registry.Change{Set: map[string]string{"group_name": "House of Amina"}}, nil)
		if err != nil {
			t.Fatal(err, fields(err))
		}
		for _, kind := range []string{"community", registry.AnyGroup} {
			wantRows(t, kind, x.export(t, registrar(), registry.ExportRequest{Kind: kind, Fields: []string{"group_name"}}),
				"registration_number|version_no|group_name", g.Number+"|1|House of Amina")
		}
		wantRows(t, "another kind", x.export(t, registrar(), registry.ExportRequest{Kind: "household", Fields: []string{"group_name"}}), "registration_number|version_no|group_name")
	})
}

// failing takes some bytes and then fails, as a client does who hangs up.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("gone")
	}
	return len(p), nil
}

// TestExportIsRecorded: the record stands before the file, says what came of it, and
// holds nothing that names a person.
func TestExportIsRecorded(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.register(t, amina())
		a := registrar()
		ask := registry.ExportRequest{Fields: []string{"sex"}, Purpose: "winter aid", Query: registry.Query{Text: "Amina"}}
		res, err := x.Export(t.Context(), a, &bytes.Buffer{}, ask, nil)
		if err != nil || res.Rows != 1 {
			t.Fatal(res, err)
		}
		page, err := x.AdminHistoryPage(t.Context(), admin(), "export:"+res.ID.String(), "", 0)
		if err != nil || len(page.Entries) != 2 || page.Entries[0].Reason != "winter aid" || page.Entries[0].Actor != a.Name {
			t.Fatalf("history %+v, %v", page, err)
		}
		if got := string(page.Entries[0].New); !strings.Contains(got, `"query":["text"]`) || strings.Contains(got, "Amina") {
			t.Errorf("begun: %s", got)
		}
		if got := string(page.Entries[1].New); !strings.Contains(got, `"rows":1`) || !strings.Contains(got, `"done"`) {
			t.Errorf("ended: %s", got)
		}
		var query []byte
		if err := x.DB.Raw("SELECT query FROM export").Row().Scan(&query); err != nil || bytes.Contains(query, []byte("Amina")) {
			t.Errorf("the query is stored as it is (%v)", err)
		}
		if _, err := x.Export(t.Context(), a, &failing{}, ask, nil); err == nil {
			t.Error("the client hung up, and nobody noticed")
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, err = x.Export(ctx, a, &bytes.Buffer{}, ask, func(int64, int64) { cancel() })
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		var failed int
		x.DB.Raw("SELECT count(*) FROM export WHERE state = 'failed' AND rows_written = 0").Scan(&failed)
		if n := x.count(t, "export_part"); failed < 1 || n != 3 {
			t.Errorf("%d failed, %d parts", failed, n)
		}
	})
}

// What a download wrote comes back as it was, saved by a spreadsheet with commas or
// with semicolons, and several choices may be written with either.
func TestSeveralChoicesComeBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		choices := []registry.Choice{{Value: "cash", Label: label("Cash")}, {Value: "food", Label: label("Food")}, {Value: "seed", Label: label("Seed")}}
		x.define(t, registry.Field{Key: "aid", Type: registry.TypeMultiChoice, Label: label("Aid"), Choices: choices})
		p := x.register(t, map[string]string{"full_name": "Amina", "address_line_1": "12, Lake Road; -1", "aid": "food; cash"})
		ask := registry.ExportRequest{Fields: []string{"full_name", "aid", "address_line_1"}}
		for _, separator := range []rune{',', ';'} {
			save := func(rows [][]string) string {
				var b strings.Builder
				w := csv.NewWriter(&b)
				w.Comma = separator
				if err := w.WriteAll(rows); err != nil {
					t.Fatal(err)
				}
				return b.String()
			}
			rows := x.export(t, registrar(), ask)
			if rows[1][3] != "cash, food" || rows[1][4] != "12, Lake Road; -1" {
				t.Fatalf("downloaded %q", rows[1])
			}
			x.load(t, save(rows), update(), "0 0 1 0")
			for _, edited := range []string{"food, cash", "Food;Cash", "cash|food"} {
				rows[1][3] = edited
				x.load(t, save(rows), update(), "0 0 1 0")
			}
			rows[1][3] = "seed; food"
			x.load(t, save(rows), update(), "0 1 0 0")
			if got := texts(x.person(t, p.ID)); got["aid"] != "food, seed" || got["address_line_1"] != "12, Lake Road; -1" {
				t.Errorf("with %q: %v", separator, got)
			}
			rows = x.export(t, registrar(), ask)
			rows[1][3] = "cash, food"
			x.load(t, save(rows), update(), "0 1 0 0")
		}
	})
}
