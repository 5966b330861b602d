package wallet_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/claim169"
)

// attributeSets are what codes say, each with how it reads in JSON, by label.
func attributeSets() []struct {
	attributes map[int]any
	read       map[string]any
} {
	few := map[int]any{claim169.ID: "2847-1029-4416", claim169.FullName: "Amina Diallo", claim169.BirthDate: "19900412", claim169.Gender: 2}
	fewRead := map[string]any{"1": "2847-1029-4416", "4": "Amina Diallo", "8": "19900412", "9": 2.0}
	arabic, arabicRead := maps.Clone(few), maps.Clone(fewRead)
	arabic[claim169.FullName], arabic[claim169.Address], arabic[30] = "أمينة محمد ديالو", "أم درمان", "own"
	arabicRead["4"], arabicRead["10"], arabicRead["30"] = "أمينة محمد ديالو", "أم درمان", "own"
	face, faceRead := maps.Clone(few), maps.Clone(fewRead)
	face[claim169.BestFingers], face[claim169.MaritalStatus] = []int{1, 6}, 3
	face[claim169.Face] = []claim169.Biometric{{Data: []byte{1, 2, 3}, SubFormat: 4}}
	faceRead["18"], faceRead["14"] = []any{1.0, 6.0}, 3.0
	faceRead["62"] = []any{map[string]any{"0": "AQID", "1": 0.0, "2": 4.0}}
	noise := make([]byte, 600) // a picture cannot be compressed
	_, _ = rand.Read(noise)
	picture := map[int]any{claim169.Face: []claim169.Biometric{{Data: noise, SubFormat: 4}}}
	pictureRead := map[string]any{"62": []any{map[string]any{"0": base64.StdEncoding.EncodeToString(noise), "1": 0.0, "2": 4.0}}}
	return []struct {
		attributes map[int]any
		read       map[string]any
	}{{picture, pictureRead}, {few, fewRead}, {arabic, arabicRead}, {face, faceRead}, {map[int]any{claim169.FullName: "A"}, map[string]any{"4": "A"}}}
}

// askedCode is a line to codes.mjs, and what it must say.
type askedCode struct {
	Code string         `json:"code"`
	KID  string         `json:"kid"`
	Key  map[string]any `json:"key"`
	want map[string]any // nil: refused
}

// codesOf makes codes of every set by one key, each also with another's key to check it.
func codesOf(t *testing.T, profile claim169.Profile, key, other crypto.Signer) (out []askedCode) {
	t.Helper()
	kid, err := claim169.KIDOf(key.Public())
	must(t, err)
	own, err := jose.PublicJWK(key.Public())
	must(t, err)
	foreign, err := jose.PublicJWK(other.Public())
	must(t, err)
	made := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, s := range attributeSets() {
		text, err := claim169.Issue{Profile: profile, Key: key, KID: kid, Issuer: "https://registry.example", Issued: made, Expires: made.AddDate(0, 1, 0), Attributes: s.attributes,
			Status: &claim169.Status{Index: 7, URI: "https://registry.example/status/1"}}.Sign()
		must(t, err)
		want := map[string]any{"1": "https://registry.example", "4": float64(made.AddDate(0, 1, 0).Unix()), "6": float64(made.Unix()), "169": s.read,
			"65535": map[string]any{"status_list": map[string]any{"idx": 7.0, "uri": "https://registry.example/status/1"}}}
		name := base64.RawURLEncoding.EncodeToString(kid)
		out = append(out, askedCode{text, name, own, want}, askedCode{text, name, foreign, nil})
	}
	return out
}

// PixelPass and libraries for COSE and CBOR that are not ours read our codes, in both
// profiles, with their signature and everything in them.
func TestForeignReadersOfCodes(t *testing.T) {
	t.Parallel()
	es, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	es2, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	all := append(append(codesOf(t, claim169.Spec, ed, es), codesOf(t, claim169.Spec, es, es2)...), codesOf(t, claim169.Inji, es, es2)...)
	var in strings.Builder
	for _, c := range all {
		line, err := json.Marshal(c)
		must(t, err)
		in.Write(append(line, '\n'))
	}
	out, failure := node(t, in.String(), "codes.mjs")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if failure != "" || len(lines) != len(all) {
		t.Fatalf("%d answers for %d codes: %s", len(lines), len(all), failure)
	}
	for n, c := range all {
		var got struct {
			Claims map[string]any
			Why    string
		}
		must(t, json.Unmarshal([]byte(lines[n]), &got))
		if !reflect.DeepEqual(got.Claims, c.want) || c.want == nil && !strings.Contains(got.Why, "no key has signed it") {
			t.Errorf("code %d: %v (%s)\nwant %v", n, got.Claims, got.Why, c.want)
		}
	}
}
