package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"socialregistry/internal/jose"
)

// BundleVersion is the version of the format that is written. Version 1, which nobody
// signed, is read too.
const BundleVersion = 2

// maxBundle bounds a bundle in bytes.
const maxBundle = 32 << 20

// ErrBundle says that a bundle cannot be used.
var ErrBundle = errors.New("verify: trust bundle not usable")

// Bundle is all that a verifier trusts, as one JSON document. Whoever gives it
// out decides what is genuine: it travels signed by a root key of its registry, see
// SignBundle and Pins.Open. One that has a base is a delta, see Apply.
type Bundle struct {
	Version      int                   `json:"v"`
	Registry     string                `json:"registry,omitempty"`     // URL of who gives it out
	Seq          int64                 `json:"seq"`                    // grows with each bundle; a verifier keeps the largest
	Base         int64                 `json:"base,omitempty"`         // of a delta: the seq of the bundle that it changes
	Created      time.Time             `json:"created"`                //
	RefreshAfter time.Time             `json:"refresh_after,omitzero"` // when to fetch the next
	NotAfter     time.Time             `json:"not_after,omitzero"`     // after that nothing is known of any status
	Roots        []BundleRoot          `json:"roots,omitempty"`        // keys that may sign the registry's bundles
	Issuers      []BundleIssuer        `json:"issuers"`
	Contexts     map[string]Context    `json:"contexts,omitempty"` // JSON-LD contexts by address, besides those embedded here
	Types        map[string]BundleType `json:"types,omitempty"`    // by vct or type
	Status       []BundleStatus        `json:"status,omitempty"`
	Removed      *BundleRemoved        `json:"removed,omitempty"` // of a delta: what is gone

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
	// Document is its DID document, as it is published (DID Core 1.0 §5): for tools that
	// resolve; what is checked here is checked with the keys above.
	Document string `json:"did_document,omitempty"`
	// Source is the registry that it was merged from, "" = the one that signed.
	Source string `json:"source,omitempty"`
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
	Reason       string   `json:"reason,omitempty"`   // why it was revoked
	CoseKID      string   `json:"cose_kid,omitempty"` // its name in Claim 169 codes: up to 64 bytes in base64url
}

// Context is a JSON-LD context. The document stands as text: its hash is over
// those bytes.
type Context struct {
	SHA256   string `json:"sha256"` // hex
	Document string `json:"document"`
	// Source is the registry that it was merged from, "" = the one that signed. Only
	// credentials and lists of the issuers of that registry may use it: it could give the
	// terms of others other names.
	Source string `json:"source,omitempty"`
}

// NewContext makes a Context of a document's bytes.
func NewContext(doc []byte) Context {
	return Context{SHA256: digestOf(string(doc)), Document: string(doc)}
}

// BundleType says how a type of credential is shown, and whether its issuer can
// withdraw it.
type BundleType struct {
	Display  map[string]string                       `json:"display,omitempty"`   // name per language
	Claims   map[string]map[string]string            `json:"claims,omitempty"`    // claim to label per language; dots lead into objects: address.locality
	Order    []string                                `json:"order,omitempty"`     // claims as they are shown, the first first
	Values   map[string]map[string]map[string]string `json:"values,omitempty"`    // claim to what its codes mean, per language
	NoStatus bool                                    `json:"no_status,omitempty"` // made without a status; otherwise one that lacks it has an unknown status
}

// With gives t and what another says of claims that t does not name: types of credential
// that go by one name, and attributes on paper, which each issuer names.
func (t BundleType) With(other BundleType) BundleType {
	claims, values := maps.Clone(other.Claims), maps.Clone(other.Values)
	if claims == nil {
		claims = map[string]map[string]string{}
	}
	maps.Copy(claims, t.Claims)
	maps.DeleteFunc(values, func(name string, _ map[string]map[string]string) bool { return t.Claims[name] != nil })
	if values == nil {
		values = map[string]map[string]map[string]string{}
	}
	maps.Copy(values, t.Values)
	order := slices.Clone(t.Order)
	for _, name := range other.Order {
		if !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	t.Claims, t.Values, t.Order = claims, values, order
	return t
}

// BundleStatus is a signed status list as it was fetched: a statuslist+jwt, a
// statuslist+cwt in base64url, or a BitstringStatusListCredential as JSON text. Its age is read from the list
// itself. Without the token it is a shard: it is fetched apart, by its hash, and put in
// place by AddStatus.
type BundleStatus struct {
	URI     string    `json:"uri"`
	SHA256  string    `json:"sha256,omitempty"` // of the token's bytes, hex
	Bytes   int       `json:"bytes,omitempty"`  // length of the token
	Token   string    `json:"token,omitempty"`
	Fetched time.Time `json:"fetched,omitzero"`
}

// ParseBundle reads a bundle strictly: one JSON object of at most 32 MiB, no
// member twice, none unknown, every key a usable public key, every context of
// the hash that is declared. It returns ErrBundle.
func ParseBundle(data []byte) (*Bundle, error) {
	b, err := decodeBundle(data)
	if err != nil {
		return nil, err
	}
	return b, b.ready()
}

// decodeBundle reads a bundle, which may be a delta, and checks its form alone.
func decodeBundle(data []byte) (*Bundle, error) {
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
	return b, b.checkStatus()
}

// Check holds a bundle to what ParseBundle asks of its content. It returns ErrBundle.
func (b *Bundle) Check() error { return b.ready() }

// ready checks the content, and makes it fit for Verify.
func (b *Bundle) ready() (err error) {
	b.trust, err = newTrust(b)
	return err
}

// checkStatus holds every list to the hash that is said of it.
func (b *Bundle) checkStatus() error {
	for _, s := range b.Status {
		if s.Token != "" && s.SHA256 != "" && digestOf(s.Token) != s.SHA256 {
			return fmt.Errorf("%w: status list %s is not that of its hash", ErrBundle, s.URI)
		}
	}
	return nil
}

func digestOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
