package issuer

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// StepExpired is the one step that nobody takes and nothing writes down.
const StepExpired = "expired"

// Whose hand a step was, where it is no rule of the ledger.
const (
	BySelf   = "self"   // the registrant, or the guardian or member who is told
	ByOffice = "office" // staff, as a registrant is told; staff are told the account
)

// Life is one credential from its offer to its end.
type Life struct {
	Issued
	Steps      []LifeStep // oldest first
	Supersedes uuid.UUID  // the credential in whose place it stands; zero: none
	ReplaceAt  time.Time  // when it is withdrawn for that at the latest; zero: not for that
}

// LifeStep is one step in the life of a credential.
type LifeStep struct {
	Step   string // a ledger.Step, or StepExpired
	At     time.Time
	By     string // BySelf, ByOffice, the name of an account, or a rule: ledger.ByFollower, BySweep, ByReissue, ByWallet; "": nobody
	Reason string // a code that the pages have words for, or words; "": none
}

// Life tells what happened to a credential: when, by whose hand and why. It returns
// NotFound, also for somebody else's, Forbidden and Unauthenticated.
func (i *Issuer) Life(ctx context.Context, a registry.Actor, id uuid.UUID) (Life, error) {
	row, err := i.issuanceFor(ctx, a, toSee, id)
	if err != nil {
		return Life{}, err
	}
	events, err := i.ledger.Life(ctx, id)
	if err != nil {
		return Life{}, err
	}
	out := Life{Issued: i.toIssued(row), Supersedes: row.Supersedes, ReplaceAt: row.ReplaceAt}
	names, err := i.actorNames(ctx, a, row.RegistrantID, events)
	if err != nil {
		return Life{}, err
	}
	for _, e := range events {
		out.Steps = append(out.Steps, LifeStep{Step: string(e.Step), At: e.At, By: names[e.By], Reason: e.Reason})
	}
	if ended := i.now(); !ended.Before(row.ValidUntil) {
		out.Steps = append(out.Steps, LifeStep{Step: StepExpired, At: row.ValidUntil})
		slices.SortStableFunc(out.Steps, func(a, b LifeStep) int { return a.At.Compare(b.At) })
	}
	return out, nil
}

// actorNames says what to call whoever took the steps. Only staff are told who sits in
// the office; a registrant, or who stands for one, is told whether it was the own hand
// or the office's.
func (i *Issuer) actorNames(ctx context.Context, a registry.Actor, registrant uuid.UUID, events []ledger.Event) (map[string]string, error) {
	names := map[string]string{}
	var accounts []uuid.UUID
	for _, e := range events {
		if id, err := uuid.Parse(e.By); err == nil {
			accounts = append(accounts, id)
		} else {
			names[e.By] = e.By
		}
	}
	owners, err := i.registry.AccountOwners(ctx, accounts)
	if err != nil {
		return nil, err
	}
	staff := isStaff(a, toSee)
	for _, id := range accounts {
		owner := owners[id]
		switch {
		case owner.RegistrantID == registrant, owner.RegistrantID != uuid.Nil && owner.RegistrantID == a.RegistrantID && !staff:
			names[id.String()] = BySelf
		case !staff || a.RegistrantID == registrant || owner.Name == "":
			names[id.String()] = ByOffice
		default:
			names[id.String()] = owner.Name
		}
	}
	return names, nil
}
