package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/api"
	"socialregistry/did"
	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/issuer"
	"socialregistry/registry"
	"socialregistry/web"
)

const setupToken = "the-token-of-the-first-run"

const password = "six green kettles"

func TestMain(m *testing.M) { dbtest.Main(m) }

// world is the whole service behind a real socket, with staff accounts and one
// person.
type world struct {
	*httptest.Server
	t        testing.TB
	registry *registry.Registry
	strict   *registry.Registry // the same, where staff need an authenticator app
	issuer   *issuer.Issuer
	db       *db.DB
	person   registry.Person
	config   issuer.Config
	serve    func(*issuer.Issuers) // from now on
	also     func(*web.Config)     // what a test adds; nil: nothing
	needTOTP func(bool)            // from now on
	theme    web.Theme
	log      slog.Handler // nil: nothing is written down

	wallets []web.WebWallet

	mu  sync.Mutex
	now time.Time
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func onEach(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, newWorld(t, d)) })
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	return newWorldWith(t, d, false)
}

// newWorldWith makes test offers for makers of wallets, or none.
func newWorldWith(t testing.TB, d *db.DB, withTrial bool) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	var handler http.Handler
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	t.Cleanup(w.Close)
	w.URL = strings.Replace(w.URL, "127.0.0.1", "localhost", 1)
	master := secret.NewMaster()
	var err error
	w.registry, err = registry.New(t.Context(), registry.Config{DB: d, Master: master, Now: w.Now, PublicURL: w.URL})
	w.must(err)
	w.strict, err = registry.New(t.Context(), registry.Config{DB: d, Master: master, Now: w.Now, PublicURL: w.URL, NeedTOTP: true})
	w.must(err)
	w.db = d
	w.config = issuer.Config{DB: d, Registry: w.registry, Master: master, PublicURL: w.URL, Now: w.Now, Resolver: did.NewResolver(),
		Messages: issuer.MessagePolicy{Hook: !withTrial}} // generated people have no telephones
	w.issuer, err = issuer.New(t.Context(), w.config)
	w.must(err)
	reg := w.registry // that answers
	w.needTOTP = func(on bool) {
		if reg = w.registry; on {
			reg = w.strict
		}
		w.serve(issuer.Alone(w.issuer))
	}
	w.serve = func(issuers *issuer.Issuers) {
		config := web.Config{Registry: reg, Issuer: issuers, PublicURL: w.URL, Now: w.Now, Wallets: w.wallets, Theme: w.theme, Gallery: true,
			Kept:     web.Kept{Looks: 730 * 24 * time.Hour, Files: 90 * 24 * time.Hour, Consent: 90 * 24 * time.Hour, Hook: true, Scan: true, Contact: "Ministry of Trials, +254 20 555 0100"},
			FirstRun: &web.FirstRun{Token: setupToken}}
		if withTrial {
			config.Trial = trial{w}
		}
		if w.also != nil {
			w.also(&config)
		}
		pages, err := web.New(config)
		w.must(err)
		log := w.log
		if log == nil {
			log = slog.DiscardHandler
		}
		handler, err = api.New(api.Deps{Registry: reg, Issuer: issuers, Pages: pages, PublicURL: w.URL, Now: w.Now,
			Log: slog.New(log), Ready: []api.Check{{Name: "always", Run: func(context.Context) error { return nil }}}})
		w.must(err)
	}
	w.serve(issuer.Alone(w.issuer))
	for _, role := range []registry.Role{registry.RoleAdmin, registry.RoleRegistrar, registry.RoleAttester, registry.RoleAuditor} {
		_, err := w.registry.CreateStaff(t.Context(), registry.System(), string(role), password, []registry.Role{role})
		w.must(err)
	}
	w.person, err = w.registry.Register(t.Context(), w.actor(registry.RoleRegistrar), registry.Change{Reason: "first visit", Set: map[string]string{
		"given_name": "Amina", "family_name": "<Yusuf> & Lekuton", "sex": "female", "birth_date": "1991-04-02", "national_id": "KE44712209", "phone_number": "+254711220998", "locality": "Kisima"}})
	w.must(err)
	return w
}

