package conformance_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"testing"

	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
)

// run is one module in one variant: a wallet on its way.
type run struct {
	*testing.T
	suite   *suite
	variant variant
	browser *browser
	client  *vciclient.Client
	issuer  *vciclient.Issuer
	server  *vciclient.Server
	offer   *vciclient.Offer // nil if the wallet begins
	token   *vciclient.Token
}

// begin makes a wallet for the variant and reads the offer and the metadata.
func (s *suite) begin(t *testing.T, v variant) *run {
	t.Helper()
	return s.beginAs(t, v, s.clients[v.auth])
}

func (s *suite) beginAs(t *testing.T, v variant, c registered) *run {
	t.Helper()
	r := &run{T: t, suite: s, variant: v, browser: s.browser, client: s.wallet(t, c)}
	r.client.Encrypt = v.encryption == encrypted
	var err error
	if v.flow != walletInitiated {
		r.offer, err = r.client.ReadOffer(t.Context(), s.office.offer(t, v))
		must(t, err)
	}
	r.issuer, err = r.client.ReadIssuer(t.Context(), s.url, []string{v.configuration()})
	must(t, err)
	r.server, err = r.client.ReadServer(t.Context(), r.issuer, "")
	must(t, err)
	return r
}

// wallet makes a client with a DPoP key of its own.
func (s *suite) wallet(t testing.TB, c registered) *vciclient.Client {
	t.Helper()
	return vciclient.New(vciclient.Config{HTTP: s.http(), Now: s.clock.now, ID: c.id, RedirectURI: c.redirect, Auth: c.auth, DPoP: newKey(t)})
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return k
}

// asks is what the wallet asks the authorization server for.
func (r *run) asks() vciclient.AuthorizationRequest {
	a := vciclient.AuthorizationRequest{Configurations: []string{r.variant.configuration()}, ByScope: r.variant.request == byScope}
	if r.offer != nil && r.offer.Grants.Code != nil {
		a.IssuerState = r.offer.Grants.Code.IssuerState
	}
	return a
}

// push sends the authorization request.
func (r *run) push() *vciclient.Authorization {
	r.Helper()
	a, err := r.client.Push(r.Context(), r.issuer, r.server, r.asks())
	must(r, err)
	return a
}

// code goes over the browser.
func (r *run) code() (*vciclient.Authorization, string) {
	r.Helper()
	a := r.push()
	code, err := a.Code(r.consent(a.URL))
	must(r, err)
	return a, code
}

// authorize gets an access token by the way of the variant.
func (r *run) authorize() *run {
	r.Helper()
	var err error
	switch {
	case r.variant.browses():
		a, code := r.code()
		r.token, err = r.client.Exchange(r.Context(), a, code)
	case r.variant.request == byDetails:
		r.token, err = r.client.RedeemFor(r.Context(), r.issuer, r.server, r.offer.Grants.PreAuthorized, []string{r.variant.configuration()})
	default:
		r.token, err = r.client.Redeem(r.Context(), r.server, r.offer.Grants.PreAuthorized, "")
	}
	must(r, err)
	if member, _ := r.token.Subject(r.variant.configuration()); r.variant.request == byDetails && member != "credential_identifier" { // §6.2
		r.Errorf("authorization_details of the token: %v, want credential_identifiers", r.token.Details)
	}
	return r
}

// want asks for n copies.
func (r *run) want(n int) vciclient.Want {
	r.Helper()
	w := vciclient.Want{Configuration: r.variant.configuration()}
	b, err := r.issuer.Configurations[w.Configuration].Binding()
	must(r, err)
	for range n {
		k, err := vciclient.NewKey(b)
		must(r, err)
		w.Keys = append(w.Keys, k)
	}
	return w
}

// take gets n copies and checks them in full.
func (r *run) take(n int) *vciclient.Issued {
	r.Helper()
	return r.takeAs(r.want(n))
}

func (r *run) takeAs(w vciclient.Want) *vciclient.Issued {
	r.Helper()
	issued, err := r.client.Credential(r.Context(), r.issuer, r.token, w)
	must(r, err)
	if len(issued.Credentials) != len(w.Keys) {
		r.Fatalf("%d credentials for %d keys", len(issued.Credentials), len(w.Keys))
	}
	for n, c := range issued.Credentials {
		r.suite.check(r, c, w.Keys[n])
	}
	return issued
}

// nonce gets a fresh one.
func (r *run) nonce() string {
	r.Helper()
	n, err := r.client.Nonce(r.Context(), r.issuer)
	must(r, err)
	return n
}

// request is a good credential request, in the clear or sealed as the variant
// says, whose body has been changed.
func (r *run) request(edit func(body map[string]any)) vciclient.Request {
	r.Helper()
	w := r.want(1)
	proofs, err := r.client.Proofs(r.issuer, w, r.nonce())
	must(r, err)
	member, value := r.token.Subject(w.Configuration)
	body := map[string]any{member: value, "proofs": proofs}
	edit(body)
	envelope, err := r.client.NewEnvelope(r.issuer)
	must(r, err)
	req, err := r.client.SealedRequest(r.issuer.CredentialEndpoint, r.token, body, envelope, false)
	must(r, err)
	return req
}

func asIs(map[string]any) {}

// jwt signs claims as they are given.
func (r *run) jwt(key *ecdsa.PrivateKey, header, claims map[string]any) string {
	r.Helper()
	payload, err := json.Marshal(claims)
	must(r, err)
	jwt, err := jose.Sign(key, jose.ES256, header, payload)
	must(r, err)
	return jwt
}
