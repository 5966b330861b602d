package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

const pdf = "%PDF-1.7 a birth certificate"

// scan is a scanner that knows one virus, and breaks at one file.
func scan(_ context.Context, file io.Reader) error {
	b, err := io.ReadAll(file)
	switch {
	case bytes.Contains(b, []byte("virus")):
		return registry.ErrInfected
	case bytes.Contains(b, []byte("breaks the scanner")):
		return errors.New("the scanner is away")
	}
	return err
}

// document makes a request with a file as its body.
func document(path, file, name string, as []string) *http.Request {
	return call("POST", path, file, as, "Content-Type", "application/octet-stream", "Content-Disposition", `attachment; filename="`+name+`"`)
}

func (s *service) exerciseDocuments(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	x := s.deps.Registry
	p, err := x.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": "Ife Bello"}})
	must(t, err)
	g, err := x.CreateGroup(t.Context(), staff(registry.RoleRegistrar), "household", registry.Change{}, []registry.NewMember{{MemberID: p.ID, Role: "head", Start: "2020-01-01"}})
	must(t, err)
	s.defineDocumentField(t, "permit", registry.PersonKind)
	s.defineDocumentField(t, "deed", "household")
	s.exerciseRecordDocuments(t, run, "", "permit", people+"/"+p.ID.String())
	s.exerciseRecordDocuments(t, run, "Group", "deed", groups+"/"+g.ID.String())
}

func (s *service) defineDocumentField(t *testing.T, key, kind string) {
	t.Helper()
	_, err := s.deps.Registry.DefineField(t.Context(), staff(registry.RoleAdmin), registry.Field{Key: key, Type: registry.TypeDocument, Kinds: []string{kind},
		Label: map[string]string{"en": "A paper"}, EditBy: []registry.Role{registry.RoleRegistrar}, Attestable: true}, "")
	must(t, err)
}

func (s *service) exerciseRecordDocuments(t *testing.T, run func(exercise) *httptest.ResponseRecorder, of, field, record string) {
	t.Helper()
	registrar, narrow := s.as(t, registry.RoleRegistrar), s.narrow(t)
	path, nobody := record+"/documents", record[:strings.LastIndex(record, "/")+1]+uuid.NewString()+"/documents"
	operation := func(verb, rest string) string { return verb + of + rest }
	add, list, get, remove := operation("add", "Document"), operation("list", "Documents"), operation("get", "Document"), operation("remove", "Document")

	rec := run(exercise{add, 201, document(path+"?reason=seen", pdf, "permit.pdf", registrar), true})
	one := rec.Header().Get("Location")
	run(exercise{add, 200, document(path, pdf, "again.pdf", registrar), true})
	run(exercise{add, 404, document(nobody, pdf, "a.pdf", registrar), true})
	run(exercise{add, 413, document(path, strings.Repeat("a", 64<<10+1), "a.txt", registrar), true})
	run(exercise{add, 413, document(path, strings.Repeat("a", 1<<20), "a.txt", registrar), true})
	run(exercise{add, 422, document(path, "MZ\x00", "a.pdf", registrar), true})
	run(exercise{add, 422, document(path, "a virus", "a.txt", registrar), true})
	run(exercise{add, 422, document(path+"?why=x", pdf, "a.pdf", registrar), true})
	run(exercise{add, 503, document(path, "breaks the scanner", "a.txt", registrar), true})
	run(exercise{add, 401, document(path, pdf, "a.pdf", nil), true})
	run(exercise{add, 403, document(path, pdf, "a.pdf", s.as(t, registry.RoleAuditor)), true})

	run(exercise{list, 200, call("GET", path, "", registrar), false})
	run(exercise{list, 404, call("GET", nobody, "", registrar), false})
	exerciseGates(run, list, narrow, func(as []string) *http.Request { return call("GET", path, "", as) })
	run(exercise{get, 200, call("GET", one, "", registrar), false})
	run(exercise{get, 404, call("GET", path+"/"+uuid.NewString(), "", registrar), false})
	exerciseGates(run, get, narrow, func(as []string) *http.Request { return call("GET", one, "", as) })

	exerciseGates(run, remove, s.as(t, registry.RoleAttester), func(as []string) *http.Request { return call("DELETE", one, "", as) })
	run(exercise{remove, 422, call("DELETE", one+"?reason=%00", "", registrar), true})
	used := s.do(document(path, "used", "used.txt", registrar))
	rec = s.do(call("PATCH", record, `{"values":{"`+field+`":"`+textOf(t, used, "sha256")+`"}}`, registrar, "Content-Type", mergePatch, "If-Match", `"1"`))
	if rec.Code != http.StatusOK {
		t.Errorf("a value names a document: %d %s", rec.Code, rec.Body)
	}
	run(exercise{remove, 409, call("DELETE", used.Header().Get("Location"), "", registrar), false})
	run(exercise{remove, 204, call("DELETE", one+"?reason=mistake", "", registrar), false})
	run(exercise{remove, 404, call("DELETE", one, "", registrar), false})
}

