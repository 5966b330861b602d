package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/registry"
)

// idIn is the id at the end of a path.
func idIn(path string) uuid.UUID { return uuid.MustParse(path[strings.LastIndex(path, "/")+1:]) }

// A credential that is suspended or has expired is said to be so, and what can be done.
func TestSuspendedAndExpiredCredentials(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date", "sex")
		at := w.issue(t, w.person.ID)
		w.must(w.issuer.Suspend(t.Context(), w.actor(registry.RoleAdmin), idIn(at), "the phone was lost"))
		offer := "/me/credentials/" + sdJWT + "/offer"
		for _, path := range []string{"/me", "/me/credentials", offer, at} {
			p := me.get(path).want(t, http.StatusOK, "Suspended", "the phone was lost", "only it can restore")
			if strings.Contains(p.body, `href="`+offer+`"`) || strings.Contains(p.body, `action="`+offer+`"`) {
				t.Errorf("%s offers a new one", path)
			}
		}
		form := url.Values{"form": {hiddenOf(t, me.get("/me/messages"), "form")}}
		me.post(offer, form).want(t, http.StatusConflict, "This credential is suspended")
		if _, err := w.issuer.CreateOffer(t.Context(), w.actor(registry.RoleRegistrar), w.person.ID, []string{sdJWT}, false); err == nil {
			t.Error("staff make an offer that leads to nothing")
		}
		w.must(w.issuer.Restore(t.Context(), w.actor(registry.RoleAdmin), idIn(at), "found"))
		me.get("/me/credentials").want(t, http.StatusOK, `href="`+offer+`"`, "In wallet")
		w.pass(366 * 24 * time.Hour)
		later := w.registrant("en")
		later.get("/me/credentials").want(t, http.StatusOK, "It expired on 22 November 2027. A new one can be made.", `href="`+offer+`"`)
		w.attest(registry.StateRejected, "no", "birth_date")
		later.get("/me/credentials").want(t, http.StatusOK, "It expired on", "One detail must be attested first")
	})
}

func hiddenOf(t *testing.T, p page, name string) string {
	t.Helper()
	value := p.hidden(nil).Get(name)
	if value == "" {
		t.Fatalf("no %s at %s", name, p.path)
	}
	return value
}

// followAll writes the messages that are due.
func (w *world) followAll() {
	w.t.Helper()
	w.follow(w.t)
}

// Each message leads to what can be done about it, and one about a request says how it
// was decided.
func TestMessagesLeadOn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		me.get("/me/messages").want(t, http.StatusOK, "There are no messages", "See my record", "/me/edit/contact#f_preferred_contact_method")
		made, err := w.registry.RequestChange(t.Context(), actorOf(w.person.ID), w.person.ID, registry.Change{Set: map[string]string{"locality": "Maralal"}}, false)
		w.must(err)
		q := registry.RequestVersion{ID: made[0].ID, Version: made[0].Version}
		_, err = w.registry.RejectRequest(t.Context(), w.actor(registry.RoleRegistrar), q, "The lease is of another house.")
		w.must(err)
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date", "sex")
		w.attest(registry.StateRejected, "Not readable.", "locality")
		_, err = w.registry.AppealDecision(t.Context(), actorOf(w.person.ID), w.person.ID, "locality", "It is.")
		w.must(err)
		open, err := w.registry.Appeals(t.Context(), w.actor(registry.RoleAdmin), "", 0)
		w.must(err)
		_, err = w.registry.DeclineAppeal(t.Context(), w.actor(registry.RoleAdmin), open.Appeals[0].ID, "It is not.")
		w.must(err)
		w.issue(t, w.person.ID)
		w.followAll()
		p := me.get("/me/messages").want(t, http.StatusOK, "The change that was asked for was refused", "The lease is of another house.", `href="/me/requests/`+made[0].ID.String()+`"`,
			"Your appeal was declined", `href="/me/appeals"`, `href="/me#s-contact"`, `href="/me/credentials#c-`+sdJWT+`"`)
		if strings.Contains(p.body, "[message.") {
			t.Error("a message has no words")
		}
	})
}

