package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// DeliveryState says where a message stands that is to leave the portal.
type DeliveryState string

// The states of a delivery; all but the first are its ends.
const (
	DeliveryWaiting DeliveryState = "waiting"
	DeliverySent    DeliveryState = "sent"
	DeliveryFailed  DeliveryState = "failed"  // it was refused, or its time is over
	DeliveryDropped DeliveryState = "dropped" // nobody is to have it, or nothing says how
)

// DeliveryLate is the code of a delivery whose time is over.
const DeliveryLate = "too_late"

// Delivery is a message on its way out of the portal. It does not say how to reach
// the person: that is read when it leaves.
type Delivery struct {
	Message            // without Reason and ReadAt
	ID       uuid.UUID // of the message, if there is one in the portal
	Sealed   string    // the transaction code of an offer; "": it is about something else
	Until    time.Time // when it is of no use any more
	Attempts int       // how often it was tried, this time included
}

// Outgoing says which messages leave the portal, and for how long they are tried.
type Outgoing struct {
	Sends func(kind string) bool // nil: none
	Life  time.Duration
}

type deliveryRow struct {
	ID           uuid.UUID `gorm:"column:id;primaryKey"`
	RegistrantID uuid.UUID `gorm:"column:registrant_id"`
	Kind         string    `gorm:"column:kind"`
	Params       db.JSON   `gorm:"column:params"`
	Sealed       string    `gorm:"column:sealed"`
	Urgent       bool      `gorm:"column:urgent"`
	At           db.Time   `gorm:"column:at"`
	Until        db.Time   `gorm:"column:until"`
	State        string    `gorm:"column:state"`
	Attempts     int       `gorm:"column:attempts"`
	DueAt        db.Time   `gorm:"column:due_at"`
	EndedAt      *db.Time  `gorm:"column:ended_at"`
	Code         string    `gorm:"column:code"`
}

func (deliveryRow) TableName() string { return "delivery" }

func (r deliveryRow) toDelivery() Delivery {
	m := messageRow{RegistrantID: r.RegistrantID, Kind: r.Kind, Params: r.Params, At: r.At}
	d := Delivery{Message: m.toMessage(), ID: r.ID, Sealed: r.Sealed, Until: r.Until.Time, Attempts: r.Attempts}
	d.Source, _ = r.Params["source"].(string)
	return d
}

// send puts what goes out into the outbox, in the transaction of the message. Words
// of staff stay in the portal: nobody knows what stands in them.
func (o Outgoing) send(tx *gorm.DB, m messageRow) error {
	if o.Sends == nil || !o.Sends(m.Kind) {
		return nil
	}
	row := deliveryRow{ID: m.ID, RegistrantID: m.RegistrantID, Kind: m.Kind, Params: db.JSON{}, At: m.At, Until: db.TimeOf(m.At.Add(o.Life)),
		State: string(DeliveryWaiting), DueAt: m.At}
	for name, value := range m.Params {
		if name != "reason" {
			row.Params[name] = value
		}
	}
	row.Params["source"] = m.Source
	return tx.Create(&row).Error
}

// KindTxCode is the kind of the delivery that carries a transaction code.
const KindTxCode = "transaction_code"

// sendTxCode puts the transaction code of an offer into the outbox, in the transaction
// of the offer.
func sendTxCode(tx *gorm.DB, o Offer) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	to := o.RegistrantID
	if o.RepresentativeID != uuid.Nil {
		to = o.RepresentativeID
	}
	row := deliveryRow{ID: id, RegistrantID: to, Kind: KindTxCode, Params: db.JSON{}, Sealed: o.SealedCode, Urgent: true,
		At: db.TimeOf(o.CreatedAt), Until: db.TimeOf(o.ExpiresAt), State: string(DeliveryWaiting), DueAt: db.TimeOf(o.CreatedAt)}
	return tx.Create(&row).Error
}

// ClaimDelivery gives one delivery that is due, to nobody else for as long as hold:
// transaction codes before messages, the oldest first. What nobody needs any more it
// ends as failed. ErrNotFound: nothing is due.
func (l *Ledger) ClaimDelivery(ctx context.Context, hold time.Duration) (Delivery, error) {
	for _, urgent := range []bool{true, false} {
		for {
			row, err := l.takeDelivery(ctx, urgent, hold)
			if err != nil {
				return Delivery{}, fmt.Errorf("ledger: claim a delivery: %w", err)
			}
			if row == nil {
				break
			}
			d := row.toDelivery()
			if l.now().Before(d.Until) {
				return d, nil
			}
			if err := l.EndDelivery(ctx, d, DeliveryFailed, DeliveryLate); err != nil {
				return Delivery{}, err
			}
		}
	}
	return Delivery{}, fmt.Errorf("ledger: claim a delivery: %w", ErrNotFound)
}

