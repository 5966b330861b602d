package issuer

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

const (
	calendarName  = "calendar"
	calendarBatch = 500
)

// days are those that the follower looks at: what ended by the calendar from one to
// another, after a record. With after zero none was looked at yet.
type days struct {
	from, to string // YYYY-MM-DD; from "" = the first
	after    uuid.UUID
}

// turnDay withdraws what ends by the calendar and with no change of a record: what a
// guardian holds whose guardianship had its last day, or whose ward came of age. It
// reads one part and says whether there is no more. How far it came is kept, so that a
// day is not left out while no process runs; a part may be read twice, and the
// outcome is the same.
//
// Why nothing slips through: whoever issues asks after the reservation is committed
// whether the holder still may (see confirm), by the same clock. A day that turned
// before is seen there, and one that turns later finds the reservation here.
func (i *Issuer) turnDay(ctx context.Context) (done bool, withdrawn int, err error) {
	at, err := i.ledger.Follower(ctx, calendarName)
	if err != nil {
		return false, 0, err
	}
	span, err := readDays(at.Position, i.now().UTC().Format(time.DateOnly))
	if err != nil || span.from == span.to {
		return err == nil, 0, err
	}
	wards, err := i.registry.GuardianshipsOver(ctx, span.from, span.to, span.after, calendarBatch)
	if err != nil {
		return false, 0, fmt.Errorf("follow the calendar: %w", err)
	}
	entries := make([]registry.FeedEntry, len(wards))
	for n, id := range wards {
		entries[n].RegistrantID = id
	}
	withdrawn, unreadable, err := i.compare(ctx, entries)
	if err != nil {
		return false, withdrawn, fmt.Errorf("follow the calendar: %w", err)
	}
	next := span.to
	if len(wards) == calendarBatch {
		next = span.from + " " + span.to + " " + wards[calendarBatch-1].String()
	}
	if err := i.ledger.Advance(ctx, calendarName, at.Position, next); err != nil {
		return false, withdrawn, err
	}
	return len(wards) < calendarBatch, withdrawn, unreadable
}

// readDays reads the place that turnDay keeps: the last day that was looked at, or,
// with a part of the days still to be read, those days and the record before it.
func readDays(position, today string) (days, error) {
	switch words := strings.Split(position, " "); len(words) {
	case 1:
		return days{from: position, to: max(position, today)}, nil // no day is looked at twice if the clock goes back
	case 3:
		after, err := uuid.Parse(words[2])
		return days{from: words[0], to: words[1], after: after}, err
	}
	return days{}, fmt.Errorf("follow the calendar: %q is no place in it", position)
}

// confirm asks once more, after the reservation, whether who will hold a credential
// about somebody else may: the gate locks the record that it is about, not the holder's,
// and not the day. If not, the reservation ends: credential_request_denied.
func (i *Issuer) confirm(ctx context.Context, o order, batch []statement) error {
	holder := batch[0].RepresentativeID
	if holder == uuid.Nil {
		return nil
	}
	held, err := i.mayHold(ctx, holder, batch[0].RegistrantID, o.config)
	if err != nil || held {
		return err
	}
	why := ledger.Closing{Reason: reasonNotHeld, By: ledger.ByFollower}
	if _, err := i.ledger.Withdraw(ctx, []uuid.UUID{batch[0].ID}, why, false); err != nil {
		return err
	}
	return notHeld()
}
