package registry

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/seal"
)

// Registrants may appeal once against a decision that rejects a value of theirs.
// The value stays rejected; somebody other than who rejected it answers, by a new
// decision or with words.

// AppealState is where an appeal stands.
type AppealState string

// The states of an appeal.
const (
	AppealOpen     AppealState = "OPEN"
	AppealAnswered AppealState = "ANSWERED" // by a new decision
	AppealDeclined AppealState = "DECLINED" // with words
)

// maxAppealLength is in characters.
const maxAppealLength = 2000

// Appeal is what a registrant says against a rejection.
type Appeal struct {
	ID           uuid.UUID
	RegistrantID uuid.UUID
	Number       string // registration number
	Field        string
	Text         string
	State        AppealState
	At           time.Time
	RejectedBy   string
	Rejection    string // the comment of who rejected
	AnsweredBy   string // "" while it is open
	AnsweredAt   time.Time
	Answer       string // the words that declined it
}

// appealRow is a row of attestation_appeal.
type appealRow struct {
	RegistrantID uuid.UUID   `gorm:"column:registrant_id;primaryKey"`
	Field        int         `gorm:"column:field;primaryKey;autoIncrement:false"`
	Seq          int         `gorm:"column:seq;primaryKey;autoIncrement:false"`
	ID           uuid.UUID   `gorm:"column:id"`
	Text         db.Bytes    `gorm:"column:text"`
	State        AppealState `gorm:"column:state"`
	At           db.Time     `gorm:"column:at"`
	AnsweredBy   string      `gorm:"column:answered_by"`
	AnsweredAt   *db.Time    `gorm:"column:answered_at"`
	Answer       string      `gorm:"column:answer"` // sealed: see openAnswer
}

func (appealRow) TableName() string { return "attestation_appeal" }

// Names of the places that the sealed words of an appeal are bound to, each with
// the id of the appeal.
const (
	sealedAppeal = "attestation_appeal"
	sealedAnswer = "attestation_appeal.answer"
)

// open gives the words of an appeal.
func (p *appealRow) open(key seal.Record) (string, error) {
	plain, err := key.Open(sealedAppeal, p.ID.String(), p.Text)
	if err != nil {
		return "", fmt.Errorf("open an appeal: %w", err)
	}
	return string(plain), nil
}

// openAnswer gives the words that declined an appeal; "" if none did.
func openAnswer(key seal.Record, id uuid.UUID, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	words, err := key.OpenText(sealedAnswer, id.String(), sealed)
	if err != nil {
		return "", fmt.Errorf("open the answer to an appeal: %w", err)
	}
	return words, nil
}

// AppealDecision appeals against the rejection that stands for a field of the
// registrant's own record. It returns NotFound "no_such_person" or
// "no_such_field", Conflict "not_rejected" or "already_appealed", Invalid
// "invalid_appeal" with field text, or Forbidden.
func (r *Registry) AppealDecision(ctx context.Context, a Actor, id uuid.UUID, field, text string) (Appeal, error) {
	if err := a.checkOn(toAppeal, id); err != nil {
		return Appeal{}, err
	}
	text, err := cleanAppeal("text", text, maxAppealLength)
	if err != nil {
		return Appeal{}, err
	}
	appealID, err := uuid.NewV7()
	if err != nil {
		return Appeal{}, fmt.Errorf("appeal against a decision: %w", err)
	}
	var out Appeal
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		rec, err := r.load(tx, a.to(toAppeal), id, r.db.Dialect.ForUpdate())
		if err != nil {
			return err
		}
		b, err := r.loadBuilder(tx, a, "", now)
		if err != nil {
			return err
		}
		def := b.fields.byKey[field]
		if def == nil || !a.maySee(def.Field) {
			return errNoField()
		}
		standing, err := loadStanding(tx, []decisionsOn{{rec: rec}})
		if err != nil {
			return err
		}
		is := standing[id][def.No]
		if r.stateOf(rec, field, is.State, now.Time) != StateRejected {
			return fault.New(fault.Conflict, "not_rejected", "No rejection stands for this detail.")
		}
		row := appealRow{RegistrantID: id, Field: def.No, Seq: is.State.Seq, ID: appealID, State: AppealOpen, At: now,
			Text: rec.key.Seal(sealedAppeal, appealID.String(), []byte(text))}
		out = Appeal{ID: appealID, RegistrantID: id, Number: rec.row.Number, Field: field, Text: text, State: AppealOpen, At: now.Time, RejectedBy: string(is.DecidedBy)}
		return r.storeAppeal(tx, b, rec, row, diffEntry{Field: field, Kind: KindAppeal, New: string(AppealOpen), Comment: text})
	})
	return out, err
}

func (r *Registry) storeAppeal(tx *gorm.DB, b *builder, rec record, row appealRow, diff diffEntry) error {
	if err := r.note(tx, b, &rec, diff); err != nil {
		return err
	}
	err := tx.Create(&row).Error
	if r.db.Dialect.IsDuplicate(err) {
		return fault.New(fault.Conflict, "already_appealed", "There is an appeal against this decision already.")
	}
	if err != nil {
		return fmt.Errorf("store an appeal: %w", err)
	}
	return nil
}

