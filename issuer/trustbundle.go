package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
	// bundleLook is how long the database is waited for, where there is a bundle that can
	// be given out without it.
	bundleLook = 2 * time.Second
	// bundleKept is for how long a delta can begin at a bundle.
	bundleKept = 14 * 24 * time.Hour
	// MediaBundle is the media type of a signed trust bundle.
	MediaBundle = "application/jose+json"
)

// bundles is the newest trust bundle as this process knows it.
type bundles struct {
	making sync.Mutex // held while one is made

	mu     sync.Mutex
	newest *verify.Bundle
	of     basis                     // what it was made of
	before *verify.Bundle            // the one before it: somebody may be fetching its shards
	forms  map[string]StatusDocument // by form: full, apart, or the number that a delta begins at
}

// basis is what a bundle is made of that must not be missing in the one that is given
// out. All of it grows.
type basis struct {
	issuers, revision int64 // how many there are, and of their keys
	lists             int64 // how many status lists there are
}

// basisNow is that of this process; lists is what the database says.
func (s *Issuers) basisNow(lists int64) basis {
	b := basis{int64(len(s.all)), s.ring.known.Load().revision, lists}
	for _, i := range s.all {
		b.revision = min(b.revision, i.ring.known.Load().revision)
	}
	return b
}

// basisOf is that of a bundle that is kept; of one that says it in another way, nothing.
func basisOf(p ledger.PublishedBundle) basis {
	b := basis{lists: p.Lists}
	if _, err := fmt.Sscan(p.Keys, &b.issuers, &b.revision); err != nil {
		return basis{}
	}
	return b
}

// keys is how the first two are kept.
func (b basis) keys() string { return fmt.Sprint(b.issuers, " ", b.revision) }

