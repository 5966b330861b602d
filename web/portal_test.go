package web_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/issuer"
	"socialregistry/registry"
	"socialregistry/web"
)

const smallPNG = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"

// send posts a form with a file behind it, as a browser does.
func (b *browser) send(path string, form url.Values, name, content string) page {
	b.w.t.Helper()
	var body bytes.Buffer
	mw := multipart.NewWriter(&body)
	for key, values := range form {
		for _, v := range values {
			b.w.must(mw.WriteField(key, v))
		}
	}
	part, err := mw.CreateFormFile("file", name)
	b.w.must(err)
	_, err = part.Write([]byte(content))
	b.w.must(err)
	b.w.must(mw.Close())
	req, err := http.NewRequestWithContext(b.w.t.Context(), http.MethodPost, b.w.URL+path, &body)
	b.w.must(err)
	req.Header.Set("Content-Type", mw.FormDataContentType())
	return b.do(req, nil)
}

// stranger is another registered person who is signed in.
func (w *world) stranger(lang string) (*browser, registry.Person) {
	w.t.Helper()
	p, err := w.registry.Register(w.t.Context(), w.actor(registry.RoleRegistrar), registry.Change{Reason: "first visit", Set: map[string]string{
		"given_name": "Otieno", "family_name": "Odera", "birth_date": "1980-01-01"}})
	w.must(err)
	code, _, err := w.registry.NewActivationCode(w.t.Context(), w.actor(registry.RoleRegistrar), p.ID)
	w.must(err)
	b := w.browser(lang)
	if at := b.post("/activate", url.Values{"number": {p.Number}, "code": {code}, "passphrase": {password}, "repeat": {password}}); at.path != "/me" {
		w.t.Fatalf("activate: %d at %s", at.status, at.path)
	}
	return b, p
}

// draft asks for another place and keeps that as a draft; it gives the draft's page.
func (b *browser) draft(t *testing.T, place string) page {
	t.Helper()
	check := b.post("/me/edit/contact", b.get("/me/edit/contact").hidden(map[string]string{"f_locality": place, "step": "check"}))
	return b.post("/me/edit/contact", check.hidden(map[string]string{"step": "draft"})).want(t, http.StatusOK, "The draft is kept", place)
}

// portalTour shows each template of the portal once.
func portalTour(w *world, me *browser) []page {
	w.t.Helper()
	var pages []page
	for _, path := range []string{"/me/requests", "/me/appeals", "/me/appeals/locality", "/me/details/locality", "/me/versions", "/me/versions/1", "/me/household", "/me/programmes", "/me/documents", "/me/data"} {
		pages = append(pages, me.get(path))
	}
	by := actorOf(w.person.ID)
	made, err := w.registry.RequestChange(w.t.Context(), by, w.person.ID, registry.Change{Set: map[string]string{"locality": "Archers Post"}}, false)
	w.must(err)
	return append(append(pages, me.get("/me/requests/"+made[0].ID.String())), tellTour(w, me)...)
}

// A draft is kept, changed, sent, and taken back; a stranger is not told of it.
func TestRequestFromDraftToTheEnd(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		me.get("/me/requests").want(t, http.StatusOK, "You have not asked for changes")
		draft := me.draft(t, "Maralal").want(t, http.StatusOK, "Written, not sent yet")
		me.get("/me/requests").want(t, http.StatusOK, "Draft", "Maralal")
		me.get("/me").want(t, http.StatusOK, "Kisima")

		stranger, _ := w.stranger("en")
		stranger.get(draft.path).want(t, http.StatusNotFound)
		stranger.post(draft.path, draft.hidden(map[string]string{"step": "withdraw"})).want(t, http.StatusNotFound)
		me.get("/me/requests/nonsense").want(t, http.StatusNotFound)
		me.get("/me/requests/"+uuid.NewString()).want(t, http.StatusNotFound)

		long := strings.Repeat("ع", 600)
		me.post(draft.path, draft.hidden(map[string]string{"f_locality": "Kisima", "reason": "moved", "step": "save"})).want(t, http.StatusUnprocessableEntity, "The record says this already", `value="Kisima"`)
		me.post(draft.path, draft.hidden(map[string]string{"f_locality": "Wamba", "reason": long, "step": "save"})).want(t, http.StatusUnprocessableEntity, long)
		saved := me.post(draft.path, draft.hidden(map[string]string{"f_locality": "Wamba", "reason": "we moved", "step": "save"})).want(t, http.StatusOK, "The draft is saved", "Wamba", "we moved")
		me.post(draft.path, me.get(draft.path).hidden(map[string]string{"version": "1", "f_locality": "Isiolo", "step": "send"})).want(t, http.StatusConflict, "Somebody else has moved", `value="Isiolo"`)
		sent := me.post(draft.path, saved.hidden(map[string]string{"f_locality": "Wamba", "reason": "we moved", "step": "send"})).want(t, http.StatusOK, "It is sent", "Being checked", `aria-current="step"`)
		me.post(draft.path, sent.hidden(map[string]string{"step": "withdraw", "words": "We stay."})).want(t, http.StatusOK, "It is taken back", "We stay.", "Ask again")
		me.post(draft.path, sent.hidden(map[string]string{"step": "withdraw", "form": me.get("/me/edit/contact").hidden(nil).Get("form")})).want(t, http.StatusUnprocessableEntity, "decided or taken back already")
		me.get("/me/requests").want(t, http.StatusOK, "Taken back")
	})
}

