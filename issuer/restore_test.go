package issuer_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/internal/jose"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
)

// site is a world whose database can be put back to what it was, as an operator
// does it, and whose issuer keeps a journal outside of it.
type site struct {
	*world
	t        *testing.T
	url      string
	stateDir string
	saved    string // the backup
}

func newSite(t *testing.T, url string) *site {
	t.Helper()
	s := &site{t: t, url: url, stateDir: t.TempDir(), saved: filepath.Join(t.TempDir(), "backup")}
	d := s.connect()
	s.world = newWorld(t, d)
	s.start()
	return s
}

func (s *site) connect() *db.DB {
	s.t.Helper()
	d, err := db.Open(context.Background(), s.url)
	must(s.t, err)
	s.t.Cleanup(func() { d.Close() })
	return d
}

// start starts the issuer as the server does.
func (s *site) start() {
	s.t.Helper()
	must(s.t, s.tryStart())
}

func (s *site) tryStart() error {
	c := s.config(s.db)
	c.StateDir = s.stateDir
	i, err := issuer.New(context.Background(), c)
	if err == nil {
		s.Issuer = i
	}
	return err
}

func (s *site) sqliteFile() string { return strings.TrimPrefix(s.url, "sqlite:") }

// backup copies the database away: pg_dump, or a copy of the file.
func (s *site) backup() {
	s.t.Helper()
	if !strings.HasPrefix(s.url, "sqlite:") {
		s.tool("pg_dump", "--format=custom", "--file="+s.saved, s.url)
		return
	}
	_ = os.Remove(s.saved) // there may be none yet
	must(s.t, s.db.Exec("VACUUM INTO ?", s.saved).Error)
}

// restore puts the copy in the place of the database and starts anew.
func (s *site) restore() {
	s.t.Helper()
	must(s.t, s.db.Close())
	if strings.HasPrefix(s.url, "sqlite:") {
		for _, tail := range []string{"-wal", "-shm"} {
			_ = os.Remove(s.sqliteFile() + tail) // closing may have removed it
		}
		data, err := os.ReadFile(s.saved)
		must(s.t, err)
		must(s.t, os.WriteFile(s.sqliteFile(), data, 0o600))
	} else {
		s.tool("pg_restore", "--clean", "--if-exists", "--single-transaction", "--dbname="+s.url, s.saved)
	}
	s.db = s.connect()
	s.openRegistry(s.t)
}

func (s *site) tool(name string, args ...string) {
	s.t.Helper()
	paths, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	must(s.t, err)
	if path, err := exec.LookPath(name); err == nil {
		paths = append(paths, path)
	}
	if len(paths) == 0 {
		s.t.Fatal(name + " is not installed: install postgresql-client")
	}
	if out, err := exec.Command(paths[len(paths)-1], args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// issue makes a credential and gives its row.
func (s *site) issue(config string) ledger.Issuance {
	s.t.Helper()
	id := s.person(s.t, amina(), mandatory()...)
	_, err := s.ask(context.Background(), s.token(s.t, id, config), config, newDIDHolder(s.t))
	must(s.t, err)
	return s.live(s.t, id)[0]
}

// value is what the status lists that are served say of an index.
func (s *site) value(r ledger.Issuance) byte {
	s.t.Helper()
	bits, _ := s.bits(s.t, listKindOf(r), r.ListID)
	v, err := bits.Get(int(r.ListIndex))
	must(s.t, err)
	return v
}

func listKindOf(r ledger.Issuance) string {
	if r.ConfigID == ldp {
		return issuer.BitstringList
	}
	return issuer.TokenList
}

// A database that is restored from a backup reuses no status index and revives
// nothing that was withdrawn: not what the backup knows as valid, and not what was
// issued and withdrawn after it. What it does not know any more is withdrawn too.
func TestRestoredBackup(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		s, ctx := newSite(t, url), context.Background()
		for _, config := range []string{sd, ldp} {
			kept, gone, paused := s.issue(config), s.issue(config), s.issue(config)
			token := s.token(t, gone.RegistrantID, config)
			s.backup()
			must(t, s.Withdraw(ctx, s.admin, gone.ID, "lost"))
			must(t, s.Suspend(ctx, s.admin, paused.ID, "looked into"))
			after, withdrawnAfter := s.issue(config), s.issue(config)
			must(t, s.Withdraw(ctx, s.admin, withdrawnAfter.ID, "lost"))
			if s.value(gone) == 0 || s.value(after) != 0 {
				t.Fatalf("%s before the restore: %d, %d", config, s.value(gone), s.value(after))
			}
			stolen := s.current(t, s.Issuer, jose.EdDSA)
			must(t, s.RevokeKey(ctx, s.admin, stolen, "stolen"))
			must(t, s.KeepJournal(ctx))
			used := map[int64]bool{}
			for _, r := range []ledger.Issuance{kept, gone, paused, after, withdrawnAfter} {
				used[r.ListIndex] = true
			}

			s.restore()
			s.start()
			if r := s.Restored(); r.Generation == 0 || r.Again != 2 {
				t.Errorf("%s: restored %+v, want a new generation that withdrew and suspended one each", config, r)
			}
			for name, c := range map[string]struct {
				row  ledger.Issuance
				want bool
			}{"kept": {kept, true}, "withdrawn": {gone, false}, "issued after": {after, false}, "issued and withdrawn after": {withdrawnAfter, false}} {
				if got := s.value(c.row) == 0; got != c.want {
					t.Errorf("%s: %s is valid: %v, want %v", config, name, got, c.want)
				}
			}
			if rows := s.live(t, paused.RegistrantID); len(rows) != 0 && rows[0].State != ledger.Suspended {
				t.Errorf("%s: what was suspended is %s", config, rows[0].State)
			}
			if slices.Contains(published(t, s.Issuer), stolen) {
				t.Errorf("%s: the key that was revoked is published again", config)
			}
			if _, err := s.ask(ctx, token, config, newDIDHolder(t)); err == nil {
				t.Errorf("%s: a token of before is still good", config)
			}
			fresh := s.issue(config)
			if fresh.ListID == kept.ListID || s.value(fresh) != 0 {
				t.Errorf("%s: issued again in list %s, value %d", config, fresh.ListID, s.value(fresh))
			}
			// The next start finds all in order.
			s.start()
			if r := s.Restored(); r.Generation != 0 {
				t.Errorf("%s: the start after found a restored database again: %+v", config, r)
			}
		}
	})
}

