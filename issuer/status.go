package issuer

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/issuer/cwt"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/status"
)

// Kinds of status lists, as they stand in URLs.
const (
	TokenList     = ledger.TokenList
	BitstringList = ledger.BitstringList
)

const (
	// statusTTL is how long a copy of a list may be used before it is fetched
	// again: the longest that a verifier is behind a withdrawal.
	statusTTL = 5 * time.Minute
	// statusLife is when a copy is worth nothing any more. Until then a verifier
	// without network may use it and say how old it is.
	statusLife = 7 * 24 * time.Hour
	// statusKeep is for how long a list is served when the last credential in it
	// has ended. After that it is retired: it is not found, and no signature is
	// spent on it.
	statusKeep = statusLife
)

// StatusDocument is a signed status list, ready to serve.
type StatusDocument struct {
	Body        []byte
	Gzip        []byte // the same, packed
	ContentType string
	ETag        string        // without quotes
	MaxAge      time.Duration // how long a client may use it without asking
	ExpiresAt   time.Time     // when it is worth nothing any more
}

// StatusList gives the status list of a kind and id: a TokenList, or that of the
// purpose revocation of a BitstringList. It is signed anew when a value or the
// issuer's keys have changed, or the copy is older than statusTTL, so that a
// withdrawal shows at once, and no copy outlives the key that signed it. It returns NotFound "status_list_not_found", also for a list that is retired.
func (i *Issuer) StatusList(ctx context.Context, kind, id string) (StatusDocument, error) {
	form := rendition{}
	if kind == BitstringList {
		form.purpose = status.Revocation
	}
	return i.statusList(ctx, kind, id, form)
}

// TokenStatusListCWT gives a TokenList as a CWT (Token Status List §5.2), for verifiers
// of mobile documents. It returns NotFound as StatusList does.
func (i *Issuer) TokenStatusListCWT(ctx context.Context, id string) (StatusDocument, error) {
	return i.statusList(ctx, TokenList, id, rendition{cbor: true})
}

// BitstringStatusList gives the list of one purpose (Bitstring Status List 1.0
// §2.2). A credential has the same index in the lists of all purposes. It returns
// NotFound as StatusList does.
func (i *Issuer) BitstringStatusList(ctx context.Context, id, purpose string) (StatusDocument, error) {
	if !slices.Contains(purposes(), purpose) {
		return StatusDocument{}, noList()
	}
	return i.statusList(ctx, BitstringList, id, rendition{purpose: purpose})
}

func noList() error {
	return fault.New(fault.NotFound, "status_list_not_found", "There is no such status list.")
}

// rendition is one of the documents that are made of a list.
type rendition struct {
	purpose string // of a BitstringList
	cbor    bool   // of a TokenList: a CWT and not a JWT
}

func (i *Issuer) statusList(ctx context.Context, kind, id string, form rendition) (StatusDocument, error) {
	list, err := i.ledger.StatusList(ctx, kind, id)
	now := i.now()
	if errors.Is(err, ledger.ErrNotFound) || err == nil && retired(list, now) {
		return StatusDocument{}, noList()
	}
	if err != nil {
		return StatusDocument{}, err
	}
	ring := i.ring.known.Load().revision // read first: what is signed meanwhile may be newer, never older
	made, ok := i.lists.get(list, form, ring, now)
	if !ok {
		if made, err = i.makeList(ctx, list, form, now); err != nil {
			return StatusDocument{}, fmt.Errorf("make status list: %w", err)
		}
		made.ring = ring
		i.lists.put(list, form, made)
	}
	made.doc.MaxAge = max(0, statusTTL-now.Sub(made.at))
	return made.doc, nil
}

// retired says that every credential in a list ended long enough ago.
func retired(list ledger.StatusList, now time.Time) bool {
	return !now.Before(list.EndsAt.Add(statusKeep))
}

