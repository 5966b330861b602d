package oid4vci_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"socialregistry/internal/jose"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

// encryptionKey is a wallet's or the issuer's, with its public JWK.
func encryptionKey(t testing.TB) (*ecdh.PrivateKey, map[string]any) {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	jwk, _, err := jose.EncryptionJWK(key.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	return key, jwk
}

// Row 58: how an answer may be encrypted, and that it is or the request refused.
func TestRow58ResponseEncryption(t *testing.T) {
	t.Parallel()
	key, jwk := encryptionKey(t)
	good := map[string]any{"jwk": jwk, "enc": "A256GCM"}
	inJWK := func(pairs ...any) map[string]any { return with(good, "jwk", with(jwk, pairs...)) }
	encrypted := policy()
	encrypted.Encrypted = true
	body := func(v any) string {
		raw, err := json.Marshal(map[string]any{"credential_configuration_id": "Person", "proofs": map[string]any{"jwt": []string{"a"}}, "credential_response_encryption": v})
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	for name, v := range map[string]any{
		"null": nil, "a list": []any{}, "empty": map[string]any{}, "no jwk": with(good, "jwk", nil), "no enc": with(good, "enc", nil),
		"unlisted enc": with(good, "enc", "A128CBC-HS256"), "enc of another type": with(good, "enc", []string{"A128GCM"}),
		"no alg": inJWK("alg", nil), "RSA1_5": inJWK("alg", "RSA1_5"), "dir": inJWK("alg", "dir"), "none": inJWK("alg", "none"),
		"off the curve": inJWK("x", jwk["y"]), "private": inJWK("d", jwk["x"]), "P-384": inJWK("crv", "P-384"), "for signing": inJWK("use", "sig"),
		"long kid": inJWK("kid", strings.Repeat("k", 257)), "kid of another type": inJWK("kid", 7),
		"unknown zip": with(good, "zip", "GZIP"), "zip of another type": with(good, "zip", true),
	} {
		wantCodeWith(t, encrypted, body(v), "invalid_encryption_parameters")
		if name == "null" {
			continue
		}
		if _, err := oid4vci.ParseResponseEncryption(v); oauth.CodeOf(err) != "invalid_encryption_parameters" {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantCode(t, body(good), "invalid_encryption_parameters") // §8.2: the request came in the clear
	required := encrypted
	required.RequireEncryption = true
	wantCodeWith(t, required, goodRequest, "invalid_encryption_parameters")
	for _, v := range []map[string]any{good, with(good, "zip", "DEF"), with(good, "enc", "A128GCM"), inJWK("kid", nil)} {
		req, err := oid4vci.ParseCredentialRequest([]byte(body(v)), encrypted)
		if err != nil || req.Encryption == nil {
			t.Fatalf("%v: %v", v, err)
		}
		kid, _ := v["jwk"].(map[string]any)["kid"].(string)
		readAnswer(t, key, kid, *req.Encryption)
	}
}

// readAnswer decrypts an answer as a wallet does.
func readAnswer(t *testing.T, key *ecdh.PrivateKey, kid string, e oid4vci.ResponseEncryption) {
	t.Helper()
	jwe, err := e.Encrypt(oid4vci.NewCredentialResponse("n-1", "a~b~"))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := jose.Decrypt(jwe, map[string]*ecdh.PrivateKey{kid: key}, 1<<16)
	if err != nil || string(plain) != `{"credentials":[{"credential":"a~b~"}],"notification_id":"n-1"}` {
		t.Errorf("%s, %v", plain, err)
	}
}

func TestRow58EncryptedRequest(t *testing.T) {
	t.Parallel()
	key, jwk := encryptionKey(t)
	kid := jwk["kid"].(string)
	keys := map[string]*ecdh.PrivateKey{kid: key}
	seal := func(to jose.Recipient, plain string) []byte {
		jwe, err := jose.Encrypt(to, []byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		return []byte(jwe)
	}
	to := jose.Recipient{Key: key.PublicKey(), KID: kid, Enc: jose.A128GCM, Zip: true}
	if body, err := oid4vci.OpenRequest(seal(to, goodRequest), keys); err != nil || string(body) != goodRequest {
		t.Errorf("%s, %v", body, err)
	}
	other, _ := encryptionKey(t)
	unknown, foreign := to, to
	unknown.KID, foreign.Key = "other", other.PublicKey()
	for name, tc := range map[string]struct {
		jwe  []byte
		code string
	}{
		"unknown kid":   {seal(unknown, goodRequest), "invalid_encryption_parameters"},
		"another's key": {seal(foreign, goodRequest), "invalid_encryption_parameters"},
		"no JWE":        {[]byte(goodRequest), "invalid_encryption_parameters"},
		"a bomb":        {seal(to, strings.Repeat(" ", oid4vci.MaxCredentialRequest+1)), "invalid_credential_request"},
	} {
		if _, err := oid4vci.OpenRequest(tc.jwe, keys); oauth.CodeOf(err) != tc.code {
			t.Errorf("%s: %v, want %s", name, err, tc.code)
		}
	}
}

func TestParseDeferredRequest(t *testing.T) {
	t.Parallel()
	_, jwk := encryptionKey(t)
	encryption := map[string]any{"jwk": jwk, "enc": "A128GCM"}
	encrypted := policy()
	encrypted.Encrypted = true
	for name, tc := range map[string]struct {
		members map[string]any
		policy  oid4vci.RequestPolicy
		code    string
	}{
		"good":                    {map[string]any{"x": 1}, policy(), ""},
		"encrypted":               {map[string]any{"credential_response_encryption": encryption}, encrypted, ""},
		"missing":                 {map[string]any{"transaction_id": nil}, policy(), "invalid_credential_request"},
		"empty":                   {map[string]any{"transaction_id": ""}, policy(), "invalid_credential_request"},
		"a list":                  {map[string]any{"transaction_id": []string{"t"}}, policy(), "invalid_credential_request"},
		"long":                    {map[string]any{"transaction_id": strings.Repeat("t", 4097)}, policy(), "invalid_transaction_id"},
		"encryption in the clear": {map[string]any{"credential_response_encryption": encryption}, policy(), "invalid_encryption_parameters"},
		"bad encryption":          {map[string]any{"credential_response_encryption": map[string]any{}}, encrypted, "invalid_encryption_parameters"},
	} {
		members := map[string]any{"transaction_id": "t-1"}
		maps.Copy(members, tc.members)
		raw, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		req, err := oid4vci.ParseDeferredRequest(raw, tc.policy)
		if oauth.CodeOf(err) != tc.code || tc.code == "" && (err != nil || req.TransactionID != "t-1" || (req.Encryption != nil) != tc.policy.Encrypted) {
			t.Errorf("%s: %+v, %v, want %q", name, req, err, tc.code)
		}
	}
	for _, body := range []string{"", "[]", `{"transaction_id":"a","transaction_id":"b"}`, strings.Repeat(" ", 64<<10) + "{}"} {
		if _, err := oid4vci.ParseDeferredRequest([]byte(body), policy()); oauth.CodeOf(err) != "invalid_credential_request" {
			t.Errorf("%.30q: %v", body, err)
		}
	}
}

func FuzzParseDeferredRequest(f *testing.F) {
	f.Add([]byte(`{"transaction_id":"a"}`))
	f.Add([]byte(`{"transaction_id":"a","credential_response_encryption":{"jwk":{"kty":"EC"},"enc":"A128GCM"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := oid4vci.ParseDeferredRequest(body, oid4vci.RequestPolicy{Encrypted: true})
		if err != nil && oauth.CodeOf(err) == "" {
			t.Fatalf("not a protocol error: %v", err)
		}
		if err == nil && (req.TransactionID == "" || len(req.TransactionID) > 4096) {
			t.Fatalf("accepted %+v", req)
		}
	})
}
