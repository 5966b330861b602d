package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"socialregistry/registry"
)

// auditTour is every list of the audit.
func auditTour(admin *browser) (pages []page) {
	for _, path := range []string{"/admin/audit/sign-ins", "/admin/audit/credentials"} {
		pages = append(pages, admin.get(path))
	}
	return pages
}

// Who of staff signed in and who was refused is told to auditors, of names that staff
// have, and no longer than half a year.
func TestSignInsOfStaffAreWrittenDown(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		auditor := w.staff("en", registry.RoleAuditor)
		stranger := w.browser("en")
		for range registry.MaxFailures {
			stranger.post("/login", url.Values{"username": {"registrar"}, "password": {"not this one"}})
		}
		stranger.post("/login", url.Values{"username": {"registrar"}, "password": {"not this one"}}) // locked: not written down any more
		stranger.post("/login", url.Values{"username": {"nobody-here"}, "password": {"not this one"}})
		stranger.post("/login", url.Values{"username": {w.person.Number}, "password": {"not this one"}})
		w.registrant("en")
		const at = "/admin/audit/sign-ins"
		all := auditor.get(at).want(t, http.StatusOK, "auditor", "Signed in", "registrar", "Refused", "Refused, and locked", "With a passphrase", "180 days")
		for _, not := range []string{"nobody-here", w.person.Number} {
			if strings.Contains(all.body, not) {
				t.Errorf("%s stands in the log of staff", not)
			}
		}
		if n := strings.Count(all.body, ">registrar<"); n != registry.MaxFailures {
			t.Errorf("%d entries of the registrar, want %d", n, registry.MaxFailures)
		}
		auditor.get(at+"?outcome=locked").want(t, http.StatusOK, "registrar")
		auditor.get(at+"?actor=Auditor&outcome=refused").want(t, http.StatusOK, "Nobody signed in so")
		auditor.get(at+"?after=nonsense").want(t, http.StatusUnprocessableEntity)
		auditor.get(at+"?actor=%00").want(t, http.StatusUnprocessableEntity)
		auditor.get("/admin/audit").want(t, http.StatusOK, at, "/admin/audit/credentials")
		w.staff("en", registry.RoleAttester).get(at).want(t, http.StatusForbidden, "Auditor")
		w.pass(registry.SignInsKept + time.Hour)
		w.staff("en", registry.RoleAuditor).get(at).want(t, http.StatusOK, "Signed in")
		if p := w.staff("en", registry.RoleAdmin).get(at); strings.Contains(p.body, ">registrar<") {
			t.Error("an entry outlives its time")
		}
	})
}

// Whoever adds an issuer, a client or a key is seen in the audit.
func TestChangesOfTheIssuerAreAudited(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		admin, auditor := w.staff("en", registry.RoleAdmin), w.staff("en", registry.RoleAuditor)
		const at = "/admin/audit/credentials"
		admin.post("/admin/clients/new", admin.get("/admin/clients/new").hidden(goodClient(nil))).want(t, http.StatusOK)
		add := admin.get("/admin/issuers").hidden(map[string]string{"issuer_name": "north", "called_en": "Office of the North", "reason": "a new office"})
		add["configs"] = []string{w.issuer.Configurations()[0].ID}
		admin.post("/admin/issuers", add).want(t, http.StatusOK)
		auditor.get(at).want(t, http.StatusOK, "north", "Issuer", "a new office", "https://wallet.example/app", "the pilot", "admin", "Key")
		auditor.get(at+"?sort=issuer").want(t, http.StatusOK, "north", "/admin/issuers")
		if p := auditor.get(at + "?sort=issuer&actor=admin"); strings.Contains(p.body, "wallet.example") {
			t.Error("others than issuers are listed")
		}
		auditor.get(at+"?actor=nobody").want(t, http.StatusOK, "Nothing was changed so")
		auditor.get(at+"?after=nonsense").want(t, http.StatusUnprocessableEntity)
		auditor.get(at+"?sort=%00").want(t, http.StatusUnprocessableEntity)
		w.staff("en", registry.RoleRegistrar).get(at).want(t, http.StatusForbidden, "Auditor")
	})
}
