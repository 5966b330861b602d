package vci_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"socialregistry/did"
	"socialregistry/internal/jose"
)

func TestRow46ProofMissing(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		token, good := s.token(s.person(), sd), s.proof(s.nonce()).sign(t)
		for name, tc := range map[string]struct {
			proofs any
			code   string
		}{
			"empty array":  {object{"jwt": []string{}}, "invalid_proof"},
			"empty object": {object{}, "invalid_proof"},
			"other type":   {object{"di_vp": []object{{}}}, "invalid_proof"},
			"two types":    {object{"jwt": []string{good}, "attestation": []string{good}}, "invalid_credential_request"},
		} {
			s.refused(name, s.credential(token, object{"credential_configuration_id": sd, "proofs": tc.proofs}), 400, tc.code)
		}
		s.refused("none", s.credential(token, object{"credential_configuration_id": sd}), 400, "invalid_proof")
		s.refused("singular", s.credential(token, object{"credential_configuration_id": sd, "proof": object{"proof_type": "jwt", "jwt": good}}), 400, "invalid_proof")
		if a := s.ask(token, sd, good); a.status != 200 {
			t.Errorf("the passing twin: %d %s", a.status, a.body)
		}
	})
}

// spoiled sends proofs that each differ from a good one in one thing, and then
// the good one.
func (s *service) spoiled(code string, spoil map[string]func(p *proof)) {
	s.t.Helper()
	token := s.token(s.person(), sd)
	for name, change := range spoil {
		p := s.proof(s.nonce())
		change(p)
		s.refused(name, s.ask(token, sd, p.sign(s.t)), 400, code)
	}
	if a := s.ask(token, sd, s.proof(s.nonce()).sign(s.t)); a.status != 200 {
		s.t.Errorf("the passing twin: %d %s", a.status, a.body)
	}
}

// raw makes a compact JWS by hand, of any header.
func raw(header, claims object, sign func(input string) []byte) string {
	part := func(v any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	input := part(header) + "." + part(claims)
	return input + "." + base64.RawURLEncoding.EncodeToString(sign(input))
}

func TestRow47ProofAlgorithm(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		token := s.token(s.person(), sd)
		with := func(alg string, change func(header object)) (object, object) {
			p := s.proof(s.nonce())
			p.header["alg"] = alg
			if change != nil {
				change(p.header)
			}
			return p.header, p.claims
		}
		header, claims := with("none", nil)
		s.refused("none", s.ask(token, sd, raw(header, claims, func(string) []byte { return nil })), 400, "invalid_proof")
		header, claims = with("HS256", nil)
		s.refused("HS256 by the public key", s.ask(token, sd, raw(header, claims, func(input string) []byte {
			key, _ := base64.RawURLEncoding.DecodeString(header["jwk"].(map[string]any)["x"].(string))
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(input))
			return mac.Sum(nil)
		})), 400, "invalid_proof")
		p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		s.must(err)
		header, claims = with("ES256", func(header object) {
			header["jwk"] = object{"kty": "EC", "crv": "P-384", "x": base64.RawURLEncoding.EncodeToString(p384.X.Bytes()), "y": base64.RawURLEncoding.EncodeToString(p384.Y.Bytes())}
		})
		s.refused("ES256 with P-384", s.ask(token, sd, raw(header, claims, func(input string) []byte {
			sum := sha256.Sum256([]byte(input))
			r, v, _ := ecdsa.Sign(rand.Reader, p384, sum[:])
			return append(r.FillBytes(make([]byte, 48)), v.FillBytes(make([]byte, 48))...)
		})), 400, "invalid_proof")
		for _, alg := range []string{"RS256", "ES384", "ES256K", "", "es256"} {
			header, claims = with(alg, nil)
			s.refused(alg, s.ask(token, sd, raw(header, claims, func(string) []byte { return make([]byte, 64) })), 400, "invalid_proof")
		}
	})
}

