package registry_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/mapping"
)

// A cursor that is kept and that the other system does not take any more is told
// apart from a system that is away or shut, and somebody lets the source begin anew.
func TestADeadCursorIsForgotten(t *testing.T) {
	t.Parallel()
	onEachWithSource(t, 10*time.Second, func(t *testing.T, x *fixture, s *standIn, src registry.Source) {
		src.Cursor.Keep = true
		src, err := x.ChangeSource(t.Context(), admin(), src, nil, "")
		if err != nil {
			t.Fatal(err, fields(err))
		}
		state := func(want registry.SourceState, goesOn bool) {
			t.Helper()
			if got, err := x.Source(t.Context(), admin(), "nsr"); err != nil || got.State != want || got.GoesOn != goesOn {
				t.Errorf("source is %q, goes on %v, %v; want %q, %v", got.State, got.GoesOn, err, want, goesOn)
			}
		}
		answer := func(cursor string, status int) {
			s.handle(cursor, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		}
		fail := func(kind fault.Kind, code string) {
			t.Helper()
			run, err := x.PullSource(t.Context(), admin(), "nsr", nil)
			wantFault(t, err, kind, code)
			if run.State != registry.PullFailed || run.ErrorCode != code {
				t.Errorf("run %+v", run)
			}
		}
		state(registry.SourceReady, false)
		answer("", http.StatusGone)
		fail(fault.Invalid, "source_refused") // there was no cursor
		state(registry.SourceReady, false)
		s.put("", "b", "ID-1 Amina")
		answer("b", http.StatusBadGateway)
		fail(fault.Unavailable, "source_error")
		answer("b", http.StatusUnauthorized)
		fail(fault.Forbidden, "source_denied")
		answer("b", http.StatusMultipleChoices)
		fail(fault.Invalid, "answer_unexpected")
		state(registry.SourceReady, true)
		answer("b", http.StatusGone)
		fail(fault.Conflict, "cursor_refused")
		state(registry.SourceCursorRefused, true)
		s.put("b", "c", "ID-2 Berta") // it was a mistake of theirs
		answer("c", http.StatusBadRequest)
		fail(fault.Conflict, "cursor_refused")
		s.put("c", "d", "ID-3 Carla")
		answer("d", http.StatusServiceUnavailable)
		fail(fault.Unavailable, "source_error")
		state(registry.SourceReady, true)
		answer("d", http.StatusNotFound)
		fail(fault.Conflict, "cursor_refused")

		for _, a := range []registry.Actor{registrar(), attester(), actor(registry.RoleAuditor)} {
			_, err := x.RestartSource(t.Context(), a, "nsr", "")
			wantFault(t, err, fault.Forbidden, "not_allowed")
		}
		_, err = x.RestartSource(t.Context(), admin(), "nothing", "")
		wantFault(t, err, fault.NotFound, "no_such_source")
		_, err = x.RestartSource(t.Context(), admin(), "nsr", strings.Repeat("x", 501))
		wantFault(t, err, fault.Invalid, "invalid_values")
		got, err := x.RestartSource(t.Context(), admin(), "nsr", "their cursors ran out")
		if err != nil || got.State != registry.SourceReady || got.GoesOn || got.VersionNo != src.VersionNo {
			t.Errorf("%+v, %v", got, err)
		}
		s.put("c", "", "ID-3 Carla")
		s.asked = nil
		x.pull(t, "0 0 3 0")
		if strings.Join(s.asked, " ") != "limit=2&v=1 after=b&limit=2&v=1 after=c&limit=2&v=1" {
			t.Errorf("asked %q", s.asked)
		}
		page, err := x.AdminHistoryPage(t.Context(), admin(), "source:nsr", "", 10)
		if err != nil || len(page.Entries) != 3 || page.Entries[2].Reason != "their cursors ran out" || !strings.Contains(string(page.Entries[2].Old), "cursor_refused") {
			t.Errorf("history %+v, %v", page.Entries, err)
		}
	})
}

// A source that begins each pull with the first page is not held up by the cursor of
// one that failed in the middle: the other system may have forgotten it since.
func TestACursorThatIsNotKeptHoldsNothingUp(t *testing.T) {
	t.Parallel()
	onEachWithSource(t, 10*time.Second, func(t *testing.T, x *fixture, s *standIn, _ registry.Source) {
		answer := func(status int) {
			s.handle("b", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		}
		s.put("", "b", "ID-1 Amina")
		answer(http.StatusBadGateway)
		_, err := x.PullSource(t.Context(), admin(), "nsr", nil)
		wantFault(t, err, fault.Unavailable, "source_error")
		answer(http.StatusGone)
		run, err := x.PullSource(t.Context(), admin(), "nsr", nil)
		wantFault(t, err, fault.Conflict, "cursor_refused")
		if run.State != registry.PullFailed || run.ErrorCode != "cursor_refused" {
			t.Errorf("run %+v", run)
		}
		if got, err := x.Source(t.Context(), admin(), "nsr"); err != nil || got.State != registry.SourceReady || got.GoesOn {
			t.Errorf("source %+v, %v", got, err)
		}
		answer(http.StatusNoContent) // an empty last page
		s.asked = nil
		if run := x.pull(t, "0 0 1 0"); run.Pages != 2 {
			t.Errorf("run %+v", run)
		}
		if strings.Join(s.asked, " ") != "limit=2&v=1 after=b&limit=2&v=1" {
			t.Errorf("asked %q", s.asked)
		}
	})
}

// A cursor holds no control character, and a link to the next page may hold commas
// and stand among others.
func TestCursorsAreRead(t *testing.T) {
	t.Parallel()
	onEachWithSource(t, 10*time.Second, func(t *testing.T, x *fixture, s *standIn, src registry.Source) {
		for _, bad := range []string{"b\n", "b\x00", "\x7f", strings.Repeat("b", mapping.MaxCursor+1)} {
			s.put("", bad, "ID-1 Amina")
			run, err := x.PullSource(t.Context(), admin(), "nsr", nil)
			wantFault(t, err, fault.Invalid, "bad_cursor")
			if run.Pages != 0 || x.count(t, "registrant") != 0 {
				t.Errorf("%q: %+v", bad, run)
			}
		}
		src.Cursor = registry.SourceCursor{In: registry.CursorLink}
		src, err := x.ChangeSource(t.Context(), admin(), src, nil, "")
		if err != nil {
			t.Fatal(err, fields(err))
		}
		linked := func(cursor, link, person string) {
			s.put(cursor, "", person)
			body := s.pages[cursor]
			s.handle(cursor, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Link", link)
				body(w, r)
			})
		}
		linked("", `<?v=1>; rel=first; title="all, one; rel=next", <?after=b,c&v=1>; rel="last next"`, "ID-1 Amina")
		linked("b,c", `<?after=gone>; anchor="#x"; rel=next`, "ID-2 Berta")
		s.asked = nil
		x.pull(t, "2 0 0 0")
		if strings.Join(s.asked, " ") != "limit=2&v=1 after=b,c&v=1" {
			t.Errorf("asked %q", s.asked)
		}
		linked("", `</elsewhere>; rel=next`, "ID-1 Amina")
		_, err = x.PullSource(t.Context(), admin(), "nsr", nil)
		wantFault(t, err, fault.Invalid, "bad_cursor")
	})
}

// A pull changes a field that names a document of the person, and no other.
func TestAPullNamesADocument(t *testing.T) {
	t.Parallel()
	onEachWithSource(t, 10*time.Second, func(t *testing.T, x *fixture, s *standIn, src registry.Source) {
		x.define(t, registry.Field{Key: "letter", Type: registry.TypeDocument, Label: label("Letter")})
		_, err := x.DefineImportMapping(t.Context(), admin(), mapping.Mapping{Key: "letters", Label: label("Letters"), Kind: registry.PersonKind, Mode: mapping.Upsert,
			Headers: map[string]string{"nid": "national_id", "name": "full_name", "letter": "letter"}}, "")
		if err == nil {
			src.Mapping = "letters"
			_, err = x.ChangeSource(t.Context(), admin(), src, nil, "")
		}
		if err != nil {
			t.Fatal(err, fields(err))
		}
		p := x.register(t, map[string]string{"national_id": "ID-1", "full_name": "Amina"})
		x.addDocument(t, registrar(), p.ID, aPDF, "a.pdf")
		row := func(nid, letter string) any { return map[string]any{"nid": nid, "name": "Amina", "letter": letter} }
		s.answer("", map[string]any{"data": map[string]any{"people": []any{row("ID-1", hashOf(aPDF)), row("ID-2", hashOf(aPDF)), row("ID-1", hashOf("no such file"))}}})
		run := x.pull(t, "0 1 0 2")
		if got := x.pullProblems(t, run); !slices.Equal(got, []string{"1 2 letter " + registry.CodeNoDocument, "1 3 letter " + registry.CodeNoDocument}) {
			t.Errorf("problems %v", got)
		}
		if got := texts(x.find(t, "ID-1"))["letter"]; got != hashOf(aPDF) {
			t.Errorf("letter %q", got)
		}
	})
}