// What the office decides is told with its words.
func TestRequestTellsTheDecision(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		draft := me.draft(t, "Maralal")
		sent := me.post(draft.path, draft.hidden(map[string]string{"f_locality": "Maralal", "step": "send"}))
		id := uuid.MustParse(draft.path[strings.LastIndex(draft.path, "/")+1:])
		q, err := w.registry.ChangeRequest(t.Context(), w.actor(registry.RoleAdmin), id)
		w.must(err)
		_, err = w.registry.RejectRequest(t.Context(), w.actor(registry.RoleAdmin), registry.RequestVersion{ID: id, Version: q.Version}, "The lease names another town.")
		w.must(err)
		me.get(draft.path).want(t, http.StatusOK, "Rejected", "The lease names another town.", "Ask again")
		me.post(draft.path, sent.hidden(map[string]string{"step": "withdraw"})).want(t, http.StatusUnprocessableEntity, "decided or taken back already")
	})
}

// Requests are paged, the newest first.
func TestRequestsArePaged(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me, by := w.registrant("en"), actorOf(w.person.ID)
		for n := range 22 {
			made, err := w.registry.RequestChange(t.Context(), by, w.person.ID, registry.Change{Set: map[string]string{"locality": fmt.Sprintf("Place %02d", n)}}, false)
			w.must(err)
			_, err = w.registry.WithdrawRequest(t.Context(), by, registry.RequestVersion{ID: made[0].ID, Version: made[0].Version}, "")
			w.must(err)
		}
		first := me.get("/me/requests").want(t, http.StatusOK, "Place 21", "Place 02")
		if strings.Contains(first.body, "Place 01<") {
			t.Error("the first page has everything")
		}
		next := regexp.MustCompile(`href="(/me/requests\?after=[^"]+)"`).FindStringSubmatch(first.body)
		if next == nil {
			t.Fatal("there is no next page")
		}
		me.get(unescape(next[1])).want(t, http.StatusOK, "Place 01", "Place 00", "First page")
		me.get("/me/requests?after=nonsense").want(t, http.StatusUnprocessableEntity)
	})
}

// An appeal is sent once, with words, and its answer is told.
func TestAppealPages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		me.get("/me/appeals").want(t, http.StatusOK, "You have not appealed")
		me.get("/me/appeals/locality").want(t, http.StatusNotFound)
		me.get("/me/appeals/no_such_field").want(t, http.StatusNotFound)
		w.attest(registry.StateRejected, "The letter is not readable.", "locality")
		me.get("/me").want(t, http.StatusOK, `href="/me/appeals/locality"`, "The letter is not readable.", "Rejected by")
		form := me.get("/me/appeals/locality").want(t, http.StatusOK, "Kisima", "The letter is not readable.")
		me.post("/me/appeals/locality", form.hidden(map[string]string{"text": "  "})).want(t, http.StatusUnprocessableEntity, "This is needed")
		long := strings.Repeat("x", 2001)
		me.post("/me/appeals/locality", form.hidden(map[string]string{"text": long})).want(t, http.StatusUnprocessableEntity, long)
		hidden := "\u202eright to left"
		me.post("/me/appeals/locality", form.hidden(map[string]string{"text": hidden})).want(t, http.StatusUnprocessableEntity, "cannot be seen", "right to left")
		words := `<script>alert(1)</script> ` + strings.Repeat("long", 50)
		listed := me.post("/me/appeals/locality", form.hidden(map[string]string{"text": words})).want(t, http.StatusOK, "Your appeal is sent", "Appeal being checked")
		if strings.Contains(listed.body, "<script>alert") {
			t.Error("words are not escaped")
		}
		if again := me.get("/me/appeals/locality"); again.path != "/me/appeals" {
			t.Errorf("a second appeal can be written at %s", again.path)
		}
		me.post("/me/appeals/locality", me.get("/me/edit/contact").hidden(map[string]string{"text": "once more"})).want(t, http.StatusConflict)
		stranger, _ := w.stranger("en")
		stranger.get("/me/appeals").want(t, http.StatusOK, "You have not appealed")
		stranger.get("/me/appeals/locality").want(t, http.StatusNotFound)

		second := w.actor(registry.RoleAdmin)
		open, err := w.registry.Appeals(t.Context(), second, "", 0)
		w.must(err)
		_, err = w.registry.DeclineAppeal(t.Context(), second, open.Appeals[0].ID, "The second page is of another person.")
		w.must(err)
		me.get("/me/appeals").want(t, http.StatusOK, "Appeal declined", "The second page is of another person.")
		me.get("/me").want(t, http.StatusOK, "Appeal declined")
	})
}

