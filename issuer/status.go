package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"socialregistry/contexts"
	"socialregistry/internal/fault"
	"socialregistry/internal/jose"
	"socialregistry/issuer/dataintegrity"
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
)

// StatusDocument is a signed status list, ready to serve.
type StatusDocument struct {
	Body        []byte
	ContentType string
	ETag        string        // without quotes
	MaxAge      time.Duration // how long a client may use it without asking
	ExpiresAt   time.Time     // when it is worth nothing any more
}

// StatusList gives the status list of a kind (TokenList, BitstringList) and id.
// It is signed anew when a bit has changed or the copy is older than statusTTL,
// so that a withdrawal shows at once. It returns NotFound.
func (i *Issuer) StatusList(ctx context.Context, kind, id string) (StatusDocument, error) {
	list, err := i.ledger.StatusList(ctx, kind, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return StatusDocument{}, fault.New(fault.NotFound, "status_list_not_found", "There is no such status list.")
	}
	if err != nil {
		return StatusDocument{}, err
	}
	now := i.now()
	made, ok := i.lists.get(list, now)
	if !ok {
		if made, err = i.makeList(ctx, list, now); err != nil {
			return StatusDocument{}, fmt.Errorf("make status list: %w", err)
		}
		i.lists.put(list, made)
	}
	made.doc.MaxAge = max(0, statusTTL-now.Sub(made.at))
	return made.doc, nil
}

// madeList is a signed list with what it was made of.
type madeList struct {
	doc      StatusDocument
	revision int64
	at       time.Time
}

// makeList reads the bits and signs. The revision was read before the bits: if
// one changes in between, the copy holds it already and is made once more.
func (i *Issuer) makeList(ctx context.Context, list ledger.StatusList, now time.Time) (madeList, error) {
	entries, err := i.ledger.StatusEntries(ctx, list.ID)
	if err != nil {
		return madeList{}, err
	}
	now = now.UTC().Truncate(time.Second)
	doc := StatusDocument{ContentType: "application/statuslist+jwt", ExpiresAt: now.Add(statusLife)}
	if list.Kind == BitstringList {
		doc.ContentType = "application/vc"
		doc.Body, err = i.signBitstringList(list, entries, now)
	} else {
		doc.Body, err = i.signTokenList(list, entries, now)
	}
	sum := sha256.Sum256(doc.Body)
	doc.ETag = base64.RawURLEncoding.EncodeToString(sum[:16])
	return madeList{doc: doc, revision: list.Revision, at: now}, err
}

// tokenBits is the width of an entry in a Token Status List: three values.
const tokenBits = 2

// tokenValue puts a state into the values of Token Status List §7.1.
func tokenValue(e ledger.StatusEntry) byte {
	if e.State == ledger.Suspended {
		return status.Suspended
	}
	return status.Invalid
}

// revocationBit is the bit of purpose revocation (Bitstring Status List 1.0 §2.2):
// it is never taken back.
func revocationBit(e ledger.StatusEntry) byte {
	if e.State == ledger.Suspended {
		return 0
	}
	return 1
}

// fill makes the list of what value gives for each entry. An entry that the list
// has no place for cannot be: the index was taken from this very list.
func fill(list ledger.StatusList, width int, value func(ledger.StatusEntry) byte, entries []ledger.StatusEntry) (*status.List, error) {
	bits := status.New(int(list.Size), width)
	for _, e := range entries {
		if err := bits.Set(int(e.Index), value(e)); err != nil {
			return nil, err
		}
	}
	return bits, nil
}

// signTokenList makes a Status List Token (Token Status List §5.1).
func (i *Issuer) signTokenList(list ledger.StatusList, entries []ledger.StatusEntry, now time.Time) ([]byte, error) {
	bits, err := fill(list, tokenBits, tokenValue, entries)
	if err != nil {
		return nil, err
	}
	key, err := i.ring.Current(jose.ES256, now)
	if err != nil {
		return nil, err
	}
	payload, err := json.Marshal(map[string]any{
		"iss": i.url, "sub": i.listURL(list.Kind, list.ID), "iat": now.Unix(), "exp": now.Add(statusLife).Unix(),
		"ttl": int64(statusTTL.Seconds()), "status_list": map[string]any{"bits": tokenBits, "lst": bits.TokenList()},
	})
	if err != nil {
		return nil, err
	}
	signed, err := jose.Sign(key.Signer, key.Alg, map[string]any{"typ": "statuslist+jwt", "kid": key.KID}, payload)
	return []byte(signed), err
}

// signBitstringList makes a BitstringStatusListCredential (Bitstring Status List
// 1.0 §2.2). Its ttl is in milliseconds.
func (i *Issuer) signBitstringList(list ledger.StatusList, entries []ledger.StatusEntry, now time.Time) ([]byte, error) {
	bits, err := fill(list, 1, revocationBit, entries)
	if err != nil {
		return nil, err
	}
	key, err := i.ring.Current(jose.EdDSA, now)
	if err != nil {
		return nil, err
	}
	url := i.listURL(list.Kind, list.ID)
	signed, err := dataintegrity.Sign(i.contexts, map[string]any{
		"@context": []string{contexts.CredentialsV2}, "id": url,
		"type": []string{"VerifiableCredential", "BitstringStatusListCredential"}, "issuer": i.did,
		"validFrom": dateTime(now), "validUntil": dateTime(now.Add(statusLife)),
		"credentialSubject": map[string]any{"id": url + "#list", "type": "BitstringStatusList", "statusPurpose": "revocation",
			"encodedList": bits.Bitstring(), "ttl": statusTTL.Milliseconds()},
	}, key.Signer, i.method(key), now)
	if err != nil {
		return nil, err
	}
	return json.Marshal(signed)
}

// listCache keeps the newest signed copy of each list.
type listCache struct {
	mu   sync.Mutex
	made map[string]madeList // by list id; guarded by mu
}

func newListCache() *listCache { return &listCache{made: map[string]madeList{}} }

func (c *listCache) get(list ledger.StatusList, now time.Time) (madeList, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, ok := c.made[list.ID]
	return m, ok && m.revision == list.Revision && now.Sub(m.at) < statusTTL
}

func (c *listCache) put(list ledger.StatusList, m madeList) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.made[list.ID]; !ok || m.revision >= old.revision {
		c.made[list.ID] = m
	}
}
