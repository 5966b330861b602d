package registry

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// Office is an office and the area that it serves.
type Office struct {
	Code    string            // in the form of the code of an area
	Label   map[string]string // words per language; en is always there
	Area    string            // code
	Active  bool              // false: retired
	Version int               // moves with every change
}

// officeRow is a row of office.
type officeRow struct {
	Code      string         `gorm:"column:code;primaryKey"`
	Label     column[labels] `gorm:"column:label"`
	Area      string         `gorm:"column:area"`
	Active    bool           `gorm:"column:active"`
	VersionNo int            `gorm:"column:version_no"`
	UpdatedAt db.Time        `gorm:"column:updated_at;autoUpdateTime:false"`
}

func (officeRow) TableName() string { return "office" }

func (o *officeRow) toOffice() Office {
	return Office{Code: o.Code, Label: o.Label.V, Area: o.Area, Active: o.Active, Version: o.VersionNo}
}

// officeState is an office in the history of settings.
type officeState struct {
	Label  labels `json:"label"`
	Area   string `json:"area"`
	Active bool   `json:"active"`
}

func (o *officeRow) state() officeState { return officeState{o.Label.V, o.Area, o.Active} }

func officeSubject(code string) string { return "office:" + code }

// OfficeQuery asks for offices; the zero value for all that are active.
type OfficeQuery struct {
	Area    string // code: offices of this area and of those below it
	Retired bool   // retired ones as well
	After   string // code of the last office of the page before
	Limit   int    // offices per page; 0: 50, at most 200
}

// OfficePage is one page of offices, by code.
type OfficePage struct {
	Offices []Office
	Next    string // OfficeQuery.After of the next page; "" after the last
}

// Offices lists offices. It returns NotFound "no_such_area", Invalid "bad_cursor"
// or Forbidden: they are for staff.
func (r *Registry) Offices(ctx context.Context, a Actor, q OfficeQuery) (OfficePage, error) {
	if err := a.checkWithin(toReadAreas); err != nil {
		return OfficePage{}, err
	}
	if q.After != "" && !reAreaCode.MatchString(q.After) {
		return OfficePage{}, errBadCursor(nil)
	}
	limit := min(q.Limit, maxPage)
	if limit < 1 {
		limit = defaultPage
	}
	var page OfficePage
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		query := tx.Where("code > ?", q.After).Order("code").Limit(limit + 1)
		if !q.Retired {
			query = query.Where("active")
		}
		if q.Area != "" {
			if _, err := readArea(tx, q.Area, ""); err != nil {
				return err
			}
			query = query.Where(inArea("office"), q.Area)
		}
		var rows []officeRow
		if err := query.Find(&rows).Error; err != nil {
			return fmt.Errorf("list offices: %w", err)
		}
		if len(rows) > limit {
			rows = rows[:limit]
			page.Next = rows[limit-1].Code
		}
		for i := range rows {
			page.Offices = append(page.Offices, rows[i].toOffice())
		}
		return nil
	})
	return page, err
}

// Office gives one office. It returns NotFound "no_such_office" or Forbidden.
func (r *Registry) Office(ctx context.Context, a Actor, code string) (Office, error) {
	if err := a.checkWithin(toReadAreas); err != nil {
		return Office{}, err
	}
	var out Office
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		row, err := readOffice(tx, code, "")
		out = row.toOffice()
		return err
	})
	return out, err
}

func readOffice(tx *gorm.DB, code, lock string) (officeRow, error) {
	var rows []officeRow
	if reAreaCode.MatchString(code) {
		if err := tx.Raw(`SELECT * FROM office WHERE code = ?`+lock, code).Scan(&rows).Error; err != nil {
			return officeRow{}, fmt.Errorf("read an office: %w", err)
		}
	}
	if len(rows) == 0 {
		return officeRow{}, fault.New(fault.NotFound, "no_such_office", "There is no such office.")
	}
	return rows[0], nil
}

// OpenOffice adds an office. It returns Invalid "invalid_office" with the wrong
// members, Conflict "office_exists", or Forbidden.
func (r *Registry) OpenOffice(ctx context.Context, a Actor, o Office, reason string) (Office, error) {
	return r.writeOffice(ctx, a, o, reason, func(tx *gorm.DB, row *officeRow) (any, error) {
		row.VersionNo, row.Active = 1, true
		err := tx.Create(row).Error
		if r.db.Dialect.IsDuplicate(err) {
			err = fault.New(fault.Conflict, "office_exists", "There is an office with this code.")
		}
		return nil, err
	})
}

// ChangeOffice gives the office with o.Code another label, another area or, with
// Active false, retires it. o.Version is the one that was looked at. It returns
// NotFound "no_such_office", Invalid "invalid_office" with the wrong members,
// Conflict "version_conflict", or Forbidden.
func (r *Registry) ChangeOffice(ctx context.Context, a Actor, o Office, reason string) (Office, error) {
	return r.writeOffice(ctx, a, o, reason, func(tx *gorm.DB, row *officeRow) (any, error) {
		old, err := readOffice(tx, o.Code, r.db.Dialect.ForUpdate())
		if err != nil {
			return nil, err
		}
		if old.VersionNo != o.Version {
			return nil, errVersionConflict()
		}
		row.VersionNo = old.VersionNo + 1
		return old.state(), tx.Select("*").Updates(row).Error
	})
}

// writeOffice checks an office, has it stored by write, which gives the state
// before, and writes its history. Areas stand still meanwhile.
func (r *Registry) writeOffice(ctx context.Context, a Actor, o Office, reason string, write func(tx *gorm.DB, row *officeRow) (any, error)) (Office, error) {
	if err := a.check(toKeepAreas); err != nil {
		return Office{}, err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return Office{}, err
	}
	row := officeRow{Code: o.Code, Label: column[labels]{o.Label}, Area: o.Area, Active: o.Active}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if err := takeAreaTurn(tx); err != nil {
			return err
		}
		row.UpdatedAt = now
		if err := checkOffice(tx, o); err != nil {
			return err
		}
		before, err := write(tx, &row)
		if err != nil {
			return err
		}
		return r.logAdmin(tx, a, reason, now, officeSubject(row.Code), before, row.state())
	})
	if err != nil {
		return Office{}, err
	}
	return row.toOffice(), nil
}

// checkOffice returns Invalid "invalid_office".
func checkOffice(tx *gorm.DB, o Office) error {
	var bad []fault.Field
	if !reAreaCode.MatchString(o.Code) {
		bad = append(bad, fault.Field{Name: "code", Code: "bad_code", Detail: "Up to 40 capitals A to Z, digits, dots, dashes and underscores, with a letter or digit at both ends."})
	}
	if !labelsFine(o.Label) || o.Label["en"] == "" {
		bad = append(bad, fault.Field{Name: "label", Code: "invalid_label", Detail: "One line per language; English (en) is needed."})
	}
	at, err := readArea(tx, o.Area, "")
	switch {
	case fault.KindOf(err) == fault.NotFound:
		bad = append(bad, fault.Field{Name: "area", Code: "unknown_area", Detail: "There is no such area."})
	case err != nil:
		return err
	case !at.Active && o.Active:
		bad = append(bad, fault.Field{Name: "area", Code: "area_retired", Detail: "This area is retired."})
	}
	if len(bad) > 0 {
		return fault.InvalidFields("invalid_office", "The office has mistakes.", bad)
	}
	return nil
}
