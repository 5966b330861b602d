package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// FormatPaper is the format of what is printed: identity data in a code (Claim 169). No
// wallet holds it, so it has no grant, takes no credential's place, and leaves no
// standing re-issue when it ends.
const FormatPaper = "claim169"

// MaxPapersADay is how many papers of one configuration a record may lead to in 24
// hours, whatever became of them: each uses up a place in a status list.
const MaxPapersADay = 10

// ReservePaper is Reserve for a paper: its maker is asked for no grant. It returns
// ErrNotFound, ErrMoved, ErrKeyRevoked, ErrSuspended, or ErrTooMany; of papers that are
// reserved in the same moment one may be over MaxPapersADay.
func (l *Ledger) ReservePaper(ctx context.Context, i Issuance) (Issuance, error) {
	i.Format = FormatPaper
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		if err := l.checkGate(tx, i); err != nil {
			return err
		}
		if err := checkPapers(tx, i, now); err != nil {
			return err
		}
		if err := checkSuspended(tx, i.RegistrantID, i.ConfigID); err != nil {
			return err
		}
		i.State, i.ReservedAt = Reserved, now.Time
		row := issuanceRowOf(i)
		return tx.Create(&row).Error // a status index used twice fails here
	})
	if err != nil {
		return Issuance{}, fmt.Errorf("ledger: reserve a paper: %w", err)
	}
	return i, nil
}

func checkPapers(tx *gorm.DB, i Issuance, now db.Time) error {
	var n int64
	err := tx.Model(&issuanceRow{}).Where("registrant_id = ? AND config_id = ? AND format = ? AND reserved_at > ?",
		i.RegistrantID, i.ConfigID, FormatPaper, db.Time{Time: now.Add(-24 * time.Hour)}).Count(&n).Error
	if err == nil && n >= MaxPapersADay {
		err = ErrTooMany
	}
	return err
}

// RecordPaper closes the reservation of a paper that was signed, in the name of by, an
// account. ErrNotReserved: it was withdrawn or swept meanwhile, and what was signed must
// not be shown.
func (l *Ledger) RecordPaper(ctx context.Context, id uuid.UUID, by string) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		rows, err := l.lockIssuances(tx, []uuid.UUID{id}, []State{Reserved})
		if err != nil {
			return err
		}
		if len(rows) == 0 || rows[0].Format != FormatPaper {
			return ErrNotReserved
		}
		if err := tx.Model(&issuanceRow{}).Where("id = ?", id).Updates(map[string]any{"state": string(Issued), "issued_at": now}).Error; err != nil {
			return err
		}
		return writeEvents(tx, rows, StepIssued, Closing{By: by}, now)
	})
	if err != nil {
		return fmt.Errorf("ledger: record a paper: %w", err)
	}
	return nil
}
