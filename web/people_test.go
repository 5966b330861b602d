package web_test

import (
	"net/http"
	"strings"
	"testing"

	"socialregistry/registry"
)

// Half of "this detail in this state" finds nobody and asks for the other half;
// an empty queue is not a search that found nobody.
func TestPeopleSaysWhyNobodyIsListed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.attest(registry.StateAttested, "", "given_name")
		b := w.staff("en", registry.RoleAttester)
		b.get("/admin/people?field=given_name&state=ATTESTED").want(t, http.StatusOK, w.person.Number)
		for path, words := range map[string]string{
			"/admin/people?field=&state=ATTESTED":     "Choose the detail that is in this state.",
			"/admin/people?field=given_name&state=":   "Choose the state of this detail.",
			"/admin/people?queue=rejected":            "Nothing waits here.",
			"/admin/people?q=nobody+has+such+a+name+": "Nobody was found.",
		} {
			status := http.StatusOK
			if strings.Contains(path, "field=") {
				status = http.StatusUnprocessableEntity
			}
			if p := b.get(path).want(t, status, words); strings.Contains(p.body, w.person.Number) {
				t.Errorf("%s lists somebody", path)
			}
		}
	})
}
