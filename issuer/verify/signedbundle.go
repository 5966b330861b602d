package verify

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"socialregistry/internal/jose"
)

// TypeBundle is the typ of a signed trust bundle (RFC 7515 §4.1.9).
const TypeBundle = "trust-bundle+jws"

// MaxSigned bounds a signed bundle in bytes.
const MaxSigned = 2 * maxBundle

// What can be wrong with a signed bundle. Each comes with ErrBundle.
var (
	ErrSigner   = errors.New("verify: the bundle is signed by a key that is not trusted here")
	ErrRollBack = errors.New("verify: the bundle is older than one that was used before")
)

// BundleRoot is a key that may sign bundles of a registry made in its window.
type BundleRoot struct {
	KID       string         `json:"kid"` // its thumbprint (RFC 7638)
	JWK       map[string]any `json:"jwk"`
	NotBefore time.Time      `json:"not_before"`
	NotAfter  time.Time      `json:"not_after"`
}

// signedBundle is the flattened JSON serialization of a JWS (RFC 7515 §7.2.2).
type signedBundle struct {
	Protected string `json:"protected"`
	Payload   string `json:"payload"`
	Signature string `json:"signature"`
}

// SignBundle makes the signed form of a bundle or a delta: a JWS in flattened JSON
// serialization (RFC 7515 §7.2.2) with the thumbprint of the key as kid. The key must be
// one of its roots. It returns ErrBundle, or the signer's own error.
func SignBundle(b *Bundle, key crypto.Signer) ([]byte, error) {
	kid, err := jose.Thumbprint(key.Public())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	if _, err := b.root(kid); err != nil {
		return nil, err
	}
	payload, err := b.JSON()
	if err != nil {
		return nil, err
	}
	compact, err := jose.Sign(key, jose.ES256, map[string]any{"typ": TypeBundle, "kid": kid}, payload)
	if err != nil {
		return nil, err
	}
	part := strings.Split(compact, ".")
	return plainJSON(signedBundle{part[0], part[1], part[2]})
}

// JSON gives the bundle as it is signed, and as ParseBundle reads it. It returns
// ErrBundle for one that nobody would read: it is too large.
func (b *Bundle) JSON() ([]byte, error) {
	payload, err := plainJSON(b)
	if err == nil && len(payload) > maxBundle {
		err = fmt.Errorf("more than %d bytes", maxBundle)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	return payload, nil
}

// plainJSON writes JSON without the escapes of HTML, which documents in it would double.
func plainJSON(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(out.Bytes()), err
}

// Pins is what somebody who checks has decided to trust, and how far they have come.
type Pins struct {
	Roots    []string `json:"roots"`              // thumbprints of root keys (RFC 7638), at least one
	Registry string   `json:"registry,omitempty"` // "" before the first bundle
	Seq      int64    `json:"seq,omitempty"`      // of the newest bundle that was used
	Content  string   `json:"content,omitempty"`  // digest of what it says; "" after a delta
}

// Open reads a signed bundle or delta and gives it with the pins for the next one: its
// own roots are trusted from then on, and no bundle before it. Of a delta keep them when
// Apply has taken it. It returns ErrBundle,
// with ErrSigner or ErrRollBack where that is why.
func (p Pins) Open(data []byte) (*Bundle, Pins, error) {
	b, compact, header, err := readSigned(data)
	if err != nil {
		return nil, p, err
	}
	kid, _ := header["kid"].(string)
	if !slices.Contains(p.Roots, kid) || p.Registry != "" && b.Registry != p.Registry {
		return nil, p, fmt.Errorf("%w: %w", ErrBundle, ErrSigner)
	}
	if err := b.signedBy(kid, compact); err != nil {
		return nil, p, err
	}
	next, err := p.next(b)
	if err != nil {
		return nil, p, err
	}
	if b.Base == 0 && b.Removed == nil {
		if err := b.ready(); err != nil {
			return nil, p, err
		}
	}
	return b, next, nil
}

// next gives the pins after a bundle: none that is older may follow, and none of the
// same number that says something else.
func (p Pins) next(b *Bundle) (Pins, error) {
	next := Pins{Registry: b.Registry, Seq: b.Seq}
	if b.Base == 0 {
		var err error
		if next.Content, err = b.content(); err != nil {
			return p, err
		}
	}
	for _, r := range b.Roots {
		next.Roots = append(next.Roots, r.KID)
	}
	return p.Forward(next)
}

// Forward gives the pins of a bundle, or of one with its deltas, if it may take the place
// of the one that p is of. It returns ErrBundle with ErrRollBack for one that is older, and
// for another of the same number.
func (p Pins) Forward(next Pins) (Pins, error) {
	switch same := next.Seq == p.Seq; {
	case next.Seq < p.Seq:
		return p, fmt.Errorf("%w: %w: number %d, and number %d is known", ErrBundle, ErrRollBack, next.Seq, p.Seq)
	case same && next.Content == "": // it ends with a delta
		next.Content = p.Content
	case same && p.Content != "" && next.Content != p.Content:
		return p, fmt.Errorf("%w: %w: another of number %d is known", ErrBundle, ErrRollBack, next.Seq)
	}
	return next, nil
}

// content is the digest of what a bundle says, the same whether its status lists stand
// in it or apart.
func (b *Bundle) content() (string, error) {
	bare := *b
	bare.Status = nil
	for _, s := range b.Status {
		if s.SHA256 == "" {
			s.SHA256 = digestOf(s.Token)
		}
		bare.Status = append(bare.Status, BundleStatus{URI: s.URI, SHA256: s.SHA256})
	}
	raw, err := plainJSON(bare)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBundle, err)
	}
	return digestOf(string(raw)), nil
}

