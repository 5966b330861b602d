package oid4vci

import (
	"crypto"
	"fmt"
	"slices"
	"time"

	"socialregistry/internal/jose"
)

// attestationType is the typ header of a key attestation (OID4VCI 1.0 appendix
// D.1).
const attestationType = "key-attestation+jwt"

// AttestationPolicy is what a key attestation must agree with (OID4VCI 1.0
// §12.2.4, key_attestations_required; appendix D).
type AttestationPolicy struct {
	Now                time.Time
	MostKeys           int      // attested_keys; each may get a credential
	KeyStorage         []string // one of these must be attested; empty: any or none
	UserAuthentication []string // likewise
	// Verify gives the claims of a JWT of this typ that a trusted wallet provider
	// signed and that is neither over nor of the future. Its errors are never
	// shown.
	Verify func(compact, typ string) (claims map[string]any, err error)
}

// KeyAttestation is a good one: a trusted wallet provider says that the wallet
// keeps these keys as the policy asks. Whether Nonce, if there is one, is ours
// and unused is still to be asked.
type KeyAttestation struct {
	Keys  []AttestedKey
	Nonce string // "": it names none
	exp   bool   // it says when it is over
}

// AttestedKey is one public key, also in its JSON form.
type AttestedKey struct {
	Key        crypto.PublicKey
	JWK        map[string]any // public members only
	thumbprint string
}

// CheckKeyAttestation checks a key attestation (appendix D.1). Every failure is
// an *oauth.Error with the code invalid_proof.
func CheckKeyAttestation(compact string, want AttestationPolicy) (KeyAttestation, error) {
	if len(compact) > maxProof {
		return KeyAttestation{}, InvalidProof("The key attestation is too long.")
	}
	claims, err := want.Verify(compact, attestationType)
	if err != nil {
		return KeyAttestation{}, InvalidProof("The key attestation is not signed by a wallet provider that this issuer trusts, or it is over.").Because(err)
	}
	if _, ok := numericDate(claims["iat"]); !ok {
		return KeyAttestation{}, InvalidProof("The key attestation has no claim iat.")
	}
	if err := checkLevels(claims, want); err != nil {
		return KeyAttestation{}, err
	}
	a := KeyAttestation{}
	_, a.exp = claims["exp"] // its value is checked with the signature
	if v, given := claims["nonce"]; given {
		if a.Nonce, _ = v.(string); a.Nonce == "" || len(a.Nonce) > maxNonce {
			return KeyAttestation{}, InvalidProof("The claim nonce of the key attestation must be a c_nonce.")
		}
	}
	a.Keys, err = attestedKeys(claims["attested_keys"], want.MostKeys)
	return a, err
}

// checkLevels: one of the levels that are required must be among those that are
// attested (§12.2.4, appendix D.2).
func checkLevels(claims map[string]any, want AttestationPolicy) error {
	for name, required := range map[string][]string{"key_storage": want.KeyStorage, "user_authentication": want.UserAuthentication} {
		if len(required) == 0 {
			continue
		}
		attested, _ := claims[name].([]any)
		if !slices.ContainsFunc(attested, func(v any) bool { s, _ := v.(string); return slices.Contains(required, s) }) {
			return InvalidProof("The claim " + name + " of the key attestation has no level that this credential asks for.")
		}
	}
	return nil
}

// attestedKeys reads attested_keys: public keys, each once (appendix D.1).
func attestedKeys(v any, most int) ([]AttestedKey, error) {
	list, _ := v.([]any)
	if len(list) == 0 || len(list) > most {
		return nil, InvalidProof(fmt.Sprintf("The key attestation must have 1 to %d attested_keys.", most))
	}
	keys := make([]AttestedKey, len(list))
	for n, member := range list {
		jwk, _ := member.(map[string]any)
		key, err := jose.ParseJWK(jwk)
		if err != nil {
			return nil, InvalidProof("The attested_keys must be public keys that are supported.").Because(err)
		}
		if keys[n], err = attestedKey(key); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(keys[:n], func(k AttestedKey) bool { return k.thumbprint == keys[n].thumbprint }) {
			return nil, InvalidProof("A key stands twice in attested_keys.")
		}
	}
	return keys, nil
}

func attestedKey(key crypto.PublicKey) (k AttestedKey, err error) {
	k.Key = key
	if k.JWK, err = jose.PublicJWK(key); err != nil {
		return k, err
	}
	k.thumbprint, err = jose.Thumbprint(key)
	return k, err
}
