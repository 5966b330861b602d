package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

const (
	// bundleEvery is how long a trust bundle is given out before another is made: the
	// longest that it is behind a withdrawal.
	bundleEvery = 15 * time.Minute
	// bundleLook is how often the database is asked whether another process made one.
	bundleLook = 2 * time.Second
	// bundleKept is for how long a delta can begin at a bundle.
	bundleKept = 14 * 24 * time.Hour
	// MediaBundle is the media type of a signed trust bundle.
	MediaBundle = "application/jose+json"
)

// bundles is the newest trust bundle as this process knows it.
type bundles struct {
	making sync.Mutex // held while one is made

	mu       sync.Mutex
	newest   *verify.Bundle
	keys     string                    // what the keys were when it was made: see keyRevisions
	lookedAt time.Time                 // when the database was asked for a newer one
	forms    map[string]StatusDocument // by form: full, apart, or the number that a delta begins at
}

// maxForms bounds how many renditions of one bundle are made; beyond it everybody gets
// the whole.
const maxForms = 200

// Form says in which form a bundle is wanted.
type Form struct {
	Since int64 // the number of a bundle that the caller has: a delta, if that one is still known
	Apart bool  // without status lists, which are fetched by their hashes
}

// TrustBundle is all that a verifier without network needs to trust the issuers of this
// registry, and those of the registries that were merged: a JWS by the registry's root
// key (verify.SignBundle). It is made anew every bundleEvery, and when a key has changed.
func (s *Issuers) TrustBundle(ctx context.Context, f Form) (StatusDocument, error) {
	b, err := s.newestBundle(ctx)
	if err != nil {
		return StatusDocument{}, err
	}
	name := ""
	switch {
	case f.Since > 0 && f.Since < b.Seq:
		name = fmt.Sprint(f.Since, f.Apart)
	case f.Apart:
		name = "apart"
	}
	doc, err := s.bundleForm(ctx, b, name, f)
	doc.MaxAge = max(0, bundleEvery-s.now().Sub(b.Created))
	return doc, err
}

// CurrentBundle is the bundle that is given out now, and the size of its signed form in
// bytes.
func (s *Issuers) CurrentBundle(ctx context.Context) (*verify.Bundle, int, error) {
	doc, err := s.TrustBundle(ctx, Form{})
	if err != nil {
		return nil, 0, err
	}
	b, err := s.newestBundle(ctx)
	return b, len(doc.Body), err
}

// BundleShard gives a status list of the newest bundle by the hash of its bytes (SHA-256,
// hex). It returns NotFound.
func (s *Issuers) BundleShard(ctx context.Context, digest string) (StatusDocument, error) {
	b, err := s.newestBundle(ctx)
	if err != nil {
		return StatusDocument{}, err
	}
	for _, l := range b.Status {
		if l.SHA256 == digest {
			return served([]byte(l.Token), "text/plain; charset=utf-8", oneYear), nil
		}
	}
	return StatusDocument{}, noList()
}

// oneYear is how long a document may be kept whose address is its hash.
const oneYear = 365 * 24 * time.Hour

// newestBundle gives the bundle that is given out now, and makes it if there is none, or
// it is too old, or a key has changed. The database is asked every bundleLook whether
// another process made one: no two of them must give out different ones for long.
func (s *Issuers) newestBundle(ctx context.Context) (*verify.Bundle, error) {
	if b, sure := s.knownBundle(); sure {
		return b, nil
	}
	s.bundles.making.Lock()
	defer s.bundles.making.Unlock()
	known, sure := s.knownBundle()
	if sure {
		return known, nil
	}
	kept, err := s.ledger.NewestBundle(ctx)
	switch {
	case err == nil && known != nil && kept.Seq <= known.Seq, known != nil && err != nil:
		s.looked() // what is known stands, also while the database is away
		return known, nil
	case err == nil && kept.Keys == s.keyRevisions() && s.now().Sub(kept.CreatedAt) < bundleEvery:
		return s.takeBundle(ctx, kept.Seq) // another process made it
	case err != nil && !errors.Is(err, ledger.ErrNotFound):
		return nil, err
	}
	return s.makeBundle(ctx)
}

