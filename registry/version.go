package registry

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Version is a person's record as it was. The default version is the one that
// Person gives: its number is Person.VersionNo.
type Version struct {
	No      int
	Label   string // a named version; "": none
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
	Values       values    `gorm:"embedded"`
	Author       string    `gorm:"column:author"`
	Channel      Channel   `gorm:"column:channel"`
	Reason       string    `gorm:"column:reason"`
	CreatedAt    db.Time   `gorm:"column:created_at;autoCreateTime:false"`
}

func (versionRow) TableName() string { return "registrant_version" }

func versionRowOf(c *built) *versionRow {
	return &versionRow{RegistrantID: c.Row.ID, VersionNo: c.Row.VersionNo, Values: c.Row.Values,
		Author: c.Log.Actor, Channel: c.Log.Channel, Reason: c.Log.Reason, CreatedAt: c.Log.At}
}

// Versions gives all versions of a person's or group's record, oldest first. It returns
// NotFound or Forbidden: see Person.
func (r *Registry) Versions(ctx context.Context, a Actor, id uuid.UUID) ([]Version, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return nil, err
	}
	var out []Version
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		rec, err := r.loadRecord(tx, id, "")
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
			out[i] = rows[i].toVersion(text)
		}
		return nil
	})
	return out, err
}

func loadVersions(tx *gorm.DB, id uuid.UUID) ([]versionRow, error) {
	var rows []versionRow
	if err := tx.Where("registrant_id = ?", id).Order("version_no").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load versions: %w", err)
	}
	return rows, nil
}

func (v *versionRow) toVersion(text map[string]string) Version {
	return Version{No: v.VersionNo, Label: string(v.Label), Author: v.Author, Reason: v.Reason, Channel: v.Channel,
		At: v.CreatedAt.Time, Values: v.Values.with(text)}
}
