package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// GroupPage is one page of groups, in the order of Page.
type GroupPage struct {
	Groups []Group
	Next   string // Query.After of the next page; "" after the last
	Total  Total  // if it was asked for
}

// Groups finds groups, ended ones too. It returns Invalid "bad_query" (with the
// wrong member) or "bad_cursor", or Forbidden: registrants find none.
func (r *Registry) Groups(ctx context.Context, a Actor, q Query) (GroupPage, error) {
	if err := a.checkWithin(toSearch); err != nil {
		return GroupPage{}, err
	}
	var page GroupPage
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		s, err := r.searchFor(tx, a, AnyGroup, q)
		if err != nil {
			return err
		}
		found, err := r.find(tx, s)
		if err != nil {
			return err
		}
		page = GroupPage{Next: found.next, Total: found.total}
		page.Groups, err = r.openGroups(tx, found.rows, s.hidden)
		return err
	})
	return page, err
}

// openGroups opens the groups of a page. The values of hidden fields are left
// out.
func (r *Registry) openGroups(tx *gorm.DB, rows []registrantRow, hidden map[string]bool) ([]Group, error) {
	recs, err := r.openRecords(tx, rows)
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(recs))
	for i, rec := range recs {
		ids[i] = rec.row.ID
	}
	sizes, err := sizesOf(tx, ids)
	var groups []Group
	for _, rec := range recs {
		g := groupOf(rec.row, without(hidden, rec.text))
		g.Size = sizes[g.ID]
		groups = append(groups, g)
	}
	return groups, err
}

// sizesOf counts the members that groups have now.
func sizesOf(tx *gorm.DB, ids []uuid.UUID) (map[uuid.UUID]int, error) {
	sizes := make(map[uuid.UUID]int, len(ids))
	if len(ids) == 0 {
		return sizes, nil
	}
	var rows []struct {
		GroupID uuid.UUID `gorm:"column:group_id"`
		N       int       `gorm:"column:n"`
	}
	err := tx.Raw(`SELECT group_id, count(*) AS n FROM membership WHERE group_id IN ? AND end_date IS NULL GROUP BY group_id`, ids).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count members: %w", err)
	}
	for _, row := range rows {
		sizes[row.GroupID] = row.N
	}
	return sizes, nil
}

// sizeOn counts the members of a group on a day.
func sizeOn(tx *gorm.DB, id uuid.UUID, day string) (n int, err error) {
	err = tx.Raw(`SELECT count(*) FROM membership WHERE group_id = ? AND start_date <= ? AND (end_date IS NULL OR end_date > ?)`, id, db.Date(day), db.Date(day)).Scan(&n).Error
	if err != nil {
		return 0, fmt.Errorf("count members: %w", err)
	}
	return n, nil
}
