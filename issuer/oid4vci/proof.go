package oid4vci

import (
	"context"
	"crypto"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"socialregistry/internal/jose"
)

// proofType is the typ header of a jwt proof (OID4VCI 1.0 appendix F.1).
const proofType = "openid4vci-proof+jwt"

// Limits of a proof.
const (
	maxProof  = 16 << 10         // bytes of the compact JWT; a key attestation may ride along
	maxKID    = 2048             // bytes of a DID URL
	maxNonce  = 2048             // bytes of a c_nonce
	ProofAge  = 5 * time.Minute  // how old iat may be
	ProofSkew = 60 * time.Second // how far ahead iat may be
)

// Binding methods (OID4VCI 1.0 §12.2.4, cryptographic_binding_methods_supported).
const (
	BindJWK    = "jwk"
	BindDIDKey = "did:key"
	BindDIDJWK = "did:jwk"
	BindDIDWeb = "did:web"

	BindCOSEKey = "cose_key" // what a jwk becomes in a mobile document
)

// ProofPolicy is what a proof must agree with.
type ProofPolicy struct {
	Issuer    string    // the credential issuer identifier; aud must be this string
	Now       time.Time // iat must lie between Now-ProofAge and Now+ProofSkew
	Algs      []string  // JOSE names that the configuration lists
	Methods   []string  // binding methods of the configuration; none listed, none accepted
	Anonymous bool      // the token was got without client_id: iss must be absent
	ClientID  string    // else iss, if present, must be this
	BatchSize int       // most keys of one request
	// Attestation is what must be attested of the keys; nil: nothing, and a key
	// attestation is not looked at.
	Attestation *AttestationPolicy
	// Resolve finds the public key that a DID URL names. It must not reach
	// private addresses; its errors are never shown.
	Resolve func(ctx context.Context, didURL string) (crypto.PublicKey, error)
}

// Proof is a good proof: whoever sent it has the private part of Key. Exactly
// one of JWK and KID is set, as the wallet named its key. DID is KID without
// its fragment. Whether Nonce is ours and unused is still to be asked.
type Proof struct {
	Key      crypto.PublicKey
	JWK      map[string]any // public members only
	KID      string         // DID URL with fragment
	DID      string
	Nonce    string
	IssuedAt time.Time

	attested []AttestedKey // by the key attestation in its header
}

// ProofByDID is the proof of a key that a DID URL names, checked before.
func ProofByDID(key crypto.PublicKey, kid string) Proof {
	id, _, _ := strings.Cut(kid, "#")
	return Proof{Key: key, KID: kid, DID: id}
}

// CheckProof checks a proof of type jwt (OID4VCI 1.0 appendix F.1 and F.4).
// Every failure is an *oauth.Error with the code invalid_proof. Nothing is
// fetched for jku, x5u or x5c: a proof with one of them is refused.
func CheckProof(ctx context.Context, compact string, want ProofPolicy) (Proof, error) {
	head, claims, err := split(compact)
	if err != nil {
		return Proof{}, InvalidProof("The proof is not a signed JWT in compact form.").Because(err)
	}
	if err := checkHeader(head, want); err != nil {
		return Proof{}, err
	}
	proof, err := proofKey(ctx, head, want)
	if err != nil {
		return Proof{}, err
	}
	// F.4: the signature verifies with the key from the header, and the
	// algorithm is one that we list.
	if _, err := jose.Verify(compact, proof.Key, want.Algs...); err != nil {
		return Proof{}, InvalidProof("The signature of the proof is not good.").Because(err)
	}
	if err := proof.readClaims(claims, want); err != nil {
		return Proof{}, err
	}
	if err := proof.readAttestation(head, want); err != nil {
		return Proof{}, err
	}
	return proof, nil
}

// split reads header and claims; nothing in them is believed before the
// signature is checked.
func split(compact string) (head, claims map[string]any, err error) {
	if len(compact) > maxProof {
		return nil, nil, fmt.Errorf("more than %d bytes", maxProof)
	}
	if head, err = jose.Header(compact); err != nil {
		return nil, nil, err
	}
	payload, err := jose.Payload(compact)
	if err != nil {
		return nil, nil, err
	}
	claims, err = jose.DecodeObject(payload)
	return head, claims, err
}

// checkHeader holds to appendix F.1 and F.4 whatever does not need the key.
func checkHeader(head map[string]any, want ProofPolicy) error {
	if head["typ"] != proofType {
		return InvalidProof("The header typ of the proof must be " + proofType + ".")
	}
	if alg, _ := head["alg"].(string); !slices.Contains(want.Algs, alg) {
		return InvalidProof("The header alg of the proof must be one of " + strings.Join(want.Algs, ", ") + ".")
	}
	for _, name := range []string{"jku", "x5u", "x5t", "x5t#S256"} {
		if _, given := head[name]; given {
			return InvalidProof("The header of the proof has a member that is not supported: " + name + ".")
		}
	}
	named := 0
	for _, name := range []string{"kid", "jwk", "x5c"} {
		if _, given := head[name]; given {
			named++
		}
	}
	if named != 1 {
		return InvalidProof("The header of the proof must name its key by exactly one of kid and jwk.")
	}
	if _, given := head["x5c"]; given {
		return InvalidProof("Keys by x5c are not supported; use kid or jwk.")
	}
	return nil
}

