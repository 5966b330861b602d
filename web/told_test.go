package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/registry"
)

const tellPath = "/me/edit/household"

// requestAt finds the newest request on a page.
func requestAt(t testing.TB, p page) (id string) {
	t.Helper()
	found := regexp.MustCompile(`/requests/([0-9a-f-]{36})`).FindStringSubmatch(p.body)
	if found == nil {
		t.Fatalf("no request at %s:\n%s", p.path, text(p.body))
	}
	return found[1]
}

// tellOf writes a note, checks it and sends it.
func (b *browser) tellOf(t *testing.T, note string) page {
	t.Helper()
	form := b.get(tellPath).want(t, http.StatusOK, "Tell us about a change", "Who, what and since when", `type="file"`)
	check := b.post(tellPath, form.hidden(map[string]string{noteName(t, form): note, "step": "check"})).want(t, http.StatusOK, "Check before you send", "Tell the office")
	return b.post(tellPath, check.hidden(map[string]string{"step": "save"}))
}

// noteName is the name of the input for the note.
func noteName(t testing.TB, p page) string {
	t.Helper()
	found := regexp.MustCompile(`<textarea id="(f_[a-z_]+)"`).FindStringSubmatch(p.body)
	if found == nil {
		t.Fatalf("no input for a note at %s", p.path)
	}
	return found[1]
}

// tellTour shows the pages on which a person tells of a change.
func tellTour(w *world, me *browser) []page {
	w.t.Helper()
	form := me.get(tellPath)
	check := me.post(tellPath, form.hidden(map[string]string{noteName(w.t, form): "A child was born.", "step": "check"}))
	sent := me.post(tellPath, check.hidden(map[string]string{"step": "save"}))
	return []page{form, check, sent, me.get("/me/requests/" + requestAt(w.t, sent))}
}

// What a person tells is in the office's queue, is decided with words, and the person
// sees how it stands and gets a message.
func TestAChangeIsTold(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		me.get("/me/household").want(t, http.StatusOK, "Tell us about a change", `href="`+tellPath+`"`)
		if p := me.get("/me"); strings.Contains(p.body, tellPath) || strings.Contains(p.body, "Change in the household") {
			t.Error("the record shows a detail that it never has")
		}
		sent := me.tellOf(t, "A child was born.\nHis name is Juma.").want(t, http.StatusOK, "It is sent to the office", "1 thing that you told waits", "What you told the office", "Being checked")
		if sent.path != "/me/household" {
			t.Errorf("it leads to %s", sent.path)
		}
		own := "/me/requests/" + requestAt(t, sent)
		me.get("/me/requests").want(t, http.StatusOK, "Change in the household or family", "His name is Juma.")
		me.get("/me").want(t, http.StatusOK, "Waits for approval", own)

		office, at := w.staff("en", registry.RoleRegistrar), "/admin/requests/"+requestAt(t, sent)
		office.get("/admin/requests").want(t, http.StatusOK, at, "Change in the household or family", "A child was born.")
		for _, path := range []string{w.address(), w.address() + "/household"} {
			office.get(path).want(t, http.StatusOK, "A child was born.", at)
		}
		p := office.get(at).want(t, http.StatusOK, "The person told the office this", w.address()+"/household", "Dealt with")
		office.post(at, p.hidden(map[string]string{"step": "approve", "words": "He is in your household now."})).want(t, http.StatusOK, "It is dealt with", "He is in your household now.")
		me.get(own).want(t, http.StatusOK, "Done", "He is in your household now.", "Sent")
		if p := me.get("/me/household").want(t, http.StatusOK, "Done"); strings.Contains(p.body, "waits for the office") {
			t.Error("it still waits")
		}
		w.followAll()
		me.get("/me/messages").want(t, http.StatusOK, "The office has dealt with what it was told: \u2068Change in the household or family")
		if now, err := w.registry.Person(t.Context(), registry.System(), w.person.ID); err != nil || now.VersionNo != w.person.VersionNo {
			t.Errorf("the record has another version: %d, %v", now.VersionNo, err)
		}
	})
}