// knownBundle gives the bundle that this process has, nil if it is too old or older than
// the keys; and whether the database need not be asked for a newer one.
func (s *Issuers) knownBundle() (b *verify.Bundle, sure bool) {
	s.bundles.mu.Lock()
	defer s.bundles.mu.Unlock()
	now := s.now()
	b = s.bundles.newest
	if b == nil || s.bundles.keys != s.keyRevisions() || now.Sub(b.Created) >= bundleEvery {
		return nil, false
	}
	return b, now.Sub(s.bundles.lookedAt) < bundleLook
}

// looked notes that the database has no newer bundle.
func (s *Issuers) looked() {
	s.bundles.mu.Lock()
	defer s.bundles.mu.Unlock()
	s.bundles.lookedAt = s.now()
}

// keyRevisions changes with the keys of every issuer.
func (s *Issuers) keyRevisions() string {
	out := ""
	for _, i := range s.all {
		out += strconv.FormatInt(i.ring.known.Load().revision, 10) + " "
	}
	return out
}

func (s *Issuers) takeBundle(ctx context.Context, seq int64) (*verify.Bundle, error) {
	kept, err := s.ledger.BundleOf(ctx, seq)
	if err != nil {
		return nil, err
	}
	if kept.Document == nil { // one more was made meanwhile
		return s.makeBundle(ctx)
	}
	b, _, err := s.ownPins().Open(kept.Document)
	if err != nil {
		return s.makeBundle(ctx) // its root key is revoked, or it was altered in the database
	}
	s.keepBundle(b, kept.Document, kept.Keys)
	return b, nil
}

// RootKey is the thumbprint of the key that signs trust bundles now (RFC 7638): what
// verifiers pin. It returns keys.ErrNoKey.
func (s *Issuers) RootKey() (string, error) {
	k, err := s.ring.now().Root(s.now())
	return k.KID, err
}

// RootKeys are the thumbprints of the registry's root keys as they are now, that of the
// next one among them.
func (s *Issuers) RootKeys() []string {
	var out []string
	for _, k := range s.ring.now().Roots(s.now()) {
		out = append(out, k.KID)
	}
	return out
}

// ownPins trust the registry's root keys as they are now.
func (s *Issuers) ownPins() verify.Pins {
	return verify.Pins{Registry: s.url, Roots: s.RootKeys()}
}

// PublishBundle makes a bundle now, whatever is given out, for an administrator who does
// not want to wait. It returns Forbidden, Unauthenticated.
func (s *Issuers) PublishBundle(ctx context.Context, a registry.Actor) (*verify.Bundle, error) {
	if err := mayKeep(a, toKeepKeys); err != nil {
		return nil, err
	}
	return s.PublishedNow(ctx)
}

// PublishedNow makes a bundle now for who runs the service.
func (s *Issuers) PublishedNow(ctx context.Context) (*verify.Bundle, error) {
	s.bundles.making.Lock()
	defer s.bundles.making.Unlock()
	return s.makeBundle(ctx)
}

// maxBundleTries is how often a number is tried that another process may take first.
const maxBundleTries = 3

func (s *Issuers) makeBundle(ctx context.Context) (*verify.Bundle, error) {
	revised := s.keyRevisions() // read first: what is signed meanwhile may be newer, never older
	for range maxBundleTries {
		b, err := s.bundleNow(ctx)
		if err != nil {
			return nil, fmt.Errorf("make trust bundle: %w", err)
		}
		doc, err := s.signBundle(b)
		if err != nil {
			return nil, fmt.Errorf("sign trust bundle: %w", err)
		}
		err = s.ledger.AddBundle(ctx, ledger.PublishedBundle{Seq: b.Seq, Keys: revised, Parts: partsOf(b), Document: doc, CreatedAt: b.Created}, b.Created.Add(-bundleKept))
		if errors.Is(err, ledger.ErrUsed) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s.keepBundle(b, doc, revised)
		return b, nil
	}
	return nil, fault.New(fault.Conflict, "bundle_busy", "Trust bundles are made elsewhere at this moment. Try again.")
}

// bundleNow puts everything together. The number is the second in which it is made, so
// that a database that was brought back does not fall behind what verifiers have seen.
func (s *Issuers) bundleNow(ctx context.Context) (*verify.Bundle, error) {
	newest, err := s.ledger.NewestBundle(ctx)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return nil, err
	}
	merged, err := s.ledger.MergedRegistries(ctx)
	if err != nil {
		return nil, err
	}
	b, err := s.ownBundle(ctx)
	if err != nil {
		return nil, err
	}
	b.Seq = max(b.Created.Unix(), newest.Seq+1)
	b = mergeAll(b, merged)
	return b, b.Check()
}

