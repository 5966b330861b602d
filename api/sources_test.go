package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/outbound"
	"socialregistry/registry"
)

const (
	mappings = "/api/v1/import-mappings"
	sources  = "/api/v1/sources"
	feedMap  = `{"key":"feed","label":{"en":"Feed"},"kind":"person","mode":"upsert","headers":{"nid":"national_id","name":"full_name","g":"sex"},"values":{"sex":{"F":"female"}}}`
)

// gone is a page of a standIn that is not there any more.
const gone = "gone"

// standIn is a stand-in for another system: a real HTTP server on this machine,
// which answers with the page under the cursor that is asked for.
type standIn struct {
	*httptest.Server
	mu    sync.Mutex
	pages map[string]string
}

func newStandIn(t *testing.T) *standIn {
	t.Helper()
	s := &standIn{pages: map[string]string{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		page, ok := s.pages[r.URL.Query().Get("after")]
		s.mu.Unlock()
		if !ok || r.Header.Get("Authorization") != "Bearer abc" {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		if page == gone {
			w.WriteHeader(http.StatusGone)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, page)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *standIn) hosts(t *testing.T) outbound.Hosts {
	t.Helper()
	h, err := outbound.ParseHosts(s.URL + ", feed.example.org")
	must(t, err)
	return h
}

func (s *standIn) put(cursor, page string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[cursor] = page
}

// settings drives the five operations on a setting that is kept under a key.
type settings struct {
	path, one, many, body, key string
}

func (x settings) drive(s *service, t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	admin, registrar, attester := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAttester)
	define := func(as []string) *http.Request { return call("POST", x.path, x.body, as) }
	run(exercise{"define" + x.one, 201, define(admin), false})
	run(exercise{"define" + x.one, 409, define(admin), false})
	run(exercise{"define" + x.one, 422, call("POST", x.path, strings.Replace(x.body, x.key, "A B", 1), admin), false})
	exerciseGates(run, "define"+x.one, registrar, define)
	exerciseBodies(run, "define"+x.one, "POST", x.path, admin)
	list := func(as []string) *http.Request { return call("GET", x.path, "", as) }
	run(exercise{"list" + x.many, 200, list(registrar), false})
	run(exercise{"list" + x.many, 422, call("GET", x.path+"?x=1", "", registrar), true})
	exerciseGates(run, "list"+x.many, attester, list)
	at := x.path + "/" + x.key
	read := func(as []string) *http.Request { return call("GET", at, "", as) }
	run(exercise{"get" + x.one, 200, read(registrar), false})
	run(exercise{"get" + x.one, 404, call("GET", x.path+"/nothing", "", registrar), false})
	exerciseGates(run, "get"+x.one, attester, read)
	change := func(as []string) *http.Request { return call("PUT", at, x.body, as, "If-Match", `"1"`) }
	run(exercise{"change" + x.one, 200, change(admin), false})
	run(exercise{"change" + x.one, 412, change(admin), false})
	run(exercise{"change" + x.one, 428, call("PUT", at, x.body, admin), true})
	run(exercise{"change" + x.one, 404, call("PUT", x.path+"/nothing", x.body, admin, "If-Match", `"1"`), false})
	run(exercise{"change" + x.one, 422, call("PUT", at, strings.Replace(x.body, `"en"`, `"?"`, 1), admin, "If-Match", `"2"`), true})
	exerciseGates(run, "change"+x.one, registrar, change)
	exerciseBodies(run, "change"+x.one, "PUT", at, admin, "If-Match", `"2"`)
}

func (s *service) exerciseMappings(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	template := func(as []string) *http.Request { return call("GET", imports+"/template?kind=household", "", as) }
	run(exercise{"getImportTemplate", 200, template(s.as(t, registry.RoleRegistrar)), false})
	run(exercise{"getImportTemplate", 422, call("GET", imports+"/template?kind=nothing", "", s.as(t, registry.RoleRegistrar)), false})
	exerciseGates(run, "getImportTemplate", s.as(t, registry.RoleAttester), template)
	settings{mappings, "ImportMapping", "ImportMappings", feedMap, "feed"}.drive(s, t, run)
}

func (s *service) exerciseSources(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	admin, registrar, attester := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAttester)
	settings{sources, "Source", "Sources", `{"key":"nsr","label":{"en":"NSR"},"url":"https://feed.example.org/people","mapping":"feed","every":3600}`, "nsr"}.drive(s, t, run)
	pull := func(as []string) *http.Request { return call("POST", sources+"/nsr/pull", "", as) }
	run(exercise{"pullSource", 202, pull(admin), false})
	run(exercise{"pullSource", 409, pull(s.bearer(t, s.newStaff(t, registry.RoleAdmin), registry.Scopes()...)), false})
	run(exercise{"pullSource", 404, call("POST", sources+"/nothing/pull", "", admin), false})
	exerciseGates(run, "pullSource", registrar, pull)
	const ranOut = `{"reason":"their cursors ran out"}`
	restart := func(as []string) *http.Request { return call("POST", sources+"/nsr/restart", ranOut, as) }
	run(exercise{"restartSource", 200, restart(admin), false})
	s.atWork(t, admin, "k1", "POST", sources+"/nsr/restart", ranOut)
	run(exercise{"restartSource", 409, call("POST", sources+"/nsr/restart", ranOut, admin, "Idempotency-Key", "k1"), false})
	run(exercise{"restartSource", 404, call("POST", sources+"/nothing/restart", `{}`, admin), false})
	run(exercise{"restartSource", 422, call("POST", sources+"/nsr/restart", `{"reason":"`+strings.Repeat("x", 501)+`"}`, admin), true})
	exerciseGates(run, "restartSource", registrar, restart)
	exerciseBodies(run, "restartSource", "POST", sources+"/nsr/restart", admin)
	runs := func(as []string) *http.Request { return call("GET", sources+"/nsr/runs", "", as) }
	run(exercise{"listSourceRuns", 200, runs(registrar), false})
	run(exercise{"listSourceRuns", 404, call("GET", sources+"/nothing/runs", "", registrar), false})
	run(exercise{"listSourceRuns", 422, call("GET", sources+"/nsr/runs?after=x", "", registrar), true})
	exerciseGates(run, "listSourceRuns", attester, runs)
	s.feed.put("", `[{"name":"Nobody"}]`)
	at := sources + "/local/runs/" + s.pulled(t).String() + "/problems"
	problems := func(as []string) *http.Request { return call("GET", at, "", as) }
	run(exercise{"listSourceProblems", 200, problems(registrar), false})
	run(exercise{"listSourceProblems", 404, call("GET", sources+"/local/runs/"+uuid.NewString()+"/problems", "", registrar), false})
	run(exercise{"listSourceProblems", 422, call("GET", at+"?limit=0", "", registrar), true})
	exerciseGates(run, "listSourceProblems", attester, problems)
}

// pulled defines a source that may be reached, and pulls from it.
func (s *service) pulled(t *testing.T) uuid.UUID {
	t.Helper()
	_, err := s.deps.Registry.DefineSource(t.Context(), staff(registry.RoleAdmin), registry.Source{Key: "local", Label: map[string]string{"en": "Local"}, URL: s.feed.URL, Mapping: "feed"}, "Bearer abc", "")
	must(t, err)
	run, err := s.deps.Registry.PullSource(t.Context(), staff(registry.RoleAdmin), "local", nil)
	must(t, err)
	return run.ID
}

// TestAPullThroughREST: a mapping and a source are defined, people are pulled page
// by page, a page that fails is taken up again, and what was wrong is read.
func TestAPullThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		admin, registrar := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleRegistrar)
		made := func(rec *httptest.ResponseRecorder) *httptest.ResponseRecorder {
			t.Helper()
			if rec.Code >= 300 {
				t.Fatalf("%d %s", rec.Code, rec.Body)
			}
			return rec
		}
		made(s.do(call("POST", mappings, feedMap, admin)))
		source := fmt.Sprintf(`{"key":"nsr","label":{"en":"NSR"},"url":"%s/people","mapping":"feed","rows_path":"data","cursor":{"in":"body","path":"next","param":"after","keep":true},"secret":"Bearer abc","reason":"agreed"}`, s.feed.URL)
		if rec := made(s.do(call("POST", sources, source, admin))); strings.Contains(rec.Body.String(), "abc") || !strings.Contains(rec.Body.String(), `"has_secret":true`) {
			t.Errorf("the source is told as %s", rec.Body)
		}
		s.feed.put("", `{"data":[{"nid":"KE-1","name":"Mina Tal","g":"F"},{"nid":"KE-2","name":"Omar","g":"F"},{"name":"Nobody"}],"next":"b"}`)
		job := made(s.do(call("POST", sources+"/nsr/pull", "", admin)))
		s.work(t, d)
		if rec := s.followed(t, job, admin); !strings.Contains(rec.Body.String(), `"queued"`) { // the second page is away: tried again
			t.Errorf("job %s", rec.Body)
		}
		if rec := s.do(call("GET", sources+"/nsr/runs", "", registrar)); !strings.Contains(rec.Body.String(), `"failed","error_code":"source_error"`) || !strings.Contains(rec.Body.String(), `"created":2`) {
			t.Errorf("runs %s", rec.Body)
		}
		s.feed.put("b", `{"data":[{"nid":"KE-2","name":"Oma Haddad"},{"nid":"KE-3","name":"Lea","g":"?"}],"next":null}`)
		_, err := s.deps.Registry.PullSource(t.Context(), staff(registry.RoleAdmin), "nsr", nil)
		must(t, err)
		runs := s.do(call("GET", sources+"/nsr/runs?limit=1", "", registrar))
		if body := runs.Body.String(); !strings.Contains(body, `"state":"done"`) || !strings.Contains(body, `"pages":1,"rows":2,"created":0,"updated":1,"unchanged":0,"failed":1`) || runs.Header().Get("Link") == "" {
			t.Errorf("runs %s", body)
		}
		id := strings.SplitN(strings.SplitN(runs.Body.String(), `"id":"`, 2)[1], `"`, 2)[0]
		if rec := s.do(call("GET", sources+"/nsr/runs/"+id+"/problems", "", registrar)); !strings.Contains(rec.Body.String(), `{"page":1,"row":2,"column":"g","code":"not_listed"`) {
			t.Errorf("problems %s", rec.Body)
		}
		s.feed.put("b", `{"data":[],"next":"c"}`)
		s.feed.put("c", gone)
		if _, err := s.deps.Registry.PullSource(t.Context(), staff(registry.RoleAdmin), "nsr", nil); err == nil {
			t.Error("a cursor that they do not take is taken for good")
		}
		if rec := s.do(call("GET", sources+"/nsr/runs?limit=1", "", registrar)); !strings.Contains(rec.Body.String(), `"error_code":"cursor_refused"`) {
			t.Errorf("the pull: %s", rec.Body)
		}
		if rec := s.do(call("GET", sources+"/nsr", "", registrar)); text(t, rec, "state") != "cursor_refused" || member(t, rec, "goes_on") != true {
			t.Errorf("the source: %s", rec.Body)
		}
		if rec := made(s.do(call("POST", sources+"/nsr/restart", `{"reason":"their cursors ran out"}`, admin))); text(t, rec, "state") != "ready" || member(t, rec, "goes_on") != false {
			t.Errorf("begun anew: %s", rec.Body)
		}
		if rec := s.do(call("POST", sources, strings.NewReplacer("nsr", "other", s.feed.URL, "http://169.254.169.254").Replace(source), admin)); rec.Code != 422 || !strings.Contains(rec.Body.String(), "host_not_allowed") {
			t.Errorf("a host that is not listed: %d %s", rec.Code, rec.Body)
		}
	})
}

