package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"socialregistry/registry"
)

var languageTool = regexp.MustCompile(`<a href="([^"]*)" lang="ar"`)

// languageOf is where a page's link to the other language leads, as a browser
// sees it.
func languageOf(t *testing.T, w *world, p page) *url.URL {
	t.Helper()
	m := languageTool.FindStringSubmatch(p.body)
	if m == nil {
		t.Fatalf("no language link at %s: %s", p.path, text(p.body))
	}
	here, err := url.Parse(w.URL)
	w.must(err)
	here.Path = p.path
	link, err := here.Parse(unescape(m[1]))
	w.must(err)
	return link
}

// Whatever address a page has, its language link stays on this site.
func TestLanguageLinkStaysHere(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.browser("en")
		for _, path := range []string{"//evil.example/x", "///evil.example", "//evil.example//x", "/%5Cevil.example", "/%2F%2Fevil.example", "/no:such@page", "/login?x=//evil.example"} {
			p := b.get(path)
			if link := languageOf(t, w, p); !strings.HasPrefix(link.String(), w.URL+"/") {
				t.Errorf("%s: the link leads to %s", path, link)
			}
		}
	})
}

// The link on a page that answers a form leads to a page that can be opened.
func TestLanguageLinkAfterAForm(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		registrar := w.staff("en", registry.RoleRegistrar)
		checked := registrar.upload("visit.csv", "Given name\nOtieno\n")
		person := "/admin/people/" + w.person.ID.String()
		for name, p := range map[string]page{
			"upload refused": registrar.upload("", "x"),
			"apply refused":  registrar.post(checked.path+"/apply", url.Values{"form": {"nonsense"}}),
			"edit refused":   registrar.post(person+"/edit", registrar.get(person+"/edit").hidden(map[string]string{"f_birth_date": "2999-01-01", "step": "save"})),
			"form is over":   registrar.post("/admin/people/new", url.Values{}),
		} {
			if p.status < 400 {
				t.Errorf("%s: %d", name, p.status)
			}
			link := languageOf(t, w, p)
			if got := registrar.get(link.RequestURI()); got.status != http.StatusOK || !strings.Contains(got.body, `<html lang="ar"`) {
				t.Errorf("%s: the link to %s gave %d", name, link.RequestURI(), got.status)
			}
			registrar.get("/admin?lang=en")
		}
	})
}

// Sealed values stand in full only before those who decide on them.
func TestSealedValuesBeforeTheDecision(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.attest(registry.StateAttested, "", "national_id", "phone_number")
		_, err := w.registry.Edit(t.Context(), w.actor(registry.RoleRegistrar), w.person.ID, registry.Change{Set: map[string]string{"national_id": "KE99887766"}, Reason: "x", ExpectVersion: w.person.VersionNo})
		w.must(err)
		path := "/admin/people/" + w.person.ID.String() + "/attest"
		for _, role := range []registry.Role{registry.RoleAuditor, registry.RoleRegistrar} {
			p := w.staff("en", role).get(path).want(t, http.StatusOK, "••••\u00a07766", "••••\u00a00998", "Amina")
			for _, whole := range []string{"KE44712209", "KE99887766", "254711220998"} {
				if strings.Contains(p.body, whole) {
					t.Errorf("%s is shown %s", role, whole)
				}
			}
		}
		for _, role := range []registry.Role{registry.RoleAttester, registry.RoleAdmin} {
			w.staff("en", role).get(path).want(t, http.StatusOK, "KE99887766", "+254711220998")
		}
	})
}
