package issuer

import (
	"cmp"
	"context"
	"errors"

	"github.com/google/uuid"

	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// What of a record and its holder keeps every credential from being made. Whoever asked
// is told in the words of the protocol, or of the pages.
var (
	errOtherRecord = errors.New("issuer: the configuration is not about such a record")
	errBarred      = errors.New("issuer: nothing is issued from this record")
	errNotHeld     = errors.New("issuer: its holder may not hold it")
)

// material is what a credential is made of.
type material struct {
	registry.Attested
	selection
	missing []string // mandatory details that are not attested
}

// materialOf reads what is attested of a record now, of which a credential of the
// configuration may be made for a holder. It returns errOtherRecord, errBarred,
// errNotHeld, or what registry.Attested does.
func (i *Issuer) materialOf(ctx context.Context, record, holder uuid.UUID, c Configuration) (m material, err error) {
	if m.Attested, err = i.registry.Attested(ctx, record); err != nil {
		return m, err
	}
	if subjectOf(m.Kind) != c.For {
		return m, errOtherRecord
	}
	if barred(m.Attested) != "" {
		return m, errBarred
	}
	held, err := i.mayHold(ctx, holder, m.RegistrantID, c)
	if err == nil && !held {
		err = errNotHeld
	}
	if err == nil {
		m.selection, m.missing = i.selectClaims(c, m.Attested)
	}
	return m, err
}

// maxTries is how often a reservation is tried while the record keeps moving.
const maxTries = 5

// reserving is the one way to what will be signed: it takes places in a status list,
// draws up what goes there, and stores that; again if the record moved in between, so
// that values and reservation belong to one state of the record, or if the key was
// revoked and this process still took it for good. Places are given back if nothing
// was written. It returns what draw and store do.
func reserving[T any](ctx context.Context, i *Issuer, class listClass, n int, draw func([]slot) (T, error), store func(T) (T, error)) (drawn T, err error) {
	places, err := i.indices.takeAll(ctx, class, n)
	if err != nil {
		return drawn, err
	}
	for try := 1; ; try++ {
		if drawn, err = draw(places); err != nil {
			i.indices.giveBack(class, places...)
			return drawn, err
		}
		if drawn, err = store(drawn); err == nil {
			return drawn, nil
		}
		unwritten, again := refusedBeforeWriting(err), errors.Is(err, ledger.ErrMoved)
		if errors.Is(err, ledger.ErrKeyRevoked) {
			unread := i.readKeys(ctx)
			err, again = cmp.Or(unread, err), unread == nil
		}
		if again && try < maxTries {
			continue
		}
		if unwritten {
			i.indices.giveBack(class, places...)
		}
		return drawn, err
	}
}

// refusedBeforeWriting says that the ledger certainly kept nothing of a reservation.
func refusedBeforeWriting(err error) bool {
	for _, refusal := range []error{ledger.ErrMoved, ledger.ErrKeyRevoked, ledger.ErrRevoked, ledger.ErrExpired, ledger.ErrNoConsent, ledger.ErrTooMany, ledger.ErrSuspended, ledger.ErrUsed, ledger.ErrNotFound} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}
