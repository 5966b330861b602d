package issuer

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

const (
	// shownMessages is how many messages a registrant is shown.
	shownMessages = 200
	// mostMessages bounds a page of messages, and usualMessages is one.
	mostMessages  = 200
	usualMessages = 50
	// UnreadCap is where Unread stops counting.
	UnreadCap = 100
)

// Messages gives what a registrant was told, newest first, and marks it as read: to
// the registrant alone. It returns Unauthenticated, Forbidden.
func (i *Issuer) Messages(ctx context.Context, a registry.Actor) ([]Message, error) {
	if err := i.may(ctx, a, toReadMessages, a.RegistrantID); err != nil {
		return nil, err
	}
	list, err := i.ledger.Messages(ctx, a.RegistrantID, uuid.Nil, shownMessages)
	unread := func(m Message) bool { return m.ReadAt.IsZero() } // also below one that is read: they come out of order
	if err != nil || len(list) < shownMessages && !slices.ContainsFunc(list, unread) {
		return list, err
	}
	return list, i.ledger.ReadMessages(ctx, a.RegistrantID, list[0].At)
}

// MessagePage is a page of messages, newest first.
type MessagePage struct {
	Messages []Message
	Next     string // after of the next page; "" after the last
}

// MessagesOf gives what a registrant was told, and marks nothing: to the registrant,
// and to staff who keep the record. after is MessagePage.Next of the page before, limit
// its most messages (0: 50, at most 200). It returns NotFound, Forbidden,
// Unauthenticated and Invalid "bad_cursor".
func (i *Issuer) MessagesOf(ctx context.Context, a registry.Actor, registrant uuid.UUID, after string, limit int) (MessagePage, error) {
	if err := i.may(ctx, a, toSeeMessages, registrant); err != nil {
		return MessagePage{}, err
	}
	before := uuid.Nil
	if after != "" {
		var err error
		if before, err = uuid.Parse(after); err != nil {
			return MessagePage{}, fault.Wrap(fault.Invalid, "bad_cursor", "The cursor is not one that was given out here.", err)
		}
	}
	if limit < 1 {
		limit = usualMessages
	}
	limit = min(limit, mostMessages)
	list, err := i.ledger.Messages(ctx, registrant, before, limit+1)
	if err != nil || len(list) <= limit {
		return MessagePage{Messages: list}, err
	}
	return MessagePage{Messages: list[:limit], Next: list[limit-1].ID.String()}, nil
}

// ReadMessages marks those messages as read that are not younger than a moment: for
// the registrant alone. It returns NotFound, Forbidden and Unauthenticated.
func (i *Issuer) ReadMessages(ctx context.Context, a registry.Actor, registrant uuid.UUID, until time.Time) error {
	if err := i.may(ctx, a, toReadMessages, registrant); err != nil {
		return err
	}
	return i.ledger.ReadMessages(ctx, registrant, until)
}

// Unread counts the messages that a registrant has not read, up to UnreadCap; nobody
// else has any.
func (i *Issuer) Unread(ctx context.Context, a registry.Actor) (int, error) {
	if !a.Has(registry.RoleRegistrant) || a.RegistrantID == uuid.Nil || a.ByToken() {
		return 0, nil
	}
	return i.ledger.Unread(ctx, a.RegistrantID, UnreadCap)
}

// MessageChoice says whether messages of a registrant may leave the portal: can says
// that there is a way, only that the registrant wants them in the portal alone. It
// returns Forbidden and Unauthenticated.
func (i *Issuer) MessageChoice(ctx context.Context, a registry.Actor) (can, only bool, err error) {
	if err := i.may(ctx, a, toReadMessages, a.RegistrantID); err != nil || !i.messages.Hook {
		return false, false, err
	}
	only, err = i.ledger.PortalOnly(ctx, a.RegistrantID)
	return true, only, err
}

// ChooseMessages keeps whether a registrant wants messages in the portal alone. What
// waits to leave obeys too; a transaction code leaves all the same, for nothing else
// brings it. It returns Forbidden and Unauthenticated.
func (i *Issuer) ChooseMessages(ctx context.Context, a registry.Actor, portalOnly bool) error {
	if err := i.may(ctx, a, toReadMessages, a.RegistrantID); err != nil {
		return err
	}
	return i.ledger.ChoosePortalOnly(ctx, a.RegistrantID, portalOnly)
}

// DeliveryWindow is how far Deliveries looks back.
const DeliveryWindow = 7 * 24 * time.Hour

// DeliveryCount is how many messages on their way out stand alike.
type DeliveryCount = ledger.DeliveryCount

// DeliveryFailed is the state of messages that did not get out.
const DeliveryFailed = ledger.DeliveryFailed

// Deliveries counts the messages that wait to leave the portal, and those of the last
// DeliveryWindow that left, failed, or were for nobody. It returns Forbidden and
// Unauthenticated.
func (i *Issuer) Deliveries(ctx context.Context, a registry.Actor) ([]DeliveryCount, error) {
	if err := mayKeep(a, toSeeDeliveries); err != nil {
		return nil, err
	}
	return i.ledger.Deliveries(ctx, i.now().Add(-DeliveryWindow))
}
