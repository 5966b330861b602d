package registry_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const aPDF = "%PDF-1.7 birth certificate of Amina"

// with gives a second registry on the same database, that is set up otherwise.
func (x *fixture) with(t *testing.T, change func(*registry.Config)) *registry.Registry {
	t.Helper()
	c := registry.Config{DB: x.DB, Master: x.Master, Now: x.Clock.Now}
	change(&c)
	r, err := registry.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (x *fixture) addDocument(t *testing.T, a registry.Actor, id uuid.UUID, file, name string) registry.Document {
	t.Helper()
	d, _, err := x.AddDocument(t.Context(), a, id, strings.NewReader(file), registry.NewDocument{Name: name, Reason: "proof"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (x *fixture) documents(t *testing.T, a registry.Actor, id uuid.UUID) []string {
	t.Helper()
	list, err := x.Documents(t.Context(), a, id)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range list {
		names = append(names, d.Name)
	}
	return names
}

func hashOf(file string) string {
	sum := sha256.Sum256([]byte(file))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func TestADocumentIsKept(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, other := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Brian"})
		by := registrar()
		d := x.addDocument(t, by, p.ID, aPDF, `C:\scans\certificate.PDF`)
		if d.Name != "certificate.PDF" || d.MediaType != "application/pdf" || d.Size != int64(len(aPDF)) || d.SHA256 != hashOf(aPDF) ||
			d.UploadedBy != by.Name || !d.UploadedAt.Equal(x.Clock.Now()) {
			t.Errorf("document = %+v", d)
		}
		f, err := x.OpenDocument(t.Context(), attester(), p.ID, d.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(f); err != nil || string(got) != aPDF || f.SHA256 != d.SHA256 {
			t.Errorf("read %q (%v)", got, err)
		}
		again, created, err := x.AddDocument(t.Context(), admin(), p.ID, strings.NewReader(aPDF), registry.NewDocument{Name: "copy.pdf"})
		if err != nil || created || again.ID != d.ID || again.Name != d.Name || x.count(t, "blob") != 1 {
			t.Errorf("the same again: %+v, created %v (%v), %d files", again, created, err, x.count(t, "blob"))
		}
		theirs, created, err := x.AddDocument(t.Context(), admin(), other.ID, strings.NewReader(aPDF), registry.NewDocument{})
		if err != nil || !created || theirs.ID == d.ID || theirs.Name != "document.pdf" || x.count(t, "blob") != 2 {
			t.Errorf("the same of another: %+v, created %v (%v)", theirs, created, err)
		}
		_, err = x.OpenDocument(t.Context(), admin(), other.ID, d.ID)
		wantFault(t, err, fault.NotFound, "no_such_document")
		x.wantLog(t, p.ID, registry.FieldChange{Field: "document", Kind: registry.KindDocument, New: d.ID.String()})
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
		x.exec(t, "DELETE FROM record_key WHERE registrant_id = ?", p.ID) // erased
		_, err = x.OpenDocument(t.Context(), admin(), p.ID, d.ID)
		wantFault(t, err, fault.Gone, "record_erased")
	})
}

// wantLog checks what the last entry of a change log says.
func (x *fixture) wantLog(t *testing.T, id uuid.UUID, want ...registry.FieldChange) {
	t.Helper()
	log, err := x.History(t.Context(), admin(), id)
	if err != nil || len(log) == 0 || !slices.Equal(log[len(log)-1].Changes, want) {
		t.Errorf("log = %+v (%v), want %+v at its end", log, err, want)
	}
}

func TestNothingOfADocumentIsStoredOpenly(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		x.addDocument(t, registrar(), p.ID, aPDF, "certificate-of-amina.pdf")
		sum, err := hex.DecodeString(strings.TrimPrefix(hashOf(aPDF), "sha256:"))
		if err != nil {
			t.Fatal(err)
		}
		var stored [][]byte
		if err := x.DB.Raw("SELECT meta FROM document UNION ALL SELECT content_hash FROM document UNION ALL SELECT sha256 FROM blob UNION ALL SELECT piece FROM blob_piece").Scan(&stored).Error; err != nil || len(stored) != 4 {
			t.Fatal(err, len(stored))
		}
		for _, s := range stored {
			for _, open := range [][]byte{[]byte("amina"), []byte("Amina"), sum[:16], []byte(hashOf(aPDF)[7:])} {
				if bytes.Contains(s, open) {
					t.Errorf("%q stands in the database", open)
				}
			}
		}
	})
}

func TestWhatIsNoDocument(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		small := x.with(t, func(c *registry.Config) { c.MaxDocument = 1024 })
		add := func(file io.Reader, n registry.NewDocument) error {
			_, _, err := small.AddDocument(t.Context(), registrar(), p.ID, file, n)
			return err
		}
		for name, file := range map[string]string{"program.pdf": "MZ\x90\x00", "page.txt": "<!DOCTYPE html><script>", "drawing.png": "<svg xmlns='x'/>",
			"archive.jpg": "PK\x03\x04", "late.pdf": " \n%PDF-1.7\x00", "movie.webp": "RIFF\x10\x00\x00\x00AVI LIST"} {
			wantFault(t, add(strings.NewReader(file), registry.NewDocument{Name: name}), fault.Invalid, "document_type")
		}
		wantFault(t, add(strings.NewReader(""), registry.NewDocument{}), fault.Invalid, "document_empty")
		wantFault(t, add(strings.NewReader(strings.Repeat("a", 1025)), registry.NewDocument{}), fault.TooLarge, "upload_too_large")
		wantFault(t, add(io.MultiReader(strings.NewReader(aPDF), errReader{io.ErrUnexpectedEOF}), registry.NewDocument{}), fault.Invalid, "upload_malformed")
		wantFault(t, add(strings.NewReader(aPDF), registry.NewDocument{Reason: "\x00"}), fault.Invalid, "invalid_values")
		if n := x.count(t, "document") + x.count(t, "blob"); n != 0 {
			t.Errorf("%d rows are left", n)
		}
		if err := add(strings.NewReader(strings.Repeat("a", 1024)), registry.NewDocument{Name: "\u202egnp.exe"}); err != nil {
			t.Error(err)
		}
		// What is two things at once is what its first bytes say.
		x.addDocument(t, registrar(), p.ID, "\xff\xd8\xff\xe0 %PDF-1.7 <script>", "two.html")
		if got := x.documents(t, admin(), p.ID); !slices.Equal(got, []string{"gnp.exe.txt", "two.html.jpg"}) {
			t.Errorf("documents = %q", got)
		}
	})
}

