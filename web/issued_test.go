package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"socialregistry/issuer"
	"socialregistry/registry"
)

func TestIssuedCredentialsAreFoundAndTurned(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		b.get("/admin/issued").want(t, http.StatusOK, "No credential fits this.")
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date", "sex")
		at := strings.Replace(w.issue(t, w.person.ID), "/me/credentials/", "/admin/issued/", 1)
		b.get("/admin/issued").want(t, http.StatusOK, at, "Valid", "Amina", w.person.Number)
		b.get("/admin/issued?person_number="+w.person.Number+"&standing=issued&issued_since=2026-01-01").want(t, http.StatusOK, at)
		for query, want := range map[string]string{"standing=suspended": "No credential fits this.", "config=none": "No credential fits this.", "issued_since=2027-01-01": "No credential fits this.",
			"issued_since=soon": "year-month-day", "person_number=SR-0": "There is no such person."} {
			status := http.StatusOK
			if !strings.HasPrefix(want, "No credential") {
				status = http.StatusUnprocessableEntity
			}
			p := b.get("/admin/issued?"+query).want(t, status, want)
			if strings.Contains(p.body, at) {
				t.Errorf("%s shows it", query)
			}
		}
		b.get("/admin/issued?after=nowhere").want(t, http.StatusUnprocessableEntity)
		page := b.get(at).want(t, http.StatusOK, "What happened to it", "Amina", "Withdraw credential", "dc+sd-jwt")
		b.post(at, page.hidden(map[string]string{"step": "suspend"})).want(t, http.StatusUnprocessableEntity, "Give a reason")
		b.post(at, b.get(at).hidden(map[string]string{"step": "suspend", "reason": "the phone is lost"})).want(t, http.StatusOK, "Suspended", "the phone is lost")
		b.post(at, b.get(at).hidden(map[string]string{"step": "restore", "reason": "it was found"})).want(t, http.StatusOK, "Valid", "it was found")
		b.post(at, b.get(at).hidden(map[string]string{"step": "withdraw", "reason": "a mistake"})).want(t, http.StatusOK, "Withdrawn", "a mistake")
		if p := b.get(at); strings.Contains(p.body, "Withdraw credential") {
			t.Error("one that ended can be withdrawn")
		}
		auditor := w.staff("en", registry.RoleAuditor)
		auditor.get(at).want(t, http.StatusOK)
		auditor.post(at, url.Values{"step": {"withdraw"}, "reason": {"x"}}).want(t, http.StatusForbidden)
		b.get("/admin/issued/x").want(t, http.StatusNotFound)
		b.get("/admin/issued/00000000-0000-0000-0000-000000000001").want(t, http.StatusNotFound)
		w.registrant("en").get("/admin/issued").want(t, http.StatusForbidden)
	})
}

func TestOpenOffersAreCancelled(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		b.get("/admin/offers").want(t, http.StatusOK, "No offer waits")
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date", "sex")
		offer, err := w.issuer.CreateOffer(t.Context(), actorOf(w.person.ID), w.person.ID, []string{sdJWT}, true)
		w.must(err)
		page := b.get("/admin/offers").want(t, http.StatusOK, "Amina", "Cancel an offer")
		id := regexp.MustCompile(`<option value="([^"]+)"`).FindStringSubmatch(page.body)[1]
		if id != offer.ID {
			t.Errorf("offer %q, want %q", id, offer.ID)
		}
		auditor := w.staff("en", registry.RoleAuditor)
		if p := auditor.get("/admin/offers").want(t, http.StatusForbidden, "Registrar"); strings.Contains(p.body, offer.ID) {
			t.Error("an auditor is shown an offer")
		}
		auditor.post("/admin/offers/cancel", url.Values{"offer": {id}}).want(t, http.StatusForbidden)
		b.post("/admin/offers/cancel", page.hidden(map[string]string{"offer": "nothing"})).want(t, http.StatusNotFound)
		b.post("/admin/offers/cancel", b.get("/admin/offers").hidden(map[string]string{"offer": id})).want(t, http.StatusOK, "The offer was cancelled.", "No offer waits")
	})
}

// Who is shown a paper finds it by the number on it, however it is typed.
func TestAPaperIsFoundByItsNumber(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date", "sex")
		other := strings.Replace(w.issue(t, w.person.ID), "/me/credentials/", "/admin/issued/", 1)
		made, err := w.issuer.MakePaper(t.Context(), actorOf(w.person.ID), issuer.NewPaper{RegistrantID: w.person.ID, ConfigID: sdJWT, Fields: []string{"given_name"}})
		w.must(err)
		b, at, number := w.staff("en", registry.RoleAttester), "/admin/issued/"+made.ID.String(), made.Reference()
		for _, typed := range []string{number, strings.ToLower(number), number[:4] + " " + number[4:8] + "\u00a0" + number[8:], " " + number[:6] + "-" + number[6:] + "\t", "\u2066" + number[:8] + "–" + number[8:] + "\u2069"} {
			p := b.get("/admin/issued?reference="+url.QueryEscape(typed)).want(t, http.StatusOK, at, "Amina", "Reference number of a paper")
			if strings.Contains(p.body, other) {
				t.Errorf("%q finds another one too", typed)
			}
		}
		b.get("/admin/issued?reference="+number+"&standing=issued&person_number="+w.person.Number).want(t, http.StatusOK, at)
		b.get("/admin/issued?reference="+number+"&standing=withdrawn").want(t, http.StatusOK, "No paper has this reference number.")
		wrong := "0" + number[1:]
		if wrong == number {
			wrong = "1" + number[1:]
		}
		head := strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(other, "/admin/issued/"), "-", "")[:12])
		for _, none := range []string{wrong, head} { // nobody's, and the head of what is no paper
			if p := b.get("/admin/issued?reference="+none).want(t, http.StatusOK, "No paper has this reference number."); strings.Contains(p.body, at) {
				t.Errorf("%s finds %s", none, number)
			}
		}
		for _, bad := range []string{number[1:], number + "0", "nonsense", "00000000000G", "%00", "%FF", strings.Repeat("A", 3000)} {
			p := b.get("/admin/issued?reference="+bad).want(t, http.StatusUnprocessableEntity, "12 signs: digits", `id="reference"`)
			if strings.Contains(p.body, "No paper has") {
				t.Errorf("%q is looked for", bad)
			}
		}
	})
}

// A role for a part of the registry sees the credentials of people whom it reaches.
func TestIssuedWithinBounds(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		_, err := w.registry.OpenStaff(t.Context(), registry.System(), "householder", password, []registry.Grant{{Role: registry.RoleRegistrar, Kind: registry.HouseholdKind}}, "")
		w.must(err)
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date", "sex")
		at := strings.Replace(w.issue(t, w.person.ID), "/me/credentials/", "/admin/issued/", 1)
		b := w.browser("en")
		b.post("/login", url.Values{"username": {"householder"}, "password": {password}})
		p := b.get("/admin/issued").want(t, http.StatusOK, "Your role holds for a part")
		if strings.Contains(p.body, at) {
			t.Error("it is shown to somebody whom it is not for")
		}
		b.get("/admin/issued?person_number="+w.person.Number).want(t, http.StatusUnprocessableEntity, "There is no such person.")
		made, err := w.issuer.MakePaper(t.Context(), actorOf(w.person.ID), issuer.NewPaper{RegistrantID: w.person.ID, ConfigID: sdJWT, Fields: []string{"given_name"}})
		w.must(err)
		b.get("/admin/issued?reference="+made.Reference()).want(t, http.StatusOK, "No paper has this reference number.")
		b.get(at).want(t, http.StatusNotFound)
	})
}
