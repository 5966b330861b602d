package issuer

import (
	"bytes"
	"context"
	"fmt"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// Fields that tell of a death, where a registry defines them: a date, or a boolean.
// They count once they are attested, as everything that credentials follow.
const (
	fieldDeathDate = "death_date"
	fieldDeceased  = "deceased"
)

// situation is where a registrant stands now: all that credentials are judged by.
type situation struct {
	closed string // why no credential of this registrant may be valid; "": they may
	values map[string]registry.AttestedValue
}

// situationOf reads where a registrant stands. It returns ErrUnreadable only if the
// fault is with this record: when it failed twice while the rest of the registry
// could be read.
func (i *Issuer) situationOf(ctx context.Context, registrant uuid.UUID) (situation, error) {
	now, err := i.readSituation(ctx, registrant)
	if err == nil {
		return now, nil
	}
	if _, err := i.registry.Fields(ctx); err != nil {
		return situation{}, err
	}
	now, err = i.readSituation(ctx, registrant)
	switch {
	case err == nil:
		return now, nil
	case ctx.Err() != nil:
		return situation{}, err
	}
	return situation{closed: reasonUnreadable}, fmt.Errorf("%w: %s: %w", ErrUnreadable, registrant, err)
}

// readSituation takes a record that is gone, erased or merged as one that nothing is
// true of any more.
func (i *Issuer) readSituation(ctx context.Context, registrant uuid.UUID) (situation, error) {
	a, err := i.registry.Attested(ctx, registrant)
	if kind := fault.KindOf(err); err != nil && (kind == fault.NotFound || kind == fault.Gone) {
		return situation{closed: reasonGone}, nil
	}
	return situation{closed: barred(a), values: a.Values}, err
}

// barred says why nothing may be issued to a registrant, whatever is attested, and
// why what was issued ends; "" if nothing stands against it.
func barred(a registry.Attested) string {
	switch {
	case !a.Active:
		return reasonInactive
	case a.Values[fieldDeathDate].Text != "", a.Values[fieldDeceased].Text == "true":
		return reasonDeceased
	}
	return ""
}

// ends says why a credential may not stay valid; "" if it may: every value in it is
// the one that is attested now.
func (s situation) ends(c ledger.Issuance) string {
	if s.closed != "" {
		return s.closed
	}
	for field, hash := range c.Fields {
		now, ok := s.values[field]
		if !ok || !bytes.Equal(now.Hash, hash) {
			return reasonChanged
		}
	}
	return ""
}

// canBeHadAgain says whether somebody whose credential ends for a reason is offered a
// new one: as soon as the details are attested again, or the record can be read.
func canBeHadAgain(reason string) bool { return reason == reasonChanged || reason == reasonUnreadable }
