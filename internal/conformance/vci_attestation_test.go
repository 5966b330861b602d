package conformance_test

import (
	"crypto"
	"net/http"
	"strings"
	"time"

	"socialregistry/internal/vciclient"
)

// Headers of client attestation.
const (
	attestationHeader = "OAuth-Client-Attestation: "
	popHeader         = "OAuth-Client-Attestation-PoP: "
)

// forged are an attestation and a proof of possession, one of them wrong.
type forged struct{ attestation, pop string }

// attestation sends the request that shows the client first (PAR, or the token
// request of a pre-authorized code) with one of its two JWTs forged.
func attestation(forge func(r *run, good forged) forged) func(*run) {
	return func(r *run) {
		r.attestedAnew()
		req := r.showing()
		good := shown(req)
		bad := forge(r, good)
		var changes []change
		if bad.attestation != good.attestation {
			changes = append(changes, instead(good.attestation, bad.attestation))
		}
		if bad.pop != good.pop {
			changes = append(changes, instead(good.pop, bad.pop))
		}
		refused(r.T, r.suite.send(r.T, req, changes...), eitherWay(), "invalid_client", "invalid_request", "invalid_client_attestation")
	}
}

// attestedAnew is the good twin of all that is forged: both JWTs, signed anew by the same
// hands with nothing changed, are taken.
func (r *run) attestedAnew() {
	r.Helper()
	twin := r.suite.begin(r.T, r.variant) // with an offer of its own, for its code is spent
	req := twin.showing()
	good := shown(req)
	pop := twin.proven(good, func(map[string]any) {}, twin.client.Auth.(vciclient.Attested).Instance)
	attestation := twin.attested(twin.instance(), func(map[string]any) {})
	want := http.StatusOK
	if r.variant.browses() {
		want = http.StatusCreated
	}
	if a := r.suite.send(r.T, req, instead(good.attestation, attestation), instead(good.pop, pop)); a.Status != want {
		r.Fatalf("signed anew and not forged: %d %s, want %d", a.Status, a.Body, want)
	}
}

// shown is what a request shows of the client.
func shown(req vciclient.Request) forged {
	return forged{req.Header.Get(strings.TrimSuffix(attestationHeader, ": ")), req.Header.Get(strings.TrimSuffix(popHeader, ": "))}
}

// showing is the first request in which the client shows who it is.
func (r *run) showing() vciclient.Request {
	r.Helper()
	var req vciclient.Request
	var err error
	if r.variant.browses() {
		req, err = r.client.PushRequest(r.Context(), r.issuer, r.server, r.asks(), vciclient.NewAuthorization(r.server))
	} else {
		req, err = r.client.RedeemRequest(r.Context(), r.server, r.offer.Grants.PreAuthorized)
	}
	must(r, err)
	return req
}

func brokenAttestation(_ *run, good forged) forged {
	return forged{broken(good.attestation), good.pop}
}

func brokenPoP(_ *run, good forged) forged { return forged{good.attestation, broken(good.pop)} }

// attested signs claims as the provider does.
func (r *run) attested(instance crypto.PublicKey, edit func(claims map[string]any)) string {
	r.Helper()
	now := r.client.Now()
	claims := map[string]any{"iss": "https://provider.example", "sub": r.client.ID, "iat": now.Unix(), "nbf": now.Unix(),
		"exp": now.Add(time.Minute).Unix(), "cnf": map[string]any{"jwk": publicJWK(r, instance)}}
	edit(claims)
	return r.jwt(r.suite.providerKey(), r.suite.provider.Header("oauth-client-attestation+jwt"), claims)
}

func (r *run) instance() crypto.PublicKey {
	return r.client.Auth.(vciclient.Attested).Instance.Public()
}

func expiredAttestation(r *run, good forged) forged {
	past := r.client.Now().Add(-time.Hour)
	return forged{r.attested(r.instance(), func(claims map[string]any) {
		claims["iat"], claims["nbf"], claims["exp"] = past.Add(-time.Minute).Unix(), past.Add(-time.Minute).Unix(), past.Unix()
	}), good.pop}
}

func namelessAttestation(r *run, good forged) forged {
	return forged{r.attested(r.instance(), func(claims map[string]any) { delete(claims, "sub") }), good.pop}
}

// proven signs a proof of possession as the instance does, or another key.
func (r *run) proven(good forged, edit func(claims map[string]any), key crypto.Signer) string {
	r.Helper()
	claims := payloadOf(r, good.pop)
	claims["jti"] = "another-" + claims["jti"].(string)
	edit(claims)
	return r.jwt(ecdsaKey(r, key), map[string]any{"typ": "oauth-client-attestation-pop+jwt"}, claims)
}

func misdirectedPoP(r *run, good forged) forged {
	instance := r.client.Auth.(vciclient.Attested).Instance
	return forged{good.attestation, r.proven(good, func(claims map[string]any) { claims["aud"] = "https://other.example" }, instance)}
}

func foreignPoP(r *run, good forged) forged {
	return forged{good.attestation, r.proven(good, func(map[string]any) {}, newKey(r))}
}
