package registry_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/internal/outbound"
	"socialregistry/internal/secret"
	"socialregistry/registry"
	"socialregistry/registry/mapping"
)

// standIn is a stand-in for another system: a real HTTP server on this machine
// that answers what the test has put under a cursor.
type standIn struct {
	*httptest.Server
	mu    sync.Mutex
	pages map[string]http.HandlerFunc // by cursor
	asked []string                    // queries, in order
	auth  string                      // of the last request
}

func newStandIn(t *testing.T) *standIn {
	t.Helper()
	s := &standIn{pages: map[string]http.HandlerFunc{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked, s.auth = append(s.asked, r.URL.RawQuery), r.Header.Get("X-Key")
		page := s.pages[r.URL.Query().Get("after")]
		s.mu.Unlock()
		if page == nil {
			http.NotFound(w, r)
			return
		}
		page(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// put lays a page of people under a cursor; a person is "ID name".
func (s *standIn) put(cursor, next string, people ...string) {
	rows := []any{}
	for _, p := range people {
		id, name, _ := strings.Cut(p, " ")
		rows = append(rows, map[string]any{"ids": map[string]any{"nid": id}, "name": name, "gender": "F"})
	}
	s.answer(cursor, map[string]any{"data": map[string]any{"people": rows}, "next": next})
}

func (s *standIn) answer(cursor string, body any) {
	s.handle(cursor, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body)
	})
}

func (s *standIn) handle(cursor string, h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[cursor] = h
}

// onEachWithSource is onEach with a stand-in that may be reached, a mapping and a
// source that reads it. patience is how long an answer may take.
func onEachWithSource(t *testing.T, patience time.Duration, f func(t *testing.T, x *fixture, s *standIn, src registry.Source)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStandIn(t)
		hosts, err := outbound.ParseHosts(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		x := &fixture{DB: d, Clock: newClock(), Master: secret.NewMaster()}
		x.Registry, err = registry.New(t.Context(), registry.Config{DB: d, Master: x.Master, Now: x.Clock.Now,
			Sources: outbound.Config{Hosts: hosts, Timeout: patience, MaxBytes: 512 << 10}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = x.DefineImportMapping(t.Context(), admin(), mapping.Mapping{Key: "feed", Label: map[string]string{"en": "Feed"}, Kind: registry.PersonKind,
			Mode: mapping.Upsert, Headers: map[string]string{"ids.nid": "national_id", "name": "full_name", "gender": "sex", "card": "identifier:voter_card"},
			Values: map[string]map[string]string{"sex": {"F": "female"}}, Defaults: map[string]string{"country": "ET"}}, "")
		if err != nil {
			t.Fatal(err, fields(err))
		}
		src, err := x.DefineSource(t.Context(), admin(), registry.Source{Key: "nsr", Label: map[string]string{"en": "National registry"}, URL: s.URL + "/people?v=1",
			Every: 3600, Mapping: "feed", AuthHeader: "X-Key", RowsPath: "data.people", PageSize: 2, PageSizeParam: "limit", Enabled: true,
			Cursor: registry.SourceCursor{In: registry.CursorBody, Path: "next", Param: "after"}, VersionLabel: "NSR"}, "the key", "agreed with the ministry")
		if err != nil {
			t.Fatal(err, fields(err))
		}
		f(t, x, s, src)
	})
}

// pull pulls and expects "created updated unchanged failed".
func (x *fixture) pull(t *testing.T, want string) registry.SourceRun {
	t.Helper()
	run, err := x.PullSource(t.Context(), admin(), "nsr", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(run.Created, run.Updated, run.Unchanged, run.Failed); got != want || run.State != registry.PullDone || run.Rows != run.Created+run.Updated+run.Unchanged+run.Failed {
		t.Errorf("pull %+v, want %s; problems %v", run, want, x.pullProblems(t, run))
	}
	return run
}

// pullProblems gives "page row column code" of each problem.
func (x *fixture) pullProblems(t *testing.T, run registry.SourceRun) []string {
	t.Helper()
	page, err := x.SourceProblems(t.Context(), admin(), "nsr", run.ID, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range page.Problems {
		out = append(out, strings.Join(strings.Fields(fmt.Sprint(p.Page, " ", p.Row, " ", p.Column, " ", p.Code)), " "))
	}
	return out
}

func TestPullReadsPageByPage(t *testing.T) {
	t.Parallel()
	onEachWithSource(t, 10*time.Second, func(t *testing.T, x *fixture, s *standIn, src registry.Source) {
		s.put("", "b", "ID-1 Amina", "ID-2 Berta")
		s.answer("b", map[string]any{"data": map[string]any{"people": []any{
			map[string]any{"ids": map[string]any{"nid": "ID-2"}, "name": "Berta Bekele", "card": "VC-0002"},
			map[string]any{"ids": map[string]any{"nid": "ID-3"}, "name": "Carla", "card": "VC-0003"},
			map[string]any{"ids": map[string]any{"nid": "ID-3"}, "name": "Carla", "gender": "F"},
			map[string]any{"ids": map[string]any{"nid": "ID-4"}, "name": map[string]any{"given": "Dora"}},
			map[string]any{"name": "Nobody"},
			map[string]any{"ids": map[string]any{"nid": "ID-5"}, "name": "Eva", "gender": "sometimes"},
			map[string]any{"ids": map[string]any{"nid": "ID-6"}, "name": "Fana", "card": "VC-0003"},
			"text",
			map[string]any{"ids": map[string]any{"nid": "ID-7"}, "photo": strings.Repeat("x", mapping.MaxRow)},
		}}, "next": nil})
		run := x.pull(t, "3 2 0 6")
		want := "2 4 name not_a_value,2 5 no_identifier,2 6 gender not_listed,2 7 ids.nid identifiers_differ,2 8 not_a_row,2 9 row_too_large"
		if got := strings.Join(x.pullProblems(t, run), ","); run.Pages != 2 || got != want {
			t.Errorf("pages %d, problems %s", run.Pages, got)
		}
		if strings.Join(s.asked, " ") != "limit=2&v=1 after=b&limit=2&v=1" || s.auth != "the key" {
			t.Errorf("asked %q with %q", s.asked, s.auth)
		}
		p := x.find(t, "ID-2")
		if v := texts(p); v["full_name"] != "Berta Bekele" || v["sex"] != "female" || v["country"] != "ET" {
			t.Errorf("values %v", v)
		}
		log, err := x.History(t.Context(), admin(), p.ID)
		if err != nil || len(log) != 3 || log[0].Channel != registry.ChannelImport || log[0].Actor != "source nsr" {
			t.Errorf("log %+v, %v", log, err)
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
		if q := x.find(t, "VC-0002"); q.ID != p.ID {
			t.Error("the added card finds somebody else")
		}
		versions, err := x.Versions(t.Context(), admin(), p.ID)
		if err != nil || len(versions) != 2 || !strings.HasPrefix(versions[1].Label+versions[0].Label, "NSR 2026-11-22") {
			t.Errorf("versions %+v, %v", versions, err)
		}
		before := x.count(t, "change_log")
		x.Clock.Add(time.Hour)
		x.pull(t, "0 2 3 6") // Berta goes to and fro between the pages: her name is the first page's, then the second's
		if n := x.count(t, "change_log") - before; n != 2 {
			t.Errorf("%d changes when nothing but her name moved", n)
		}
	})
}

// A failure in the middle keeps whole pages; the next try goes on after them.
func TestPullResumes(t *testing.T) {
	t.Parallel()
	onEachWithSource(t, 400*time.Millisecond, func(t *testing.T, x *fixture, s *standIn, src registry.Source) {
		s.put("", "b", "ID-1 Amina")
		s.put("c", "", "ID-3 Carla")
		for _, c := range []struct {
			name, code string
			kind       fault.Kind
			page       http.HandlerFunc
		}{
			{"a failure of theirs", "source_error", fault.Unavailable, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }},
			{"a slow body", "source_timeout", fault.Unavailable, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(w, "[")
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			}},
			{"too much", "answer_too_large", fault.TooLarge, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(w, strings.Repeat(" ", 512<<10+1))
			}},
			{"elsewhere", "redirect_refused", fault.Forbidden, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
			}},
			{"a page of words", "answer_not_json", fault.Invalid, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }},
			{"no rows", "no_rows", fault.Invalid, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(w, `{"data":{}}`)
			}},
		} {
			s.handle("b", c.page)
			run, err := x.PullSource(t.Context(), admin(), "nsr", nil)
			if fault.KindOf(err) != c.kind || fault.CodeOf(err) != c.code || run.State != registry.PullFailed || run.ErrorCode != c.code {
				t.Errorf("%s: %v, %+v", c.name, err, run)
			}
		}
		if n := strings.Count(strings.Join(s.asked, " "), "after=b"); n != 6 || len(s.asked) != 7 || x.count(t, "registrant") != 1 {
			t.Errorf("asked %q, %d people: the first page was asked for again", s.asked, x.count(t, "registrant"))
		}
		s.put("b", "c", "ID-2 Berta")
		x.pull(t, "2 0 0 0")
		s.asked = nil
		x.pull(t, "0 0 3 0") // anew from the first page
		if len(s.asked) != 3 {
			t.Errorf("asked %q", s.asked)
		}
	})
}

