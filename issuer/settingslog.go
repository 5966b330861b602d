package issuer

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// LogSorts are the kinds of things whose changes LatestLog gives: the part of
// Entry.Subject before the colon.
func LogSorts() []string {
	return []string{"issuer", "configuration", "client", "wallet_provider", "key", "backup"}
}

// LogQuery asks for changes of settings; what is zero asks nothing.
type LogQuery struct {
	Sort  string // one of LogSorts
	Actor string
	After string // LogPage.Next of the page before
	Limit int    // at most 100; 0 is 100
}

// LogPage is one page of changes.
type LogPage struct {
	Entries []Entry
	Next    string // LogQuery.After of the next page; "" after the last
}

// LatestLog gives the changes of the settings of all issuers, the newest first:
// issuers, types of credentials, clients, wallet providers, keys. It returns Invalid
// "bad_query" or "bad_cursor", Forbidden, Unauthenticated.
func (s *Issuers) LatestLog(ctx context.Context, a registry.Actor, q LogQuery) (LogPage, error) {
	if err := mayKeep(a, toSeeLog); err != nil {
		return LogPage{}, err
	}
	if q.Limit < 1 || q.Limit > maxFound {
		q.Limit = maxFound
	}
	if q.Sort != "" && !slices.Contains(LogSorts(), q.Sort) || len(q.Actor) > 400 || !utf8.ValidString(q.Actor) || strings.ContainsRune(q.Actor, 0) {
		return LogPage{}, fault.New(fault.Invalid, "bad_query", "The search cannot be understood.")
	}
	before, err := placeOf(q.After)
	if err != nil {
		return LogPage{}, err
	}
	found, err := s.ledger.LatestLog(ctx, ledger.LogQuery{Sort: q.Sort, Actor: q.Actor, Before: before, Limit: q.Limit + 1})
	if err != nil {
		return LogPage{}, err
	}
	page := LogPage{Entries: found}
	if len(found) > q.Limit {
		page.Entries = found[:q.Limit]
		last := page.Entries[q.Limit-1]
		page.Next = last.At.UTC().Format(time.RFC3339Nano) + "_" + last.ID.String()
	}
	return page, nil
}
