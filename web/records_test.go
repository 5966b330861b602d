package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/registry"
)

const aDocument = "%PDF-1.7 birth certificate"

// address is where the pages of the world's person begin.
func (w *world) address() string { return "/admin/people/" + w.person.ID.String() }

// document adds a document to the person.
func (w *world) document(fields ...string) registry.Document {
	w.t.Helper()
	d, _, err := w.registry.AddDocument(w.t.Context(), w.actor(registry.RoleRegistrar), w.person.ID, strings.NewReader(aDocument), registry.NewDocument{Name: "certificate.pdf", Fields: fields})
	w.must(err)
	return d
}

// passport adds an identifier to the person.
func (w *world) passport(number string) registry.Identifier {
	w.t.Helper()
	i, err := w.registry.AddIdentifier(w.t.Context(), w.actor(registry.RoleRegistrar), w.person.ID, registry.NewIdentifier{Type: "passport", Value: number, ValidTo: "2030-01-01", Reason: "shown"})
	w.must(err)
	return i
}

// survey adds a named version to the person.
func (w *world) survey(label string, set map[string]string) registry.Version {
	w.t.Helper()
	p, err := w.registry.Person(w.t.Context(), registry.System(), w.person.ID)
	w.must(err)
	v, err := w.registry.AddVersion(w.t.Context(), w.actor(registry.RoleRegistrar), w.person.ID, label, registry.Change{Set: set, Reason: "asked at home", ExpectVersion: p.VersionNo}, false)
	w.must(err)
	return v
}

// peopleTour opens the console's pages about people.
func peopleTour(t *testing.T, w *world, admin *browser) []page {
	t.Helper()
	d, p := w.document("birth_date"), w.address()
	if list, err := w.registry.Identifiers(t.Context(), registry.System(), w.person.ID); err == nil && len(list) == 0 {
		w.passport("AB1234567")
		w.survey("Survey 2026", map[string]string{"locality": "Maralal"})
	}
	var out []page
	for _, path := range []string{"/admin/queues/undecided", "/admin/queues/rejected?done=decided", "/admin/people?cols=.&cols=birth_date&cols=.area", "/admin/people?changed_since=never",
		"/admin/people/default?q=amina&label=Survey+2026", "/admin/people/identifier", "/admin/people/enrol?q=amina", p + "/attest?queue=undecided", p + "/attestations/given_name", p + "/attestations/sex",
		p + "/versions/new", p + "/versions/1", p + "/compare", p + "/compare?from=1&to=default", p + "/compare?from=1&to=Survey+2026&all=1", p + "/compare?from=77",
		p + "/as-of", p + "/as-of?day=2026-11-22", p + "/as-of?day=1999-01-01", p + "/as-of?day=x", p + "/documents", p + "/documents/" + d.ID.String(),
		p + "/identifiers", p + "/identifiers/1", p + "/consents"} {
		out = append(out, admin.get(path))
	}
	out = append(out, admin.post("/admin/people/identifier", url.Values{"type": {"passport"}, "value": {"AB1234567"}}))
	offer := admin.get(p + "/offers/new?config=" + sdJWT)
	out = append(out, admin.get(p+"/messages"), admin.get(p+"/requests"), offer, admin.post(p+"/offers", offer.hidden(map[string]string{"config": sdJWT})))
	form := admin.get("/admin/people/new")
	return append(out, admin.post("/admin/people/new", form.hidden(map[string]string{"f_given_name": "Amina", "reason": "visit"})))
}

