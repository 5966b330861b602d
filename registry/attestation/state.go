package attestation

import (
	"slices"
	"time"
)

// State is where a value stands.
type State string

// The states. A value that nobody has decided on, and one that differs from the
// value that was decided on, is New. Only Attested goes into a credential.
const (
	New      State = "NEW"
	Attested State = "ATTESTED"
	Rejected State = "REJECTED"
	Expired  State = "EXPIRED" // was attested for a time that is over: the clock says so, nobody decides it
	Revoked  State = "REVOKED" // was attested, and should not have been
)

// States lists all of them.
func States() []State { return []State{New, Attested, Rejected, Expired, Revoked} }

// Known tells whether s is one of the states.
func (s State) Known() bool { return slices.Contains(States(), s) }

// Decidable tells whether somebody may decide s.
func (s State) Decidable() bool { return s.Known() && s != Expired }

// NeedsComment tells whether a decision for s says why: the person reads it.
func (s State) NeedsComment() bool { return s == Rejected || s == Revoked }

// At is s as the clock leaves it: what is attested until a time is expired from
// that moment on. The zero time is no end.
func (s State) At(now, expires time.Time) State {
	if s == Attested && !expires.IsZero() && !now.Before(expires) {
		return Expired
	}
	return s
}

// moves is the table of decisions: what may follow each state. The clock alone
// makes Expired of Attested. What is revoked is taken back first, so that nobody
// attests again by a slip what somebody has just revoked.
func moves(from State) []State {
	switch from {
	case New:
		return []State{Attested, Rejected}
	case Attested:
		return []State{New, Attested, Rejected, Revoked}
	case Rejected, Expired:
		return []State{New, Attested, Rejected}
	case Revoked:
		return []State{New}
	}
	return nil
}

// Standing is where a value stands when somebody decides about it.
type Standing struct {
	State   State
	Status  string // key of the status that stands for the state; "": none
	Pending bool   // there is something to take back that does not stand: a proposal, or a decision about another value
}

// Allows tells whether a decision may follow: a move of the table, another status
// for the same state, or taking back what is pending.
func (s Standing) Allows(to State, status string) bool {
	if slices.Contains(moves(s.State), to) {
		return true
	}
	return to == s.State && to.Decidable() && (status != s.Status || to == New && s.Pending)
}