// textOf reads one member of an answer.
func textOf(t *testing.T, rec *httptest.ResponseRecorder, member string) string {
	t.Helper()
	var body map[string]any
	must(t, json.Unmarshal(rec.Body.Bytes(), &body))
	text, _ := body[member].(string)
	return text
}

// multipartForm is a form with a file; a cut one lacks its last boundary.
func multipartForm(t *testing.T, path, file, name string, cut bool, as []string) *http.Request {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", name)
	must(t, err)
	_, err = io.WriteString(part, file)
	must(t, err)
	if !cut {
		must(t, w.Close())
	}
	return call("POST", path, b.String(), as, "Content-Type", w.FormDataContentType())
}

func TestDocumentsThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		me, id := s.registrant(t)
		registrar, path := s.as(t, registry.RoleRegistrar), people+"/"+id.String()+"/documents"
		s.defineDocumentField(t, "permit", registry.PersonKind)
		for name, c := range map[string]struct {
			req        *http.Request
			code       int
			name, kind string
		}{
			"a form":                {multipartForm(t, path, pdf, `C:\\scans\\أمينة.pdf`, false, registrar), 201, "أمينة.pdf", "application/pdf"},
			"a lying Content-Type":  {call("POST", path, "\x89PNG\r\n\x1a\n", registrar, "Content-Type", "application/pdf"), 201, "document.png", "image/png"},
			"a lying name":          {document(path, "\xff\xd8\xff\xe0", "photo.exe", registrar), 201, "photo.exe.jpg", "image/jpeg"},
			"a polyglot":            {document(path, "\xff\xd8\xff\xe0 %PDF-1.7 <script>", "two.pdf", registrar), 201, "two.pdf.jpg", "image/jpeg"},
			"a program as a PDF":    {document(path, "MZ\x90\x00", "permit.pdf", registrar), 422, "", "document_type"},
			"a page as text":        {document(path, "<html><script>", "page.txt", registrar), 422, "", "document_type"},
			"an infected file":      {document(path, "a virus", "a.txt", registrar), 422, "", "infected"},
			"a scanner that is off": {document(path, "breaks the scanner", "a.txt", registrar), 503, "", "scanner_unavailable"},
			"too large":             {document(path, strings.Repeat("a", 64<<10+1), "a.txt", registrar), 413, "", "upload_too_large"},
			"cut off":               {multipartForm(t, path, "%PDF-cut", "a.pdf", true, registrar), 422, "", "upload_malformed"},
			"no file":               {call("POST", path, "--b--\r\n", registrar, "Content-Type", "multipart/form-data; boundary=b"), 422, "", "file_missing"},
			"a form without parts":  {call("POST", path, "x", registrar, "Content-Type", "multipart/form-data; boundary=b"), 422, "", "file_missing"},
			"an empty file":         {document(path, "", "a.txt", registrar), 422, "", "document_empty"},
			"the record of another": {document(people+"/"+s.person.String()+"/documents", pdf, "a.pdf", me), 404, "", "no_such_person"},
		} {
			rec := s.do(c.req)
			if kind := textOf(t, rec, "media_type") + textOf(t, rec, "code"); rec.Code != c.code || textOf(t, rec, "name") != c.name || kind != c.kind {
				t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
			}
		}
		if n := strings.Count(s.do(call("GET", path, "", registrar)).Body.String(), `"id"`); n != 4 {
			t.Errorf("%d documents are kept, want 4", n)
		}
		s.ownDocuments(t, path, me)
	})
}

