package issuer

import (
	"context"
	"crypto"
	"time"

	"socialregistry/contexts"
	"socialregistry/internal/db"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

// Contexts is the set that credentials are signed with.
func (i *Issuer) Contexts() *contexts.Set { return i.contexts }

// PublicKey is the key that signs with an algorithm now.
func (i *Issuer) PublicKey(alg string) (crypto.PublicKey, error) {
	k, err := i.ring.Current(alg, i.now())
	if err != nil {
		return nil, err
	}
	return k.Public(), nil
}

// TakeIndex takes a fresh index as an issue does.
func (i *Issuer) TakeIndex(ctx context.Context, kind string) (list string, index int64, err error) {
	return i.TakeIndexUntil(ctx, kind, i.now())
}

// TakeIndexUntil takes one for a credential that ends at a moment.
func (i *Issuer) TakeIndexUntil(ctx context.Context, kind string, until time.Time) (list string, index int64, err error) {
	s, err := i.indices.take(ctx, classOf(kind, until))
	return s.listID, s.index, err
}

// CredentialWith is Credential with something between reservation and signature.
func (i *Issuer) CredentialWith(ctx context.Context, call oauth.Call, body []byte, between func()) (any, error) {
	o, err := i.order(ctx, call, "application/json", body)
	if err != nil {
		return nil, err
	}
	batch, err := i.reserve(ctx, o)
	if err != nil {
		return nil, err
	}
	between()
	response, err := i.finish(ctx, o, batch)
	if err != nil {
		return nil, err
	}
	return response.Credentials[0].Credential, nil
}

// Chain is the x5c of the key that signs with an algorithm now.
func (i *Issuer) Chain(alg string) ([]string, error) {
	k, err := i.ring.Current(alg, i.now())
	if err != nil {
		return nil, err
	}
	return i.chain(k, i.now())
}

// UseLedger puts another handle of the database in place, as a pool does that
// connects anew.
func (i *Issuer) UseLedger(d *db.DB, now func() time.Time) { i.ledger = ledger.New(d, now) }

// MakePaperWith is MakePaper with something between reservation and signature.
func (i *Issuer) MakePaperWith(ctx context.Context, a registry.Actor, n NewPaper, between func() error) (Issued, error) {
	config, err := i.paperConfiguration(n.ConfigID)
	if err != nil {
		return Issued{}, err
	}
	p, err := i.reservePaper(ctx, n, config, holderFor(a, n.RegistrantID))
	if err != nil {
		return Issued{}, err
	}
	if err := between(); err != nil {
		return Issued{}, err
	}
	row, err := i.finishPaper(ctx, a, config, p)
	return i.toIssued(row), err
}

// MergeBundle adds what another registry says of its own issuers.
func MergeBundle(b, other *verify.Bundle) error { return mergeBundle(b, other) }
