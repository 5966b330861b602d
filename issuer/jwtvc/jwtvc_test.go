package jwtvc_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/jwtvc"
)

const kid = "did:web:registry.example#key-1"

func day(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }

func keys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	es, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]crypto.Signer{jose.ES256: es, jose.EdDSA: ed}
}

func content() jwtvc.Content {
	return jwtvc.Content{ID: "urn:uuid:1", Issuer: "did:web:registry.example", Holder: "did:key:z6Mk1", Contexts: []string{"https://registry.example/contexts/v1"},
		Types: []string{"SocialRegistryPersonCredential"}, ValidFrom: day(1), ValidUntil: day(20), Claims: map[string]any{"givenName": "Amina", "address": map[string]any{"locality": "Town"}},
		Status: map[string]any{"type": "BitstringStatusListEntry", "statusListIndex": "7"}}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for alg, key := range keys(t) {
		token, err := content().Sign(key, alg, kid)
		if err != nil {
			t.Fatal(err)
		}
		got, err := jwtvc.Verify(token, key.Public(), alg)
		if err != nil || !reflect.DeepEqual(got, content()) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", alg, err, got, content())
		}
		if name, iss := jwtvc.Issuer(token); !jwtvc.Is(token) || name != kid || iss != "did:web:registry.example" {
			t.Errorf("%s: is %v, kid %q, iss %q", alg, jwtvc.Is(token), name, iss)
		}
		for other, k := range keys(t) {
			if _, err := jwtvc.Verify(token, k.Public(), other); err == nil {
				t.Errorf("%s: verified with another key, %s", alg, other)
			}
		}
	}
}

// What wallets check (data model 1.1 §6.3.1): the vc claim, its first context and
// type, and that nothing stands in it again that a registered claim says.
func TestPayloadIsThatOfDataModel11(t *testing.T) {
	t.Parallel()
	key := keys(t)[jose.EdDSA]
	token, err := content().Sign(key, jose.EdDSA, kid)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := jose.Payload(token)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(payload, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"iss": "did:web:registry.example", "sub": "did:key:z6Mk1", "jti": "urn:uuid:1", "nbf": float64(day(1).Unix()), "exp": float64(day(20).Unix()),
		"vc": map[string]any{"@context": []any{jwtvc.Context, "https://registry.example/contexts/v1"}, "type": []any{"VerifiableCredential", "SocialRegistryPersonCredential"},
			"credentialSubject": map[string]any{"givenName": "Amina", "address": map[string]any{"locality": "Town"}},
			"credentialStatus":  map[string]any{"type": "BitstringStatusListEntry", "statusListIndex": "7"}}}
	header, _ := jose.Header(token)
	if !reflect.DeepEqual(got, want) || header["typ"] != "JWT" || header["kid"] != kid {
		t.Errorf("header %v\n got %v\nwant %v", header, got, want)
	}
	bad := content()
	bad.Claims = map[string]any{"id": "did:key:z6Mk2"}
	if _, err := bad.Sign(key, jose.EdDSA, kid); !errors.Is(err, jwtvc.ErrMalformed) {
		t.Errorf("an id among the claims: %v, want ErrMalformed", err)
	}
}

