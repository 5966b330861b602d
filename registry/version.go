package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// Version is a person's record as it was. The default version is the one that
// Person gives: its number is Person.VersionNo.
type Version struct {
	No      int
	Label   string // a named version; "": none
	Basis   int    // the version that it repeats but for what the registry keeps: see SetDefault; 0: none
	Author  string
	Reason  string
	Channel Channel
	At      time.Time
	Values  map[string]Value
}

// versionRow is a row of registrant_version: a copy of the live row's values,
// inserted and never changed.
type versionRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id;primaryKey"`
	VersionNo    int       `gorm:"column:version_no;primaryKey;autoIncrement:false"`
	Label        optional  `gorm:"column:label"`
	Basis        int       `gorm:"column:basis"`
	Values       values    `gorm:"embedded"`
	Author       string    `gorm:"column:author"`
	Channel      Channel   `gorm:"column:channel"`
	Reason       string    `gorm:"column:reason"`
	CreatedAt    db.Time   `gorm:"column:created_at;autoCreateTime:false"`
}

func (versionRow) TableName() string { return "registrant_version" }

func versionRowOf(c *built) *versionRow {
	v := &versionRow{RegistrantID: c.Row.ID, VersionNo: c.Row.VersionNo, Label: optional(c.Label), Basis: c.Basis, Values: c.Row.Values,
		Author: c.Log.Actor, Channel: c.Log.Channel, Reason: c.Log.Reason, CreatedAt: c.Log.At}
	if c.asked != nil { // the log names who approved
		v.Author, v.Channel = c.asked.author, c.asked.channel
	}
	return v
}

// Versions gives all versions of a person's or group's record, oldest first. It returns
// NotFound or Forbidden: see Person.
func (r *Registry) Versions(ctx context.Context, a Actor, id uuid.UUID) ([]Version, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return nil, err
	}
	var out []Version
	err := r.reading(ctx, a, id, func(tx *gorm.DB) error {
		rec, err := r.loadRecord(tx, a.to(toRead), id, "")
		if err != nil {
			return err
		}
		hidden, err := r.hiddenFrom(tx, a)
		if err != nil {
			return err
		}
		rows, err := loadVersions(tx, id)
		if err != nil {
			return err
		}
		out = make([]Version, len(rows))
		for i := range rows {
			text, err := rows[i].Values.open(rec.key)
			if err != nil {
				return fmt.Errorf("open version %d: %w", rows[i].VersionNo, err)
			}
			out[i] = rows[i].toVersion(without(hidden, text))
		}
		return nil
	})
	return out, err
}

// storeVersion inserts the version that a change makes. Its number is free, as
// the record is locked: what stands in the way is its label. It returns Conflict
// "label_taken".
func (r *Registry) storeVersion(tx *gorm.DB, c *built) error {
	err := tx.Create(versionRowOf(c)).Error
	switch {
	case c.Label != "" && r.db.Dialect.IsDuplicate(err):
		return errLabelTaken()
	case err != nil:
		return fmt.Errorf("store a version: %w", err)
	}
	return nil
}

func loadVersions(tx *gorm.DB, id uuid.UUID) ([]versionRow, error) {
	var rows []versionRow
	if err := tx.Where("registrant_id = ?", id).Order("version_no").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load versions: %w", err)
	}
	return rows, nil
}

// loadVersion reads one version. It returns NotFound "no_such_version".
func loadVersion(tx *gorm.DB, id uuid.UUID, number int) (versionRow, error) {
	var rows []versionRow
	if err := tx.Where("registrant_id = ? AND version_no = ?", id, number).Find(&rows).Error; err != nil {
		return versionRow{}, fmt.Errorf("load a version: %w", err)
	}
	if len(rows) == 0 {
		return versionRow{}, errNoVersion()
	}
	return rows[0], nil
}

// versionOf names one version of one record.
type versionOf struct {
	id     uuid.UUID
	number int
}

// versionChunk is how many versions one statement reads: SQLite nests as deep.
const versionChunk = 200

// loadVersionsOf reads these versions, of many records, and no others.
func loadVersionsOf(tx *gorm.DB, wanted []versionOf) (map[versionOf]versionRow, error) {
	found := make(map[versionOf]versionRow, len(wanted))
	for some := range slices.Chunk(wanted, versionChunk) {
		args := make([]any, 0, 2*len(some))
		for _, v := range some {
			args = append(args, v.id, v.number)
		}
		one := "registrant_id = ? AND version_no = ?"
		var rows []versionRow
		if err := tx.Where(one+strings.Repeat(" OR "+one, len(some)-1), args...).Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("load versions of many records: %w", err)
		}
		for _, row := range rows {
			found[versionOf{row.RegistrantID, row.VersionNo}] = row
		}
	}
	return found, nil
}

func errNoVersion() error {
	return fault.New(fault.NotFound, "no_such_version", "This person has no such version.")
}

func (v *versionRow) toVersion(text map[string]string) Version {
	return Version{No: v.VersionNo, Label: string(v.Label), Basis: v.Basis, Author: v.Author, Reason: v.Reason, Channel: v.Channel,
		At: v.CreatedAt.Time, Values: v.Values.with(text)}
}
