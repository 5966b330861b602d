package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Reservation is all that one reserving transaction needs. Its issuances, one or
// more, are the copies of one response: they share registrant, configuration,
// grant, chain number and ResponseID.
type Reservation struct {
	Issuances    []Issuance // State and ReservedAt are set by Reserve
	Nonce        string     // id of the c_nonce in the proofs, "" if it was used up before
	NonceExpires time.Time
}

// MaxPerGrant is how many responses with credentials of one configuration a
// grant may lead to. A wallet may ask again, after a lost answer or for other
// keys; nobody needs thousands.
const MaxPerGrant = 5

// Reserve is the gate before a signature, in one transaction: it locks the
// registrant's record against writers and refuses if the change log moved since
// the values were read (ErrMoved) or the key was revoked (ErrKeyRevoked), checks the
// grant (ErrRevoked, ErrExpired, ErrNoConsent, ErrTooMany; a paper has none: see
// MaxPapersADay) and that none of the kind is suspended
// (ErrSuspended), uses up the nonce (ErrUsed) and stores what will be signed with its
// status indices, all of them or none. ErrNotFound: there is no such registrant.
//
// The record stays locked until the commit. So a change is either before the
// reservation, which is then refused, or after it, and then whoever reads that
// change in the log finds the reservation too.
func (l *Ledger) Reserve(ctx context.Context, r Reservation) ([]Issuance, error) {
	first, out := r.Issuances[0], slices.Clone(r.Issuances)
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		if err := l.checkGate(tx, first); err != nil {
			return err
		}
		family, err := l.checkLeave(tx, first, now)
		if err != nil {
			return err
		}
		if err := checkSuspended(tx, first.RegistrantID, first.ConfigID); err != nil {
			return err
		}
		if err := useNonce(tx, r.Nonce, r.NonceExpires); err != nil {
			return err
		}
		rows := make([]issuanceRow, len(out))
		for n := range out {
			out[n].State, out[n].ReservedAt, out[n].Family = Reserved, now.Time, family
			rows[n] = issuanceRowOf(out[n])
		}
		return tx.Create(&rows).Error // a status index used twice fails here
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: reserve: %w", err)
	}
	return out, nil
}

// checkLeave asks what credentials are made by, and whether it leads to one more: a
// grant, whose family it gives; a paper has none, and is bounded by the day.
func (l *Ledger) checkLeave(tx *gorm.DB, i Issuance, now db.Time) (family string, err error) {
	if i.Format == FormatPaper {
		return "", checkPapers(tx, i, now)
	}
	grant, err := l.checkConsented(tx, i, now)
	if err != nil {
		return "", err
	}
	return grant.Family, checkRoom(tx, i.GrantID, i.ConfigID)
}

// useNonce uses up the c_nonce of a request. A response that was deferred has
// used it up already.
func useNonce(tx *gorm.DB, nonce string, expires time.Time) error {
	if nonce == "" {
		return nil
	}
	return use(tx, onceNonce, nonce, db.Time{Time: expires})
}

// checkGate reads the record's chain_no under a share lock, and whether the key
// was revoked: a process that has not heard of it yet reserves nothing with it. On
// SQLite there is no such lock and none is needed: the transaction began
// IMMEDIATE, so nobody else writes.
func (l *Ledger) checkGate(tx *gorm.DB, i Issuance) error {
	var gate struct {
		ChainNo int64 `gorm:"column:chain_no"`
		Revoked int   `gorm:"column:revoked"`
	}
	res := tx.Raw("SELECT chain_no, (SELECT count(*) FROM signing_key WHERE issuer = ? AND kid = ? AND revoked_at IS NOT NULL) AS revoked"+
		" FROM registrant_gate WHERE id = ?"+l.db.Dialect.ForShare(), l.issuer, i.KID, i.RegistrantID).Scan(&gate)
	switch {
	case res.Error != nil:
		return res.Error
	case res.RowsAffected == 0:
		return ErrNotFound
	case gate.Revoked > 0:
		return ErrKeyRevoked
	case gate.ChainNo != i.ChainNo:
		return ErrMoved
	}
	return nil
}

// checkRoom refuses the response that would be one too many for its grant,
// whatever became of the others; the copies of a batch count as one. The caller
// holds the grant's row, so parallel requests are counted one by one.
func checkRoom(tx *gorm.DB, grant, config string) error {
	var n int64
	if err := tx.Model(&issuanceRow{}).Where("grant_id = ? AND config_id = ?", grant, config).Distinct("response_id").Count(&n).Error; err != nil {
		return err
	}
	if n >= MaxPerGrant {
		return ErrTooMany
	}
	return nil
}

// Sweep closes up to limit reservations older than age as failed, sets their
// status bits, and forgets used ids that are refused for their age anyway.
// A crash between reserve and record leaves such rows. It says how many it
// closed.
func (l *Ledger) Sweep(ctx context.Context, age time.Duration, limit int) (int, error) {
	closed := 0
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		if err := tx.Where("expires_at <= ?", now).Delete(&usedRow{}).Error; err != nil {
			return err
		}
		if err := forgetPushed(tx, now); err != nil {
			return err
		}
		var ids []uuid.UUID
		err := tx.Model(&issuanceRow{}).Where("state = ? AND reserved_at <= ?", string(Reserved), db.Time{Time: now.Add(-age)}).
			Order("reserved_at").Limit(limit).Pluck("id", &ids).Error
		if err != nil || len(ids) == 0 {
			closed = 0
			return err
		}
		rows, err := l.move(tx, ids, Failed, Closing{Reason: "never_recorded", By: BySweep}, now)
		closed = len(rows)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("ledger: sweep: %w", err)
	}
	return closed, nil
}
