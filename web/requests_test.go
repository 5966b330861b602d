package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/registry"
)

// asked makes change requests of another registrar for values of a person.
func (w *world) asks(t *testing.T, id uuid.UUID, set map[string]string) []registry.ChangeRequest {
	t.Helper()
	other := w.actor(registry.RoleRegistrar)
	other.Name = "other registrar"
	made, err := w.registry.RequestChange(t.Context(), other, id, registry.Change{Set: set, Reason: "seen the paper"}, false)
	w.must(err)
	return made
}

// requestsTour opens the pages about requests and appeals for TestEveryTemplate.
func requestsTour(t *testing.T, w *world, admin *browser) []page {
	made := w.asks(t, w.someone("Rehema").ID, map[string]string{"given_name": "Rehema <Yusuf>"})
	var out []page
	for _, path := range []string{"/admin/requests", "/admin/requests?state=APPROVED", "/admin/requests/" + made[0].ID.String(), "/admin/requests/new?for=" + w.person.ID.String() + "&field=locality",
		"/admin/appeals"} {
		out = append(out, admin.get(path).want(t, http.StatusOK))
	}
	return out
}

// Several requests are approved at once, and each is told of; one is rejected with
// words, and one that was decided is not decided again.
func TestRequestsAreDecided(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		b.get("/admin/requests").want(t, http.StatusOK, "Nothing waits for approval.")
		one, two, three := w.someone("Akinyi"), w.someone("Barasa"), w.someone("Cherono")
		first := w.asks(t, one.ID, map[string]string{"family_name": "Ochieng"})[0]
		second := w.asks(t, two.ID, map[string]string{"family_name": "Wafula"})[0]
		third := w.asks(t, three.ID, map[string]string{"family_name": "Kiptoo"})[0]
		p := b.get("/admin/requests").want(t, http.StatusOK, "Akinyi Otieno", "Ochieng", "other registrar")
		b.post("/admin/requests", p.hidden(nil)).want(t, http.StatusUnprocessableEntity, "Select at least one request.")
		_, err := w.registry.Edit(t.Context(), w.actor(registry.RoleRegistrar), two.ID, registry.Change{Set: map[string]string{"family_name": "Simiyu"}, Reason: "x", ExpectVersion: 1})
		w.must(err)
		form := p.hidden(nil)
		form["request"] = []string{first.ID.String() + ":1", second.ID.String() + ":1"}
		b.post("/admin/requests", form).want(t, http.StatusOK, "What became of them", "Approved", "The record has got another value", "Barasa")
		if now, err := w.registry.Person(t.Context(), registry.System(), one.ID); err != nil || now.Values["family_name"].Text != "Ochieng" {
			t.Errorf("%v, %v", now.Values["family_name"], err)
		}
		at := "/admin/requests/" + second.ID.String()
		p = b.get(at).want(t, http.StatusOK, "Neither the old nor the new", "Simiyu", "Wafula", "seen the paper")
		p = b.post(at, p.hidden(map[string]string{"step": "approve"})).want(t, http.StatusUnprocessableEntity, "has got another value")
		b.post(at, p.hidden(map[string]string{"step": "approve", "even_if": "1", "words": "thank you"})).want(t, http.StatusOK, "Approved: the record says so now.", "thank you")

		at = "/admin/requests/" + third.ID.String()
		p = b.get(at)
		p = b.post(at, p.hidden(map[string]string{"step": "reject", "words": " "})).want(t, http.StatusUnprocessableEntity, "This is needed.")
		stale := p.hidden(map[string]string{"step": "reject", "words": "no"})
		stale.Set("version", "9")
		b.post(at, stale).want(t, http.StatusConflict, "Somebody else has moved this request")
		b.post(at, p.hidden(map[string]string{"step": "reject", "words": "the paper is of somebody else"})).want(t, http.StatusOK, "Rejected.", "the paper is of somebody else")
		b.get("/admin/requests?state=REJECTED&field=family_name").want(t, http.StatusOK, "Cherono")
		b.get("/admin/requests?state=DRAFT").want(t, http.StatusOK, "Nothing fits this choice.")
		b.get("/admin/requests?state=NONSENSE").want(t, http.StatusUnprocessableEntity)
	})
}