// Everything that the registry's search can do is within reach of the page; what is
// wrong stands at its input.
func TestPeopleAreSearched(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.survey("Survey 2026", map[string]string{"locality": "Maralal"})
		b := w.staff("en", registry.RoleRegistrar)
		for _, found := range []string{"q=amina", "q=KE44712209", "q=" + w.person.Number, "q=Amina&as_written=true", "version=Survey+2026", "changed_since=2026-11-22",
			"changed_since=2026-11-22T11:00:00Z", "field=sex&state=NEW", "cols=.&cols=birth_date&cols=.version&cols=.area&cols=nonsense"} {
			b.get("/admin/people?"+found).want(t, http.StatusOK, "Lekuton", "One person")
		}
		b.get("/admin/people?cols=.&cols=birth_date").want(t, http.StatusOK, "2 April 1991")
		b.get("/admin/people?cols=.&cols=national_id").want(t, http.StatusOK, "••••\u00a02209")
		for _, nobody := range []string{"q=Amena&as_written=true", "version=Survey+1999", "default_version=Survey+2026", "changed_since=2026-11-23", "field=sex&state=ATTESTED", "area=KE-25"} {
			if p := b.get("/admin/people?"+nobody).want(t, http.StatusOK, "Nobody was found."); strings.Contains(p.body, "Lekuton") {
				t.Errorf("%s finds somebody", nobody)
			}
		}
		for bad, words := range map[string]string{"changed_since=soon": "Write the date", "area=%3Cscript%3E": "cannot be understood", "version=7": "cannot be understood",
			"field=nonsense&state=NEW": "cannot be understood", "value%5Bsex%5D=female": "cannot be understood", "q=%00": "cannot be understood", "after=x": "no longer there"} {
			b.get("/admin/people?"+bad).want(t, http.StatusUnprocessableEntity, words)
		}
		list := b.get("/admin/people?q=amina&cols=.&cols=sex")
		list.want(t, http.StatusOK, `href="/admin/exports/new?q=amina"`, `href="/admin/people/default?q=amina"`)
		if p := w.staff("en", registry.RoleAuditor).get("/admin/people?q=amina"); strings.Contains(p.body, "/admin/exports/new") || strings.Contains(p.body, "/admin/people/default") {
			t.Error("the auditor is shown what others may do")
		}
	})
}

// Whoever lists more than names has looked at the records; whoever lists names has
// not.
func TestListedDetailsAreALook(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAttester)
		looks := func() int {
			page, err := w.registry.Looks(t.Context(), w.actor(registry.RoleAdmin), w.person.ID, "", 0)
			w.must(err)
			return len(page.Looks)
		}
		b.get("/admin/people?q=amina&cols=.area").want(t, http.StatusOK, "Lekuton")
		if looks() != 0 {
			t.Error("a list of names counts as a look")
		}
		b.get("/admin/people?q=amina&cols=birth_date").want(t, http.StatusOK, "1991")
		if looks() != 1 {
			t.Error("a list with details does not count as a look")
		}
	})
}

// The queue is worked through from one person to the next.
func TestTheQueueGoesOn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		second, err := w.registry.Register(t.Context(), w.actor(registry.RoleRegistrar), registry.Change{Set: map[string]string{"given_name": "Brian"}, Reason: "visit"})
		w.must(err)
		b := w.staff("en", registry.RoleAttester)
		b.get("/admin").want(t, http.StatusOK, "To decide now", "/admin/queues/undecided", "/admin/requests", "/admin/appeals")
		b.get("/admin/queues/undecided").want(t, http.StatusOK, "Lekuton", "Brian", "Begin with the first", w.address()+"/attest?queue=undecided")
		first := b.get(w.address()+"/attest?queue=undecided").want(t, http.StatusOK, "/admin/people/"+second.ID.String()+"/attest?queue=undecided", "data-next")
		form := first.hidden(map[string]string{"decision": "attest"})
		form["field"] = w.decidable(t)
		b.post(w.address()+"/attest", form).want(t, http.StatusOK, "The decisions are saved.", "data-next", second.ID.String())
		last := "/admin/people/" + second.ID.String() + "/attest"
		form = b.get(last + "?queue=undecided").hidden(map[string]string{"decision": "attest"})
		form["field"] = []string{"given_name"}
		b.post(last, form).want(t, http.StatusOK, "Back to the queue")
		b.get("/admin/queues/undecided?done=decided").want(t, http.StatusOK, "Nothing waits here.", "The decisions are saved.")
		b.get("/admin/queues/no_such_queue").want(t, http.StatusNotFound)
		if p := b.get(w.address() + "/attest?queue=no_such_queue"); p.status != http.StatusOK || strings.Contains(p.body, "data-next") {
			t.Errorf("%d: a queue that there is not", p.status)
		}
		w.staff("en", registry.RoleAuditor).get("/admin/queues/undecided").want(t, http.StatusOK)
		w.registrant("en").get("/admin/queues/undecided").want(t, http.StatusForbidden)
	})
}

