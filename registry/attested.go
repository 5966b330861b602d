package registry

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/registry/seal"
)

// FieldState is where one field of a person or group stands, for people to read.
type FieldState struct {
	Field        string
	State        State
	Status       string // key of the status that was named; "": none
	Changed      bool   // it was decided once, and the value differs since
	By           string
	At           time.Time
	Comment      string
	ExpiresAt    time.Time // of ATTESTED and EXPIRED; zero: never
	AttestedText string    // the value that was decided on, "" if nobody decided or it cannot be read
	Proposal     Proposal  // zero: there is none
	Appeal       OwnAppeal // against the decision; zero: there is none

	Evidence []uuid.UUID // documents that the decision is based on
}

// Proposal is the first of two attesters' decision about the live value.
type Proposal struct {
	State   State
	Status  string
	By      string
	At      time.Time
	Comment string

	Evidence []uuid.UUID
}

// OwnAppeal is where the appeal against a decision stands, beside the decision.
type OwnAppeal struct {
	ID     uuid.UUID
	State  AppealState
	At     time.Time
	Answer string // the words that declined it
}

// FieldStates gives the state of every attestable field that has a value or a
// decision. It returns NotFound or Forbidden: see Person.
func (r *Registry) FieldStates(ctx context.Context, a Actor, id uuid.UUID) (map[string]FieldState, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return nil, err
	}
	out := map[string]FieldState{}
	err := r.reading(ctx, a, id, func(tx *gorm.DB) error {
		rec, err := r.loadRecord(tx, a.to(toRead), id, "")
		if err != nil {
			return err
		}
		fields, err := r.fieldSetOf(tx, rec.row.Kind)
		if err != nil {
			return err
		}
		for _, def := range fields.list {
			if def.Attestable && rec.text[def.Key] != "" {
				out[def.Key] = FieldState{Field: def.Key, State: StateNew}
			}
		}
		if err := r.addDecisions(tx, fields, rec, out); err != nil {
			return err
		}
		without(fields.hiddenFrom(a), out)
		return nil
	})
	return out, err
}

// decided is a state with the attestation that made it, the version that was
// looked at, the proposal and the appeal. What may be missing is optional.
type decided struct {
	State      stateRow  `gorm:"embedded"`
	AttestedBy optional  `gorm:"column:attested_by"`
	Comment    optional  `gorm:"column:comment"`
	VersionNo  int       `gorm:"column:version_no"`
	Proposed   optional  `gorm:"column:p_state"`
	ProposedAs optional  `gorm:"column:p_status"`
	ProposedBy optional  `gorm:"column:p_by"`
	ProposedAt *db.Time  `gorm:"column:p_at"`
	Proposal   optional  `gorm:"column:p_comment"`
	AppealID   uuid.UUID `gorm:"column:l_id"`
	Appeal     optional  `gorm:"column:l_state"`
	AppealAt   *db.Time  `gorm:"column:l_at"`
	Answer     optional  `gorm:"column:l_answer"`
}

// open unseals the words in a row.
func (d *decided) open(key seal.Record) error {
	comment, err := openComment(key, d.State.Field, d.State.Seq, string(d.Comment))
	if err != nil {
		return err
	}
	proposal, err := openComment(key, d.State.Field, d.State.Proposal, string(d.Proposal))
	if err != nil {
		return err
	}
	answer, err := openAnswer(key, d.AppealID, string(d.Answer))
	d.Comment, d.Proposal, d.Answer = optional(comment), optional(proposal), optional(answer)
	return err
}

func (r *Registry) addDecisions(tx *gorm.DB, fields *fieldSet, rec record, out map[string]FieldState) error {
	var rows []decided
	err := tx.Raw(`SELECT s.field, s.state, s.status, s.seq, s.proposal, s.decided_hash, s.hash_key_id, s.since, s.expires_at,
			a.attested_by, a.comment, coalesce(a.version_no, 0) AS version_no,
			p.state AS p_state, p.status AS p_status, p.attested_by AS p_by, p.at AS p_at, p.comment AS p_comment,
			l.id AS l_id, l.state AS l_state, l.at AS l_at, l.answer AS l_answer
		FROM field_state s
		LEFT JOIN attestation a ON a.registrant_id = s.registrant_id AND a.field = s.field AND a.seq = s.seq
		LEFT JOIN attestation p ON p.registrant_id = s.registrant_id AND p.field = s.field AND p.seq = s.proposal
		LEFT JOIN attestation_appeal l ON l.registrant_id = s.registrant_id AND l.field = s.field AND l.seq = s.seq
		WHERE s.registrant_id = ?`, rec.row.ID).Scan(&rows).Error
	if err != nil {
		return fmt.Errorf("load decisions: %w", err)
	}
	old, err := versionTexts(tx, rec, rows)
	if err != nil {
		return err
	}
	documents, err := loadEvidence(tx, rec.row.ID)
	if err != nil {
		return err
	}
	now, evidence := r.now(), evidenceOf(documents)
	for _, row := range rows {
		if err := row.open(rec.key); err != nil {
			return err
		}
		if def := fields.byNo[row.State.Field]; def != nil && (row.State.Seq > 0 || row.State.Proposal > 0) {
			s := r.fieldState(rec, def.Key, row, old[row.VersionNo][def.Key], now)
			s.Evidence, s.Proposal.Evidence = evidence[[2]int{def.No, row.State.Seq}], evidence[[2]int{def.No, row.State.Proposal}]
			out[def.Key] = s
		}
	}
	return nil
}

