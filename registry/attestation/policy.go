package attestation

import (
	"slices"
	"time"
)

// OwnEdit says whether an account may attest a value that it entered itself.
type OwnEdit string

// The rules about own edits. The empty one is whatever the registry as a whole
// says.
const (
	OwnEditAllowed OwnEdit = "allowed"
	OwnEditRefused OwnEdit = "refused"
)

// MaxDays bounds the days of a policy: a hundred years.
const MaxDays = 36_525

// Policy is what a field asks of those who attest it. The zero Policy asks
// nothing: one attester, whoever has the role, without an end.
type Policy struct {
	Attesters    int     `json:"attesters,omitempty"`     // 2: another account has to confirm the same value; 0 is 1
	OwnEdit      OwnEdit `json:"own_edit,omitempty"`      // empty: as for the registry as a whole
	Area         bool    `json:"area,omitempty"`          // only attesters of an area that holds the record, not those of everywhere
	ValidDays    int     `json:"valid_days,omitempty"`    // days until an attestation expires; 0: never
	DeadlineDays int     `json:"deadline_days,omitempty"` // days after which an undecided value is overdue; 0: never

	EvidenceRequired bool `json:"evidence_required,omitempty"` // whoever attests names a document
}

// Problem says in words what is wrong with a policy, or "".
func (p Policy) Problem() string {
	switch {
	case p.Attesters < 0 || p.Attesters > 2:
		return "attesters is 1 or 2."
	case !slices.Contains([]OwnEdit{"", OwnEditAllowed, OwnEditRefused}, p.OwnEdit):
		return "own_edit is allowed or refused."
	case p.ValidDays < 0 || p.ValidDays > MaxDays:
		return "valid_days is from 0 to 36525."
	case p.DeadlineDays < 0 || p.DeadlineDays > MaxDays:
		return "deadline_days is from 0 to 36525."
	}
	return ""
}

// Proposal is the first of two decisions, while the value is the same.
type Proposal struct {
	By string // account; "": there is none
}

// Case is what a policy has to know of one decision.
type Case struct {
	To       State
	By       string   // the account that decides
	Authors  []string // accounts that entered the value
	InArea   bool     // a role of the account is bounded to an area that holds the record
	Proposal Proposal // that stands for this value
	Evidence bool     // the decision names a document
}

// Verdict is what a policy makes of a decision: it counts, it waits for a second
// one, or it is refused.
type Verdict struct {
	Proposes bool
	Code     string // why it is refused; "": it is not
	Words    string
}

// Codes of the refusals.
const (
	CodeOwnEdit      = "own_edit"
	CodeOutsideArea  = "outside_area"
	CodeSameAttester = "same_attester"
	CodeNoEvidence   = "evidence_required"
)

// Judge holds one decision to the policy. Two attesters, and not the own edit,
// are asked for where something is attested; one is enough to say no.
func (p Policy) Judge(c Case) Verdict {
	switch {
	case p.Area && !c.InArea:
		return Verdict{Code: CodeOutsideArea, Words: "Only an attester of the area of this record decides about this field."}
	case c.To != Attested:
		return Verdict{}
	case p.EvidenceRequired && !c.Evidence:
		return Verdict{Code: CodeNoEvidence, Words: "Name the document that proves the value."}
	case p.OwnEdit == OwnEditRefused && slices.Contains(c.Authors, c.By):
		return Verdict{Code: CodeOwnEdit, Words: "This account entered the value: somebody else has to attest it."}
	case p.Attesters < 2:
		return Verdict{}
	case c.Proposal.By == c.By:
		return Verdict{Code: CodeSameAttester, Words: "This account has attested it already: another one has to confirm."}
	}
	return Verdict{Proposes: c.Proposal.By == ""}
}

// ExpiresAt is the end of an attestation that is made now; the zero time: none.
func (p Policy) ExpiresAt(to State, now time.Time) time.Time {
	if to != Attested || p.ValidDays == 0 {
		return time.Time{}
	}
	return now.AddDate(0, 0, p.ValidDays)
}

// OverdueBefore is the moment before which an undecided value must have been
// recorded to be overdue now; the zero time: none is.
func (p Policy) OverdueBefore(now time.Time) time.Time {
	if p.DeadlineDays == 0 {
		return time.Time{}
	}
	return now.AddDate(0, 0, -p.DeadlineDays)
}
