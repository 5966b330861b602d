package oauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"testing"

	"socialregistry/internal/jose"
)

// Whatever a client has registered, an assertion of either algorithm is checked by
// one key of that algorithm: how long it takes tells nothing.
func TestRow80OneKeyIsTried(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := func(keys map[string]crypto.PublicKey) map[string]any {
		var list []any
		for kid, key := range keys {
			jwk, err := jose.PublicJWK(key)
			if err != nil {
				t.Fatal(err)
			}
			if kid != "" {
				jwk["kid"] = kid
			}
			list = append(list, jwk)
		}
		return map[string]any{"keys": list}
	}
	decoys := map[string]map[string]any{jose.ES256: set(map[string]crypto.PublicKey{"": ec.Public()}), jose.EdDSA: set(map[string]crypto.PublicKey{"": ed})}
	for client, keys := range map[string]map[string]any{"ES256": set(map[string]crypto.PublicKey{"k1": ec.Public()}), "EdDSA": set(map[string]crypto.PublicKey{"k1": ed}),
		"both": set(map[string]crypto.PublicKey{"k1": ec.Public(), "k2": ed}), "unknown": nil} {
		for alg, decoy := range decoys {
			if client == "unknown" {
				keys = decoy
			}
			for _, header := range []map[string]any{{"alg": alg}, {"alg": alg, "kid": "k1"}, {"alg": alg, "kid": "k2"}, {"alg": alg, "kid": "k3"}} {
				try, real := keysToTry(jwt{header: header}, keys, decoy)
				if len(try) != 1 {
					t.Fatalf("client with %s, header %v: %d keys are tried, want 1", client, header, len(try))
				}
				key, err := jose.ParseJWK(try[0])
				if err != nil {
					t.Fatal(err)
				}
				if got, err := jose.AlgOf(key); got != alg || err != nil {
					t.Errorf("client with %s, header %v: a key for %s, %v", client, header, got, err)
				}
				if real && header["kid"] != nil && header["kid"] != try[0]["kid"] {
					t.Errorf("client with %s, header %v: the key %v counts", client, header, try[0]["kid"])
				}
			}
		}
	}
}
