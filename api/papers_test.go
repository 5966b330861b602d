package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

const registrants = "/api/v1/registrants"

// onPaper is the body that asks for a paper with these details.
func onPaper(fields ...string) string {
	list, _ := json.Marshal(fields)
	return fmt.Sprintf(`{"credential_configuration_id":%q,"fields":%s}`, sdJWTConfig, list)
}

// exercisePapers drives what is printed.
func (s *service) exercisePapers(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	registrar, auditor, narrow := s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAuditor), s.narrow(t)
	path, nobody := registrants+"/"+s.person.String()+"/papers", registrants+"/"+uuid.NewString()
	make := func(as []string) *http.Request { return call("POST", path, onPaper("given_name", "birth_date"), as) }
	at := run(exercise{"makePaper", 201, make(registrar), false}).Header().Get("Location")
	run(exercise{"makePaper", 422, call("POST", path, onPaper("no_such_detail"), registrar), false})
	run(exercise{"makePaper", 404, call("POST", nobody+"/papers", onPaper("given_name"), registrar), false})
	_, unattested := s.registrant(t)
	run(exercise{"makePaper", 409, call("POST", registrants+"/"+unattested.String()+"/papers", onPaper("given_name"), registrar), false})
	exerciseBodies(run, "makePaper", "POST", path, registrar)
	exerciseGates(run, "makePaper", auditor, make)

	list := func(as []string) *http.Request { return call("GET", path+"?limit=1", "", as) }
	run(exercise{"listPapers", 200, list(auditor), false})
	run(exercise{"listPapers", 404, call("GET", nobody+"/papers", "", auditor), false})
	run(exercise{"listPapers", 422, call("GET", path+"?after=nowhere", "", auditor), false})
	exerciseGates(run, "listPapers", narrow, list)
	fields := registrants + "/" + s.person.String() + "/paper-fields?credential_configuration_id="
	choose := func(as []string) *http.Request { return call("GET", fields+sdJWTConfig, "", as) }
	run(exercise{"listPaperFields", 200, choose(registrar), false})
	run(exercise{"listPaperFields", 404, call("GET", nobody+"/paper-fields?credential_configuration_id="+sdJWTConfig, "", registrar), false})
	run(exercise{"listPaperFields", 422, call("GET", fields+"none", "", registrar), false})
	exerciseGates(run, "listPaperFields", auditor, choose)

	for operation, end := range map[string]string{"getPaper": "", "getPaperCode": "/code.svg"} {
		get := func(as []string) *http.Request { return call("GET", at+end, "", as) }
		run(exercise{operation, 200, get(registrar), false})
		run(exercise{operation, 404, call("GET", "/api/v1/papers/"+uuid.NewString()+end, "", registrar), false})
		run(exercise{operation, 422, call("GET", at+end+"?x=1", "", registrar), true})
		exerciseGates(run, operation, auditor, get)
	}
	must(t, s.deps.Issuer.Withdraw(t.Context(), staff(registry.RoleAdmin), uuid.MustParse(strings.TrimPrefix(at, "/api/v1/papers/")), "paper_lost"))
	run(exercise{"getPaper", 409, call("GET", at, "", registrar), false})
	run(exercise{"getPaperCode", 409, call("GET", at+"/code.svg", "", registrar), false})
}

// printedPaper is a paper as a program gets it.
type printedPaper struct {
	ID, Reference, Code, State string
	Fields                     []string
	CheckURL                   string `json:"check_url"`
}

// paperOf sends a request and reads the paper that it gives.
func (s *service) paperOf(t *testing.T, req *http.Request, status int) (p printedPaper) {
	t.Helper()
	rec := s.do(req)
	if rec.Code != status || rec.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%s %s: %d %s %s", req.Method, req.URL, rec.Code, rec.Header().Get("Cache-Control"), rec.Body)
	}
	must(t, json.Unmarshal(rec.Body.Bytes(), &p))
	return p
}

