package issuer

import (
	"cmp"
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode"
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
	Format       string
	Reference    string // number on a paper, as somebody writes it: see Issued.Reference
	Once         bool   // of the copies that went out together the first alone
	After        string // IssuedPage.Next of the page before
	Limit        int    // at most 100; 0 is 100
}

// IssuedPage is one page of credentials.
type IssuedPage struct {
	Issued []Issued
	Next   string // IssuedQuery.After of the next page; "" after the last
}

// Find lists credentials, the newest first. By the reference number of a paper every
// role finds it that may see it; by anything else a role within bounds asks about one
// registrant. It returns Invalid "bad_cursor" and "bad_reference", Forbidden,
// Unauthenticated; of one registrant NotFound.
func (s *Issuers) Find(ctx context.Context, a registry.Actor, q IssuedQuery) (IssuedPage, error) {
	if q.Limit < 1 || q.Limit > maxFound {
		q.Limit = maxFound
	}
	if err := s.mayFind(ctx, a, q); err != nil {
		return IssuedPage{}, err
	}
	from, to, err := referenced(q.Reference)
	if err != nil {
		return IssuedPage{}, err
	}
	if q.Reference != "" {
		q.Format = FormatPaper
	}
	before, err := placeOf(q.After)
	if err != nil {
		return IssuedPage{}, err
	}
	if asked := q.ConfigID + q.State; !utf8.ValidString(asked) || strings.ContainsRune(asked, 0) {
		return IssuedPage{}, nil // nothing has such a name, and PostgreSQL does not take it
	}
	all, err := gather(s, func(i *Issuer) ([]Issued, error) {
		rows, err := i.ledger.FindIssuances(ctx, ledger.IssuanceQuery{ConfigID: q.ConfigID, State: ledger.State(q.State), Since: q.Since, RegistrantID: q.RegistrantID, Format: q.Format, From: from, To: to, Once: q.Once, Before: before, Limit: q.Limit + 1})
		out := make([]Issued, len(rows))
		for n, row := range rows {
			out[n] = i.toIssued(row)
		}
		return out, err
	})
	if err == nil && q.Reference != "" {
		all, err = s.seen(ctx, a, all)
	}
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
func (s *Issuers) mayFind(ctx context.Context, a registry.Actor, q IssuedQuery) error {
	switch {
	case q.RegistrantID != uuid.Nil:
		return s.may(ctx, a, toSee, q.RegistrantID)
	case q.Reference != "" && (isStaff(a, toSee) || a.Has(registry.RoleRegistrant)): // see seen
		return inScope(a, toSee)
	}
	return mayKeep(a, toSee)
}

// seen leaves out what is about somebody whom an actor does not reach.
func (s *Issuers) seen(ctx context.Context, a registry.Actor, all []Issued) ([]Issued, error) {
	var out []Issued
	for _, c := range all {
		err := s.may(ctx, a, toSee, c.RegistrantID)
		if err == nil {
			out = append(out, c)
		} else if fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
	}
	return out, nil
}

// Papers lists the papers about a record, the newest first; after and limit as in
// IssuedQuery. It returns Invalid "bad_cursor", NotFound, also for somebody else's record,
// Forbidden, Unauthenticated.
func (s *Issuers) Papers(ctx context.Context, a registry.Actor, record uuid.UUID, after string, limit int) (IssuedPage, error) {
	if err := s.may(ctx, a, toSee, record); err != nil {
		return IssuedPage{}, err
	}
	_, err := s.registry.CurrentVersion(ctx, registry.System(), record)
	if kind := fault.KindOf(err); kind == fault.NotFound || kind == fault.Gone {
		return IssuedPage{}, notFound()
	}
	if err != nil {
		return IssuedPage{}, err
	}
	return s.Find(ctx, a, IssuedQuery{RegistrantID: record, Format: FormatPaper, After: after, Limit: limit})
}

// referenced gives the first and the last of the ids that begin with a reference number,
// however it is written: in small letters, in groups with spaces or dashes between. It
// returns Invalid "bad_reference"; the zero ids for none.
func referenced(number string) (from, to uuid.UUID, err error) {
	if number == "" {
		return from, to, nil
	}
	plain := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Cf) { // also the marks that keep it in order among Arabic
			return -1
		}
		return r
	}, number)
	head, err := hex.DecodeString(plain)
	if err != nil || len(head) != referenceBytes {
		return from, to, fault.InvalidFields("bad_reference", "A reference number has 12 signs: digits, and letters from A to F.", []fault.Field{{Name: "reference", Code: "bad_reference", Detail: "12 signs: digits, and letters from A to F."}})
	}
	for n := range to {
		to[n] = 0xff
	}
	copy(from[:], head)
	copy(to[:], head)
	return from, to, nil
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
