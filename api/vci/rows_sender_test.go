package vci_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
)

const (
	tokenPath      = "/oid4vci/token"
	credentialPath = "/oid4vci/credential"
)

// signJWT signs header and claims; pairs change claims, a nil value takes one away.
func (s *service) signJWT(key *ecdsa.PrivateKey, header, claims object, pairs ...any) string {
	s.t.Helper()
	claims = maps.Clone(claims)
	for i := 0; i+1 < len(pairs); i += 2 {
		if name := pairs[i].(string); pairs[i+1] == nil {
			delete(claims, name)
		} else {
			claims[name] = pairs[i+1]
		}
	}
	payload, err := json.Marshal(claims)
	s.must(err)
	jwt, err := jose.Sign(key, jose.ES256, header, payload)
	s.must(err)
	return jwt
}

func (s *service) jwk(key *ecdsa.PrivateKey) object {
	s.t.Helper()
	jwk, err := jose.PublicJWK(key.Public())
	s.must(err)
	return jwk
}

// dpop makes a good proof for a POST to path, with the hash of token unless it is
// empty; pairs change its claims.
func (s *service) dpop(key *ecdsa.PrivateKey, path, token string, pairs ...any) string {
	s.t.Helper()
	claims := object{"jti": secret.RandomID(16), "htm": "POST", "htu": publicURL + path, "iat": s.clock.now().Unix()}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return s.signJWT(key, object{"typ": "dpop+jwt", "jwk": s.jwk(key)}, claims, pairs...)
}

// redeemAs redeems a code with headers; form has further parameters.
func (s *service) redeemAs(code string, form url.Values, headers ...string) answer {
	s.t.Helper()
	all := url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {code}}
	maps.Copy(all, form)
	return s.do("POST", tokenPath, "application/x-www-form-urlencoded", all.Encode(), headers...)
}

// boundToken gives an access token that is bound to key.
func (s *service) boundToken(key *ecdsa.PrivateKey) string {
	s.t.Helper()
	_, code := s.offer(s.person(), false, sd)
	a := s.redeemAs(code, nil, "DPoP", s.dpop(key, tokenPath, ""))
	if m := s.json(a); a.status != 200 || m["token_type"] != "DPoP" {
		s.t.Fatalf("bound token: %d %s", a.status, a.body)
	}
	return s.json(a)["access_token"].(string)
}

// askBound sends a good credential request with the given headers.
func (s *service) askBound(headers ...string) answer {
	s.t.Helper()
	body, err := json.Marshal(object{"credential_configuration_id": sd, "proofs": object{"jwt": []string{s.proof(s.nonce()).sign(s.t)}}})
	s.must(err)
	return s.do("POST", credentialPath, "application/json", string(body), headers...)
}

// register stores a client.
func (s *service) register(c ledger.Client) {
	s.t.Helper()
	c.Name, c.GrantTypes = "Wallet "+c.ID, []string{oauth.GrantPreAuthorizedCode}
	s.must(ledger.New(s.db, s.clock.now).CreateClient(context.Background(), c, ledger.Entry{Actor: "test"}))
}

// challenged expects a refusal by a protected endpoint of a token that is bound to
// a key: 401 with a challenge of the scheme DPoP that names the error and the
// algorithms.
func (s *service) challenged(name string, a answer, code string) {
	s.t.Helper()
	s.refused(name, a, 401, code)
	challenge := a.header.Get("WWW-Authenticate")
	if !strings.HasPrefix(challenge, `DPoP error="`+code+`"`) || !strings.Contains(challenge, `algs="ES256 EdDSA"`) || a.header.Get("DPoP-Nonce") == "" {
		s.t.Errorf("%s: headers %v", name, a.header)
	}
}

