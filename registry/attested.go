package registry

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// FieldState is where one field of a person or group stands, for people to read.
type FieldState struct {
	Field        string
	State        State
	Changed      bool // it was decided once, and the value differs since
	By           string
	At           time.Time
	Comment      string
	AttestedText string // the value that was decided on, "" if nobody decided or it cannot be read
}

// FieldStates gives the state of every attestable field that has a value or a
// decision. It returns NotFound or Forbidden: see Person.
func (r *Registry) FieldStates(ctx context.Context, a Actor, id uuid.UUID) (map[string]FieldState, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return nil, err
	}
	out := map[string]FieldState{}
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
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

// decided is a state with the attestation that made it and the version that was
// looked at.
type decided struct {
	State      stateRow `gorm:"embedded"`
	AttestedBy string   `gorm:"column:attested_by"`
	Comment    string   `gorm:"column:comment"`
	VersionNo  int      `gorm:"column:version_no"`
}

func (r *Registry) addDecisions(tx *gorm.DB, fields *fieldSet, rec record, out map[string]FieldState) error {
	var rows []decided
	err := tx.Raw(`SELECT s.field, s.state, s.seq, s.decided_hash, s.hash_key_id, s.since, a.attested_by, a.comment, a.version_no
		FROM field_state s JOIN attestation a ON a.registrant_id = s.registrant_id AND a.field = s.field AND a.seq = s.seq
		WHERE s.registrant_id = ?`, rec.row.ID).Scan(&rows).Error
	if err != nil {
		return fmt.Errorf("load decisions: %w", err)
	}
	old, err := versionTexts(tx, rec, rows)
	if err != nil {
		return err
	}
	for _, row := range rows {
		key := fields.byNo[row.State.Field].Key
		out[key] = FieldState{
			Field: key, State: r.stateOf(rec, key, row.State), Changed: row.State.State != StateNew && !r.stands(rec, key, row.State),
			By: row.AttestedBy, At: row.State.Since.Time, Comment: row.Comment, AttestedText: old[row.VersionNo][key],
		}
	}
	return nil
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
	Number       string
	VersionNo    int
	ChainNo      int64                    // compare it at the gate: it moves with every edit and every decision
	Values       map[string]AttestedValue // by field
}

// Attested gives the values of a person or group that are attested now, and no other. It
// asks for no Actor: it is for the issuer, which decides whom it serves. It
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
		out = Attested{RegistrantID: id, Number: rec.row.Number, VersionNo: rec.row.VersionNo, ChainNo: rec.row.ChainNo,
			Values: map[string]AttestedValue{}}
		values := rec.row.Values.with(rec.text)
		for no, s := range states {
			def := fields.byNo[no]
			if r.stateOf(rec, def.Key, s) == StateAttested {
				v := values[def.Key]
				out.Values[def.Key] = AttestedValue{Value: v, Hash: r.keys.ValueHash(id, def.Key, v.Text), Retired: def.Retired}
			}
		}
		return nil
	})
	return out, err
}
