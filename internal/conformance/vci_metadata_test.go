package conformance_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
)

// document fetches JSON as a member map.
func (r *run) document(address string) map[string]any {
	r.Helper()
	a, err := r.client.Get(r.Context(), address, "application/json")
	must(r, err)
	must(r, a.Document())
	return a.Members
}

// testMetadata: the members that §12.2.4 and §12.3 require, https, that bindings
// and proofs come together, encryption, scopes, no private key.
func testMetadata(r *run) {
	m := r.document(r.suite.url + "/.well-known/openid-credential-issuer")
	if m["credential_issuer"] != r.suite.url {
		r.Errorf("credential_issuer = %v", m["credential_issuer"])
	}
	for _, name := range []string{"credential_endpoint", "nonce_endpoint", "deferred_credential_endpoint", "notification_endpoint"} {
		if address, _ := m[name].(string); !strings.HasPrefix(address, "https://") {
			r.Errorf("%s = %v", name, m[name])
		}
	}
	configurations, _ := m["credential_configurations_supported"].(map[string]any)
	if len(configurations) == 0 {
		r.Fatal("no configurations")
	}
	for id, c := range configurations {
		checkConfiguration(r, id, c.(map[string]any))
	}
	checkEncryptionMetadata(r, m)
	s := r.document(r.suite.url + "/.well-known/oauth-authorization-server")
	checkServerMetadata(r, s)
	checkNoPrivateKeys(r, m, s)
}

// checkConfiguration holds one configuration to §12.2.4.
func checkConfiguration(r *run, id string, c map[string]any) {
	r.Helper()
	_, binding := c["cryptographic_binding_methods_supported"]
	proofs, proof := c["proof_types_supported"].(map[string]any)
	if binding != proof || len(proofs) == 0 {
		r.Errorf("%s: binding %v, proof types %v", id, binding, proofs)
	}
	for name, p := range proofs {
		if algs, _ := p.(map[string]any)["proof_signing_alg_values_supported"].([]any); len(algs) == 0 {
			r.Errorf("%s: proof type %s has no algorithms", id, name)
		}
	}
	scope, _ := c["scope"].(string) // RFC 6749 §3.3; HAIP: every configuration has one
	if scope == "" || strings.ContainsAny(scope, " \"\\") {
		r.Errorf("%s: scope %q", id, scope)
	}
	about, _ := c["credential_metadata"].(map[string]any)
	displays, _ := about["display"].([]any)
	locales := map[any]bool{}
	for _, d := range displays {
		one := d.(map[string]any)
		if one["name"] == nil || locales[one["locale"]] {
			r.Errorf("%s: a display without name, or a locale twice: %v", id, one)
		}
		locales[one["locale"]] = true
	}
	if len(displays) == 0 {
		r.Errorf("%s: no credential_metadata with a display", id)
	}
}

// checkEncryptionMetadata: both halves or none (§12.2.4), each key with kid, use
// and alg, and no member empty.
func checkEncryptionMetadata(r *run, m map[string]any) {
	r.Helper()
	request, _ := m["credential_request_encryption"].(map[string]any)
	answer, _ := m["credential_response_encryption"].(map[string]any)
	if request == nil || answer == nil {
		r.Fatalf("encryption metadata: %v, %v", request, answer)
	}
	keys, _ := request["jwks"].(map[string]any)["keys"].([]any)
	for _, k := range keys {
		for _, name := range []string{"kid", "use", "alg"} {
			if k.(map[string]any)[name] == nil {
				r.Errorf("a key for requests has no %s", name)
			}
		}
	}
	for name, list := range map[string]any{"keys": keys, "request enc": request["enc_values_supported"], "answer enc": answer["enc_values_supported"], "answer alg": answer["alg_values_supported"]} {
		if all, _ := list.([]any); len(all) == 0 {
			r.Errorf("encryption metadata: no %s", name)
		}
	}
	for name, of := range map[string]map[string]any{"request": request, "answer": answer} {
		if _, ok := of["encryption_required"].(bool); !ok {
			r.Errorf("encryption metadata of the %s: encryption_required is no boolean", name)
		}
	}
}

// checkServerMetadata holds the authorization server to RFC 8414 §2, FAPI 2.0
// §5.3.2 and HAIP §4.
func checkServerMetadata(r *run, s map[string]any) {
	r.Helper()
	if s["issuer"] != r.suite.url || s["require_pushed_authorization_requests"] != true || s["authorization_response_iss_parameter_supported"] != true {
		r.Errorf("authorization server metadata: %v", s)
	}
	for name, want := range map[string][]string{
		"response_types_supported":                            {"code"},
		"grant_types_supported":                               {vciclient.GrantCode, vciclient.GrantPreAuthorized, vciclient.GrantRefresh},
		"code_challenge_methods_supported":                    {"S256"},
		"token_endpoint_auth_methods_supported":               {"attest_jwt_client_auth", "private_key_jwt"},
		"dpop_signing_alg_values_supported":                   {"ES256"},
		"client_attestation_signing_alg_values_supported":     {"ES256"},
		"client_attestation_pop_signing_alg_values_supported": {"ES256"},
		"token_endpoint_auth_signing_alg_values_supported":    {"ES256"},
		"authorization_details_types_supported":               {"openid_credential"},
	} {
		list, _ := s[name].([]any)
		for _, value := range want {
			if !slices.Contains(list, any(value)) {
				r.Errorf("%s = %v lacks %s", name, list, value)
			}
		}
	}
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "pushed_authorization_request_endpoint"} {
		if address, _ := s[name].(string); !strings.HasPrefix(address, "https://") {
			r.Errorf("%s = %v", name, s[name])
		}
	}
}

// checkNoPrivateKeys looks through all that is published.
func checkNoPrivateKeys(r *run, published ...map[string]any) {
	r.Helper()
	if address, _ := published[len(published)-1]["jwks_uri"].(string); address != "" {
		published = append(published, r.document(address))
	}
	for _, m := range published {
		raw, err := json.Marshal(m)
		must(r, err)
		for _, member := range []string{`"d":`, `"k":`, `"p":`} {
			if strings.Contains(string(raw), member) {
				r.Errorf("a private member %s is published", member)
			}
		}
	}
}

// testSignedMetadata: §12.2.3: a JWT of the explicit type, sub, iat, all members
// at the top, signed by the first certificate of x5c, which is not the anchor.
func testSignedMetadata(r *run) {
	address := r.suite.url + "/.well-known/openid-credential-issuer"
	a, err := r.client.Get(r.Context(), address, "application/jwt")
	must(r, err)
	if a.Status != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/jwt") {
		r.Fatalf("%d %v", a.Status, a.Header)
	}
	header, err := jose.Header(string(a.Body))
	must(r, err)
	if header["typ"] != "openidvci-issuer-metadata+jwt" {
		r.Errorf("typ = %v", header["typ"])
	}
	payload, err := jose.Verify(string(a.Body), leafKey(r, header), jose.ES256, jose.EdDSA)
	must(r, err)
	claims, err := jose.DecodeObject(payload)
	must(r, err)
	if claims["sub"] != r.suite.url || claims["iat"] == nil || claims["credential_issuer"] != r.suite.url || claims["credential_configurations_supported"] == nil {
		r.Errorf("claims: sub %v, iat %v, credential_issuer %v", claims["sub"], claims["iat"], claims["credential_issuer"])
	}
}
