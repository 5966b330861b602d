package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// maxTokenName is in characters.
const maxTokenName = 100

// TokenRequest says what a personal access token shall be good for.
type TokenRequest struct {
	Name      string    // what it is for, in the owner's words; at most 100 characters
	Scopes    []Scope   // at least one
	ExpiresAt time.Time // at most MaxTokenLife from now
	Reason    string    // for the history, where fixed words stand for a registrant's; at most 500 characters
}

// CreateToken makes a token of the actor's own account. The secret is given here
// once. It returns Invalid "invalid_token_request" with one field per mistake,
// Conflict "too_many_tokens", or Forbidden, also to whoever comes by a token: no
// token makes another.
func (r *Registry) CreateToken(ctx context.Context, a Actor, req TokenRequest) (token string, t Token, err error) {
	if err := a.checkOn(toKeepTokens, a.RegistrantID); err != nil {
		return "", Token{}, err
	}
	return r.createToken(ctx, a, req, "id = ?", a.AccountID)
}

// CreateTokenFor makes a token of a staff account, for whoever keeps the
// accounts. Errors: those of CreateToken, and NotFound "no_such_account".
func (r *Registry) CreateTokenFor(ctx context.Context, a Actor, username string, req TokenRequest) (token string, t Token, err error) {
	if err := a.check(toCreateStaff); err != nil {
		return "", Token{}, err
	}
	if a.ByToken() {
		return "", Token{}, a.inScope(toKeepTokens)
	}
	return r.createToken(ctx, a, req, "username = ? AND registrant_id IS NULL", accountName(username))
}

// createToken makes a token of the account that where finds.
func (r *Registry) createToken(ctx context.Context, a Actor, req TokenRequest, where string, arg any) (string, Token, error) {
	reason, err := cleanReason(req.Reason)
	if err != nil {
		return "", Token{}, err
	}
	token, row := newTokenSecret(), tokenRow{}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if err := req.accept(now.Time); err != nil {
			return err
		}
		account, err := r.roomForToken(tx, now, where, arg)
		if err != nil {
			return err
		}
		row = tokenRow{ID: uuid.Must(uuid.NewV7()), AccountID: account, TokenHash: sessionHash(token), Name: strings.TrimSpace(req.Name),
			Scopes: joinScopes(req.Scopes), CreatedBy: a.name(), CreatedAt: now, ExpiresAt: db.TimeOf(req.ExpiresAt)}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		if a.kind() == "registrant" { // the history of settings is plain: no words of theirs
			reason = "made by its owner"
		}
		return r.logAdmin(tx, a, reason, now, tokenSubject(row.ID), nil, row.entry())
	})
	if err != nil {
		return "", Token{}, fmt.Errorf("create a personal token: %w", err)
	}
	return token, row.toToken(), nil
}

// roomForToken holds an account until the transaction ends, so that two at once
// do not make one token too many, and forgets its tokens that ended long ago.
func (r *Registry) roomForToken(tx *gorm.DB, now db.Time, where string, arg any) (uuid.UUID, error) {
	var ids []uuid.UUID
	err := tx.Raw("SELECT id FROM account WHERE "+where+" AND disabled_at IS NULL"+r.db.Dialect.ForUpdate(), arg).Scan(&ids).Error
	if err != nil {
		return uuid.Nil, fmt.Errorf("hold the account: %w", err)
	}
	if len(ids) == 0 {
		return uuid.Nil, fault.New(fault.NotFound, "no_such_account", "There is no such account that is open.")
	}
	old := db.TimeOf(now.Add(-tokenKept))
	err = tx.Exec("DELETE FROM personal_token WHERE account_id = ? AND (expires_at <= ? OR revoked_at <= ?)", ids[0], old, old).Error
	if err != nil {
		return uuid.Nil, fmt.Errorf("forget old tokens: %w", err)
	}
	var n int
	err = tx.Raw("SELECT count(*) FROM personal_token WHERE account_id = ? AND revoked_at IS NULL AND expires_at > ?", ids[0], now).Scan(&n).Error
	if err != nil {
		return uuid.Nil, fmt.Errorf("count tokens: %w", err)
	}
	if n >= MaxTokens {
		return uuid.Nil, fault.New(fault.Conflict, "too_many_tokens", fmt.Sprintf("This account has %d tokens already. Revoke one first.", n))
	}
	return ids[0], nil
}

// accept checks what is asked for.
func (req TokenRequest) accept(now time.Time) error {
	var bad []fault.Field
	add := func(wrong *mistake, member string) {
		if wrong != nil {
			bad = append(bad, fault.Field{Name: member, Code: wrong.code, Detail: wrong.words})
		}
	}
	add(req.badName(), "name")
	add(req.badScopes(), "scopes")
	switch {
	case !now.Before(req.ExpiresAt):
		add(&mistake{"in_the_past", "The token would be over already."}, "expires_at")
	case req.ExpiresAt.After(now.Add(MaxTokenLife)):
		add(&mistake{"too_late", "At most 366 days from now."}, "expires_at")
	}
	if len(bad) > 0 {
		return fault.InvalidFields("invalid_token_request", "There is something wrong with what the token shall be.", bad)
	}
	return nil
}

func (req TokenRequest) badName() *mistake {
	switch name := strings.TrimSpace(req.Name); {
	case name == "":
		return &mistake{"required", "Say what the token is for."}
	case utf8.RuneCountInString(name) > maxTokenName:
		return tooLong(maxTokenName)
	default:
		return checkText(name)
	}
}

func (req TokenRequest) badScopes() *mistake {
	if len(req.Scopes) == 0 {
		return &mistake{"required", "A token needs a scope."}
	}
	for i, scope := range req.Scopes {
		switch {
		case !slices.Contains(Scopes(), scope):
			return &mistake{"unknown_scope", "There is no such scope: use " + joinScopes(Scopes()) + "."}
		case slices.Contains(req.Scopes[:i], scope):
			return &mistake{"doubled", "A scope stands there twice."}
		}
	}
	return nil
}
