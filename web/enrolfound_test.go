package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"socialregistry/registry"
)

// Everybody whom a search finds is enrolled, after they were counted; the list way asks
// for the count too, and the tabs of a programme have numbers.
func TestAQueryOfPeopleIsEnrolled(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		b.get("/admin/people/enrol").want(t, http.StatusOK, "There is no programme for people yet")
		_, err := w.registry.DefineProgramme(t.Context(), w.actor(registry.RoleAdmin), registry.Programme{Code: "cash", Label: map[string]string{"en": "Cash"}, Kinds: []string{registry.PersonKind}, Start: "2020-01-01"}, "new")
		w.must(err)
		_, err = w.registry.DefineProgramme(t.Context(), w.actor(registry.RoleAdmin), registry.Programme{Code: "homes", Label: map[string]string{"en": "Homes"}, Kinds: []string{registry.HouseholdKind}, Start: "2020-01-01"}, "new")
		w.must(err)
		one, two := w.someone("Barasa"), w.someone("Cherono")
		b.get("/admin/people?q=barasa").want(t, http.StatusOK, "Enrol these", "/admin/people/enrol?q=barasa")
		b.get("/admin/people/enrol?q=barasa&into=homes&as=ENROLLED").want(t, http.StatusUnprocessableEntity, "This programme is not for people.")
		b.get("/admin/people/enrol?q=barasa&into=none&as=ENROLLED").want(t, http.StatusUnprocessableEntity, "There is no such programme.")
		b.get("/admin/people/enrol?q=barasa&into=cash&as=NONE").want(t, http.StatusUnprocessableEntity, "There is no such status.")
		counted := b.get("/admin/people/enrol?q=barasa&into=cash&as=ENROLLED").want(t, http.StatusOK, "1 would be moved.", "barasa")
		b.post("/admin/people/enrol", counted.hidden(nil)).want(t, http.StatusUnprocessableEntity, "1 would be moved.")
		b.post("/admin/people/enrol", counted.hidden(map[string]string{"reason": "list", "expect": "0"})).want(t, http.StatusUnprocessableEntity, "Count again")
		job := b.post("/admin/people/enrol", counted.hidden(map[string]string{"reason": "list of May"})).want(t, http.StatusOK)
		w.work()
		b.get("/admin/programmes/cash").want(t, http.StatusOK, "Barasa", `Enrolled <span class="muted small">1</span>`)
		if job.path != "/admin/programmes/cash/list" {
			t.Errorf("at %s", job.path)
		}
		b.get("/admin/people/enrol?q=barasa&into=cash&as=ENROLLED").want(t, http.StatusOK, "0 would be moved.", "Nobody would be moved")

		list := b.get("/admin/programmes/cash/list").want(t, http.StatusOK, "Count first")
		form := map[string]string{"numbers": one.Number + "\n" + two.Number, "status": "ENROLLED", "reason": "list of June"}
		counted = b.post("/admin/programmes/cash/list", list.hidden(form)).want(t, http.StatusOK, "1 would be moved.", two.Number)
		if page, err := w.registry.Enrolled(t.Context(), registry.System(), registry.EnrolledQuery{Programme: "cash", Status: registry.EnrolmentEnrolled}); err != nil || len(page.Enrolments) != 1 {
			t.Errorf("the count has enrolled: %d, %v", len(page.Enrolments), err)
		}
		b.post("/admin/programmes/cash/list", counted.hidden(form)).want(t, http.StatusOK)
		w.work()
		b.get("/admin/programmes/cash").want(t, http.StatusOK, "Cherono", `Enrolled <span class="muted small">2</span>`)
		attester := w.staff("en", registry.RoleAttester)
		attester.get("/admin/people/enrol").want(t, http.StatusForbidden, "Registrar")
		attester.post("/admin/people/enrol", url.Values{}).want(t, http.StatusForbidden)
		if p := attester.get("/admin/people?q=barasa"); strings.Contains(p.body, "/admin/people/enrol") {
			t.Error("an attester is led to enrol")
		}
	})
}
