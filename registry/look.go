package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// Whoever of the staff reads values of a person's record is written down, apart from the
// change log: one row per reader, record and day, however often it is read. Which reads
// are not looks: docs/design/messages.md.

// maxPurpose is in characters.
const maxPurpose = 200

// Look is a day on which somebody of the staff read a record.
type Look struct {
	ID           uuid.UUID
	RegistrantID uuid.UUID
	Kind         string    // of the record; of UntoldLooks only
	AccountID    uuid.UUID // uuid.Nil, as Name "", for the person: only staff are told names of staff
	Name         string
	Roles        []Role
	Channel      Channel
	Purpose      string // as the reader said it; "": nothing was said
	At           time.Time
}

// lookRow is a row of record_look.
type lookRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id;primaryKey"`
	AccountID    uuid.UUID `gorm:"column:account_id;primaryKey"`
	Day          db.Date   `gorm:"column:day;primaryKey"`
	ID           uuid.UUID `gorm:"column:id"`
	Name         string    `gorm:"column:name"`
	Roles        string    `gorm:"column:roles"`
	Channel      Channel   `gorm:"column:channel"`
	Reason       string    `gorm:"column:reason"`
	At           db.Time   `gorm:"column:at"`
	ToldAt       *db.Time  `gorm:"column:told_at"`
}

func (lookRow) TableName() string { return "record_look" }

func (row *lookRow) toLook() Look {
	l := Look{ID: row.ID, RegistrantID: row.RegistrantID, AccountID: row.AccountID, Name: row.Name, Channel: row.Channel, Purpose: row.Reason, At: row.At.Time}
	for role := range strings.FieldsSeq(row.Roles) {
		l.Roles = append(l.Roles, Role(role))
	}
	return l
}

// looks tells whether it is written down that the actor reads a record: for everybody
// with an account whose own record it is not. The service itself does not look.
func (a Actor) looks(id uuid.UUID) bool {
	return a.AccountID != uuid.Nil && a.RegistrantID != id && a.kind() == "staff"
}

// reading runs a transaction that reads a record, and writes down who looks. The first
// look of a day costs one row, every other one a look-up by the primary key; when the
// row cannot be written, the record is not read. It returns Invalid "bad_purpose".
func (r *Registry) reading(ctx context.Context, a Actor, id uuid.UUID, f func(tx *gorm.DB) error) error {
	return r.readingAll(ctx, a, func(tx *gorm.DB) ([]uuid.UUID, error) { return []uuid.UUID{id}, f(tx) })
}

// readingAll is reading for the records of a page, which f names: the first looks of a
// day are one statement.
func (r *Registry) readingAll(ctx context.Context, a Actor, f func(tx *gorm.DB) ([]uuid.UUID, error)) error {
	purpose, err := cleanPurpose(a.Purpose)
	if err != nil {
		return err
	}
	var unseen []uuid.UUID
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		ids, err := f(tx)
		if err != nil {
			return err
		}
		unseen, err = unseenOf(tx, a, ids, purpose, dayOf(r.now()))
		return err
	})
	if err != nil || len(unseen) == 0 {
		return err
	}
	return r.writeLooks(ctx, a, unseen, purpose)
}

// unseenOf gives those of some records whose look does not stand there with its
// purpose yet, in the order of their ids.
func unseenOf(tx *gorm.DB, a Actor, ids []uuid.UUID, purpose, day string) ([]uuid.UUID, error) {
	ids = slices.DeleteFunc(inOrder(ids), func(id uuid.UUID) bool { return !a.looks(id) })
	if len(ids) == 0 {
		return nil, nil
	}
	var known []uuid.UUID
	err := tx.Raw(`SELECT registrant_id FROM record_look WHERE registrant_id IN ? AND day = ? AND account_id = ? AND (reason <> '' OR ? = 0)`,
		ids, db.Date(day), a.AccountID, len(purpose)).Scan(&known).Error
	if err != nil {
		return nil, fmt.Errorf("look up who read a record: %w", err)
	}
	return slices.DeleteFunc(ids, func(id uuid.UUID) bool { return slices.Contains(known, id) }), nil
}

// writeLooks keeps the first look of a day at each record, and the first purpose that
// is said, in one statement.
func (r *Registry) writeLooks(ctx context.Context, a Actor, ids []uuid.UUID, purpose string) error {
	rows := make([]lookRow, len(ids))
	for i, id := range ids {
		key, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("write down who read a record: %w", err)
		}
		rows[i] = lookRow{RegistrantID: id, AccountID: a.AccountID, ID: key, Name: a.name(), Roles: joinRoles(a.Roles), Channel: a.channel(), Reason: purpose}
	}
	known := clause.OnConflict{Columns: []clause.Column{{Name: "registrant_id"}, {Name: "day"}, {Name: "account_id"}}, DoNothing: true}
	if purpose != "" {
		known.DoNothing, known.DoUpdates = false, clause.AssignmentColumns([]string{"reason"})
		known.Where.Exprs = []clause.Expression{clause.Expr{SQL: "record_look.reason = ''"}}
	}
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		for i := range rows {
			rows[i].Day, rows[i].At = db.Date(dayOf(now.Time)), now
		}
		return tx.Clauses(known).Create(&rows).Error
	})
	if err != nil {
		return fmt.Errorf("write down who read a record: %w", err)
	}
	return nil
}

