package issuer_test

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/internal/jose"
	"socialregistry/issuer"
)

// startsAs starts, and holds what the start found to a generation (0:
// nothing) and a number of credentials.
func (s *site) startsAs(generation int64, again int) {
	s.t.Helper()
	s.start()
	if got, want := s.Restored(), (issuer.Restored{Generation: generation, Again: again}); got != want {
		s.t.Errorf("started as %+v, want %+v", got, want)
	}
}

// A recovery ends what it finds, once; the lists of before are compared at the next
// restore all the same; and no offer of before is open.
func TestRestoreAgain(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		s, ctx := newSite(t, url), context.Background()
		kept := s.issue(sd)
		offer, err := s.CreateOffer(ctx, s.admin, kept.RegistrantID, []string{sd}, false)
		must(t, err)
		s.backup()
		s.issue(sd)
		made, err := s.RotateKey(ctx, s.admin, issuer.KindEdDSA, s.clock.now(), "a better one")
		must(t, err)
		must(t, s.RevokeKey(ctx, s.admin, made.KID, "a key that the backup does not know"))
		must(t, s.KeepJournal(ctx))
		s.restore()
		s.startsAs(2, 0)
		if _, err := s.OfferDocument(ctx, offer.ID); fault.CodeOf(err) != "offer_not_found" {
			t.Errorf("an offer of before: %v", err)
		}
		s.startsAs(0, 0)

		s.backup()
		must(t, s.Withdraw(ctx, s.admin, kept.ID, "lost"))
		if s.value(kept) == 0 { // a verifier has seen it; nothing else went into the journal
			t.Fatal("withdrawn, and valid")
		}
		s.restore()
		s.startsAs(3, 1)
		if s.value(kept) == 0 {
			t.Error("a second restore brought it back to life")
		}
		s.startsAs(0, 0)
	})
}

// A server that leases from a database which was put back under it says so before it
// gives an index twice, and the next start knows even if the database has caught up.
func TestLeaseAfterRestoreWhileRunning(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		s, ctx := newSite(t, url), context.Background()
		used := map[int64]bool{}
		take := func(n int) error {
			for range n {
				_, index, err := s.TakeIndex(ctx, issuer.TokenList)
				if err != nil {
					return err
				}
				if used[index] {
					t.Fatalf("index %d given twice", index)
				}
				used[index] = true
			}
			return nil
		}
		must(t, take(1)) // a block of 256
		s.backup()
		must(t, take(256)) // a second one
		s.restore()
		s.UseLedger(s.db, s.clock.now)
		if err := take(1000); !errors.Is(err, issuer.ErrWentBack) || len(used) != 512 {
			t.Errorf("%v after %d indices, want ErrWentBack after 512", err, len(used))
		}
		for range 2 { // by the second, the database has leased as much as the journal knows
			if err := take(1); !errors.Is(err, issuer.ErrWentBack) {
				t.Errorf("asked again: %v, want ErrWentBack", err)
			}
		}
		if err := s.KeepJournal(ctx); !errors.Is(err, issuer.ErrWentBack) {
			t.Errorf("the journal: %v, want ErrWentBack", err)
		}
		s.startsAs(2, 0)
		s.startsAs(0, 0)
	})
}

// A journal that cannot be written holds up an issue, and uses up nothing.
func TestJournalThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		s, ctx := newSite(t, url), context.Background()
		folders, err := filepath.Glob(filepath.Join(s.stateDir, "*"))
		must(t, err)
		must(t, os.Rename(folders[0], folders[0]+".away"))
		for range 3 {
			if _, _, err := s.TakeIndex(ctx, issuer.TokenList); err == nil {
				t.Fatal("an index without a journal")
			}
		}
		must(t, os.Rename(folders[0]+".away", folders[0]))
		list, _, err := s.TakeIndex(ctx, issuer.TokenList)
		must(t, err)
		var leased int64
		must(t, s.db.Raw("SELECT next_index FROM status_list WHERE id = ?", list).Scan(&leased).Error)
		if leased != 256 {
			t.Errorf("%d positions leased, want one block of 256", leased)
		}
	})
}

// When a key is revoked, the next copy of a list is signed by its successor: the
// revision of the list has not moved, and the copy is young.
func TestRevokedKeySignsNoList(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		list, _, err := w.TakeIndex(ctx, issuer.TokenList)
		must(t, err)
		signer := func() string {
			doc, err := w.StatusList(ctx, issuer.TokenList, list)
			must(t, err)
			head, _, _ := strings.Cut(string(doc.Body), ".")
			raw, err := base64.RawURLEncoding.DecodeString(head)
			must(t, err)
			for _, kid := range published(t, w.Issuer) {
				if strings.Contains(string(raw), kid) {
					return kid
				}
			}
			return "a key that is not published"
		}
		old := w.current(t, w.Issuer, jose.ES256)
		if got := signer(); got != old {
			t.Fatalf("signed by %s, want %s", got, old)
		}
		must(t, w.RevokeKey(ctx, w.admin, old, "stolen"))
		if got, want := signer(), w.current(t, w.Issuer, jose.ES256); got != want || got == old {
			t.Errorf("after the revocation signed by %s, want %s", got, want)
		}
	})
}
