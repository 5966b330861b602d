package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// AdminLogQuery asks for the newest changes of settings.
type AdminLogQuery struct {
	Sort  string // what kind of thing: "area", "staff", "field"; "": all
	Actor string // "": anybody
	After string // AdminPage.Next of the page before
	Limit int    // 0: 50; at most 200
}

// AdminLog gives a page of the history of all settings, newest first. An entry is
// given as it is stored: AdminHistoryPage holds those of one subject against each
// other. It returns Forbidden, or Invalid "bad_query" or "bad_cursor".
func (r *Registry) AdminLog(ctx context.Context, a Actor, q AdminLogQuery) (AdminPage, error) {
	if err := a.check(toReadAdminLog); err != nil {
		return AdminPage{}, err
	}
	if checkText(q.Sort+q.Actor) != nil || len(q.Sort) > maxSubject || len(q.Actor) > maxSubject {
		return AdminPage{}, badQuery("filter")
	}
	find := func(tx *gorm.DB) *gorm.DB { return tx }
	if q.After != "" {
		at, subject, seq, err := parseAdminAfter(q.After)
		if err != nil {
			return AdminPage{}, err
		}
		find = func(tx *gorm.DB) *gorm.DB { return tx.Where("(at, subject, seq) < (?, ?, ?)", at, subject, seq) }
	}
	var rows []adminRow
	size := pageSize(q.Limit)
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		tx = find(tx)
		if q.Sort != "" { // from "area:" to "area;"
			tx = tx.Where("subject >= ? AND subject < ?", q.Sort+":", q.Sort+";")
		}
		if q.Actor != "" {
			tx = tx.Where("actor = ?", q.Actor)
		}
		return tx.Order("at DESC, subject DESC, seq DESC").Limit(size + 1).Find(&rows).Error
	})
	if err != nil {
		return AdminPage{}, fmt.Errorf("read the history of settings: %w", err)
	}
	var page AdminPage
	if len(rows) > size {
		rows = rows[:size]
		last := rows[size-1]
		page.Next = fmt.Sprintf("%d.%d.%s", last.At.UnixMicro(), last.Seq, last.Subject)
	}
	for _, row := range rows {
		page.Entries = append(page.Entries, AdminEntry{Subject: row.Subject, Seq: row.Seq, At: row.At.Time, Actor: row.Actor, Channel: row.Channel, Reason: row.Reason,
			Old: json.RawMessage(row.OldValue), New: json.RawMessage(row.NewValue)})
	}
	return page, nil
}

func parseAdminAfter(after string) (at db.Time, subject string, seq int64, err error) {
	parts := strings.SplitN(after, ".", 3)
	if len(parts) != 3 || checkText(parts[2]) != nil || len(parts[2]) > maxSubject {
		return at, "", 0, errBadCursor(nil)
	}
	micro, err := strconv.ParseInt(parts[0], 10, 64)
	if err == nil {
		seq, err = strconv.ParseInt(parts[1], 10, 64)
	}
	if err != nil {
		return at, "", 0, errBadCursor(err)
	}
	moment := time.UnixMicro(micro).UTC()
	if moment.Year() < 1 || moment.Year() > 9999 {
		return at, "", 0, errBadCursor(errors.New("a moment outside of the years"))
	}
	return db.TimeOf(moment), parts[2], seq, nil
}
