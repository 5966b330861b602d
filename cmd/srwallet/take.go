package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"socialregistry/internal/vciclient"
)

// order is one credential on its way, in as many copies as there are drafts.
type order struct {
	source *source
	want   vciclient.Want
	drafts []*draft
}

// take gets copies of one credential: keys, nonce, proofs, request, store, check,
// keep, notify. The code is spent once they came, so they are on disk before
// anything else can fail.
func (w *wallet) take(ctx context.Context, s *source, id string) ([]kept, error) {
	o, err := w.order(s, id)
	if err != nil {
		return nil, err
	}
	issued, err := w.await(ctx, o)
	if err != nil {
		o.discard()
		return nil, err
	}
	for _, spare := range o.drafts[len(issued.Credentials):] {
		spare.discard() // the issuer may give fewer (§8.3)
	}
	all, err := w.keepAll(ctx, o, issued.Credentials)
	event := vciclient.EventAccepted
	if err != nil {
		event = vciclient.EventFailure
	}
	w.notify(ctx, s, issued, event)
	return all, err
}

// order makes the keys. They are on disk before anything is issued to them.
func (w *wallet) order(s *source, id string) (*order, error) {
	b, err := s.issuer.Configurations[id].Binding()
	if err != nil {
		return nil, err
	}
	o := &order{source: s, want: vciclient.Want{Configuration: id, Provider: w.ways.provider, Zip: true}}
	for range w.copies(s.issuer) {
		key, err := vciclient.NewKey(b)
		if err != nil {
			o.discard()
			return nil, err
		}
		w.client.Say("Made a new %s key for %s", b.Alg, id)
		d, err := w.store.begin(key)
		if err != nil {
			o.discard()
			return nil, err
		}
		o.want.Keys, o.drafts = append(o.want.Keys, key), append(o.drafts, d)
	}
	return o, nil
}

// copies is how many to ask for: never more than the issuer takes (§12.2.4).
func (w *wallet) copies(i *vciclient.Issuer) int {
	most := 1
	if i.Batch != nil {
		most = max(1, i.Batch.Size)
	}
	return min(max(1, w.ways.copies), most)
}

func (o *order) discard() {
	for _, d := range o.drafts {
		d.discard()
	}
}

// await asks for the credentials, and again while the issuer says later (§9) and
// the wallet is willing to wait.
func (w *wallet) await(ctx context.Context, o *order) (*vciclient.Issued, error) {
	s := o.source
	issued, err := w.client.Credential(ctx, s.issuer, s.token, o.want)
	for waited := time.Duration(0); err == nil && issued.TransactionID != ""; waited += issued.Interval {
		if waited+issued.Interval > w.ways.wait {
			return nil, fmt.Errorf("%s will issue later, and I am told to wait %s only: see --wait", s.issuer.ID, w.ways.wait)
		}
		w.client.Say("It will be issued later; I ask again in %s", issued.Interval)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(issued.Interval):
		}
		issued, err = w.client.Deferred(ctx, s.issuer, s.token, o.want, issued.TransactionID)
	}
	return issued, err
}

// keepAll stores all copies, then looks at each. What is wrong with one is not held
// against the others: those that are good are kept, whatever the error says.
func (w *wallet) keepAll(ctx context.Context, o *order, credentials [][]byte) ([]kept, error) {
	about := kept{Configuration: o.want.Configuration, Format: o.source.issuer.Configurations[o.want.Configuration].Format,
		Issuer: o.source.issuer.ID, Received: w.client.Now().UTC().Truncate(time.Second)}
	again, err := w.grant(o.source)
	stored := make([]error, len(credentials))
	for n, credential := range credentials {
		stored[n] = errors.Join(err, o.drafts[n].receive(about, credential, again))
	}
	var all []kept
	var failed error
	for n, credential := range credentials {
		k, err := kept{}, stored[n]
		if err != nil {
			err = o.drafts[n].left(err)
		} else {
			k, err = w.keep(ctx, o, n, about, credential)
		}
		switch {
		case err == nil:
			all = append(all, k)
		case failed == nil:
			failed = err
		default:
			failed = fmt.Errorf("%w; %w", failed, err)
		}
	}
	return all, failed
}

// keep checks copy n, which is stored, and gives it a number.
func (w *wallet) keep(ctx context.Context, o *order, n int, about kept, credential []byte) (kept, error) {
	i, d := o.source.issuer, o.drafts[n]
	w.client.Say("Checking what came: who signed it, and whether it is bound to my key")
	if err := w.inspect(ctx, i, i.Configurations[about.Configuration], o.want.Keys[n], credential); err != nil {
		return kept{}, d.judge(err)
	}
	k, err := d.keep(about)
	if err != nil {
		return kept{}, d.left(err)
	}
	w.client.Say("Kept as number %d: %s", k.ID, k.Path)
	return k, nil
}

// notify tells the issuer what became of it (§11), if it wants to know. Nothing
// hangs on it for the holder.
func (w *wallet) notify(ctx context.Context, s *source, issued *vciclient.Issued, event string) {
	if issued.Notification == "" || s.issuer.NotificationEndpoint == "" {
		return
	}
	if err := w.client.Notify(ctx, s.issuer, s.token, issued.Notification, event); err != nil {
		w.client.Say("The issuer did not take the notification: %v", err)
	}
}

// judge ends a draft that did not pass. Only what was looked at and found wrong
// is removed; if the look was cut off, nothing is known against it.
func (d *draft) judge(err error) error {
	var u *vciclient.Unanswered
	if errors.As(err, &u) {
		return d.left(fmt.Errorf("it could not be checked: %w", err))
	}
	d.discard()
	return fmt.Errorf("refused: %w", err)
}
