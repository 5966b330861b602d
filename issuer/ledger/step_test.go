package ledger_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer/ledger"
)

// Every step from every state: what may happen does, and nothing else.
func TestStepsOfACredential(t *testing.T) {
	t.Parallel()
	why := ledger.Closing{Reason: "r", By: "clerk"}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		list := b.list(t)
		steps := map[string]func(id uuid.UUID) (int, error){
			"suspend":  func(id uuid.UUID) (int, error) { return b.Suspend(ctx, []uuid.UUID{id}, why) },
			"restore":  func(id uuid.UUID) (int, error) { return b.Restore(ctx, []uuid.UUID{id}, why, nil) },
			"withdraw": func(id uuid.UUID) (int, error) { return b.Withdraw(ctx, []uuid.UUID{id}, why, false) },
		}
		want := map[ledger.State]map[string]ledger.State{
			ledger.Reserved:  {"withdraw": ledger.Withdrawn},
			ledger.Issued:    {"suspend": ledger.Suspended, "withdraw": ledger.Withdrawn},
			ledger.Suspended: {"restore": ledger.Issued, "withdraw": ledger.Withdrawn},
			ledger.Withdrawn: {},
			ledger.Failed:    {},
		}
		index := int64(0)
		for from, leads := range want {
			for name, step := range steps {
				index++
				r := b.reservation(b.grant(t), list.ID, index)
				r.Issuances[0].ConfigID = fmt.Sprint("c", index) // none is beside one that is suspended
				if _, err := b.Reserve(ctx, r); err != nil {
					t.Fatal(err)
				}
				if err := d.Exec("UPDATE issuance SET state = ? WHERE id = ?", from, one(r).ID).Error; err != nil {
					t.Fatal(err)
				}
				to, may := leads[name]
				n, err := step(one(r).ID)
				got, _ := b.Issuance(ctx, one(r).ID)
				if !may {
					to = from
				}
				if err != nil || (n == 1) != may || got.State != to {
					t.Errorf("%s one that is %s: %d, %v, now %s; want %v, %s", name, from, n, err, got.State, may, to)
				}
				after, _ := b.StatusList(ctx, ledger.TokenList, list.ID)
				if moved := after.Revision != list.Revision; moved != may {
					t.Errorf("%s one that is %s: revision moved %v, want %v", name, from, moved, may)
				}
				list = after
			}
		}
		entries, err := b.StatusEntries(ctx, list.ID)
		if err != nil || len(entries) == 0 {
			t.Errorf("entries %v, %v", entries, err)
		}
	})
}
