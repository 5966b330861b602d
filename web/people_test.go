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

// The list of a queue says which details wait, and since when.
func TestAQueueSaysWhatWaits(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAttester)
		b.get("/admin/queues/undecided").want(t, http.StatusOK, "What waits", "Given name", "Date of birth", "22 November 2026", "People who wait here:")
		w.attest(registry.StateRejected, "no", "given_name")
		p := b.get("/admin/queues/rejected").want(t, http.StatusOK, "Given name", "22 November 2026")
		if strings.Contains(p.body, "Date of birth") || strings.Contains(p.body, "Amina Yusuf 1991") {
			t.Error("a detail that does not wait here is named")
		}
		b.get("/admin/queues/undecided").want(t, http.StatusOK, w.person.Number, "Date of birth") // for the rest
		w.attest(registry.StateAttested, "", "family_name", "sex", "birth_date", "national_id", "phone_number", "locality")
		if p := b.get("/admin/queues/undecided").want(t, http.StatusOK); strings.Contains(p.body, w.person.Number) {
			t.Error("somebody waits for a first decision of whom everything is decided")
		}
	})
}
