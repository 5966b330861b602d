package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/secret"
)

// A client that heard no answer sends the same request again, with the same key
// (draft-ietf-httpapi-idempotency-key-header): it is carried out once.
//
//	claim, answer, err := r.ClaimKey(ctx, actor, key, request)  // answer != nil: that was it
//	... carry the request out under claim.Context(ctx) ...
//	r.KeepAnswer(ctx, claim, answer)  or, when it failed,  r.FreeKey(ctx, claim)
//
// Every transaction that is committed under the claim's context marks the claim
// as written, inside that same transaction. So a process that dies after it
// leaves a claim that nobody takes over, and one that dies before it a claim that
// the next try takes over; a try that was only slow then cannot commit any more.

const (
	keyLife = 24 * time.Hour  // how long an answer is kept
	keyWork = 2 * time.Minute // after which a try that has written nothing is taken for dead
)

// Claim is the right to carry out a request for the first time.
type Claim struct {
	account uuid.UUID
	key     db.Bytes
	attempt int64
}

// claimRow is a row of idempotency_key.
type claimRow struct {
	AccountID uuid.UUID `gorm:"column:account_id;primaryKey"`
	KeyHash   db.Bytes  `gorm:"column:key_hash;primaryKey"`
	Request   db.Bytes  `gorm:"column:request"`
	Attempt   int64     `gorm:"column:attempt"`
	StartedAt db.Time   `gorm:"column:started_at"`
	WrittenAt *db.Time  `gorm:"column:written_at"`
	Answer    db.Bytes  `gorm:"column:answer"`
}

func (claimRow) TableName() string { return "idempotency_key" }

// ClaimKey claims a key for a request of the actor's account; request is all that
// tells it from other requests. For a request that was carried out before, answer
// is what KeepAnswer kept. Errors: Unauthenticated; Invalid
// "idempotency_key_reused" when the key stands for another request, or for this
// one with other rights; Conflict "idempotency_key_in_use" while the first is at
// work, "idempotency_answer_lost" when it was carried out but its answer is gone.
func (r *Registry) ClaimKey(ctx context.Context, a Actor, key string, request ...[]byte) (claim Claim, answer []byte, err error) {
	who, err := json.Marshal(a)
	if err != nil {
		return Claim{}, nil, fmt.Errorf("claim an idempotency key: %w", err)
	}
	if len(a.Roles) == 0 {
		return Claim{}, nil, fault.New(fault.Unauthenticated, "sign_in_required", "Sign in first.")
	}
	ours := claimRow{AccountID: a.AccountID, KeyHash: r.answers.MAC([]byte("key"), []byte(key)),
		Request: r.answers.MAC(append([][]byte{[]byte("request"), who}, request...)...), Attempt: 1}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		answer, ours.StartedAt = nil, now
		row, isOurs, err := r.placeClaim(tx, ours, now)
		if err == nil && !isOurs {
			row, answer, err = r.answerOrTakeOver(tx, row, ours, now)
		}
		claim = Claim{row.AccountID, row.KeyHash, row.Attempt}
		return err
	})
	if err != nil {
		return Claim{}, nil, fmt.Errorf("claim an idempotency key: %w", err)
	}
	return claim, answer, nil
}

