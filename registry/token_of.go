package registry

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// TokensOf lists the personal access tokens of a staff account as Tokens does, for
// whoever keeps that account. The secrets are nowhere. Errors: those of
// StaffAccount.
func (r *Registry) TokensOf(ctx context.Context, a Actor, username string) ([]Token, error) {
	account, err := r.StaffAccount(ctx, a, username)
	if err != nil {
		return nil, err
	}
	var rows []tokenRow
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		return tokensOf(tx, account.ID, r.now(), &rows)
	})
	if err != nil {
		return nil, fmt.Errorf("list the tokens of an account: %w", err)
	}
	out := make([]Token, len(rows))
	for i, row := range rows {
		out[i] = row.toToken()
	}
	return out, nil
}
