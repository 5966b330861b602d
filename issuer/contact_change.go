package issuer

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// contactRest is for how long no code to sign in goes to a telephone or an address
// that was entered by whoever signs in with it: so long the old one is told, and the
// office can be asked. It is one day, in which most people look at their telephone.
const contactRest = 24 * time.Hour

// contactsFor is how a person is reached with one delivery: a code to sign in goes to
// no contact that rests, and the warning about a new contact to the old one alone.
func (i *Issuer) contactsFor(ctx context.Context, d ledger.Delivery, p registry.Person) (contacts, error) {
	switch d.Kind {
	case TellContact:
		return i.formerContacts(ctx, d)
	case KindSignInCode:
		values, err := i.rested(ctx, p)
		return contactsOf(values, true), err
	}
	return contactsOf(p.Values, d.Sealed != ""), nil
}

// reachedBy gives the fields that say how people are reached, with their types.
func (i *Issuer) reachedBy(ctx context.Context) (map[string]registry.FieldType, error) {
	fields, err := i.registry.Fields(ctx)
	if err != nil {
		return nil, fmt.Errorf("find out how people are reached: %w", err)
	}
	out := map[string]registry.FieldType{}
	for _, f := range fields {
		if f.Reaches() {
			out[f.Key] = f.Type
		}
	}
	return out, nil
}

// formerContacts is how the person was reached before the change that a message is
// about. They are read from the change log: the outbox holds no value.
func (i *Issuer) formerContacts(ctx context.Context, d ledger.Delivery) (c contacts, err error) {
	_, rest, _ := strings.Cut(d.Source, ":")
	number, _, _ := strings.Cut(rest, ":")
	no, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return c, nil // it tells of no change
	}
	page, err := i.registry.HistoryPage(ctx, registry.System(), d.RegistrantID, strconv.FormatInt(no-1, 10), 1)
	if err != nil || len(page.Entries) == 0 {
		return c, err
	}
	reached, err := i.reachedBy(ctx)
	if err != nil {
		return c, err
	}
	for _, change := range page.Entries[0].Changes {
		if change.Kind != registry.KindValue {
			continue
		}
		switch reached[change.Field] {
		case registry.TypePhone:
			c.Phone = change.Old
		case registry.TypeEmail:
			c.Email = change.Old
		}
	}
	return c, nil
}

// rested is what is known of a person without contacts that rest: that were entered
// less than contactRest ago by the person, and that nobody has attested.
func (i *Issuer) rested(ctx context.Context, p registry.Person) (map[string]registry.Value, error) {
	var young []string
	for _, key := range []string{fieldPhone, fieldEmail} {
		if v, there := p.Values[key]; there && i.now().Sub(v.RecordedAt) < contactRest {
			young = append(young, key)
		}
	}
	if len(young) == 0 {
		return p.Values, nil
	}
	page, err := i.registry.LatestHistory(ctx, registry.System(), p.ID, "", 0)
	if err != nil {
		return nil, err
	}
	values := maps.Clone(p.Values)
	for _, key := range young {
		if !vouched(page.Entries, key) {
			delete(values, key)
		}
	}
	return values, nil
}

// vouched tells whether somebody else stands for the value of a field, by the newest
// entries of the change log: who entered it, or who attested it.
func vouched(newest []registry.LogEntry, key string) bool {
	for _, e := range newest {
		for _, c := range e.Changes {
			switch {
			case c.Field != key:
			case c.Kind == registry.KindAttestation && c.New == string(registry.StateAttested):
				return true
			case c.Kind == registry.KindValue:
				return e.Channel != registry.ChannelSelf
			}
		}
	}
	return false
}
