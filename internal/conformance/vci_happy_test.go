package conformance_test

import (
	"net/http"
	"slices"
	"strings"

	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
)

// testHappyFlow goes the whole way, with parameters that nobody knows in every
// request (they must be ignored); encrypted, once more with zip=DEF on the same
// token.
func testHappyFlow(r *run) {
	r.browser = r.suite.newBrowser(r.T) // nobody is signed in
	r.client.Unknown = "conformance_unknown_" + strings.Repeat("x", 20)
	r.authorize()
	issued := r.take(1)
	checkStatus(r, string(issued.Credentials[0]))
	if r.variant.format == sdjwt {
		checkType(r, string(issued.Credentials[0]))
	}
	if r.variant.encryption == encrypted {
		testZip(r)
	}
	if issued.Notification == "" {
		r.Fatal("no notification_id, though there is a notification_endpoint")
	}
	for range 2 { // §11.2: a repeat is a success
		must(r, r.client.Notify(r.Context(), r.issuer, r.token, issued.Notification, vciclient.EventAccepted))
	}
}

// testZip: request and answer are compressed (RFC 7516 §4.1.3), as the metadata offer.
func testZip(r *run) {
	req, res := r.issuer.RequestEncryption, r.issuer.ResponseEncryption
	if req == nil || res == nil || !slices.Contains(req.Zip, "DEF") || !slices.Contains(res.Zip, "DEF") {
		r.Fatalf("no zip=DEF in both of %+v, %+v", req, res)
	}
	zipped := func() vciclient.Want {
		w := r.want(1)
		w.Zip = true
		return w
	}
	r.takeAs(zipped())
	envelope, err := r.client.NewEnvelope(r.issuer)
	must(r, err)
	asked, err := r.client.CredentialRequest(r.issuer, r.token, zipped(), r.nonce(), envelope)
	must(r, err)
	answer := r.suite.send(r.T, asked)
	for name, jwe := range map[string][]byte{"request": asked.Body, "answer": answer.Body} {
		first, _, _ := strings.Cut(string(jwe), ".")
		raw, err := decode64(first)
		must(r, err)
		header, err := jose.DecodeObject(raw)
		must(r, err)
		if header["zip"] != "DEF" {
			r.Errorf("header of the %s: %v, want zip DEF", name, header)
		}
	}
}

func testSkipNotification(r *run) { r.authorize().take(1) }

// testAdditionalRequests: versions and ciphers of TLS, strange Accept headers,
// several credential requests with one token.
func testAdditionalRequests(r *run) {
	testTLS(r)
	r.authorize()
	media := "application/json"
	if r.variant.encryption == encrypted {
		media = "application/jwt" // §8.3
	}
	for _, accept := range []string{"*/*", "application/json;q=0.5, text/html", "application/*", ""} {
		req := r.request(asIs)
		req.Header.Set("Accept", accept)
		if a := r.suite.send(r.T, req); a.Status != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), media) || a.Header.Get("Date") == "" {
			r.Errorf("Accept %q: %d %v", accept, a.Status, a.Header)
		}
	}
}

// testMultipleClients: a second client with a redirect URI that has a query; its
// token is no good with the first one's key (RFC 9449 §7.1).
func testMultipleClients(r *run) {
	r.authorize().take(1)
	second := r.suite.beginAs(r.T, r.variant, r.suite.clients[r.variant.auth+second])
	second.authorize().take(1)
	mixed := *second.token
	req, err := r.client.SealedRequest(r.issuer.CredentialEndpoint, &mixed, map[string]any{"credential_configuration_id": r.variant.configuration()}, nil, false)
	must(r, err)
	refused(r.T, r.suite.send(r.T, req), unauthorized(), "invalid_token", "invalid_dpop_proof")
}