// placeClaim stores a claim, or gives the one that is there and holds it.
func (r *Registry) placeClaim(tx *gorm.DB, ours claimRow, now db.Time) (row claimRow, isOurs bool, err error) {
	if _, err := forgetAnswers(tx, now); err != nil {
		return claimRow{}, false, err
	}
	placed := tx.Exec("INSERT INTO idempotency_key (account_id, key_hash, request, attempt, started_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		ours.AccountID, ours.KeyHash, ours.Request, ours.Attempt, ours.StartedAt)
	if placed.Error != nil || placed.RowsAffected == 1 {
		return ours, true, placed.Error
	}
	found := tx.Raw("SELECT * FROM idempotency_key WHERE account_id = ? AND key_hash = ?"+r.db.Dialect.ForUpdate(), ours.AccountID, ours.KeyHash).Scan(&row)
	if found.Error == nil && found.RowsAffected == 0 {
		return row, false, errKeyInUse() // it was there, and was freed this moment
	}
	return row, false, found.Error
}

// answerOrTakeOver decides about a key that was claimed before.
func (r *Registry) answerOrTakeOver(tx *gorm.DB, row, ours claimRow, now db.Time) (claimRow, []byte, error) {
	dead := !now.Before(row.StartedAt.Add(keyWork))
	switch {
	case !secret.Equal(string(row.Request), string(ours.Request)):
		return row, nil, fault.New(fault.Invalid, "idempotency_key_reused", "This key was used for another request. Take a new one for each thing that you create.")
	case row.Answer != nil:
		answer, err := r.answers.Open(row.Answer, row.place())
		return row, answer, err
	case !dead:
		return row, nil, errKeyInUse()
	case row.WrittenAt != nil:
		return row, nil, fault.New(fault.Conflict, "idempotency_answer_lost", "This request was carried out, but its answer is lost. Look for what it made.")
	}
	row.Attempt++
	err := tx.Exec("UPDATE idempotency_key SET attempt = ?, started_at = ? WHERE account_id = ? AND key_hash = ?", row.Attempt, now, row.AccountID, row.KeyHash).Error
	return row, nil, err
}

// Context gives the context to carry the request out under: whatever it commits
// is committed together with the mark that something was written. A transaction
// of a claim that was taken over meanwhile fails with Conflict
// "idempotency_key_in_use".
func (c Claim) Context(ctx context.Context) context.Context {
	return db.Besides(ctx, func(tx *gorm.DB, now db.Time) error {
		mark := tx.Exec("UPDATE idempotency_key SET written_at = ? WHERE account_id = ? AND key_hash = ? AND attempt = ?", now, c.account, c.key, c.attempt)
		if mark.Error == nil && mark.RowsAffected == 0 {
			return errKeyInUse()
		}
		return mark.Error
	})
}

// KeepAnswer keeps the answer to a request, sealed, for whoever repeats it within
// 24 hours.
func (r *Registry) KeepAnswer(ctx context.Context, c Claim, answer []byte) error {
	sealed := r.answers.Seal(answer, claimRow{AccountID: c.account, KeyHash: c.key}.place())
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		return tx.Exec("UPDATE idempotency_key SET answer = ? WHERE account_id = ? AND key_hash = ? AND attempt = ?", db.Bytes(sealed), c.account, c.key, c.attempt).Error
	})
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}

// FreeKey gives a key back whose request failed, so that it can be sent again. If
// the request has written something, its key stays taken.
func (r *Registry) FreeKey(ctx context.Context, c Claim) error {
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		return tx.Exec("DELETE FROM idempotency_key WHERE account_id = ? AND key_hash = ? AND attempt = ? AND written_at IS NULL", c.account, c.key, c.attempt).Error
	})
	if err != nil {
		return fmt.Errorf("free an idempotency key: %w", err)
	}
	return nil
}

// SweepAnswers forgets the answers that were kept for 24 hours, and the forms that
// nobody came back for (see KeepForm), and tells how many
// there were. Every claim does so first; a server does it now and then.
func (r *Registry) SweepAnswers(ctx context.Context) (n int64, err error) {
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		n, err = forgetAnswers(tx, now)
		return err
	})
	return n, err
}

func forgetAnswers(tx *gorm.DB, now db.Time) (int64, error) {
	done := tx.Exec("DELETE FROM idempotency_key WHERE started_at <= ? OR (attempt = ? AND started_at <= ?)", db.TimeOf(now.Add(-keyLife)), keptAttempt, db.TimeOf(now.Add(-keptLife)))
	if done.Error != nil {
		return 0, fmt.Errorf("forget old answers: %w", done.Error)
	}
	return done.RowsAffected, nil
}

// place binds a sealed answer to its row.
func (row claimRow) place() []byte {
	return append(append([]byte("idempotency_key\x00"), row.AccountID[:]...), row.KeyHash...)
}

func errKeyInUse() error {
	return fault.New(fault.Conflict, "idempotency_key_in_use", "The first request with this key is still at work. Ask again in a moment.")
}
