package specimen

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"time"

	"socialregistry/contexts"
	"socialregistry/issuer/verify"
)

// Names of the world in which the credentials are made.
const (
	did       = "did:web:registry.example"
	url       = "https://registry.example"
	bankDID   = "did:web:bank.example"
	bankURL   = "https://bank.example"
	holderDID = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
	docType   = "org.example.person.1"
	ldpType   = "SocialRegistryPersonCredential"
	vct       = url + "/credentials/types/person"
)

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

// now is when most are checked.
func now() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }

// generator makes vectors. The first error stays, and Make returns it.
type generator struct {
	seed    string
	set     *contexts.Set
	context []byte // of the registry
	iri     string // of context
	salts   io.Reader
	ca      steady
	anchor  *x509.Certificate
	made    []Vector
	err     error
}

func newGenerator(seed string) (*generator, error) {
	g := &generator{seed: seed}
	g.iri, g.context, _ = contexts.Registry(url)
	set, err := contexts.New(map[string][]byte{g.iri: g.context, aliasIRI: aliasContext(), bankIRI: bankContext()})
	if err != nil {
		return nil, fmt.Errorf("make vectors: %w", err)
	}
	g.set = set
	g.salts = rand.NewChaCha8([32]byte(g.bytes("salts")))
	if g.ca, err = g.p256("ca"); err != nil {
		return nil, err
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA", Country: []string{"XX"}},
		NotBefore: day(2026, 1, 1), NotAfter: day(2030, 1, 1), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(nil, root, root, g.ca.Public(), g.ca)
	if err != nil {
		return nil, fmt.Errorf("make vectors: %w", err)
	}
	if g.anchor, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("make vectors: %w", err)
	}
	return g, nil
}

// fail keeps the first error.
func (g *generator) fail(err error) {
	if err != nil && g.err == nil {
		g.err = fmt.Errorf("make vectors: %w", err)
	}
}

// bytes gives 32 bytes that follow from the seed and a name.
func (g *generator) bytes(name string) []byte {
	sum := sha256.Sum256([]byte(g.seed + "\x00" + name))
	return sum[:]
}

func (g *generator) p256(name string) (steady, error) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), g.bytes(name))
	if err != nil {
		return steady{}, fmt.Errorf("make key %s: %w", name, err)
	}
	return steady{key}, nil
}

// steady is a key that signs the same with the same bytes (RFC 6979), whatever random
// numbers it is given.
type steady struct{ key *ecdsa.PrivateKey }

func (s steady) Public() crypto.PublicKey { return s.key.Public() }

// Sign takes a SHA-256, of which COSE does not say that it is one.
func (s steady) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	return s.key.Sign(nil, digest, crypto.SHA256)
}

// inOrder goes through a map by its keys: what is made first takes the first salts.
func inOrder[K cmp.Ordered, V any](m map[K]V) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}

// key gives the key of a name: Ed25519 for those that begin with ed, else P-256.
func (g *generator) key(name string) crypto.Signer {
	if name[:2] == "ed" {
		return ed25519.NewKeyFromSeed(g.bytes(name))
	}
	key, err := g.p256(name)
	if err != nil {
		g.fail(err)
		return ed25519.NewKeyFromSeed(g.bytes(name))
	}
	return key
}

// leaf gives a certificate of a key for a time, under the CA.
func (g *generator) leaf(name string, from, until time.Time) []byte {
	c := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name, Country: []string{"XX"}}, NotBefore: from, NotAfter: until}
	documentSigner(c)
	der, err := x509.CreateCertificate(nil, c, g.anchor, g.key(name).Public(), g.ca)
	g.fail(err)
	return der
}

// outside gives certificates of our first key that no CA of ours made: one in date, one
// that was over, and one that had not begun when most is signed.
func (g *generator) outside() (out [][]byte) {
	for n, w := range []window{{from: day(2026, 1, 2), until: day(2029, 1, 1)}, {from: day(2026, 1, 2), until: day(2026, 10, 15)}, {from: day(2026, 11, 10), until: day(2029, 1, 1)}} {
		c := &x509.Certificate{SerialNumber: big.NewInt(int64(200 + n)), Subject: pkix.Name{CommonName: "es-1", Country: []string{"XX"}}, NotBefore: w.from, NotAfter: w.until}
		der, err := x509.CreateCertificate(nil, c, c, g.key("es-1").Public(), g.key("es-1"))
		g.fail(err)
		out = append(out, der)
	}
	return out
}

// selfSigned gives a certificate that a key made for itself.
func (g *generator) selfSigned(name string) []byte {
	c := &x509.Certificate{SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: name, Country: []string{"XX"}}, NotBefore: day(2026, 1, 2), NotAfter: day(2029, 1, 1)}
	der, err := x509.CreateCertificate(nil, c, c, g.key(name).Public(), g.key(name))
	g.fail(err)
	return der
}

// json writes JSON as wallets keep it: without the escapes of HTML.
func (g *generator) json(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	g.fail(enc.Encode(v))
	return bytes.TrimSpace(b.Bytes())
}

// check is where and when a vector is checked, besides the usual.
type check struct {
	bundle string    // "": usual
	at     time.Time // zero: now
	claims map[string]any
	ask    *verify.Binding
	holder string

	refresh  bool
	messages []string
}

// add takes a vector in.
func (g *generator) add(name, format string, outcome verify.Outcome, data string, c check) {
	v := Vector{Name: name, Format: format, Outcome: string(outcome), At: c.at, Bundle: c.bundle, Data: data, Claims: c.claims, Binding: c.ask, Holder: c.holder, Refresh: c.refresh, Messages: c.messages}
	if v.Bundle == "" {
		v.Bundle = "usual"
	}
	if v.At.IsZero() {
		v.At = now()
	}
	g.made = append(g.made, v)
}
