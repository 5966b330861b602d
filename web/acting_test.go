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

// actTour shows the pages by which a guardian acts.
func actTour(add func(page), me *browser) { add(me.get("/me/acting")) }

// act lets a guardian act for a ward.
func act(b *browser, ward uuid.UUID) page {
	b.w.t.Helper()
	return b.post("/me/acting", b.get("/me/acting").hidden(map[string]string{"ward": ward.String()}))
}

// A guardian acts for a ward: the band says so on every page, the pages are the
// ward's, and the log names both.
func TestActForAWard(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		ward := w.ward(t, "Ibou", w.person.ID)
		me := w.registrant("en")
		me.get("/me").want(t, http.StatusOK, "People in your care", "/me/acting")
		me.get("/me/acting").want(t, http.StatusOK, "Act for", "Ibou Okonjo")
		act(me, ward).want(t, http.StatusOK, "You act for", "Ibou Okonjo", "Back to my own record")
		edit := me.get("/me/edit/contact").want(t, http.StatusOK, "You act for")
		check := me.post("/me/edit/contact", edit.hidden(map[string]string{"f_locality": "Maralal", "step": "check"})).want(t, http.StatusOK, "You act for", "Maralal")
		me.post("/me/edit/contact", check.hidden(map[string]string{"step": "save"})).want(t, http.StatusOK, "Your changes are saved")
		me.get("/me/history").want(t, http.StatusOK, "You act for", w.person.Number, "for", "Town or village")
		for _, path := range []string{"/me/messages", "/me/credentials", "/me/looks", "/me/acting", "/wallets"} {
			me.get(path).want(t, http.StatusOK, "You act for", "Ibou Okonjo")
		}
		me.get("/me/credentials").want(t, http.StatusOK, "Credentials of", "Add to my wallet", "?for="+ward.String())

		log, err := w.registry.History(t.Context(), registry.System(), ward)
		w.must(err)
		p, err := w.registry.Person(t.Context(), registry.System(), ward)
		w.must(err)
		if last := log[len(log)-1]; last.Actor != w.person.Number+" for "+p.Number || last.Channel != registry.ChannelSelf {
			t.Errorf("the log names %q by %s", last.Actor, last.Channel)
		}
		end := me.post("/me/acting/end", nil).want(t, http.StatusOK, "You act for yourself again.")
		if strings.Contains(end.body, "acting-end") {
			t.Error("the band stays")
		}
		if own, err := w.registry.Person(t.Context(), registry.System(), w.person.ID); err != nil || own.Values["locality"].Text != "Kisima" {
			t.Errorf("the guardian's own record: %v, %v", own.Values["locality"], err)
		}
	})
}

// Nobody acts for somebody else's ward, or for a neighbour; and what is the guardian's
// is closed meanwhile.
func TestActingIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		ward, stranger := w.ward(t, "Ibou", w.person.ID), w.ward(t, "Fatoumata", uuid.Nil)
		me := w.registrant("en")
		for _, id := range []string{stranger.String(), uuid.NewString(), w.person.ID.String(), "x", ""} {
			me.post("/me/acting", me.get("/me/acting").hidden(map[string]string{"ward": id})).want(t, http.StatusNotFound)
		}
		act(me, ward).want(t, http.StatusOK, "You act for")
		for _, path := range []string{"/me/sharing", "/me/security", "/me/authorize/x"} {
			if p := me.get(path); p.status != http.StatusForbidden && p.status != http.StatusNotFound {
				t.Errorf("%s answers %d", path, p.status)
			}
		}
		me.get("/me/sharing").want(t, http.StatusForbidden, "not_while_acting", "Back to my own record")
		me.get("/me/credentials?for="+w.person.ID.String()).want(t, http.StatusNotFound)
		me.get("/me/credentials?for="+stranger.String()).want(t, http.StatusNotFound)
		if p := me.get("/api/v1/people/" + ward.String()); p.status != http.StatusNotFound {
			t.Errorf("REST gives the ward's record: %d", p.status)
		}
		if p := me.get("/api/v1/people/" + w.person.ID.String()); p.status != http.StatusOK {
			t.Errorf("REST does not give the own record: %d", p.status)
		}
		staff := w.staff("en", registry.RoleRegistrar)
		staff.get("/me/acting").want(t, http.StatusForbidden)
		staff.post("/me/acting", url.Values{"ward": {ward.String()}}).want(t, http.StatusForbidden)
	})
}

// A form that was opened for one record is not applied to another, at any step.
func TestFormOfAnotherRecord(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		ward := w.ward(t, "Ibou", w.person.ID)
		me := w.registrant("en")
		own := me.get("/me/edit/contact")
		act(me, ward)
		for _, step := range []string{"check", "save", "edit"} {
			me.post("/me/edit/contact", own.hidden(map[string]string{"f_locality": "Wrong", "step": step})).want(t, http.StatusConflict, "form_other_record", "another record")
		}
		theirs := me.get("/me/edit/contact")
		me.post("/me/acting/end", nil)
		me.post("/me/edit/contact", theirs.hidden(map[string]string{"f_locality": "Wrong", "step": "save"})).want(t, http.StatusConflict, "form_other_record")
		for _, id := range []uuid.UUID{ward, w.person.ID} {
			p, err := w.registry.Person(t.Context(), registry.System(), id)
			w.must(err)
			if p.Values["locality"].Text == "Wrong" {
				t.Error("a form was applied to another record")
			}
		}
	})
}

// The guardianship is looked at on each request: when it ends, by the office or by
// the calendar, the next request is refused and the session is its own again.
func TestActingEndsWithTheGuardianship(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		ward := w.ward(t, "Ibou", w.person.ID)
		me := w.registrant("en")
		act(me, ward)
		edit := me.get("/me/edit/contact")
		admin := w.actor(registry.RoleAdmin)
		kin, err := w.registry.Kinship(t.Context(), admin, ward)
		w.must(err)
		_, err = w.registry.EndGuardian(t.Context(), admin, ward, registry.GuardianChange{Guardian: w.person.ID, To: "2026-11-22", Reason: "court order", Expect: kin.ChainNo})
		w.must(err)
		me.get("/me").want(t, http.StatusOK, "You act for") // its last day counts
		w.pass(13 * time.Hour)
		me = w.registrant("en") // the old session is over too
		form := me.get("/me/messages").hidden(nil).Get("form")
		me.get("/me/acting").want(t, http.StatusOK, "Nobody is in your care now")
		me.post("/me/acting", url.Values{"form": {form}, "ward": {ward.String()}}).want(t, http.StatusNotFound)

		second := w.ward(t, "Binta", uuid.Nil)
		_, err = w.registry.AddGuardian(t.Context(), admin, second, registry.GuardianChange{Guardian: w.person.ID, From: "2026-11-01", Reason: "court order"})
		w.must(err)
		act(me, second).want(t, http.StatusOK, "Binta")
		w.exec("UPDATE guardianship SET valid_to = '2026-11-22' WHERE registrant_id = ?", second)
		me.post("/me/edit/contact", edit.hidden(map[string]string{"f_locality": "Wrong", "step": "save"})).want(t, http.StatusForbidden, "acting_ended")
		if p := me.get("/me").want(t, http.StatusOK, "Amina"); strings.Contains(p.body, "acting-end") {
			t.Error("the band stays")
		}
	})
}

func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	w.must(w.db.WithContext(w.t.Context()).Exec(statement, args...).Error)
}
