package web_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"socialregistry/registry"
)

func (b *browser) upload(name, csv string) page {
	b.w.t.Helper()
	form := b.get("/admin/uploads/new").hidden(nil)
	var body bytes.Buffer
	mw := multipart.NewWriter(&body)
	b.w.must(mw.WriteField("form", form.Get("form")))
	b.w.must(mw.WriteField("mode", "create"))
	b.w.must(mw.WriteField("rule", "good"))
	file, err := mw.CreateFormFile("file", name)
	b.w.must(err)
	_, err = io.WriteString(file, csv)
	b.w.must(err)
	b.w.must(mw.Close())
	req, err := http.NewRequestWithContext(b.w.t.Context(), http.MethodPost, b.w.URL+"/admin/uploads", &body)
	b.w.must(err)
	req.Header.Set("Content-Type", mw.FormDataContentType())
	return b.worked(b.do(req, nil))
}

// What a person may edit is checked first, with what follows from it, and only
// then saved; the change stands in the history.
func TestEditOfOnesOwn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.attest(registry.StateAttested, "", "locality")
		me := w.registrant("en")
		edit := me.get("/me/edit/contact").want(t, http.StatusOK, "Kisima")
		check := me.post("/me/edit/contact", edit.hidden(map[string]string{"f_locality": " Maralal ", "step": "check"}))
		check.want(t, http.StatusOK, "One detail changes", "Maralal", "Kisima", "will need attestation again", "Town or village")
		if got := me.get("/me"); !strings.Contains(got.body, "Kisima") {
			t.Error("the check has saved")
		}
		save := check.hidden(map[string]string{"step": "save"})
		me.post("/me/edit/contact", save).want(t, http.StatusOK, "Maralal", "Changed since attested", "Your changes are saved")
		again := me.post("/me/edit/contact", save) // a second click
		if again.want(t, http.StatusOK); again.path != "/me" {
			t.Errorf("a second click led to %s", again.path)
		}
		me.get("/me/history").want(t, http.StatusOK, "One detail changed", "Kisima", "Maralal", "by the person")
		p, err := w.registry.Person(t.Context(), registry.System(), w.person.ID)
		if err != nil || p.VersionNo != w.person.VersionNo+1 {
			t.Errorf("version %d, want one more than %d; %v", p.VersionNo, w.person.VersionNo, err)
		}
	})
}

// A tie is named in the history, to its people by the end of a number only.
func TestHistoryTellsOfTies(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		registrar := registry.Actor{Name: "office", Roles: []registry.Role{registry.RoleRegistrar}}
		spouse, err := w.registry.Register(t.Context(), registrar, registry.Change{Set: map[string]string{"full_name": "Spouse"}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.registry.AddSpouse(t.Context(), registrar, w.person.ID, registry.SpouseChange{Spouse: spouse.ID, Marriage: registry.Marriage{IsMarried: true}})
		if err != nil {
			t.Fatal(err)
		}
		end := spouse.Number[len(spouse.Number)-4:]
		mine := w.registrant("en").get("/me/history").want(t, http.StatusOK, "Spouse", "SR-*******"+end)
		if strings.Contains(mine.body, spouse.Number) {
			t.Error("the number is told in full")
		}
		w.registrant("ar").get("/me/history").want(t, http.StatusOK, "الزوج أو الزوجة")
		w.staff("en", registry.RoleAuditor).get("/admin/people/"+w.person.ID.String()+"/log").want(t, http.StatusOK, "Spouse", spouse.Number)
	})
}

func TestSectionsThatOnlyTheOfficeEdits(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		me.get("/me/edit/identity").want(t, http.StatusNotFound, "nothing here that you can change")
		me.get("/me/edit/nonsense").want(t, http.StatusNotFound)
		form := me.get("/me/edit/contact").hidden(map[string]string{"f_given_name": "Eve", "step": "save"})
		me.post("/me/edit/contact", form)
		p, err := w.registry.Person(t.Context(), registry.System(), w.person.ID)
		if err != nil || p.Values["given_name"].Text != "Amina" {
			t.Errorf("given name = %q, %v", p.Values["given_name"].Text, err)
		}
	})
}

