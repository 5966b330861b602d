package conformance_test

import (
	"testing"
	"time"

	"socialregistry/internal/dbtest"
)

// The modules that wait, on a server whose clock the test moves.
func TestFAPITime(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		s := startClocked(t, databaseURL)
		for _, m := range []module{
			{name: "fapi2-security-profile-final-attempt-reuse-authorization-code-after-one-second", run: testCodeTwice},
			{name: "fapi2-security-profile-final-ensure-token-endpoint-fails-with-expired-auth-code", run: testExpiredCode},
			{name: "fapi2-security-profile-final-par-attempt-to-use-expired-request_uri", run: testExpiredRequestURI},
		} {
			t.Run(m.name, func(t *testing.T) {
				for _, auth := range []string{privateKeyJWT, clientAttestation} {
					t.Run(auth, func(t *testing.T) {
						m.run(s.begin(t, variant{format: sdjwt, flow: walletInitiated, auth: auth, encryption: plain, request: byScope}))
					})
				}
			})
		}
	})
}

// testExpiredCode: FAPI 2.0 §5.3.2.1: a code lives a minute at most.
func testExpiredCode(r *run) {
	early, code := r.code()
	late, over := r.code()
	r.suite.clock.pass(r.T, 30*time.Second)
	_, err := r.client.Exchange(r.Context(), early, code)
	must(r, err)
	r.suite.clock.pass(r.T, 31*time.Second)
	req, err := r.client.ExchangeRequest(r.Context(), late, over)
	must(r, err)
	refused(r.T, r.suite.send(r.T, req), badRequest(), "invalid_grant")
}

func testExpiredRequestURI(r *run) {
	req, _ := r.pushing()
	a := r.suite.send(r.T, req)
	life, _ := a.Members["expires_in"].(float64)
	uri, _ := a.Members["request_uri"].(string)
	if life <= 0 || uri == "" {
		r.Fatalf("PAR: %d %s", a.Status, a.Body)
	}
	r.suite.clock.pass(r.T, time.Duration(life+1)*time.Second)
	address, err := r.client.AuthorizationURL(r.server, uri)
	must(r, err)
	r.errorPage(address, "invalid_request_uri", "invalid_request")
}

// testCodeTwice: a second after (RFC 6749 §4.1.2: the tokens of the first are
// revoked).
func testCodeTwice(r *run) {
	a, code := r.code()
	var err error
	r.token, err = r.client.Exchange(r.Context(), a, code)
	must(r, err)
	r.suite.clock.pass(r.T, time.Second)
	req, err := r.client.ExchangeRequest(r.Context(), a, code)
	must(r, err)
	refused(r.T, r.suite.send(r.T, req), badRequest(), "invalid_grant")
	refused(r.T, r.suite.send(r.T, r.request(asIs)), unauthorized(), "invalid_token")
}
