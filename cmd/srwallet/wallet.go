package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// wallet takes offers. say gets each step in plain words; no secret and no
// detail of the person is ever said.
type wallet struct {
	web   web
	store *store
	now   func() time.Time
	say   func(format string, args ...any)
}

func newWallet(s *store, now func() time.Time, say func(string, ...any)) *wallet {
	return &wallet{web: newWeb(), store: s, now: now, say: say}
}

// accept takes everything that an offer offers. What was kept before an error
// is returned with it.
func (w *wallet) accept(ctx context.Context, link, txCode string) ([]kept, error) {
	o, err := w.readOffer(ctx, link)
	if err != nil {
		return nil, err
	}
	w.say("%s offers: %s", o.Issuer, strings.Join(o.Configurations, ", "))
	if err := o.Grants.PreAuthorized.checkTxCode(txCode); err != nil {
		return nil, err
	}
	i, err := w.readIssuer(ctx, o)
	if err != nil {
		return nil, err
	}
	s, err := w.readServer(ctx, o, i)
	if err != nil {
		return nil, err
	}
	t, err := w.redeem(ctx, s, o.Grants.PreAuthorized, txCode)
	if err != nil {
		return nil, err
	}
	var all []kept
	for _, id := range o.Configurations {
		k, err := w.take(ctx, i, t, id)
		if err != nil {
			return all, fmt.Errorf("%s: %w", id, err)
		}
		all = append(all, k)
	}
	return all, nil
}

// take gets one credential: key, nonce, proof, request, store, check, keep. The
// code is spent once it came, so it is on disk before anything else can fail.
func (w *wallet) take(ctx context.Context, i *issuer, t *token, id string) (kept, error) {
	c := i.Configurations[id]
	b, err := c.binding()
	if err != nil {
		return kept{}, err
	}
	key, err := newKey(b)
	if err != nil {
		return kept{}, err
	}
	w.say("Made a new %s key for %s", b.alg, id)
	// The key is on disk before anything is issued to it.
	draft, err := w.store.begin(key)
	if err != nil {
		return kept{}, err
	}
	credential, err := w.request(ctx, i, t, id, key)
	if err != nil {
		draft.discard()
		return kept{}, err
	}
	about := kept{Configuration: id, Format: c.Format, Issuer: i.ID, Received: w.now().UTC().Truncate(time.Second)}
	if err := draft.receive(about, credential); err != nil {
		return kept{}, draft.left(err)
	}
	w.say("Checking what came: who signed it, and whether it is bound to my key")
	if err := w.inspect(ctx, i, c, key, credential); err != nil {
		return kept{}, draft.judge(err)
	}
	k, err := draft.keep(about)
	if err != nil {
		return kept{}, draft.left(err)
	}
	w.say("Kept as number %d: %s", k.ID, k.Path)
	return k, nil
}

// judge ends a draft that did not pass. Only what was looked at and found wrong
// is removed; if the look was cut off, nothing is known against it.
func (d *draft) judge(err error) error {
	var u *unanswered
	if errors.As(err, &u) {
		return d.left(fmt.Errorf("it could not be checked: %w", err))
	}
	d.discard()
	return fmt.Errorf("refused: %w", err)
}