// readSigned reads the form; nothing of it is checked against a signature.
func readSigned(data []byte) (b *Bundle, compact string, header map[string]any, err error) {
	bad := func(err error) (*Bundle, string, map[string]any, error) {
		return nil, "", nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	if len(data) > MaxSigned {
		return bad(fmt.Errorf("more than %d bytes", MaxSigned))
	}
	if _, err := jose.DecodeObject(data); err != nil {
		return bad(err)
	}
	var s signedBundle
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return bad(err)
	}
	protected, err1 := base64.RawURLEncoding.Strict().DecodeString(s.Protected)
	payload, err2 := base64.RawURLEncoding.Strict().DecodeString(s.Payload)
	if err := errors.Join(err1, err2); err != nil {
		return bad(err)
	}
	if header, err = jose.DecodeObject(protected); err != nil {
		return bad(err)
	}
	if header["typ"] != TypeBundle {
		return bad(errors.New("it is signed, but no trust bundle"))
	}
	if b, err = decodeBundle(payload); err != nil {
		return nil, "", nil, err
	}
	return b, s.Protected + "." + s.Payload + "." + s.Signature, header, b.checkForm()
}

// checkForm holds a signed bundle to what the signed form needs.
func (b *Bundle) checkForm() error {
	switch {
	case b.Version != BundleVersion:
		return fmt.Errorf("%w: version %d, want %d", ErrBundle, b.Version, BundleVersion)
	case !isAddress(b.Registry) || b.Seq <= 0 || b.Created.IsZero():
		return fmt.Errorf("%w: it does not say whose it is, its number or its date", ErrBundle)
	case b.Base < 0 || b.Base >= b.Seq || b.Base == 0 && b.Removed != nil:
		return fmt.Errorf("%w: a delta that changes nothing before it", ErrBundle)
	}
	return nil
}

// maxName bounds a name of a bundle in bytes.
const maxName = 1000

// isName says whether a name is one that can be kept: not empty, of no great length, and
// without control characters.
func isName(s string) bool {
	return s != "" && len(s) <= maxName && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// isAddress says whether a text is the address of a registry.
func isAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && isName(s) && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && !strings.HasSuffix(s, "/")
}

// signedBy checks the signature by the root key of that name, which signs in its window.
func (b *Bundle) signedBy(kid, compact string) error {
	r, err := b.root(kid)
	if err != nil {
		return err
	}
	key, err := jose.ParseJWK(r.JWK)
	if err != nil {
		return fmt.Errorf("%w: root key: %w", ErrBundle, err)
	}
	if thumb, err := jose.Thumbprint(key); err != nil || thumb != kid {
		return fmt.Errorf("%w: %w", ErrBundle, ErrSigner)
	}
	if b.Created.Before(r.NotBefore) || !b.Created.Before(r.NotAfter) {
		return fmt.Errorf("%w: %w: it was made outside of the key's window", ErrBundle, ErrSigner)
	}
	if _, err := jose.VerifyUpTo(MaxSigned, compact, key, jose.ES256); err != nil {
		return fmt.Errorf("%w: %w", ErrBundle, err)
	}
	return nil
}

func (b *Bundle) root(kid string) (BundleRoot, error) {
	for _, r := range b.Roots {
		if r.KID == kid {
			return r, nil
		}
	}
	return BundleRoot{}, fmt.Errorf("%w: %w", ErrBundle, ErrSigner)
}

// SignerOf gives the thumbprint of the key that a signed bundle says signed it, and its
// registry, for somebody who decides whether to trust it. Nothing is checked. It returns
// ErrBundle.
func SignerOf(data []byte) (kid, registry string, err error) {
	b, _, header, err := readSigned(data)
	if err != nil {
		return "", "", err
	}
	kid, _ = header["kid"].(string)
	return kid, b.Registry, nil
}

// IsSigned says whether a document has the form of a signed bundle.
func IsSigned(data []byte) bool {
	var s signedBundle
	return json.Unmarshal(data, &s) == nil && s.Payload != "" && s.Signature != ""
}