// A document comes with a change; one that is refused loses nothing that was typed.
func TestEditWithEvidence(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		form := me.get("/me/edit/contact").want(t, http.StatusOK, "In the record now:", "Kisima", "at most 10 MB")
		typed := form.hidden(map[string]string{"f_locality": "Maralal", "reason": "we moved"})
		me.send("/me/edit/contact", typed, "run.exe", "MZ\x90\x00\x03").want(t, http.StatusUnprocessableEntity, "none of them", `value="Maralal"`, "we moved")
		me.send("/me/edit/contact", typed, "empty.pdf", "").want(t, http.StatusUnprocessableEntity, "file is empty", `value="Maralal"`)
		me.send("/me/edit/contact", typed, "large.txt", strings.Repeat("a", 10<<20+1)).want(t, http.StatusUnprocessableEntity, "too large", `value="Maralal"`)
		check := me.send("/me/edit/contact", typed, "lease.png", smallPNG).want(t, http.StatusOK, "Check before you save", "lease.png", "Maralal")
		back := me.post("/me/edit/contact", check.hidden(map[string]string{"step": "edit"})).want(t, http.StatusOK, "lease.png", `value="Maralal"`)
		me.post("/me/edit/contact", back.hidden(map[string]string{"f_locality": "Maralal", "step": "save"})).want(t, http.StatusOK, "Maralal")
		me.get("/me/documents").want(t, http.StatusOK, "lease.png", "Picture")
		me.get("/me/history").want(t, http.StatusOK, "Evidence for: Contact")

		stranger, other := w.stranger("en")
		theirs := stranger.send("/me/documents", stranger.get("/me/documents").hidden(nil), "mine.txt", "my own words").want(t, http.StatusOK, "mine.txt")
		id := regexp.MustCompile(`/me/documents/([0-9a-f-]{36})/file`).FindStringSubmatch(theirs.body)[1]
		check = me.post("/me/edit/contact", me.get("/me/edit/contact").hidden(map[string]string{"f_locality": "Wamba", "evidence": id}))
		if strings.Contains(check.body, "mine.txt") || strings.Contains(check.body, other.Number) {
			t.Error("a document of somebody else is named")
		}
	})
}

