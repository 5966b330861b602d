package oauth

import (
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
	decoys := []PublicKey{{Key: ec.Public()}, {Key: ed}}
	for client, keys := range map[string][]PublicKey{"ES256": {{"k1", ec.Public()}}, "EdDSA": {{"k1", ed}}, "both": {{"k1", ec.Public()}, {"k2", ed}}, "unknown": decoys} {
		for _, alg := range []string{jose.ES256, jose.EdDSA} {
			for _, header := range []map[string]any{{"alg": alg}, {"alg": alg, "kid": "k1"}, {"alg": alg, "kid": "k2"}, {"alg": alg, "kid": "k3"}} {
				try, real := keysToTry(jwt{header: header}, keys, decoys)
				if len(try) != 1 {
					t.Fatalf("client with %s, header %v: %d keys are tried, want 1", client, header, len(try))
				}
				if got, err := jose.AlgOf(try[0].Key); got != alg || err != nil {
					t.Errorf("client with %s, header %v: a key for %s, %v", client, header, got, err)
				}
				if real && header["kid"] != nil && header["kid"] != try[0].KID {
					t.Errorf("client with %s, header %v: the key %s counts", client, header, try[0].KID)
				}
			}
		}
	}
}
