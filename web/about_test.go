package web_test

import (
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/web"
)

// aboutTour are the pages that explain, and those of who begins and who develops.
func aboutTour(w *world, lang string) []page {
	b, admin := w.browser(lang), w.staff(lang, registry.RoleAdmin)
	return []page{b.get("/help"), b.get("/privacy"), b.get("/accessibility"), b.get("/gallery"), admin.get("/setup/data"), admin.get("/admin/appearance")}
}

func TestAboutPages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.browser("en")
		b.get("/").want(t, http.StatusOK, `href="/help"`, `href="/accessibility"`, `href="/privacy"`)
		b.get("/help").want(t, http.StatusOK, "Use my activation code")
		b.get("/accessibility").want(t, http.StatusOK, "WCAG 2.2", "Kiswahili", "not good yet")
		b.get("/privacy").want(t, http.StatusOK, "Stored encrypted", "National identification number", "730 days", "30 minutes", "No record is taken over")
		for _, path := range []string{"/help", "/privacy", "/accessibility"} {
			b.get(path).want(t, http.StatusOK, "Ministry of Trials, +254 20 555 0100")
		}
		b.get("/privacy").want(t, http.StatusOK, "against harmful files", "session, for the language")
		w.browser("fr").get("/privacy").want(t, http.StatusOK, "Numéro national d’identité", "730 jours")
		w.browser("hi").get("/").want(t, http.StatusOK, `<html lang="hi"`, `lang="sw" hreflang="sw"`, "<details class=\"langs\" id=\"langs\">")
	})
}

// Failures say when to try again and where to go, in the reader's language.
func TestFailuresHaveAWayOn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		for lang, want := range map[string]string{"en": "There is nothing here", "fr": "Il n’y a rien ici", "ar": "لا يوجد شيء هنا", "hi": "यहाँ कुछ नहीं है", "sw": "Hakuna kitu hapa"} {
			p := w.browser(lang).get("/nothing")
			if p.status != http.StatusNotFound || lang != "ar" && !strings.Contains(p.body, want) || !strings.Contains(p.body, `href="/"`) || !strings.Contains(p.body, `href="/help"`) {
				t.Errorf("%s: %d %.300s", lang, p.status, text(p.body))
			}
		}
		b := w.browser("sw")
		for range 40 {
			if p := b.post("/login", url.Values{"username": {"nobody" + lettersOf(w)}, "password": {"wrong wrong wrong"}}); p.status == http.StatusTooManyRequests {
				p.want(t, http.StatusTooManyRequests, "Jaribu tena baada ya")
				return
			}
		}
		t.Error("forty wrong tries, and nobody is slowed down")
	})
}

func lettersOf(w *world) string { return strings.ToLower(w.person.Number[3:5]) }

// Pages are compressed where that tells nobody anything (docs/design/http.md).
func TestPagesAreCompressed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		ask := func(path string, header ...string) *http.Response {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+path, nil)
			w.must(err)
			req.Header.Set("Accept-Encoding", "gzip")
			for i := 0; i < len(header); i += 2 {
				req.Header.Set(header[i], header[i+1])
			}
			res, err := (&http.Client{Transport: &http.Transport{DisableCompression: true}}).Do(req)
			w.must(err)
			t.Cleanup(func() { res.Body.Close() })
			return res
		}
		lengths := map[int]bool{}
		for range 8 {
			res := ask("/login")
			if res.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(strings.Join(res.Header.Values("Vary"), ","), "Accept-Encoding") {
				t.Fatalf("%v", res.Header)
			}
			body, err := io.ReadAll(res.Body)
			w.must(err)
			lengths[len(body)] = true
			zip, err := gzip.NewReader(strings.NewReader(string(body)))
			w.must(err)
			if plain, err := io.ReadAll(zip); err != nil || !strings.Contains(string(plain), "</html>") {
				t.Fatalf("%v", err)
			}
		}
		if len(lengths) < 2 {
			t.Error("the length is not blurred")
		}
		for _, header := range [][]string{{"Accept-Encoding", "gzip;q=0"}, {"Accept-Encoding", "br"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
			if res := ask("/login", header...); res.Header.Get("Content-Encoding") != "" {
				t.Errorf("%v: compressed", header)
			}
		}
		if ask("/login?next=/me").Header.Get("Content-Encoding") != "" || ask("/login?next=/me", "Sec-Fetch-Site", "same-origin").Header.Get("Content-Encoding") == "" {
			t.Error("an address with a query")
		}
	})
}