func TestRow48ProofTypeAudienceTime(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		at := func(d time.Duration) func(p *proof) {
			return func(p *proof) { p.claims["iat"] = s.clock.now().Add(d).Unix() }
		}
		s.spoiled("invalid_proof", map[string]func(p *proof){
			"typ JWT":        func(p *proof) { p.header["typ"] = "JWT" },
			"typ missing":    func(p *proof) { delete(p.header, "typ") },
			"aud token":      func(p *proof) { p.claims["aud"] = publicURL + "/oid4vci/token" },
			"aud other":      func(p *proof) { p.claims["aud"] = "https://other.example" },
			"aud with slash": func(p *proof) { p.claims["aud"] = publicURL + "/" },
			"aud array":      func(p *proof) { p.claims["aud"] = []string{publicURL} },
			"aud missing":    func(p *proof) { delete(p.claims, "aud") },
			"an hour old":    at(-time.Hour),
			"an hour ahead":  at(time.Hour),
			"iat missing":    func(p *proof) { delete(p.claims, "iat") },
			"iat text":       func(p *proof) { p.claims["iat"] = "now" },
		})
	})
}

func TestRow49ProofHeaderKeys(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.spoiled("invalid_proof", map[string]func(p *proof){
			"jwk and kid": func(p *proof) { p.header["kid"] = "did:key:z6Mk#z6Mk" },
			"no key":      func(p *proof) { delete(p.header, "jwk") },
		})
		// What jose will not even sign.
		token := s.token(s.person(), sd)
		address, calls := listener(t)
		for name, change := range map[string]func(header object){
			"jwk and x5c":  func(header object) { header["x5c"] = []string{"MIIB"} },
			"x5c alone":    func(header object) { delete(header, "jwk"); header["x5c"] = []string{"MIIB"} },
			"private jwk":  func(header object) { header["jwk"].(map[string]any)["d"] = "AAAA" },
			"jku":          func(header object) { header["jku"] = "http://" + address + "/jwks" },
			"x5u":          func(header object) { header["x5u"] = "http://" + address + "/x5u" },
			"crit":         func(header object) { header["crit"] = []string{"b64"}; header["b64"] = false },
			"jwk no point": func(header object) { header["jwk"].(map[string]any)["x"] = "AAAA" },
		} {
			p := s.proof(s.nonce())
			p.header["alg"] = "ES256"
			change(p.header)
			s.refused(name, s.ask(token, sd, raw(p.header, p.claims, es256(p.key.(*ecdsa.PrivateKey)))), 400, "invalid_proof")
		}
		if calls.Load() != 0 {
			t.Errorf("%d connections to an address from a proof", calls.Load())
		}
	})
}

func es256(key *ecdsa.PrivateKey) func(string) []byte {
	return func(input string) []byte {
		sum := sha256.Sum256([]byte(input))
		r, v, _ := ecdsa.Sign(rand.Reader, key, sum[:])
		return append(r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))...)
	}
}

// listener counts who connects.
func listener(t *testing.T) (address string, calls *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	calls = &atomic.Int64{}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			c.Close()
		}
	}()
	return l.Addr().String(), calls
}

