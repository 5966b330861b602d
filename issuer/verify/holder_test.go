package verify_test

import (
	"crypto/sha256"
	"encoding/base64"
	"testing"

	"socialregistry/internal/jose"
	"socialregistry/issuer/verify"
)

// held gives an SD-JWT VC with the holder's answer to what was asked; the key is that
// of the issuer, Ed25519, which is as good as any.
func (w *world) held(ask verify.Binding) []byte {
	w.t.Helper()
	jwk, err := jose.PublicJWK(w.ed.Public())
	if err != nil {
		w.t.Fatal(err)
	}
	w.issue.Plain["cnf"] = map[string]any{"jwk": jwk}
	text := w.credential(verify.FormatSDJWT)
	sum := sha256.Sum256(text)
	proof, err := jose.Sign(w.ed, jose.EdDSA, map[string]any{"typ": "kb+jwt"},
		w.json(map[string]any{"iat": now().Unix(), "aud": ask.Audience, "nonce": ask.Nonce, "sd_hash": base64.RawURLEncoding.EncodeToString(sum[:])}))
	if err != nil {
		w.t.Fatal(err)
	}
	return append(text, proof...)
}

// One bit altered in every byte of the proof, and of what it is about: never passed.
// What package specimen makes has the other ways to be wrong.
func TestEveryFlippedBitOfTheHoldersProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := verify.Binding{Nonce: "n-1", Audience: "https://shop.example"}
	in := w.held(ask)
	b := w.parsed()
	if got := b.VerifyHeld(in, now(), ask); got.Outcome != verify.Genuine || result(got, verify.CheckHolder) != verify.Passed {
		t.Fatalf("%+v", got)
	}
	for at := range in {
		bad := append([]byte{}, in...)
		bad[at] ^= 1 << (at % 8)
		if got := b.VerifyHeld(bad, now(), ask); got.Outcome == verify.Genuine || result(got, verify.CheckHolder) == verify.Passed || got.Claims != nil {
			t.Fatalf("byte %d (%q): %+v", at, bad[max(0, at-5):at+1], got)
		}
	}
	for _, other := range []verify.Binding{{}, {Nonce: "n-1"}, {Audience: ask.Audience}, {Nonce: "n-2", Audience: ask.Audience}, {Nonce: "n-1", Audience: "https://shop.exampl"}} {
		if got := b.VerifyHeld(in, now(), other); got.Outcome != verify.Altered {
			t.Errorf("%+v: %s", other, got.Outcome)
		}
	}
}
