package registry

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/secret"
)

// A personal access token lets a program act for an account, within its scopes.
// It begins with TokenPrefix, so that a leaked one is known for what it is.
const (
	TokenPrefix  = "sr_pat_"
	MaxTokens    = 20                   // that are good at once, per account
	MaxTokenLife = 366 * 24 * time.Hour // longest time from making a token to its end

	tokenBytes      = 32 // random bytes of a token: nobody guesses it
	maxListedTokens = 100

	tokenKept = 90 * 24 * time.Hour // how long a token is listed after its end
)

// Token is a personal access token as its owner sees it. The token itself is
// nowhere: the registry keeps its hash.
type Token struct {
	ID        uuid.UUID
	Name      string
	Scopes    []Scope
	CreatedBy string // account name
	CreatedAt time.Time
	ExpiresAt time.Time
	LastUsed  time.Time // moves at most once a minute; zero: never
	RevokedAt time.Time // zero: not revoked
}

// tokenRow is a row of personal_token.
type tokenRow struct {
	ID        uuid.UUID `gorm:"column:id;primaryKey"`
	AccountID uuid.UUID `gorm:"column:account_id"`
	TokenHash db.Bytes  `gorm:"column:token_hash"`
	Name      string    `gorm:"column:name"`
	Scopes    string    `gorm:"column:scopes"`
	CreatedBy string    `gorm:"column:created_by"`
	CreatedAt db.Time   `gorm:"column:created_at;autoCreateTime:false"`
	ExpiresAt db.Time   `gorm:"column:expires_at"`
	LastUsed  *db.Time  `gorm:"column:last_used"`
	RevokedAt *db.Time  `gorm:"column:revoked_at"`
}

func (tokenRow) TableName() string { return "personal_token" }

func (t tokenRow) toToken() Token {
	out := Token{ID: t.ID, Name: t.Name, Scopes: splitScopes(t.Scopes), CreatedBy: t.CreatedBy, CreatedAt: t.CreatedAt.Time, ExpiresAt: t.ExpiresAt.Time}
	if t.LastUsed != nil {
		out.LastUsed = t.LastUsed.Time
	}
	if t.RevokedAt != nil {
		out.RevokedAt = t.RevokedAt.Time
	}
	return out
}

