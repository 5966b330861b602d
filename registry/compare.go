package registry

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"
)

// Comparison says in what two versions of one record differ.
type Comparison struct {
	From, To    Version // Values is nil: Differences has what differs
	Differences []Difference
}

// Difference is one field that two versions hold different values of.
type Difference struct {
	Field    string
	Label    map[string]string // words per language, from the definition
	Old, New Value             // the zero Value: the version has none
}

// CompareVersions says field by field, in the order of the fields' positions, in
// what version to of a person or group differs from version from. Each is named by its number, its
// label or DefaultVersion. It returns NotFound "no_such_person" or
// "no_such_version", or Forbidden: see Person.
func (r *Registry) CompareVersions(ctx context.Context, a Actor, id uuid.UUID, from, to string) (Comparison, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return Comparison{}, err
	}
	var out Comparison
	err := r.reading(ctx, a, id, func(tx *gorm.DB) error {
		rec, err := r.loadRecord(tx, a.to(toRead), id, "")
		if err != nil {
			return err
		}
		fields, err := r.fieldSetOf(tx, rec.row.Kind)
		if err != nil {
			return err
		}
		if out.From, err = openVersion(tx, rec, from); err != nil {
			return err
		}
		if out.To, err = openVersion(tx, rec, to); err != nil {
			return err
		}
		hidden := fields.hiddenFrom(a)
		out.Differences = differences(fields, without(hidden, out.From.Values), without(hidden, out.To.Values))
		out.From.Values, out.To.Values = nil, nil
		return nil
	})
	return out, err
}

// openVersion reads the version that somebody named.
func openVersion(tx *gorm.DB, rec record, name string) (Version, error) {
	row, err := findVersion(tx, rec, name)
	if err != nil {
		return Version{}, err
	}
	text, err := row.Values.open(rec.key)
	if err != nil {
		return Version{}, fmt.Errorf("open version %d: %w", row.VersionNo, err)
	}
	return row.toVersion(text), nil
}

// findVersion reads a version by its number, its label or DefaultVersion.
func findVersion(tx *gorm.DB, rec record, name string) (versionRow, error) {
	name = strings.Join(strings.Fields(norm.NFC.String(name)), " ")
	if strings.EqualFold(name, DefaultVersion) {
		return loadVersion(tx, rec.row.ID, rec.row.VersionNo)
	}
	if number, err := strconv.ParseInt(name, 10, 32); err == nil {
		return loadVersion(tx, rec.row.ID, int(number))
	}
	if checkText(name) != nil || checkLabel(name) != nil { // no version is called so
		return versionRow{}, errNoVersion()
	}
	var rows []versionRow
	if err := tx.Where("registrant_id = ? AND label = ?", rec.row.ID, name).Find(&rows).Error; err != nil {
		return versionRow{}, fmt.Errorf("find a version: %w", err)
	}
	if len(rows) == 0 {
		return versionRow{}, errNoVersion()
	}
	return rows[0], nil
}

func differences(fields *fieldSet, before, after map[string]Value) []Difference {
	var out []Difference
	for _, def := range fields.list {
		if old, now := before[def.Key], after[def.Key]; old.Text != now.Text {
			out = append(out, Difference{Field: def.Key, Label: def.Label, Old: old, New: now})
		}
	}
	return out
}
