package conformance_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"socialregistry/internal/vciclient"
)

// proof is a DPoP proof before it is signed.
type proof struct{ header, claims map[string]any }

// proof is a good one for an endpoint; token is "" at the token endpoint.
func (r *run) proof(address, token string) proof {
	r.Helper()
	good, err := r.client.Proof("POST", address, token)
	must(r, err)
	p := proof{map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": publicJWK(r, r.client.DPoP.Public())}, payloadOf(r, good)}
	p.claims["iat"] = r.client.Now().Unix() // as a whole number
	return p
}

// sign makes the compact form of whatever stands in the proof: jose would refuse
// to make some of it.
func (p proof) sign(r *run) string {
	r.Helper()
	return compact(r, p.header, p.claims, func(input []byte) []byte { return signES256(r, input) })
}

func compact(r *run, header, claims map[string]any, sign func(input []byte) []byte) string {
	r.Helper()
	h, err := json.Marshal(header)
	must(r, err)
	c, err := json.Marshal(claims)
	must(r, err)
	b64 := base64.RawURLEncoding.EncodeToString
	input := b64(h) + "." + b64(c)
	return input + "." + b64(sign([]byte(input)))
}

// signES256 is RFC 7518 §3.4.
func signES256(r *run, input []byte) []byte {
	r.Helper()
	sum := sha256.Sum256(input)
	x, y, err := ecdsa.Sign(rand.Reader, ecdsaKey(r, r.client.DPoP), sum[:])
	must(r, err)
	signature := make([]byte, 64)
	x.FillBytes(signature[:32])
	y.FillBytes(signature[32:])
	return signature
}

// testProofWithMore: nbf and exp in a proof are tolerated.
func testProofWithMore(r *run) {
	req, _ := r.exchanging()
	p := r.proof(r.server.TokenEndpoint, "")
	p.claims["nbf"], p.claims["exp"] = r.client.Now().Add(-time.Minute).Unix(), r.client.Now().Add(time.Minute).Unix()
	r.granted(r.suite.send(r.T, req, instead(req.Header.Get("DPoP"), p.sign(r))))
}

// testProofAt: a clock that is wrong by seconds.
func testProofAt(seconds int64) func(*run) {
	return func(r *run) {
		req, _ := r.exchanging()
		p := r.proof(r.server.TokenEndpoint, "")
		p.claims["iat"] = r.client.Now().Unix() + seconds
		r.granted(r.suite.send(r.T, req, instead(req.Header.Get("DPoP"), p.sign(r))))
	}
}

// testOtherKeyThanProof: another key at the token endpoint than at PAR.
func testOtherKeyThanProof(r *run) {
	a, code := r.code()
	r.client.DPoP = newKey(r)
	req, err := r.client.ExchangeRequest(r.Context(), a, code)
	must(r, err)
	refused(r.T, r.suite.send(r.T, req), badRequest(), "invalid_dpop_proof", "invalid_grant")
}

// testOtherKeyThanJKT: another key at the token endpoint than dpop_jkt named.
func testOtherKeyThanJKT(r *run) {
	req, a := r.boundByJKT()
	r.client.DPoP = newKey(r)
	code, err := a.Code(r.consent(r.pushed(req)))
	must(r, err)
	exchange, err := r.client.ExchangeRequest(r.Context(), a, code)
	must(r, err)
	refused(r.T, r.suite.send(r.T, exchange), badRequest(), "invalid_dpop_proof", "invalid_grant")
}

func testBoundByJKT(r *run) {
	req, a := r.boundByJKT()
	r.finish(r.pushed(req), a)
	r.take(1)
}

// boundByJKT is a PAR request that names the key by dpop_jkt alone (RFC 9449 §10).
func (r *run) boundByJKT() (vciclient.Request, *vciclient.Authorization) {
	r.Helper()
	req, a := r.pushing()
	req.Header.Del("DPoP")
	members, err := url.ParseQuery(string(req.Body))
	must(r, err)
	members.Set("dpop_jkt", thumbprint(r, r.client.DPoP.Public()))
	req.Body = []byte(members.Encode())
	return req, a
}

// testDPoPNegative: the resource's side of the suite's list, with one token, then
// the twin of each that must pass.
func testDPoPNegative(r *run) {
	r.authorize()
	for name, edit := range refusedProofs(r) {
		req := r.request(asIs)
		p := r.proof(req.URL, r.token.Access)
		wire := edit(&p)
		if wire == "" {
			wire = p.sign(r)
		}
		a := r.suite.send(r.T, req, instead(req.Header.Get("DPoP"), wire))
		if a.Status != 401 && a.Status != 400 || a.Code() != "invalid_dpop_proof" && a.Code() != "invalid_token" {
			r.Errorf("%s: %d %s %q", name, a.Status, a.Body, a.Header.Get("WWW-Authenticate"))
		}
	}
	for name, edit := range takenProofs(r) {
		req := r.request(asIs)
		p := r.proof(req.URL, r.token.Access)
		edit(&p)
		if a := r.suite.send(r.T, req, instead(req.Header.Get("DPoP"), p.sign(r))); a.Status != 200 {
			r.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	testDPoPHeaders(r)
}

// testDPoPHeaders: none, two, the same again, and the token as a bearer's.
func testDPoPHeaders(r *run) {
	r.authorize() // one authorization gives a bounded number of credentials
	for name, changes := range map[string]func(req vciclient.Request) []change{
		"no proof":    func(vciclient.Request) []change { return []change{without("DPoP")} },
		"two headers": func(req vciclient.Request) []change { return []change{another("DPoP: " + req.Header.Get("DPoP"))} },
		"as a bearer": func(vciclient.Request) []change {
			return []change{without("DPoP"), instead("Authorization: DPoP ", "Authorization: Bearer ")}
		},
		"bearer with a proof": func(vciclient.Request) []change {
			return []change{instead("Authorization: DPoP ", "Authorization: Bearer ")}
		},
	} {
		req := r.request(asIs)
		if a := r.suite.send(r.T, req, changes(req)...); a.Status != 401 && a.Status != 400 {
			r.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	first := r.request(asIs)
	if a := r.suite.send(r.T, first); a.Status != 200 {
		r.Fatalf("good request: %d %s", a.Status, a.Body)
	}
	again := r.request(asIs)
	refused(r.T, r.suite.send(r.T, again, instead(again.Header.Get("DPoP"), first.Header.Get("DPoP"))), eitherWay(), "invalid_dpop_proof")
}

// takenProofs are strange and good.
func takenProofs(*run) map[string]func(*proof) {
	return map[string]func(*proof){
		"more claims":         func(p *proof) { p.claims["extra"] = map[string]any{"a": 1} },
		"htu with a query":    func(p *proof) { p.claims["htu"] = p.claims["htu"].(string) + "?a=b" },
		"htu with a fragment": func(p *proof) { p.claims["htu"] = p.claims["htu"].(string) + "#a" },
		"host in upper case": func(p *proof) {
			p.claims["htu"] = strings.Replace(p.claims["htu"].(string), "localhost", "LOCALHOST", 1)
		},
		"scheme in upper case": func(p *proof) { p.claims["htu"] = strings.Replace(p.claims["htu"].(string), "https:", "HTTPS:", 1) },
	}
}

// refusedProofs change one thing each; a text that is not "" stands in the place
// of the whole proof.
func refusedProofs(r *run) map[string]func(*proof) string {
	drop := func(name string) func(*proof) string {
		return func(p *proof) string { delete(p.claims, name); return "" }
	}
	set := func(name string, value any) func(*proof) string {
		return func(p *proof) string { p.claims[name] = value; return "" }
	}
	head := func(name string, value any) func(*proof) string {
		return func(p *proof) string {
			p.header[name] = value
			if value == nil {
				delete(p.header, name)
			}
			return ""
		}
	}
	now := r.client.Now()
	return map[string]func(*proof) string{
		"malformed": func(*proof) string { return "not-a-proof" }, "no typ": head("typ", nil), "no alg": head("alg", nil), "no jwk": head("jwk", nil),
		"no jti": drop("jti"), "no htm": drop("htm"), "no htu": drop("htu"), "no iat": drop("iat"), "no ath": drop("ath"),
		"other typ": head("typ", "JWT"), "none": func(p *proof) string {
			p.header["alg"] = "none"
			return compact(r, p.header, p.claims, func([]byte) []byte { return nil })
		},
		"RS256": func(p *proof) string { return rs256(r, p) }, "bad signature": func(p *proof) string { return broken(p.sign(r)) },
		"private jwk": func(p *proof) string {
			p.header["jwk"].(map[string]any)["d"] = p.header["jwk"].(map[string]any)["x"]
			return ""
		},
		"other htm": set("htm", "GET"), "other htu": set("htu", "https://other.example/credential"), "other path": set("htu", r.issuer.NonceEndpoint),
		"an hour ago": set("iat", now.Add(-time.Hour).Unix()), "in an hour": set("iat", now.Add(time.Hour).Unix()), "iat as text": set("iat", "now"),
		"ath of another token": set("ath", "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"),
		"another key":          func(p *proof) string { return otherKey(r, p) },
	}
}

// otherKey signs a good proof with a key that the token is not bound to.
func otherKey(r *run, p *proof) string {
	r.Helper()
	key := newKey(r)
	delete(p.header, "alg")
	p.header["jwk"] = publicJWK(r, key.Public())
	return r.jwt(key, p.header, p.claims)
}

func rs256(r *run, p *proof) string {
	r.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(r, err)
	b64 := base64.RawURLEncoding.EncodeToString
	p.header["alg"], p.header["jwk"] = "RS256", map[string]any{"kty": "RSA", "e": "AQAB", "n": b64(key.N.Bytes())}
	return compact(r, p.header, p.claims, func(input []byte) []byte {
		sum := sha256.Sum256(input)
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		must(r, err)
		return signature
	})
}