// tokenEntry is what the history of settings says of a token: the words that its
// owner chose for it may be anything, and are left out.
type tokenEntry struct {
	Account   uuid.UUID `json:"account"`
	Scopes    []Scope   `json:"scopes"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (t tokenRow) entry() tokenEntry {
	return tokenEntry{t.AccountID, splitScopes(t.Scopes), t.ExpiresAt.Time}
}

// ByToken gives who acts by a personal access token: its account, as it is now,
// narrowed to the token's scopes. Error: Unauthenticated "invalid_token" when it
// is unknown, revoked or over, or its account is closed.
func (r *Registry) ByToken(ctx context.Context, token string) (Actor, error) {
	if random, ok := strings.CutPrefix(token, TokenPrefix); !ok || len(random) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return Actor{}, errToken()
	}
	var t tokenRow
	var a accountRow
	var actor Actor
	hash := sessionHash(token)
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		if err := first(tx.Where("token_hash = ? AND revoked_at IS NULL", hash), &t, errToken()); err != nil {
			return err
		}
		err := first(tx.Where("id = ? AND disabled_at IS NULL", t.AccountID), &a, errToken())
		if err == nil {
			actor, err = r.readActor(tx, a)
		}
		if err == nil && len(actor.Roles) == 0 {
			err = errToken()
		}
		return err
	})
	if err != nil {
		return Actor{}, fmt.Errorf("read a personal token: %w", err)
	}
	now := r.now()
	if subtle.ConstantTimeCompare(t.TokenHash, hash) != 1 || !now.Before(t.ExpiresAt.Time) {
		return Actor{}, errToken()
	}
	if t.LastUsed == nil || now.Sub(t.LastUsed.Time) >= touchAfter {
		r.touchToken(ctx, t.ID)
	}
	actor.Scopes = splitScopes(t.Scopes)
	return actor, nil
}

// touchToken moves last_used. A busy database makes it give up: the next request
// tries again.
func (r *Registry) touchToken(ctx context.Context, id uuid.UUID) {
	ctx, cancel := context.WithTimeout(ctx, touchWithin)
	defer cancel()
	_ = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		return tx.Model(&tokenRow{}).Where("id = ?", id).Update("last_used", now).Error
	})
}

// tokensOf reads the tokens of an account, those that are good before the others.
func tokensOf(tx *gorm.DB, account uuid.UUID, now time.Time, rows *[]tokenRow) error {
	return tx.Where("account_id = ?", account).Order(clause.OrderBy{Expression: clause.Expr{
		SQL: "CASE WHEN revoked_at IS NULL AND expires_at > ? THEN 0 ELSE 1 END, id DESC", Vars: []any{db.TimeOf(now)}}}).Limit(maxListedTokens).Find(rows).Error
}

// Tokens lists the tokens of the actor's account, newest first: those that are
// good, then for 90 days those that have ended, at most 100 in all. It returns Forbidden, also to
// whoever comes by a token.
func (r *Registry) Tokens(ctx context.Context, a Actor) ([]Token, error) {
	if err := a.checkOn(toKeepTokens, a.RegistrantID); err != nil {
		return nil, err
	}
	var rows []tokenRow
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		return tokensOf(tx, a.AccountID, r.now(), &rows)
	})
	if err != nil {
		return nil, fmt.Errorf("list personal tokens: %w", err)
	}
	out := make([]Token, len(rows))
	for i, row := range rows {
		out[i] = row.toToken()
	}
	return out, nil
}

// RevokeToken ends a token of the actor's account at once. One that has ended is
// no error. It returns NotFound "no_such_token", or Forbidden.
func (r *Registry) RevokeToken(ctx context.Context, a Actor, id uuid.UUID) error {
	if err := a.checkOn(toKeepTokens, a.RegistrantID); err != nil {
		return err
	}
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		var row tokenRow
		found := tx.Raw("SELECT * FROM personal_token WHERE id = ? AND account_id = ?"+r.db.Dialect.ForUpdate(), id, a.AccountID).Scan(&row)
		if found.Error == nil && found.RowsAffected == 0 {
			return fault.New(fault.NotFound, "no_such_token", "There is no such token.")
		}
		if found.Error != nil || row.RevokedAt != nil {
			return found.Error
		}
		return r.endToken(tx, a, row, "revoked by its owner", now)
	})
	if err != nil {
		return fmt.Errorf("revoke a personal token: %w", err)
	}
	return nil
}

// endAccess ends the sessions, the passkeys, the links to providers and the tokens of
// an account: somebody else has changed its password, or it is closed. The reason
// stands in the history of each token: it must not be what a registrant wrote.
func (r *Registry) endAccess(tx *gorm.DB, a Actor, account uuid.UUID, reason string, now db.Time) error {
	for _, row := range []any{&sessionRow{}, &passkeyRow{}, &providerLinkRow{}} {
		if err := tx.Where("account_id = ?", account).Delete(row).Error; err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
	}
	return r.endTokens(tx, a, account, reason, now)
}

func (r *Registry) endTokens(tx *gorm.DB, a Actor, account uuid.UUID, reason string, now db.Time) error {
	var rows []tokenRow
	found := tx.Raw("SELECT * FROM personal_token WHERE account_id = ? AND revoked_at IS NULL ORDER BY id"+r.db.Dialect.ForUpdate(), account).Scan(&rows)
	if found.Error != nil {
		return fmt.Errorf("find personal tokens: %w", found.Error)
	}
	for _, row := range rows {
		if err := r.endToken(tx, a, row, reason, now); err != nil {
			return fmt.Errorf("revoke personal tokens: %w", err)
		}
	}
	return nil
}

// endToken revokes a token that is locked, and writes it down.
func (r *Registry) endToken(tx *gorm.DB, a Actor, row tokenRow, reason string, now db.Time) error {
	if err := tx.Model(&row).Update("revoked_at", now).Error; err != nil {
		return err
	}
	return r.logAdmin(tx, a, reason, now, tokenSubject(row.ID), row.entry(), nil)
}

func tokenSubject(id uuid.UUID) string { return "token:" + id.String() }

func newTokenSecret() string { return TokenPrefix + secret.RandomID(tokenBytes) }

// errToken is the one answer about a token that is no good: why is not said.
func errToken() error {
	return fault.New(fault.Unauthenticated, "invalid_token", "This token is unknown, revoked or over.")
}