func TestDocumentsAreScanned(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		var answer error
		seen := ""
		scanning := x.with(t, func(c *registry.Config) {
			c.Scan = func(ctx context.Context, file io.Reader) error {
				if n := len(x.documents(t, admin(), p.ID)); n != 0 {
					t.Errorf("%d documents are shown before they are scanned", n)
				}
				b, err := io.ReadAll(file)
				seen = string(b)
				return errors.Join(err, answer)
			}
		})
		add := func() error {
			_, _, err := scanning.AddDocument(t.Context(), registrar(), p.ID, strings.NewReader(aPDF), registry.NewDocument{})
			return err
		}
		answer = registry.ErrInfected
		wantFault(t, add(), fault.Invalid, "infected")
		answer = errors.New("no scanner")
		wantFault(t, add(), fault.Unavailable, "scanner_unavailable")
		if n := x.count(t, "blob") + x.count(t, "document"); n != 0 {
			t.Errorf("%d rows are left", n)
		}
		if answer = nil; add() != nil || seen != aPDF || x.count(t, "document") != 1 {
			t.Errorf("clean: %d documents, the scanner saw %q", x.count(t, "document"), seen)
		}
	})
}

func TestAFieldNamesADocument(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.define(t, registry.Field{Key: "letter", Type: registry.TypeDocument, Label: map[string]string{"en": "Letter"}, Attestable: true, Searchable: true})
		p, other := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Brian"})
		x.addDocument(t, registrar(), other.ID, aPDF, "a.pdf")
		edit := func(sha string) error {
			_, err := x.Edit(t.Context(), registrar(), p.ID, registry.Change{Set: map[string]string{"letter": sha}, ExpectVersion: p.VersionNo})
			return err
		}
		want := []string{"letter:" + registry.CodeNoDocument}
		if got := fields(edit(hashOf(aPDF))); !slices.Equal(got, want) {
			t.Errorf("another's document: %v", got)
		}
		_, err := x.Register(t.Context(), registrar(), registry.Change{Set: map[string]string{"full_name": "Zawadi", "letter": hashOf(aPDF)}})
		if got := fields(err); !slices.Equal(got, want) {
			t.Errorf("a new record: %v", got)
		}
		res, err := x.Import(t.Context(), registrar(), strings.NewReader("registration_number,Letter\n"+p.Number+","+hashOf(aPDF)+"\n"), update())
		if err != nil || len(res.Problems) != 1 || res.Problems[0].Code != registry.CodeNoDocument {
			t.Errorf("import = %+v (%v)", res, err)
		}
		mine := x.addDocument(t, registrar(), p.ID, aPDF, "mine.pdf")
		unused := x.addDocument(t, registrar(), p.ID, aPDF+"2", "unused.pdf")
		p = x.edit(t, p, map[string]string{"letter": strings.ToUpper(strings.TrimPrefix(mine.SHA256, "sha256:"))})
		if p.Values["letter"].Text != hashOf(aPDF) {
			t.Errorf("letter = %q", p.Values["letter"].Text)
		}
		x.attest(t, p, registry.StateAttested, "", "letter")
		p = x.edit(t, p, map[string]string{"letter": ""})
		wantFault(t, x.RemoveDocument(t.Context(), admin(), p.ID, mine.ID, ""), fault.Conflict, "document_in_use") // an earlier version names it
		if err := x.RemoveDocument(t.Context(), admin(), p.ID, unused.ID, "wrong file"); err != nil {
			t.Fatal(err)
		}
		x.wantLog(t, p.ID, registry.FieldChange{Field: "document", Kind: registry.KindDocument, Old: unused.ID.String()})
		wantFault(t, x.RemoveDocument(t.Context(), admin(), p.ID, unused.ID, ""), fault.NotFound, "no_such_document")
		if n := x.count(t, "blob"); n != 2 {
			t.Errorf("%d files, want two", n)
		}
		p, err = x.SetDefault(t.Context(), registrar(), p.ID, 2, p.VersionNo, "it was right")
		if err != nil || p.Values["letter"].Text != mine.SHA256 || x.attested(t, p)["letter"] != mine.SHA256 {
			t.Errorf("the version that names it: %+v (%v)", p.Values["letter"], err)
		}
	})
}

