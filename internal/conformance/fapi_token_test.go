package conformance_test

import (
	"net/http"

	"socialregistry/internal/vciclient"
)

// exchanging is a good token request with a fresh code.
func (r *run) exchanging() (vciclient.Request, *vciclient.Authorization) {
	r.Helper()
	a, code := r.code()
	req, err := r.client.ExchangeRequest(r.Context(), a, code)
	must(r, err)
	return req, a
}

// tokenRefused sends a token request with one change, which is to be refused by one of
// the codes.
func tokenRefused(c change, codes ...string) func(*run) {
	return func(r *run) {
		req, _ := r.exchanging()
		refused(r.T, r.suite.send(r.T, req, c), badRequest(), codes...)
	}
}

// granted expects a token that is bound to the client's key.
func (r *run) granted(a vciclient.Answer) {
	r.Helper()
	access, _ := a.Members["access_token"].(string)
	if a.Status != http.StatusOK || access == "" || a.Members["token_type"] != "DPoP" {
		r.Fatalf("token: %d %s", a.Status, a.Body)
	}
	r.token = &vciclient.Token{Access: access}
}

// testOtherClientID: the client_id of another client beside what shows this one.
func testOtherClientID(r *run) {
	req, _ := r.exchanging()
	other := r.suite.clients[r.variant.auth+second].id
	refused(r.T, r.suite.send(r.T, req, form("client_id", other)), eitherWay(), "invalid_client", "invalid_request", "invalid_client_attestation")
}

// testOtherClient: another client with the first one's code (RFC 6749 §5.2).
func testOtherClient(r *run) {
	a, code := r.code()
	thief := r.suite.wallet(r.T, r.suite.clients[r.variant.auth+second])
	thief.DPoP, thief.RedirectURI = r.client.DPoP, r.client.RedirectURI
	req, err := thief.ExchangeRequest(r.Context(), a, code)
	must(r, err)
	refused(r.T, r.suite.send(r.T, req), eitherWay(), "invalid_grant", "invalid_client")
}

// testRefresh: a refresh token is good for its client and its keys alone: of DPoP, and of
// the attested instance (Attestation-Based Client Authentication §11).
func testRefresh(r *run) {
	r.authorize()
	if r.token.Refresh == "" {
		r.Fatal("no refresh token")
	}
	refresh := func(c *vciclient.Client) vciclient.Answer {
		req, err := c.RefreshRequest(r.Context(), r.server, r.token.Refresh)
		must(r, err)
		return r.suite.send(r.T, req)
	}
	foreign := r.suite.wallet(r.T, r.suite.clients[r.variant.auth+second])
	foreign.DPoP = r.client.DPoP
	refused(r.T, refresh(foreign), eitherWay(), "invalid_grant", "invalid_client")
	if a, ok := r.client.Auth.(vciclient.Attested); ok {
		a.Instance = newKey(r.T)
		another := r.suite.wallet(r.T, registered{r.client.ID, r.client.RedirectURI, a})
		another.DPoP = r.client.DPoP
		refused(r.T, refresh(another), badRequest(), "invalid_grant")
	}
	r.granted(refresh(r.client))
	r.take(1)
}

// testSchemeCase: the name of the scheme in any case (RFC 9110 §11.1).
func testSchemeCase(r *run) {
	r.authorize()
	for _, scheme := range []string{"dpop ", "DPOP "} {
		a := r.suite.send(r.T, r.request(asIs), instead("Authorization: DPoP ", "Authorization: "+scheme))
		if a.Status != http.StatusOK {
			r.Errorf("%s: %d %s", scheme, a.Status, a.Body)
		}
	}
}