// Documents are listed, downloaded as they came, and removed while nothing needs them.
func TestDocumentsOfThePortal(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		empty := me.get("/me/documents").want(t, http.StatusOK, "There are no documents")
		me.post("/me/documents", empty.hidden(nil)).want(t, http.StatusUnprocessableEntity, "Choose a file")
		name := strings.Repeat("n", 200) + ".txt"
		list := me.send("/me/documents", empty.hidden(nil), name, "a note").want(t, http.StatusOK, "The document is kept", strings.Repeat("n", 100))
		file := regexp.MustCompile(`/me/documents/[0-9a-f-]{36}/`).FindString(list.body)
		got := me.get(file+"file").want(t, http.StatusOK, "a note")
		if !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("header %v", got.header)
		}
		stranger, _ := w.stranger("en")
		stranger.get(file+"file").want(t, http.StatusNotFound)
		stranger.post(file+"remove", stranger.get("/me/documents").hidden(nil)).want(t, http.StatusNotFound)
		me.get("/me/documents/nonsense/file").want(t, http.StatusNotFound)
		w.staff("en", registry.RoleAdmin).get("/me/documents").want(t, http.StatusForbidden)

		person, err := w.registry.Person(t.Context(), registry.System(), w.person.ID)
		w.must(err)
		id := uuid.MustParse(file[len("/me/documents/") : len(file)-1])
		w.must(w.registry.Attest(t.Context(), w.actor(registry.RoleAttester), w.person.ID, person.VersionNo, []registry.Decision{{Field: "locality", State: registry.StateAttested, Evidence: []uuid.UUID{id}}}))
		me.post(file+"remove", me.get("/me/documents").hidden(nil)).want(t, http.StatusConflict, "refers to this document")

		list = me.send("/me/documents", me.get("/me/documents").hidden(nil), "second.txt", "another note")
		second := regexp.MustCompile(`/me/documents/[0-9a-f-]{36}/remove`).FindString(list.body) // the newest first
		gone := me.post(second, list.hidden(nil)).want(t, http.StatusOK, "The document is removed")
		if strings.Contains(gone.body, "second.txt") {
			t.Error("the document is still there")
		}
	})
}

// The household is told to its head, the family by the end of a number.
func TestHouseholdPage(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		me.get("/me/household").want(t, http.StatusOK, "You are in no household", "Nobody is recorded")
		stranger, other := w.stranger("en")
		_, err := w.registry.CreateGroup(t.Context(), w.actor(registry.RoleRegistrar), registry.HouseholdKind, registry.Change{Reason: "visit"}, []registry.NewMember{
			{MemberID: w.person.ID, Role: registry.HeadRole}, {MemberID: other.ID, Role: "member"}})
		w.must(err)
		me.get("/me/household").want(t, http.StatusOK, "2 members", "Otieno Odera", "(you)")
		theirs := stranger.get("/me/household").want(t, http.StatusOK, "2 members", "Only the head is shown")
		if strings.Contains(theirs.body, "Lekuton") {
			t.Error("a member is told who else is in the household")
		}
		_, _, err = w.registry.AddDocument(t.Context(), actorOf(w.person.ID), w.person.ID, strings.NewReader("A child was born."), registry.NewDocument{Name: "household-2026-11-22.txt"})
		w.must(err) // as it was done before there were requests
		me.get("/me/household").want(t, http.StatusOK, "What you told the office", "household-2026-11-22.txt")
		office := w.staff("en", registry.RoleRegistrar)
		at := "/admin/people/" + w.person.ID.String()
		for _, path := range []string{at, at + "/household"} {
			office.get(path).want(t, http.StatusOK, "The person told of a change", at+"/documents/")
		}
		if p := office.get("/admin/people/" + other.ID.String()); strings.Contains(p.body, "told of a change") {
			t.Error("it stands on another's record, too")
		}
		w.staff("en", registry.RoleAuditor).get(at).want(t, http.StatusOK)
		me.get("/me/household?group="+uuid.NewString()+"&after=zzz").want(t, http.StatusOK)
	})
}

// Programmes, versions and the history are told as they are.
func TestProgrammesAndVersions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me, admin := w.registrant("en"), w.actor(registry.RoleAdmin)
		me.get("/me/programmes").want(t, http.StatusOK, "You are in no programme")
		_, err := w.registry.DefineProgramme(t.Context(), admin, registry.Programme{Code: "cash", Label: map[string]string{"en": "Cash for school"}, Start: "2026-01-01"}, "new")
		w.must(err)
		_, err = w.registry.Enrol(t.Context(), admin, w.person.ID, registry.EnrolmentChange{Programme: "cash", Status: registry.EnrolmentEnrolled, Reason: "poor", ExpectVersion: w.person.VersionNo})
		w.must(err)
		me.get("/me/programmes").want(t, http.StatusOK, "Cash for school", "Enrolled", "22 November 2026")
		me.get("/me/versions").want(t, http.StatusOK, "Version 2", "Your record", "Version 1")
		me.get("/me/versions/1").want(t, http.StatusOK, "Kisima", "Differs")
		for _, path := range []string{"/me/versions/9", "/me/versions/0", "/me/versions/x"} {
			me.get(path).want(t, http.StatusNotFound)
		}
		me.get("/me/history?after=2").want(t, http.StatusOK, "Registered", "First page")
		me.get("/me/history?after=x").want(t, http.StatusUnprocessableEntity)
	})
}

