package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/attestation"
)

// State is where a field of a person stands; the rules are in package
// attestation.
type State = attestation.State

// The states. A field nobody has decided on, and one whose value has changed
// since the decision, is NEW.
const (
	StateNew      = attestation.New
	StateAttested = attestation.Attested
	StateRejected = attestation.Rejected
	StateExpired  = attestation.Expired
	StateRevoked  = attestation.Revoked
)

// maxCommentLength is in characters.
const maxCommentLength = 500

// Decision is what somebody decides about the value that a field has now.
type Decision struct {
	Field   string
	State   State  // NEW takes an earlier decision, or a proposal, back
	Status  string // key of an AttestationStatus, which says the state; "": State alone
	Comment string // needed to reject and to revoke; the person sees it

	Evidence []uuid.UUID // documents of the record that it is based on; the person may read them
}

// Attest records decisions about values of a person or a group, as they stood in version expectVersion:
// all of them, or none. A decision is bound to the value by a keyed hash: it
// stands while the field has that value, and no longer. Where the field asks for
// two attesters, the first one's is a proposal, and decides nothing yet. It
// returns NotFound, Conflict "version_conflict", Forbidden, or Invalid
// "invalid_decisions" with one field per mistake: codes unknown_field,
// not_visible, not_attestable, outside_section, no_value, bad_state, bad_move,
// comment_required, doubled, no_such_document, unknown_status, status_retired,
// status_outside_office, own_rejection, those of attestation.Policy and of text.
func (r *Registry) Attest(ctx context.Context, a Actor, id uuid.UUID, expectVersion int, decisions []Decision) error {
	if err := a.checkOn(toAttest, id); err != nil {
		return err
	}
	if len(decisions) == 0 {
		return fault.New(fault.Invalid, "no_decisions", "Decide about at least one field.")
	}
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		rec, err := r.loadRecord(tx, a.to(toAttest), id, r.db.Dialect.ForUpdate())
		switch {
		case err != nil:
			return err
		case rec.row.VersionNo != expectVersion:
			return errVersionConflict()
		}
		b, err := r.loadBuilderOf(tx, rec.row.Kind, a, "", now)
		if err != nil {
			return err
		}
		d, err := r.loadDecider(tx, b, []decisionsOn{{rec, decisions}})
		if err != nil {
			return err
		}
		verdicts, bad := d.decide(rec, decisions)
		if len(bad) > 0 {
			return fault.InvalidFields("invalid_decisions", "Some decisions cannot be accepted.", bad)
		}
		return r.storeVerdicts(tx, b, rec, verdicts)
	})
}

// storeVerdicts writes decisions, their states, one entry of the change log and
// the moved head of its chain, and closes the appeals that they answer. No
// version is made: no value changes.
func (r *Registry) storeVerdicts(tx *gorm.DB, b *builder, rec record, verdicts []verdict) error {
	var diff []diffEntry
	rows, states := make([]attestationRow, len(verdicts)), make([]stateRow, len(verdicts))
	var evidence []evidenceRow
	var answered []int
	for i, v := range verdicts {
		rows[i], states[i] = v.row, v.state
		diff = append(append(diff, v.diff), evidenceDiff(v.diff.Field, v.evidence)...)
		evidence = append(evidence, v.evidence...)
		if v.answers {
			answered = append(answered, v.row.Field)
		}
	}
	if err := r.note(tx, b, &rec, diff...); err != nil {
		return err
	}
	if err := tx.Create(rows).Error; err != nil {
		return fmt.Errorf("store attestations: %w", err)
	}
	if err := storeEvidence(tx, evidence); err != nil {
		return err
	}
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(states).Error; err != nil {
		return fmt.Errorf("store field states: %w", err)
	}
	if err := answerAppeals(tx, b, rec.row.ID, answered); err != nil {
		return err
	}
	return r.refreshWaiting(tx, rec.row.ID)
}
