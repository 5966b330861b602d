package verifier_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"socialregistry/internal/jose"
	"socialregistry/internal/specimen"
	"socialregistry/internal/vectors"
	"socialregistry/issuer/claim169"
	"socialregistry/issuer/verify"
)

// published is a vector of idpass/claim-169, as far as it is looked at here.
type published struct {
	Text string `json:"qr_data"`
	Key  struct {
		Alg    string `json:"algorithm"`
		Public string `json:"public_key_hex"`
	} `json:"signing_key"`
	Meta struct {
		Issuer string `json:"issuer"`
	} `json:"expected_cwt_meta"`
}

// bundle trusts the key of a vector, or, if it has none, one that signed nothing.
func (v published) bundle(t *testing.T) json.RawMessage {
	t.Helper()
	raw, err := hex.DecodeString(v.Key.Public)
	if err != nil {
		t.Fatal(err)
	}
	key := verify.BundleKey{KID: "k", Alg: jose.EdDSA, NotBefore: at().AddDate(-9, 0, 0), NotAfter: at().AddDate(9, 0, 0)}
	if v.Key.Alg == "ES256" {
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
		if err != nil {
			t.Fatal(err)
		}
		key.Alg = jose.ES256
		key.JWK, err = jose.PublicJWK(public)
		if err != nil {
			t.Fatal(err)
		}
	} else {
		public := ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)
		if len(raw) > 0 {
			public = raw
		}
		if key.JWK, err = jose.PublicJWK(public); err != nil {
			t.Fatal(err)
		}
	}
	if code, err := claim169.Parse(v.Text); err == nil {
		key.CoseKID = base64.RawURLEncoding.EncodeToString(code.KID)
	}
	issuer := verify.BundleIssuer{ID: "did:web:other.example", URL: v.Meta.Issuer, Keys: []verify.BundleKey{key}}
	return marshal(t, verify.Bundle{Version: 2, Created: at(), Issuers: []verify.BundleIssuer{issuer}, Types: map[string]verify.BundleType{verify.FormatClaim169: {NoStatus: true}}})
}

// Codes on paper that others published: the module says of them what package verify
// says, and what nobody signed is not believed.
func TestPublishedCodes(t *testing.T) {
	t.Parallel()
	f := &specimen.File{Bundles: map[string]json.RawMessage{}}
	for _, folder := range []string{"valid", "edge", "invalid"} {
		for _, file := range vectors.Folder(t, "data/claim169/test-vectors/"+folder, "*.json") {
			var v published
			decode(t, file.Bytes, &v)
			f.Bundles[file.Name] = v.bundle(t)
			b, err := verify.ParseBundle(f.Bundles[file.Name])
			if err != nil {
				t.Fatal(err)
			}
			want := b.Verify([]byte(v.Text), at()).Outcome
			if believed := want == verify.Genuine || want == verify.Expired || want == verify.NotYetValid; believed && v.Key.Public == "" {
				t.Errorf("%s, which nobody signed, is %s", file.Name, want)
			}
			f.Vectors = append(f.Vectors, specimen.Vector{Name: file.Name, Outcome: string(want), At: at(), Bundle: file.Name, Data: v.Text})
		}
	}
	agree(t, f, node(t, nil, "vectors.mjs", written(t, f)))
}

// The samples of MOSIP's own software, which nobody signed, read as they should.
func TestMOSIPSamples(t *testing.T) {
	t.Parallel()
	var samples []map[string]any
	decode(t, vectors.Read(t, "data/claim169/mosip-samples.json"), &samples)
	wants := map[string]map[string]string{
		"mosip-spec-1.2.0-section-3.2.1": {"id": "3918592438", "full_name": "Janardhan BS", "birth_date": "1984-04-18", "gender": "male", "nationality": "IN", "face": "data:image/webp;base64,UklG"},
		"inji-certify-sample":            {"id": "3918592438", "version": "10", "birth_date": "04-18-1984", "gender": "male", "face": "data:image/png;base64,Ukk=", "voice": "data:audio/wav;base64,Ukk=", "attribute hello": "world"},
	}
	var texts, names []string
	for _, s := range samples {
		name, _ := s["name"].(string)
		for _, member := range []string{"qr_text", "qr_text_made_here", "qr_text_of_hex_text_made_here"} {
			if text, _ := s[member].(string); text != "" && wants[name] != nil {
				texts, names = append(texts, text), append(names, name)
			}
		}
	}
	if len(texts) < 2 {
		t.Fatalf("%d texts", len(texts))
	}
	for i, line := range node(t, marshal(t, texts), "codes.mjs") {
		var got struct {
			KID        string
			Attributes map[string]any
		}
		decode(t, line, &got)
		for name, want := range wants[names[i]] {
			if shown := fmt.Sprint(got.Attributes[name]); shown != want && !(name == "face" && strings.HasPrefix(shown, want)) {
				t.Errorf("%s: %s is %.60s, want %s", names[i], name, shown, want)
			}
		}
		if got.KID == "" {
			t.Errorf("%s has no kid", names[i])
		}
	}
}