// A refused decision says why at its row; the comment and the ticks are kept.
func TestADecisionIsRefusedAtItsRow(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		f, err := w.registry.Field(t.Context(), "sex")
		w.must(err)
		f.Attestation.EvidenceRequired = true
		_, err = w.registry.UpdateField(t.Context(), w.actor(registry.RoleAdmin), f, "")
		w.must(err)
		d, b := w.document("sex"), w.staff("en", registry.RoleAttester)
		page := b.get(w.address()+"/attest").want(t, http.StatusOK, "certificate.pdf", w.address()+"/documents/"+d.ID.String()+"/file")
		send := func(set map[string]string, fields []string, evidence ...string) sent {
			form := page.hidden(set)
			form["field"], form["evidence"] = fields, evidence
			return sent{b.post(w.address()+"/attest", form)}
		}
		refused := send(map[string]string{"decision": "attest", "comment": "seen"}, []string{"sex", "given_name"})
		refused.want(t, http.StatusUnprocessableEntity, "Tick the document that proves the value.", `href="#p-sex"`, `id="w-sex"`, ">seen</textarea>", `value="given_name" id="p-given_name" checked`)
		send(map[string]string{"decision": "reject"}, []string{"sex"}).want(t, http.StatusUnprocessableEntity, `href="#comment"`, "Say why in the comment.")
		send(map[string]string{"decision": "other"}, []string{"sex"}).want(t, http.StatusUnprocessableEntity, `href="#other"`)
		send(map[string]string{"decision": "other", "other": "status:none"}, []string{"sex"}).want(t, http.StatusUnprocessableEntity, "There is no such status.")
		send(map[string]string{"decision": "attest"}, []string{"sex"}, "nonsense").want(t, http.StatusNotFound)
		send(map[string]string{"decision": "attest"}, nil).want(t, http.StatusUnprocessableEntity, "Select at least one detail.")
		send(map[string]string{"decision": "attest"}, []string{"sex"}, d.ID.String()).want(t, http.StatusOK, "The decisions are saved.")
		b.get(w.address()+"/attestations/sex").want(t, http.StatusOK, "certificate.pdf", "attester")
		b.get(w.address()+"/attestations/given_name").want(t, http.StatusOK, "Nobody has decided on this detail yet.")
		b.get(w.address()+"/attestations/nonsense").want(t, http.StatusNotFound)
		b.get(w.address()+"/attestations/sex?after=x").want(t, http.StatusUnprocessableEntity)
	})
}

// sent is the page that a form led to.
type sent struct{ page }

// Statuses that the registry has defined are decisions, and so is taking one back.
func TestStatusesAreDecisions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		_, err := w.registry.DefineAttestationStatus(t.Context(), w.actor(registry.RoleAdmin), registry.AttestationStatus{Key: "seen_paper", State: registry.StateAttested, Label: map[string]string{"en": "Seen on paper"}}, "")
		w.must(err)
		b := w.staff("en", registry.RoleAttester)
		decide := func(other string) page {
			form := b.get(w.address() + "/attest").hidden(map[string]string{"decision": "other", "other": other, "comment": "why not", "field": "given_name"})
			return b.post(w.address()+"/attest", form)
		}
		decide("status:seen_paper").want(t, http.StatusOK, "The decisions are saved.", "Seen on paper")
		decide("REVOKED").want(t, http.StatusOK, "Attestation revoked", "why not")
		decide("NEW").want(t, http.StatusOK, "Awaiting attestation")
		b.get(w.address()+"/attestations/given_name").want(t, http.StatusOK, "Seen on paper", "Attestation revoked", "Taken back")
	})
}

// When somebody was quicker, what was looked at stands beside what is there now.
func TestAStaleDecisionShowsBoth(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAttester)
		form := b.get(w.address() + "/attest").hidden(map[string]string{"decision": "attest", "field": "locality"})
		_, err := w.registry.Edit(t.Context(), w.actor(registry.RoleRegistrar), w.person.ID, registry.Change{Set: map[string]string{"locality": "Maralal"}, Reason: "moved", ExpectVersion: 1})
		w.must(err)
		b.post(w.address()+"/attest", form).want(t, http.StatusConflict, "Somebody changed the record meanwhile", "You looked at:", "Kisima", "Maralal", `id="p-locality" checked`)
	})
}

