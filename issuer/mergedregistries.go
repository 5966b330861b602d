package issuer

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

// MergedRegistry is another registry whose issuers verifiers trust by our bundle.
type MergedRegistry struct {
	URL     string
	Names   []map[string]string // of its issuers, by language
	Seq     int64               // of its bundle
	Created time.Time           // when its bundle was made
	Ends    time.Time           // after that nothing is known of any status; zero: not said
	Since   time.Time           // when it was merged first
	Out     bool                // it does not fit beside the others, and is left out
	Roots   []string            // thumbprints of the keys that may sign its next bundle
}

// MergedRegistries gives them in the order of their addresses. Admins and auditors may
// read them. It returns Forbidden, Unauthenticated.
func (s *Issuers) MergedRegistries(ctx context.Context, a registry.Actor) ([]MergedRegistry, error) {
	if err := mayKeep(a, toSeeKeys); err != nil {
		return nil, err
	}
	kept, err := s.ledger.MergedRegistries(ctx)
	if err != nil {
		return nil, err
	}
	current, err := s.newestBundle(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]MergedRegistry, len(kept))
	for n, m := range kept {
		out[n] = MergedRegistry{URL: m.URL, Seq: m.Seq, Since: m.CreatedAt, Roots: m.Roots, Out: !slices.ContainsFunc(current.Issuers, func(i verify.BundleIssuer) bool { return i.Source == m.URL })}
		b, err := verify.ParseBundle(m.Payload)
		if err != nil {
			continue // of a format that is read no more: it can be dropped
		}
		out[n].Created, out[n].Ends = b.Created, b.NotAfter
		for _, i := range b.Issuers {
			out[n].Names = append(out[n].Names, i.Names)
		}
	}
	return out, nil
}

var thumbprint = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// MergeRegistry takes the issuers of another registry into our trust bundle: its own,
// not those that it merged. bundle is its signed bundle; root the thumbprint of the key
// that signed it, as the other registry told it by another way, "" for a registry that
// is merged already and whose next bundle this is. The reason is kept. It gives the
// address of the registry, and returns
// Invalid "bad_root", "bundle" that says what is wrong, and "reason_required", Conflict
// "bundle_older", "bundle_conflict" (an issuer, context or status list of it is one of
// ours, or of another registry), Forbidden, Unauthenticated.
func (s *Issuers) MergeRegistry(ctx context.Context, a registry.Actor, bundle []byte, root, reason string) (url string, err error) {
	why, err := s.keeping(a, reason)
	if err != nil {
		return "", err
	}
	kept, err := s.ledger.MergedRegistries(ctx)
	if err != nil {
		return "", err
	}
	pins, err := pinsFor(kept, bundle, root)
	if err != nil {
		return "", err
	}
	b, next, err := pins.Open(bundle)
	switch {
	case errors.Is(err, verify.ErrRollBack):
		return "", bundleOlder(err)
	case errors.Is(err, verify.ErrSigner):
		return "", fault.Wrap(fault.Invalid, "bad_root", "The bundle is not signed by this root key.", err)
	case err != nil:
		return "", fault.Wrap(fault.Invalid, "bundle", fmt.Sprintf("This bundle cannot be taken: %v.", err), err)
	case b.Base != 0 || len(b.Missing()) > 0:
		return "", fault.New(fault.Invalid, "bundle", "This bundle cannot be taken: it is not a whole one. Take the file that the registry exports.")
	case !b.NotAfter.IsZero() && !s.now().Before(b.NotAfter):
		return "", fault.New(fault.Invalid, "bundle", "This bundle cannot be taken: it is over. Take the newest of the registry.")
	case b.Registry == s.url:
		return "", fault.New(fault.Invalid, "bundle", "This is our own bundle.")
	}
	if err := s.fits(ctx, kept, b); err != nil {
		return "", err
	}
	payload, err := b.JSON()
	if err != nil {
		return "", fmt.Errorf("keep bundle: %w", err)
	}
	m := ledger.MergedRegistry{URL: b.Registry, Roots: next.Roots, Seq: b.Seq, Payload: payload}
	if err := s.ledger.MergeRegistry(ctx, m, map[string]any{"merged": true, "seq": b.Seq, "root": pins.Roots}, why); err != nil {
		if errors.Is(err, ledger.ErrUsed) {
			return "", bundleOlder(err)
		}
		return "", err
	}
	s.publishSoon(ctx)
	return b.Registry, nil
}

func bundleOlder(err error) error {
	return fault.Wrap(fault.Conflict, "bundle_older", "A newer bundle of this registry is merged already, or was before the registry was dropped. Take its newest.", err)
}

// pinsFor are the keys that may have signed the bundle: the one that was given, or those
// that the last bundle of the registry named.
func pinsFor(kept []ledger.MergedRegistry, bundle []byte, root string) (verify.Pins, error) {
	_, url, err := verify.SignerOf(bundle)
	if err != nil {
		return verify.Pins{}, fault.Wrap(fault.Invalid, "bundle", fmt.Sprintf("This bundle cannot be taken: %v.", err), err)
	}
	n := slices.IndexFunc(kept, func(m ledger.MergedRegistry) bool { return m.URL == url })
	p := verify.Pins{Registry: url}
	if n >= 0 {
		p.Seq, p.Roots = kept[n].Seq, kept[n].Roots
	}
	switch {
	case thumbprint.MatchString(root):
		p.Roots = []string{root}
	case root != "" || n < 0:
		return p, fault.New(fault.Invalid, "bad_root", "Give the thumbprint of its root key: 43 letters, digits, - and _.")
	}
	return p, nil
}

// fits says whether a bundle can stand beside ours and those merged before.
func (s *Issuers) fits(ctx context.Context, kept []ledger.MergedRegistry, b *verify.Bundle) error {
	all, err := s.ownBundle(ctx)
	if err != nil {
		return err
	}
	all = mergeAll(all, slices.DeleteFunc(slices.Clone(kept), func(m ledger.MergedRegistry) bool { return m.URL == b.Registry }))
	err = mergeBundle(all, b)
	if err == nil {
		err = all.Check()
	}
	if err == nil {
		_, err = all.JSON()
	}
	if err != nil {
		return fault.Wrap(fault.Conflict, "bundle_conflict", fmt.Sprintf("This bundle cannot stand beside ours: %v.", err), err)
	}
	return nil
}

// DropRegistry takes the issuers of a merged registry out of our bundle. The reason is
// kept, and the number of its last bundle: none before that is merged again. It returns NotFound, Invalid "reason_required", Forbidden, Unauthenticated.
func (s *Issuers) DropRegistry(ctx context.Context, a registry.Actor, url, reason string) error {
	why, err := s.keeping(a, reason)
	if err != nil {
		return err
	}
	if err := s.ledger.DropRegistry(ctx, url, why); err != nil {
		if errors.Is(err, ledger.ErrNotFound) {
			return fault.New(fault.NotFound, "registry_not_found", "There is no such registry.")
		}
		return err
	}
	s.publishSoon(ctx)
	return nil
}

// publishSoon makes a bundle after a change that is kept. If that fails, the next one who
// asks has it made: the change stands.
func (s *Issuers) publishSoon(ctx context.Context) {
	if _, err := s.PublishedNow(ctx); err != nil {
		s.bundles.mu.Lock()
		defer s.bundles.mu.Unlock()
		s.bundles.newest = nil
	}
}
