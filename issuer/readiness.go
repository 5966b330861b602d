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

// Issued is one credential as its holder and staff see it.
type Issued struct {
	ID           uuid.UUID
	Issuer       string // name, "" = the one at the root
	ConfigID     string
	RegistrantID uuid.UUID // whom it is about
	HeldBy       uuid.UUID // who holds it for the registrant; zero: the registrant
	ReplacedBy   uuid.UUID // the one that stands in its place; zero: none
	Format       string
	State        string // reserved, issued, withdrawn, failed
	VersionNo    int    // the version of the record that it was made from
	Fields       []string
	ValidFrom    time.Time
	ValidUntil   time.Time
	ReservedAt   time.Time
	IssuedAt     time.Time // zero: not yet
	WithdrawnAt  time.Time // zero: not withdrawn
	Reason       string    // why it was withdrawn
}

// Readiness says of one configuration whether a registrant can get it now.
type Readiness struct {
	Issuer     string // name, "" = the one at the root
	Config     Configuration
	Missing    []string    // mandatory fields that are not attested now; empty: a credential can be issued
	Live       *Issued     // the newest credential that is valid, nil if there is none
	Suspended  *Suspension // nil: none is; as long as one is, no new one is issued
	ReissueOf  uuid.UUID   // the one of ReissueDue; zero: it is not the actor's to replace
	ReissueDue bool        // one was withdrawn because a detail changed; a new one waits, as soon as nothing is missing
}

// Suspension is a credential that is suspended, since when and why.
type Suspension struct {
	Issued
	Since  time.Time
	Reason string // as the office gave it
}

// Readiness tells, for every configuration that is about such a record, what is missing, what the
// registrant has, and whether a new credential is due. It returns what
// Registry.Person returns for the actor.
func (i *Issuer) Readiness(ctx context.Context, a registry.Actor, registrantID uuid.UUID) ([]Readiness, error) {
	if err := i.may(ctx, a, toSee, registrantID); err != nil {
		return nil, err
	}
	valid, err := i.ledger.NewestValid(ctx, registrantID)
	if err != nil {
		return nil, err
	}
	suspended, err := i.suspensions(ctx, registrantID)
	if err != nil {
		return nil, err
	}
	attested, err := i.registry.Attested(ctx, registrantID)
	if err != nil {
		return nil, err
	}
	due, err := i.ledger.Reissues(ctx, registrantID)
	if err != nil {
		return nil, err
	}
	var out []Readiness
	for _, c := range i.configs {
		if told, err := i.tellsOf(ctx, a, attested, c); err != nil {
			return nil, err
		} else if !told {
			continue
		}
		_, missing := i.selectClaims(c, attested)
		ready := Readiness{Issuer: i.name, Config: c, Missing: missing, Live: i.newestOf(valid, c.ID), Suspended: suspended[c.ID]}
		for _, r := range due {
			if r.ConfigID == c.ID {
				ready.ReissueDue, ready.ReissueOf = true, replaceable(a, r)
			}
		}
		out = append(out, ready)
	}
	return out, nil
}

// suspensions gives, of each configuration, the newest credential that is suspended.
func (i *Issuer) suspensions(ctx context.Context, registrant uuid.UUID) (map[string]*Suspension, error) {
	rows, err := i.ledger.NewestSuspended(ctx, registrant)
	if err != nil {
		return nil, err
	}
	out := make(map[string]*Suspension, len(rows))
	for _, row := range rows {
		events, err := i.ledger.Life(ctx, row.ID)
		if err != nil {
			return nil, err
		}
		s := &Suspension{Issued: i.toIssued(row)}
		for _, e := range events { // the last one is the one that lasts
			if e.Step == ledger.StepSuspended {
				s.Since, s.Reason = e.At, e.Reason
			}
		}
		out[row.ConfigID] = s
	}
	return out, nil
}

// checkSuspended refuses an offer that would come to nothing at the wallet: one of the
// kind is suspended, and a new one would undo that.
func (i *Issuer) checkSuspended(ctx context.Context, o ledger.Offer) error {
	rows, err := i.ledger.NewestSuspended(ctx, o.RegistrantID)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if slices.Contains(o.ConfigIDs, row.ConfigID) {
			return errSuspended()
		}
	}
	return nil
}

func errSuspended() error {
	return fault.New(fault.Conflict, "suspended", "A credential of this kind is suspended: it is restored, or withdrawn, before a new one is issued.")
}

// replaceable gives the credential of a standing re-issue to who may get a new one in
// its place; zero to others, who can have one of their own.
func replaceable(a registry.Actor, r ledger.Reissue) uuid.UUID {
	if isStaff(a, toOffer) || r.HeldBy == uuid.Nil || r.HeldBy == a.RegistrantID {
		return r.IssuanceID
	}
	return uuid.Nil
}

// tellsOf says whether a configuration is about such a record and, to who represents it,
// may be held by that person.
func (i *Issuer) tellsOf(ctx context.Context, a registry.Actor, of registry.Attested, c Configuration) (bool, error) {
	if c.For != subjectOf(of.Kind) {
		return false, nil
	}
	if isStaff(a, toSee) {
		return true, nil
	}
	return i.mayHold(ctx, holderFor(a, of.RegistrantID), of.RegistrantID, c)
}

// maxShown bounds a list of credentials: a wallet that renews its own makes ever more.
const maxShown = 100

// Issued gives the newest credentials of a registrant, newest first, at most 100: one
// for all the copies that went out together. It returns NotFound for somebody else's record, Forbidden, Unauthenticated.
func (i *Issuer) Issued(ctx context.Context, a registry.Actor, registrantID uuid.UUID) ([]Issued, error) {
	if err := i.may(ctx, a, toSee, registrantID); err != nil {
		return nil, err
	}
	rows, err := i.ledger.Shown(ctx, registrantID, maxShown)
	if err != nil {
		return nil, err
	}
	out := make([]Issued, len(rows))
	for n, r := range rows {
		out[n] = i.toIssued(r)
	}
	return out, nil
}

func (i *Issuer) toIssued(r ledger.Issuance) Issued {
	out := Issued{ID: r.ID, Issuer: i.name, ConfigID: r.ConfigID, RegistrantID: r.RegistrantID, HeldBy: r.RepresentativeID, ReplacedBy: r.ReplacedBy,
		Format: r.Format, State: string(r.State), VersionNo: r.VersionNo,
		ValidFrom: r.ValidFrom, ValidUntil: r.ValidUntil, ReservedAt: r.ReservedAt, IssuedAt: r.IssuedAt, WithdrawnAt: r.ClosedAt, Reason: r.Reason}
	for _, f := range i.fieldOrder {
		if _, ok := r.Fields[f]; ok {
			out.Fields = append(out.Fields, f)
		}
	}
	return out
}

func (i *Issuer) newestOf(valid []ledger.Issuance, configID string) *Issued {
	for _, row := range valid {
		if row.ConfigID == configID {
			issued := i.toIssued(row)
			return &issued
		}
	}
	return nil
}