// A person's program prints, prints the same again, draws the code, and finds the paper by
// its number; somebody else's papers are not there.
func TestPapersThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		p := attestedPerson(t, s.deps.Registry, "")
		me, path := s.activated(t, p), registrants+"/"+p.ID.String()
		other, _ := s.registrant(t)
		registrar := s.as(t, registry.RoleRegistrar)

		made := s.paperOf(t, call("POST", path+"/papers", onPaper("given_name", "birth_date"), me), http.StatusCreated)
		if made.CheckURL != publicURL+"/verify/" || len(made.Reference) != 12 || made.State != "issued" || len(made.Fields) != 2 || len(made.Code) < 100 {
			t.Errorf("%+v", made)
		}
		at := "/api/v1/papers/" + made.ID
		if again := s.paperOf(t, call("GET", at, "", registrar), http.StatusOK); again.Code != made.Code {
			t.Error("made again, the code is another")
		}
		if rec := s.do(call("GET", at+"/code.svg", "", me)); rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "image/svg+xml" || rec.Header().Get("Cache-Control") != "no-store" || !strings.Contains(rec.Body.String(), "mm\"") {
			t.Errorf("the picture: %d %v %.80s", rec.Code, rec.Header(), rec.Body)
		}
		for _, want := range []struct {
			as     []string
			path   string
			status int
			part   string
		}{
			{me, path + "/papers", 200, `"reference":"` + made.Reference}, {registrar, path + "/papers", 200, made.ID},
			{me, path + "/paper-fields?credential_configuration_id=" + sdJWTConfig, 200, `{"field":"given_name","suggested":true}`},
			{me, credentials + "?reference=" + strings.ToLower(made.Reference[:4]) + "%20" + made.Reference[4:8] + "-" + made.Reference[8:], 200, made.ID},
			{registrar, credentials + "?reference=" + made.Reference, 200, made.ID},
			{other, credentials + "?reference=" + made.Reference, 200, `{"items":[]}`},
			{registrar, credentials + "?reference=000000000000", 200, `{"items":[]}`},
			{registrar, credentials + "?reference=nonsense", 422, "bad_reference"}, {registrar, credentials + "?reference=%00", 422, "bad_reference"},
			{other, path + "/papers", 404, "not_found"}, {other, path + "/paper-fields?credential_configuration_id=" + sdJWTConfig, 404, "not_found"},
			{other, at, 404, "not_found"}, {other, at + "/code.svg", 404, "not_found"},
			{registrar, path + "/paper-fields?credential_configuration_id=none", 422, "unknown_configuration"},
			{registrar, path + "/paper-fields?issuer=none&credential_configuration_id=" + sdJWTConfig, 404, ""},
		} {
			if rec := s.do(call("GET", want.path, "", want.as)); rec.Code != want.status || !strings.Contains(rec.Body.String(), want.part) {
				t.Errorf("GET %s: %d %s, want %d %s", want.path, rec.Code, rec.Body, want.status, want.part)
			}
		}
		for body, code := range map[string]string{onPaper(): "paper_fields", onPaper("no_such"): "paper_fields", `{"credential_configuration_id":"none","fields":["given_name"]}`: "unknown_configuration"} {
			if rec := s.do(call("POST", path+"/papers", body, me)); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), code) {
				t.Errorf("%s: %d %s, want %s", body, rec.Code, rec.Body, code)
			}
		}
		if rec := s.do(call("POST", path+"/papers", onPaper("given_name"), other)); rec.Code != http.StatusNotFound {
			t.Errorf("somebody else prints: %d %s", rec.Code, rec.Body)
		}
		if rec := s.do(call("POST", credentials+"/"+made.ID+"/withdraw", `{"reason":"paper_lost"}`, me)); rec.Code != http.StatusOK {
			t.Errorf("withdraw: %d %s", rec.Code, rec.Body)
		}
		if rec := s.do(call("GET", at, "", me)); rec.Code != http.StatusConflict || !strings.Contains(rec.Body.String(), "paper_over") {
			t.Errorf("after its end: %d %s", rec.Code, rec.Body)
		}
	})
}

