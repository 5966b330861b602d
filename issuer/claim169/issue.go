package claim169

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"

	"socialregistry/internal/jose"
)

// What can be wrong with a code.
var (
	ErrMalformed = errors.New("claim169: malformed")
	// ErrIncomplete is an ErrMalformed: the end is missing.
	ErrIncomplete = errors.New("claim169: its end is missing")
	// ErrForeign says that a text can be read but holds something else than a signed
	// token with identity data, or is signed or encrypted in a way that is not
	// supported.
	ErrForeign   = errors.New("claim169: something else than signed identity data")
	ErrSignature = errors.New("claim169: signature does not match")
	ErrTooLarge  = errors.New("claim169: too large")
	ErrClaim     = errors.New("claim169: attribute cannot be written")
	ErrKey       = errors.New("claim169: key cannot be used")
)

// Profile says how a code is written.
type Profile string

// The profiles.
const (
	Spec Profile = "spec" // by the specification: Ed25519 or P-256
	Inji Profile = "inji" // as Inji Certify does: P-256, the map in a byte string, hexadecimal text compressed
)

// CBOR labels (RFC 8392 §4; Token Status List §6.3; IANA CWT registry) and tags.
const (
	claimIssuer    = 1
	claimSubject   = 2
	claimExpires   = 4
	claimNotBefore = 5
	claimIssued    = 6
	claimID        = 7
	claimIdentity  = 169
	claimStatus    = 65535

	tagSign1    = 18
	tagEncrypt0 = 16
	tagCWT      = 61
)

// Status says where the status of a code stands: where that of the credential does
// whose twin it is.
type Status struct {
	Index int64  `cbor:"idx"`
	URI   string `cbor:"uri"`
}

// Issue is what goes into a code.
type Issue struct {
	Profile     Profile
	Key         crypto.Signer // Ed25519 or P-256
	KID         []byte        // names the key to the verifier, in the protected header
	Certificate []byte        // DER: its hash goes into the header (x5t, RFC 9360 §2); nil: none

	Issuer, Subject   string // "": not said
	ID                []byte // of the code itself (cti); nil: not said
	Issued, NotBefore time.Time
	Expires           time.Time   // paper wants an end
	Attributes        map[int]any // by label: string, int, []int (BestFingers) or []Biometric
	// Own are attributes that the specification has no label for, by names of the
	// issuer's: string or bool. Inji Certify writes such names too.
	Own    map[string]any
	Status *Status // nil: it cannot be withdrawn
}

type statusClaim struct {
	List Status `cbor:"status_list"`
}

// Sign makes the text of the code. It returns ErrKey for a key that the profile does
// not take, ErrClaim for what the specification does not allow, ErrTooLarge, or the
// signer's own error.
func (i Issue) Sign() (string, error) {
	alg, err := i.algorithm()
	if err != nil {
		return "", err
	}
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return "", fmt.Errorf("claim169: encoder: %w", err)
	}
	payload, err := i.payload(enc)
	if err != nil {
		return "", err
	}
	token, err := i.seal(enc, alg, payload)
	if err != nil {
		return "", err
	}
	if i.Profile == Inji {
		token = []byte(hex.EncodeToString(token))
	}
	return Pack(token)
}

// algorithm is that of the key, if the profile takes it.
func (i Issue) algorithm() (cose.Algorithm, error) {
	if i.Profile != Spec && i.Profile != Inji {
		return 0, fmt.Errorf("%w: no profile %q", ErrClaim, i.Profile)
	}
	if i.Key == nil || len(i.KID) == 0 {
		return 0, fmt.Errorf("%w: there is none, or it has no name", ErrKey)
	}
	alg, err := algorithmOf(i.Key.Public())
	if err == nil && i.Profile == Inji && alg != cose.AlgorithmES256 {
		err = fmt.Errorf("%w: this profile takes P-256", ErrKey)
	}
	return alg, err
}

