package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
)

// logKey writes down what is done with a key, in the transaction that does it.
// The number of these entries is the revision of the keys.
func logKey(tx *gorm.DB, why Entry, before, after *keyRow, now db.Time) error {
	return logEntry(tx, why, keySubject+after.KID, before.public(), after.public(), now)
}

const keySubject = "key:"

// public is what the log shows of a key; nothing of a key that was not there.
func (r *keyRow) public() map[string]any {
	if r == nil {
		return nil
	}
	out := map[string]any{"use": r.Use, "alg": r.Alg, "generation": r.Generation, "not_before": r.NotBefore.Format(time.RFC3339),
		"not_after": r.NotAfter.Format(time.RFC3339), "certificates": len(splitChain(r.Chain))}
	for name, at := range map[string]*db.Time{"revoked_at": r.RevokedAt, "published_until": r.PublishedUntil} {
		if at != nil {
			out[name] = at.Format(time.RFC3339)
		}
	}
	return out
}

// RotateKey adds the successor of a use and algorithm, in one transaction, and
// ends the windows of its predecessors at last. next.Generation is set here: the
// place after the newest. ErrUsed: another rotation came first; read the keys
// again.
func (l *Ledger) RotateKey(ctx context.Context, next Key, last time.Time, why Entry) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		slot := func() *gorm.DB { return tx.Model(&keyRow{}).Where("use = ? AND alg = ?", next.Use, next.Alg) }
		var newest int
		if err := slot().Select("coalesce(max(generation), 0)").Scan(&newest).Error; err != nil {
			return err
		}
		end := db.Time{Time: last}
		if err := slot().Where("revoked_at IS NULL AND not_after > ? AND not_before < ?", end, end).Update("not_after", end).Error; err != nil {
			return err
		}
		row := keyRowOf(next, now)
		row.Generation = newest + 1
		res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 0 {
			return ErrUsed
		}
		return logKey(tx, why, nil, &row, now)
	})
	if err != nil {
		return fmt.Errorf("ledger: rotate key: %w", err)
	}
	return nil
}

// RevokeKey ends a key: nothing that it signed counts any more, and no
// reservation passes with it. ErrNotFound, or ErrRevoked if it is revoked already.
func (l *Ledger) RevokeKey(ctx context.Context, kid string, why Entry) error {
	return l.changeKey(ctx, kid, why, "revoke key", func(r *keyRow, now db.Time) { r.RevokedAt = &now })
}

// CertifyKey gives a key another chain of certificates. What names the certificate that
// the key had stays good: it is kept. ErrNotFound, ErrRevoked.
func (l *Ledger) CertifyKey(ctx context.Context, kid string, chain [][]byte, why Entry) error {
	return l.changeKey(ctx, kid, why, "certify key", func(r *keyRow, _ db.Time) {
		own, _, _ := strings.Cut(r.Chain, " ")
		r.Former, r.Chain = strings.TrimSpace(r.Former+" "+own), joinChain(chain)
	})
}

func (l *Ledger) changeKey(ctx context.Context, kid string, why Entry, what string, change func(r *keyRow, now db.Time)) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		if !isID(kid) {
			return ErrNotFound
		}
		row, err := lockKey(tx, kid, l.db.Dialect.ForUpdate())
		if err != nil {
			return err
		}
		if row.RevokedAt != nil {
			return ErrRevoked
		}
		before := row
		change(&row, now)
		err = tx.Model(&keyRow{}).Where("kid = ?", kid).Updates(map[string]any{"revoked_at": row.RevokedAt, "chain": row.Chain, "former": row.Former}).Error
		if err != nil {
			return err
		}
		return logKey(tx, why, &before, &row, now)
	})
	if err != nil {
		return fmt.Errorf("ledger: %s: %w", what, err)
	}
	return nil
}

func lockKey(tx *gorm.DB, kid, forUpdate string) (keyRow, error) {
	var row keyRow
	res := tx.Raw("SELECT kid, use, alg, generation, chain, former, not_before, not_after, published_until, revoked_at"+
		" FROM signing_key WHERE issuer = ? AND kid = ?"+forUpdate, issuerOf(tx), kid).Scan(&row)
	if res.Error == nil && res.RowsAffected == 0 {
		return row, ErrNotFound
	}
	return row, res.Error
}

// SettleKeys writes down, for each key whose window ended before the time over,
// until when it must be published: until the last credential that it signed ends,
// and at least for the time grace after its window. From over on it signs nothing
// more, so that each key is settled once.
func (l *Ledger) SettleKeys(ctx context.Context, over time.Time, grace time.Duration, why Entry) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		var rows []keyRow
		err := tx.Where("use = 'sig' AND published_until IS NULL AND not_after < ?", db.Time{Time: over}).Order("kid").Find(&rows).Error
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := settleKey(tx, r, grace, why, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ledger: settle keys: %w", err)
	}
	return nil
}

func settleKey(tx *gorm.DB, r keyRow, grace time.Duration, why Entry, now db.Time) error {
	var last *db.Time
	if err := tx.Raw("SELECT max(valid_until) FROM issuance WHERE issuer = ? AND kid = ?", issuerOf(tx), r.KID).Row().Scan(&last); err != nil {
		return err
	}
	before, until := r, db.Time{Time: r.NotAfter.Add(grace)}
	if last != nil && last.After(until.Time) {
		until = *last
	}
	r.PublishedUntil = &until
	if err := tx.Model(&keyRow{}).Where("kid = ?", r.KID).Update("published_until", until).Error; err != nil {
		return err
	}
	return logKey(tx, why, &before, &r, now)
}

// KeyLog gives what was done with a key, the oldest first.
func (l *Ledger) KeyLog(ctx context.Context, kid string) ([]Entry, error) {
	return l.Log(ctx, keySubject+kid)
}