// A change is asked for from its form: a draft is changed, sent and taken back by
// its author, who does not decide about it.
func TestChangeIsAskedFor(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		at := "/admin/requests/new?for=" + w.person.ID.String()
		b.get("/admin/people/"+w.person.ID.String()).want(t, http.StatusOK, `href="`+at+`"`)
		for _, role := range []registry.Role{registry.RoleAttester, registry.RoleAuditor} {
			if p := w.staff("en", role).get("/admin/people/"+w.person.ID.String()).want(t, http.StatusOK); strings.Contains(p.body, at) {
				t.Errorf("%s is led to a form that is refused", role)
			}
		}
		home := w.household()
		of := "/admin/requests/new?for=" + home.ID.String()
		b.get("/admin/groups/"+home.ID.String()).want(t, http.StatusOK, `href="`+of+`"`)
		b.get(of).want(t, http.StatusOK, "Ask for a change", home.Number)
		b.get(at).want(t, http.StatusOK, "Ask for a change", w.person.Number)
		p := b.get(at+"&field=birth_date").want(t, http.StatusOK, `value="1991-04-02"`)
		p = b.post("/admin/requests/new", p.hidden(map[string]string{"f_birth_date": "2999-01-01", "reason": "letter", "step": "draft"})).want(t, http.StatusUnprocessableEntity, "not come yet", "letter")
		p = b.post("/admin/requests/new", p.hidden(map[string]string{"f_birth_date": "1991-04-02", "reason": "letter", "step": "draft"})).want(t, http.StatusUnprocessableEntity, "says this already")
		p = b.post("/admin/requests/new", p.hidden(map[string]string{"f_birth_date": "1991-04-03", "reason": "letter", "step": "draft"})).want(t, http.StatusOK, "The draft is saved.", "Your draft")
		here := p.path
		w.staff("en", registry.RoleAdmin).get(here).want(t, http.StatusNotFound)
		p = b.post(here, p.hidden(map[string]string{"step": "save", "f_birth_date": "1991-04-04", "why": "a better letter"})).want(t, http.StatusOK, `value="1991-04-04"`, "a better letter")
		p = b.post(here, p.hidden(map[string]string{"step": "save", "f_birth_date": "soon", "why": "a better letter"})).want(t, http.StatusUnprocessableEntity, "year-month-day")
		p = b.post(here, b.get(here).hidden(map[string]string{"step": "send"})).want(t, http.StatusOK, "Sent. Somebody else decides", "Withdraw the request")
		if strings.Contains(p.body, `value="approve"`) {
			t.Error("the author may approve")
		}
		b.post(here, p.hidden(map[string]string{"step": "approve"})).want(t, http.StatusForbidden)
		b.post(here, b.get(here).hidden(map[string]string{"step": "withdraw", "words": "not needed"})).want(t, http.StatusOK, "The request is withdrawn.")
	})
}

// Requests and appeals are for those who decide; who only reads has no form.
func TestRequestsAreForTheirDeciders(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		q := w.asks(t, w.person.ID, map[string]string{"family_name": "Ochieng"})[0]
		auditor := w.staff("en", registry.RoleAuditor)
		for _, path := range []string{"/admin/requests", "/admin/requests/" + q.ID.String()} {
			if p := auditor.get(path).want(t, http.StatusOK, "Ochieng"); strings.Contains(p.body, `value="approve"`) {
				t.Errorf("%s: an auditor may approve", path)
			}
			auditor.post(path, url.Values{"step": {"approve"}, "version": {"1"}}).want(t, http.StatusForbidden, "Registrar")
		}
		auditor.get("/admin/requests/new?for="+w.person.ID.String()).want(t, http.StatusForbidden)
		registrar := w.staff("en", registry.RoleRegistrar)
		registrar.get("/admin/appeals").want(t, http.StatusForbidden, "Attester")
		for _, path := range []string{"/admin/requests/x", "/admin/requests/" + uuid.NewString(), "/admin/requests/new?for=x", "/admin/requests/new?for=" + uuid.NewString()} {
			registrar.get(path).want(t, http.StatusNotFound)
		}
		w.registrant("en").get("/admin/requests").want(t, http.StatusForbidden)
	})
}

// A refusal names the roles that would do, each a word of its own.
func TestRolesStandApart(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		for lang, or := range map[string]string{"en": "or", "ar": "أو", "fr": "ou", "hi": "या", "sw": "au"} {
			p := w.staff(lang, registry.RoleAuditor).get("/admin/requests/new?for="+w.person.ID.String()).want(t, http.StatusForbidden)
			if n := strings.Count(p.body, "</b> "+or+" <b>"); n != 2 {
				t.Errorf("%s: %d times: %s", lang, n, text(p.body))
			}
		}
	})
}

// An appeal is declined with a comment, by somebody other than who rejected.
func TestAppealsAreAnswered(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAttester)
		b.get("/admin/appeals").want(t, http.StatusOK, "Nobody appeals now.")
		w.attest(registry.StateRejected, "The letter is not readable.", "locality")
		self := registry.Actor{AccountID: uuid.New(), Name: w.person.Number, RegistrantID: w.person.ID, Roles: []registry.Role{registry.RoleRegistrant}}
		_, err := w.registry.AppealDecision(t.Context(), self, w.person.ID, "locality", "It can be read. <b>Look</b> again.")
		w.must(err)
		p := w.staff("en", registry.RoleAdmin).get("/admin/appeals").want(t, http.StatusOK, "It can be read. <b>Look</b> again.", "The letter is not readable.", "Decide on it anew", w.person.Number)
		id := regexp.MustCompile(`name="appeal" value="([^"]+)"`).FindStringSubmatch(p.body)[1]
		admin := w.staff("en", registry.RoleAdmin)
		form := admin.get("/admin/appeals").hidden(nil)
		admin.post("/admin/appeals", form).want(t, http.StatusUnprocessableEntity, "This is needed.")
		form.Set("comment-"+id, "It was looked at again.")
		own := b.get("/admin/appeals").hidden(map[string]string{"comment-" + id: "No."})
		b.post("/admin/appeals", own).want(t, http.StatusForbidden)
		w.staff("en", registry.RoleAuditor).post("/admin/appeals", own).want(t, http.StatusForbidden)
		admin.post("/admin/appeals", form).want(t, http.StatusOK, "The appeal is declined.", "Nobody appeals now.")
	})
}