// Rows 32 to 34, 38 and 39 at the token endpoint. A refused proof costs no code.
func TestRows32To39DPoPAtTokenEndpoint(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		key := newKey(t)
		_, code := s.offer(s.person(), false, sd)
		good := func(pairs ...any) []string { return []string{"DPoP", s.dpop(key, tokenPath, "", pairs...)} }
		s.register(ledger.Client{ID: "bound", AuthMethod: oauth.AuthNone, DPoPBound: true})
		s.refused("32 missing", s.redeemAs(code, url.Values{"client_id": {"bound"}}), 400, "invalid_dpop_proof")
		for name, headers := range map[string][]string{
			"33 two headers": append(good(), good()...), "33 malformed": {"DPoP", "x"}, "33 htm": good("htm", "GET"), "33 htu": good("htu", publicURL+credentialPath),
			"33 no jti": good("jti", nil), "33 iat -1 h": good("iat", s.clock.now().Add(-time.Hour).Unix()), "33 iat +1 h": good("iat", s.clock.now().Add(time.Hour).Unix()),
		} {
			a := s.redeemAs(code, nil, headers...)
			s.refused(name, a, 400, "invalid_dpop_proof")
			if a.header.Get("DPoP-Nonce") == "" {
				t.Errorf("%s: no nonce", name)
			}
		}
		stale := s.do("POST", "/oid4vci/nonce", "", "").header.Get("DPoP-Nonce")
		s.clock.pass(5 * time.Minute)
		for name, nonce := range map[string]string{"39 old": stale, "39 made up": "k1.abc", "39 of another use": s.nonce()} {
			a := s.redeemAs(code, nil, good("nonce", nonce)...)
			s.refused(name, a, 400, "use_dpop_nonce")
			stale = a.header.Get("DPoP-Nonce")
		}
		used := good("nonce", stale)
		a := s.redeemAs(code, nil, used...) // the retry with the nonce of the refusal
		if a.status != 200 || a.header.Get("DPoP-Nonce") == "" {
			t.Fatalf("39 retry: %d %s", a.status, a.body)
		}
		_, second := s.offer(s.person(), false, sd)
		s.refused("34 replay", s.redeemAs(second, nil, used...), 400, "invalid_dpop_proof")
		if a := s.redeemAs(second, url.Values{"client_id": {"bound"}}, good()...); a.status != 200 || s.json(a)["token_type"] != "DPoP" {
			t.Errorf("the code of the refused proof: %d %s", a.status, a.body)
		}
	})
}

// Rows 34 to 37, 39 and 41 at the credential endpoint.
func TestRows34To41DPoPAtCredentialEndpoint(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		key, other := newKey(t), newKey(t)
		token, foreign := s.boundToken(key), s.boundToken(other)
		with := func(scheme, token string, proof ...string) []string {
			headers := []string{"Authorization", scheme + " " + token}
			for _, p := range proof {
				headers = append(headers, "DPoP", p)
			}
			return headers
		}
		proof := func(pairs ...any) string { return s.dpop(key, credentialPath, token, pairs...) }
		s.challenged("35 ath missing", s.askBound(with("DPoP", token, proof("ath", nil))...), "invalid_dpop_proof")
		s.challenged("35 ath of another token", s.askBound(with("DPoP", token, s.dpop(key, credentialPath, foreign))...), "invalid_dpop_proof")
		s.challenged("36 another key", s.askBound(with("DPoP", token, s.dpop(other, credentialPath, token))...), "invalid_token")
		s.challenged("37 Bearer", s.askBound(with("Bearer", token)...), "invalid_token")
		s.challenged("37 Bearer with a proof", s.askBound(with("Bearer", token, proof())...), "invalid_token")
		s.challenged("no proof", s.askBound(with("DPoP", token)...), "invalid_dpop_proof")
		s.challenged("two proofs", s.askBound(with("DPoP", token, proof(), proof())...), "invalid_dpop_proof")
		s.challenged("htu of the token endpoint", s.askBound(with("DPoP", token, proof("htu", publicURL+tokenPath))...), "invalid_dpop_proof")
		s.challenged("39 stale nonce", s.askBound(with("DPoP", token, proof("nonce", "k1.abc"))...), "use_dpop_nonce")
		s.challenged("41 garbage", s.askBound(with("DPoP", "k1.abc", proof())...), "invalid_token")
		s.challenged("41 bound to no key", s.askBound(with("DPoP", s.token(s.person(), sd), proof())...), "invalid_token")
		s.refused("two Authorization headers", s.askBound(append(with("DPoP", token, proof()), "Authorization", "Bearer "+token)...), 400, "invalid_request")
		used := proof()
		if a := s.askBound(with("dpop", token, used)...); a.status != 200 || a.header.Get("DPoP-Nonce") == "" {
			t.Fatalf("a good call: %d %s", a.status, a.body)
		}
		s.challenged("34 replay", s.askBound(with("DPoP", token, used)...), "invalid_dpop_proof")
		revoked := s.db.Exec("UPDATE issue_grant SET revoked_at = created_at WHERE jkt <> ''")
		s.must(revoked.Error)
		s.challenged("41 revoked", s.askBound(with("DPoP", token, proof())...), "invalid_token")
		s.clock.pass(time.Hour)
		s.challenged("41 expired", s.askBound(with("DPoP", token, proof())...), "invalid_token")
	})
}

