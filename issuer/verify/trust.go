package verify

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"socialregistry/contexts"
	"socialregistry/internal/jose"
)

// trust is a bundle made ready: keys parsed, contexts checked.
type trust struct {
	contexts map[string]*contexts.Set // by the registry that they are for, as issuers name it in Source
	keys     []key
	issuers  []BundleIssuer
	names    map[string]bool           // what issuers are called: ids and URLs
	anchors  map[string]*x509.CertPool // by id of the issuer; none for one without
	status   map[string]BundleStatus   // by URI
	types    map[string]BundleType
	notAfter time.Time
}

// key is a public key of an issuer.
type key struct {
	BundleKey
	public crypto.PublicKey
	issuer BundleIssuer
}

// newTrust checks a bundle. It returns ErrBundle.
func newTrust(b *Bundle) (*trust, error) {
	if b.Version < 1 || b.Version > BundleVersion {
		return nil, fmt.Errorf("%w: version %d, want %d", ErrBundle, b.Version, BundleVersion)
	}
	if b.Base != 0 || b.Removed != nil {
		return nil, fmt.Errorf("%w: it is a delta, which says what changed since number %d", ErrBundle, b.Base)
	}
	if b.Created.IsZero() || len(b.Issuers) == 0 {
		return nil, fmt.Errorf("%w: no date, or no issuer", ErrBundle)
	}
	t := &trust{names: map[string]bool{}, anchors: map[string]*x509.CertPool{}, status: map[string]BundleStatus{}, types: b.Types, notAfter: b.NotAfter}
	ownFirst := func(a, b BundleIssuer) int { return strings.Compare(a.Source, b.Source) }
	for _, i := range slices.SortedStableFunc(slices.Values(b.Issuers), ownFirst) {
		if err := t.addIssuer(i); err != nil {
			return nil, err
		}
	}
	for _, s := range b.Status {
		if _, twice := t.status[s.URI]; twice || !isName(s.URI) {
			return nil, fmt.Errorf("%w: a status list stands twice, or has no address", ErrBundle)
		}
		t.status[s.URI] = s
	}
	for name := range b.Types {
		if !isName(name) {
			return nil, fmt.Errorf("%w: a type without a proper name", ErrBundle)
		}
	}
	maps.DeleteFunc(t.status, func(_ string, s BundleStatus) bool { return s.Token == "" }) // a shard that is not here
	return t, t.addContexts(b.Contexts)
}

func (t *trust) addIssuer(i BundleIssuer) error {
	if !isName(i.ID) || i.URL != "" && !isName(i.URL) || t.knows(i.ID) || t.knows(i.URL) {
		return fmt.Errorf("%w: an issuer has no id, or the name of another", ErrBundle)
	}
	t.issuers = append(t.issuers, i)
	t.names[i.ID], t.names[i.URL] = true, true
	if err := t.addAnchors(i); err != nil {
		return err
	}
	for _, k := range i.Keys {
		public, err := jose.ParseJWK(k.JWK)
		if err != nil {
			return fmt.Errorf("%w: key %q: %w", ErrBundle, k.KID, err)
		}
		if alg, err := jose.AlgOf(public); err != nil || alg != k.Alg {
			return fmt.Errorf("%w: key %q is not for %q", ErrBundle, k.KID, k.Alg)
		}
		if k.KID == "" || k.NotBefore.IsZero() || !k.NotAfter.After(k.NotBefore) {
			return fmt.Errorf("%w: key %q has no name or no window", ErrBundle, k.KID)
		}
		// A method is named below its controller: no issuer's key can stand for another's DID.
		if k.Method != "" && !strings.HasPrefix(k.Method, i.ID+"#") {
			return fmt.Errorf("%w: key %q has a method of another DID", ErrBundle, k.KID)
		}
		if raw, err := base64.RawURLEncoding.Strict().DecodeString(k.CoseKID); err != nil || len(raw) > maxCoseKID || strings.ContainsAny(k.CoseKID, "\r\n") {
			return fmt.Errorf("%w: key %q has a cose_kid that is not base64url, or too long", ErrBundle, k.KID)
		}
		t.keys = append(t.keys, key{BundleKey: k, public: public, issuer: i})
	}
	return nil
}