// sendDocument sends the form of a document, as a browser does.
func (b *browser) sendDocument(path, file, name string, parts map[string]string) page {
	b.w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for k, v := range parts {
		b.w.must(form.WriteField(k, v))
	}
	part, err := form.CreateFormFile("file", name)
	b.w.must(err)
	_, err = part.Write([]byte(file))
	b.w.must(err)
	b.w.must(form.Close())
	req, err := http.NewRequestWithContext(b.w.t.Context(), http.MethodPost, b.w.URL+path, &body)
	b.w.must(err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	return b.do(req, nil)
}

func TestDocumentsAreAddedLinkedAndRemoved(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b, at := w.staff("en", registry.RoleRegistrar), w.address()+"/documents"
		token := func() string { return b.get(at).hidden(nil).Get("form") }
		b.get(at).want(t, http.StatusOK, "There is no document yet.", "at most \u206810 MB\u2069")
		b.sendDocument(at, "", "empty.pdf", map[string]string{"form": token(), "reason": "proof"}).want(t, http.StatusUnprocessableEntity, "The file is empty.", `value="proof"`)
		b.sendDocument(at, "MZ\x90\x00\x01\xff", "virus.pdf", map[string]string{"form": token()}).want(t, http.StatusUnprocessableEntity, "This file is none of them")
		b.sendDocument(at, aDocument, "c.pdf", map[string]string{"form": token(), "field": "nonsense"}).want(t, http.StatusUnprocessableEntity, "cannot be linked")
		b.sendDocument(at, strings.Repeat("a", 11<<20), "big.txt", map[string]string{"form": token()}).want(t, http.StatusUnprocessableEntity)
		b.post(at, url.Values{"form": {token()}}).want(t, http.StatusUnprocessableEntity)
		b.sendDocument(at, aDocument, `..\<i>.pdf`, map[string]string{"form": token(), "field": "sex"}).want(t, http.StatusOK, "The document is kept.", "Sex", "\u2068PDF\u2069, \u20681 KB\u2069")
		list, err := w.registry.Documents(t.Context(), w.actor(registry.RoleAdmin), w.person.ID)
		if err != nil || len(list) != 1 {
			t.Fatalf("%v, %v", list, err)
		}
		one := at + "/" + list[0].ID.String()
		file := b.get(one+"/file").want(t, http.StatusOK)
		if file.body != aDocument || !strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment") || !strings.Contains(file.header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%v", file.header)
		}
		form := b.get(one).hidden(nil)
		form["field"], form["step"] = []string{"birth_date"}, []string{"link"}
		b.post(one, form).want(t, http.StatusOK, "The links are saved.", "Date of birth")
		form = b.get(one).hidden(map[string]string{"step": "remove"})
		b.post(one, form).want(t, http.StatusUnprocessableEntity, "Say why")
		form.Set("remove_reason", "of somebody else")
		b.post(one, form).want(t, http.StatusOK, "The document is removed.", "There is no document yet.")
		b.get(one).want(t, http.StatusNotFound)
		b.get(at+"/nonsense/file").want(t, http.StatusNotFound)
	})
}

// A document of one record is not to be had by the address of another, and roles
// that only read add none.
func TestDocumentsStayWithTheirRecord(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		d := w.document()
		other, err := w.registry.Register(t.Context(), w.actor(registry.RoleRegistrar), registry.Change{Set: map[string]string{"given_name": "Brian"}, Reason: "visit"})
		w.must(err)
		b := w.staff("en", registry.RoleAuditor)
		b.get("/admin/people/"+other.ID.String()+"/documents/"+d.ID.String()+"/file").want(t, http.StatusNotFound)
		b.get(w.address()+"/documents/"+uuid.NewString()).want(t, http.StatusNotFound)
		p := b.get(w.address()+"/documents").want(t, http.StatusOK, "certificate.pdf")
		if strings.Contains(p.body, "multipart/form-data") {
			t.Error("the auditor is shown the form")
		}
		b.sendDocument(w.address()+"/documents", aDocument, "c.pdf", map[string]string{"form": p.hidden(nil).Get("form")}).want(t, http.StatusForbidden)
		w.registrant("en").get(w.address()+"/documents").want(t, http.StatusForbidden)
	})
}