// ownDocuments: what a registrant uploads, names in a field and reads again.
func (s *service) ownDocuments(t *testing.T, path string, me []string) {
	t.Helper()
	if rec := s.do(call("GET", path, "", me)); rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), `"id"`) {
		t.Errorf("a registrant is shown what staff uploaded: %s", rec.Body)
	}
	mine := s.do(document(path, "my words", "words.txt", me))
	at := mine.Header().Get("Location")
	rec := s.do(call("GET", at, "", me))
	h := rec.Header()
	if rec.Code != http.StatusOK || rec.Body.String() != "my words" || h.Get("Content-Type") != "text/plain" || h.Get("Content-Disposition") != "attachment; filename=words.txt" ||
		h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox;") || h.Get("Cache-Control") != "no-store" || h.Get("Content-Length") != "8" {
		t.Errorf("the bytes: %d %q %v", rec.Code, rec.Body, h)
	}
	other, _ := s.registrant(t)
	if rec := s.do(call("GET", at, "", other)); rec.Code != http.StatusNotFound || textOf(t, rec, "code") != "no_such_person" {
		t.Errorf("another registrant: %d %s", rec.Code, rec.Body)
	}
	registrar, record := s.as(t, registry.RoleRegistrar), strings.TrimSuffix(path, "/documents")
	name := func(sha, match string) *httptest.ResponseRecorder {
		return s.do(call("PATCH", record, `{"values":{"permit":"`+sha+`"}}`, registrar, "Content-Type", mergePatch, "If-Match", match))
	}
	if rec := name("sha256:"+strings.Repeat("0", 64), `"1"`); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), `"no_such_document"`) {
		t.Errorf("a value that names no document: %d %s", rec.Code, rec.Body)
	}
	if rec := name(textOf(t, mine, "sha256"), `"1"`); rec.Code != http.StatusOK {
		t.Errorf("a value that names a document: %d %s", rec.Code, rec.Body)
	}
	if rec := s.do(call("DELETE", at, "", me)); rec.Code != http.StatusConflict || textOf(t, rec, "code") != "document_in_use" {
		t.Errorf("a document in use: %d %s", rec.Code, rec.Body)
	}
	s.evidence(t, record, textOf(t, mine, "id"))
	log := s.do(call("GET", record+"/history", "", registrar)).Body.String()
	if !strings.Contains(log, `"kind":"document"`) || !strings.Contains(log, textOf(t, mine, "id")) {
		t.Errorf("the history does not tell of it: %s", log)
	}
}

// evidence: a decision names documents of the record, and of no other.
func (s *service) evidence(t *testing.T, record, id string) {
	t.Helper()
	attester := s.as(t, registry.RoleAttester)
	decide := func(document string) *httptest.ResponseRecorder {
		return s.do(call("POST", record+"/attestations", `{"decisions":[{"field":"permit","state":"ATTESTED","evidence":["`+document+`"]}]}`, attester, "If-Match", `"2"`))
	}
	if rec := decide(uuid.NewString()); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), `"no_such_document"`) {
		t.Errorf("nobody's document as evidence: %d %s", rec.Code, rec.Body)
	}
	if rec := decide("x"); rec.Code != http.StatusBadRequest {
		t.Errorf("no id as evidence: %d %s", rec.Code, rec.Body)
	}
	if rec := decide(id); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `"evidence":["`+id+`"]`) {
		t.Errorf("evidence: %d %s", rec.Code, rec.Body)
	}
	if rec := s.do(call("GET", record+"/attestations/permit", "", attester)); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `"evidence":["`+id+`"]`) {
		t.Errorf("evidence in the history: %d %s", rec.Code, rec.Body)
	}
}
