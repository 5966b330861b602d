package wallet_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/sdjwt"
)

// @sd-jwt reads what we hide at every depth, among decoys: members of objects and
// elements of arrays; and what the holder leaves out is not there.
func TestForeignVerifierReadsNestedDisclosures(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	jwk, err := jose.PublicJWK(key.Public())
	must(t, err)
	credential, err := sdjwt.Issue{Key: key, Alg: jose.ES256, Decoys: 3,
		Plain: map[string]any{"iss": "https://issuer.example", "vct": "urn:example:person", "iat": time.Now().Unix(), "office": map[string]any{"desk": sdjwt.Hidden{Value: "7"}, "name": "Kisumu"}},
		Disclose: map[string]any{"given_name": "Amina", "email": sdjwt.Absent{}, "address": map[string]any{"street": sdjwt.Hidden{Value: "Main"}, "region": sdjwt.Hidden{Value: "North"}},
			"aids": []any{sdjwt.Hidden{Value: "cash"}, sdjwt.Hidden{Value: map[string]any{"kind": sdjwt.Hidden{Value: "seed"}}}}}}.Sign()
	must(t, err)
	parts := strings.Split(credential, "~")
	forged := slices.Clone(parts)
	forged[0] = parts[0][:len(parts[0])-4] + "AAAA"
	var in strings.Builder
	for _, c := range []string{credential, parts[0] + "~", strings.Join(forged, "~")} {
		line, err := json.Marshal(map[string]any{"credential": c, "key": jwk})
		must(t, err)
		in.Write(append(line, '\n'))
	}
	out, failure := node(t, in.String(), "reveal.mjs")
	if failure != "" {
		t.Fatal(failure)
	}
	var got [3]struct {
		Claims map[string]any
		Why    string
	}
	for n, line := range strings.Split(strings.TrimSpace(out), "\n") {
		must(t, json.Unmarshal([]byte(line), &got[n]))
	}
	for name, want := range map[string]any{"given_name": "Amina", "address": map[string]any{"street": "Main", "region": "North"}, "aids": []any{"cash", map[string]any{"kind": "seed"}}, "office": map[string]any{"name": "Kisumu", "desk": "7"}, "email": nil} {
		if !reflect.DeepEqual(got[0].Claims[name], want) {
			t.Errorf("%s = %v, want %v (%s)", name, got[0].Claims[name], want, got[0].Why)
		}
	}
	if bare := got[1].Claims; bare == nil || bare["given_name"] != nil || bare["address"] != nil || !reflect.DeepEqual(bare["office"], map[string]any{"name": "Kisumu"}) {
		t.Errorf("nothing disclosed: %v (%s)", bare, got[1].Why)
	}
	if !strings.Contains(got[2].Why, "ignature") {
		t.Errorf("a forged one: %q, want it refused for its signature", got[2].Why)
	}
}