// takeDelivery claims one row, nil if there is none. It looks first without a write
// lock: who finds nothing stops no writer.
func (l *Ledger) takeDelivery(ctx context.Context, urgent bool, hold time.Duration) (*deliveryRow, error) {
	const due = "SELECT id FROM delivery WHERE state = 'waiting' AND urgent = ? AND due_at <= ? ORDER BY due_at LIMIT 1"
	var found []uuid.UUID
	if err := l.db.WithContext(ctx).Raw(due, urgent, db.TimeOf(l.now())).Scan(&found).Error; err != nil || len(found) == 0 {
		return nil, err
	}
	var rows []deliveryRow
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		rows = nil
		return tx.Raw("UPDATE delivery SET attempts = attempts + 1, due_at = ? WHERE id = ("+due+l.db.Dialect.SkipLocked()+") RETURNING *",
			db.TimeOf(now.Add(hold)), urgent, now).Scan(&rows).Error
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// EndDelivery writes down how a delivery ended, and why: a code, "" for none. It does
// nothing if it was claimed anew meanwhile.
func (l *Ledger) EndDelivery(ctx context.Context, d Delivery, state DeliveryState, code string) error {
	return l.setDelivery(ctx, d, func(now db.Time) map[string]any {
		return map[string]any{"state": string(state), "code": code, "ended_at": now, "sealed": ""}
	})
}

// PutOffDelivery says why a delivery did not go, and when it is tried again.
func (l *Ledger) PutOffDelivery(ctx context.Context, d Delivery, code string, wait time.Duration) error {
	return l.setDelivery(ctx, d, func(now db.Time) map[string]any {
		return map[string]any{"code": code, "due_at": db.TimeOf(now.Add(wait))}
	})
}

func (l *Ledger) setDelivery(ctx context.Context, d Delivery, set func(now db.Time) map[string]any) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		return tx.Model(&deliveryRow{}).Where("id = ? AND state = 'waiting' AND attempts = ?", d.ID, d.Attempts).Updates(set(now)).Error
	})
	if err != nil {
		return fmt.Errorf("ledger: keep a delivery: %w", err)
	}
	return nil
}

// DeliveryCount is how many deliveries stand alike.
type DeliveryCount struct {
	State DeliveryState
	Code  string // why, or why it was put off; "": nothing to say
	Count int
}

// countedDeliveries bounds what Deliveries counts of one state.
const countedDeliveries = 10000

// Deliveries counts those that wait and those that ended since a moment, at most
// 10,000 of a state.
func (l *Ledger) Deliveries(ctx context.Context, since time.Time) ([]DeliveryCount, error) {
	var out []DeliveryCount
	err := l.read(ctx, func(tx *gorm.DB) error {
		out = nil
		for _, of := range []struct {
			state string
			since time.Time
			where string // as the partial indexes have it
		}{{"waiting", time.Time{}, "state = 'waiting' AND at >= ?"}, {"failed", since, "state = 'failed' AND ended_at >= ?"},
			{"sent", since, "state <> 'waiting' AND ended_at >= ? AND state = 'sent'"}, {"dropped", since, "state <> 'waiting' AND ended_at >= ? AND state = 'dropped'"}} {
			var some []DeliveryCount
			err := tx.Raw("SELECT state, code, count(*) AS count FROM (SELECT state, code FROM delivery WHERE "+of.where+" LIMIT ?) d GROUP BY state, code ORDER BY code",
				db.TimeOf(of.since), countedDeliveries).Scan(&some).Error
			if err != nil {
				return fmt.Errorf("count those that are %s: %w", of.state, err)
			}
			out = append(out, some...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: count deliveries: %w", err)
	}
	return out, nil
}

type choiceRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id;primaryKey"`
	PortalOnly   bool      `gorm:"column:portal_only"`
	ChangedAt    db.Time   `gorm:"column:changed_at"`
}

func (choiceRow) TableName() string { return "message_choice" }

// PortalOnly says whether a registrant wants messages in the portal alone.
func (l *Ledger) PortalOnly(ctx context.Context, registrant uuid.UUID) (bool, error) {
	var rows []choiceRow
	if err := l.db.WithContext(ctx).Where("registrant_id = ?", registrant).Find(&rows).Error; err != nil {
		return false, fmt.Errorf("ledger: read a choice: %w", err)
	}
	return len(rows) > 0 && rows[0].PortalOnly, nil
}

// ChoosePortalOnly keeps whether a registrant wants messages in the portal alone.
func (l *Ledger) ChoosePortalOnly(ctx context.Context, registrant uuid.UUID, only bool) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		return tx.Save(&choiceRow{RegistrantID: registrant, PortalOnly: only, ChangedAt: now}).Error
	})
	if err != nil {
		return fmt.Errorf("ledger: keep a choice: %w", err)
	}
	return nil
}

// SendCode puts a sealed code into the outbox that is about no offer: it leaves before
// messages, and is of no use after until. One for uuid.Nil is taken out again at once: it
// costs the same work, so that the time says nothing of whether there is somebody.
func (l *Ledger) SendCode(ctx context.Context, registrant uuid.UUID, kind, sealed string, until time.Time) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		row := deliveryRow{ID: id, RegistrantID: registrant, Kind: kind, Params: db.JSON{}, Sealed: sealed, Urgent: true,
			At: now, Until: db.TimeOf(until), State: string(DeliveryWaiting), DueAt: now}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return tx.Exec("DELETE FROM delivery WHERE id = ? AND registrant_id = ?", id, uuid.Nil).Error
	})
	if err != nil {
		return fmt.Errorf("ledger: send a code: %w", err)
	}
	return nil
}