func TestIdentifiersAreKept(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b, at := w.staff("en", registry.RoleRegistrar), w.address()+"/identifiers"
		add := func(set map[string]string) page { return b.post(at, b.get(at).hidden(set)) }
		b.get(at).want(t, http.StatusOK, "There is no identifier yet.")
		add(map[string]string{"type": "", "value": "AB 123"}).want(t, http.StatusUnprocessableEntity, "Choose a type", `value="AB 123"`)
		add(map[string]string{"type": "passport", "value": "", "valid_to": "1999-99-99"}).want(t, http.StatusUnprocessableEntity, "This is needed.", "Write the date")
		p := add(map[string]string{"type": "passport", "value": "AB1234567", "valid_to": "2030-01-01", "issued_by": "Kenya", "reason": "shown"}).want(t, http.StatusOK, "The identifier is added.", "4567", "1 January 2030", "Kenya")
		if strings.Contains(p.body, "AB1234567") {
			t.Error("the list shows the whole value")
		}
		add(map[string]string{"type": "passport", "value": "ab 1234567", "valid_to": "2030-01-01"}).want(t, http.StatusUnprocessableEntity, "This person has the number already.")
		one := b.get(at+"/1").want(t, http.StatusOK, "AB1234567")
		b.post(at+"/1", one.hidden(map[string]string{"status": "LOST"})).want(t, http.StatusUnprocessableEntity, "Say why")
		b.post(at+"/1", one.hidden(map[string]string{"status": "LOST", "valid_to": "2030-01-01", "reason": "told so", "issued_by": "Kenya"})).want(t, http.StatusOK, "The identifier is saved.", "Lost")
		b.post(at+"/1", w.freshForm(b, at+"/1", one, map[string]string{"status": "REVOKED", "issued_by": "Uganda", "reason": "gone"})).want(t, http.StatusConflict, "Somebody changed this identifier", "Kenya", "Uganda")
		b.get(at+"/9").want(t, http.StatusNotFound)
		b.get(at+"/x").want(t, http.StatusNotFound)
		find := func(value string) page {
			return b.post("/admin/people/identifier", url.Values{"type": {"passport"}, "value": {value}})
		}
		find("AB1234567").want(t, http.StatusOK, "Nobody was found.") // a lost one finds nobody
		w.passport("CD7654321")
		find("cd 7654321").want(t, http.StatusOK, w.person.Number)
		find("").want(t, http.StatusUnprocessableEntity, "This is needed.")
		auditor := w.staff("en", registry.RoleAuditor)
		if p := auditor.get(at+"/2").want(t, http.StatusOK); strings.Contains(p.body, "CD7654321") || strings.Contains(p.body, "<textarea") {
			t.Error("the auditor is shown the whole value, or the form")
		}
		auditor.post(at, auditor.get(at).hidden(map[string]string{"type": "passport", "value": "X1"})).want(t, http.StatusForbidden)
	})
}

// freshForm is the form of an old page with a token of its own: what a second
// window sends.
func (w *world) freshForm(b *browser, path string, old page, set map[string]string) url.Values {
	w.t.Helper()
	form := old.hidden(set)
	form.Set("form", b.get(path).hidden(nil).Get("form"))
	return form
}