// A cursor that does not move ends a pull; one that goes in a circle, too.
func TestPullCursorStuck(t *testing.T) {
	t.Parallel()
	onEachWithSource(t, 10*time.Second, func(t *testing.T, x *fixture, s *standIn, src registry.Source) {
		s.put("", "b", "ID-1 Amina")
		s.put("b", "c", "ID-2 Berta")
		s.put("c", "b", "ID-3 Carla")
		run, err := x.PullSource(t.Context(), admin(), "nsr", nil)
		wantFault(t, err, fault.Conflict, "cursor_stuck")
		if run.Created != 3 || len(s.asked) != 3 || run.State != registry.PullFailed {
			t.Errorf("%+v after %q", run, s.asked)
		}
		s.put("c", "c") // what a feed says that goes on from here another time
		x.pull(t, "0 0 0 0")

		src.Cursor.Keep = true
		if src, err = x.ChangeSource(t.Context(), admin(), src, nil, ""); err != nil {
			t.Fatal(err, fields(err))
		}
		x.pull(t, "0 0 2 0")
		s.asked = nil
		s.put("c", "d", "ID-4 Dora")
		s.put("d", "d")
		x.pull(t, "1 0 0 0")
		if strings.Join(s.asked, " ") != "after=c&limit=2&v=1 after=d&limit=2&v=1" {
			t.Errorf("asked %q", s.asked)
		}
	})
}