func TestWhoseDocuments(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.define(t, registry.Field{Key: "report", Type: registry.TypeDocument, Label: map[string]string{"en": "Report"}, SeeBy: []registry.Role{registry.RoleAdmin, registry.RoleRegistrar}})
		p, other := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Brian"})
		me, by := self(p.ID), registrar()
		mine := x.addDocument(t, me, p.ID, "mine", "mine.txt")
		theirs := x.addDocument(t, by, p.ID, "theirs", "theirs.txt")
		report := x.addDocument(t, by, p.ID, "report", "report.txt")
		x.edit(t, p, map[string]string{"report": report.SHA256})
		for _, c := range []struct {
			who  string
			a    registry.Actor
			want string
		}{
			{"the registrant", me, "mine.txt"}, {"who uploaded", by, "mine.txt theirs.txt report.txt"}, {"admin", admin(), "mine.txt theirs.txt report.txt"},
			{"who does not see the field", attester(), "mine.txt theirs.txt"}, {"auditor", actor(registry.RoleAuditor), "mine.txt theirs.txt"},
		} {
			if got := strings.Join(x.documents(t, c.a, p.ID), " "); got != c.want {
				t.Errorf("%s is shown %q, want %q", c.who, got, c.want)
			}
		}
		_, err := x.OpenDocument(t.Context(), me, p.ID, theirs.ID)
		wantFault(t, err, fault.NotFound, "no_such_document")
		_, err = x.OpenDocument(t.Context(), attester(), p.ID, report.ID)
		wantFault(t, err, fault.NotFound, "no_such_document")
		wantFault(t, x.RemoveDocument(t.Context(), me, p.ID, theirs.ID, ""), fault.NotFound, "no_such_document")
		wantFault(t, x.RemoveDocument(t.Context(), attester(), p.ID, mine.ID, ""), fault.Forbidden, "not_allowed")
		wantFault(t, x.RemoveDocument(t.Context(), admin(), p.ID, report.ID, ""), fault.Conflict, "document_in_use")
		again := x.addDocument(t, me, p.ID, "theirs", "mine-too.txt") // what somebody else uploaded before
		if got := x.documents(t, me, p.ID); again.ID != theirs.ID || !slices.Equal(got, []string{"mine.txt", "theirs.txt"}) {
			t.Errorf("after uploading the same: %v, shown %q", again, got)
		}
		if err := x.RemoveDocument(t.Context(), me, p.ID, mine.ID, "by mistake"); err != nil {
			t.Error(err)
		}
		for name, a := range map[string]registry.Actor{"another registrant": self(other.ID), "nobody": {}, "unknown": actor("root"),
			"outside": {Name: "o", Roles: []registry.Role{registry.RoleAdmin}, Grants: []registry.Grant{{Role: registry.RoleAdmin, Kind: "household"}}}} {
			_, unread := x.Documents(t.Context(), a, p.ID)
			_, _, unadded := x.AddDocument(t.Context(), a, p.ID, strings.NewReader("x"), registry.NewDocument{})
			for _, err := range []error{unread, unadded, x.RemoveDocument(t.Context(), a, p.ID, theirs.ID, "")} {
				code := map[string]string{"nobody": "sign_in_required", "unknown": "not_allowed"}[name]
				if code == "" {
					code = "no_such_person"
				}
				if fault.CodeOf(err) != code {
					t.Errorf("%s: %v, want %s", name, err, code)
				}
			}
		}
	})
}
