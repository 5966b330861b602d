package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"socialregistry/internal/jose"
)

// BundleVersion is the version of the format that is written and read.
const BundleVersion = 1

// maxBundle bounds a bundle in bytes.
const maxBundle = 32 << 20

// ErrBundle says that a bundle cannot be used.
var ErrBundle = errors.New("verify: trust bundle not usable")

// Bundle is all that a verifier trusts, as one JSON document. Whoever gives it
// out decides what is genuine: take it only from where you trust. It is not
// signed in this version.
type Bundle struct {
	Version      int                   `json:"v"`
	Seq          int64                 `json:"seq"`                    // grows with each bundle; a verifier keeps the largest
	Created      time.Time             `json:"created"`                //
	RefreshAfter time.Time             `json:"refresh_after,omitzero"` // when to fetch the next
	NotAfter     time.Time             `json:"not_after,omitzero"`     // after that nothing is known of any status
	Issuers      []BundleIssuer        `json:"issuers"`
	Contexts     map[string]Context    `json:"contexts,omitempty"` // JSON-LD contexts by address, besides those embedded here
	Types        map[string]BundleType `json:"types,omitempty"`    // by vct or type
	Status       []BundleStatus        `json:"status,omitempty"`

	trust *trust // made by ParseBundle
}

// BundleIssuer is one issuer. A credential names it by either name.
type BundleIssuer struct {
	ID    string            `json:"id"`              // DID
	URL   string            `json:"url,omitempty"`   // iss of SD-JWT VCs and status list tokens
	Names map[string]string `json:"names,omitempty"` // per language
	Keys  []BundleKey       `json:"keys"`
	// Anchors are the certificates of its CAs (PEM): the chains of mobile documents
	// lead to one of them, or begin with the certificate in the key's x5c (RFC 7517
	// §4.7), which a CA outside made. Without any, only the keys above count.
	Anchors string `json:"anchors,omitempty"`
}

// BundleKey is a key of an issuer with the window in which it signs. Credentials
// signed inside the window stay good after it; none of a revoked key are.
type BundleKey struct {
	KID       string         `json:"kid"`
	Method    string         `json:"method,omitempty"` // DID URL, in Data Integrity proofs
	JWK       map[string]any `json:"jwk"`
	Alg       string         `json:"alg"` // ES256 or EdDSA
	NotBefore time.Time      `json:"not_before"`
	NotAfter  time.Time      `json:"not_after"`
	RevokedAt *time.Time     `json:"revoked_at,omitempty"`
	// Certificates are those that CAs outside made for the key before that in the x5c of
	// JWK: DER in base64.
	Certificates []string `json:"certificates,omitempty"`
	Reason       string   `json:"reason,omitempty"` // why it was revoked
}

// Context is a JSON-LD context. The document stands as text: its hash is over
// those bytes.
type Context struct {
	SHA256   string `json:"sha256"` // hex
	Document string `json:"document"`
}

// NewContext makes a Context of a document's bytes.
func NewContext(doc []byte) Context {
	sum := sha256.Sum256(doc)
	return Context{SHA256: hex.EncodeToString(sum[:]), Document: string(doc)}
}

// BundleType says how a type of credential is shown, and whether its issuer can
// withdraw it.
type BundleType struct {
	Display  map[string]string            `json:"display,omitempty"`   // name per language
	Claims   map[string]map[string]string `json:"claims,omitempty"`    // claim to label per language
	NoStatus bool                         `json:"no_status,omitempty"` // made without a status; otherwise one that lacks it has an unknown status
}

// BundleStatus is a signed status list as it was fetched: a statuslist+jwt, a
// statuslist+cwt in base64url, or a BitstringStatusListCredential as JSON text. Its age is read from the list
// itself.
type BundleStatus struct {
	URI     string    `json:"uri"`
	Token   string    `json:"token"`
	Fetched time.Time `json:"fetched,omitzero"`
}

// ParseBundle reads a bundle strictly: one JSON object of at most 32 MiB, no
// member twice, none unknown, every key a usable public key, every context of
// the hash that is declared. It returns ErrBundle.
func ParseBundle(data []byte) (*Bundle, error) {
	if len(data) > maxBundle {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrBundle, maxBundle)
	}
	if _, err := jose.DecodeObject(data); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	b := &Bundle{}
	if err := dec.Decode(b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows it", ErrBundle)
	}
	t, err := newTrust(b)
	if err != nil {
		return nil, err
	}
	b.trust = t
	return b, nil
}