// Row 30 over HTTP: a client that is registered for private_key_jwt.
func TestRow30ClientAssertionAtTokenEndpoint(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		key := newKey(t)
		s.register(ledger.Client{ID: "wallet", AuthMethod: oauth.AuthPrivateKeyJWT, JWKS: object{"keys": []any{s.jwk(key)}}})
		s.register(ledger.Client{ID: "plain", AuthMethod: oauth.AuthNone})
		s.register(ledger.Client{ID: "gone", AuthMethod: oauth.AuthPrivateKeyJWT, JWKS: object{"keys": []any{s.jwk(key)}}, DisabledAt: s.clock.now()})
		_, code := s.offer(s.person(), false, sd)
		assertion := func(key *ecdsa.PrivateKey, id string, pairs ...any) url.Values {
			claims := object{"iss": id, "sub": id, "aud": publicURL, "jti": secret.RandomID(16), "exp": s.clock.now().Add(time.Minute).Unix()}
			return url.Values{"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {s.signJWT(key, object{}, claims, pairs...)}}
		}
		for name, form := range map[string]url.Values{
			"foreign key": assertion(newKey(t), "wallet"), "expired": assertion(key, "wallet", "exp", s.clock.now().Unix()), "wrong aud": assertion(key, "wallet", "aud", "https://other.example"),
			"unknown client": assertion(key, "nobody"), "disabled client": assertion(key, "gone"), "registered for none": assertion(key, "plain"),
			"no assertion": {"client_id": {"wallet"}}, "a secret": {"client_id": {"wallet"}, "client_secret": {"x"}},
		} {
			s.refused(name, s.redeemAs(code, form), 401, "invalid_client")
		}
		used := assertion(key, "wallet")
		if a := s.redeemAs(code, used); a.status != 200 {
			t.Fatalf("a good assertion: %d %s", a.status, a.body)
		}
		_, code = s.offer(s.person(), false, sd)
		s.refused("replayed jti", s.redeemAs(code, used), 401, "invalid_client")
		if a := s.redeemAs(code, assertion(key, "wallet", "aud", publicURL+tokenPath)); a.status != 200 {
			t.Errorf("for the token endpoint: %d %s", a.status, a.body)
		}
	})
}

