package issuer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// Message is something that a registrant is told.
type Message = ledger.Message

const (
	// deliveryLife is for how long a message is tried; a transaction code is of no use
	// after its offer.
	deliveryLife = 72 * time.Hour
	// deliveryHold is for how long a delivery is one server's.
	deliveryHold = time.Minute

	firstWait       = 15 * time.Second
	longestWait     = time.Hour
	firstCodeWait   = 5 * time.Second
	longestCodeWait = 40 * time.Second
)

// MessagePolicy says which messages leave the portal.
type MessagePolicy struct {
	Hook  bool     // there is something that takes them
	Kinds []string // beginnings of kinds, of MessageKinds; nil: all
}

// MessageKinds are the beginnings of the kinds of messages, by which they are chosen:
// what others did to the record, what became of credentials, who read the record.
func MessageKinds() []string { return []string{"details", "credential", "record"} }

// outgoing is the policy as the ledger needs it.
func (p MessagePolicy) outgoing() ledger.Outgoing {
	if !p.Hook {
		return ledger.Outgoing{}
	}
	return ledger.Outgoing{Life: deliveryLife, Sends: func(kind string) bool {
		group, _, _ := strings.Cut(kind, "_")
		return p.Kinds == nil || kind == TellContact || slices.Contains(p.Kinds, group)
	}}
}

// Courier takes messages out of the portal: internal/webhook. An error of kind Invalid
// says that this message is refused for good; every other one is tried again.
type Courier interface {
	Post(ctx context.Context, id string, at time.Time, body []byte) error
}

// Notice is a message on its way out.
type Notice struct {
	Message
	TxCode string    // of an offer; "": it is about something else
	Until  time.Time // when it is of no use any more
}

// Wording puts a notice into plain text in a language of ISO 639, or in the nearest
// that there is, and says which one that was.
type Wording func(ctx context.Context, language string, n Notice) (text, used string, err error)

// Dispatch is what became of one delivery.
type Dispatch struct {
	Found    bool // there was one that was due
	State    ledger.DeliveryState
	Code     string // why it did not go; "": it went
	Attempts int
}

// HookFailed tells whether the hook itself failed, so that no other message would go
// either: it cannot be reached, says nothing, or does not let the registry in. An answer
// with another status is about one message.
func (d Dispatch) HookFailed() bool {
	return slices.Contains([]string{"source_unreachable", "source_timeout", "source_denied", "redirect_refused", "host_not_allowed", "address_not_allowed"}, d.Code)
}

// Deliver takes the next message that is due out of the portal: at least once, each
// time under the same id, and by one server at a time. What is refused for good ends;
// what fails otherwise is tried again, later and later, for three days, and a
// transaction code until its offer is over. An error is one of the database's.
func (i *Issuer) Deliver(ctx context.Context, to Courier, say Wording) (Dispatch, error) {
	d, err := i.ledger.ClaimDelivery(ctx, deliveryHold)
	if errors.Is(err, ledger.ErrNotFound) {
		return Dispatch{}, nil
	}
	if err != nil {
		return Dispatch{}, err
	}
	out := Dispatch{Found: true, Attempts: d.Attempts}
	body, dropped, err := i.parcel(ctx, d, say)
	switch {
	case dropped != "":
		out.State, out.Code = ledger.DeliveryDropped, dropped
		return out, i.ledger.EndDelivery(ctx, d, out.State, out.Code)
	case err == nil:
		err = to.Post(ctx, d.ID.String(), i.now(), body)
	}
	switch {
	case err == nil:
		out.State = ledger.DeliverySent
		return out, i.ledger.EndDelivery(ctx, d, out.State, "")
	case ctx.Err() != nil:
		return out, err // its hold ends by itself
	case fault.KindOf(err) == fault.Invalid:
		out.State, out.Code = ledger.DeliveryFailed, fault.CodeOf(err)
		return out, i.ledger.EndDelivery(ctx, d, out.State, out.Code)
	}
	out.State, out.Code = ledger.DeliveryWaiting, cmp.Or(fault.CodeOf(err), "internal")
	return out, i.ledger.PutOffDelivery(ctx, d, out.Code, waitAfter(d))
}

// waitAfter says how long a delivery rests that failed: each time twice as long, for
// codes go first, and one that cannot go must leave time to the others.
func waitAfter(d ledger.Delivery) time.Duration {
	first, longest := firstWait, longestWait
	if d.Sealed != "" {
		first, longest = firstCodeWait, longestCodeWait
	}
	return min(first<<min(d.Attempts-1, 10), longest)
}

// parcel is what leaves: how to reach the person, and what to say, in no more detail
// than the page of messages does. dropped says why nothing is to leave.
func (i *Issuer) parcel(ctx context.Context, d ledger.Delivery, say Wording) (body []byte, dropped string, err error) {
	if dropped, err = i.staysInside(ctx, d); dropped != "" || err != nil {
		return nil, dropped, err
	}
	n := Notice{Message: d.Message, Until: d.Until}
	if d.Sealed != "" {
		if n.TxCode, err = i.openTxCode(d); err != nil {
			return nil, "", err
		}
	}
	p, err := i.registry.Person(ctx, registry.System(), d.RegistrantID)
	if err != nil && fault.KindOf(err) != fault.NotFound { // a group has no contacts of its own
		return nil, "", err
	}
	to, err := i.contactsFor(ctx, d, p)
	if err != nil {
		return nil, "", err
	}
	if to.none() {
		return nil, "no_contact", nil
	}
	preferred := p.Values[fieldLanguage].Text
	text, used, err := say(ctx, preferred, n)
	if err != nil {
		return nil, "", fmt.Errorf("put a message into words: %w", err)
	}
	out := outside{ID: d.ID.String(), Type: d.Kind, Timestamp: d.At.UTC(), Data: outsideData{Registrant: d.RegistrantID.String(), Contacts: to,
		PreferredLanguage: preferred, Language: used, Text: text}}
	if n.TxCode != "" {
		out.Data.ExpiresAt = d.Until.UTC()
	}
	body, err = json.Marshal(out)
	return body, "", err
}

// staysInside says why a delivery is for nobody; "" if it may leave: the person wants
// messages in the portal alone, which holds back no code and no warning, or is no more.
func (i *Issuer) staysInside(ctx context.Context, d ledger.Delivery) (dropped string, err error) {
	if d.Sealed == "" && d.Kind != TellContact {
		if portal, err := i.ledger.PortalOnly(ctx, d.RegistrantID); portal || err != nil {
			return droppedIf(portal, "portal_only"), err
		}
	}
	now, err := i.situationOf(ctx, d.RegistrantID)
	return droppedIf(err == nil && now.closed != "", "record_closed"), err
}

func droppedIf(yes bool, code string) string {
	if yes {
		return code
	}
	return ""
}

// outside is the body of a post. See docs/operations.md.
type outside struct {
	ID        string      `json:"id"`
	Type      string      `json:"type"`
	Timestamp time.Time   `json:"timestamp"`
	Data      outsideData `json:"data"`
}

type outsideData struct {
	Registrant        string    `json:"registrant_id"`
	Contacts          contacts  `json:"contacts"`
	PreferredLanguage string    `json:"preferred_language,omitempty"` // as the person gave it
	Language          string    `json:"language"`                     // of the text
	Text              string    `json:"text"`
	ExpiresAt         time.Time `json:"expires_at,omitzero"` // of a transaction code
}