// Of two who edit at once, the second is shown both values and decides.
func TestStaleEditShowsBothValues(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me, registrar := w.registrant("en"), w.staff("en", registry.RoleRegistrar)
		edit := me.get("/me/edit/contact")
		staffPath := "/admin/people/" + w.person.ID.String() + "/edit"
		staff := registrar.get(staffPath)
		registrar.post(staffPath, staff.hidden(map[string]string{"f_locality": "Wamba", "reason": "letter", "step": "save"})).want(t, http.StatusOK, "The record is saved")
		stale := me.post("/me/edit/contact", edit.hidden(map[string]string{"f_locality": "Maralal", "step": "save"}))
		stale.want(t, http.StatusConflict, "Somebody was quicker", "Maralal", "Wamba")
		check := me.post("/me/edit/contact", stale.hidden(map[string]string{"step": "check"}))
		check.want(t, http.StatusOK, "Maralal", "Wamba")
		me.post("/me/edit/contact", check.hidden(map[string]string{"step": "save"})).want(t, http.StatusOK, "Maralal")
	})
}

func TestMistakesComeBackAtTheField(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		form := me.get("/me/edit/contact").hidden(map[string]string{"f_email": "not an address", "step": "check"})
		me.post("/me/edit/contact", form).want(t, http.StatusUnprocessableEntity, "<title>Error:", `href="#f_email"`, `id="f_email-wrong"`, `aria-invalid="true"`, "not an address")
		registrar := w.staff("ar", registry.RoleRegistrar)
		form = registrar.get("/admin/people/new").hidden(map[string]string{"f_birth_date": "2999-01-01", "step": "save", "reason": "visit"})
		registrar.post("/admin/people/new", form).want(t, http.StatusUnprocessableEntity, "هذا التاريخ لم يأتِ بعد", "2999-01-01")
	})
}

func TestRegisterHandOutActivate(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		registrar := w.staff("en", registry.RoleRegistrar)
		form := registrar.get("/admin/people/new").hidden(map[string]string{"f_given_name": "Otieno", "f_birth_date": "2999-01-01", "step": "save"})
		registrar.post("/admin/people/new", form).want(t, http.StatusUnprocessableEntity, "Say why", "This date has not come yet")
		form = registrar.get("/admin/people/new").hidden(map[string]string{"f_given_name": "Otieno", "step": "save", "reason": "visit"})
		person := registrar.post("/admin/people/new", form).want(t, http.StatusOK, "Otieno", "The person is registered")
		if twice := registrar.post("/admin/people/new", form); twice.path != person.path {
			t.Errorf("a second click led to %s, want %s", twice.path, person.path)
		}
		number := regexp.MustCompile(`SR-\d{11}`).FindString(person.body)

		ask := registrar.get(person.path + "/code").hidden(nil)
		slip := registrar.post(person.path+"/code", ask).want(t, http.StatusOK, number, "shown this once")
		code := regexp.MustCompile(`\d{4} \d{4}`).FindString(slip.body)
		again := registrar.post(person.path+"/code", ask).want(t, http.StatusOK, "cannot be shown again")
		if strings.Contains(again.body, code) {
			t.Error("the code was shown twice")
		}

		b := w.browser("en")
		activate := url.Values{"number": {number}, "code": {code}, "passphrase": {password}, "repeat": {"another one"}}
		b.post("/activate", activate).want(t, http.StatusUnprocessableEntity, "not the same")
		activate.Set("repeat", password)
		activate.Set("code", "0000 0000")
		b.post("/activate", activate).want(t, http.StatusUnprocessableEntity, "do not go together", "4 tries are left")
		activate.Set("code", code)
		if me := b.post("/activate", activate).want(t, http.StatusOK, "Otieno", number); me.path != "/me" {
			t.Errorf("at %s", me.path)
		}
	})
}