// A good signature over something else is no credential of ours.
func TestVerifyReadsStrictly(t *testing.T) {
	t.Parallel()
	key := keys(t)[jose.EdDSA]
	claims := func() (c, vc map[string]any) {
		vc = map[string]any{"@context": []any{jwtvc.Context}, "type": []any{"VerifiableCredential"}, "credentialSubject": map[string]any{"givenName": "Amina"}}
		return map[string]any{"iss": "did:ex:1", "sub": "did:ex:2", "jti": "urn:1", "nbf": 1, "exp": 2, "vc": vc}, vc
	}
	for name, c := range map[string]struct {
		change func(c, vc map[string]any)
		want   error
	}{
		"as it must be":     {func(c, vc map[string]any) {}, nil},
		"no iss":            {func(c, vc map[string]any) { delete(c, "iss") }, jwtvc.ErrMalformed},
		"no sub":            {func(c, vc map[string]any) { delete(c, "sub") }, jwtvc.ErrMalformed},
		"no jti":            {func(c, vc map[string]any) { delete(c, "jti") }, jwtvc.ErrMalformed},
		"no nbf":            {func(c, vc map[string]any) { delete(c, "nbf") }, jwtvc.ErrMalformed},
		"exp a text":        {func(c, vc map[string]any) { c["exp"] = "2" }, jwtvc.ErrMalformed},
		"exp with a part":   {func(c, vc map[string]any) { c["exp"] = 2.5 }, jwtvc.ErrMalformed},
		"exp negative":      {func(c, vc map[string]any) { c["exp"] = -1 }, jwtvc.ErrMalformed},
		"exp too far":       {func(c, vc map[string]any) { c["exp"] = 1e300 }, jwtvc.ErrMalformed},
		"another claim":     {func(c, vc map[string]any) { c["vp"] = 1 }, jwtvc.ErrMalformed},
		"a second end":      {func(c, vc map[string]any) { vc["expirationDate"] = "2099-01-01T00:00:00Z" }, jwtvc.ErrMalformed},
		"a second issuer":   {func(c, vc map[string]any) { vc["issuer"] = "did:ex:3" }, jwtvc.ErrMalformed},
		"a second subject":  {func(c, vc map[string]any) { vc["credentialSubject"] = []any{} }, jwtvc.ErrMalformed},
		"the subject's id":  {func(c, vc map[string]any) { vc["credentialSubject"] = map[string]any{"id": "did:ex:3"} }, jwtvc.ErrMalformed},
		"data model 2.0":    {func(c, vc map[string]any) { vc["@context"] = []any{"https://www.w3.org/ns/credentials/v2"} }, jwtvc.ErrMalformed},
		"another type":      {func(c, vc map[string]any) { vc["type"] = []any{"VerifiablePresentation"} }, jwtvc.ErrMalformed},
		"type a text":       {func(c, vc map[string]any) { vc["type"] = "VerifiableCredential" }, jwtvc.ErrMalformed},
		"context an object": {func(c, vc map[string]any) { vc["@context"] = []any{jwtvc.Context, map[string]any{}} }, jwtvc.ErrMalformed},
		"vc a text":         {func(c, vc map[string]any) { c["vc"] = "x" }, jwtvc.ErrMalformed},
	} {
		all, vc := claims()
		c.change(all, vc)
		payload, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		token, err := jose.Sign(key, jose.EdDSA, map[string]any{"typ": "JWT", "kid": kid}, payload)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jwtvc.Verify(token, key.Public(), jose.EdDSA); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestEveryFlippedBit(t *testing.T) {
	t.Parallel()
	for alg, key := range keys(t) {
		token, err := content().Sign(key, alg, kid)
		if err != nil {
			t.Fatal(err)
		}
		for n := range len(token) * 8 {
			bad := []byte(token)
			bad[n/8] ^= 1 << (n % 8)
			if _, err := jwtvc.Verify(string(bad), key.Public(), alg); err == nil {
				t.Errorf("%s: bit %d of byte %d flipped and still verified", alg, n%8, n/8)
			}
		}
	}
}

func TestIsTellsOtherTokens(t *testing.T) {
	t.Parallel()
	key := keys(t)[jose.EdDSA]
	for name, c := range map[string]struct {
		typ     string
		payload string
		want    bool
	}{
		"credential": {"JWT", `{"vc":{}}`, true}, "other typ": {"dc+sd-jwt", `{"vc":{}}`, false}, "no vc": {"JWT", `{}`, false}, "no object": {"JWT", `[]`, false},
	} {
		token, err := jose.Sign(key, jose.EdDSA, map[string]any{"typ": c.typ}, []byte(c.payload))
		if err != nil || jwtvc.Is(token) != c.want {
			t.Errorf("%s: %v, %v, want %v", name, jwtvc.Is(token), err, c.want)
		}
	}
	if jwtvc.Is("") || jwtvc.Is("a.b.c") {
		t.Error("no token is a credential")
	}
}

func FuzzVerify(f *testing.F) {
	key := keys(f)[jose.EdDSA]
	token, err := content().Sign(key, jose.EdDSA, kid)
	if err != nil {
		f.Fatal(err)
	}
	payload, _ := jose.Payload(token)
	f.Add(payload)
	f.Add([]byte(`{"vc":{"@context":[]}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		token, err := jose.Sign(key, jose.EdDSA, map[string]any{"typ": "JWT", "kid": kid}, in)
		if err != nil {
			return
		}
		got, err := jwtvc.Verify(token, key.Public(), jose.EdDSA)
		if err != nil {
			return
		}
		again, err := got.Sign(key, jose.EdDSA, kid)
		if err != nil {
			t.Fatal(err)
		}
		if same, err := jwtvc.Verify(again, key.Public(), jose.EdDSA); err != nil || !maps.Equal(flat(same), flat(got)) {
			t.Errorf("%s became %v, %v", bytes.TrimSpace(in), same, err)
		}
	})
}

func flat(c jwtvc.Content) map[string]string {
	b, _ := json.Marshal(c)
	return map[string]string{"all": string(b)}
}