func cleanPurpose(text string) (string, error) {
	text = strings.TrimSpace(text)
	if checkText(text) != nil || len([]rune(text)) > maxPurpose {
		return "", fault.InvalidFields("bad_purpose", fmt.Sprintf("A purpose has at most %d characters of text.", maxPurpose),
			[]fault.Field{{Name: "purpose", Code: "bad_purpose", Detail: "This purpose cannot be kept."}})
	}
	return text, nil
}

// LookPage is one page of looks at a record, newest first.
type LookPage struct {
	Looks []Look
	Next  string // after of the next page; "" after the last
}

// Looks tells who of the staff read a record: the person, without names, and staff who
// watch over the others. after is LookPage.Next of the page before, limit its most looks
// (0: 50, at most 200). It returns NotFound, Forbidden or Invalid "bad_cursor".
func (r *Registry) Looks(ctx context.Context, a Actor, id uuid.UUID, after string, limit int) (LookPage, error) {
	if err := a.checkOn(toReadLooks, id); err != nil {
		return LookPage{}, err
	}
	before, err := parseAfter(after)
	if err != nil {
		return LookPage{}, err
	}
	var rows []lookRow
	size := pageSize(limit)
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		if _, err := readRow(tx, a.to(toReadLooks), id, ""); err != nil {
			return err
		}
		find := tx.Where("registrant_id = ?", id).Order("id DESC").Limit(size + 1)
		if before != uuid.Nil {
			find = find.Where("id < ?", before)
		}
		return find.Find(&rows).Error
	})
	if err != nil {
		return LookPage{}, fmt.Errorf("list who read a record: %w", err)
	}
	var page LookPage
	if len(rows) > size {
		rows = rows[:size]
		page.Next = formatAfter(rows[size-1].ID)
	}
	for i := range rows {
		l := rows[i].toLook()
		if !a.may(toReadLooks) {
			l.AccountID, l.Name = uuid.Nil, ""
		}
		page.Looks = append(page.Looks, l)
	}
	return page, nil
}

// OwnLook gives today's look of the actor at a record; false for one who has not read it
// today, and for who is not written down.
func (r *Registry) OwnLook(ctx context.Context, a Actor, id uuid.UUID) (l Look, ok bool, err error) {
	if !a.looks(id) {
		return l, false, nil
	}
	var rows []lookRow
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		return tx.Where("registrant_id = ? AND day = ? AND account_id = ?", id, db.Date(dayOf(r.now())), a.AccountID).Limit(1).Find(&rows).Error
	})
	if err != nil {
		return l, false, fmt.Errorf("look up the own look at a record: %w", err)
	}
	if len(rows) == 0 {
		return l, false, nil
	}
	return rows[0].toLook(), true, nil
}

// UntoldLooks gives up to limit looks that nobody was told of, the oldest first.
func (r *Registry) UntoldLooks(ctx context.Context, limit int) ([]Look, error) {
	var rows []struct {
		Look lookRow  `gorm:"embedded"`
		Kind optional `gorm:"column:kind"`
	}
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		return tx.Raw(`SELECT l.*, r.kind FROM record_look l LEFT JOIN registrant r ON r.id = l.registrant_id
			WHERE l.told_at IS NULL ORDER BY l.id LIMIT ?`, limit).Scan(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("list looks that nobody was told of: %w", err)
	}
	out := make([]Look, len(rows))
	for i := range rows {
		out[i] = rows[i].Look.toLook()
		out[i].Kind = string(rows[i].Kind)
	}
	return out, nil
}

// LooksTold writes down that looks were told of.
func (r *Registry) LooksTold(ctx context.Context, looks []Look) error {
	ids := make([]uuid.UUID, len(looks))
	for i, l := range looks {
		ids[i] = l.ID
	}
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		return tx.Model(&lookRow{}).Where("id IN ?", ids).Update("told_at", now).Error
	})
	if err != nil {
		return fmt.Errorf("write down which looks were told of: %w", err)
	}
	return nil
}

// lookBatch is how many looks are deleted in one transaction.
const lookBatch = 1000

// PurgeLooks deletes looks of days that are longer ago than keep, and tells how many.
func (r *Registry) PurgeLooks(ctx context.Context, keep time.Duration) (n int64, err error) {
	for {
		var some int64
		err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
			gone := tx.Exec(`DELETE FROM record_look WHERE id IN (SELECT id FROM record_look WHERE day < ? AND told_at IS NOT NULL ORDER BY day LIMIT ?)`,
				db.Date(dayOf(now.Add(-keep))), lookBatch)
			some = gone.RowsAffected
			return gone.Error
		})
		if err != nil {
			return n, fmt.Errorf("purge looks: %w", err)
		}
		if n += some; some < lookBatch {
			return n, nil
		}
	}
}