// Of two pulls at once one goes on, and nothing is doubled.
func TestPullsAtOnce(t *testing.T) {
	t.Parallel()
	onEachWithSource(t, 10*time.Second, func(t *testing.T, x *fixture, s *standIn, src registry.Source) {
		s.put("", "", "ID-1 Amina")
		var second error
		var asked atomic.Bool
		body := s.pages[""]
		s.handle("", func(w http.ResponseWriter, r *http.Request) {
			if !asked.Swap(true) {
				_, second = x.PullSource(t.Context(), admin(), "nsr", nil)
			}
			body(w, r)
		})
		_, err := x.PullSource(t.Context(), admin(), "nsr", nil)
		wantFault(t, err, fault.Conflict, "pull_overtaken")
		if second != nil || x.count(t, "registrant") != 1 {
			t.Errorf("%d people, %v", x.count(t, "registrant"), second)
		}
	})
}

// The clock asks for a pull, once however many servers look, and its job does it.
func TestPullsByTheClock(t *testing.T) {
	t.Parallel()
	onEachWithSource(t, 10*time.Second, func(t *testing.T, x *fixture, s *standIn, src registry.Source) {
		s.put("", "", "ID-1 Amina")
		due := func(want int) {
			t.Helper()
			total := 0
			for range 2 {
				n, err := x.StartDuePulls(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				total += n
			}
			if total != want {
				t.Errorf("%d pulls are due, want %d", total, want)
			}
		}
		due(1)
		x.work(t)
		x.Clock.Add(time.Hour - time.Second)
		due(0)
		x.Clock.Add(time.Second)
		due(1)
		x.work(t)
		page, err := x.SourceRuns(t.Context(), admin(), "nsr", "", 1)
		if err != nil || len(page.Runs) != 1 || page.Next == "" || page.Runs[0].AskedBy != "system" || page.Runs[0].Unchanged != 1 {
			t.Errorf("%+v, %v", page, err)
		}
		j, err := x.StartSourcePull(t.Context(), x.employee(t, registry.RoleAdmin), "nsr")
		if err != nil {
			t.Fatal(err)
		}
		x.work(t)
		x.jobIn(t, j.ID, registry.JobDone)
		_, err = x.StartSourcePull(t.Context(), registrar(), "nsr")
		wantFault(t, err, fault.Forbidden, "not_allowed")
		_, err = x.StartSourcePull(t.Context(), admin(), "other")
		wantFault(t, err, fault.NotFound, "no_such_source")
	})
}

func TestSourceSettings(t *testing.T) {
	t.Parallel()
	onEachWithSource(t, 10*time.Second, func(t *testing.T, x *fixture, s *standIn, src registry.Source) {
		for want, change := range map[string]func(*registry.Source){
			"key:invalid_key":                     func(s *registry.Source) { s.Key = "N S R" },
			"url:host_not_allowed":                func(s *registry.Source) { s.URL = "https://example.org/people" },
			"url:invalid_url":                     func(s *registry.Source) { s.URL = "file:///etc/passwd" },
			"every:invalid_every":                 func(s *registry.Source) { s.Every = 59 },
			"mapping:unknown_mapping":             func(s *registry.Source) { s.Mapping = "nothing" },
			"auth_header:invalid_auth_header":     func(s *registry.Source) { s.AuthHeader = "host" },
			"page_size:invalid_page_size":         func(s *registry.Source) { s.PageSizeParam = "" },
			"cursor:invalid_cursor":               func(s *registry.Source) { s.Cursor = registry.SourceCursor{In: "header"} },
			"cursor_path:invalid_cursor_path":     func(s *registry.Source) { s.Cursor.Path = "" },
			"version_label:invalid_version_label": func(s *registry.Source) { s.VersionLabel = strings.Repeat("x", 61) },
		} {
			bad := src
			change(&bad)
			_, err := x.DefineSource(t.Context(), admin(), bad, "", "")
			wantFault(t, err, fault.Invalid, "invalid_source")
			if got := strings.Join(fields(err), ","); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		_, err := x.DefineSource(t.Context(), admin(), src, "", "")
		wantFault(t, err, fault.Conflict, "source_exists")
		_, err = x.DefineSource(t.Context(), registrar(), src, "", "")
		wantFault(t, err, fault.Forbidden, "not_allowed")
		_, err = x.Sources(t.Context(), attester())
		wantFault(t, err, fault.Forbidden, "not_allowed")

		moved := src
		moved.AuthHeader = "X-Other"
		_, err = x.ChangeSource(t.Context(), admin(), moved, nil, "")
		wantFault(t, err, fault.Invalid, "invalid_source")
		other := ""
		if moved, err = x.ChangeSource(t.Context(), admin(), moved, &other, ""); err != nil || moved.HasSecret || moved.VersionNo != 2 {
			t.Errorf("%+v, %v", moved, err)
		}
		_, err = x.ChangeSource(t.Context(), admin(), src, nil, "")
		wantFault(t, err, fault.Conflict, "version_conflict")
		page, err := x.AdminHistoryPage(t.Context(), admin(), "source:nsr", "", 10)
		if err != nil || len(page.Entries) != 2 || strings.Contains(string(page.Entries[1].Old), "the key") || !strings.Contains(string(page.Entries[1].Old), `"has_secret":true`) {
			t.Errorf("history %+v, %v", page.Entries, err)
		}
	})
}