func TestRow50ProofKID(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		token := s.token(s.person(), sd)
		address, calls := listener(t)
		key, other := newKey(t), newKey(t)
		own, err := did.KeyURL(key.Public())
		s.must(err)
		foreign, err := did.KeyURL(other.Public())
		s.must(err)
		id, _, _ := strings.Cut(own, "#")
		host := strings.ReplaceAll(address, ":", "%3A")
		for name, kid := range map[string]string{
			"key in another DID":  foreign,
			"no such key":         id + "#other",
			"no fragment":         id,
			"not a DID":           "key-1",
			"unknown method":      "did:example:1#1",
			"did:web metadata":    "did:web:169.254.169.254#1",
			"did:web loopback":    "did:web:" + host + "#1",
			"did:web localhost":   "did:web:localhost%3A" + address[strings.LastIndex(address, ":")+1:] + "#1",
			"did:web not allowed": "did:web:example.org#1",
			"broken did:key":      "did:key:zzzz#zzzz",
			"broken did:jwk":      "did:jwk:e30#0",
			"long":                "did:key:z" + strings.Repeat("6", 5000) + "#1",
		} {
			p := s.proof(s.nonce())
			p.key, p.header = key, object{"typ": "openid4vci-proof+jwt", "kid": kid}
			s.refused(name, s.ask(token, sd, p.sign(t)), 400, "invalid_proof")
		}
		if calls.Load() != 0 {
			t.Errorf("%d connections to an address from a proof", calls.Load())
		}
		p := s.proof(s.nonce())
		p.key, p.header = key, object{"typ": "openid4vci-proof+jwt", "kid": own}
		if a := s.ask(token, sd, p.sign(t)); a.status != 200 {
			t.Errorf("the passing twin: %d %s", a.status, a.body)
		}
		// An ldp_vc is bound to a DID: a bare key is no holder.
		s.refused("jwk for an ldp_vc", s.ask(s.token(s.person(), ldp), ldp, s.proof(s.nonce()).sign(t)), 400, "invalid_proof")
	})
}

// Row 75: the header members jku and x5u are never followed, in whatever JWT a wallet
// sends: a proof with one is refused; in a DPoP proof and in a client's assertion they
// count for nothing.
func TestRow75KeyAddressesAreNotFollowed(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		address, calls := listener(t)
		c := s.client("wallet-1")
		token := s.token(s.person(), sd)
		for _, member := range []string{"jku", "x5u"} {
			url := "http://" + address + "/" + member
			p := s.proof(s.nonce())
			p.header[member] = url
			s.refused("a proof with "+member, s.ask(token, sd, p.sign(t)), 400, "invalid_proof")
			delete(p.header, "jwk")
			s.refused("a proof with "+member+" alone", s.ask(token, sd, p.sign(t)), 400, "invalid_proof")
			for name, key := range map[string]*ecdsa.PrivateKey{"the client's own": c.key, "a stranger's": newKey(t)} {
				now := s.clock.now().Unix()
				assertion := c.jwt(key, object{"typ": "JWT", member: url}, object{"iss": c.id, "sub": c.id, "aud": publicURL, "iat": now, "exp": now + 60, "jti": name + member})
				a := c.push("client_assertion", assertion)
				if good := key == c.key; good != (a.status == 201) || !good && a.status != 401 {
					t.Errorf("%s assertion with %s: %d %s", name, member, a.status, a.body)
				}
			}
			c.dpop = newKey(t)
			jwk, err := jose.PublicJWK(c.dpop.Public())
			s.must(err)
			proof := c.jwt(newKey(t), object{"typ": "dpop+jwt", "jwk": jwk, member: url}, object{"jti": "1" + member, "htm": "POST", "htu": publicURL + "/oid4vci/token", "iat": s.clock.now().Unix()})
			_, code := s.offer(s.person(), false, sd)
			s.refused("a DPoP proof by another key with "+member, s.redeemAs(code, nil, "DPoP", proof), 400, "invalid_dpop_proof")
			c.dpop = nil
		}
		if calls.Load() != 0 {
			t.Errorf("%d connections", calls.Load())
		}
	})
}

// Row 75: nothing that a wallet names is fetched. Rows 49 and 50 count
// connections too; this one goes through everything else that holds a URL.
func TestRow75NothingIsFetched(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		address, calls := listener(t)
		url := "http://" + address + "/x"
		_, code := s.offer(s.person(), false, sd)
		a := s.redeem(code, "request_uri", url, "jwks_uri", url, "redirect_uri", url, "client_id", url)
		token, _ := s.json(a)["access_token"].(string)
		p := s.proof(s.nonce())
		p.claims["iss"], p.claims["jwks_uri"], p.header["cty"] = url, url, url
		s.credential(token, object{"credential_configuration_id": sd, "proofs": object{"jwt": []string{p.sign(t)}}, "@context": []string{url}, "issuer": url})
		if calls.Load() != 0 {
			t.Errorf("%d connections", calls.Load())
		}
	})
}

