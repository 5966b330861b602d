package sdjwt_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/jose"
	"socialregistry/issuer/sdjwt"
)

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func person(key crypto.Signer) sdjwt.Issue {
	return sdjwt.Issue{Key: key, Alg: "ES256", KID: "k1",
		Plain:    map[string]any{"iss": "https://registry.example", "iat": 1_790_000_000, "exp": 1_800_000_000, "vct": "https://registry.example/credentials/types/person"},
		Disclose: map[string]any{"given_name": "Amina <&>", "family_name": "ديالو", "birth_date": "1990-04-01", "address": map[string]any{"region": "North", "lines": []any{"a", "b"}}},
	}
}

func sign(t testing.TB, i sdjwt.Issue) string {
	t.Helper()
	s, err := i.Sign()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func verify(s string, key crypto.PublicKey) (map[string]any, error) {
	parsed, err := sdjwt.Parse(s)
	if err != nil {
		return nil, err
	}
	return parsed.Verify(key)
}

func TestIssueAndVerify(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	s := sign(t, person(key))
	got, err := verify(s, key.Public())
	want := map[string]any{"iss": "https://registry.example", "iat": 1.79e9, "exp": 1.8e9, "vct": "https://registry.example/credentials/types/person",
		"given_name": "Amina <&>", "family_name": "ديالو", "birth_date": "1990-04-01", "address": map[string]any{"region": "North", "lines": []any{"a", "b"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, %v, want %v", got, err, want)
	}
	parsed, err := sdjwt.Parse(s)
	if err != nil || parsed.Header["typ"] != "dc+sd-jwt" || parsed.Header["kid"] != "k1" || parsed.KeyBinding != "" || parsed.Unverified["iss"] != want["iss"] {
		t.Errorf("parsed %+v, %v", parsed, err)
	}
	if _, err := verify(s, newKey(t).Public()); !errors.Is(err, jose.ErrSignature) {
		t.Errorf("foreign key: %v, want ErrSignature", err)
	}
}

func TestEveryClaimCanBeLeftOut(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	parts := strings.Split(sign(t, person(key)), "~")
	if len(parts) != 6 || parts[5] != "" {
		t.Fatalf("%d parts, want the JWT, 4 disclosures and an empty one", len(parts))
	}
	for shown := range 16 {
		kept, want := []string{parts[0]}, 4
		for i := range 4 {
			if shown>>i&1 == 1 {
				kept, want = append(kept, parts[1+i]), want+1
			}
		}
		got, err := verify(strings.Join(kept, "~")+"~", key.Public())
		if err != nil || len(got) != want {
			t.Errorf("%04b shown: %v, %v", shown, got, err)
		}
	}
	payload, err := jose.Payload(parts[0])
	for _, hidden := range []string{"Amina", "given_name", "North", "1990"} {
		if err != nil || strings.Contains(string(payload), hidden) {
			t.Errorf("the signed part shows %s, %v", hidden, err)
		}
	}
}

// RFC 9901 §9.3: a salt has 128 bits and is never used twice; §4.2.4.1: the order
// of the digests says nothing.
func TestSaltsAndDigests(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	salts := map[string]bool{}
	for range 20 {
		s := sign(t, person(key))
		parts := strings.Split(s, "~")
		for _, p := range parts[1:5] {
			raw, err := base64.RawURLEncoding.DecodeString(p)
			var list []any
			if err != nil || json.Unmarshal(raw, &list) != nil {
				t.Fatal(err)
			}
			salt, err := base64.RawURLEncoding.DecodeString(list[0].(string))
			if err != nil || len(salt) != 16 || salts[string(salt)] {
				t.Errorf("salt of %d bytes, seen before: %v, %v", len(salt), salts[string(salt)], err)
			}
			salts[string(salt)] = true
		}
		parsed, err := sdjwt.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		var digests []string
		for _, d := range parsed.Unverified["_sd"].([]any) {
			digests = append(digests, d.(string))
		}
		if !slices.IsSorted(digests) || len(digests) != 4 || parsed.Unverified["_sd_alg"] != "sha-256" {
			t.Errorf("digests %v", digests)
		}
	}
}

// RFC 9901 §4.2.1 and §4.2.3: an example of the text.
func TestDigestOfTheRFC(t *testing.T) {
	t.Parallel()
	got := sdjwt.Digest("WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0")
	if want := "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNothingToDisclose(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	i := person(key)
	i.Disclose = nil
	s := sign(t, i)
	got, err := verify(s, key.Public())
	parsed, parseErr := sdjwt.Parse(s)
	if err != nil || parseErr != nil || len(got) != 4 || parsed.Unverified["_sd"] != nil || parsed.Unverified["_sd_alg"] != nil {
		t.Errorf("%v, %v; SD-JWT VC §3.2.2: no _sd if nothing is selective", got, err)
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	for _, name := range []string{"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status", "_sd", "_sd_alg", "..."} {
		i := person(key)
		i.Plain, i.Disclose = nil, map[string]any{name: "x"}
		if _, err := i.Sign(); !errors.Is(err, sdjwt.ErrClaim) {
			t.Errorf("%s disclosed: %v, want ErrClaim", name, err)
		}
	}
	for name, change := range map[string]func(*sdjwt.Issue){
		"both sides":     func(i *sdjwt.Issue) { i.Plain["given_name"] = "x" },
		"plain _sd":      func(i *sdjwt.Issue) { i.Plain["_sd"] = []any{} },
		"nested _sd":     func(i *sdjwt.Issue) { i.Plain["a"] = map[string]any{"_sd": 1} },
		"nested in a":    func(i *sdjwt.Issue) { i.Plain["a"] = []any{map[string]any{"...": 1}} },
		"nested in disc": func(i *sdjwt.Issue) { i.Disclose["a"] = []any{map[string]any{"...": 1}} },
		"not JSON":       func(i *sdjwt.Issue) { i.Disclose["a"] = func() {} },
	} {
		i := person(key)
		change(&i)
		if _, err := i.Sign(); !errors.Is(err, sdjwt.ErrClaim) {
			t.Errorf("%s: %v, want ErrClaim", name, err)
		}
	}
	i := person(key)
	i.Alg = "EdDSA"
	if _, err := i.Sign(); !errors.Is(err, jose.ErrAlgorithm) {
		t.Errorf("alg of another key: %v, want ErrAlgorithm", err)
	}
}

func TestEd25519(t *testing.T) {
	t.Parallel()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := person(key)
	i.Alg = "EdDSA"
	if _, err := verify(sign(t, i), key.Public()); err != nil {
		t.Error(fmt.Errorf("verify: %w", err))
	}
}
