package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// GroupQuery asks for groups. All parts that are given must fit.
type GroupQuery struct {
	Kind  string // key of a GroupKind; "": all
	Text  string // part of a name, a registration number, or a whole identifier
	After string // GroupPage.Next of the page before
	Limit int    // groups per page; 0: 50, at most 200
}

// GroupPage is one page of groups, in the order of their registration.
type GroupPage struct {
	Groups []Group
	Next   string // GroupQuery.After of the next page; "" after the last
}

// Groups finds groups, ended ones too. It returns Invalid "bad_query" (with the
// wrong member) or "bad_cursor", or Forbidden: registrants find none.
func (r *Registry) Groups(ctx context.Context, a Actor, q GroupQuery) (GroupPage, error) {
	if err := a.checkWithin(toSearch); err != nil {
		return GroupPage{}, err
	}
	after, err := parseAfter(q.After)
	if err != nil {
		return GroupPage{}, err
	}
	var page GroupPage
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		hidden, err := r.hiddenFrom(tx, a)
		if err != nil {
			return err
		}
		where, err := r.groupConditions(tx, hidden, q)
		if err != nil {
			return err
		}
		where.and("id > ?", after)
		where.within(a.to(toSearch))
		page, err = r.readGroups(tx, where, pageSize(q.Limit), hidden)
		return err
	})
	return page, err
}

func (r *Registry) groupConditions(tx *gorm.DB, hidden map[string]bool, q GroupQuery) (*where, error) {
	kind := q.Kind
	if kind == "" {
		kind = AnyGroup
	} else if _, err := r.loadGroupKind(tx, kind, ""); err != nil {
		return nil, badQuery("kind")
	}
	fields, err := r.fieldSetOf(tx, kind)
	if err != nil {
		return nil, err
	}
	where, err := r.conditions(tx, fields, hidden, Query{Text: q.Text})
	if err != nil {
		return nil, err
	}
	where.and("kind <> '" + PersonKind + "'") // as the index of groups has it
	if kind != AnyGroup {
		where.and("kind = ?", kind)
	}
	return where, nil
}

// readGroups opens the first limit groups that a condition finds, and says where
// the next page begins. The values of hidden fields are left out.
func (r *Registry) readGroups(tx *gorm.DB, w *where, limit int, hidden map[string]bool) (GroupPage, error) {
	rows, err := r.findPage(tx, w, limit+1)
	if err != nil {
		return GroupPage{}, err
	}
	var page GroupPage
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = formatAfter(rows[limit-1].ID)
	}
	recs, err := r.openRecords(tx, rows)
	if err != nil {
		return GroupPage{}, err
	}
	ids := make([]uuid.UUID, len(recs))
	for i, rec := range recs {
		ids[i] = rec.row.ID
	}
	sizes, err := sizesOf(tx, ids)
	for _, rec := range recs {
		g := groupOf(rec.row, without(hidden, rec.text))
		g.Size = sizes[g.ID]
		page.Groups = append(page.Groups, g)
	}
	return page, err
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