func TestRow51ProofSignature(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		token := s.token(s.person(), sd)
		good := s.proof(s.nonce()).sign(t)
		parts := strings.Split(good, ".")
		flip := func(s string, at int) string {
			b := []byte(s)
			if b[at] == 'A' {
				b[at] = 'B'
			} else {
				b[at] = 'A'
			}
			return string(b)
		}
		stranger := s.proof(s.nonce())
		stranger.key = newKey(t)
		for name, jwt := range map[string]string{
			"signature":      parts[0] + "." + parts[1] + "." + flip(parts[2], 10),
			"claims":         parts[0] + "." + flip(parts[1], 10) + "." + parts[2],
			"another key":    stranger.sign(t),
			"no signature":   parts[0] + "." + parts[1] + ".",
			"two parts":      parts[0] + "." + parts[1],
			"not base64":     parts[0] + "." + parts[1] + ".***",
			"not a JWT":      "hello",
			"empty":          "",
			"DER signature":  parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(append([]byte{0x30, 0x44}, make([]byte, 68)...)),
			"with a padding": good + "=",
		} {
			s.refused(name, s.ask(token, sd, jwt), 400, "invalid_proof")
		}
		if a := s.ask(token, sd, good); a.status != 200 {
			t.Errorf("the passing twin: %d %s", a.status, a.body)
		}
	})
}

func TestRow52ProofIssuer(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.spoiled("invalid_proof", map[string]func(p *proof){"iss of an anonymous wallet": func(p *proof) { p.claims["iss"] = "wallet" }})
		_, code := s.offer(s.person(), false, sd)
		token := s.json(s.redeem(code, "client_id", "wallet-1"))["access_token"].(string)
		p := s.proof(s.nonce())
		p.claims["iss"] = "wallet-2"
		s.refused("another client", s.ask(token, sd, p.sign(t)), 400, "invalid_proof")
		p = s.proof(s.nonce())
		p.claims["iss"] = "wallet-1"
		if a := s.ask(token, sd, p.sign(t)); a.status != 200 {
			t.Errorf("the passing twin: %d %s", a.status, a.body)
		}
	})
}

func TestRow53Nonce(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.spoiled("invalid_proof", map[string]func(p *proof){"missing": func(p *proof) { delete(p.claims, "nonce") }})
		id := s.person()
		_, code := s.offer(id, false, sd)
		used := s.nonce()
		token := s.token(id, sd)
		if a := s.ask(token, sd, s.proof(used).sign(t)); a.status != 200 {
			t.Fatalf("first use: %d %s", a.status, a.body)
		}
		s.spoiled("invalid_nonce", map[string]func(p *proof){
			"unknown":      func(p *proof) { p.claims["nonce"] = "x" },
			"used":         func(p *proof) { p.claims["nonce"] = used },
			"a code":       func(p *proof) { p.claims["nonce"] = code },
			"a token":      func(p *proof) { p.claims["nonce"] = token },
			"cut":          func(p *proof) { p.claims["nonce"] = used[:20] },
			"with a tail":  func(p *proof) { p.claims["nonce"] = used + "A" },
			"another case": func(p *proof) { p.claims["nonce"] = strings.ToUpper(used) },
		})
		stale := s.nonce()
		s.clock.pass(5 * time.Minute)
		s.refused("stale", s.ask(s.token(id, sd), sd, s.proof(stale).sign(t)), 400, "invalid_nonce")
		a := s.do("POST", "/oid4vci/nonce", "", "")
		if a.status != 200 || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("nonce endpoint: %d %v", a.status, a.header)
		}
	})
}

func TestRow54ProofReplayWithAnotherToken(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		jwt := s.proof(s.nonce()).sign(t)
		if a := s.ask(s.token(s.person(), sd), sd, jwt); a.status != 200 {
			t.Fatalf("with its own: %d %s", a.status, a.body)
		}
		s.refused("with another", s.ask(s.token(s.person(), sd), sd, jwt), 400, "invalid_nonce")
	})
}
