package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

const requests = "/api/v1/change-requests"

// requestAnswer is what the tests read of a change request.
type requestAnswer struct {
	ID, Field, State, Value, Base, Current, Author, Channel, Words string
	Version                                                        int
	Changed, Own                                                   bool
}

// asked asks for a change over REST and gives the path of the request.
func (s *service) asked(t *testing.T, as []string, id uuid.UUID, field, value string, draft bool) string {
	t.Helper()
	rec := s.do(call("POST", people+"/"+id.String()+"/change-requests", fmt.Sprintf(`{"values":{%q:%q},"reason":"as told","draft":%v}`, field, value, draft), as))
	if rec.Code != http.StatusCreated {
		t.Fatalf("ask for a change: %d %s", rec.Code, rec.Body)
	}
	return rec.Header().Get("Location")
}

// exerciseRequests drives the operations on change requests to every answer.
func (s *service) exerciseRequests(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	registrar, auditor := s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAuditor)
	p := s.newPerson(t, "Nyota Were")
	g, err := s.deps.Registry.CreateGroup(t.Context(), staff(registry.RoleRegistrar), "household", registry.Change{}, []registry.NewMember{{MemberID: p, Role: "head"}})
	must(t, err)
	noScope := s.bearer(t, s.newStaff(t, registry.RoleAdmin), registry.ScopeSettingsRead)
	for suffix, at := range map[string]string{"": people + "/" + p.String(), "OfGroup": groups + "/" + g.ID.String()} {
		path, body := at+"/change-requests", `{"values":{"locality":"Quay"},"draft":true}`
		if suffix != "" {
			body = strings.Replace(body, `"locality":"Quay"`, `"rooms_count":"4"`, 1)
		}
		list := func(as []string) *http.Request { return call("GET", path+"?state=DRAFT", "", as) }
		ask := func(as []string) *http.Request { return call("POST", path, body, as) }
		run(exercise{"askForChange" + suffix, 201, ask(registrar), false})
		run(exercise{"askForChange" + suffix, 409, ask(registrar), false}) // one draft per author and field
		run(exercise{"askForChange" + suffix, 422, call("POST", path, `{"values":{"no_such":"x"}}`, registrar), false})
		exerciseGates(run, "askForChange"+suffix, auditor, ask)
		exerciseBodies(run, "askForChange"+suffix, "POST", path, registrar)
		run(exercise{"listRequests" + suffix, 200, list(registrar), false})
		run(exercise{"listRequests" + suffix, 422, call("GET", path+"?state=LOST", "", registrar), true})
		exerciseGates(run, "listRequests"+suffix, noScope, list)
		nowhere := strings.Replace(path, at[strings.LastIndex(at, "/")+1:], uuid.NewString(), 1)
		run(exercise{"askForChange" + suffix, 404, call("POST", nowhere, body, registrar), false})
		run(exercise{"listRequests" + suffix, 404, call("GET", nowhere, "", registrar), false})
	}
	list := func(as []string) *http.Request {
		return call("GET", requests+"?field=locality&state=SENT&limit=1", "", as)
	}
	run(exercise{"listChangeRequests", 200, list(registrar), false})
	run(exercise{"listChangeRequests", 422, call("GET", requests+"?area=no%20code", "", registrar), true})
	exerciseGates(run, "listChangeRequests", noScope, list)
	s.exerciseRequestSteps(t, run, registrar, auditor)
	s.exerciseBulkApproval(t, run, registrar, auditor)
	s.exercisePendingEdits(t, run)
}

