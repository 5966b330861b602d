package registry

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/fault"
)

// PersonAt gives a person's default version as it was at a moment: the one that
// the change log had made the default until then. VersionNo, LatestNo, ChainNo
// and UpdatedAt are those of that moment, the number and the status are today's.
// It returns NotFound, also when the person was registered later, or Forbidden:
// see Person.
func (r *Registry) PersonAt(ctx context.Context, a Actor, id uuid.UUID, at time.Time) (Person, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return Person{}, err
	}
	var p Person
	err := r.reading(ctx, a, id, func(tx *gorm.DB) error {
		rec, err := r.load(tx, a.to(toRead), id, "")
		if err != nil {
			return err
		}
		hidden, err := r.hiddenFrom(tx, a)
		if err != nil {
			return err
		}
		then, err := recordAt(tx, rec, at)
		if err == nil {
			p = personOf(then.row, without(hidden, then.text))
		}
		return err
	})
	return p, err
}

// GroupAt is PersonAt for a group: the values and the number of members of that
// moment. It returns NotFound "no_such_group", or "not_registered_then" for one that
// is younger, or Forbidden.
func (r *Registry) GroupAt(ctx context.Context, a Actor, id uuid.UUID, at time.Time) (Group, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return Group{}, err
	}
	var g Group
	err := r.reading(ctx, a, id, func(tx *gorm.DB) error {
		rec, err := r.loadGroup(tx, a.to(toRead), id, "")
		if err != nil {
			return err
		}
		hidden, err := r.hiddenFrom(tx, a)
		if err != nil {
			return err
		}
		then, err := recordAt(tx, rec, at)
		if err != nil {
			return err
		}
		g = groupOf(then.row, without(hidden, then.text))
		g.Size, err = sizeOn(tx, id, at.UTC().Format(time.DateOnly))
		return err
	})
	return g, err
}

// recordAt turns a record back to a moment.
func recordAt(tx *gorm.DB, rec record, at time.Time) (record, error) {
	rows, err := loadLog(tx, rec.row.ID)
	if err != nil {
		return record{}, err
	}
	then := newReplay(rec.key)
	row := rec.row
	for _, entry := range rows {
		if entry.At.After(at) {
			break
		}
		moved, err := then.play(entry)
		if err != nil {
			return record{}, err
		}
		if row.ChainNo = entry.ChainNo; moved {
			row.UpdatedAt = entry.At
		}
	}
	if then.number == 0 {
		return record{}, fault.New(fault.NotFound, "not_registered_then", "Nothing was registered under this number at that time.")
	}
	v, err := loadVersion(tx, rec.row.ID, then.number)
	if err != nil {
		return record{}, err
	}
	row.VersionNo, row.LatestNo, row.Values = then.number, len(then.versions), v.Values
	return openRecord(row, rec.key)
}