func TestThemes(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		"": true, "#0f4c4a,#0b3837,#ffbf3c": true, "#1a237e, #0d1447, #ffd54f": true,
		"#0f4c4a,#0b3837": false, "red,#0b3837,#ffbf3c": false, "#77aa88,#0b3837,#ffbf3c": false, "#0f4c4a,#8899aa,#ffbf3c": false, "#0f4c4a,#0b3837,#333333": false, "#0f4c4a,#0b3837,#868686": false, "#0f4c4a,#0b3837,#ffbf3": false,
	} {
		if _, err := web.ParseColours(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
	for text, good := range map[string]bool{"": true, "Registry of Kenya": true, "en=Registry; sw=Sajili": true, "en=": false, "en=A; en=B": false, strings.Repeat("x", 41): false, "a\u202eb": false} {
		if _, err := web.ParseThemeNames(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
	d := dbtest.New(t, "sqlite")
	w := newWorld(t, d)
	colours, err := web.ParseColours("#1a237e,#0d1447,#ffd54f")
	w.must(err)
	w.dress(web.Theme{Names: map[string]string{"en": "Registry of Kenya", "sw": "Sajili ya Kenya"}, Logo: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), Colours: colours})
	p := w.browser("sw").get("/").want(t, http.StatusOK, "Sajili ya Kenya", "/theme.css", "/logo.svg")
	w.browser("fr").get("/").want(t, http.StatusOK, "Registry of Kenya")
	_, after, _ := strings.Cut(p.body, `href="/static/`)
	_, after, _ = strings.Cut(after, `href="/static/`)
	href, _, _ := strings.Cut(after, `"`)
	if sheet := w.browser("en").get("/static/" + href); !strings.Contains(sheet.body, "--brand: #1a237e") || !strings.Contains(sheet.body, "--chart: #8186b8") {
		t.Errorf("%s: %d %s", href, sheet.status, sheet.body)
	}
}

// empty is a world in which nobody of the staff has an account.
func empty(t *testing.T, w *world) {
	t.Helper()
	for _, statement := range []string{"DELETE FROM session", "DELETE FROM role_assignment", "DELETE FROM account WHERE registrant_id IS NULL"} {
		if err := w.db.Exec(statement).Error; err != nil {
			t.Skipf("accounts cannot be taken away: %v", err)
		}
	}
}

// The first run is closed for ever by the first account, and of two at once one wins.
func TestSetUpIsClosedOnceSomebodyHasAnAccount(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.browser("en")
		if p := b.get("/"); p.path != "/" {
			t.Errorf("with accounts: at %s", p.path)
		}
		for _, path := range []string{"/setup", "/setup/account", "/setup?token=" + setupToken} {
			b.get(path).want(t, http.StatusNotFound)
		}
		b.post("/setup/account", url.Values{"token": {setupToken}, "username": {"mallory"}, "password": {password}, "repeat": {password}}).want(t, http.StatusNotFound)
		if _, err := w.registry.OpenFirst(t.Context(), "mallory", password); err == nil {
			t.Error("a second first account")
		}
		if p := b.get("/setup/data"); p.path != "/login" {
			t.Errorf("the last step without an account: at %s", p.path)
		}
		w.staff("en", registry.RoleAuditor).get("/setup/data").want(t, http.StatusForbidden, "Administrator")
		w.staff("en", registry.RoleAdmin).get("/setup/data").want(t, http.StatusOK, "people in the registry already")
	})
}

func TestFirstRun(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		empty(t, w)
		w.restart()
		b := w.browser("en")
		if p := b.get("/"); p.path != "/setup" {
			t.Fatalf("at %s", p.path)
		}
		if p := b.get("/admin"); p.path != "/setup" {
			t.Errorf("/admin leads to %s", p.path)
		}
		first := b.get("/setup").want(t, http.StatusOK, "Name and look", `name="brand"`)
		b.multipart("/setup", first.hidden(map[string]string{"name": "Too dark", "brand": "#eeeeee", "dark": "#0d1447", "mark": "#ffd54f"}), "", "").want(t, http.StatusUnprocessableEntity, "could hardly be read", `value="Too dark"`)
		b.multipart("/setup", first.hidden(map[string]string{"name": "Registry of the North", "brand": "#1a237e", "dark": "#0d1447", "mark": "#ffd54f"}), "logo.svg", `<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`).want(t, http.StatusUnprocessableEntity, "no drawing")
		next := b.multipart("/setup", first.hidden(map[string]string{"name": "Registry of the North", "name_fr": "Registre du Nord", "brand": "#1a237e", "dark": "#0d1447", "mark": "#ffd54f"}), "logo.svg", `<svg xmlns="http://www.w3.org/2000/svg"/>`)
		if next.path != "/setup/account" {
			t.Errorf("at %s: %s", next.path, text(next.body))
		}
		next.want(t, http.StatusOK, "Registry of the North", "/theme.css", "/logo.svg")
		w.browser("fr").get("/help").want(t, http.StatusOK, "Registre du Nord")
		w.restart() // another server learns it from the registry
		b = w.browser("en")
		b.get("/help").want(t, http.StatusOK, "Registry of the North", "/theme.css")
		bad := b.post("/setup/account", url.Values{"username": {"x"}, "password": {password}, "repeat": {"another"}})
		bad.want(t, http.StatusUnprocessableEntity, "not the same", `value="x"`)
		b.post("/setup/account", url.Values{"username": {"9"}, "password": {password}, "repeat": {password}}).want(t, http.StatusUnprocessableEntity, `aria-invalid="true"`)
		elsewhere := func(token string) int {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/setup?token="+token, nil)
			w.must(err)
			req.Header.Set("X-Forwarded-For", "203.0.113.9")
			res, err := http.DefaultClient.Do(req)
			w.must(err)
			defer res.Body.Close()
			return res.StatusCode
		}
		if elsewhere("") != http.StatusForbidden || elsewhere("wrong") != http.StatusForbidden || elsewhere(setupToken) != http.StatusOK {
			t.Error("from elsewhere: the token alone lets in")
		}
		var won sync.Map
		var all sync.WaitGroup
		for _, name := range []string{"first", "second", "third"} {
			all.Go(func() {
				if _, err := w.registry.OpenFirst(t.Context(), name, password); err == nil {
					won.Store(name, true)
				}
			})
		}
		all.Wait()
		n := 0
		won.Range(func(any, any) bool { n++; return true })
		if n != 1 {
			t.Errorf("%d first accounts", n)
		}
		b.get("/setup").want(t, http.StatusNotFound)
		b.multipart("/setup", first.hidden(map[string]string{"name": "Too late"}), "", "").want(t, http.StatusNotFound)
		if err := w.registry.FirstAppearance(t.Context(), registry.Appearance{Version: 1}); fault.CodeOf(err) != "set_up" {
			t.Errorf("a first look after the first run: %v", err)
		}
	})
}