// exerciseRequestSteps drives what is done to one request.
func (s *service) exerciseRequestSteps(t *testing.T, run func(exercise) *httptest.ResponseRecorder, registrar, auditor []string) {
	t.Helper()
	admin, p := s.as(t, registry.RoleAdmin), s.newPerson(t, "Otieno Were")
	asked := func(value string, draft bool) string { return s.asked(t, registrar, p, "locality", value, draft) }
	at := asked("Sent already", false)
	get := func(as []string) *http.Request { return call("GET", at, "", as) }
	run(exercise{"getChangeRequest", 200, get(registrar), false})
	exerciseGates(run, "getChangeRequest", s.bearer(t, s.newStaff(t, registry.RoleAdmin), registry.ScopeSettingsRead), get)
	run(exercise{"getChangeRequest", 404, call("GET", requests+"/"+uuid.NewString(), "", registrar), false})

	long := fmt.Sprintf(`{"words":%q}`, strings.Repeat("x", 501))
	for _, step := range []struct {
		operation, method, verb, body, wrong string
		as                                   []string
		draft                                bool
	}{
		{"editRequest", "PATCH", "", `{"value":"Pier"}`, `{"value":"a\u0007b"}`, registrar, true},
		{"sendRequest", "POST", "/send", `{}`, "", registrar, true},
		{"approveRequest", "POST", "/approve", `{"words":"seen"}`, long, admin, false},
		{"rejectRequest", "POST", "/reject", `{"words":"no"}`, `{"words":""}`, admin, false},
		{"withdrawRequest", "POST", "/withdraw", `{}`, long, registrar, false},
	} {
		headers := []string{"If-Match", `"1"`}
		if step.method == "PATCH" {
			headers = append(headers, "Content-Type", mergePatch)
		}
		at := asked("for "+step.operation, step.draft)
		move := func(at, body string, as []string) *http.Request {
			return call(step.method, at+step.verb, body, as, headers...)
		}
		exerciseGates(run, step.operation, auditor, func(as []string) *http.Request { return move(at, step.body, as) })
		exerciseBodies(run, step.operation, step.method, at+step.verb, step.as, headers...)
		run(exercise{step.operation, 404, move(requests+"/"+uuid.NewString(), step.body, step.as), false})
		none := move(at, step.body, step.as)
		none.Header.Del("If-Match")
		run(exercise{step.operation, 428, none, true})
		stale := move(at, step.body, step.as)
		stale.Header.Set("If-Match", `"9"`)
		run(exercise{step.operation, 412, stale, false})
		if step.wrong != "" {
			run(exercise{step.operation, 422, move(at, step.wrong, step.as), true})
		} else { // the record says so by now
			same := s.deps.Registry
			now, err := same.Person(t.Context(), staff(registry.RoleAdmin), p)
			must(t, err)
			_, err = same.Edit(t.Context(), staff(registry.RoleRegistrar), p, registry.Change{Set: map[string]string{"locality": "for " + step.operation}, ExpectVersion: now.VersionNo})
			must(t, err)
			run(exercise{step.operation, 422, move(at, step.body, step.as), false})
			rec := s.do(call("PATCH", at, `{"value":"Another"}`, registrar, "If-Match", `"1"`, "Content-Type", mergePatch))
			headers[1] = rec.Header().Get("ETag")
		}
		run(exercise{step.operation, 200, move(at, step.body, step.as), false})
		over := at // decided, or sent
		if step.operation == "editRequest" {
			over = asked("sent", false)
		}
		if step.operation == "sendRequest" {
			headers[1] = `"3"`
		}
		run(exercise{step.operation, 409, move(over, step.body, step.as), false})
		if step.draft {
			s.do(call("POST", at+"/withdraw", `{}`, registrar, "If-Match", fmt.Sprintf("%q", fmt.Sprint(2+len(step.verb)/5))))
		}
	}
}

func (s *service) exerciseBulkApproval(t *testing.T, run func(exercise) *httptest.ResponseRecorder, registrar, auditor []string) {
	t.Helper()
	p := s.newPerson(t, "Sifa Were")
	at := s.asked(t, registrar, p, "locality", "Bulk", false)
	body := fmt.Sprintf(`{"requests":[{"id":%q,"version":1},{"id":%q,"version":1}]}`, at[len(requests)+1:], uuid.NewString())
	approve := func(as []string) *http.Request { return call("POST", requests+"/approve", body, as) }
	run(exercise{"approveRequests", 200, approve(s.as(t, registry.RoleAdmin)), false})
	run(exercise{"approveRequests", 422, call("POST", requests+"/approve", `{"requests":[]}`, registrar), true})
	exerciseGates(run, "approveRequests", auditor, approve)
	exerciseBodies(run, "approveRequests", "POST", requests+"/approve", registrar)
}

// exercisePendingEdits drives edits of which all waits.
func (s *service) exercisePendingEdits(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	s.guard(t, []registry.Channel{registry.ChannelStaff}, "locality", "rooms_count")
	defer s.guard(t, nil, "locality", "rooms_count")
	as, p := s.as(t, registry.RoleRegistrar), s.newPerson(t, "Tatu Were")
	g, err := s.deps.Registry.CreateGroup(t.Context(), staff(registry.RoleRegistrar), "household", registry.Change{}, []registry.NewMember{{MemberID: p, Role: "head"}})
	must(t, err)
	patch := func(path, body string) *http.Request {
		return call("PATCH", path, body, as, "Content-Type", mergePatch, "If-Match", `"1"`)
	}
	run(exercise{"editPerson", 202, patch(people+"/"+p.String(), `{"values":{"locality":"Pier"}}`), false})
	for n := range registry.MaxOpenRequests {
		run(exercise{"editGroup", 202, patch(groups+"/"+g.ID.String(), fmt.Sprintf(`{"values":{"rooms_count":"%d"}}`, n+3)), false})
	}
	run(exercise{"editGroup", 409, patch(groups+"/"+g.ID.String(), `{"values":{"rooms_count":"9"}}`), false})
}

