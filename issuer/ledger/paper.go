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

// checkPapers counts those of a day: ErrTooMany. Of papers that are reserved in the same
// moment one may be over.
func checkPapers(tx *gorm.DB, i Issuance, now db.Time) error {
	var n int64
	err := tx.Model(&issuanceRow{}).Where("registrant_id = ? AND config_id = ? AND format = ? AND reserved_at > ?",
		i.RegistrantID, i.ConfigID, FormatPaper, db.Time{Time: now.Add(-24 * time.Hour)}).Count(&n).Error
	if err == nil && n >= MaxPapersADay {
		err = ErrTooMany
	}
	return err
}

// RecordPaper is Record for a paper, made by an account: no wallet's request, offer or
// older credential ends with it. ErrNotReserved: it was withdrawn or swept meanwhile,
// and what was signed must not be shown.
func (l *Ledger) RecordPaper(ctx context.Context, id uuid.UUID, by string) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		rows, err := l.issue(tx, []uuid.UUID{id}, now)
		if err != nil {
			return err
		}
		return writeEvents(tx, rows, StepIssued, Closing{By: by}, now)
	})
	if err != nil {
		return fmt.Errorf("ledger: record a paper: %w", err)
	}
	return nil
}
