package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// AppealsOf lists the appeals of a registrant, in whatever state, the newest first,
// for the registrant alone: after is AppealPage.Next of the page before, limit its
// most appeals (0: 50, at most 200). What was answered by a decision has no words:
// the decision is the answer. It returns NotFound, Invalid "bad_cursor", or Forbidden.
func (r *Registry) AppealsOf(ctx context.Context, a Actor, id uuid.UUID, after string, limit int) (AppealPage, error) {
	if err := a.checkOn(toAppeal, id); err != nil {
		return AppealPage{}, err
	}
	before, err := parseAfter(after)
	if err != nil {
		return AppealPage{}, err
	}
	size := pageSize(limit)
	var page AppealPage
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		if _, err := readRow(tx, a.to(toAppeal), id, ""); err != nil {
			return err
		}
		all, err := r.allFields(tx)
		if err != nil {
			return err
		}
		rows, err := ownAppeals(tx, all.hiddenNos(a), id, before, size+1)
		if err != nil {
			return err
		}
		page = AppealPage{}
		if len(rows) > size {
			rows = rows[:size]
			page.Next = formatAfter(rows[size-1].Appeal.ID)
		}
		page.Appeals, err = r.openAppeals(tx, all, rows)
		return err
	})
	return page, err
}

// hiddenNos are the numbers of the fields that the actor is not told of.
func (s *fieldSet) hiddenNos(a Actor) []int {
	nos := []int{-1} // no field: a list in SQL must not be empty
	for key := range s.hiddenFrom(a) {
		nos = append(nos, s.byKey[key].No)
	}
	return nos
}

func ownAppeals(tx *gorm.DB, hidden []int, id, before uuid.UUID, limit int) ([]appealedRow, error) {
	w := &where{}
	w.and("l.registrant_id = ?", id)
	w.and("l.field NOT IN ?", hidden)
	if before != uuid.Nil {
		w.and("l.id < ?", before)
	}
	var rows []appealedRow
	err := tx.Raw(`SELECT l.*, registrant.number, a.attested_by AS rejected_by, a.comment AS rejection
		FROM attestation_appeal l
		JOIN registrant ON registrant.id = l.registrant_id
		JOIN attestation a ON a.registrant_id = l.registrant_id AND a.field = l.field AND a.seq = l.seq
		WHERE `+w.text()+` ORDER BY l.id DESC LIMIT ?`, append(w.args, limit)...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list the appeals of a registrant: %w", err)
	}
	return rows, nil
}
