package ledger_test

import (
	"context"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
)

// A consent tells when a credential was last issued under it, and one that was never
// used does not.
func TestConsentTellsItsLastUse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := claimed(t, d), context.Background()
		list, id, used, idle := b.list(t), secret.RandomID(16), b.consent(t), b.consent(t)
		grant, err := b.Authorize(ctx, ledger.Authorization{Life: time.Minute, CodeExpires: b.clock.plus(time.Minute),
			Grant: ledger.Grant{ID: id, Family: id, Kind: ledger.AuthorizationCode, RegistrantID: b.person, ConfigIDs: []string{"c1"}, ClientID: "wallet", ConsentID: used}})
		if err != nil {
			t.Fatal(err)
		}
		r := b.reservation(grant, list.ID, 0)
		r.Issuances[0].ConsentID = used
		if _, err := b.Reserve(ctx, r); err != nil {
			t.Fatal(err)
		}
		if err := d.WithContext(ctx).Exec("UPDATE issuance SET issued_at = reserved_at WHERE consent_id = ?", used).Error; err != nil {
			t.Fatal(err)
		}
		consents, err := b.Consents(ctx, b.person)
		if err != nil || len(consents) != 2 {
			t.Fatalf("%+v, %v", consents, err)
		}
		for _, c := range consents {
			if c.LastUsed.IsZero() != (c.ID == idle) {
				t.Errorf("consent %s was last used %s", c.ID, c.LastUsed)
			}
		}
	})
}
