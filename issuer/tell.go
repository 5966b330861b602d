package issuer

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

const (
	tellerName = "messages"
	tellBatch  = 200
)

// Kinds of messages about the record; those about credentials are named after the
// step: credential_issued, credential_withdrawn and so on.
const (
	TellChanged  = "details_changed"
	TellAttested = "details_attested"
	TellRejected = "details_rejected"
	TellLooked   = "record_read"
	TellRevoked  = "details_revoked" // an attestation was taken back
	TellApproved = "request_approved"
	TellRefused  = "request_rejected"
	TellDeclined = "appeal_declined"  // one that is upheld is a decision, which is told
	TellUnlocked = "details_unlocked" // the office ended a lock
	TellContact  = "details_contact"  // a way to reach the person was changed: the old one is told, whoever did it

	// tellEnrolment goes before the status of an enrolment, in small letters.
	tellEnrolment = "programme_"
)

// toldKinds are the kinds of messages about an entry of the change log, in the order in
// which they are told.
func toldKinds() []string {
	kinds := []string{TellChanged, TellContact, TellAttested, TellRejected, TellRevoked, TellApproved, TellRefused, TellDeclined}
	for _, s := range registry.EnrolmentStatuses() {
		kinds = append(kinds, tellEnrolment+strings.ToLower(string(s)))
	}
	return kinds
}

// tell writes what registrants are told: of the steps of their credentials, of what
// others did to their records, and of who read them. It says whether it came to the end.
func (i *Issuer) tell(ctx context.Context) (done bool, err error) {
	steps, err := i.ledger.TellSteps(ctx, tellBatch, i.messages.outgoing())
	if err != nil || i.name != "" { // of the records tells the issuer at the root alone
		return steps < tellBatch, err
	}
	looks, err := i.tellLooks(ctx)
	if err != nil {
		return false, err
	}
	at, err := i.ledger.Follower(ctx, tellerName)
	if err != nil {
		return false, err
	}
	entries, next, err := i.registry.Feed(ctx, at.Position, tellBatch)
	if err != nil {
		return false, fmt.Errorf("tell what changed: %w", err)
	}
	var list []ledger.Message
	for _, e := range entries {
		some, err := i.messagesOf(ctx, e)
		if err != nil {
			return false, fmt.Errorf("tell what changed: %w", err)
		}
		list = append(list, some...)
	}
	if next != at.Position {
		if err := i.ledger.Tell(ctx, tellerName, at.Position, next, list, i.messages.outgoing()); err != nil {
			return false, err
		}
	}
	return steps < tellBatch && looks < tellBatch && len(entries) < tellBatch, nil
}

// tellLooks tells people who read their records: one message for each reader and day.
// A message that is written and not marked is written again, which does nothing.
func (i *Issuer) tellLooks(ctx context.Context) (n int, err error) {
	looks, err := i.registry.UntoldLooks(ctx, tellBatch)
	if err != nil || len(looks) == 0 {
		return 0, err
	}
	var list []ledger.Message
	for _, l := range looks {
		if l.Kind != registry.PersonKind {
			continue
		}
		m := ledger.Message{RegistrantID: l.RegistrantID, Kind: TellLooked, Reason: l.Purpose, At: l.At, Source: "look:" + l.ID.String()}
		for _, role := range l.Roles {
			m.Who = strings.TrimSpace(m.Who + " " + string(role))
		}
		list = append(list, m)
	}
	if err := i.ledger.WriteMessages(ctx, list, i.messages.outgoing()); err != nil {
		return 0, err
	}
	return len(looks), i.registry.LooksTold(ctx, looks)
}