// maxCoseKID bounds a cose_kid in bytes. Ours have 8; others take a whole thumbprint
// in base64url.
const maxCoseKID = 64

func (t *trust) addAnchors(i BundleIssuer) error {
	for rest := []byte(i.Anchors); len(bytes.TrimSpace(rest)) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" {
			return fmt.Errorf("%w: the anchors of %s are not certificates in PEM", ErrBundle, i.ID)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil || !certificate.IsCA {
			return fmt.Errorf("%w: an anchor of %s is no certificate of a CA", ErrBundle, i.ID)
		}
		if t.anchors[i.ID] == nil {
			t.anchors[i.ID] = x509.NewCertPool()
		}
		t.anchors[i.ID].AddCert(certificate)
	}
	return nil
}

// addContexts makes a set for each registry: the published contexts and its own. What
// one registry calls by a name of its choice, credentials of another do not.
func (t *trust) addContexts(list map[string]Context) error {
	docs := map[string]map[string][]byte{}
	for _, i := range t.issuers {
		docs[i.Source] = map[string][]byte{}
	}
	for iri, c := range list {
		if digestOf(c.Document) != c.SHA256 {
			return fmt.Errorf("%w: context %s has another hash than it says", ErrBundle, iri)
		}
		if docs[c.Source] == nil {
			docs[c.Source] = map[string][]byte{}
		}
		docs[c.Source][iri] = []byte(c.Document)
	}
	published, err := contexts.New(nil)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBundle, err)
	}
	t.contexts = map[string]*contexts.Set{}
	for source, extra := range docs {
		if t.contexts[source], err = published.With(extra); err != nil {
			return fmt.Errorf("%w: %w", ErrBundle, err)
		}
	}
	return nil
}

// knows says whether an issuer stands in the bundle.
func (t *trust) knows(issuer string) bool {
	return issuer != "" && t.names[issuer]
}

// is says whether a credential's issuer is this one.
func (i BundleIssuer) is(name string) bool {
	return name != "" && (name == i.ID || name == i.URL)
}

// mentions says whether the bytes name one of our keys as a JSON string, however
// broken they are: what stands between two quotation marks is looked up once.
func (t *trust) mentions(data []byte) bool {
	methods := map[string]bool{}
	for _, k := range t.keys {
		methods[k.Method] = k.Method != ""
	}
	_, rest, _ := bytes.Cut(data, []byte{'"'})
	for {
		text, after, closed := bytes.Cut(rest, []byte{'"'})
		if !closed || methods[string(text)] {
			return closed
		}
		rest = after
	}
}

// candidates gives the keys that a credential may mean.
func (t *trust) candidates(c credential) []key {
	if c.certified {
		return c.keys
	}
	return t.find(c.issuer, c.key)
}

// find gives the keys that a credential may mean: those of its issuer with that
// name, else those of anybody with that name (somebody signed in another's name,
// or the issuer was altered). Without a name it is every key of the issuer.
func (t *trust) find(issuer, name string) []key {
	var own, others []key
	for _, k := range t.keys {
		named := name != "" && (name == k.KID || name == k.Method)
		switch {
		case k.issuer.is(issuer) && (named || name == ""):
			own = append(own, k)
		case named:
			others = append(others, k)
		}
	}
	if len(own) > 0 {
		return own
	}
	return others
}

// signs says whether the key may have signed something made at a time, as known
// at another.
func (k key) signs(made, at time.Time) error {
	switch {
	case k.RevokedAt != nil && !at.Before(*k.RevokedAt):
		// Whoever stole the key can date back what he signs.
		return failure{KeyRetired, "The issuer has revoked the key that signed this."}
	case made.Before(k.NotBefore), made.After(k.NotAfter):
		return failure{KeyRetired, "This was signed outside of the time in which the key was in use."}
	}
	return nil
}

// failure is why a check failed, and the outcome that it leads to.
type failure struct {
	outcome Outcome
	reason  string
}

func (f failure) Error() string { return f.reason }