// Notes that are ticked are dealt with, and nowhere called approved; what is approved
// beside them is.
func TestToldChangesAreTicked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me, office := w.registrant("en"), w.staff("en", registry.RoleRegistrar)
		change := w.asks(t, w.someone("Akinyi").ID, map[string]string{"family_name": "Ochieng"})[0]
		const says = "no record is changed by it"
		if p := office.get("/admin/requests").want(t, http.StatusOK, "Akinyi"); strings.Contains(p.body, says) {
			t.Error("notes are spoken of, and there are none")
		}
		note := requestAt(t, me.tellOf(t, "A child was born."))
		p := office.get("/admin/requests").want(t, http.StatusOK, says)
		form := p.hidden(nil)
		form["request"] = []string{note + ":1"}
		told := office.post("/admin/requests", form).want(t, http.StatusOK, "What became of them", "Dealt with")
		card, _, _ := strings.Cut(told.body[strings.Index(told.body, `id="told"`):], "</section>")
		if strings.Contains(card, "Approved") {
			t.Errorf("a note is called approved: %s", text(card))
		}
		form = told.hidden(nil)
		form["request"] = []string{change.ID.String() + ":1"}
		office.post("/admin/requests", form).want(t, http.StatusOK, "What became of them", "Approved")
		for _, at := range []string{"/admin/requests/" + note, w.address() + "/requests"} {
			p := office.get(at).want(t, http.StatusOK, "Dealt with")
			if strings.Contains(strings.ReplaceAll(p.body, `<option value="APPROVED">Approved`, ""), "Approved") {
				t.Errorf("%s calls a note approved", at)
			}
		}
		me.get("/me/history").want(t, http.StatusOK, "Dealt with: ")
	})
}

// What is refused says why, and leads to telling it again; what was sent can be taken
// back, and what is written can be kept as a draft.
func TestAToldChangeIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me, office := w.registrant("en"), w.staff("en", registry.RoleRegistrar)
		own := requestAt(t, me.tellOf(t, "My uncle moved in."))
		p := office.get("/admin/requests/" + own)
		p = office.post("/admin/requests/"+own, p.hidden(map[string]string{"step": "reject"})).want(t, http.StatusUnprocessableEntity, "This is needed.")
		office.post("/admin/requests/"+own, p.hidden(map[string]string{"step": "reject", "words": "Bring him along."})).want(t, http.StatusOK, "Rejected")
		me.get("/me/requests/"+own).want(t, http.StatusOK, "Rejected", "Bring him along.", "Ask again", `href="`+tellPath+`"`)
		w.followAll()
		me.get("/me/messages").want(t, http.StatusOK, "The office did not accept what it was told")

		form := me.get(tellPath)
		draft := me.post(tellPath, form.hidden(map[string]string{noteName(t, form): "My aunt moved in.", "step": "draft"})).want(t, http.StatusOK, "The draft is kept")
		if p := office.get("/admin/requests"); strings.Contains(p.body, "My aunt") {
			t.Error("the office reads a draft")
		}
		me.get("/me/household").want(t, http.StatusOK, "My aunt moved in.", "Draft")
		p = me.post(draft.path, draft.hidden(map[string]string{noteName(t, draft): "My aunt moved in, in May.", "step": "send"})).want(t, http.StatusOK, "It is sent")
		me.post(draft.path, p.hidden(map[string]string{"step": "withdraw"})).want(t, http.StatusOK, "It is taken back")
	})
}

// What cannot be sent is shown again with its mistake, with a file or without; nobody
// tells of another's household, and nobody is shown what another told.
func TestWhatCannotBeTold(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		stranger, _ := w.stranger("en")
		form := me.get(tellPath)
		name := noteName(t, form)
		for _, step := range []string{"check", "save"} {
			for note, says := range map[string]string{"": "This is needed", " \r\n ": "This is needed", strings.Repeat("x", 2001): "too long", "a\u202eb": "f_household"} {
				fresh := me.get(tellPath)
				me.post(tellPath, fresh.hidden(map[string]string{name: note, "step": step})).want(t, http.StatusUnprocessableEntity, says)
			}
		}
		me.send(tellPath, form.hidden(map[string]string{name: "A child was born."}), "run.exe", "MZ\x90\x00\x03").want(t, http.StatusUnprocessableEntity, "none of them", "A child was born.")
		check := me.send(tellPath, me.get(tellPath).hidden(map[string]string{name: "A child was born.", "step": "check"}), "birth.pdf", aDocument).want(t, http.StatusOK, "birth.pdf")
		sent := me.post(tellPath, check.hidden(map[string]string{"step": "save"})).want(t, http.StatusOK, "It is sent to the office")
		again := me.post(tellPath, check.hidden(map[string]string{"step": "save"})).want(t, http.StatusOK)
		if n := strings.Count(again.body, "A child was born."); n != strings.Count(sent.body, "A child was born.") {
			t.Errorf("sent twice, it stands there %d times", n)
		}
		own := requestAt(t, sent)
		w.staff("en", registry.RoleRegistrar).get("/admin/requests/"+own).want(t, http.StatusOK, "birth.pdf")
		stranger.get("/me/requests/"+own).want(t, http.StatusNotFound)
		stranger.post("/me/requests/"+own, sent.hidden(map[string]string{"step": "withdraw", "version": "1"})).want(t, http.StatusNotFound)
		if p := stranger.get("/me/household"); strings.Contains(p.body, "A child was born.") {
			t.Error("another is shown it")
		}
		w.staff("en", registry.RoleAuditor).get("/admin/requests/"+own).want(t, http.StatusOK)
		w.staff("en", registry.RoleRegistrar).get(tellPath).want(t, http.StatusForbidden)
		for n := range registry.MaxOpenRequests - 1 {
			me.tellOf(t, "Something else, "+strings.Repeat("again ", n)+".").want(t, http.StatusOK)
		}
		me.tellOf(t, "One too many.").want(t, http.StatusUnprocessableEntity, "You have asked for this too often already", "One too many.")
	})
}