// covers says whether a bundle of this basis lacks nothing of another.
func (b basis) covers(other basis) bool {
	return b.issuers >= other.issuers && b.revision >= other.revision && b.lists >= other.lists
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
// key (verify.SignBundle). It is made anew every bundleEvery, and when a key has changed
// or a status list was opened: then at once, whichever process opened it.
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
	return s.bundleForm(ctx, b, name, f)
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

// BundleShard gives a status list of the newest bundle, or of the one before it, by the
// hash of its bytes (SHA-256, hex). It returns NotFound.
func (s *Issuers) BundleShard(ctx context.Context, digest string) (StatusDocument, error) {
	b, err := s.newestBundle(ctx)
	if err != nil {
		return StatusDocument{}, err
	}
	s.bundles.mu.Lock()
	before := s.bundles.before
	s.bundles.mu.Unlock()
	for _, from := range []*verify.Bundle{b, before} {
		if from == nil {
			continue
		}
		for _, l := range from.Status {
			if l.SHA256 == digest {
				return served([]byte(l.Token), "text/plain; charset=utf-8", oneYear), nil
			}
		}
	}
	return StatusDocument{}, noList()
}

// oneYear is how long a document may be kept whose address is its hash.
const oneYear = 365 * 24 * time.Hour

// newestBundle gives the bundle that is given out now, and makes it if there is none, or
// it is too old, or a key has changed, or a status list was opened. The database is asked
// each time: the first credential of a list may be checked as soon as it is issued, and
// another process may have opened the list, or made the bundle.
func (s *Issuers) newestBundle(ctx context.Context) (*verify.Bundle, error) {
	if b, _, err := s.lookForBundle(ctx); b != nil || err != nil {
		return b, err
	}
	s.bundles.making.Lock()
	defer s.bundles.making.Unlock()
	b, at, err := s.lookForBundle(ctx) // another request may have made it meanwhile
	if b != nil || err != nil {
		return b, err
	}
	kept := at.Newest
	if kept.Seq > 0 && s.now().Sub(kept.CreatedAt) < bundleEvery && basisOf(kept).covers(s.basisNow(at.Lists)) {
		return s.takeBundle(ctx, kept.Seq) // another process made it
	}
	return s.makeBundle(ctx)
}

// lookForBundle gives the bundle of this process, nil if it has none that can be given
// out, and what the database says. While the database is away, what is known stands.
func (s *Issuers) lookForBundle(ctx context.Context) (*verify.Bundle, ledger.BundleState, error) {
	b, of := s.knownBundle()
	if b == nil {
		at, err := s.ledger.BundleState(ctx)
		return nil, at, err
	}
	short, stop := context.WithTimeout(ctx, bundleLook)
	defer stop()
	at, err := s.ledger.BundleState(short)
	if err == nil && (at.Newest.Seq > b.Seq || of.lists < at.Lists) {
		b = nil
	}
	return b, at, nil
}

// knownBundle gives the bundle that this process has, nil if it is too old or older than
// the keys.
func (s *Issuers) knownBundle() (*verify.Bundle, basis) {
	s.bundles.mu.Lock()
	defer s.bundles.mu.Unlock()
	b, of := s.bundles.newest, s.bundles.of
	if b == nil || s.now().Sub(b.Created) >= bundleEvery || !of.covers(s.basisNow(0)) {
		return nil, of
	}
	return b, of
}

func (s *Issuers) takeBundle(ctx context.Context, seq int64) (*verify.Bundle, error) {
	kept, err := s.ledger.BundleDocument(ctx, seq)
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
	s.keepBundle(b, kept.Document, basisOf(kept))
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

// makeBundle reads first what the bundle is made of: what is signed meanwhile may be
// newer, never older. Of the keys too: this process may not have heard yet that one was
// revoked.
func (s *Issuers) makeBundle(ctx context.Context) (*verify.Bundle, error) {
	for _, i := range s.all {
		if _, err := i.rereadKeys(ctx); err != nil {
			return nil, fmt.Errorf("make trust bundle: %w", err)
		}
	}
	for range maxBundleTries {
		at, err := s.ledger.BundleState(ctx)
		if err != nil {
			return nil, err
		}
		of := s.basisNow(at.Lists)
		b, err := s.bundleNow(ctx, at.Newest.Seq)
		if err != nil {
			return nil, fmt.Errorf("make trust bundle: %w", err)
		}
		doc, err := s.signBundle(b)
		if err != nil {
			return nil, fmt.Errorf("sign trust bundle: %w", err)
		}
		err = s.ledger.AddBundle(ctx, ledger.PublishedBundle{Seq: b.Seq, Keys: of.keys(), Lists: of.lists, Parts: partsOf(b), Document: doc, CreatedAt: b.Created}, b.Created.Add(-bundleKept))
		if errors.Is(err, ledger.ErrUsed) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s.keepBundle(b, doc, of)
		return b, nil
	}
	return nil, fault.New(fault.Conflict, "bundle_busy", "Trust bundles are made elsewhere at this moment. Try again.")
}

// bundleNow puts everything together. The number is the second in which it is made, so
// that a database that was brought back does not fall behind what verifiers have seen.
func (s *Issuers) bundleNow(ctx context.Context, last int64) (*verify.Bundle, error) {
	merged, err := s.ledger.MergedRegistries(ctx)
	if err != nil {
		return nil, err
	}
	b, err := s.ownBundle(ctx)
	if err != nil {
		return nil, err
	}
	b.Seq = max(b.Created.Unix(), last+1)
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
		out.Types[verify.FormatClaim169] = paper.With(b.Types[verify.FormatClaim169])
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
func (s *Issuers) keepBundle(b *verify.Bundle, doc []byte, of basis) {
	s.bundles.mu.Lock()
	defer s.bundles.mu.Unlock()
	s.bundles.before, s.bundles.newest, s.bundles.of = s.bundles.newest, b, of
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
		base, err := s.ledger.BundleParts(ctx, f.Since)
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
		out[partContext+iri] = c.SHA256 + c.Source
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
