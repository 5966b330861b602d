package registry

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// MoveArea makes an area part of another one; parent "" puts it at the top. All
// that lies in it goes along. version is the one that was looked at. It returns
// NotFound "no_such_area", Invalid "invalid_area" (field parent: unknown_parent,
// area_cycle, parent_retired, bad_level), Conflict "version_conflict", or
// Forbidden.
func (r *Registry) MoveArea(ctx context.Context, a Actor, code, parent string, version int, reason string) (Area, error) {
	return r.changeArea(ctx, a, code, version, reason, func(tx *gorm.DB, row *areaRow) error {
		above, err := newParent(tx, *row, parent)
		if err != nil {
			return err
		}
		old := row.Path
		row.Parent, row.Path = optional(parent), above.Path+row.Code+"/"
		err = tx.Exec(`UPDATE area SET path = ? || substr(path, ?) WHERE path >= ? AND path < ?`,
			row.Path, len(old)+1, old, pathEnd(old)).Error
		if err != nil {
			return fmt.Errorf("move what lies in an area: %w", err)
		}
		return nil
	})
}

// newParent reads the area that another one is to be part of; the zero row for the
// top.
func newParent(tx *gorm.DB, row areaRow, parent string) (areaRow, error) {
	if parent == "" {
		return areaRow{}, nil
	}
	above, err := readArea(tx, parent, "")
	code, words := "", ""
	switch {
	case fault.KindOf(err) == fault.NotFound:
		code, words = "unknown_parent", "There is no such area."
	case err != nil:
		return areaRow{}, err
	case above.Path >= row.Path && above.Path < pathEnd(row.Path):
		code, words = "area_cycle", "An area cannot be part of itself, or of what lies in it."
	case !above.Active:
		code, words = "parent_retired", "This area is retired."
	case above.Level >= row.Level:
		code, words = "bad_level", "An area is part of one of a smaller level."
	default:
		return above, nil
	}
	return areaRow{}, fault.InvalidFields("invalid_area", "The area cannot be part of this one.", []fault.Field{{Name: "parent", Code: code, Detail: words}})
}

// RetireArea closes an area: no values name it any more and nothing is put into
// it; records, offices and rights that refer to it stay as they are. It returns
// NotFound "no_such_area", Conflict "area_in_use" while an area or an office in it
// is active, "area_retired", "version_conflict", or Forbidden.
func (r *Registry) RetireArea(ctx context.Context, a Actor, code string, version int, reason string) (Area, error) {
	return r.changeArea(ctx, a, code, version, reason, func(tx *gorm.DB, row *areaRow) error {
		if !row.Active {
			return fault.New(fault.Conflict, "area_retired", "This area is retired already.")
		}
		var used bool
		err := tx.Raw(`SELECT EXISTS (SELECT 1 FROM area WHERE parent = ? AND active) OR EXISTS (SELECT 1 FROM office WHERE area = ? AND active)`,
			code, code).Scan(&used).Error
		if err != nil {
			return fmt.Errorf("look what is in an area: %w", err)
		}
		if used {
			return fault.New(fault.Conflict, "area_in_use", "Retire the areas and the offices in it first.")
		}
		row.Active = false
		return nil
	})
}

// changeArea runs change on the row of one area while no other area changes, and
// stores it with its history.
func (r *Registry) changeArea(ctx context.Context, a Actor, code string, version int, reason string, change func(tx *gorm.DB, row *areaRow) error) (Area, error) {
	if err := a.check(toKeepAreas); err != nil {
		return Area{}, err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return Area{}, err
	}
	var out Area
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if err := takeAreaTurn(tx); err != nil {
			return err
		}
		row, err := readArea(tx, code, r.db.Dialect.ForUpdate())
		if err != nil {
			return err
		}
		if row.VersionNo != version {
			return errVersionConflict()
		}
		before := row.state()
		if err := change(tx, &row); err != nil {
			return err
		}
		row.VersionNo++
		row.UpdatedAt = now
		if err := tx.Select("*").Updates(&row).Error; err != nil {
			return fmt.Errorf("store an area: %w", err)
		}
		if named, err := syncAreaNames(tx); err != nil {
			return err
		} else if named {
			if _, err := assignAreas(tx); err != nil {
				return err
			}
		}
		out = row.toArea()
		return r.logAdmin(tx, a, reason, now, areaSubject(code), before, row.state())
	})
	return out, err
}