// A guardian tells for a ward: the request is the ward's, and names both.
func TestAGuardianTells(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		ward := w.ward(t, "Ibou", w.person.ID)
		me := w.registrant("en")
		act(me, ward).want(t, http.StatusOK, "You act for")
		sent := me.tellOf(t, "He lives with his aunt now.").want(t, http.StatusOK, "You act for", "It is sent to the office")
		own := requestAt(t, sent)
		office := w.staff("en", registry.RoleRegistrar)
		office.get("/admin/requests/"+own).want(t, http.StatusOK, "Ibou Okonjo", w.person.Number+" for ")
		p := office.get("/admin/requests/" + own)
		office.post("/admin/requests/"+own, p.hidden(map[string]string{"step": "approve"})).want(t, http.StatusOK, "It is dealt with")
		me.get("/me/requests/"+own).want(t, http.StatusOK, "Done", w.person.Number+" for ")
		me.post("/me/acting/end", nil)
		if p := me.get("/me/household").want(t, http.StatusOK); strings.Contains(p.body, "aunt") {
			t.Error("it stands with the guardian's own household")
		}
		me.get("/me/requests/"+own).want(t, http.StatusNotFound)
	})
}

// A field that is retired takes no notes, and what was told of before stays.
func TestNotesOfARetiredField(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		me.tellOf(t, "A child was born.").want(t, http.StatusOK)
		list, err := w.registry.Fields(t.Context())
		w.must(err)
		for _, f := range list {
			if f.Approval.Note {
				_, err := w.registry.RetireField(t.Context(), w.actor(registry.RoleAdmin), f.Key, f.Version, "by telephone")
				w.must(err)
			}
		}
		if p := me.get("/me/household").want(t, http.StatusOK, "A child was born."); strings.Contains(p.body, tellPath) {
			t.Error("a form for notes is offered")
		}
		me.get(tellPath).want(t, http.StatusNotFound)
		me.get("/me/requests/"+uuid.NewString()).want(t, http.StatusNotFound)
	})
}

// An administrator changes the words of such a field, and makes another one: a note stays
// a note.
func TestAFieldOfNotesThroughPages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		admin := w.staff("en", registry.RoleAdmin)
		at := "/admin/fields/household_change/edit"
		form := admin.get(at).want(t, http.StatusOK, "A note to the office: no record holds it").hidden(map[string]string{"section": "household", "position": "270", "max_length": "900",
			"label_en": "News of the household", "edit_by": "registrant", "approval_by": "registrar", "reason": "plainer", "step": "save"})
		admin.post(at, form).want(t, http.StatusOK, "News of the household")
		f, err := w.registry.Field(t.Context(), "household_change")
		w.must(err)
		if !f.Approval.Note || len(f.Approval.By) != 1 || f.MaxLength != 900 {
			t.Errorf("it is %+v", f)
		}
		fresh := admin.get("/admin/fields/new").hidden(map[string]string{"key": "complaint", "type": "text", "kinds": "person", "section": "other", "position": "280", "label_en": "Complaint",
			"note": "1", "reason": "asked for", "step": "save"})
		admin.post("/admin/fields/new", fresh).want(t, http.StatusUnprocessableEntity, "A note is a text that the person alone writes")
		fresh.Set("edit_by", "registrant")
		admin.post("/admin/fields/new", fresh).want(t, http.StatusOK, "Saved.", "Complaint")
		me := w.registrant("en")
		me.get("/me/household").want(t, http.StatusOK, `href="/me/edit/household">`, "News of the household", `href="/me/edit/other">`, "Complaint")
	})
}