// DeclineAppeal answers an open appeal with words, and leaves the value rejected.
// It returns NotFound "no_such_appeal", also for a record or a field outside of
// the actor's bounds, Conflict "appeal_closed", Invalid "invalid_appeal" with
// field comment, or Forbidden, "own_rejection" to who rejected the value.
func (r *Registry) DeclineAppeal(ctx context.Context, a Actor, id uuid.UUID, comment string) (Appeal, error) {
	if err := a.checkWithin(toAttest); err != nil {
		return Appeal{}, err
	}
	comment, err := cleanAppeal("comment", comment, maxCommentLength)
	if err != nil {
		return Appeal{}, err
	}
	var out Appeal
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		found, err := r.lockAppeal(tx, a, id, now)
		if err != nil {
			return err
		}
		switch {
		case found.row.State != AppealOpen:
			return fault.New(fault.Conflict, "appeal_closed", "This appeal has been answered already.")
		case found.by == a.name():
			return fault.New(fault.Forbidden, "own_rejection", "The person appealed against this account's decision: somebody else has to answer.")
		}
		row := found.row
		row.State, row.AnsweredBy, row.AnsweredAt = AppealDeclined, a.name(), &now
		row.Answer = found.rec.key.SealText(sealedAnswer, id.String(), comment)
		if err := tx.Select("state", "answered_by", "answered_at", "answer").Updates(&row).Error; err != nil {
			return fmt.Errorf("decline an appeal: %w", err)
		}
		if out, err = found.toAppeal(row); err != nil {
			return err
		}
		return r.note(tx, found.b, &found.rec, diffEntry{Field: out.Field, Kind: KindAppeal, Old: string(AppealOpen), New: string(AppealDeclined), Comment: comment})
	})
	return out, err
}

// lockedAppeal is an appeal with its record, which is locked.
type lockedAppeal struct {
	row appealRow
	rec record
	b   *builder
	by  string // who rejected
}

func (l *lockedAppeal) toAppeal(row appealRow) (Appeal, error) {
	text, err := row.open(l.rec.key)
	if err != nil {
		return Appeal{}, err
	}
	answer, err := openAnswer(l.rec.key, row.ID, row.Answer)
	return Appeal{ID: row.ID, RegistrantID: row.RegistrantID, Number: l.rec.row.Number, Field: l.b.fields.byNo[row.Field].Key, Text: text, State: row.State,
		At: row.At.Time, RejectedBy: l.by, AnsweredBy: row.AnsweredBy, AnsweredAt: timeOf(row.AnsweredAt), Answer: answer}, err
}

// lockAppeal returns NotFound "no_such_appeal" whatever keeps it from the actor.
func (r *Registry) lockAppeal(tx *gorm.DB, a Actor, id uuid.UUID, now db.Time) (*lockedAppeal, error) {
	none := fault.New(fault.NotFound, "no_such_appeal", "There is no such appeal.")
	var row appealRow
	if err := first(tx.Where("id = ?", id), &row, none); err != nil {
		return nil, err
	}
	recs, err := r.lockRecords(tx, a.to(toAttest), row.RegistrantID)
	if fault.KindOf(err) == fault.NotFound {
		return nil, none
	}
	if err != nil {
		return nil, err
	}
	out := &lockedAppeal{rec: *recs[row.RegistrantID]}
	if out.b, err = r.loadBuilderOf(tx, out.rec.row.Kind, a, "", now); err != nil {
		return nil, err
	}
	def := out.b.fields.byNo[row.Field]
	if def == nil || !a.maySee(def.Field) || !a.mayAttest(def.Field, out.rec.row.Kind, out.rec.above) {
		return nil, none
	}
	if err := first(tx.Where("id = ?", id), &out.row, none); err != nil { // as it is under the lock
		return nil, err
	}
	var decision attestationRow
	err = first(tx.Where("registrant_id = ? AND field = ? AND seq = ?", row.RegistrantID, row.Field, row.Seq), &decision, none)
	out.by = decision.AttestedBy
	return out, err
}

// answerAppeals closes the open appeals about fields that are decided on anew.
func answerAppeals(tx *gorm.DB, b *builder, id uuid.UUID, fields []int) error {
	if len(fields) == 0 {
		return nil
	}
	err := tx.Exec(`UPDATE attestation_appeal SET state = ?, answered_by = ?, answered_at = ?
		WHERE registrant_id = ? AND field IN ? AND state = ?`, AppealAnswered, b.actor.name(), b.at, id, fields, AppealOpen).Error
	if err != nil {
		return fmt.Errorf("answer appeals: %w", err)
	}
	return nil
}

// cleanAppeal checks what somebody says in or about an appeal.
func cleanAppeal(member, text string, length int) (string, error) {
	wrong := checkText(text)
	switch {
	case wrong != nil:
	case strings.TrimSpace(text) == "":
		wrong = &mistake{CodeRequired, "This is needed."}
	case utf8.RuneCountInString(text) > length:
		wrong = tooLong(length)
	}
	if wrong != nil {
		return "", fault.InvalidFields("invalid_appeal", "The appeal cannot be accepted.", []fault.Field{{Name: member, Code: wrong.code, Detail: wrong.words}})
	}
	return strings.TrimSpace(text), nil
}
