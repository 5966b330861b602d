package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/jobs"
	"socialregistry/registry"
)

// programme makes a programme for people.
func (w *world) programme(code string) registry.Programme {
	w.t.Helper()
	p, err := w.registry.DefineProgramme(w.t.Context(), w.actor(registry.RoleAdmin), registry.Programme{Code: code, Label: map[string]string{"en": "Cash <b>"}, Start: "2020-01-01"}, "new")
	w.must(err)
	return p
}

// programmesTour opens the pages about programmes for TestEveryTemplate.
func programmesTour(t *testing.T, w *world, admin *browser) []page {
	prog := w.programme("cash_" + strings.ReplaceAll(admin.lang, "-", ""))
	at := "/admin/programmes/" + prog.Code
	var out []page
	for _, path := range []string{"/admin/programmes", "/admin/programmes/new", at, at + "/edit", at + "/enrol?q=amina", at + "/enrol?for=" + w.person.ID.String(), at + "/list",
		"/admin/people/" + w.person.ID.String() + "/programmes"} {
		out = append(out, admin.get(path).want(t, http.StatusOK))
	}
	return out
}

// A programme is made and renamed from its forms; mistakes are told at the input.
func TestProgrammeIsMade(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAdmin)
		b.get("/admin/programmes").want(t, http.StatusOK, "There is no programme yet.")
		p := b.get("/admin/programmes/new").want(t, http.StatusOK)
		p = b.post("/admin/programmes/new", p.hidden(map[string]string{"code": "Cash!", "kind": "person", "start": "2026-01-01", "reason": "law 7"})).
			want(t, http.StatusUnprocessableEntity, "Small letters", "English is needed", "law 7", `value="Cash!"`)
		p = b.post("/admin/programmes/new", p.hidden(map[string]string{"code": "cash", "label_en": "Cash transfer", "kind": "person", "start": "2026-01-01", "reason": "law 7"})).
			want(t, http.StatusOK, "The programme is made.", "Cash transfer", "Nobody stands there now.")
		p = b.get(p.path+"/edit").want(t, http.StatusOK, `value="Cash transfer"`)
		stale := p.hidden(map[string]string{"label_en": "Cash", "reason": "shorter"})
		b.post(p.path, p.hidden(map[string]string{"label_en": "Cash for all", "end": "2025-01-01", "reason": "wrong"})).want(t, http.StatusUnprocessableEntity, "not before the first")
		b.post(p.path, p.hidden(map[string]string{"label_en": "Cash for all", "end": "2027-01-01", "reason": "longer"})).want(t, http.StatusOK, "The programme is saved.", "Cash for all")
		stale.Set("form", b.get(p.path).hidden(nil).Get("form"))
		b.post(p.path, stale).want(t, http.StatusConflict, "Somebody changed the programme")
		registrar := w.staff("en", registry.RoleRegistrar)
		registrar.get("/admin/programmes/new").want(t, http.StatusForbidden, "Administrator")
		registrar.post(p.path, url.Values{"reason": {"x"}}).want(t, http.StatusForbidden)
		b.get("/admin/programmes/none").want(t, http.StatusNotFound)
	})
}

// People are enrolled and moved on one by one; what cannot follow is told.
func TestPeopleAreEnrolled(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.programme("cash")
		b, at := w.staff("en", registry.RoleRegistrar), "/admin/programmes/cash/enrol"
		b.get(at+"?q=amina").want(t, http.StatusOK, w.person.Number)
		b.get(at+"?q=nobody").want(t, http.StatusOK, "Nobody was found.")
		p := b.get(at+"?for="+w.person.ID.String()).want(t, http.StatusOK, "Was never in this programme.")
		p = b.post(at, p.hidden(map[string]string{"status": "SUSPENDED", "reason": "x"})).want(t, http.StatusUnprocessableEntity, "cannot follow")
		p = b.post(at, p.hidden(map[string]string{"status": "ENROLLED", "on": "2019-01-01", "reason": "list"})).want(t, http.StatusUnprocessableEntity, "had not begun", "list")
		stale := p.hidden(map[string]string{"status": "ENROLLED", "reason": "list"})
		stale.Set("version", "9")
		b.post(at, stale).want(t, http.StatusConflict, "Somebody changed the record")
		b.post(at, p.hidden(map[string]string{"status": "ENROLLED", "on": "2026-05-01", "reason": "list of May"})).want(t, http.StatusOK, "The enrolment is saved.", w.person.Number, "list of May")
		b.get("/admin/people/"+w.person.ID.String()+"/programmes").want(t, http.StatusOK, "Enrolled", "list of May")
		b.get("/admin/programmes/cash?status=EXITED").want(t, http.StatusOK, "Nobody stands there now.")
		b.get("/admin/programmes/cash?status=NONSENSE").want(t, http.StatusUnprocessableEntity)
		b.get(at+"?for="+uuid.NewString()).want(t, http.StatusNotFound)
		attester := w.staff("en", registry.RoleAttester)
		attester.get(at).want(t, http.StatusForbidden, "Registrar")
		attester.post(at, url.Values{"for": {w.person.ID.String()}}).want(t, http.StatusForbidden)
		attester.get("/admin/programmes/cash").want(t, http.StatusOK, w.person.Number)
	})
}

// A list of numbers is enrolled by a job, and its page tells of each who was refused.
func TestListIsEnrolled(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.programme("cash")
		b, at := w.staff("en", registry.RoleRegistrar), "/admin/programmes/cash/list"
		p := b.post(at, b.get(at).hidden(map[string]string{"numbers": " ", "status": "", "reason": "list"})).want(t, http.StatusUnprocessableEntity, "This is needed.")
		p = b.post(at, p.hidden(map[string]string{"numbers": w.person.Number + "\r\nSR-00000000000", "status": "ENROLLED", "reason": "list", "counted": "1"})).want(t, http.StatusOK, "The work waits for its turn.")
		runner, err := jobs.New(jobs.Config{DB: w.db, Handlers: w.registry.JobHandlers(), Now: w.Now})
		w.must(err)
		_, err = runner.Drain(t.Context())
		w.must(err)
		job := regexp.MustCompile(`job=[0-9a-f-]{36}`).FindString(p.body)
		b.get(at+"?"+job).want(t, http.StatusOK, "The work is done.", "One has the new state", "One was refused", "SR-00000000000", "Nobody here has this number.")
		w.staff("en", registry.RoleAuditor).get(at).want(t, http.StatusForbidden)
	})
}