func TestVersionsAreAddedComparedAndChosen(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b, at := w.staff("en", registry.RoleRegistrar), w.address()+"/versions"
		form := b.get(at + "/new").hidden(map[string]string{"f_locality": "Maralal", "reason": "asked at home"})
		b.post(at, form).want(t, http.StatusUnprocessableEntity, `href="#label"`, `value="Maralal"`)
		form = b.get(at + "/new").hidden(map[string]string{"f_locality": "Maralal", "label": "Survey 2026"})
		b.post(at, form).want(t, http.StatusUnprocessableEntity, `href="#reason"`)
		form.Set("reason", "asked at home")
		b.post(at, form).want(t, http.StatusOK, "The version is added.", "Maralal", "Make it the record")
		again := b.get(at + "/new").hidden(map[string]string{"label": "Survey 2026", "reason": "again"})
		b.post(at, again).want(t, http.StatusUnprocessableEntity, "a version with this name already", `href="#label"`)
		b.get(w.address()+"/compare?from=default&to=Survey+2026").want(t, http.StatusOK, "One detail differs", "Kisima", "Maralal")
		b.get(w.address()+"/compare?from=default&to=2&all=1").want(t, http.StatusOK, "Show only what differs", "2 April 1991")
		b.get(w.address()+"/compare?from=1&to=1").want(t, http.StatusOK, "say the same")
		b.get(w.address()+"/compare?from=99").want(t, http.StatusUnprocessableEntity, "There is no such version.")
		choose := b.get(at + "/2").hidden(nil)
		b.post(at+"/2", choose).want(t, http.StatusUnprocessableEntity, "Say why")
		choose.Set("reason", "checked")
		stale := w.freshForm(b, at+"/2", b.get(at+"/2"), map[string]string{"reason": "checked"})
		b.post(at+"/2", choose).want(t, http.StatusOK, "The version is the record now.")
		b.post(at+"/1", stale).want(t, http.StatusConflict, "Somebody changed the record meanwhile")
		old := b.get(at + "/new").hidden(map[string]string{"label": "Late", "reason": "late", "f_locality": "Nairobi", "version": "1"})
		b.post(at, old).want(t, http.StatusConflict, "Somebody changed the record meanwhile", "Nairobi", "Maralal")
		b.get(w.address()+"/as-of?day=2026-11-21").want(t, http.StatusOK, "registered later")
		b.get(w.address()+"/as-of?day=2026-11-22").want(t, http.StatusOK, "version 2", "Maralal")
		b.get(w.address()+"/as-of?day=tomorrow").want(t, http.StatusUnprocessableEntity, "Write the date")
		auditor := w.staff("en", registry.RoleAuditor)
		auditor.get(at+"/1").want(t, http.StatusOK, "A registrar or an administrator chooses")
		auditor.get(at+"/new").want(t, http.StatusForbidden, "Registrar")
		auditor.post(at+"/1", stale).want(t, http.StatusForbidden)
		for _, path := range []string{at + "/77", at + "/x"} {
			b.get(path).want(t, http.StatusNotFound)
		}
	})
}

// Long lists go page by page, from the newest back.
func TestTheLogIsPaged(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		version := 1
		for i := range 60 {
			p, err := w.registry.Edit(t.Context(), w.actor(registry.RoleRegistrar), w.person.ID, registry.Change{Set: map[string]string{"locality": "Town " + string(rune('A'+i%26)) + string(rune('a'+i/26))}, Reason: "moved", ExpectVersion: version})
			w.must(err)
			version = p.VersionNo
		}
		b := w.staff("en", registry.RoleAuditor)
		for _, tab := range []string{"/log", "/versions"} {
			p := b.get(w.address()+tab).want(t, http.StatusOK, "Older")
			if n := strings.Count(p.body, "at the office"); n != 25 {
				t.Errorf("%s: %d entries on the first page", tab, n)
			}
			b.get(w.address()+tab+"?before=37").want(t, http.StatusOK, "Older", "Newest")
			p = b.get(w.address()+tab+"?before=12").want(t, http.StatusOK, "Newest")
			if n := strings.Count(p.body, "at the office"); n != 11 || strings.Contains(p.body, "Older") {
				t.Errorf("%s: %d entries on the last page", tab, n)
			}
			b.get(w.address()+tab+"?before=x").want(t, http.StatusUnprocessableEntity)
			b.get(w.address()+tab+"?before=99999").want(t, http.StatusOK, "Older")
		}
	})
}

// Before somebody is registered who may be here already, the page asks.
func TestLikelyTwinsAreShownFirst(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		send := func(form url.Values) page { return b.post("/admin/people/new", form) }
		form := b.get("/admin/people/new").hidden(map[string]string{"f_given_name": "Amina", "f_family_name": "Lekuton", "reason": "visit"})
		asked := send(form).want(t, http.StatusOK, "Is it one of these?", w.person.Number, `value="Lekuton"`)
		again := asked.hidden(map[string]string{"f_given_name": "Amina", "f_family_name": "Lekuton", "reason": "visit", "other": "1"})
		send(again).want(t, http.StatusOK, "The person is registered.")
		form = b.get("/admin/people/new").hidden(map[string]string{"f_given_name": "Zawadi", "f_phone_number": "+254711220998", "reason": "visit"})
		send(form).want(t, http.StatusOK, "Is it one of these?", w.person.Number)
		form = b.get("/admin/people/new").hidden(map[string]string{"f_given_name": "Zawadi", "reason": "visit"})
		send(form).want(t, http.StatusOK, "The person is registered.")
		form = b.get("/admin/people/new").hidden(map[string]string{"f_given_name": "Wambui"})
		send(form).want(t, http.StatusUnprocessableEntity, "Say why", `value="Wambui"`)
	})
}

