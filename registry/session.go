package registry

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/secret"
)

// A session ends after SessionIdle without a request, and SessionMax after
// sign-in whatever happens.
const (
	SessionIdle = 30 * time.Minute
	SessionMax  = 12 * time.Hour
)

// touchAfter is how old seen_at may become, so that not every page view writes;
// touchWithin is how long a page view waits for that write.
const (
	touchAfter  = time.Minute
	touchWithin = 200 * time.Millisecond
)

// Method is how somebody signed in.
type Method string

// The methods.
const (
	ByPassphrase Method = "passphrase" // name and password, or number and passphrase
	ByActivation Method = "activation" // a code of the office, with which a passphrase was chosen
	ByPasskey    Method = "passkey"
	ByCode       Method = "code"     // a code that was sent by message
	ByProvider   Method = "provider" // an OpenID Provider said so
)

// Session is one sign-in, as its owner sees it. The zero Session is nobody's: the
// actor came by a token, or is a program.
type Session struct {
	ID       uuid.UUID // opens nothing
	Method   Method
	Device   Device
	BegunAt  time.Time
	ProvedAt time.Time // when its owner last proved who they are
	SeenAt   time.Time // moves at most once a minute
}

type sessionRow struct {
	IDHash    db.Bytes   `gorm:"column:id_hash;primaryKey"`
	ID        uuid.UUID  `gorm:"column:id"`
	AccountID uuid.UUID  `gorm:"column:account_id"`
	Method    Method     `gorm:"column:method"`
	Device    string     `gorm:"column:device"`
	Needs     Need       `gorm:"column:needs"`
	CreatedAt db.Time    `gorm:"column:created_at"`
	ProvedAt  db.Time    `gorm:"column:proved_at"`
	SeenAt    db.Time    `gorm:"column:seen_at"`
	ExpiresAt db.Time    `gorm:"column:expires_at"`
	ActsFor   *uuid.UUID `gorm:"column:acts_for"` // a ward; nil: whoever signed in
}

func (sessionRow) TableName() string { return "session" }

func (s sessionRow) toSession() Session {
	return Session{ID: s.ID, Method: s.Method, Device: readDevice(s.Device), BegunAt: s.CreatedAt.Time, ProvedAt: s.ProvedAt.Time, SeenAt: s.SeenAt.Time}
}

// startSession makes a session with a token of its own; it never takes one from
// outside, so that nobody can be signed in to a token that another knows. The
// account that it gives says what the session still needs before it is good for
// anything.
func (r *Registry) startSession(tx *gorm.DB, account accountRow, method Method, now db.Time) (token string, a Account, err error) {
	actor, err := r.readActor(tx, account)
	if err != nil {
		return "", Account{}, err
	}
	if len(actor.Roles) == 0 {
		return "", Account{}, fault.New(fault.Unauthenticated, "roles_over", "The roles of this account are over. Ask an administrator for new ones.")
	}
	a = account.toAccount()
	a.Roles = actor.Roles
	if a.Needs, err = r.needs(tx, account, method); err != nil {
		return "", Account{}, err
	}
	if err := noteSession(tx, account.ID, method, a.Needs, now); err != nil {
		return "", Account{}, err
	}
	token, err = openSession(tx, account.ID, method, a.Needs, now)
	return token, a, err
}

// openSession is startSession when it is known what the session needs.
func openSession(tx *gorm.DB, account uuid.UUID, method Method, needs Need, now db.Time) (string, error) {
	token := secret.RandomID(32)
	row := sessionRow{IDHash: sessionHash(token), ID: uuid.New(), AccountID: account, Method: method, Device: DeviceOf(tx.Statement.Context).text(),
		Needs: needs, CreatedAt: now, ProvedAt: now, SeenAt: now, ExpiresAt: db.TimeOf(now.Add(lifeOf(needs)))}
	if err := tx.Create(&row).Error; err != nil {
		return "", fmt.Errorf("start session: %w", err)
	}
	if err := tx.Exec("DELETE FROM session WHERE expires_at <= ?", now).Error; err != nil {
		return "", fmt.Errorf("remove ended sessions: %w", err)
	}
	return token, nil
}

// sessionHash is what stands in the database: whoever reads it cannot sign in
// with it. The token has 256 random bits, so a plain hash is enough.
func sessionHash(token string) db.Bytes {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Session gives who is signed in by token, and keeps the session alive. Errors:
// Unauthenticated "session_ended" when it is unknown, idle for too long, over, the
// account is closed, or its roles are over; Unauthenticated "session_halfway" when it still needs something.
func (r *Registry) Session(ctx context.Context, token string) (Actor, error) {
	var s sessionRow
	var a accountRow
	hash := sessionHash(token)
	var actor Actor
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		if err := first(tx.Where("id_hash = ?", hash), &s, errSession()); err != nil {
			return err
		}
		if err := first(tx.Where("id = ? AND disabled_at IS NULL", s.AccountID), &a, errSession()); err != nil {
			return err
		}
		var err error
		if actor, err = r.readActor(tx, a); s.ActsFor != nil {
			actor.ActsFor = *s.ActsFor
		}
		if err == nil && len(actor.Roles) == 0 {
			err = errSession()
		}
		return err
	})
	if err != nil {
		return Actor{}, fmt.Errorf("read session: %w", err)
	}
	now := r.now()
	if !now.Before(s.ExpiresAt.Time) || now.Sub(s.SeenAt.Time) >= SessionIdle {
		return Actor{}, errSession()
	}
	if s.Needs != NeedsNothing {
		return Actor{}, errHalfway()
	}
	if now.Sub(s.SeenAt.Time) >= touchAfter {
		r.touchSession(ctx, hash)
	}
	actor.Session = s.toSession()
	return actor, nil
}

// touchSession moves seen_at. A busy database makes it give up: the next page
// view tries again.
func (r *Registry) touchSession(ctx context.Context, hash db.Bytes) {
	ctx, cancel := context.WithTimeout(ctx, touchWithin)
	defer cancel()
	_ = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		return tx.Model(&sessionRow{}).Where("id_hash = ?", hash).Update("seen_at", now).Error
	})
}

// EndSession signs out. A token that is not known is no error.
func (r *Registry) EndSession(ctx context.Context, token string) error {
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		return tx.Where("id_hash = ?", sessionHash(token)).Delete(&sessionRow{}).Error
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

func errSession() error {
	return fault.New(fault.Unauthenticated, "session_ended", "You are signed out. Sign in again.")
}

func errHalfway() error {
	return fault.New(fault.Unauthenticated, "session_halfway", "Finish signing in first.")
}

// first reads one row; missing is the error when there is none.
func first(tx *gorm.DB, row any, missing error) error {
	res := tx.Limit(1).Find(row)
	if res.Error == nil && res.RowsAffected == 0 {
		return missing
	}
	return res.Error
}
