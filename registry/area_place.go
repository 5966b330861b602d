package registry

import (
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/fault"
	"socialregistry/registry/translit"
)

// place is an area that a text names.
type place struct {
	code  string   // "": none
	above []string // codes of it and of those above it, from the top down
}

// areaKey is the form in which texts and names of areas are compared.
func areaKey(text string) string { return translit.Fold(text) }

// findPlace gives the area that a text with this areaKey names, by its code or by
// a name; the zero place if there is none.
func findPlace(tx *gorm.DB, key string) (place, error) {
	if key == "" {
		return place{}, nil
	}
	var paths []string
	err := tx.Raw(`SELECT a.path FROM area_name n JOIN area a ON a.code = n.code WHERE n.name = ?`, key).Scan(&paths).Error
	if err != nil {
		return place{}, fmt.Errorf("find an area: %w", err)
	}
	if len(paths) == 0 {
		return place{}, nil
	}
	above := pathCodes(paths[0])
	return place{code: above[len(above)-1], above: above}, nil
}

// enter finds out, for an actor with bounds, where a new record will be: what the
// actor may write into it depends on that. It returns Forbidden "outside_area".
func (b *builder) enter(set map[string]string) error {
	b.above = nil
	if len(b.actor.Grants) == 0 || b.placeOf == nil {
		return nil
	}
	for _, key := range areaFields() {
		if set[key] == "" || checkText(set[key]) != nil {
			continue
		}
		at, err := b.placeOf(areaKey(set[key]))
		if err != nil {
			return err
		}
		b.above = at.above
		break
	}
	if !b.actor.to(toRegister).reaches(&registrantRow{Kind: b.fields.kind}, b.above) {
		return errOutsideArea()
	}
	return nil
}

func errOutsideArea() error {
	return fault.New(fault.Forbidden, "outside_area", "This account is responsible for other areas only.")
}

// nameArea notes what the values name as the area, if that differs from before.
func (c *built) nameArea(before string) {
	if text := c.Row.Values.areaText(); text != before {
		name := areaKey(text)
		c.AreaName = &name
	}
}

// settle gives a record the area that its values name. Staff with bounds neither
// register anybody outside of them nor move somebody out: it returns Forbidden
// "outside_area" then.
func (c *built) settle(tx *gorm.DB) error {
	moved := c.AreaName != nil
	if !moved && c.NewKey == nil {
		return nil
	}
	var at place
	if moved {
		var err error
		if at, err = findPlace(tx, *c.AreaName); err != nil {
			return err
		}
	}
	c.Row.Area = optional(at.code)
	act := toEdit
	switch {
	case c.NewKey != nil:
		act = toRegister
	case c.asked != nil:
		act = toApprove
	}
	if len(c.by.Grants) > 0 && !c.by.to(act).reaches(&c.Row, at.above) {
		return errOutsideArea()
	}
	return nil
}

// assignChunk is how many records are given an area by one statement.
const assignChunk = 2000

// assignAreas gives every record the area that its values name now, and tells how
// many got another one. A record that no longer names one keeps the old.
func assignAreas(tx *gorm.DB) (int, error) {
	names, err := loadAreaNames(tx)
	if err != nil {
		return 0, err
	}
	total := 0
	for after := uuid.Nil; ; {
		var rows []struct {
			ID   uuid.UUID
			Said string
			Area optional
		}
		err := tx.Raw(`SELECT id, coalesce(extra ->> 'area', extra ->> 'group_region', region) AS said, area FROM registrant
			WHERE id > ? AND coalesce(extra ->> 'area', extra ->> 'group_region', region) IS NOT NULL ORDER BY id LIMIT ?`, after, assignChunk).Scan(&rows).Error
		if err != nil {
			return 0, fmt.Errorf("read what records say of their area: %w", err)
		}
		moves := map[string][]uuid.UUID{}
		for _, row := range rows {
			if code := names[areaKey(row.Said)]; code != "" && code != string(row.Area) {
				moves[code] = append(moves[code], row.ID)
			}
		}
		n, err := moveRecords(tx, moves)
		if err != nil {
			return 0, err
		}
		if total += n; len(rows) < assignChunk {
			return total, nil
		}
		after = rows[len(rows)-1].ID
	}
}

func moveRecords(tx *gorm.DB, moves map[string][]uuid.UUID) (n int, err error) {
	for code, ids := range moves {
		done := tx.Exec(`UPDATE registrant SET area = ? WHERE id IN ?`, code, ids)
		if done.Error != nil {
			return 0, fmt.Errorf("give records an area: %w", done.Error)
		}
		n += int(done.RowsAffected)
	}
	return n, nil
}
