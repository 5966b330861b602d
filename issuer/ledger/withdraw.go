package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
)

// Reissue is a standing re-issue: this registrant should get a new credential
// of this configuration. No code exists for it until somebody opens the offer.
type Reissue struct {
	RegistrantID uuid.UUID
	ConfigID     string
	IssuanceID   uuid.UUID // the credential that was withdrawn
	HeldBy       uuid.UUID // who held it for the registrant; zero: the registrant
	Since        time.Time
}

type reissueRow struct {
	Issuer       owner     `gorm:"column:issuer"`
	RegistrantID uuid.UUID `gorm:"column:registrant_id;primaryKey"`
	ConfigID     string    `gorm:"column:config_id;primaryKey"`
	IssuanceID   uuid.UUID `gorm:"column:issuance_id"`
	Since        db.Time   `gorm:"column:since"`
}

func (reissueRow) TableName() string { return "standing_reissue" }

// Closing says why a credential ends, and by whose hand.
type Closing struct {
	Reason string // a code or a short sentence without personal data
	By     string // an account, or ByFollower or BySweep
	// Papers moves with a credential the papers of the same registrant and configuration:
	// they say the same, and the office means what a credential says.
	Papers bool
}

// Withdraw withdraws those of the credentials that have not ended, for good, and
// says how many that were. With standing, those that were the last good one of
// their configuration leave a standing re-issue.
func (l *Ledger) Withdraw(ctx context.Context, ids []uuid.UUID, why Closing, standing bool) (int, error) {
	n := 0
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		rows, err := l.move(tx, ids, Withdrawn, why, now)
		n = len(rows)
		if err != nil || !standing {
			return err
		}
		return leaveReissues(tx, rows, now)
	})
	if err != nil {
		return 0, fmt.Errorf("ledger: withdraw: %w", err)
	}
	return n, nil
}

// GiveUp withdraws those of the credentials that have not ended for whoever holds
// them, and says how many that were. ErrSuspended: they are suspended, and who holds
// them does not end that, for it would make room for new ones.
func (l *Ledger) GiveUp(ctx context.Context, ids []uuid.UUID, why Closing) (int, error) {
	n := 0
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		rows, err := l.giveUp(tx, ids, why, now)
		if n = len(rows); err != nil || n > 0 {
			return err
		}
		suspended, err := l.lockIssuances(tx, ids, []State{Suspended})
		if err == nil && len(suspended) > 0 {
			err = ErrSuspended
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("ledger: give up: %w", err)
	}
	return n, nil
}

// Suspend takes validity from those of the credentials that are issued, until
// they are restored or withdrawn, and says how many that were. One that is only
// reserved cannot be suspended: nobody has it yet.
func (l *Ledger) Suspend(ctx context.Context, ids []uuid.UUID, why Closing) (int, error) {
	n := 0
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		rows, err := l.move(tx, ids, Suspended, why, now)
		n = len(rows)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("ledger: suspend: %w", err)
	}
	return n, nil
}

// Restore gives validity back to those of the credentials that are suspended, and
// says how many that were. One that is withdrawn is never restored. ErrNoConsent, and
// none is: the consent to one was withdrawn, and it is of the configurations in ending,
// whose credentials end with their consent.
func (l *Ledger) Restore(ctx context.Context, ids []uuid.UUID, why Closing, ending []string) (int, error) {
	n := 0
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		over, err := l.consentOver(tx, ids, ending)
		if err != nil {
			return err
		}
		rows, err := l.move(tx, ids, Issued, why, now)
		if n = len(rows); err == nil && n > 0 && over {
			err = ErrNoConsent
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("ledger: restore: %w", err)
	}
	return n, nil
}

// leaveReissues runs after the closing. A reservation does not count as good: it
// may never be recorded, and if it is, settle takes the standing re-issue away.
func leaveReissues(tx *gorm.DB, closed []issuanceRow, now db.Time) error {
	for _, r := range closed {
		if r.Format == FormatPaper {
			continue
		}
		var good int64
		err := tx.Model(&issuanceRow{}).Where("registrant_id = ? AND config_id = ? AND state = ? AND valid_until > ? AND format <> ?",
			r.RegistrantID, r.ConfigID, string(Issued), now, FormatPaper).Count(&good).Error
		if err != nil {
			return err
		}
		if good > 0 {
			continue
		}
		row := reissueRow{RegistrantID: r.RegistrantID, ConfigID: r.ConfigID, IssuanceID: r.ID, Since: now}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
			return err
		}
	}
	return nil
}

// Reissues gives a registrant's standing re-issues.
func (l *Ledger) Reissues(ctx context.Context, registrant uuid.UUID) ([]Reissue, error) {
	var rows []struct {
		RegistrantID, IssuanceID uuid.UUID
		ConfigID                 string
		Since                    db.Time
		HeldBy                   *uuid.UUID
	}
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Raw("SELECT s.*, i.representative_id AS held_by FROM standing_reissue s LEFT JOIN issuance i ON i.issuer = s.issuer AND i.id = s.issuance_id"+
			" WHERE s.issuer = ? AND s.registrant_id = ? ORDER BY s.config_id", l.issuer, registrant).Scan(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read standing re-issues: %w", err)
	}
	out := make([]Reissue, len(rows))
	for n, r := range rows {
		out[n] = Reissue{RegistrantID: r.RegistrantID, ConfigID: r.ConfigID, IssuanceID: r.IssuanceID, HeldBy: idOf(r.HeldBy), Since: r.Since.Time}
	}
	return out, nil
}