func (r *Registry) fieldState(rec record, key string, row decided, then string, now time.Time) FieldState {
	s := row.State
	out := FieldState{Field: key, State: r.stateOf(rec, key, s, now),
		Proposal: Proposal{State: State(row.Proposed), Status: string(row.ProposedAs), By: string(row.ProposedBy), At: timeOf(row.ProposedAt), Comment: string(row.Proposal)},
		Appeal:   OwnAppeal{ID: row.AppealID, State: AppealState(row.Appeal), At: timeOf(row.AppealAt), Answer: string(row.Answer)},
	}
	if s.Seq == 0 {
		return out
	}
	out.Changed = s.State != StateNew && !r.stands(rec, key, s)
	out.By, out.At, out.Comment, out.ExpiresAt, out.AttestedText = string(row.AttestedBy), s.Since.Time, string(row.Comment), timeOf(s.ExpiresAt), then
	if out.State == s.State {
		out.Status = s.Status
	}
	return out
}

// versionTexts opens the versions that decisions were made on.
func versionTexts(tx *gorm.DB, rec record, rows []decided) (map[int]map[string]string, error) {
	numbers := make([]int, len(rows))
	for i, row := range rows {
		numbers[i] = row.VersionNo
	}
	texts := map[int]map[string]string{}
	if len(numbers) == 0 {
		return texts, nil
	}
	var versions []versionRow
	if err := tx.Where("registrant_id = ? AND version_no IN ?", rec.row.ID, numbers).Find(&versions).Error; err != nil {
		return nil, fmt.Errorf("load versions: %w", err)
	}
	for i := range versions {
		text, err := versions[i].Values.open(rec.key)
		if err != nil {
			return nil, fmt.Errorf("open version %d: %w", versions[i].VersionNo, err)
		}
		texts[versions[i].VersionNo] = text
	}
	return texts, nil
}

// AttestedValue is a value that is attested now, with the keyed hash (16 bytes)
// that tells this value of this person from any other.
type AttestedValue struct {
	Value
	Hash    []byte
	Retired bool // the field is retired: what was issued stays true, and nothing new says it
}

// Attested is what may be said of a person or group now.
type Attested struct {
	RegistrantID uuid.UUID
	Kind         string // PersonKind or a kind of group
	Number       string
	Active       bool
	VersionNo    int
	ChainNo      int64                    // compare it at the gate: it moves with every edit and every decision
	Values       map[string]AttestedValue // by field
	Waiting      map[string]bool          // fields whose value nobody has decided on: neither attested nor rejected
}

// Attested gives the values of a person or group that are attested now, and no
// other but, of a household, the facts that are counted (CountedFields), and
// which fields wait for a decision. It asks for no Actor: it is for the issuer,
// which decides whom it serves. It
// returns NotFound.
func (r *Registry) Attested(ctx context.Context, id uuid.UUID) (Attested, error) {
	var out Attested
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		rec, err := r.loadRecord(tx, System().to(toRead), id, "")
		if err != nil {
			return err
		}
		fields, err := r.fieldSetOf(tx, rec.row.Kind)
		if err != nil {
			return err
		}
		states, err := loadStates(tx, id)
		if err != nil {
			return err
		}
		out = Attested{RegistrantID: id, Kind: rec.row.Kind, Number: rec.row.Number, Active: rec.row.Status == statusActive, VersionNo: rec.row.VersionNo, ChainNo: rec.row.ChainNo,
			Values: map[string]AttestedValue{}, Waiting: map[string]bool{}}
		values, now := rec.row.Values.with(rec.text), r.now()
		for _, def := range fields.list {
			if def.Attestable && rec.text[def.Key] != "" && r.stateOf(rec, def.Key, states[def.No], now) == StateNew {
				out.Waiting[def.Key] = true
			}
		}
		for no, s := range states {
			def := fields.byNo[no]
			if r.stateOf(rec, def.Key, s, now) == StateAttested {
				v := values[def.Key]
				out.Values[def.Key] = AttestedValue{Value: v, Hash: r.keys.ValueHash(id, def.Key, v.Text), Retired: def.Retired}
			}
		}
		if rec.row.Kind != HouseholdKind {
			return nil
		}
		return r.addCounted(tx, id, db.Date(now.UTC().Format(time.DateOnly)), out.Values)
	})
	return out, err
}
