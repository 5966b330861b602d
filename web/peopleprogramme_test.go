package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"socialregistry/registry"
)

// enrolled moves somebody on in a programme until they stand somewhere.
func (w *world) enrolled(code string, p registry.Person, to registry.EnrolmentStatus) {
	w.t.Helper()
	for _, s := range map[registry.EnrolmentStatus][]registry.EnrolmentStatus{registry.EnrolmentApplied: {"APPLIED"}, registry.EnrolmentEnrolled: {"ENROLLED"},
		registry.EnrolmentSuspended: {"ENROLLED", "SUSPENDED"}, registry.EnrolmentExited: {"ENROLLED", "EXITED"}}[to] {
		v, err := w.registry.CurrentVersion(w.t.Context(), registry.System(), p.ID)
		w.must(err)
		_, err = w.registry.Enrol(w.t.Context(), w.actor(registry.RoleRegistrar), p.ID, registry.EnrolmentChange{Programme: code, Status: s, Reason: "list", ExpectVersion: v})
		w.must(err)
	}
}

// People are listed by where they stand in a programme; the page of the programme leads
// there with the number that it told, and what is done with these is done with them.
func TestPeopleAreListedByProgramme(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		if p := b.get("/admin/people").want(t, http.StatusOK); strings.Contains(p.body, `id="programme"`) {
			t.Error("a programme is asked for where there is none")
		}
		w.programme("cash")
		w.programme("food")
		stands := map[string]string{"Barasa": "APPLIED", "Cherono": "ENROLLED", "Deng": "ENROLLED", "Ekai": "SUSPENDED", "Fatuma": "EXITED", "Gitonga": ""}
		for _, name := range []string{"Barasa", "Cherono", "Deng", "Ekai", "Fatuma", "Gitonga"} {
			p := w.someone(name)
			if s := stands[name]; s != "" {
				w.enrolled("cash", p, registry.EnrolmentStatus(s))
			}
			if name == "Deng" || name == "Gitonga" {
				w.enrolled("food", p, "APPLIED")
			}
		}
		for filter, want := range map[string]string{
			"programme=cash": "Barasa Cherono Deng Ekai", "programme=cash&enrolment=APPLIED": "Barasa", "programme=cash&enrolment=ENROLLED": "Cherono Deng",
			"programme=cash&enrolment=SUSPENDED": "Ekai", "programme=cash&enrolment=EXITED": "Fatuma", "programme=food": "Deng Gitonga", "programme=food&enrolment=EXITED": "",
			"programme=cash&q=otieno&as_written=true": "Barasa Cherono Deng Ekai", "programme=cash&q=deng": "Deng", "programme=cash&version=Survey": "", "programme=cash&area=KE-25": "",
			"programme=cash&enrolment=&field=sex&state=NEW&changed_since=2026-11-01": "Barasa Cherono Deng Ekai", "enrolment=&programme=": "Amina Barasa Cherono Deng Ekai Fatuma Gitonga",
		} {
			p := b.get("/admin/people?"+filter).want(t, http.StatusOK)
			if got := strings.Join(firstNames.FindAllString(tableOf(p), -1), " "); got != want {
				t.Errorf("%s lists %q, want %q", filter, got, want)
			}
		}
		b.get("/admin/people?programme=cash&enrolment=ENROLLED").want(t, http.StatusOK, `<option value="cash" selected>`, `<option value="ENROLLED" selected>`, "2 people",
			"<details open>", `href="/admin/exports/new?enrolment=ENROLLED&amp;programme=cash"`, `href="/admin/people/enrol?enrolment=ENROLLED&amp;programme=cash"`, `href="/admin/people/default?enrolment=ENROLLED&amp;programme=cash"`)
		for bad, words := range map[string]string{"programme=none": "no such programme to search by", "programme=%00%27": "no such programme to search by", "programme=cash&enrolment=GONE": "no such state of an enrolment",
			"enrolment=ENROLLED": "Choose the programme."} {
			b.get("/admin/people?"+bad).want(t, http.StatusUnprocessableEntity, words, `aria-invalid="true"`)
		}
		w.leadsToTheList(t, b)
		w.actsOnAProgramme(t, b)
	})
}

var firstNames = regexp.MustCompile(`Amina|Barasa|Cherono|Deng|Ekai|Fatuma|Gitonga`)

// tableOf is the rows of the first table of a page.
func tableOf(p page) string {
	_, rest, _ := strings.Cut(p.body, "<tbody>")
	rows, _, _ := strings.Cut(rest, "</tbody>")
	return rows
}

