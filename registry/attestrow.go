package registry

import (
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
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
	AttestedBy   string    `gorm:"column:attested_by"`
	At           db.Time   `gorm:"column:at"`
	Comment      string    `gorm:"column:comment"`
}

// stateRow is a row of field_state: the last decision about one field of one
// person. It stands while LiveHash equals DecidedHash.
type stateRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id;primaryKey"`
	Field        int       `gorm:"column:field;primaryKey;autoIncrement:false"`
	State        State     `gorm:"column:state"`
	Seq          int       `gorm:"column:seq"`
	DecidedHash  db.Bytes  `gorm:"column:decided_hash"`
	LiveHash     db.Bytes  `gorm:"column:live_hash"`
	HashKeyID    string    `gorm:"column:hash_key_id"`
	Since        db.Time   `gorm:"column:since"`
}

func (attestationRow) TableName() string { return "attestation" }
func (stateRow) TableName() string       { return "field_state" }

func statesOf(rows []attestationRow) []stateRow {
	states := make([]stateRow, len(rows))
	for i, a := range rows {
		states[i] = stateRow{RegistrantID: a.RegistrantID, Field: a.Field, State: a.State, Seq: a.Seq,
			DecidedHash: a.ValueHash, LiveHash: a.ValueHash, HashKeyID: a.HashKeyID, Since: a.At}
	}
	return states
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

// stateOf is the state of a field now; the zero row is that of a field without
// a decision.
func (r *Registry) stateOf(rec record, key string, s stateRow) State {
	if s.Seq == 0 || !r.stands(rec, key, s) {
		return StateNew
	}
	return s.State
}