// Row 31 over HTTP: challenges, replay, and a provider that is no longer believed.
func TestRow31AttestationAtTokenEndpoint(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		ctx, provider, instance := context.Background(), newKey(t), newKey(t)
		keeper := ledger.New(s.db, s.clock.now)
		_, err := keeper.CreateWalletProvider(ctx, ledger.WalletProvider{ID: "pilot", Name: "Pilot", Uses: []ledger.ProviderUse{ledger.ForClients},
			JWKS: object{"keys": []any{s.jwk(provider)}}}, ledger.Entry{Actor: "test"})
		s.must(err)
		s.register(ledger.Client{ID: "wallet", AuthMethod: oauth.AuthAttestation})
		challenge := func() string {
			a := s.do("POST", "/oid4vci/challenge", "", "")
			if a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("challenge: %v", a.header)
			}
			return s.json(a)["attestation_challenge"].(string)
		}
		attested := func(challenge any) []string {
			now := s.clock.now()
			attestation := s.signJWT(provider, object{"typ": "oauth-client-attestation+jwt"},
				object{"iss": "https://pilot.example", "sub": "wallet", "exp": now.Add(time.Minute).Unix(), "cnf": object{"jwk": s.jwk(instance)}})
			pop := s.signJWT(instance, object{"typ": "oauth-client-attestation-pop+jwt"},
				object{"iss": "wallet", "aud": publicURL, "jti": secret.RandomID(16), "iat": now.Unix()}, "challenge", challenge)
			return []string{"OAuth-Client-Attestation", attestation, "OAuth-Client-Attestation-PoP", pop}
		}
		_, code := s.offer(s.person(), false, sd)
		old := challenge()
		s.clock.pass(5 * time.Minute)
		fresh := ""
		for name, value := range map[string]any{"missing": nil, "stale": old, "made up": "k1.abc", "a c_nonce": s.nonce()} {
			a := s.redeemAs(code, nil, attested(value)...)
			s.refused("challenge "+name, a, 400, "use_attestation_challenge")
			fresh = a.header.Get("OAuth-Client-Attestation-Challenge")
		}
		good := attested(fresh)
		s.refused("the attestation alone", s.redeemAs(code, nil, good[:2]...), 401, "invalid_client_attestation")
		s.refused("client_id of another", s.redeemAs(code, url.Values{"client_id": {"other"}}, good...), 401, "invalid_client_attestation")
		s.refused("no attestation", s.redeemAs(code, url.Values{"client_id": {"wallet"}}), 401, "invalid_client")
		if a := s.redeemAs(code, nil, good...); a.status != 200 {
			t.Fatalf("a good attestation: %d %s", a.status, a.body)
		}
		_, code = s.offer(s.person(), false, sd)
		s.refused("replayed proof", s.redeemAs(code, nil, good...), 401, "invalid_client_attestation")
		_, err = keeper.ChangeWalletProvider(ctx, "pilot", ledger.Entry{Actor: "test"}, func(p ledger.WalletProvider) (ledger.WalletProvider, error) {
			p.DisabledAt = s.clock.now()
			return p, nil
		})
		s.must(err)
		s.refused("a disabled provider", s.redeemAs(code, nil, attested(challenge())...), 401, "invalid_client_attestation")
	})
}

// Row 40 for an attested client (Attestation-Based Client Authentication §11): another
// instance of the same wallet, whose attestation is as good, does not refresh.
func TestRow40RefreshOfAnotherInstance(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		ctx, provider, mine, other := context.Background(), newKey(t), newKey(t), newKey(t)
		keeper := ledger.New(s.db, s.clock.now)
		_, err := keeper.CreateWalletProvider(ctx, ledger.WalletProvider{ID: "pilot", Name: "Pilot", Uses: []ledger.ProviderUse{ledger.ForClients},
			JWKS: object{"keys": []any{s.jwk(provider)}}}, ledger.Entry{Actor: "test"})
		s.must(err)
		s.must(keeper.CreateClient(ctx, ledger.Client{ID: "wallet", Name: "Wallet", AuthMethod: oauth.AuthAttestation,
			GrantTypes: []string{oauth.GrantPreAuthorizedCode, oauth.GrantRefreshToken}}, ledger.Entry{Actor: "test"}))
		attested := func(instance *ecdsa.PrivateKey) []string {
			now := s.clock.now()
			attestation := s.signJWT(provider, object{"typ": "oauth-client-attestation+jwt"},
				object{"sub": "wallet", "exp": now.Add(time.Minute).Unix(), "cnf": object{"jwk": s.jwk(instance)}})
			pop := s.signJWT(instance, object{"typ": "oauth-client-attestation-pop+jwt"}, object{"aud": publicURL, "jti": secret.RandomID(16),
				"iat": now.Unix(), "challenge": s.json(s.do("POST", "/oid4vci/challenge", "", ""))["attestation_challenge"]})
			return []string{"OAuth-Client-Attestation", attestation, "OAuth-Client-Attestation-PoP", pop}
		}
		_, code := s.offer(s.person(), false, sd)
		a := s.redeemAs(code, nil, attested(mine)...)
		token, _ := s.json(a)["refresh_token"].(string)
		if a.status != 200 || token == "" {
			t.Fatalf("no refresh token: %d %s", a.status, a.body)
		}
		refresh := func(instance *ecdsa.PrivateKey) answer {
			return s.do("POST", tokenPath, formMedia, url.Values{"grant_type": {oauth.GrantRefreshToken}, "refresh_token": {token}}.Encode(), attested(instance)...)
		}
		s.refused("another instance", refresh(other), 400, "invalid_grant")
		for range 2 { // it was not used up by the refusal, nor is the binding by a use
			if a := refresh(mine); a.status != 200 {
				t.Errorf("the same instance: %d %s", a.status, a.body)
			}
			s.refused("another instance afterwards", refresh(other), 400, "invalid_grant")
		}
	})
}
