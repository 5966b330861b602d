package issuer

import (
	"context"
	"fmt"
	"strconv"
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
	age      string // with how many years a ward comes of age
	from, to string // YYYY-MM-DD; from "" = the first
	after    uuid.UUID
}

// place is how far the follower came in these days: through all of them with after
// zero. It names the age: where wards come of age earlier than they did, the days that
// are over end what they did not end before.
func (d days) place(after uuid.UUID) string {
	if after == uuid.Nil {
		return d.age + " " + d.to
	}
	return strings.Join([]string{d.age, d.from, d.to, after.String()}, " ")
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
	span, err := readDays(at.Position, i.registry.AdultAge(), i.now().UTC().Format(time.DateOnly))
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
	var last uuid.UUID
	if len(wards) == calendarBatch {
		last = wards[calendarBatch-1]
	}
	if err := i.ledger.Advance(ctx, calendarName, at.Position, span.place(last)); err != nil {
		return false, withdrawn, err
	}
	return len(wards) < calendarBatch, withdrawn, unreadable
}

// readDays reads the place that turnDay keeps: the last day that was looked at, or,
// with a part of the days still to be read, those days and the record before it. With
// another age than that of the place all days are to be read.
func readDays(position string, adult int, today string) (days, error) {
	age := strconv.Itoa(adult)
	words := strings.Split(position, " ")
	switch {
	case words[0] != age:
		return days{age: age, to: today}, nil
	case len(words) == 2:
		return days{age: age, from: words[1], to: max(words[1], today)}, nil // no day is looked at twice if the clock goes back
	case len(words) == 4:
		after, err := uuid.Parse(words[3])
		return days{age: age, from: words[1], to: words[2], after: after}, err
	}
	return days{}, fmt.Errorf("follow the calendar: %q is no place in it", position)
}

// confirm asks once more, after the reservation, whether who will hold a credential
// about somebody else may: the gate locks the record that it is about, not the holder's,
// and not the day. If not, the reservation ends: credential_request_denied.
func (i *Issuer) confirm(ctx context.Context, o order, batch []statement) error {
	held, err := i.stillHeld(ctx, batch[0].Issuance, o.config)
	if err != nil || held {
		return err
	}
	return notHeld()
}

// stillHeld says whether who will hold what was reserved may. If not, the reservation
// ends here.
func (i *Issuer) stillHeld(ctx context.Context, row ledger.Issuance, config Configuration) (bool, error) {
	if row.RepresentativeID == uuid.Nil {
		return true, nil
	}
	held, err := i.mayHold(ctx, row.RepresentativeID, row.RegistrantID, config)
	if err != nil || held {
		return held, err
	}
	why := ledger.Closing{Reason: reasonNotHeld, By: ledger.ByFollower}
	_, err = i.ledger.Withdraw(ctx, []uuid.UUID{row.ID}, why, false)
	return false, err
}