// restart builds the pages anew; dress gives them another look.
func (w *world) restart() { w.serve(issuer.Alone(w.issuer)) }

func (w *world) dress(theme web.Theme) {
	w.theme = theme
	w.restart()
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) actor(role registry.Role) registry.Actor {
	return registry.Actor{AccountID: uuid.New(), Name: string(role), Roles: []registry.Role{role}, Channel: registry.ChannelStaff}
}

func (w *world) attest(state registry.State, comment string, fields ...string) {
	w.t.Helper()
	var ds []registry.Decision
	for _, f := range fields {
		ds = append(ds, registry.Decision{Field: f, State: state, Comment: comment})
	}
	p, err := w.registry.Person(w.t.Context(), registry.System(), w.person.ID)
	w.must(err)
	w.must(w.registry.Attest(w.t.Context(), w.actor(registry.RoleAttester), p.ID, p.VersionNo, ds))
}

// browser is somebody with cookies and a language. It follows redirects.
type browser struct {
	w    *world
	http *http.Client
	lang string
}

func (w *world) browser(lang string) *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	w.must(err)
	return &browser{w, &http.Client{Jar: jar}, lang}
}

// staff is a member of staff who is signed in.
func (w *world) staff(lang string, role registry.Role) *browser {
	w.t.Helper()
	b := w.browser(lang)
	if p := b.post("/login", url.Values{"username": {string(role)}, "password": {password}}); p.status != http.StatusOK || p.path != "/admin" {
		w.t.Fatalf("sign in as %s: %d at %s", role, p.status, p.path)
	}
	return b
}

// registrant is the person, with a code just handed out.
func (w *world) registrant(lang string) *browser {
	w.t.Helper()
	code, _, err := w.registry.NewActivationCode(w.t.Context(), w.actor(registry.RoleRegistrar), w.person.ID)
	w.must(err)
	b := w.browser(lang)
	p := b.post("/activate", url.Values{"number": {w.person.Number}, "code": {code}, "passphrase": {password}, "repeat": {password}})
	if p.status != http.StatusOK || p.path != "/me" {
		w.t.Fatalf("activate: %d at %s\n%s", p.status, p.path, p.body)
	}
	return b
}

// page is what a browser got in the end.
type page struct {
	status     int
	path, body string
	header     http.Header
}

func (b *browser) do(req *http.Request, err error) page {
	b.w.t.Helper()
	b.w.must(err)
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Accept-Language", b.lang)
	res, err := b.http.Do(req)
	b.w.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	b.w.must(err)
	return page{res.StatusCode, res.Request.URL.Path, string(body), res.Header}
}

func (b *browser) get(path string) page {
	b.w.t.Helper()
	return b.do(http.NewRequestWithContext(b.w.t.Context(), http.MethodGet, b.w.URL+path, nil))
}

func (b *browser) post(path string, form url.Values) page {
	b.w.t.Helper()
	req, err := http.NewRequestWithContext(b.w.t.Context(), http.MethodPost, b.w.URL+path, strings.NewReader(form.Encode()))
	b.w.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(req, nil)
}

var hiddenInput = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// hidden is the hidden inputs of a page, with values put over them.
func (p page) hidden(values map[string]string) url.Values {
	form := url.Values{}
	for _, m := range hiddenInput.FindAllStringSubmatch(p.body, -1) {
		form.Set(m[1], unescape(m[2]))
	}
	for k, v := range values {
		form.Set(k, v)
	}
	return form
}

func unescape(s string) string {
	return strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&#43;", "+").Replace(s)
}

func (p page) want(t *testing.T, status int, parts ...string) page {
	t.Helper()
	if p.status != status {
		t.Errorf("status %d at %s, want %d", p.status, p.path, status)
	}
	for _, part := range parts {
		if !strings.Contains(p.body, part) && !strings.Contains(unescape(p.body), part) {
			t.Errorf("%q is not on the page at %s:\n%s", part, p.path, text(p.body))
		}
	}
	return p
}

var tags = regexp.MustCompile(`(?s)<(script|style|svg).*?</(script|style|svg)>|<[^>]*>|\n\s*\n`)

func text(body string) string { return tags.ReplaceAllString(body, " ") }