// A detail has a page: what was decided on it, and a way to send what shows it.
func TestDetailPage(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		w.attest(registry.StateAttested, "", "birth_date")
		w.attest(registry.StateRejected, "The certificate is of somebody else.", "birth_date")
		const at = "/me/details/birth_date"
		me.get("/me").want(t, http.StatusOK, `href="`+at+`#evidence"`, "Send a paper that shows it")
		form := me.get(at).want(t, http.StatusOK, "Date of birth", "All decisions", "The certificate is of somebody else.", "Attested", "None was sent yet")
		me.post(at, form.hidden(nil)).want(t, http.StatusUnprocessableEntity, "Choose a file")
		me.send(at, form.hidden(nil), "run.exe", "MZ\x90\x00\x03").want(t, http.StatusUnprocessableEntity, "none of them")
		me.send(at, form.hidden(nil), "birth.png", smallPNG).want(t, http.StatusOK, "The paper is sent", "birth.png")
		documents, err := w.registry.Documents(t.Context(), actorOf(w.person.ID), w.person.ID)
		w.must(err)
		if len(documents) != 1 || len(documents[0].Fields) != 1 || documents[0].Fields[0] != "birth_date" {
			t.Errorf("documents %+v", documents)
		}
		w.staff("en", registry.RoleAttester).get("/admin/people/"+w.person.ID.String()+"/attest").want(t, http.StatusOK, "birth.png")
		again := me.get("/me/details/locality")
		me.send("/me/details/locality", again.hidden(nil), "birth.png", smallPNG).want(t, http.StatusOK, "birth.png")
		me.get(at).want(t, http.StatusOK, "birth.png")
		stranger, _ := w.stranger("en")
		if p := stranger.get(at).want(t, http.StatusOK, "Nobody has decided"); strings.Contains(p.body, "birth.png") || strings.Contains(p.body, "somebody else") {
			t.Error("a stranger sees it")
		}
		for _, path := range []string{"/me/details/nothing", "/me/details/" + url.PathEscape("<b>")} {
			me.get(path).want(t, http.StatusNotFound)
			me.post(path, form.hidden(nil)).want(t, http.StatusNotFound)
		}
		w.staff("en", registry.RoleAdmin).get(at).want(t, http.StatusForbidden)
	})
}

// The record shows the identifiers that the office recorded, masked.
func TestIdentifiersOnTheOwnRecord(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		if strings.Contains(me.get("/me").body, `id="ids"`) {
			t.Error("there is a list of nothing")
		}
		_, err := w.registry.AddIdentifier(t.Context(), w.actor(registry.RoleRegistrar), w.person.ID, registry.NewIdentifier{Type: "passport", Value: "AB1234567", ValidTo: "2030-01-01", Reason: "shown"})
		w.must(err)
		p := me.get("/me").want(t, http.StatusOK, `id="ids"`, "4567", "Valid")
		if strings.Contains(p.body, "AB1234567") {
			t.Error("the whole number is shown")
		}
	})
}

// A credential tells what is in it, as the record had it then, and the list of all goes
// on where a page ends.
func TestWhatIsInACredential(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date", "sex")
		first := w.issue(t, w.person.ID)
		for range 20 {
			w.pass(time.Second)
			w.issue(t, w.person.ID)
		}
		me.get(first).want(t, http.StatusOK, "2 April 1991", "Amina", `href="/me/versions/1"`, "Made from version 1")
		list := me.get("/me/credentials").want(t, http.StatusOK, "/me/credentials?after=")
		if strings.Contains(list.body, first) {
			t.Error("21 credentials stand on one page")
		}
		next := unescape(list.body[strings.Index(list.body, "/me/credentials?after="):])
		me.get(next[:strings.Index(next, `"`)]).want(t, http.StatusOK, first)
		me.get("/me/credentials?after=nowhere").want(t, http.StatusUnprocessableEntity)
	})
}

// Several details that are kept as drafts are said to be several.
func TestDraftsAreCounted(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		check := me.post("/me/edit/contact", me.get("/me/edit/contact").hidden(map[string]string{"f_locality": "Maralal", "f_email": "a@example.org", "step": "check"}))
		me.post("/me/edit/contact", check.hidden(map[string]string{"step": "draft"})).want(t, http.StatusOK, "2 drafts are kept", "Maralal", "a@example.org")
		if p := me.get("/me/requests?done=drafts&n=x"); strings.Contains(p.body, "drafts are kept") {
			t.Error("anything counts as a number")
		}
	})
}

// What a phone that was left open would give away asks who is there.
func TestOwnDataAndOffersAskAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date", "sex")
		offer := "/me/credentials/" + sdJWT + "/offer"
		form := me.get(offer).hidden(nil)
		w.pass(20 * time.Minute)
		for _, path := range []string{"/me/data", "/me/data.json", "/me/data.csv"} {
			if p := me.get(path); p.path != "/step-up" || strings.Contains(p.body, "KE44712209") {
				t.Errorf("%s is at %s", path, p.path)
			}
		}
		asked := me.post(offer, form).want(t, http.StatusForbidden, "step_up_password")
		proved := asked.hidden(map[string]string{"step_up": "1", "step_up_password": password})
		me.post(offer, proved).want(t, http.StatusOK, "openid-credential-offer:")
		me.get("/me/data.json").want(t, http.StatusOK, "KE44712209")
	})
}