// leadsToTheList follows the link of each state of a programme.
func (w *world) leadsToTheList(t *testing.T, b *browser) {
	t.Helper()
	link := regexp.MustCompile(`/admin/people\?enrolment=[^"]*`)
	for status, n := range map[string]string{"APPLIED": "One person", "ENROLLED": "2 people", "SUSPENDED": "One person", "EXITED": "One person"} {
		at := link.FindString(b.get("/admin/programmes/cash?status="+status).want(t, http.StatusOK, "Show these in the list of people").body)
		b.get(unescape(at)).want(t, http.StatusOK, n, `<option value="`+status+`" selected>`)
	}
	if p := b.get("/admin/programmes/food?status=EXITED"); link.MatchString(p.body) {
		t.Error("nobody stands there, and a link leads to them")
	}
	if p := w.registrant("en").get("/admin/people?programme=cash"); p.status == http.StatusOK && strings.Contains(p.body, "Deng") {
		t.Error("a registrant lists who is in a programme")
	}
}

// actsOnAProgramme enrols everybody of one programme in another.
func (w *world) actsOnAProgramme(t *testing.T, b *browser) {
	t.Helper()
	form := b.get("/admin/people/enrol?programme=cash&enrolment=ENROLLED&into=food&as=ENROLLED").want(t, http.StatusOK, "2 would be moved.", "Cash &lt;b&gt;", "Where they stand in it")
	b.post("/admin/people/enrol", form.hidden(map[string]string{"reason": "both need food"})).want(t, http.StatusOK)
	w.work()
	p := b.get("/admin/people?programme=food&enrolment=ENROLLED").want(t, http.StatusOK)
	if got := strings.Join(firstNames.FindAllString(tableOf(p), -1), " "); got != "Cherono Deng" {
		t.Errorf("enrolled in food: %s", got)
	}
	b.get("/admin/people/enrol?programme=none&into=food&as=ENROLLED").want(t, http.StatusUnprocessableEntity, "no such programme to search by")
	b.get("/admin/people/default?programme=cash&label=Survey").want(t, http.StatusOK, "Cash &lt;b&gt;")
	b.get("/admin/people/default?programme=none&label=Survey").want(t, http.StatusUnprocessableEntity, "no such programme to search by")
	b.post("/admin/exports", url.Values{"kind": {"person"}, "fields": {"sex"}, "purpose": {"x"}, "enrolment": {"ENROLLED"}, "step": {"count"}}).want(t, http.StatusUnprocessableEntity, "Choose the programme.")
	for _, role := range []registry.Role{registry.RoleAuditor, registry.RoleAttester} { // who searches sees enrolments, and does nothing with all of these
		if p := w.staff("en", role).get("/admin/people?programme=cash").want(t, http.StatusOK, "Deng"); strings.Contains(p.body, "/admin/people/enrol") {
			t.Errorf("%s is led to enrol", role)
		}
	}
}

// Groups are listed by programmes that are for groups.
func TestGroupsAreListedByProgramme(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		ctx, admin, b := t.Context(), w.actor(registry.RoleAdmin), w.staff("en", registry.RoleRegistrar)
		w.programme("cash")
		_, err := w.registry.DefineProgramme(ctx, admin, registry.Programme{Code: "homes", Label: map[string]string{"en": "Homes"}, Kinds: []string{registry.HouseholdKind}, Start: "2020-01-01"}, "new")
		w.must(err)
		g := w.household()
		b.get("/admin/groups?programme=homes").want(t, http.StatusOK, "No group was found")
		_, err = w.registry.Enrol(ctx, admin, g.ID, registry.EnrolmentChange{Programme: "homes", Status: registry.EnrolmentEnrolled, Reason: "roof", ExpectVersion: g.VersionNo})
		w.must(err)
		p := b.get("/admin/groups?programme=homes&kind=household").want(t, http.StatusOK, g.Number, `<option value="homes" selected>`)
		if strings.Contains(p.body, `value="cash"`) {
			t.Error("a programme for people is offered")
		}
		b.get("/admin/programmes/homes").want(t, http.StatusOK, "Show these in the list of groups", `/admin/groups?enrolment=ENROLLED&amp;programme=homes`)
		if p := b.get("/admin/people").want(t, http.StatusOK); strings.Contains(p.body, `value="homes"`) || !strings.Contains(p.body, `value="cash"`) {
			t.Error("the list of people offers a programme for households, or none for people")
		}
		b.get("/admin/exports/new?kind=household&programme=homes").want(t, http.StatusOK, `<option value="homes" selected>`)
	})
}