// guard makes edits of fields by some channels wait for approval.
func (s *service) guard(t *testing.T, channels []registry.Channel, keys ...string) {
	t.Helper()
	for _, key := range keys {
		f, err := s.deps.Registry.Field(t.Context(), key)
		must(t, err)
		f.Approval = registry.Approval{Channels: channels}
		_, err = s.deps.Registry.UpdateField(t.Context(), staff(registry.RoleAdmin), f, "")
		must(t, err)
	}
}

// TestChangesWaitForApprovalThroughREST: a registered person's edit is written in
// the part that needs no approval; the rest is asked for, shown to the person,
// approved by somebody of staff, and both are in the history.
func TestChangesWaitForApprovalThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		admin := s.as(t, registry.RoleAdmin)
		me, id := s.registrant(t)
		at := people + "/" + id.String()
		if rec := s.do(call("PATCH", "/api/v1/fields/locality", `{"approval":{"channels":["self"],"by":["admin"]}}`, admin, "Content-Type", mergePatch, "If-Match", `"1"`)); rec.Code != 200 {
			t.Fatal(rec.Code, rec.Body)
		}
		edit := func(body, tag string, want int) (answer struct {
			Values  map[string]string
			Pending []requestAnswer `json:"pending_changes"`
		}) {
			t.Helper()
			rec := s.do(call("PATCH", at, body, me, "Content-Type", mergePatch, "If-Match", tag))
			if rec.Code != want {
				t.Fatal(rec.Code, rec.Body)
			}
			must(t, json.Unmarshal(rec.Body.Bytes(), &answer))
			return answer
		}
		some := edit(`{"values":{"locality":"Maralal","address_line_1":"9 Hill Street"},"reason":"moved"}`, `"1"`, 200)
		if len(some.Pending) != 1 || some.Pending[0].Value != "Maralal" || some.Values["locality"] != "" || some.Values["address_line_1"] == "" {
			t.Errorf("an edit of both: %+v", some)
		}
		if all := edit(`{"values":{"locality":"Kisima"},"reason":"moved"}`, `"2"`, 202); len(all.Pending) != 1 {
			t.Errorf("an edit that waits: %+v", all)
		}
		list := s.requestsAt(t, at+"/change-requests?state=SENT", me)
		if len(list) != 2 || !list[0].Own || list[0].Channel != "self" {
			t.Fatalf("the person sees %+v", list)
		}
		s.approveAtOnce(t, list[0])
		if now := s.requestsAt(t, requests+"?state=SENT&field=locality", admin); len(now) != 1 || !now[0].Changed || now[0].Current != "Maralal" {
			t.Errorf("the other one: %+v", now)
		}
		stale := s.do(call("POST", requests+"/"+list[1].ID+"/approve", `{}`, admin, "If-Match", `"1"`))
		if stale.Code != 409 || !strings.Contains(stale.Body.String(), `"value_changed"`) {
			t.Errorf("a stale approval: %d %s", stale.Code, stale.Body)
		}
		if rec := s.do(call("POST", requests+"/"+list[1].ID+"/reject", `{"words":"Show a letter."}`, admin, "If-Match", `"1"`)); rec.Code != 200 {
			t.Error(rec.Code, rec.Body)
		}
		told := s.requestsAt(t, at+"/change-requests?state=REJECTED", me)
		if len(told) != 1 || told[0].Words != "Show a letter." {
			t.Errorf("the person is told %+v", told)
		}
		history := s.do(call("GET", at+"/history", "", me)).Body.String()
		for _, want := range []string{`"new":"SENT"`, `"old":"SENT","new":"APPROVED"`, `"old":"SENT","new":"REJECTED","comment":"Show a letter."`, `"kind":"change_request_value"`} {
			if !strings.Contains(history, want) {
				t.Errorf("the history lacks %s: %s", want, history)
			}
		}
	})
}

