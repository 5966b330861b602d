package web_test

import (
	"net/http"
	"strings"
	"testing"

	"socialregistry/registry"
)

// An open, unattended session changes no telephone: the form asks who is there, and
// what was typed goes on with the proof.
func TestAContactAsksWhoIsThere(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		open := me.get("/me/edit/contact").want(t, http.StatusOK, "f_phone_number")
		w.pass(registry.DefaultStepUp)
		if p := me.get("/me/edit/contact"); p.path != "/step-up" {
			t.Fatalf("at %s", p.path)
		}
		phone := func() string {
			t.Helper()
			p, err := w.registry.Person(t.Context(), registry.System(), w.person.ID)
			w.must(err)
			return p.Values["phone_number"].Text
		}
		for _, step := range []string{"check", "save", "draft"} {
			asked := me.post("/me/edit/contact", open.hidden(map[string]string{"f_phone_number": "+254711000001", "step": step}))
			asked.want(t, http.StatusForbidden, `name="f_phone_number" value="+254711000001"`, `name="step_up_password"`, `action="/me/edit/contact"`)
			me.post("/me/edit/contact", asked.hidden(map[string]string{"step_up_password": "wrong"})).want(t, http.StatusForbidden, "+254711000001")
		}
		if got := phone(); got != "+254711220998" {
			t.Fatalf("the telephone is %s", got)
		}
		asked := me.post("/me/edit/contact", open.hidden(map[string]string{"f_phone_number": "+254711000001", "step": "check"}))
		check := me.post("/me/edit/contact", asked.hidden(map[string]string{"step_up_password": password})).want(t, http.StatusOK, "Check before you save", "+254711000001")
		me.post("/me/edit/contact", check.hidden(map[string]string{"step": "save"})).want(t, http.StatusOK, "Your changes are saved")
		if got := phone(); got != "+254711000001" {
			t.Errorf("the telephone is %s", got)
		}
		w.follow(t)
		me.get("/me/messages").want(t, http.StatusOK, "How you are reached was changed", "Phone number")
	})
}

// A draft that was kept is sent by nobody else either, and other details need no proof.
func TestADraftOfAContactAsksWhoIsThere(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		form, spare := me.get("/me/edit/contact"), me.get("/me/edit/contact")
		draft := me.post("/me/edit/contact", form.hidden(map[string]string{"f_email": "amina@example.org", "step": "draft"})).want(t, http.StatusOK, "The draft is kept")
		w.pass(registry.DefaultStepUp)
		asked := me.post(draft.path, draft.hidden(map[string]string{"f_email": "thief@example.org", "step": "send"})).want(t, http.StatusForbidden, `value="thief@example.org"`, `name="step_up_password"`)
		me.post(draft.path, asked.hidden(map[string]string{"step_up_password": password})).want(t, http.StatusOK, "thief@example.org")
		w.pass(registry.DefaultStepUp)
		other := me.post("/me/edit/contact", spare.hidden(map[string]string{"f_locality": "Maralal", "step": "save"}))
		if other.status != http.StatusOK || !strings.Contains(other.body, "Maralal") {
			t.Errorf("%d at %s: %s", other.status, other.path, text(other.body))
		}
	})
}

// A guardian sees how a ward is reached and changes nothing of it.
func TestAGuardianMovesNoContact(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		ward := w.ward(t, "Ibou", w.person.ID)
		me := w.registrant("en")
		act(me, ward)
		edit := me.get("/me/edit/contact").want(t, http.StatusOK, "f_locality")
		if strings.Contains(edit.body, "f_phone_number") || strings.Contains(edit.body, "f_email") {
			t.Error("the form asks how the ward is reached")
		}
		me.post("/me/edit/contact", edit.hidden(map[string]string{"f_phone_number": "+254711000001", "f_locality": "Maralal", "step": "save"}))
		p, err := w.registry.Person(t.Context(), registry.System(), ward)
		w.must(err)
		if p.Values["phone_number"].Text != "" || p.Values["locality"].Text != "Maralal" {
			t.Errorf("the record says %v", p.Values)
		}
	})
}
