package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Entry is one change of the issuer's settings: clients, wallet providers, keys.
// It holds no personal data but the name of whoever did it. Writing it is part of
// the transaction that makes the change.
type Entry struct {
	Actor  string // name of the account
	Reason string

	ID       uuid.UUID // set by the writer, as what follows
	Subject  string    // what kind of thing, a colon, its id: "client:wallet-1"
	At       time.Time
	Old, New map[string]any // nil: it was not there
}

type entryRow struct {
	ID      uuid.UUID `gorm:"column:id;primaryKey"`
	Subject string    `gorm:"column:subject"`
	At      db.Time   `gorm:"column:at"`
	Actor   string    `gorm:"column:actor"`
	Reason  string    `gorm:"column:reason"`
	Old     db.JSON   `gorm:"column:old_value"`
	New     db.JSON   `gorm:"column:new_value"`
}

func (entryRow) TableName() string { return "issuer_log" }

// logEntry writes who changed subject and why, in the caller's transaction.
func logEntry(tx *gorm.DB, e Entry, subject string, before, after map[string]any, now db.Time) error {
	id, err := uuid.NewV7() // in the order of writing, also of entries of one moment
	if err != nil {
		return fmt.Errorf("log change of %s: %w", subject, err)
	}
	row := entryRow{ID: id, Subject: subject, At: now, Actor: e.Actor, Reason: e.Reason, Old: before, New: after}
	if err := tx.Create(&row).Error; err != nil {
		return fmt.Errorf("log change of %s: %w", subject, err)
	}
	return nil
}

// Log gives the changes of a subject, the oldest first.
func (l *Ledger) Log(ctx context.Context, subject string) ([]Entry, error) {
	var rows []entryRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("subject = ?", subject).Order("at, id").Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read log: %w", err)
	}
	return toEntries(rows), nil
}

func toEntries(rows []entryRow) []Entry {
	entries := make([]Entry, len(rows))
	for n, r := range rows {
		entries[n] = Entry{ID: r.ID, Actor: r.Actor, Reason: r.Reason, Subject: r.Subject, At: r.At.Time, Old: r.Old, New: r.New}
	}
	return entries
}

// LogQuery asks for changes; what is zero asks nothing.
type LogQuery struct {
	Sort   string // what kind of thing: "client"; not what somebody typed
	Actor  string
	Before Place // of the last one of the page before
	Limit  int
}

// LatestLog gives the changes that a query asks for, of all issuers, the newest first.
func (l *Ledger) LatestLog(ctx context.Context, q LogQuery) ([]Entry, error) {
	var rows []entryRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		if q.Sort != "" {
			tx = tx.Where("(subject = ? OR subject LIKE ?)", q.Sort, q.Sort+":%")
		}
		if q.Actor != "" {
			tx = tx.Where("actor = ?", q.Actor)
		}
		if !q.Before.At.IsZero() {
			tx = tx.Where("(at, id) < (?, ?)", db.TimeOf(q.Before.At), q.Before.ID)
		}
		return tx.Order("at DESC, id DESC").Limit(q.Limit).Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read the newest of the log: %w", err)
	}
	return toEntries(rows), nil
}