// A backup that is put in place while the service runs is noticed.
func TestRestoreWhileRunning(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		s, ctx := newSite(t, url), context.Background()
		s.backup()
		s.issue(sd)
		must(t, s.KeepJournal(ctx))
		running := s.Issuer
		s.restore()
		if !strings.HasPrefix(url, "sqlite:") { // on SQLite the file that it had open is gone
			s.Issuer = running
			running.UseLedger(s.db, s.clock.now)
			if err := running.KeepJournal(ctx); !errors.Is(err, issuer.ErrWentBack) {
				t.Errorf("%v, want ErrWentBack", err)
			}
		}
		s.start()
		if s.Restored().Generation != 2 {
			t.Errorf("%+v", s.Restored())
		}
	})
}

// Without its journal a database with status lists is served only when an operator
// says what it is, or beside a server that knows it.
func TestJournalIsLost(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		s, ctx := newSite(t, url), context.Background()
		first := s.issue(sd)
		must(t, s.KeepJournal(ctx))
		vouch := func(restored bool) (issuer.Restored, error) {
			c := s.config(s.db)
			c.StateDir = s.stateDir
			return issuer.Vouch(ctx, c, restored, "operator", "the disk was lost")
		}
		if _, err := vouch(false); fault.CodeOf(err) != "journal_there" {
			t.Errorf("with the journal there: %v", err)
		}
		s.stateDir = t.TempDir()
		if err := s.tryStart(); err != nil {
			t.Errorf("beside a server that vouches: %v", err)
		}
		s.stateDir = t.TempDir()
		s.clock.pass(time.Minute)
		err := s.tryStart()
		if fault.CodeOf(err) != "no_journal" || !strings.Contains(err.Error(), "socialregistry backup accept") {
			t.Fatalf("%v, want no_journal with the way out", err)
		}
		_, err = vouch(false)
		must(t, err)
		s.start()
		if again := s.issue(sd); again.ListID != first.ListID || s.value(first) != 0 {
			t.Errorf("accepted: list %s, then %s; value %d", first.ListID, again.ListID, s.value(first))
		}
		s.stateDir = t.TempDir()
		s.clock.pass(time.Minute)
		found, err := vouch(true)
		if err != nil || found.Generation != 2 {
			t.Fatalf("%+v, %v", found, err)
		}
		s.start()
		if again := s.issue(sd); again.ListID == first.ListID || s.value(first) != 0 {
			t.Errorf("restored: still list %s, value %d", again.ListID, s.value(first))
		}
	})
}

// Another database's journal, or one of another master key, counts for nothing.
func TestJournalOfAnotherDatabase(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		s.issue(sd)
		must(t, s.KeepJournal(context.Background()))
		s.clock.pass(time.Minute)
		must(t, s.db.Exec("UPDATE issuer_identity SET installation = ?", uuid.NewString()).Error)
		if err := s.tryStart(); fault.CodeOf(err) != "no_journal" {
			t.Errorf("%v, want no_journal", err)
		}
	})
}