// A guardian's program prints for the ward, and lists and reads what was printed, until
// the guardianship ends.
func TestAGuardianPrintsThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		ward, guardian := attestedPerson(t, s.deps.Registry, ""), attestedPerson(t, s.deps.Registry, "")
		me, path := s.activated(t, guardian), registrants+"/"+ward.ID.String()
		if rec := s.do(call("POST", path+"/papers", onPaper("given_name"), me)); rec.Code != http.StatusNotFound {
			t.Errorf("before: %d %s", rec.Code, rec.Body)
		}
		of := registry.GuardianChange{Guardian: guardian.ID, From: "2020-01-01", Reason: "court order"}
		kin, err := s.deps.Registry.AddGuardian(t.Context(), staff(registry.RoleAdmin), ward.ID, of)
		must(t, err)
		made := s.paperOf(t, call("POST", path+"/papers", onPaper("given_name"), me), http.StatusCreated)
		at := "/api/v1/papers/" + made.ID
		reads := []string{path + "/papers", path + "/paper-fields?credential_configuration_id=" + sdJWTConfig, at, at + "/code.svg", credentials + "?registrant_id=" + ward.ID.String() + "&reference=" + made.Reference}
		for _, read := range reads {
			if rec := s.do(call("GET", read, "", me)); rec.Code != http.StatusOK {
				t.Errorf("GET %s: %d %s", read, rec.Code, rec.Body)
			}
		}
		of.To, of.Expect = "2020-02-01", kin.ChainNo
		_, err = s.deps.Registry.EndGuardian(t.Context(), staff(registry.RoleAdmin), ward.ID, of)
		must(t, err)
		_, _, err = s.deps.Issuer.Follow(t.Context())
		must(t, err)
		for _, read := range reads {
			if rec := s.do(call("GET", read, "", me)); rec.Code != http.StatusNotFound && rec.Code != http.StatusConflict {
				t.Errorf("GET %s after the end: %d %s", read, rec.Code, rec.Body)
			}
		}
	})
}

// Who comes with the cookie of a session proves first who they are; a list asks for
// nothing.
func TestPapersAskForAFreshProof(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		p := attestedPerson(t, s.deps.Registry, "")
		code, _, err := s.deps.Registry.NewActivationCode(t.Context(), staff(registry.RoleRegistrar), p.ID)
		must(t, err)
		token, _, err := s.deps.Registry.Activate(t.Context(), p.Number, code, "six green kettles")
		must(t, err)
		me, path := []string{"Cookie", "sr_session=" + token}, registrants+"/"+p.ID.String()
		made := s.paperOf(t, call("POST", path+"/papers", onPaper("given_name"), me), http.StatusCreated)
		must(t, d.Exec("UPDATE session SET proved_at = ?", db.TimeOf(s.deps.Now().Add(-time.Hour))).Error)
		for _, req := range []*http.Request{call("POST", path+"/papers", onPaper("given_name"), me), call("GET", "/api/v1/papers/"+made.ID, "", me), call("GET", "/api/v1/papers/"+made.ID+"/code.svg", "", me)} {
			if rec := s.do(req); rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "step_up_needed") {
				t.Errorf("%s %s by an old session: %d %s", req.Method, req.URL.Path, rec.Code, rec.Body)
			}
		}
		if rec := s.do(call("GET", path+"/papers", "", me)); rec.Code != http.StatusOK {
			t.Errorf("the list by an old session: %d %s", rec.Code, rec.Body)
		}
	})
}

// A role within bounds finds by its number the paper of somebody whom it reaches, and no
// other.
func TestPapersWithinBounds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		m := newMatrix(t, s, d)
		row := matrixRow{params: map[string]string{"id": "$paper"}}
		near := m.credentialFor(t, row, attestedPerson(t, s.deps.Registry, "NL-W-BAY").ID)
		far := m.credentialFor(t, row, m.outsider)
		for n, role := range matrixRoles() {
			for id, want := range map[string]bool{near: true, far: false} {
				rec := s.do(call("GET", credentials+"?reference="+strings.ReplaceAll(id, "-", "")[:12], "", m.as[n+1]))
				if rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), id) != want {
					t.Errorf("%s: %d %s, want it there: %t", role, rec.Code, rec.Body, want)
				}
			}
			if rec := s.do(call("GET", credentials, "", m.as[n+1])); rec.Code != http.StatusForbidden {
				t.Errorf("%s lists all: %d", role, rec.Code)
			}
		}
	})
}
