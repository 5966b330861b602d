package registry

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/registry/seal"
)

// attestationRow is a row of attestation: one decision, never changed.
type attestationRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id;primaryKey"`
	Field        int       `gorm:"column:field;primaryKey;autoIncrement:false"`
	Seq          int       `gorm:"column:seq;primaryKey;autoIncrement:false"`
	VersionNo    int       `gorm:"column:version_no"`
	ValueHash    db.Bytes  `gorm:"column:value_hash"`
	HashKeyID    string    `gorm:"column:hash_key_id"`
	State        State     `gorm:"column:state"`
	Status       string    `gorm:"column:status"`
	Proposal     bool      `gorm:"column:proposal"` // the first of two attesters: it decides nothing yet
	AttestedBy   string    `gorm:"column:attested_by"`
	At           db.Time   `gorm:"column:at"`
	Comment      string    `gorm:"column:comment"` // sealed: see sealComment
	ExpiresAt    *db.Time  `gorm:"column:expires_at"`
	Undoes       int       `gorm:"column:undoes"` // seq of the decision that is taken back with an import: State is what stands again; 0: none
}

// stateRow is a row of field_state: the decision about one field of one person that
// counts, mostly the last one. It stands while LiveHash equals DecidedHash.
type stateRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id;primaryKey"`
	Field        int       `gorm:"column:field;primaryKey;autoIncrement:false"`
	State        State     `gorm:"column:state"`
	Status       string    `gorm:"column:status"`
	Seq          int       `gorm:"column:seq"`      // 0: there is only a proposal, or nothing any more
	Proposal     int       `gorm:"column:proposal"` // seq of the proposal about the live value; 0: none
	LastSeq      int       `gorm:"column:last_seq"`
	DecidedHash  db.Bytes  `gorm:"column:decided_hash"`
	LiveHash     db.Bytes  `gorm:"column:live_hash"`
	HashKeyID    string    `gorm:"column:hash_key_id"`
	Since        db.Time   `gorm:"column:since"`
	ExpiresAt    *db.Time  `gorm:"column:expires_at"`
}

func (attestationRow) TableName() string { return "attestation" }
func (stateRow) TableName() string       { return "field_state" }

// sealedComment names the place that the comment of a decision is bound to, with
// the field and the seq of the decision.
const sealedComment = "attestation"

func commentPlace(field, seq int) string { return fmt.Sprintf("%d/%d", field, seq) }

// sealComment puts words into a row that has its field and its seq. Where there are
// none nothing is sealed, so that SQL can tell.
func (a *attestationRow) sealComment(key seal.Record, words string) {
	if a.Comment = ""; words != "" {
		a.Comment = key.SealText(sealedComment, commentPlace(a.Field, a.Seq), words)
	}
}

// comment gives the words of a row.
func (a *attestationRow) comment(key seal.Record) (string, error) {
	return openComment(key, a.Field, a.Seq, a.Comment)
}

// openComment reverses sealComment.
func openComment(key seal.Record, field, seq int, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	words, err := key.OpenText(sealedComment, commentPlace(field, seq), sealed)
	if err != nil {
		return "", fmt.Errorf("open a comment: %w", err)
	}
	return words, nil
}

// after is the state of a field once a decision or a proposal about its live
// value is stored. A proposal leaves what was decided as it is.
func (s stateRow) after(a attestationRow) stateRow {
	next := stateRow{RegistrantID: a.RegistrantID, Field: a.Field, State: a.State, Status: a.Status, Seq: a.Seq, LastSeq: a.Seq,
		DecidedHash: a.ValueHash, LiveHash: a.ValueHash, HashKeyID: a.HashKeyID, Since: a.At, ExpiresAt: a.ExpiresAt}
	switch {
	case a.Proposal && s.Seq > 0:
		next = s
		next.Proposal, next.LastSeq = a.Seq, a.Seq
	case a.Proposal:
		next.State, next.Status, next.Seq, next.Proposal, next.ExpiresAt = StateNew, "", 0, a.Seq, nil
	}
	return next
}

// nullTime is a moment for a column; the zero time is NULL.
func nullTime(t time.Time) *db.Time {
	if t.IsZero() {
		return nil
	}
	at := db.TimeOf(t)
	return &at
}

// loadStates reads the decisions about one person by the number of the field.
func loadStates(tx *gorm.DB, id uuid.UUID) (map[int]stateRow, error) {
	var rows []stateRow
	if err := tx.Where("registrant_id = ?", id).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load field states: %w", err)
	}
	states := make(map[int]stateRow, len(rows))
	for _, row := range rows {
		states[row.Field] = row
	}
	return states, nil
}

// stands tells whether a decision is about the value that the field has now.
// It asks the value itself, not live_hash, which is there for searching.
func (r *Registry) stands(rec record, key string, s stateRow) bool {
	text := rec.text[key]
	return text != "" && r.keys.SameValue(s.HashKeyID, s.DecidedHash, rec.row.ID, key, text)
}

// stateOf is the state of a field at a moment; the zero row is that of a field
// without a decision.
func (r *Registry) stateOf(rec record, key string, s stateRow, now time.Time) State {
	if s.Seq == 0 || !r.stands(rec, key, s) {
		return StateNew
	}
	return s.State.At(now, timeOf(s.ExpiresAt))
}