// proofKey finds the wallet's key as the header names it.
func proofKey(ctx context.Context, head map[string]any, want ProofPolicy) (Proof, error) {
	if jwk, given := head["jwk"]; given {
		return keyByJWK(jwk, want)
	}
	kid, ok := head["kid"].(string)
	if !ok || len(kid) > maxKID {
		return Proof{}, InvalidProof("The header kid of the proof must be a DID URL.")
	}
	return keyByKID(ctx, kid, want)
}

func keyByJWK(member any, want ProofPolicy) (Proof, error) {
	if !slices.Contains(want.Methods, BindJWK) {
		return Proof{}, InvalidProof("This credential is bound to a DID; name the key of the proof by kid.")
	}
	jwk, _ := member.(map[string]any)
	key, err := jose.ParseJWK(jwk) // refuses private members (F.4) and symmetric keys
	if err != nil {
		return Proof{}, InvalidProof("The header jwk of the proof must be a public key that is supported.").Because(err)
	}
	public, err := jose.PublicJWK(key)
	if err != nil {
		return Proof{}, InvalidProof("The header jwk of the proof must be a public key that is supported.").Because(err)
	}
	return Proof{Key: key, JWK: public}, nil
}

func keyByKID(ctx context.Context, kid string, want ProofPolicy) (Proof, error) {
	id, fragment, _ := strings.Cut(kid, "#")
	if fragment == "" || !bindsTo(want.Methods, id) {
		return Proof{}, InvalidProof("The header kid of the proof must be a DID URL with a fragment, of a method that this credential lists.")
	}
	key, err := want.Resolve(ctx, kid)
	if err != nil {
		return Proof{}, InvalidProof("The header kid of the proof names no key that can be found.").Because(err)
	}
	return ProofByDID(key, kid), nil
}

// bindsTo says that the DID's method is among the binding methods.
func bindsTo(methods []string, did string) bool {
	return slices.ContainsFunc(methods, func(m string) bool {
		return strings.HasPrefix(m, "did:") && strings.HasPrefix(did, m+":")
	})
}

// readClaims holds the claims to appendix F.1 and keeps nonce and iat.
func (p *Proof) readClaims(claims map[string]any, want ProofPolicy) error {
	// F.1: aud is the credential issuer identifier, as one string.
	if claims["aud"] != want.Issuer {
		return InvalidProof("The claim aud of the proof must be the string " + want.Issuer + ".")
	}
	// F.1: iss is the client_id, and absent for an anonymous wallet.
	if iss, given := claims["iss"]; given && (want.Anonymous || iss != want.ClientID) {
		return InvalidProof("The claim iss of the proof must be the client_id of the token request, and absent if there was none.")
	}
	iat, ok := numericDate(claims["iat"])
	if !ok || iat.Before(want.Now.Add(-ProofAge)) || iat.After(want.Now.Add(ProofSkew)) {
		return InvalidProof("The claim iat of the proof must be the current time.")
	}
	if err := checkWindow(claims, want.Now); err != nil {
		return err
	}
	nonce, _ := claims["nonce"].(string)
	if nonce == "" || len(nonce) > maxNonce {
		return InvalidProof("The claim nonce of the proof must be a c_nonce from the nonce endpoint.")
	}
	p.Nonce, p.IssuedAt = nonce, iat
	return nil
}

// checkWindow honours exp and nbf if the wallet sets them (RFC 7519 §4.1).
func checkWindow(claims map[string]any, now time.Time) error {
	if v, given := claims["exp"]; given {
		if exp, ok := numericDate(v); !ok || !now.Add(-ProofSkew).Before(exp) {
			return InvalidProof("The proof has expired.")
		}
	}
	if v, given := claims["nbf"]; given {
		if nbf, ok := numericDate(v); !ok || nbf.After(now.Add(ProofSkew)) {
			return InvalidProof("The proof is not valid yet.")
		}
	}
	return nil
}

// numericDate reads seconds since 1970, a fraction allowed (RFC 7519 §2).
func numericDate(v any) (time.Time, bool) {
	n, ok := v.(float64)
	if !ok || n < 0 || n > math.MaxUint32 {
		return time.Time{}, false
	}
	sec, frac := math.Modf(n)
	return time.Unix(int64(sec), int64(frac*1e9)).UTC(), true
}
