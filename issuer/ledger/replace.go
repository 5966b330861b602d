package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// A re-issue puts a new credential in the place of an old one (OID4VCI 1.0 §14.5).
// It comes about in two ways: a wallet that holds a refresh token asks again, and
// then it replaces what the same authorization led to; or somebody opens an offer
// that was made for it, and then it replaces the credential that the offer names.
// Every copy of the old one goes with it.

// replace puts the credentials of a response in the place of the old ones. Without
// grace those are withdrawn at once; else they stay valid until the wallet says that
// it took the new one, or for as long as the grace lasts.
func (l *Ledger) replace(tx *gorm.DB, fresh []issuanceRow, offer offerRow, now db.Time) error {
	old, err := l.replacedBy(tx, fresh[0], offer)
	if err != nil || len(old) == 0 {
		return err
	}
	newest := old[0]
	for _, r := range old {
		if r.ReservedAt.After(newest.ReservedAt.Time) {
			newest = r
		}
	}
	if err := tx.Model(&issuanceRow{}).Where("id IN ?", idsOf(fresh)).Update("supersedes", newest.ID).Error; err != nil {
		return err
	}
	set := map[string]any{"replaced_by": fresh[0].ID}
	if fresh[0].Grace > 0 {
		set["replace_at"] = db.TimeOf(now.Add(time.Duration(fresh[0].Grace) * time.Second))
	}
	if err := tx.Model(&issuanceRow{}).Where("id IN ? AND state IN ?", idsOf(old), liveStates()).Updates(set).Error; err != nil {
		return err
	}
	if fresh[0].Grace == 0 {
		_, err = l.move(tx, idsOf(old), Withdrawn, Closing{Reason: ReasonReplaced, By: ByReissue}, now)
		return err
	}
	if err := touchLists(tx, old); err != nil { // they say that a newer one is there
		return err
	}
	return writeEvents(tx, live(old), StepReplaced, Closing{By: ByReissue}, now)
}

// replacedBy gives what a credential takes the place of. What an offer names may
// have ended already: then there is nothing left to withdraw, and the two are tied
// all the same.
func (l *Ledger) replacedBy(tx *gorm.DB, fresh issuanceRow, offer offerRow) ([]issuanceRow, error) {
	var old []issuanceRow
	var kind string
	if err := tx.Raw("SELECT kind FROM issue_grant WHERE issuer = ? AND id = ?", l.issuer, fresh.GrantID).Scan(&kind).Error; err != nil {
		return nil, err
	}
	q := tx.Where("registrant_id = ? AND config_id = ?", fresh.RegistrantID, fresh.ConfigID).Order("id")
	switch {
	case kind == string(RefreshToken):
		q = q.Where("family = ? AND grant_id <> ? AND state IN ?", fresh.Family, fresh.GrantID, []State{Issued, Suspended})
	case offer.Replaces != nil:
		q = q.Where("response_id = (SELECT response_id FROM issuance WHERE issuer = ? AND id = ?)", l.issuer, *offer.Replaces)
	default:
		return nil, nil
	}
	return old, q.Find(&old).Error
}

func live(rows []issuanceRow) []issuanceRow {
	var out []issuanceRow
	for _, r := range rows {
		if r.toIssuance().Live() {
			out = append(out, r)
		}
	}
	return out
}

// accepted is what the wallet's word that it keeps the credentials of a response
// leads to: those in whose place they stand are withdrawn.
func (l *Ledger) accepted(tx *gorm.DB, fresh []issuanceRow, now db.Time) error {
	if err := writeEvents(tx, fresh, StepAccepted, Closing{By: ByWallet}, now); err != nil {
		return err
	}
	var ids []uuid.UUID
	err := replaceable(tx).Where("replaced_by IN ?", idsOf(fresh)).Pluck("id", &ids).Error
	if err != nil {
		return err
	}
	return l.endReplaced(tx, ids, now)
}

// notKept is what it leads to that the wallet did not keep the credentials of a
// response (OID4VCI 1.0 §11: credential_failure, credential_deleted): they are
// withdrawn, and those in whose place they stood stay. What is suspended stays as it
// is: a wallet's word does not end a suspension.
func (l *Ledger) notKept(tx *gorm.DB, fresh []issuanceRow, reason string, now db.Time) error {
	ended, err := l.giveUp(tx, idsOf(fresh), Closing{Reason: reason, By: ByWallet}, now)
	if err != nil || len(ended) == 0 {
		return err
	}
	var old []issuanceRow
	if err := tx.Where("replaced_by IN ? AND replace_at IS NOT NULL", idsOf(ended)).Find(&old).Error; err != nil {
		return err
	}
	err = tx.Model(&issuanceRow{}).Where("id IN ?", idsOf(old)).Updates(map[string]any{"replaced_by": nil, "replace_at": nil}).Error
	if err != nil {
		return err
	}
	return touchLists(tx, old)
}

// replaceable are the credentials that end because a newer one is there: not those
// that are suspended, which wait until that is over.
func replaceable(tx *gorm.DB) *gorm.DB {
	return tx.Model(&issuanceRow{}).Where("replace_at IS NOT NULL AND state <> ?", string(Suspended))
}

// endReplaced withdraws what was replaced.
func (l *Ledger) endReplaced(tx *gorm.DB, ids []uuid.UUID, now db.Time) error {
	if len(ids) == 0 {
		return nil
	}
	if _, err := l.giveUp(tx, ids, Closing{Reason: ReasonReplaced, By: ByReissue}, now); err != nil {
		return err
	}
	return replaceable(tx).Where("id IN ?", ids).Update("replace_at", nil).Error
}

// EndReplaced withdraws up to limit credentials that were replaced and whose grace
// is over, and says how many there were.
func (l *Ledger) EndReplaced(ctx context.Context, limit int) (n int, err error) {
	err = l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		var ids []uuid.UUID
		err := replaceable(tx).Where("replace_at <= ?", now).Order("replace_at").Limit(limit).Pluck("id", &ids).Error
		n = len(ids)
		if err != nil {
			return err
		}
		return l.endReplaced(tx, ids, now)
	})
	if err != nil {
		return 0, fmt.Errorf("ledger: end what was replaced: %w", err)
	}
	return n, nil
}

// checkSuspended refuses a credential to whoever has one of the same configuration
// that is suspended: a new one would undo the suspension.
func checkSuspended(tx *gorm.DB, registrant uuid.UUID, config string) error {
	var n int64
	err := tx.Model(&issuanceRow{}).Where("registrant_id = ? AND config_id = ? AND state = ?", registrant, config, string(Suspended)).Count(&n).Error
	if err == nil && n > 0 {
		err = ErrSuspended
	}
	return err
}

// Life gives the steps of a credential, oldest first.
func (l *Ledger) Life(ctx context.Context, issuance uuid.UUID) ([]Event, error) {
	var rows []eventRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("issuance_id = ?", issuance).Order("at, id").Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read the life of a credential: %w", err)
	}
	out := make([]Event, len(rows))
	for n, r := range rows {
		out[n] = r.toEvent()
	}
	return out, nil
}
