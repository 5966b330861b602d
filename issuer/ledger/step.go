package ledger

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Step is what happened to a credential.
type Step string

// The steps in the life of a credential. What was only reserved has no step yet:
// the offer that led to it is told once it is issued.
const (
	StepOffered   Step = "offered"
	StepIssued    Step = "issued"
	StepAccepted  Step = "accepted" // the wallet says that it keeps it (OID4VCI 1.0 §11)
	StepSuspended Step = "suspended"
	StepRestored  Step = "restored"
	StepReplaced  Step = "replaced" // a newer one stands in its place; until it is withdrawn, it is valid
	StepWithdrawn Step = "withdrawn"
	StepFailed    Step = "failed"
)

// Event is one step in the life of one credential.
type Event struct {
	ID           uuid.UUID // rises with time
	IssuanceID   uuid.UUID
	RegistrantID uuid.UUID
	Step         Step
	At           time.Time
	By           string // an account, or one of the rules
	Reason       string
}

type eventRow struct {
	Issuer       owner     `gorm:"column:issuer"`
	ID           uuid.UUID `gorm:"column:id;primaryKey"`
	IssuanceID   uuid.UUID `gorm:"column:issuance_id"`
	RegistrantID uuid.UUID `gorm:"column:registrant_id"`
	Step         string    `gorm:"column:step"`
	At           db.Time   `gorm:"column:at"`
	By           string    `gorm:"column:by"`
	Reason       string    `gorm:"column:reason"`
	ToldAt       *db.Time  `gorm:"column:told_at"`
}

func (eventRow) TableName() string { return "issuance_event" }

func (r eventRow) toEvent() Event {
	return Event{ID: r.ID, IssuanceID: r.IssuanceID, RegistrantID: r.RegistrantID, Step: Step(r.Step), At: r.At.Time, By: r.By, Reason: r.Reason}
}

// writeEvents adds one step to the life of each credential, in the caller's
// transaction: a step that is rolled back was never told.
func writeEvents(tx *gorm.DB, of []issuanceRow, step Step, why Closing, now db.Time) error {
	events := make([]eventRow, len(of))
	for n, r := range of {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		events[n] = eventRow{ID: id, IssuanceID: r.ID, RegistrantID: r.RegistrantID, Step: string(step), At: now, By: why.By, Reason: why.Reason}
	}
	if len(events) == 0 {
		return nil
	}
	return tx.Create(&events).Error
}

// leadsTo says from which states a credential gets to another, by which step.
// What does not stand here never happens: above all, nothing leads out of
// Withdrawn and Failed, so that nobody restores what was withdrawn.
func leadsTo(to State) (from []State, step Step) {
	switch to {
	case Issued:
		return []State{Suspended}, StepRestored
	case Suspended:
		return []State{Issued}, StepSuspended
	case Withdrawn:
		return []State{Reserved, Issued, Suspended}, StepWithdrawn
	case Failed:
		return []State{Reserved}, StepFailed
	}
	return nil, ""
}

// move, with giveUp, is the one place where the status of credentials changes. It takes those
// of ids that may get to the state there, adds the step to their lives, and moves
// the revision of every status list that they stand in: status values are read
// from the issuances, and the revision tells a cache to read again. It gives the
// rows that moved, as they were before.
func (l *Ledger) move(tx *gorm.DB, ids []uuid.UUID, to State, why Closing, now db.Time) ([]issuanceRow, error) {
	from, step := leadsTo(to)
	return l.moveFrom(tx, ids, from, to, step, why, now)
}

// giveUp is move to Withdrawn by whoever holds the credentials: a suspension is the
// office's, and what is suspended stays as it is.
func (l *Ledger) giveUp(tx *gorm.DB, ids []uuid.UUID, why Closing, now db.Time) ([]issuanceRow, error) {
	return l.moveFrom(tx, ids, []State{Reserved, Issued}, Withdrawn, StepWithdrawn, why, now)
}

func (l *Ledger) moveFrom(tx *gorm.DB, ids []uuid.UUID, from []State, to State, step Step, why Closing, now db.Time) ([]issuanceRow, error) {
	if why.Papers {
		papers, err := l.papersOf(tx, ids, from)
		if err != nil {
			return nil, err
		}
		ids = append(papers, ids...)
	}
	rows, err := l.lockIssuances(tx, ids, from)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	if err := setState(tx, rows, to, why, now); err != nil {
		return nil, err
	}
	if err := touchLists(tx, rows); err != nil {
		return nil, err
	}
	return rows, writeEvents(tx, rows, step, why, now)
}

// papersOf gives the papers that say the same as those of ids which are in one of the
// states, and are no papers.
func (l *Ledger) papersOf(tx *gorm.DB, ids []uuid.UUID, states []State) (papers []uuid.UUID, err error) {
	err = tx.Raw("SELECT id FROM issuance WHERE issuer = ? AND format = ? AND (registrant_id, config_id) IN"+
		" (SELECT registrant_id, config_id FROM issuance WHERE issuer = ? AND id IN ? AND format <> ? AND state IN ?)",
		l.issuer, FormatPaper, l.issuer, ids, FormatPaper, states).Scan(&papers).Error
	return papers, err
}

// lockIssuances gives those of ids, and of the copies that went out with them in one
// response, that are in one of the states: whoever withdraws a credential means what
// it says, not one of its copies. They are locked in one order, so that two
// transactions never wait for each other.
func (l *Ledger) lockIssuances(tx *gorm.DB, ids []uuid.UUID, states []State) ([]issuanceRow, error) {
	var rows []issuanceRow
	if len(ids) == 0 {
		return nil, nil
	}
	err := tx.Raw("SELECT * FROM issuance WHERE issuer = ? AND response_id IN (SELECT response_id FROM issuance WHERE issuer = ? AND id IN ?)"+
		" AND state IN ? ORDER BY id"+l.db.Dialect.ForUpdate(), l.issuer, l.issuer, ids, states).Scan(&rows).Error
	return rows, err
}

// setState writes the new state. Only an end has a time and a reason in the row;
// those of the other steps stand in the events.
func setState(tx *gorm.DB, rows []issuanceRow, to State, why Closing, now db.Time) error {
	set := map[string]any{"state": string(to)}
	if to == Withdrawn || to == Failed {
		set["closed_at"], set["closed_by"], set["reason"] = now, why.By, why.Reason
	}
	return tx.Model(&issuanceRow{}).Where("id IN ?", idsOf(rows)).Updates(set).Error
}

// touchLists moves the revision of every list that the credentials stand in.
func touchLists(tx *gorm.DB, rows []issuanceRow) error {
	var lists []string
	for _, r := range rows {
		lists = append(lists, r.ListID)
	}
	slices.Sort(lists)
	for _, id := range slices.Compact(lists) { // one by one and in order: see lockIssuances
		err := tx.Model(&statusListRow{}).Where("id = ?", id).Update("revision", gorm.Expr("revision + 1")).Error
		if err != nil {
			return err
		}
	}
	return nil
}

func idsOf(rows []issuanceRow) []uuid.UUID {
	out := make([]uuid.UUID, len(rows))
	for n, r := range rows {
		out[n] = r.ID
	}
	return out
}
