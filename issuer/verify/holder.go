package verify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/dataintegrity"
	"socialregistry/issuer/sdjwt"
)

// Binding is what somebody who checks asks the holder to sign, so that what is shown
// cannot be a copy: a nonce that is used once, and the name of who asks.
type Binding struct {
	Nonce    string `json:"nonce"`
	Audience string `json:"audience"`
}

// VerifyHeld checks as Verify does, and who holds it: an SD-JWT VC that ends with a key
// binding JWT (RFC 9901 §7.3) must be shown with the key that its issuer bound it to,
// for ask, and just now. One without, and every other format, leaves that unchecked.
func (b *Bundle) VerifyHeld(data []byte, at time.Time, ask Binding) Result {
	return b.check(data, at, &ask)
}

// proofAge is how old a holder's proof may be.
const proofAge = 5 * time.Minute

// holder checks the proof of who holds it, if one was asked for and is there.
func (v *verification) holder(s signed) {
	if v.ask == nil || s.bound == nil {
		return
	}
	err := s.bound(*v.ask, v.at)
	if v.note(CheckHolder, err, "It was shown with the key that it is bound to, for this check."); err != nil {
		v.out.Claims = nil // whoever shows it may have no right to
	}
}

// bound gives the check of the key binding JWT of an SD-JWT; nil if there is none. text
// is the whole, claims what its issuer signed.
func bound(parsed *sdjwt.SDJWT, text string, claims map[string]any) func(Binding, time.Time) error {
	proof := parsed.KeyBinding
	if proof == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(strings.TrimSuffix(text, proof)))
	return func(ask Binding, at time.Time) error {
		key, err := confirmed(claims["cnf"])
		if err != nil {
			return failure{Altered, "It was shown with a key, but its issuer bound it to none that can be read."}
		}
		payload, err := jose.Verify(proof, key, jose.ES256, jose.EdDSA)
		if err != nil {
			return failure{Altered, "Whoever shows this does not have the key that it is bound to."}
		}
		said, err := jose.DecodeObject(payload)
		made, dated := numericDate(said, "iat")
		switch {
		case err != nil, !dated, made.IsZero():
			return failure{Altered, "The proof of who holds this is not written as it must be."}
		case !same(said["sd_hash"], base64.RawURLEncoding.EncodeToString(sum[:])):
			return failure{Altered, "The proof of who holds this was made for other details."}
		case !same(said["nonce"], ask.Nonce), !same(said["aud"], ask.Audience):
			return failure{Altered, "The proof of who holds this was made for another check: it may be a copy."}
		case made.Before(at.Add(-proofAge)), made.After(at.Add(skew)):
			return failure{Altered, "The proof of who holds this was not made now: it may be a copy."}
		}
		return nil
	}
}

// same compares what must be a text; an empty one is never the same.
func same(v any, want string) bool {
	s, _ := v.(string)
	return want != "" && subtle.ConstantTimeCompare([]byte(s), []byte(want)) == 1
}

var errHolder = errors.New("verify: no holder's key that can be read")

// confirmed reads cnf (RFC 7800 §3): a jwk, or a kid that is a did:jwk or a did:key,
// which are keys themselves. Any other DID would have to be fetched.
func confirmed(v any) (crypto.PublicKey, error) {
	cnf, _ := v.(map[string]any)
	if jwk, ok := cnf["jwk"].(map[string]any); ok {
		return jose.ParseJWK(jwk)
	}
	kid, _ := cnf["kid"].(string)
	name, _, _ := strings.Cut(kid, "#")
	if text, ok := strings.CutPrefix(name, "did:jwk:"); ok {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
		if err != nil {
			return nil, errHolder
		}
		jwk, err := jose.DecodeObject(raw)
		if err != nil {
			return nil, errHolder
		}
		return jose.ParseJWK(jwk)
	}
	text, ok := strings.CutPrefix(name, "did:key:")
	raw, whole := dataintegrity.DecodeMultibase(text)
	if !ok || !whole {
		return nil, errHolder
	}
	return multikey(raw)
}

// multikey reads a public key behind its multicodec (Multikey, CID 1.0 §2.2.2).
func multikey(raw []byte) (crypto.PublicKey, error) {
	switch {
	case len(raw) == 2+ed25519.PublicKeySize && raw[0] == 0xed && raw[1] == 0x01:
		return ed25519.PublicKey(raw[2:]), nil
	case len(raw) == 2+33 && raw[0] == 0x80 && raw[1] == 0x24:
		if x, y := elliptic.UnmarshalCompressed(elliptic.P256(), raw[2:]); x != nil {
			point := make([]byte, 65) // SEC 1 §2.3.3, uncompressed: 0x04, x, y
			point[0] = 4
			x.FillBytes(point[1:33])
			y.FillBytes(point[33:])
			return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		}
	}
	return nil, errHolder
}