// KIDOf is how our codes name a key: by the first 8 bytes of its thumbprint (RFC
// 7638). It returns ErrKey.
func KIDOf(key crypto.PublicKey) ([]byte, error) {
	text, err := jose.Thumbprint(key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	sum, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(sum) < kidBytes {
		return nil, fmt.Errorf("%w: its thumbprint is no SHA-256", ErrKey)
	}
	return sum[:kidBytes], nil
}

// kidBytes is the length of a kid of ours: enough to tell the keys of a bundle apart.
const kidBytes = 8

func algorithmOf(key crypto.PublicKey) (cose.Algorithm, error) {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k != nil && k.Curve == elliptic.P256() {
			return cose.AlgorithmES256, nil
		}
	case ed25519.PublicKey:
		if len(k) == ed25519.PublicKeySize {
			return cose.AlgorithmEdDSA, nil
		}
	}
	return 0, fmt.Errorf("%w: neither P-256 nor Ed25519", ErrKey)
}

// payload writes the claims.
func (i Issue) payload(enc cbor.EncMode) ([]byte, error) {
	if !i.Expires.After(i.Issued) || i.Issued.IsZero() || len(i.Attributes)+len(i.Own) == 0 {
		return nil, fmt.Errorf("%w: no dates in order, or nothing to say", ErrClaim)
	}
	identity, err := i.identity()
	if err != nil {
		return nil, err
	}
	claims := map[int]any{claimExpires: i.Expires.Unix(), claimIssued: i.Issued.Unix(), claimIdentity: identity}
	if i.ID != nil {
		claims[claimID] = i.ID
	}
	if !i.NotBefore.IsZero() {
		claims[claimNotBefore] = i.NotBefore.Unix()
	}
	for label, text := range map[int]string{claimIssuer: i.Issuer, claimSubject: i.Subject} {
		if text != "" {
			claims[label] = text
		}
	}
	if i.Status != nil {
		claims[claimStatus] = statusClaim{*i.Status}
	}
	if i.Profile == Inji {
		inner, err := enc.Marshal(identity)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrClaim, err)
		}
		claims[claimIdentity] = inner
	}
	out, err := enc.Marshal(claims)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrClaim, err)
	}
	return out, nil
}

// identity is the value of claim 169.
func (i Issue) identity() (map[any]any, error) {
	out := map[any]any{}
	for label, v := range i.Attributes {
		if err := checkAttribute(label, v); err != nil {
			return nil, err
		}
		out[label] = v
	}
	for name, v := range i.Own {
		if err := checkOwn(name, v); err != nil {
			return nil, err
		}
		out[name] = v
	}
	return out, nil
}

// seal signs the payload and puts the tags before it: 61(18(COSE_Sign1)).
func (i Issue) seal(enc cbor.EncMode, alg cose.Algorithm, payload []byte) ([]byte, error) {
	signer, err := cose.NewSigner(alg, i.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	protected := cose.ProtectedHeader{cose.HeaderLabelAlgorithm: alg, cose.HeaderLabelKeyID: i.KID}
	if i.Certificate != nil {
		sum := sha256.Sum256(i.Certificate)
		protected[cose.HeaderLabelX5T] = []any{int64(hashSHA256), sum[:]}
	}
	message := cose.Sign1Message{Payload: payload, Headers: cose.Headers{Protected: protected, Unprotected: cose.UnprotectedHeader{}}}
	if err := message.Sign(rand.Reader, nil, signer); err != nil {
		return nil, fmt.Errorf("sign code: %w", err)
	}
	signed, err := message.MarshalCBOR()
	if err != nil {
		return nil, fmt.Errorf("claim169: encode: %w", err)
	}
	return enc.Marshal(cbor.RawTag{Number: tagCWT, Content: signed})
}

// hashSHA256 names SHA-256 in x5t (RFC 9054 §2.1).
const hashSHA256 = -16
