package ledger

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
)

// Message is something that a registrant is told. It holds no words, which depend on
// the language, and no value of the record.
type Message struct {
	ID           uuid.UUID
	RegistrantID uuid.UUID
	Kind         string
	Issuer       string   // name of the one whose credential it is about; "": the one at the root, or none
	ConfigID     string   // of a credential; "": it is about the record
	Fields       []string // keys of the fields that it is about
	Reason       string   // a code that the pages have words for, or words; "": none
	Who          string   // roles of whoever it is about, with spaces; "": none
	Source       string   // what it tells of; one message for each
	At           time.Time
	ReadAt       time.Time // zero: not read
}

type messageRow struct {
	ID           uuid.UUID `gorm:"column:id;primaryKey"`
	RegistrantID uuid.UUID `gorm:"column:registrant_id"`
	Kind         string    `gorm:"column:kind"`
	Params       db.JSON   `gorm:"column:params"`
	Source       string    `gorm:"column:source"`
	At           db.Time   `gorm:"column:at"`
	ReadAt       *db.Time  `gorm:"column:read_at"`
}

func (messageRow) TableName() string { return "message" }

func (r messageRow) toMessage() Message {
	text := func(name string) string { s, _ := r.Params[name].(string); return s }
	return Message{ID: r.ID, RegistrantID: r.RegistrantID, Kind: r.Kind, Issuer: text("issuer"), ConfigID: text("config"), Fields: splitIDs(text("fields")), Reason: text("reason"), Who: text("who"),
		Source: r.Source, At: r.At.Time, ReadAt: timeOf(r.ReadAt)}
}

// writeMessages stores messages in the caller's transaction, and puts those that leave
// the portal into the outbox; of those with one source, the first.
func writeMessages(tx *gorm.DB, list []Message, out Outgoing) error {
	for _, m := range list {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		row := messageRow{ID: id, RegistrantID: m.RegistrantID, Kind: m.Kind, Source: m.Source, At: db.TimeOf(m.At),
			Params: db.JSON{"issuer": m.Issuer, "config": m.ConfigID, "fields": joinIDs(m.Fields), "reason": m.Reason, "who": m.Who}}
		stored := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if stored.Error != nil {
			return stored.Error
		}
		if stored.RowsAffected == 0 {
			continue
		}
		if err := out.send(tx, row); err != nil {
			return err
		}
	}
	return nil
}

// WriteMessages stores messages in one transaction; of those with one source, the first.
func (l *Ledger) WriteMessages(ctx context.Context, list []Message, out Outgoing) error {
	err := l.inTx(ctx, func(tx *gorm.DB, _ db.Time) error { return writeMessages(tx, list, out) })
	if err != nil {
		return fmt.Errorf("ledger: write messages: %w", err)
	}
	return nil
}

// Tell stores messages and moves their follower from one position to the next, in
// one transaction: nothing is told twice, and nothing is left out. It does nothing if
// another process has moved the follower meanwhile.
func (l *Ledger) Tell(ctx context.Context, follower, from, to string, list []Message, out Outgoing) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		var moved *gorm.DB
		if from == "" {
			row := followerRow{Name: follower, Position: to, UpdatedAt: now}
			moved = tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		} else {
			moved = tx.Model(&followerRow{}).Where("name = ? AND position = ?", follower, from).
				Updates(map[string]any{"position": to, "updated_at": now})
		}
		if moved.Error != nil || moved.RowsAffected == 0 {
			return moved.Error
		}
		return writeMessages(tx, list, out)
	})
	if err != nil {
		return fmt.Errorf("ledger: tell what changed: %w", err)
	}
	return nil
}

// told are the steps that a registrant is told of.
func told() []Step {
	return []Step{StepIssued, StepSuspended, StepRestored, StepReplaced, StepWithdrawn}
}

