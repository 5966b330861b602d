package registry

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// ProviderLink is one provider by whom an account signs in.
type ProviderLink struct {
	ID        uuid.UUID
	Issuer    string
	CreatedAt time.Time
	UsedAt    time.Time
	EndedAt   time.Time // its owner took it away; zero: it is good
}

type providerLinkRow struct {
	ID          uuid.UUID `gorm:"column:id;primaryKey"`
	AccountID   uuid.UUID `gorm:"column:account_id"`
	Issuer      string    `gorm:"column:issuer"`
	SubjectHash db.Bytes  `gorm:"column:subject_hash"`
	CreatedAt   db.Time   `gorm:"column:created_at"`
	UsedAt      db.Time   `gorm:"column:used_at"`
	EndedAt     *db.Time  `gorm:"column:ended_at"`
}

func (providerLinkRow) TableName() string { return "provider_link" }

// ProviderLinks lists the providers by whom the signed-in account signs in, or did.
// It returns Unauthenticated, and Forbidden to who came by a token or acts for
// somebody else.
func (r *Registry) ProviderLinks(ctx context.Context, a Actor) ([]ProviderLink, error) {
	if err := a.checkOn(toKeepTokens, a.RegistrantID); err != nil {
		return nil, err
	}
	var rows []providerLinkRow
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		return tx.Where("account_id = ?", a.AccountID).Order("created_at").Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("list links to providers: %w", err)
	}
	var out []ProviderLink
	for _, row := range rows {
		link := ProviderLink{ID: row.ID, Issuer: row.Issuer, CreatedAt: row.CreatedAt.Time, UsedAt: row.UsedAt.Time}
		if row.EndedAt != nil {
			link.EndedAt = row.EndedAt.Time
		}
		out = append(out, link)
	}
	return out, nil
}

// AllowProviderLink takes a link of the signed-in account away, with the sessions that
// began by a provider but for the actor's own, or allows it again. It returns NotFound
// for any other's, and what ProviderLinks returns.
func (r *Registry) AllowProviderLink(ctx context.Context, a Actor, id uuid.UUID, allow bool) error {
	if err := a.checkOn(toKeepTokens, a.RegistrantID); err != nil {
		return err
	}
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		var ended any
		if !allow {
			ended = now
		}
		done := tx.Model(&providerLinkRow{}).Where("id = ? AND account_id = ?", id, a.AccountID).Update("ended_at", ended)
		if done.Error == nil && done.RowsAffected == 0 {
			return fault.New(fault.NotFound, "no_such_link", "There is no such link.")
		}
		if done.Error != nil || allow {
			return done.Error
		}
		return tx.Where("account_id = ? AND method = ? AND id <> ?", a.AccountID, ByProvider, a.Session.ID).Delete(&sessionRow{}).Error
	})
	if err != nil {
		return fmt.Errorf("change a link to a provider: %w", err)
	}
	return nil
}

// SetStaffClaim writes down by which value of the provider's claim a member of staff
// is known; "" takes it away. What was linked by another value ends, and the sessions
// that began by it. Errors: those of
// SetStaffPassword, Conflict "claim_taken", Invalid "bad_claim".
func (r *Registry) SetStaffClaim(ctx context.Context, actor Actor, username, value, reason string) error {
	value = strings.ToLower(strings.TrimSpace(value))
	if len(value) > 200 || checkText(value) != nil {
		return fault.InvalidFields("bad_claim", "This cannot be the value of a claim.", []fault.Field{{Name: "claim", Code: "bad_claim", Detail: "At most 200 characters."}})
	}
	return r.changeStaff(ctx, actor, username, reason, func(tx *gorm.DB, account accountRow, _ db.Time) error {
		if err := tx.Where("account_id = ?", account.ID).Delete(&providerLinkRow{}).Error; err != nil {
			return err
		}
		if err := tx.Where("account_id = ? AND method = ?", account.ID, ByProvider).Delete(&sessionRow{}).Error; err != nil {
			return err
		}
		err := tx.Exec("UPDATE account SET provider_name = ? WHERE id = ?", optional(value), account.ID).Error
		if r.db.Dialect.IsDuplicate(err) {
			return &fault.Error{Kind: fault.Conflict, Code: "claim_taken", Detail: "Another account is known by this value.",
				Fields: []fault.Field{{Name: "claim", Code: "claim_taken", Detail: "Another account is known by this value."}}}
		}
		return err
	})
}