// StatusAggregation gives the addresses of all Status List Tokens, as JSON (Token
// Status List §9.3): a verifier fetches them ahead of time and tells nobody whom it
// checks.
func (i *Issuer) StatusAggregation(ctx context.Context) ([]byte, error) {
	lists, err := i.ledger.StatusLists(ctx, i.now().Add(-statusKeep))
	if err != nil {
		return nil, err
	}
	uris := []string{}
	for _, l := range lists {
		if l.Kind == TokenList {
			uris = append(uris, i.listURL(l.Kind, l.ID))
		}
	}
	return json.Marshal(map[string]any{"status_lists": uris})
}

// aggregationURL is where StatusAggregation is served.
func (i *Issuer) aggregationURL() string { return i.url + "/status/aggregation" }

// madeList is a signed list with what it was made of.
type madeList struct {
	doc      StatusDocument
	revision int64
	ring     int64 // revision of the keys
	at       time.Time
}

// makeList reads the values and signs. The revision was read before them: if one
// changes in between, the copy holds it already and is made once more.
func (i *Issuer) makeList(ctx context.Context, list ledger.StatusList, form rendition, now time.Time) (madeList, error) {
	entries, err := i.ledger.StatusEntries(ctx, list.ID)
	if err != nil {
		return madeList{}, err
	}
	void, err := i.void(ctx, list)
	if err != nil {
		return madeList{}, err
	}
	if err := i.publish(list, entries); err != nil {
		return madeList{}, err
	}
	entries = append(entries, void...)
	now = now.UTC().Truncate(time.Second)
	doc := StatusDocument{ExpiresAt: now.Add(statusLife)}
	doc.ContentType, doc.Body, err = i.signList(list, form, entries, now)
	sum := sha256.Sum256(doc.Body)
	doc.ETag, doc.Gzip = base64.RawURLEncoding.EncodeToString(sum[:16]), packed(doc.Body)
	return madeList{doc: doc, revision: list.Revision, at: now}, err
}

// signList makes the document and names its media type.
func (i *Issuer) signList(list ledger.StatusList, form rendition, entries []ledger.StatusEntry, now time.Time) (media string, body []byte, err error) {
	switch {
	case list.Kind == BitstringList:
		body, err = i.signBitstringList(list, form.purpose, entries, now)
		return "application/vc", body, err
	case form.cbor:
		body, err = i.signTokenListCWT(list, entries, now)
		return cwt.Type, body, err
	}
	body, err = i.signTokenList(list, entries, now)
	return "application/statuslist+jwt", body, err
}

func packed(body []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(body) // a bytes.Buffer takes everything
	w.Close()
	return out.Bytes()
}

// fill makes the list of what value gives for each entry. It fails for an entry
// that the list has no place for: the index was taken from this very list.
func fill(list ledger.StatusList, width int, value func(ledger.StatusEntry) byte, entries []ledger.StatusEntry) (*status.List, error) {
	bits := status.New(int(list.Size), width)
	for _, e := range entries {
		if err := bits.Set(int(e.Index), value(e)); err != nil {
			return nil, err
		}
	}
	return bits, nil
}

// mostLists bounds the signed copies that are kept; beyond, the oldest is let go.
const mostLists = 256

// listCache keeps the newest signed copy of each list.
type listCache struct {
	mu   sync.Mutex
	made map[listKey]madeList // guarded by mu
}

// listKey names a signed document.
type listKey struct {
	id   string
	form rendition
}

func newListCache() *listCache { return &listCache{made: map[listKey]madeList{}} }

func (c *listCache) get(list ledger.StatusList, form rendition, ring int64, now time.Time) (madeList, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, ok := c.made[listKey{list.ID, form}]
	return m, ok && m.revision == list.Revision && m.ring == ring && now.Sub(m.at) < statusTTL
}

func (c *listCache) put(list ledger.StatusList, form rendition, m madeList) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := listKey{list.ID, form}
	if old, ok := c.made[key]; !ok || m.revision >= old.revision {
		c.made[key] = m
	}
	for len(c.made) > mostLists {
		delete(c.made, c.oldest())
	}
}

// oldest gives the document that was signed first. The caller holds mu.
func (c *listCache) oldest() (first listKey) {
	for key, m := range c.made {
		if old, ok := c.made[first]; !ok || m.at.Before(old.at) {
			first = key
		}
	}
	return first
}