// Where staff have to have an authenticator app, the first administrator adds one on the
// way to the last step.
func TestFirstRunWithAnApp(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		empty(t, w)
		w.needTOTP(true)
		b := w.browser("en")
		p := b.post("/setup/account", url.Values{"username": {"begin"}, "password": {password}, "repeat": {password}})
		p.want(t, http.StatusOK, "Everybody on the staff needs", `action="/login/enrol"`)
		b.post("/login/enrol", p.hidden(map[string]string{"code": w.codeOf(t, p)})).want(t, http.StatusOK, "Recovery codes", `href="/setup/data"`)
		b.get("/setup/data").want(t, http.StatusOK, `name="data"`)
	})
}

// An administrator changes name and look later; who is slower is told, and nobody else may.
func TestNameAndLook(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		admin := w.staff("en", registry.RoleAdmin)
		form := admin.get("/admin/appearance").want(t, http.StatusOK, "Name and look", `value="#0f4c4a"`)
		good := map[string]string{"name": "Registry of the Coast", "brand": "#1a237e", "dark": "#0d1447", "mark": "#ffd54f", "reason": "a new ministry"}
		admin.multipart("/admin/appearance", form.hidden(withReason(good, "")), "", "").want(t, http.StatusUnprocessableEntity, `value="Registry of the Coast"`, "Say why")
		admin.multipart("/admin/appearance", form.hidden(good), "logo.svg", `<svg xmlns="http://www.w3.org/2000/svg"/>`).want(t, http.StatusOK, "Registry of the Coast", "/logo.svg", "/theme.css")
		slow := form.hidden(good)
		slow.Set("form", admin.get("/admin/appearance").hidden(nil).Get("form"))
		admin.multipart("/admin/appearance", slow, "", "").want(t, http.StatusConflict, `value="Registry of the Coast"`)
		back := admin.get("/admin/appearance").want(t, http.StatusOK, `name="own_logo"`)
		p := admin.multipart("/admin/appearance", back.hidden(map[string]string{"own_logo": "1", "brand": "#0f4c4a", "dark": "#0b3837", "mark": "#ffbf3c", "reason": "back"}), "", "").want(t, http.StatusOK)
		if strings.Contains(p.body, "/logo.svg") || strings.Contains(p.body, "/theme.css") || strings.Contains(p.body, "Registry of the Coast") {
			t.Errorf("the look stays: %s", p.body)
		}
		admin.get("/admin/audit?sort=appearance").want(t, http.StatusOK, "a new ministry")
		auditor := w.staff("en", registry.RoleAuditor)
		auditor.get("/admin/appearance").want(t, http.StatusForbidden)
		auditor.post("/admin/appearance", url.Values{"name": {"Mine"}}).want(t, http.StatusForbidden)
	})
}

func withReason(form map[string]string, reason string) map[string]string {
	out := maps.Clone(form)
	out["reason"] = reason
	return out
}

func TestFirstRunByPages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		empty(t, w)
		w.restart()
		b := w.browser("en")
		p := b.post("/setup/account", url.Values{"username": {"begin"}, "password": {password}, "repeat": {password}})
		if p.path != "/setup/data" {
			t.Fatalf("at %s: %.500s", p.path, text(p.body))
		}
		if p = b.post("/setup/data", p.hidden(map[string]string{"data": "empty"})); p.path != "/admin" || p.status != http.StatusOK {
			t.Errorf("at %s, %d", p.path, p.status)
		}
	})
}