// messagesOf reads one entry of the change log. Whoever is registered knows of the
// registration, and whoever changed something of that.
func (i *Issuer) messagesOf(ctx context.Context, e registry.FeedEntry) ([]ledger.Message, error) {
	if e.ChainNo == 1 {
		return nil, nil
	}
	page, err := i.changeOf(ctx, e)
	if err != nil || len(page.Entries) == 0 {
		return nil, err
	}
	entry, own := page.Entries[0], ownHand(page.Entries[0])
	if !own && strings.HasPrefix(entry.Reason, registry.UnlockReason) && len(entry.Changes) == 0 {
		return []ledger.Message{{RegistrantID: e.RegistrantID, Kind: TellUnlocked, At: e.At, Source: fmt.Sprintf("change:%d:%s", e.ChainNo, TellUnlocked)}}, nil
	}
	fields := map[string][]string{}
	reached, err := i.reachedBy(ctx)
	if err != nil {
		return nil, err
	}
	said := saidOtherwise(entry.Changes)
	for _, c := range entry.Changes {
		kind := tellingOf(c)
		switch {
		case kind == TellChanged && c.Old != "" && reached[c.Field] != "":
			kind = TellContact
		case own, kind == TellChanged && said[c.Field]:
			kind = ""
		}
		if kind != "" && !slices.Contains(fields[kind], c.Field) {
			fields[kind] = append(fields[kind], c.Field)
		}
	}
	var out []ledger.Message
	for _, kind := range toldKinds() {
		if len(fields[kind]) > 0 {
			out = append(out, ledger.Message{RegistrantID: e.RegistrantID, Kind: kind, Fields: fields[kind], At: e.At,
				Source: fmt.Sprintf("change:%d:%s", e.ChainNo, kind)})
		}
	}
	return out, nil
}

// ownHand tells whether the person did it, and no guardian in the person's place.
func ownHand(e registry.LogEntry) bool {
	return e.Channel == registry.ChannelSelf && !strings.Contains(e.Actor, registry.ForMark)
}

// changeOf reads what an entry of the change log tells of. A record that cannot be
// read holds nobody up: it gives an empty page if the reading failed twice while the
// rest of the registry could be read. Every other error is returned, so that the entry
// is read again and no message is lost.
func (i *Issuer) changeOf(ctx context.Context, e registry.FeedEntry) (registry.HistoryPage, error) {
	before := strconv.FormatInt(e.ChainNo-1, 10)
	page, err := i.registry.HistoryPage(ctx, registry.System(), e.RegistrantID, before, 1)
	if err == nil {
		return page, nil
	}
	if _, err := i.registry.Fields(ctx); err != nil {
		return registry.HistoryPage{}, err
	}
	page, err = i.registry.HistoryPage(ctx, registry.System(), e.RegistrantID, before, 1)
	if err != nil && (ctx.Err() != nil || fault.KindOf(err) == fault.Unavailable) {
		return registry.HistoryPage{}, err
	}
	return page, nil
}

// saidOtherwise are the fields of an entry of which a message tells more than that the
// value changed: what was asked for and approved, and a part in a programme.
func saidOtherwise(changes []registry.FieldChange) map[string]bool {
	said := map[string]bool{}
	for _, c := range changes {
		if c.Kind == registry.KindEnrolment || c.Kind == registry.KindRequest && c.New == string(registry.RequestApproved) {
			said[c.Field] = true
		}
	}
	return said
}

// tellingOf says of what kind the message about a change is; "" for none.
func tellingOf(c registry.FieldChange) string {
	switch c.Kind {
	case registry.KindValue:
		return TellChanged
	case registry.KindEnrolment:
		status, _, _ := strings.Cut(c.New, " ")
		return tellEnrolment + strings.ToLower(status)
	}
	return map[[2]string]string{
		{registry.KindAttestation, string(registry.StateAttested)}: TellAttested,
		{registry.KindAttestation, string(registry.StateRejected)}: TellRejected,
		{registry.KindAttestation, string(registry.StateRevoked)}:  TellRevoked,
		{registry.KindRequest, string(registry.RequestApproved)}:   TellApproved,
		{registry.KindRequest, string(registry.RequestRejected)}:   TellRefused,
		{registry.KindAppeal, string(registry.AppealDeclined)}:     TellDeclined,
	}[[2]string{c.Kind, c.New}]
}
