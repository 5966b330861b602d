package issuer

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// Bounds of the lists.
const (
	maxFound  = 100
	MaxOffers = 200 // that OpenOffers gives
)

// IssuedQuery asks for credentials of all issuers; what is zero asks nothing.
type IssuedQuery struct {
	ConfigID     string
	State        string
	Since        time.Time
	RegistrantID uuid.UUID // the only one that a role within bounds may ask about
	Once         bool      // of the copies that went out together the first alone
	After        string    // IssuedPage.Next of the page before
	Limit        int       // at most 100; 0 is 100
}

// IssuedPage is one page of credentials.
type IssuedPage struct {
	Issued []Issued
	Next   string // IssuedQuery.After of the next page; "" after the last
}

// Find lists credentials, the newest first. It returns Invalid "bad_cursor",
// Forbidden, Unauthenticated; of one registrant NotFound.
func (s *Issuers) Find(ctx context.Context, a registry.Actor, q IssuedQuery) (IssuedPage, error) {
	if q.Limit < 1 || q.Limit > maxFound {
		q.Limit = maxFound
	}
	if err := s.mayFind(ctx, a, q.RegistrantID); err != nil {
		return IssuedPage{}, err
	}
	before, err := placeOf(q.After)
	if err != nil {
		return IssuedPage{}, err
	}
	if asked := q.ConfigID + q.State; !utf8.ValidString(asked) || strings.ContainsRune(asked, 0) {
		return IssuedPage{}, nil // nothing has such a name, and PostgreSQL does not take it
	}
	all, err := gather(s, func(i *Issuer) ([]Issued, error) {
		rows, err := i.ledger.FindIssuances(ctx, ledger.IssuanceQuery{ConfigID: q.ConfigID, State: ledger.State(q.State), Since: q.Since, RegistrantID: q.RegistrantID, Once: q.Once, Before: before, Limit: q.Limit + 1})
		out := make([]Issued, len(rows))
		for n, row := range rows {
			out[n] = i.toIssued(row)
		}
		return out, err
	})
	if err != nil {
		return IssuedPage{}, err
	}
	slices.SortFunc(all, func(x, y Issued) int {
		return cmp.Or(y.ReservedAt.Compare(x.ReservedAt), strings.Compare(y.ID.String(), x.ID.String()))
	})
	page := IssuedPage{Issued: all}
	if len(all) > q.Limit {
		last := all[q.Limit-1]
		page = IssuedPage{all[:q.Limit], last.ReservedAt.UTC().Format(time.RFC3339Nano) + "_" + last.ID.String()}
	}
	return page, nil
}

// mayFind lets a role that holds everywhere ask about all, and every role about those
// whom it reaches.
func (s *Issuers) mayFind(ctx context.Context, a registry.Actor, registrant uuid.UUID) error {
	if registrant != uuid.Nil {
		return s.may(ctx, a, toSee, registrant)
	}
	return mayKeep(a, toSee)
}

// placeOf reads a cursor, "" for the beginning. It returns Invalid "bad_cursor".
func placeOf(after string) (ledger.Place, error) {
	if after == "" {
		return ledger.Place{}, nil
	}
	at, id, _ := strings.Cut(after, "_")
	var p ledger.Place
	var err error
	if p.At, err = time.Parse(time.RFC3339Nano, at); err == nil {
		p.ID, err = uuid.Parse(id)
	}
	if err != nil || p.At.Year() < 1 {
		return p, fault.New(fault.Invalid, "bad_cursor", "This page of the list is no longer there.")
	}
	return p, nil
}

// OpenOffer is an offer that may still be redeemed. Its ID redeems it: it is for those
// who could make one themselves.
type OpenOffer struct {
	ID           string
	Issuer       string // name, "" = the one at the root
	RegistrantID uuid.UUID
	ConfigIDs    []string
	WithTxCode   bool
	CreatedAt    time.Time
	ExpiresAt    time.Time
}

// OpenOffers lists the offers of all issuers that wait, those that end first at first.
// It returns Forbidden, also to a role within bounds, and Unauthenticated.
func (s *Issuers) OpenOffers(ctx context.Context, a registry.Actor) ([]OpenOffer, error) {
	if err := mayKeep(a, toOffer); err != nil {
		return nil, err
	}
	all, err := gather(s, func(i *Issuer) ([]OpenOffer, error) {
		rows, err := i.ledger.OpenOffers(ctx, MaxOffers)
		out := make([]OpenOffer, len(rows))
		for n, o := range rows {
			out[n] = OpenOffer{ID: o.ID, Issuer: i.name, RegistrantID: o.RegistrantID, ConfigIDs: o.ConfigIDs, WithTxCode: o.TxCodeHash != "", CreatedAt: o.CreatedAt, ExpiresAt: o.ExpiresAt}
		}
		return out, err
	})
	slices.SortStableFunc(all, func(x, y OpenOffer) int { return x.ExpiresAt.Compare(y.ExpiresAt) })
	return all[:min(len(all), MaxOffers)], err
}
