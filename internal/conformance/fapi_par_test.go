package conformance_test

import (
	"net/http"
	"net/url"
	"strings"

	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
)

// pushing is a good request to the PAR endpoint, with what belongs to it.
func (r *run) pushing() (vciclient.Request, *vciclient.Authorization) {
	r.Helper()
	a := vciclient.NewAuthorization(r.server)
	req, err := r.client.PushRequest(r.Context(), r.issuer, r.server, r.asks(), a)
	must(r, err)
	return req, a
}

// pushed sends it with changes and gives the address to open.
func (r *run) pushed(req vciclient.Request, changes ...change) string {
	r.Helper()
	a := r.suite.send(r.T, req, changes...)
	uri, _ := a.Members["request_uri"].(string)
	if a.Status != http.StatusCreated || !strings.HasPrefix(uri, "urn:ietf:params:oauth:request_uri:") || len(uri) < len("urn:ietf:params:oauth:request_uri:")+22 {
		r.Fatalf("PAR: %d %s", a.Status, a.Body)
	}
	if life, _ := a.Members["expires_in"].(float64); life <= 0 || life >= 600 { // FAPI 2.0 §5.3.2.2
		r.Errorf("expires_in = %v", a.Members["expires_in"])
	}
	address, err := r.client.AuthorizationURL(r.server, uri)
	must(r, err)
	return address
}

// parRefused sends a PAR request with one change.
func parRefused(c change) func(*run) {
	return func(r *run) {
		req, _ := r.pushing()
		refused(r.T, r.suite.send(r.T, req, c), badRequest(), "invalid_request", "unsupported_response_type")
	}
}

// testMismatchedJKT: dpop_jkt names another key than the proof (RFC 9449 §10.1).
func testMismatchedJKT(r *run) {
	req, _ := r.pushing()
	refused(r.T, r.suite.send(r.T, req, form("dpop_jkt", thumbprint(r, newKey(r).Public()))), badRequest(), "invalid_dpop_proof", "invalid_request")
}

func testPARByGet(r *run) {
	req, _ := r.pushing()
	a := r.suite.send(r.T, req, instead("POST ", "GET "))
	if a.Status != http.StatusMethodNotAllowed || !strings.Contains(a.Header.Get("Allow"), "POST") {
		r.Errorf("%d, Allow %q", a.Status, a.Header.Get("Allow"))
	}
}

// testDenied: who does not agree sends the wallet access_denied, with state and
// iss (RFC 6749 §4.1.2.1, RFC 9207 §2).
func testDenied(r *run) {
	r.browser = r.suite.newBrowser(r.T)
	a := r.push()
	q := r.deny(a.URL).Query()
	if q.Get("error") != "access_denied" || q.Get("state") != a.State || q.Get("iss") != r.server.ID || q.Has("code") {
		r.Errorf("the browser came back with %v", q)
	}
}

// finish agrees and redeems the code; it gives what the browser brought.
func (r *run) finish(address string, a *vciclient.Authorization) url.Values {
	r.Helper()
	q := r.consent(address).Query()
	if q.Get("iss") != r.server.ID || len(q.Get("code")) < 22 { // 128 bits
		r.Fatalf("the browser came back with %v", q)
	}
	var err error
	r.token, err = r.client.Exchange(r.Context(), a, q.Get("code"))
	must(r, err)
	return q
}

func testWithoutState(r *run) {
	req, a := r.pushing()
	if q := r.finish(r.pushed(req, form("state")), a); q.Has("state") {
		r.Errorf("state = %q, though none was sent", q.Get("state"))
	}
}

func testLongState(r *run) {
	req, a := r.pushing()
	long := strings.Repeat("state-", 64)
	if q := r.finish(r.pushed(req, form("state", long)), a); q.Get("state") != long {
		r.Errorf("state = %q", q.Get("state"))
	}
}

// testOtherStateOutside: parameters beside a request_uri do not count (RFC 9126
// §4, FAPI 2.0 §5.3.2.2).
func testOtherStateOutside(r *run) {
	req, a := r.pushing()
	if q := r.finish(r.pushed(req)+"&state=outside", a); q.Get("state") != a.State {
		r.Errorf("state = %q, want the one that was pushed", q.Get("state"))
	}
}

func testStateOutsideOnly(r *run) {
	req, a := r.pushing()
	if q := r.finish(r.pushed(req, form("state"))+"&state=outside", a); q.Has("state") {
		r.Errorf("state = %q, want none", q.Get("state"))
	}
}

// testRedirectOutsideOnly: a redirect_uri in the browser's address does not make
// up for one that was not pushed.
func testRedirectOutsideOnly(r *run) {
	req, _ := r.pushing()
	refused(r.T, r.suite.send(r.T, req, form("redirect_uri"), instead(" HTTP/1.1", "?redirect_uri="+url.QueryEscape(r.client.RedirectURI)+" HTTP/1.1")),
		badRequest(), "invalid_request")
}

// testWithoutPAR: the parameters in the browser's address.
func testWithoutPAR(r *run) {
	req, _ := r.pushing()
	r.errorPage(r.server.AuthorizationEndpoint+"?"+string(req.Body), "invalid_request")
}

// testPageTwice: a request_uri is used up by the decision, not by the page.
func testPageTwice(r *run) {
	a := r.push()
	r.browser.open(r.T, a.URL)
	r.finish(a.URL, a)
}

func testRequestURITwice(r *run) {
	a := r.push()
	r.finish(a.URL, a)
	r.errorPage(a.URL, "invalid_request_uri", "invalid_request")
}

func testForeignRequestURI(r *run) {
	a := r.push()
	foreign := strings.Replace(a.URL, url.QueryEscape(r.client.ID), url.QueryEscape(r.suite.clients[r.variant.auth+second].id), 1)
	if foreign == a.URL {
		r.Fatal("the address does not name the client")
	}
	r.errorPage(foreign, "invalid_request_uri", "invalid_request", "invalid_client")
	r.finish(a.URL, a)
}

func thumbprint(r *run, key any) string {
	r.Helper()
	jkt, err := jose.Thumbprint(key)
	must(r, err)
	return jkt
}