// The data is everything, well formed in both forms, and the reader's alone.
func TestOwnData(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		stranger, other := w.stranger("en")
		w.attest(registry.StateRejected, "no", "locality")
		me.post("/me/appeals/locality", me.get("/me/appeals/locality").hidden(map[string]string{"text": "=HYPERLINK(1)"})).want(t, http.StatusOK)
		me.send("/me/documents", me.get("/me/documents").hidden(nil), "note.txt", "a note").want(t, http.StatusOK)
		me.draft(t, "Maralal")
		w.staff("en", registry.RoleAuditor).get("/admin/people/"+w.person.ID.String()).want(t, http.StatusOK)
		me.get("/me/data").want(t, http.StatusOK, "Download as JSON", "Appeals")
		var all map[string]any
		got := me.get("/me/data.json")
		if err := json.Unmarshal([]byte(got.body), &all); err != nil {
			t.Fatalf("%v\n%s", err, got.body)
		}
		for _, part := range []string{"details", "history", "versions", "requests", "appeals", "documents", "looks"} {
			if rows, _ := all[part].([]any); len(rows) == 0 {
				t.Errorf("nothing of %s", part)
			}
		}
		if !strings.Contains(got.body, "KE44712209") || strings.Contains(got.body, "Otieno") || strings.Contains(got.body, other.Number) {
			t.Error("the data is not the reader's, whole and alone")
		}
		table := me.get("/me/data.csv")
		rows, err := csv.NewReader(strings.NewReader(table.body)).ReadAll()
		if err != nil || len(rows) < 10 || rows[0][0] != "part" {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		if !strings.Contains(table.body, "'=HYPERLINK") || !strings.HasPrefix(table.header.Get("Content-Disposition"), "attachment") {
			t.Errorf("a formula stands in the table: %v", table.header)
		}
		stranger.get("/me/data.json").want(t, http.StatusOK, other.Number)
		w.browser("en").get("/me/data.json").want(t, http.StatusOK, "login")
		w.staff("en", registry.RoleAdmin).get("/me/data.json").want(t, http.StatusForbidden)
	})
}

// A guardian sees a ward's pages, and takes neither the ward's data away nor their own.
func TestPortalWhileActing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		ward := w.ward(t, "Ibou", w.person.ID)
		me := w.registrant("en")
		act(me, ward).want(t, http.StatusOK, "You act for")
		for _, path := range []string{"/me/requests", "/me/appeals", "/me/versions", "/me/versions/1", "/me/household", "/me/programmes", "/me/documents", "/me/messages"} {
			if p := me.get(path).want(t, http.StatusOK, "You act for"); strings.Contains(p.body, "Kisima") {
				t.Errorf("%s is of the guardian", path)
			}
		}
		me.draft(t, "Maralal")
		for _, path := range []string{"/me/data", "/me/data.json", "/me/data.csv", "/me/sharing"} {
			me.get(path).want(t, http.StatusForbidden)
		}
	})
}

// An offer leads to web wallets of the configuration, and says how far it is.
func TestOfferHasEveryWay(t *testing.T) {
	t.Parallel()
	wallets, err := web.ParseWebWallets("My Wallet=https://wallet.example/take, Other=https://other.example")
	if err != nil || len(wallets) != 2 || wallets[0].Name != "My Wallet" {
		t.Fatalf("%+v, %v", wallets, err)
	}
	for _, bad := range []string{"https://wallet.example", "A=http://wallet.example", "A=https://u:p@wallet.example", "A=https://wallet.example?x=1", "A=https://wallet.example#x", "A=javascript:alert(1)", strings.Repeat("n", 41) + "=https://wallet.example"} {
		if got, err := web.ParseWebWallets(bad); err == nil {
			t.Errorf("%q passes as %+v", bad, got)
		}
	}
	onEach(t, func(t *testing.T, w *world) {
		w.wallets = wallets
		w.serve(issuer.Alone(w.issuer))
		me := w.registrant("en")
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date")
		path := "/me/credentials/" + sdJWT + "/offer"
		start := me.get(path)
		offer := me.post(path, start.hidden(nil)).want(t, http.StatusOK, "Open in", "My Wallet", `href="https://wallet.example/take?credential_offer_uri=`, `aria-current="step"`, "Other wallets")
		w.pass(11 * time.Minute)
		me.get(offer.path).want(t, http.StatusOK, "Make a new code", "This code is over")
	})
}