// Signing in gives another cookie than any that was there, and signing out ends
// the session on the server.
func TestSessionCookie(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.browser("en")
		home, err := url.Parse(w.URL)
		w.must(err)
		cookie := func() string {
			for _, c := range b.http.Jar.Cookies(home) {
				if c.Name == "sr_session" {
					return c.Value
				}
			}
			return ""
		}
		b.http.Jar.SetCookies(home, []*http.Cookie{{Name: "sr_session", Value: "planted", Path: "/"}})
		form := url.Values{"username": {"auditor"}, "password": {password}}
		b.post("/login", form).want(t, http.StatusOK)
		first := cookie()
		if first == "planted" || len(first) < 40 {
			t.Fatalf("cookie %q", first)
		}
		b.post("/login", form).want(t, http.StatusOK)
		if second := cookie(); second == first {
			t.Error("a second sign-in kept the cookie")
		}
		if _, err := w.registry.Session(t.Context(), first); err == nil {
			t.Error("the session before is still open")
		}
		last := cookie()
		b.post("/logout", nil)
		if _, err := w.registry.Session(t.Context(), last); err == nil || cookie() != "" {
			t.Errorf("after signing out: %v, cookie %q", err, cookie())
		}
		b.post("/login", form)
		w.pass(registry.SessionIdle)
		if p := b.get("/admin"); p.path != "/login" {
			t.Errorf("idle session: at %s", p.path)
		}
	})
}

func TestLockIsShownWithItsEnd(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.browser("en")
		for _, name := range []string{"auditor", "nobody"} {
			wrong := url.Values{"username": {name}, "password": {"wrong password"}}
			b.post("/login", wrong).want(t, http.StatusUnprocessableEntity, "4 tries are left")
			b.post("/login", url.Values{"username": {name}, "password": {""}}).want(t, http.StatusUnprocessableEntity, "This is needed.")
			for range registry.MaxFailures - 2 {
				b.post("/login", wrong)
			}
			b.post("/login", wrong).want(t, http.StatusUnprocessableEntity, "do not go together", "22 November 2026, 12:15 UTC")
			b.post("/login", wrong).want(t, http.StatusUnprocessableEntity, "Too many wrong tries", "22 November 2026, 12:15 UTC")
		}
	})
}

func TestAttestAndReject(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		attester := w.staff("en", registry.RoleAttester)
		path := "/admin/people/" + w.person.ID.String() + "/attest"
		send := func(decision, comment string, fields ...string) page {
			form := attester.get(path).hidden(map[string]string{"decision": decision, "comment": comment})
			form["field"] = fields
			return attester.post(path, form)
		}
		send("attest", "").want(t, http.StatusUnprocessableEntity, "Select at least one detail")
		send("reject", "", "sex", "locality").want(t, http.StatusUnprocessableEntity, "Say why in the comment", `id="p-sex" checked`)
		send("attest", "", "sex").want(t, http.StatusOK, "The decisions are saved", "Attested")
		send("reject", "The letter is not readable.", "locality").want(t, http.StatusOK, "Rejected", "The letter is not readable.")
		w.registrant("en").get("/me").want(t, http.StatusOK, "The letter is not readable.", "Attested by")

		form := attester.get(path).hidden(map[string]string{"decision": "attest"})
		form["field"] = []string{"sex"}
		_, err := w.registry.Edit(t.Context(), w.actor(registry.RoleRegistrar), w.person.ID, registry.Change{Set: map[string]string{"sex": "male"}, Reason: "x", ExpectVersion: w.person.VersionNo})
		w.must(err)
		attester.post(path, form).want(t, http.StatusConflict, "changed the record meanwhile", "Changed since attested")
		w.staff("en", registry.RoleAuditor).post(path, form).want(t, http.StatusForbidden)
	})
}

