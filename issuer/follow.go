package issuer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

const (
	followerName = "credentials"
	feedBatch    = 500
	// A reservation older than this was left by a crash: signing takes
	// milliseconds.
	reservationLife = 5 * time.Minute
	sweepEvery      = time.Minute
	sweepBatch      = 500
)

// ErrUnreadable says that the record of a registrant cannot be read, and that the
// registrant's credentials were withdrawn for it.
var ErrUnreadable = errors.New("issuer: record cannot be read, its credentials are withdrawn")

// Follow reads the next part of the registry's change log and withdraws what is
// no longer true. It looks at no single change: it compares every live
// credential of the registrants named there with what is attested now, so that
// entries may be read twice, late, or by two processes, and the outcome is the
// same.
//
// Why nothing slips through: an issue reserves while it holds the record's lock,
// so its reservation is committed before any later change is; and the feed
// shows a change only when every transaction before it has ended. Whoever reads
// the change therefore finds the reservation.
//
// It says whether the end of the log was reached and how many credentials were
// withdrawn. Call it in a loop; between passes that caught up, wait. A record
// that cannot be read holds nobody up: its credentials are withdrawn, and
// ErrUnreadable tells of it, once, beside results that are good.
func (i *Issuer) Follow(ctx context.Context) (caughtUp bool, withdrawn int, err error) {
	at, err := i.ledger.Follower(ctx, followerName)
	if err != nil {
		return false, 0, err
	}
	entries, next, err := i.registry.Feed(ctx, at.Position, feedBatch)
	if err != nil {
		return false, 0, fmt.Errorf("follow the change log: %w", err)
	}
	withdrawn, unreadable, err := i.compare(ctx, entries)
	if err != nil {
		return false, withdrawn, fmt.Errorf("follow the change log: %w", err)
	}
	if next != at.Position {
		if err := i.ledger.Advance(ctx, followerName, at.Position, next); err != nil {
			return false, withdrawn, err
		}
	}
	if len(entries) == feedBatch {
		return false, withdrawn, unreadable
	}
	done, ended, err := i.rest(ctx)
	return done, withdrawn + ended, errors.Join(unreadable, err)
}

// rest is what a pass does at the end of the change log: who waits for a withdrawal
// comes first. It says whether nothing is left to do.
func (i *Issuer) rest(ctx context.Context) (done bool, withdrawn int, err error) {
	today, withdrawn, err := i.turnDay(ctx)
	if err != nil && !errors.Is(err, ErrUnreadable) {
		return true, withdrawn, err
	}
	if err := i.sweep(ctx); err != nil {
		return true, withdrawn, err
	}
	told, telling := i.tell(ctx)
	return today && told, withdrawn, errors.Join(err, telling)
}

// Behind says for how long there has been something to read that the follower
// has not read, while it did not move: zero when it is at the end. A follower
// that reads a long log is not behind, one that stands still is.
func (i *Issuer) Behind(ctx context.Context) (time.Duration, error) {
	at, err := i.ledger.Follower(ctx, followerName)
	if err != nil {
		return 0, err
	}
	entries, _, err := i.registry.Feed(ctx, at.Position, 1)
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	since := entries[0].At
	if at.MovedAt.After(since) {
		since = at.MovedAt
	}
	return max(0, i.now().Sub(since)), nil
}

// compare withdraws the live credentials of the registrants in entries, and those
// that they hold for others, that hold a value which is not attested now or whose
// holder may not hold them. The credentials are read first and the
// record second: so no credential is judged by an older record than its own.
// unreadable is ErrUnreadable of every record that was.
func (i *Issuer) compare(ctx context.Context, entries []registry.FeedEntry) (withdrawn int, unreadable, err error) {
	if len(entries) == 0 {
		return 0, nil, nil
	}
	ids := make([]uuid.UUID, len(entries))
	for n, e := range entries {
		ids[n] = e.RegistrantID
	}
	live, err := i.ledger.Live(ctx, ids)
	if err != nil {
		return 0, nil, err
	}
	byRegistrant := map[uuid.UUID][]ledger.Issuance{}
	for _, c := range live {
		byRegistrant[c.RegistrantID] = append(byRegistrant[c.RegistrantID], c)
	}
	for id, credentials := range byRegistrant {
		n, err := i.compareOne(ctx, id, credentials)
		withdrawn += n
		if errors.Is(err, ErrUnreadable) {
			unreadable = errors.Join(unreadable, err)
		} else if err != nil {
			return withdrawn, unreadable, err
		}
	}
	return withdrawn, unreadable, nil
}

// compareOne withdraws those credentials of one registrant that are no longer true,
// or whose holder may not hold them any more.
// Of a record that cannot be read it withdraws all, and returns ErrUnreadable: what
// nobody can check must not stay valid.
func (i *Issuer) compareOne(ctx context.Context, registrant uuid.UUID, live []ledger.Issuance) (withdrawn int, err error) {
	now, unreadable := i.situationOf(ctx, registrant)
	if unreadable != nil && !errors.Is(unreadable, ErrUnreadable) {
		return 0, unreadable
	}
	ending := map[string][]uuid.UUID{} // by reason
	for _, c := range live {
		why := now.ends(c)
		if why == "" {
			if why, err = i.lapses(ctx, c); err != nil {
				return 0, err
			}
		}
		if why != "" {
			ending[why] = append(ending[why], c.ID)
		}
	}
	for why, ids := range ending {
		n, err := i.ledger.Withdraw(ctx, ids, ledger.Closing{Reason: why, By: ledger.ByFollower}, canBeHadAgain(why))
		if err != nil {
			return withdrawn, err // the next pass reads this person again
		}
		withdrawn += n
	}
	return withdrawn, unreadable
}

// sweep closes, once a minute, credentials that were replaced and whose grace is
// over, and reservations that a crash left open: nobody knows whether those bytes
// got out, so their status is invalid.
func (i *Issuer) sweep(ctx context.Context) error {
	if !i.sweepDue() {
		return nil
	}
	if _, err := i.ledger.EndReplaced(ctx, sweepBatch); err != nil {
		return err
	}
	_, err := i.ledger.Sweep(ctx, reservationLife, sweepBatch)
	return err
}

func (i *Issuer) sweepDue() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.now()
	if now.Before(i.nextSweep) {
		return false
	}
	i.nextSweep = now.Add(sweepEvery)
	return true
}

// PurgeOffers deletes offers that ended longer ago than keep, and the grants behind
// them, and tells how many rows there were. Credentials are untouched.
func (i *Issuer) PurgeOffers(ctx context.Context, keep time.Duration) (n int64, err error) {
	if keep < offerLife {
		return 0, fmt.Errorf("purge offers: they are kept for %s at least", offerLife)
	}
	for {
		some, err := i.ledger.Purge(ctx, keep, sweepBatch)
		n += int64(some)
		if err != nil || some < sweepBatch {
			return n, err
		}
	}
}
