package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// MaxNames is how many records one call of Names looks at.
const MaxNames = 1000

// Named is how a list calls a person or a group.
type Named struct {
	ID     uuid.UUID
	Kind   string // PersonKind or a kind of group
	Number string // registration number
	Name   string // the names in the order of their fields; "" for one without, or erased
}

// Names gives kind, number and name of people and groups, and no other value.
// Who is not there, or outside the bounds of the actor, is left out; so are all
// beyond the first MaxNames. It returns Forbidden: registrants are told of nobody.
func (r *Registry) Names(ctx context.Context, a Actor, ids []uuid.UUID) (map[uuid.UUID]Named, error) {
	if err := a.checkWithin(toSearch); err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var out map[uuid.UUID]Named
	err := r.db.Read(ctx, func(tx *gorm.DB) (err error) {
		out, err = r.readNames(tx, a, ids[:min(len(ids), MaxNames)])
		return err
	})
	return out, err
}

func (r *Registry) readNames(tx *gorm.DB, a Actor, ids []uuid.UUID) (map[uuid.UUID]Named, error) {
	var rows []registrantRow
	if err := tx.Raw(`SELECT `+registrantColumns+` FROM registrant WHERE id IN ?`, ids).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("load names: %w", err)
	}
	known, err := a.to(toSearch).known(tx, ids)
	if err != nil {
		return nil, err
	}
	recs, err := r.openRecords(tx, rows)
	if err != nil {
		return nil, err
	}
	all, err := r.allFields(tx)
	if err != nil {
		return nil, err
	}
	hidden, out := all.hiddenFrom(a), make(map[uuid.UUID]Named, len(rows))
	for _, row := range rows {
		if known(row.ID) {
			out[row.ID] = Named{ID: row.ID, Kind: row.Kind, Number: row.Number}
		}
	}
	for _, rec := range recs {
		if n, ok := out[rec.row.ID]; ok {
			n.Name = all.names(without(hidden, rec.text))
			out[n.ID] = n
		}
	}
	return out, nil
}
