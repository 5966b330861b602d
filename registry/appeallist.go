package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// AppealPage is one page of the open appeals, the oldest first.
type AppealPage struct {
	Appeals []Appeal
	Next    string // after of the next page; "" after the last
}

// appealedRow is an open appeal with the decision that it is against.
type appealedRow struct {
	Appeal     appealRow `gorm:"embedded"`
	Number     string    `gorm:"column:number"`
	RejectedBy string    `gorm:"column:rejected_by"`
	Rejection  string    `gorm:"column:rejection"` // sealed
}

// Appeals lists the open appeals within the actor's bounds, against rejections
// that still stand: after is AppealPage.Next of the page before, limit its most
// appeals (0: 50, at most 200). It returns Invalid "bad_cursor", or Forbidden.
func (r *Registry) Appeals(ctx context.Context, a Actor, after string, limit int) (AppealPage, error) {
	if err := a.checkWithin(toReadAppeals); err != nil {
		return AppealPage{}, err
	}
	start, err := parseAfter(after)
	if err != nil {
		return AppealPage{}, err
	}
	size := pageSize(limit)
	var page AppealPage
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		all, err := r.allFields(tx)
		if err != nil {
			return err
		}
		w := &where{}
		w.and("l.state = ?", AppealOpen)
		w.and("l.id > ?", start)
		w.and("s.seq = l.seq AND s.live_hash = s.decided_hash")
		w.within(a.to(toReadAppeals))
		w.sections(a, all)
		rows, err := findAppeals(tx, w, size+1)
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

// sections leaves out the fields that the actor is not told of, and those about
// which none of the actor's roles reads appeals where the record is.
func (w *where) sections(a Actor, all *fieldSet) {
	hidden := all.hiddenFrom(a)
	for _, def := range all.list {
		if hidden[def.Key] {
			w.and("l.field <> ?", def.No)
			continue
		}
		bounds := access{actor: a.inSection(def.Section), roles: rolesFor(toReadAppeals), bySection: true}
		if sql, args := bounds.condition("registrant"); sql != "" && a.hasSections() {
			w.and("(l.field <> ? OR "+sql+")", append([]any{def.No}, args...)...)
		}
	}
}

// hasSections tells whether a role of the actor is bounded to a section.
func (a Actor) hasSections() bool {
	for _, g := range a.Grants {
		if g.Section != "" {
			return true
		}
	}
	return false
}

// inSection is the actor with what it may do in one section of fields. A role
// whose bounds all name other sections is gone.
func (a Actor) inSection(section string) Actor {
	roles, grants := []Role(nil), []Grant(nil)
	for _, g := range a.grants(a.Roles) {
		if g.Section == "" || g.Section == section {
			g.Section = ""
			roles, grants = append(roles, g.Role), append(grants, g)
		}
	}
	a.Roles, a.Grants = roles, grants
	return a
}

func findAppeals(tx *gorm.DB, w *where, limit int) ([]appealedRow, error) {
	var rows []appealedRow
	err := tx.Raw(`SELECT l.*, registrant.number, a.attested_by AS rejected_by, a.comment AS rejection
		FROM attestation_appeal l
		JOIN registrant ON registrant.id = l.registrant_id
		JOIN attestation a ON a.registrant_id = l.registrant_id AND a.field = l.field AND a.seq = l.seq
		JOIN field_state s ON s.registrant_id = l.registrant_id AND s.field = l.field
		WHERE `+w.text()+` ORDER BY l.id LIMIT ?`, append(w.args, limit)...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list appeals: %w", err)
	}
	return rows, nil
}

// openAppeals opens the words of appeals, with one query for all keys. Those of
// erased records are left out.
func (r *Registry) openAppeals(tx *gorm.DB, all *fieldSet, rows []appealedRow) ([]Appeal, error) {
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.Appeal.RegistrantID
	}
	keys, err := r.loadKeys(tx, ids)
	if err != nil {
		return nil, err
	}
	var out []Appeal
	for _, row := range rows {
		key, there := keys[row.Appeal.RegistrantID]
		def := all.byNo[row.Appeal.Field]
		if !there || def == nil {
			continue
		}
		text, err := row.Appeal.open(key)
		if err != nil {
			return nil, err
		}
		rejection, err := openComment(key, row.Appeal.Field, row.Appeal.Seq, row.Rejection)
		if err != nil {
			return nil, err
		}
		answer, err := openAnswer(key, row.Appeal.ID, row.Appeal.Answer)
		if err != nil {
			return nil, err
		}
		out = append(out, Appeal{ID: row.Appeal.ID, RegistrantID: row.Appeal.RegistrantID, Number: row.Number, Field: def.Key, Text: text,
			State: row.Appeal.State, At: row.Appeal.At.Time, RejectedBy: row.RejectedBy, Rejection: rejection,
			AnsweredBy: row.Appeal.AnsweredBy, AnsweredAt: timeOf(row.Appeal.AnsweredAt), Answer: answer})
	}
	return out, nil
}