// What stands on the page before a credential can be had, and after.
func TestCredentialStates(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		me.get("/me/credentials").want(t, http.StatusOK, "Not ready yet", "3 details must be attested first", "Date of birth", "Bring a document")
		w.attest(registry.StateAttested, "", "given_name", "family_name")
		me.get("/me").want(t, http.StatusOK, "One detail must be attested first")
		w.attest(registry.StateAttested, "", "birth_date")
		creds := me.get("/me/credentials").want(t, http.StatusOK, "Ready", "Add to my wallet")
		config := regexp.MustCompile(`/me/credentials/([^/"]+)/offer`).FindStringSubmatch(creds.body)[1]
		path := "/me/credentials/" + config + "/offer"
		start := me.get(path).want(t, http.StatusOK, "What will be in it", "Amina")
		offer := me.post(path, start.hidden(map[string]string{"pin": "1"}))
		offer.want(t, http.StatusOK, "Waiting for a wallet", `href="openid-credential-offer://?`, `href="haip-vci://?`, "<svg viewBox", "See whether it is done")
		if !regexp.MustCompile(`<p class="pin"><bdi dir="ltr">\d{6}</bdi>`).MatchString(offer.body) {
			t.Error("the PIN is not shown")
		}
		if other := w.staff("en", registry.RoleAdmin).get(offer.path); other.status != http.StatusForbidden {
			t.Errorf("staff at the offer: %d", other.status)
		}
		w.pass(10 * time.Minute)
		over := me.get(offer.path).want(t, http.StatusOK, "This code is over", "Make a new code")
		if strings.Contains(over.body, "See whether it is done") || strings.Contains(over.body, "openid-credential-offer") {
			t.Error("an offer that is over is still offered")
		}
		me.get(path+"/no-such-offer").want(t, http.StatusNotFound)
		me.get("/me/credentials/nonsense/offer").want(t, http.StatusNotFound)
	})
}

func TestPeopleAreFoundAndPaged(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		var csv strings.Builder
		csv.WriteString("Given name,Family name\n")
		for i := range 30 {
			csv.WriteString("Person" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + ",Testova\n")
		}
		_, err := w.registry.Import(t.Context(), w.actor(registry.RoleAdmin), strings.NewReader(csv.String()), registry.ImportOptions{Mode: registry.ImportCreate})
		w.must(err)
		b := w.staff("en", registry.RoleAuditor)
		first := b.get("/admin/people?q=testova")
		if n := strings.Count(first.body, "/admin/people/0"); n != 25 {
			t.Errorf("%d people on the first page", n)
		}
		next := unescape(regexp.MustCompile(`href="(/admin/people\?after=[^"]+)"`).FindStringSubmatch(first.body)[1])
		if p := b.get(next); strings.Count(p.body, "/admin/people/0") != 5 || !strings.Contains(p.body, "First page") || strings.Contains(p.body, "Next page") {
			t.Errorf("second page: %s", text(p.body))
		}
		for _, q := range []string{"amina", w.person.Number, "KE-4471 2209", "+254 711 220 998"} {
			b.get("/admin/people?q="+url.QueryEscape(q)).want(t, http.StatusOK, "Amina")
		}
		w.attest(registry.StateAttested, "", "sex")
		b.get("/admin/people?field=sex&state=ATTESTED").want(t, http.StatusOK, "Amina")
		b.get("/admin/people?field=sex&state=REJECTED").want(t, http.StatusOK, "Nobody was found")
		b.get("/admin/people?field=nonsense&state=NEW").want(t, http.StatusUnprocessableEntity)
		b.get("/admin/people?after=nonsense").want(t, http.StatusUnprocessableEntity)
		b.get("/admin/people?queue=undecided").want(t, http.StatusOK, "Awaiting a first decision")
		b.get("/admin").want(t, http.StatusOK, ">31<") // of Amina there are details left
		b.get("/admin/people/nonsense").want(t, http.StatusNotFound)
	})
}

// What is stored sealed is not shown in full where it need not be.
func TestSealedValuesAreMasked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		person := "/admin/people/" + w.person.ID.String()
		auditor := w.staff("en", registry.RoleAuditor)
		for _, path := range []string{person, person + "/log", person + "/versions/1"} {
			if p := auditor.get(path).want(t, http.StatusOK, "••••\u00a02209"); strings.Contains(p.body, "KE44712209") || strings.Contains(p.body, "254711220998") {
				t.Errorf("%s shows a sealed value", path)
			}
		}
		if p := w.registrant("en").get("/me").want(t, http.StatusOK, "••••\u00a02209", "+254711220998"); strings.Contains(p.body, "KE44712209") {
			t.Error("/me shows the whole number")
		}
	})
}