// The default version of many is changed in three steps: named, counted, confirmed.
func TestTheDefaultOfManyIsConfirmed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.survey("Survey 2026", map[string]string{"locality": "Maralal"})
		b := w.staff("en", registry.RoleRegistrar)
		b.get("/admin/people/default?q=amina").want(t, http.StatusOK, "Count first", "amina")
		b.get("/admin/people/default?label=").want(t, http.StatusUnprocessableEntity)
		b.get("/admin/people/default?q=amina&label=Survey+1999").want(t, http.StatusOK, "Nobody would change.")
		counted := b.get("/admin/people/default?q=amina&label=Survey+2026").want(t, http.StatusOK, "The record of one person would change")
		b.post("/admin/people/default", counted.hidden(nil)).want(t, http.StatusUnprocessableEntity, "Say why")
		many := counted.hidden(map[string]string{"expect": "1001", "reason": "new survey"})
		b.post("/admin/people/default", many).want(t, http.StatusUnprocessableEntity, "Type 1,001 to confirm")
		none := counted.hidden(map[string]string{"expect": "0", "reason": "new survey"})
		b.post("/admin/people/default", none).want(t, http.StatusUnprocessableEntity, "Count again")
		b.post("/admin/people/default", counted.hidden(map[string]string{"expect": "x"})).want(t, http.StatusUnprocessableEntity)
		done := b.post("/admin/people/default", counted.hidden(map[string]string{"reason": "new survey"}))
		if !strings.HasPrefix(done.path, "/admin/jobs/") {
			t.Errorf("it led to %s: %s", done.path, text(done.body))
		}
		attester := w.staff("en", registry.RoleAttester)
		attester.get("/admin/people/default").want(t, http.StatusForbidden, "Registrar")
		attester.post("/admin/people/default", url.Values{"expect": {"1"}}).want(t, http.StatusForbidden)
	})
}

// A consent that the person gave to a wallet is stopped by staff in their name.
func TestStaffStopAConsent(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b, at := w.staff("en", registry.RoleRegistrar), w.address()+"/consents"
		b.get(at).want(t, http.StatusOK, "has not allowed any wallet yet")
		b.post(at+"/nonsense/withdraw", b.get(w.address()+"/edit").hidden(nil)).want(t, http.StatusNotFound)
		auditor := w.staff("en", registry.RoleAuditor)
		auditor.get(at).want(t, http.StatusOK)
		auditor.post(at+"/nonsense/withdraw", auditor.get(w.address()+"/documents").hidden(nil)).want(t, http.StatusForbidden)
	})
}

// An area is shown by its name, in the record, in old values and in the log.
func TestAreasAreShownByName(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		_, err := w.registry.ImportAreas(t.Context(), w.actor(registry.RoleAdmin), strings.NewReader("code,parent,level,name_en,name_ar\nKE,,0,Kenya,كينيا\nKE-25,KE,1,Samburu,سامبورو\nKE-01,KE,1,Mombasa,\n"), false, "")
		w.must(err)
		version := 1
		for _, code := range []string{"KE-25", "KE-01"} {
			p, err := w.registry.Edit(t.Context(), w.actor(registry.RoleRegistrar), w.person.ID, registry.Change{Set: map[string]string{"region": code}, Reason: "moved", ExpectVersion: version})
			w.must(err)
			version = p.VersionNo
		}
		b := w.staff("en", registry.RoleAttester)
		b.get(w.address()).want(t, http.StatusOK, "Mombasa")
		for _, path := range []string{"/log", "/compare?from=2&to=3", "/versions/2"} {
			if p := b.get(w.address()+path).want(t, http.StatusOK, "Samburu"); strings.Contains(text(p.body), "KE-25") {
				t.Errorf("%s shows the code", path)
			}
		}
		w.staff("ar", registry.RoleAttester).get(w.address()+"/compare?from=2&to=3").want(t, http.StatusOK, "سامبورو")
		b.get("/admin/people?cols=.area").want(t, http.StatusOK, "Mombasa")
		b.get("/admin/people?area=ke").want(t, http.StatusOK, "Mombasa")
	})
}
