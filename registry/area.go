package registry

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// Area is one area of the administrative hierarchy.
type Area struct {
	Code    string            // capitals, digits, dots, dashes and underscores
	Parent  string            // code of the area that it is part of; "": none
	Level   int               // greater than the parent's; 0 is mostly the country
	Name    map[string]string // words per language
	Path    []string          // codes from the top down to this one
	Active  bool              // false: retired; what lies in it stays there
	Version int               // moves with every change of the area
}

// Limits of areas.
const (
	maxAreaLevel = 20
	maxAreaPage  = 1000
)

// reAreaCode is the form of the codes of areas and offices: nothing that has a
// meaning in a path or in an address.
var reAreaCode = regexp.MustCompile(`^[A-Z0-9]([A-Z0-9._-]{0,38}[A-Z0-9])?$`)

// areaRow is a row of area.
type areaRow struct {
	Code      string         `gorm:"column:code;primaryKey"`
	Parent    optional       `gorm:"column:parent"`
	Level     int            `gorm:"column:level"`
	Name      column[labels] `gorm:"column:name"`
	Path      string         `gorm:"column:path"`
	Active    bool           `gorm:"column:active"`
	VersionNo int            `gorm:"column:version_no"`
	UpdatedAt db.Time        `gorm:"column:updated_at;autoUpdateTime:false"`
}

func (areaRow) TableName() string { return "area" }

func (a *areaRow) toArea() Area {
	return Area{Code: a.Code, Parent: string(a.Parent), Level: a.Level, Name: a.Name.V, Path: pathCodes(a.Path), Active: a.Active, Version: a.VersionNo}
}

// areaState is an area in the history of settings.
type areaState struct {
	Parent string `json:"parent"`
	Level  int    `json:"level"`
	Name   labels `json:"name"`
	Active bool   `json:"active"`
}

func (a *areaRow) state() areaState {
	return areaState{Parent: string(a.Parent), Level: a.Level, Name: a.Name.V, Active: a.Active}
}

func areaSubject(code string) string { return "area:" + code }

// AreaQuery asks for areas; the zero value for all that are active.
type AreaQuery struct {
	Text    string  // part of the code, or of the name in any language
	Under   string  // code: this area and those below it
	Of      *string // code: the areas that are part of this one, "" for those at the top; nil: all
	Level   *int    // nil: every level
	Retired bool    // retired ones as well
	After   string  // code of the last area of the page before
	Limit   int     // areas per page; 0: 50, at most 1000
}

// AreaPage is one page of areas; what is part of an area follows it.
type AreaPage struct {
	Areas []Area
	Next  string // AreaQuery.After of the next page; "" after the last
}

// Areas lists areas from the top down. It returns NotFound "no_such_area" for
// Under, Invalid "bad_cursor" or "bad_query", or Forbidden: they are for staff.
func (r *Registry) Areas(ctx context.Context, a Actor, q AreaQuery) (AreaPage, error) {
	if err := a.checkWithin(toReadAreas); err != nil {
		return AreaPage{}, err
	}
	limit := min(q.Limit, maxAreaPage)
	if limit < 1 {
		limit = defaultPage
	}
	var page AreaPage
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		w, err := areaConditions(tx, q)
		if err != nil {
			return err
		}
		var rows []areaRow
		if err := tx.Where(w.text(), w.args...).Order("path").Limit(limit + 1).Find(&rows).Error; err != nil {
			return fmt.Errorf("list areas: %w", err)
		}
		if len(rows) > limit {
			rows = rows[:limit]
			page.Next = rows[limit-1].Code
		}
		for i := range rows {
			page.Areas = append(page.Areas, rows[i].toArea())
		}
		return nil
	})
	return page, err
}

func areaConditions(tx *gorm.DB, q AreaQuery) (*where, error) {
	w := &where{sql: []string{"1 = 1"}}
	if !q.Retired {
		w.and("active")
	}
	if q.Level != nil {
		if *q.Level < 0 || *q.Level > maxAreaLevel {
			return nil, badQuery("level")
		}
		w.and("level = ?", *q.Level)
	}
	switch {
	case q.Of == nil:
	case *q.Of == "":
		w.and("parent IS NULL")
	default:
		w.and("parent = ?", *q.Of)
	}
	if q.Under != "" {
		top, err := readArea(tx, q.Under, "")
		if err != nil {
			return nil, err
		}
		w.and("path >= ? AND path < ?", top.Path, pathEnd(top.Path))
	}
	if q.Text != "" {
		if checkText(q.Text) != nil || len(q.Text) > maxSubject {
			return nil, badQuery("text")
		}
		w.and(namedLike(tx.Dialector.Name()), likePart(q.Text), likePart(q.Text))
	}
	if q.After != "" {
		last, err := readArea(tx, q.After, "")
		if fault.KindOf(err) == fault.NotFound {
			return nil, errBadCursor(err)
		}
		if err != nil {
			return nil, err
		}
		w.and("path > ?", last.Path)
	}
	return w, nil
}

// pathEnd is the end of the paths that begin with path: see inArea.
func pathEnd(path string) string { return strings.TrimSuffix(path, "/") + "0" }

// Area gives one area. It returns NotFound "no_such_area" or Forbidden.
func (r *Registry) Area(ctx context.Context, a Actor, code string) (Area, error) {
	if err := a.checkWithin(toReadAreas); err != nil {
		return Area{}, err
	}
	var out Area
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		row, err := readArea(tx, code, "")
		out = row.toArea()
		return err
	})
	return out, err
}

// readArea reads one area; lock is "" or one of the dialect's lock clauses. It
// returns NotFound "no_such_area".
func readArea(tx *gorm.DB, code, lock string) (areaRow, error) {
	var rows []areaRow
	if reAreaCode.MatchString(code) {
		if err := tx.Raw(`SELECT * FROM area WHERE code = ?`+lock, code).Scan(&rows).Error; err != nil {
			return areaRow{}, fmt.Errorf("read an area: %w", err)
		}
	}
	if len(rows) == 0 {
		return areaRow{}, fault.New(fault.NotFound, "no_such_area", "There is no such area.")
	}
	return rows[0], nil
}

// takeAreaTurn holds every other change of areas until the transaction ends: each
// must see the tree that the one before has left.
func takeAreaTurn(tx *gorm.DB) error {
	if err := tx.Exec(`UPDATE area_turn SET no = no + 1 WHERE one = 1`).Error; err != nil {
		return fmt.Errorf("wait for other changes of areas: %w", err)
	}
	return nil
}
