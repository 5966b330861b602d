package conformance_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/vciclient"
)

// browser is a person at a browser: it keeps cookies, goes where the server sends
// it, and fills in the forms of the pages by the ids of their elements.
type browser struct {
	suite *suite
	http  *http.Client
}

func (s *suite) newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &browser{s, &http.Client{Jar: jar, Transport: s.client.Transport, Timeout: s.client.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// visit opens an address of the server.
func (b *browser) visit(t *testing.T, address string) page {
	t.Helper()
	return b.load(t, http.MethodGet, address, "")
}

// press fills in a form of the page and presses one of its buttons.
func (b *browser) press(t *testing.T, p page, button string, values map[string]string) page {
	t.Helper()
	f := p.formOf(t, button)
	for id, value := range values {
		f.set(t, id, value)
	}
	if f.ids[button].name != "" {
		f.set(t, button, f.ids[button].value)
	}
	target, err := p.address.Parse(f.action)
	must(t, err)
	return b.load(t, http.MethodPost, target.String(), f.values.Encode())
}

// load goes on until there is a page, or a way that leads out of the server: the
// wallet's redirect URI.
func (b *browser) load(t *testing.T, method, address, body string) page {
	t.Helper()
	for range 10 {
		req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
		must(t, err)
		if method == http.MethodPost {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Origin", b.suite.url)
		}
		req.Header.Set("Accept", "text/html")
		res, err := b.http.Do(req)
		must(t, err)
		answer, err := vciclient.ReadAnswer(address, res)
		must(t, err)
		must(t, res.Body.Close())
		if answer.Status != http.StatusSeeOther && answer.Status != http.StatusFound {
			return page{status: answer.Status, address: req.URL, body: answer.Body}
		}
		next, err := res.Location()
		must(t, err)
		if next.Scheme+"://"+next.Host != b.suite.url {
			return page{away: next}
		}
		method, address, body = http.MethodGet, next.String(), ""
	}
	t.Fatalf("redirected for ever, at last to %s", address)
	return page{}
}

// activate is the first sign-in, with the code that the office handed out.
func (b *browser) activate(t *testing.T, number, code string) {
	t.Helper()
	p := b.press(t, b.visit(t, b.suite.url+"/activate"), "activate-submit", map[string]string{"number": number, "code": code, "passphrase": passphrase, "repeat": passphrase})
	if p.away != nil || p.status != http.StatusOK || p.address.Path != "/me" {
		t.Fatalf("activate: %d at %s\n%s", p.status, p.address, p.body)
	}
}

const passphrase = "a long passphrase of Amina"

// open goes to the consent page, over the sign-in page if need be.
func (b *browser) open(t *testing.T, address string) page {
	t.Helper()
	p := b.visit(t, address)
	if p.away == nil && p.has("login-submit") {
		p = b.press(t, p, "login-submit", map[string]string{"username": b.suite.office.person.Number, "password": passphrase})
	}
	if p.away != nil || p.status != http.StatusOK || !p.has("consent-form") {
		t.Fatalf("no consent page at %s: %d, sent to %v\n%s", address, p.status, p.away, p.body)
	}
	return p
}

// decide opens the address, signs in if asked to, presses one of the two buttons
// and gives where the browser is sent.
func (b *browser) decide(t *testing.T, address, button string) *url.URL {
	t.Helper()
	p := b.press(t, b.open(t, address), button, nil)
	if p.away == nil {
		t.Fatalf("the decision leads not back to the wallet: %d at %s\n%s", p.status, p.address, p.body)
	}
	return p.away
}

// consent agrees, and gives the address that the browser goes to.
func (r *run) consent(address string) *url.URL {
	r.Helper()
	return r.browser.decide(r.T, address, "consent-allow")
}

// deny does not agree.
func (r *run) deny(address string) *url.URL {
	r.Helper()
	return r.browser.decide(r.T, address, "consent-deny")
}

// errorPage expects that the address leads to a page that refuses, not back to
// the wallet.
func (r *run) errorPage(address string, codes ...string) {
	r.Helper()
	p := r.browser.visit(r.T, address)
	if p.away != nil || p.status < 400 || p.status >= 500 || !slices.Contains(codes, p.attribute("failure", "data-code")) {
		r.Errorf("%d, code %q, sent to %v; want one of %v on a page", p.status, p.attribute("failure", "data-code"), p.away, codes)
	}
}