// TellSteps tells of up to limit steps in the lives of credentials that nobody was
// told of, and says how many there were: whoever holds the credential, and the person
// whom it is about. A step of several copies is told once. The mark and the message are
// one transaction.
func (l *Ledger) TellSteps(ctx context.Context, limit int, out Outgoing) (n int, err error) {
	err = l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		var rows []stepRow
		err := tx.Raw("SELECT e.*, i.config_id, i.format, i.response_id, i.representative_id, EXISTS (SELECT 1 FROM registrant_default p WHERE p.id = i.registrant_id) AS person"+
			" FROM issuance_event e JOIN issuance i ON i.id = e.issuance_id WHERE e.issuer = ? AND e.told_at IS NULL ORDER BY e.id LIMIT ?", l.issuer, limit).Scan(&rows).Error
		if n = len(rows); err != nil || n == 0 {
			return err
		}
		var list []Message
		ids := make([]uuid.UUID, n)
		for k, r := range rows {
			ids[k] = r.Event.ID
			list = append(list, r.messages(l.issuer)...)
		}
		if err := tx.Model(&eventRow{}).Where("id IN ?", ids).Update("told_at", now).Error; err != nil {
			return err
		}
		return writeMessages(tx, list, out)
	})
	if err != nil {
		return 0, fmt.Errorf("ledger: tell of credentials: %w", err)
	}
	return n, nil
}

// stepRow is a step in the life of a credential that somebody is told of.
type stepRow struct {
	Event            eventRow   `gorm:"embedded"`
	ConfigID         string     `gorm:"column:config_id"`
	Format           string     `gorm:"column:format"`
	ResponseID       string     `gorm:"column:response_id"`
	RepresentativeID *uuid.UUID `gorm:"column:representative_id"`
	Person           bool       `gorm:"column:person"` // not a group, which nobody signs in as
}

// messages are those about one step: to the registrant, and to the representative who
// holds the credential for them.
func (r stepRow) messages(issuer string) []Message {
	if !slices.Contains(told(), Step(r.Event.Step)) {
		return nil
	}
	kind := "credential_"
	if r.Format == FormatPaper {
		kind = "paper_"
	}
	m := Message{RegistrantID: r.Event.RegistrantID, Kind: kind + r.Event.Step, Issuer: issuer, ConfigID: r.ConfigID, Reason: r.Event.Reason,
		At: r.Event.At.Time, Source: strings.Join([]string{"step", r.ResponseID, r.Event.Step, fmt.Sprint(r.Event.At.UnixMicro())}, ":")}
	if r.RepresentativeID == nil {
		return []Message{m}
	}
	held := m
	held.RegistrantID = *r.RepresentativeID
	if !r.Person {
		return []Message{held}
	}
	return []Message{held, m}
}

// Messages gives up to limit messages of a registrant, newest first: those after the
// one with the id before, or all for the zero id.
func (l *Ledger) Messages(ctx context.Context, registrant, before uuid.UUID, limit int) ([]Message, error) {
	var rows []messageRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		find := tx.Where("registrant_id = ?", registrant)
		if before != uuid.Nil {
			find = find.Where("(at, id) < (SELECT at, id FROM message WHERE registrant_id = ? AND id = ?)", registrant, before)
		}
		return find.Order("at DESC, id DESC").Limit(limit).Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read messages: %w", err)
	}
	out := make([]Message, len(rows))
	for n, r := range rows {
		out[n] = r.toMessage()
	}
	return out, nil
}

// ReadMessages marks those messages of a registrant as read that are not younger than
// a moment.
func (l *Ledger) ReadMessages(ctx context.Context, registrant uuid.UUID, until time.Time) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		return tx.Model(&messageRow{}).Where("registrant_id = ? AND read_at IS NULL AND at <= ?", registrant, db.TimeOf(until)).Update("read_at", now).Error
	})
	if err != nil {
		return fmt.Errorf("ledger: mark messages as read: %w", err)
	}
	return nil
}

// Unread counts the messages that a registrant has not read, up to most.
func (l *Ledger) Unread(ctx context.Context, registrant uuid.UUID, most int) (n int, err error) {
	err = l.db.WithContext(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM message WHERE registrant_id = ? AND read_at IS NULL LIMIT ?) m", registrant, most).Scan(&n).Error
	if err != nil {
		return 0, fmt.Errorf("ledger: count unread messages: %w", err)
	}
	return n, nil
}