// TestAMappedImportThroughREST: a file is read by a saved mapping.
func TestAMappedImportThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as := s.as(t, registry.RoleRegistrar)
		sent := s.do(csv(imports+"?mapping=openg2p", "ID,Full Name,Gender,Token ID,Date of Birth\nUIN-7777,Mina Tal,FEMALE,1,03/04/1990\n", as))
		if body := sent.Body.String(); sent.Code != 201 || !strings.Contains(body, `"saved":"openg2p"`) || !strings.Contains(body, `"kind":"person"`) || !strings.Contains(body, `"dates":"dmy"`) {
			t.Fatalf("%d %s", sent.Code, body)
		}
		at := sent.Header().Get("Location")
		s.do(call("POST", at+"/check", "", as))
		s.work(t, d)
		if rec := s.do(call("GET", at, "", as)); !strings.Contains(rec.Body.String(), `"created":1`) || !strings.Contains(rec.Body.String(), `"ignored":["Token ID"]`) {
			t.Errorf("%s", rec.Body)
		}
		if rec := s.do(csv(imports+"?mapping=nothing", "a\n1\n", as)); rec.Code != 404 {
			t.Errorf("an unknown mapping: %d", rec.Code)
		}
	})
}

// TestATemplatePerKindThroughREST: what a template names is read by an import of
// its kind.
func TestATemplatePerKindThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as := s.as(t, registry.RoleRegistrar)
		for query, want := range map[string]string{
			"":                      "national_id,full_name,",
			"?kind=household":       "group,member,role,start,group_name,",
			"?carries=attestations": "registration_number,version_no,national_id,national_id:attestation,national_id:comment,",
			"?format=xlsx":          "PK",
		} {
			rec := s.do(call("GET", imports+"/template"+query, "", as))
			if rec.Code != 200 || !strings.HasPrefix(rec.Body.String(), want) {
				t.Errorf("%s: %d %.80s, want %s", query, rec.Code, rec.Body, want)
			}
		}
		for kind, line := range map[string]string{"person": "KE-7,Mina Tal", "household": "A,,,,Lake House"} {
			header := strings.TrimSpace(s.do(call("GET", imports+"/template?kind="+kind, "", as)).Body.String())
			line += strings.Repeat(",", strings.Count(header, ",")-strings.Count(line, ","))
			at := s.do(csv(imports+"?kind="+kind, header+"\n"+line+"\n", as)).Header().Get("Location")
			s.do(call("POST", at+"/check", "", as))
			s.work(t, d)
			if rec := s.do(call("GET", at, "", as)); !strings.Contains(rec.Body.String(), `"rows":1`) || !strings.Contains(rec.Body.String(), `"ignored":[]`) {
				t.Errorf("%s: %s", kind, rec.Body)
			}
		}
	})
}