// ownBundle is about the issuers of this registry alone.
func (s *Issuers) ownBundle(ctx context.Context) (*verify.Bundle, error) {
	var out *verify.Bundle
	for _, i := range s.all {
		b, err := i.Bundle(ctx)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = b
			continue
		}
		out.Issuers, out.Status = append(out.Issuers, b.Issuers...), append(out.Status, b.Status...)
		maps.Copy(out.Contexts, b.Contexts)
		paper := out.Types[verify.FormatClaim169]
		maps.Copy(out.Types, b.Types)
		maps.Copy(out.Types[verify.FormatClaim169].Claims, paper.Claims)
	}
	out.Registry = s.url
	for _, k := range s.ring.now().Roots(out.Created) {
		jwk, err := k.PublicJWK()
		if err != nil {
			return nil, err
		}
		out.Roots = append(out.Roots, verify.BundleRoot{KID: k.KID, JWK: jwk, NotBefore: startOfDay(k.NotBefore), NotAfter: k.NotAfter})
	}
	return out, nil
}

func (s *Issuers) signBundle(b *verify.Bundle) ([]byte, error) {
	root, err := s.ring.now().Root(s.now())
	if err != nil {
		return nil, err
	}
	return verify.SignBundle(b, root.Signer)
}

// keepBundle makes a bundle the one that this process gives out.
func (s *Issuers) keepBundle(b *verify.Bundle, doc []byte, keys string) {
	s.bundles.mu.Lock()
	defer s.bundles.mu.Unlock()
	s.bundles.newest, s.bundles.keys, s.bundles.lookedAt = b, keys, s.now()
	s.bundles.forms = map[string]StatusDocument{"": served(doc, MediaBundle, 0)}
}

// bundleForm gives a rendition of the bundle, and makes it if nobody asked for it before.
func (s *Issuers) bundleForm(ctx context.Context, b *verify.Bundle, name string, f Form) (StatusDocument, error) {
	s.bundles.mu.Lock()
	doc, ok := s.bundles.forms[name]
	ok = ok && s.bundles.newest.Seq == b.Seq
	whole, full := s.bundles.forms[""], len(s.bundles.forms) >= maxForms
	s.bundles.mu.Unlock()
	switch {
	case ok:
		return doc, nil
	case full: // nobody shall make us sign again and again
		return whole, nil
	}
	out := *b
	if name != "apart" {
		base, err := s.ledger.BundleOf(ctx, f.Since)
		if errors.Is(err, ledger.ErrNotFound) {
			return whole, nil
		}
		if err != nil {
			return StatusDocument{}, err
		}
		out = deltaOf(b, base)
	}
	if name == "apart" || f.Apart {
		out.Status = apart(out.Status)
	}
	body, err := s.signBundle(&out)
	if err != nil {
		return StatusDocument{}, err
	}
	doc = served(body, MediaBundle, 0)
	s.bundles.mu.Lock()
	defer s.bundles.mu.Unlock()
	if s.bundles.newest.Seq == b.Seq {
		s.bundles.forms[name] = doc
	}
	return doc, nil
}

// served makes a document ready to serve.
func served(body []byte, contentType string, age time.Duration) StatusDocument {
	sum := sha256.Sum256(body)
	return StatusDocument{Body: body, Gzip: packed(body), ContentType: contentType, ETag: hex.EncodeToString(sum[:12]), MaxAge: age}
}

// The parts of a bundle, by what they are.
const (
	partIssuer  = "issuer "
	partContext = "context "
	partType    = "type "
	partStatus  = "status "
)

// partsOf gives the hash of each part of a bundle.
func partsOf(b *verify.Bundle) map[string]string {
	out := map[string]string{}
	for _, i := range b.Issuers {
		out[partIssuer+i.ID] = hashOf(i)
	}
	for iri, c := range b.Contexts {
		out[partContext+iri] = c.SHA256
	}
	for name, t := range b.Types {
		out[partType+name] = hashOf(t)
	}
	for _, s := range b.Status {
		out[partStatus+s.URI] = s.SHA256
	}
	return out
}

func hashOf(part any) string {
	raw, err := json.Marshal(part)
	if err != nil {
		return "" // never equal: it goes into every delta
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