// TestANoteThroughREST: a registered person's note waits for the office, which deals with
// it; the record stays as it is, and staff write none.
func TestANoteThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		admin, registrar := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleRegistrar)
		me, id := s.registrant(t)
		at := people + "/" + id.String()
		if rec := s.do(call("POST", fields, `{"key":"complaint","type":"text","max_length":500,"label":{"en":"Complaint"},"edit_by":["registrant"],"approval":{"note":true}}`, admin)); rec.Code != http.StatusCreated ||
			!strings.Contains(rec.Body.String(), `"note":true`) {
			t.Fatal(rec.Code, rec.Body)
		}
		if rec := s.do(call("PATCH", fields+"/complaint", `{"approval":{"note":false}}`, admin, "Content-Type", mergePatch, "If-Match", `"1"`)); rec.Code != 422 || !strings.Contains(rec.Body.String(), `"fixed"`) {
			t.Error(rec.Code, rec.Body)
		}
		tell := func(as []string) *httptest.ResponseRecorder {
			return s.do(call("PATCH", at, `{"values":{"complaint":"Nobody came.\nTwice."},"reason":""}`, as, "Content-Type", mergePatch, "If-Match", `"1"`))
		}
		if rec := tell(registrar); rec.Code != 422 || !strings.Contains(rec.Body.String(), registry.CodeNotEditable) {
			t.Error(rec.Code, rec.Body)
		}
		if rec := tell(me); rec.Code != http.StatusAccepted {
			t.Fatal(rec.Code, rec.Body)
		}
		list := s.requestsAt(t, requests+"?state=SENT&field=complaint", registrar)
		if len(list) != 1 || list[0].Value != "Nobody came.\nTwice." || list[0].Base != "" {
			t.Fatalf("the office reads %+v", list)
		}
		if rec := s.do(call("POST", requests+"/"+list[0].ID+"/approve", `{"words":"Somebody comes on Monday."}`, registrar, "If-Match", `"1"`)); rec.Code != 200 {
			t.Error(rec.Code, rec.Body)
		}
		if done := s.requestsAt(t, at+"/change-requests?state=APPROVED", me); len(done) != 1 || done[0].Words != "Somebody comes on Monday." {
			t.Errorf("the person is told %+v", done)
		}
		rec := s.do(call("GET", at, "", registrar))
		if rec.Header().Get("ETag") != `"1"` || strings.Contains(rec.Body.String(), "Nobody came") {
			t.Errorf("the record holds it: %s", rec.Body)
		}
	})
}

// requestsAt reads a list of change requests.
func (s *service) requestsAt(t *testing.T, path string, as []string) []requestAnswer {
	t.Helper()
	rec := s.do(call("GET", path, "", as))
	var page struct{ Items []requestAnswer }
	if rec.Code != 200 || json.Unmarshal(rec.Body.Bytes(), &page) != nil {
		t.Fatalf("%s: %d %s", path, rec.Code, rec.Body)
	}
	return page.Items
}

// approveAtOnce lets two members of staff approve a request at once: one wins.
func (s *service) approveAtOnce(t *testing.T, q requestAnswer) {
	t.Helper()
	var wait sync.WaitGroup
	codes := make([]int, 2)
	for i := range codes {
		as := s.bearer(t, s.newStaff(t, registry.RoleAdmin), registry.ScopePeopleWrite)
		wait.Go(func() {
			codes[i] = s.do(call("POST", requests+"/"+q.ID+"/approve", `{"words":"seen"}`, as, "If-Match", `"1"`)).Code
		})
	}
	wait.Wait()
	if codes[0]+codes[1] != 200+409 {
		t.Errorf("two approvers at once: %v", codes)
	}
}

// TestPagesOfRequestsThroughREST: keyset pages with Link, each request once.
func TestPagesOfRequestsThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as, p := s.as(t, registry.RoleRegistrar), s.newPerson(t, "Nyota Were")
		rec := s.do(call("POST", people+"/"+p.String()+"/change-requests", `{"values":{"locality":"Quay","email":"n@example.org","given_name":"Nyota"}}`, as))
		if rec.Code != 201 {
			t.Fatal(rec.Code, rec.Body)
		}
		seen, next := map[string]bool{}, requests+"?limit=2"
		for pages := 0; next != "" && pages < 4; pages++ {
			rec := s.do(call("GET", next, "", as))
			var page struct{ Items []requestAnswer }
			must(t, json.Unmarshal(rec.Body.Bytes(), &page))
			for _, q := range page.Items {
				seen[q.Field] = true
			}
			next, _, _ = strings.Cut(strings.TrimPrefix(rec.Header().Get("Link"), "<"), ">")
		}
		if len(seen) != 3 {
			t.Errorf("the pages hold %v", seen)
		}
	})
}
