package registry

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// State is where a field of a person stands.
type State string

// The states. A field nobody has decided on, and one whose value has changed
// since the decision, is NEW.
const (
	StateNew      State = "NEW"
	StateAttested State = "ATTESTED"
	StateRejected State = "REJECTED"
)

// maxCommentLength is in characters.
const maxCommentLength = 500

// Decision is what somebody decides about the value that a field has now.
type Decision struct {
	Field   string
	State   State  // NEW takes an earlier decision back
	Comment string // needed to reject; the person sees it
}

// Attest records decisions about values of a person or a group, as they stood in version expectVersion:
// all of them, or none. A decision is bound to the value by a keyed hash: it
// stands while the field has that value, and no longer. It returns NotFound,
// Conflict "version_conflict", Invalid "invalid_decisions" with one field per
// mistake (codes unknown_field, not_visible, not_attestable, outside_section,
// no_value, bad_state, comment_required, doubled and those of text), or Forbidden.
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
		states, err := loadStates(tx, id)
		if err != nil {
			return err
		}
		rows, err := b.decide(rec, states, decisions)
		if err != nil {
			return err
		}
		return r.storeDecisions(tx, b, rec, states, rows)
	})
}

// decide checks decisions and makes their rows.
func (b *builder) decide(rec record, states map[int]stateRow, decisions []Decision) ([]attestationRow, error) {
	var rows []attestationRow
	var bad []fault.Field
	seen := map[string]bool{}
	for _, d := range decisions {
		wrong := b.checkDecision(rec, d, seen)
		seen[d.Field] = true
		if wrong != nil {
			bad = append(bad, fault.Field{Name: shortKey(d.Field), Code: wrong.code, Detail: wrong.words})
			continue
		}
		no := b.fields.byKey[d.Field].No
		rows = append(rows, attestationRow{
			RegistrantID: rec.row.ID, Field: no, Seq: states[no].Seq + 1, VersionNo: rec.row.VersionNo,
			ValueHash: b.keys.ValueHash(rec.row.ID, d.Field, rec.text[d.Field]), HashKeyID: b.keys.HashKeyID(),
			State: d.State, AttestedBy: b.actor.name(), At: b.at, Comment: strings.TrimSpace(d.Comment),
		})
	}
	if len(bad) > 0 {
		return nil, fault.InvalidFields("invalid_decisions", "Some decisions cannot be accepted.", bad)
	}
	return rows, nil
}

func (b *builder) checkDecision(rec record, d Decision, seen map[string]bool) *mistake {
	def := b.fields.byKey[d.Field]
	switch {
	case def == nil:
		return &mistake{CodeUnknownField, "There is no such field."}
	case !b.actor.maySee(def.Field):
		return &mistake{"not_visible", "This account may not see this field."}
	case seen[d.Field]:
		return &mistake{"doubled", "There are two decisions about this field."}
	case !def.Attestable:
		return &mistake{"not_attestable", "This field is not attested."}
	case !b.actor.mayAttest(def.Field, rec.row.Kind, rec.above):
		return &mistake{"outside_section", "This account does not decide about this field."}
	case rec.text[d.Field] == "":
		return &mistake{"no_value", "There is no value to decide about."}
	case d.State != StateNew && d.State != StateAttested && d.State != StateRejected:
		return &mistake{"bad_state", "NEW, ATTESTED or REJECTED."}
	case d.State == StateRejected && strings.TrimSpace(d.Comment) == "":
		return &mistake{"comment_required", "Say why. The person will read it."}
	case utf8.RuneCountInString(d.Comment) > maxCommentLength:
		return tooLong(maxCommentLength)
	}
	return checkText(d.Comment)
}

// storeDecisions writes the decisions, their states, one entry of the change
// log and the moved head of its chain. No version is made: no value changes.
func (r *Registry) storeDecisions(tx *gorm.DB, b *builder, rec record, states map[int]stateRow, rows []attestationRow) error {
	diff := make([]diffEntry, len(rows))
	for i, row := range rows {
		key := b.fields.byNo[row.Field].Key
		before := r.stateOf(rec, key, states[row.Field])
		diff[i] = diffEntry{Field: key, Kind: KindAttestation, Old: string(before), New: string(row.State), Comment: row.Comment}
	}
	if err := r.note(tx, b, &rec, diff...); err != nil {
		return err
	}
	if err := tx.Create(rows).Error; err != nil {
		return fmt.Errorf("store attestations: %w", err)
	}
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(statesOf(rows)).Error; err != nil {
		return fmt.Errorf("store field states: %w", err)
	}
	return nil
}
