package issuer_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/registry"
)

// addIssuer adds the issuer of pensions, which issues one kind of credential.
func addIssuer(t *testing.T, s *issuer.Issuers, a registry.Actor) error {
	t.Helper()
	_, err := s.AddIssuer(context.Background(), a, issuer.NewIssuer{Name: "pensions", Names: map[string]string{"en": "Pensions"}, ConfigIDs: []string{sd}, Reason: "test"})
	return err
}

// openAll starts all issuers as the server does.
func (s *site) openAll() *issuer.Issuers {
	s.t.Helper()
	c := s.config(s.db)
	c.StateDir = s.stateDir
	all, err := issuer.Open(context.Background(), c)
	must(s.t, err)
	return all
}

func (s *site) of(all *issuer.Issuers, name string) *issuer.Issuer {
	s.t.Helper()
	i, err := all.Of(name)
	must(s.t, err)
	return i
}

// The database is brought back for all issuers: when one finds that out, all begin the
// next generation, also one whose own journal has no trace of it. What the others
// issued stays valid.
func TestRestoredBackupOfQuietIssuer(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		s, ctx := newSite(t, url), context.Background()
		must(t, addIssuer(t, issuer.Alone(s.Issuer), s.admin))
		generation := int64(1)
		for _, tc := range []struct {
			busy, quiet string
			halfway     bool // a start before recovered the issuer at the root alone
		}{{busy: "pensions"}, {quiet: "pensions"}, {quiet: "pensions", halfway: true}} {
			all := s.openAll()
			s.Issuer = s.of(all, tc.busy)
			gone := s.issue(sd)
			s.Issuer = s.of(all, tc.quiet)
			kept := s.issue(sd)
			token := s.token(t, kept.RegistrantID, sd)
			for _, i := range all.All() {
				must(t, i.KeepJournal(ctx))
			}
			s.backup()
			must(t, s.of(all, tc.busy).Withdraw(ctx, s.admin, gone.ID, "lost"))
			must(t, s.of(all, tc.busy).KeepJournal(ctx))

			s.restore()
			generation++
			if tc.halfway {
				s.startsAs(generation, 1)
			}
			all = s.openAll()
			if r := s.of(all, tc.quiet).Restored(); r.Generation != generation {
				t.Errorf("%+v: the quiet issuer: %+v, want generation %d", tc, r, generation)
			}
			if r := s.of(all, tc.busy).Restored(); !tc.halfway && (r.Generation != generation || r.Again != 1) {
				t.Errorf("%+v: the busy issuer: %+v, want generation %d and one withdrawn again", tc, r, generation)
			}
			s.Issuer = s.of(all, tc.quiet)
			if _, err := s.ask(ctx, token, sd, newDIDHolder(t)); err == nil || s.value(kept) != 0 {
				t.Errorf("%+v: a token of before: %v; what was issued: %d", tc, err, s.value(kept))
			}
			if s.Issuer = s.of(all, tc.busy); s.value(gone) == 0 {
				t.Errorf("%+v: what was withdrawn is valid again", tc)
			}
			s.settled(all)
		}
		_, err := s.openAll().AddIssuer(ctx, s.admin, issuer.NewIssuer{Name: "health", Names: map[string]string{"en": "Health"}, ConfigIDs: []string{sd}, Reason: "test"})
		must(t, err)
		s.settled(s.openAll()) // one that is added later begins where the others are
		s.vouchesForAll(generation + 1)
	})
}

// settled expects that another server finds all in order, and that this one goes on
// beside it.
func (s *site) settled(all *issuer.Issuers) {
	s.t.Helper()
	for _, i := range s.openAll().All() {
		if r := i.Restored(); r.Generation != 0 {
			s.t.Errorf("issuer %q found a restored database again: %+v", i.IssuerName(), r)
		}
	}
	for _, i := range all.All() {
		must(s.t, i.KeepJournal(context.Background()))
	}
}

// vouchesForAll loses the journal of the issuer at the root alone: who says then that
// the database was restored says it of all.
func (s *site) vouchesForAll(want int64) {
	s.t.Helper()
	var folder string
	must(s.t, s.db.Raw("SELECT installation FROM issuer_identity WHERE issuer = ''").Scan(&folder).Error)
	must(s.t, os.RemoveAll(filepath.Join(s.stateDir, folder)))
	c := s.config(s.db)
	c.StateDir = s.stateDir
	found, err := issuer.Vouch(context.Background(), c, true, "operator", "the disk was lost")
	if err != nil || found.Generation != want {
		s.t.Errorf("vouched: %+v, %v, want generation %d", found, err, want)
	}
	var generations []int64
	must(s.t, s.db.Raw("SELECT DISTINCT generation FROM issuer_identity").Scan(&generations).Error)
	if len(generations) != 1 || generations[0] != want {
		s.t.Errorf("generations %v, want %d of all", generations, want)
	}
	s.settled(s.openAll())
}

// A change of a record withdraws what each issuer made of it, by a follower of its own.
func TestEachIssuerFollowsTheRegistry(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		must(t, addIssuer(t, issuer.Alone(w.Issuer), w.admin))
		all, err := issuer.Open(ctx, w.config(d))
		must(t, err)
		id := w.person(t, amina(), mandatory()...)
		for _, i := range all.All() {
			w.Issuer = i
			_, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
			must(t, err)
		}
		w.edit(t, id, map[string]string{"family_name": "Keita"})
		w.settle(t)
		for n, i := range all.All() {
			if _, withdrawn, err := i.Follow(ctx); withdrawn != 1 || err != nil {
				t.Errorf("issuer %q withdrew %d, %v, want 1", i.IssuerName(), withdrawn, err)
			}
			issued, err := all.Issued(ctx, w.admin, id)
			if err != nil || len(issued) != 2 {
				t.Fatalf("issued %v, %v", issued, err)
			}
			left := 0
			for _, c := range issued {
				if c.WithdrawnAt.IsZero() {
					left++
				}
			}
			if left != 1-n {
				t.Errorf("after %d issuers: %d are left", n+1, left)
			}
		}
	})
}

// Only who keeps the issuer's settings adds an issuer, and no name is given twice.
func TestWhoAddsAnIssuer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	all := issuer.Alone(w.Issuer)
	for _, tc := range []struct {
		actor registry.Actor
		want  fault.Kind
	}{{registry.Actor{}, fault.Unauthenticated}, {staff(registry.RoleRegistrar), fault.Forbidden}, {staff(registry.RoleAuditor), fault.Forbidden}} {
		if err := addIssuer(t, all, tc.actor); fault.KindOf(err) != tc.want {
			t.Errorf("%v: %v, want %v", tc.actor.Roles, err, tc.want)
		}
	}
	must(t, addIssuer(t, all, w.admin))
	if err := addIssuer(t, all, w.admin); fault.CodeOf(err) != "issuer_there" {
		t.Errorf("the same name again: %v", err)
	}
	for name, bad := range map[string]issuer.NewIssuer{
		"no name":            {Names: map[string]string{"en": "X"}, ConfigIDs: []string{sd}, Reason: "test"},
		"capitals":           {Name: "Health", Names: map[string]string{"en": "X"}, ConfigIDs: []string{sd}, Reason: "test"},
		"a slash":            {Name: "a/b", Names: map[string]string{"en": "X"}, ConfigIDs: []string{sd}, Reason: "test"},
		"nothing to call it": {Name: "health", ConfigIDs: []string{sd}, Reason: "test"},
		"no language":        {Name: "health", Names: map[string]string{"?": "X"}, ConfigIDs: []string{sd}, Reason: "test"},
		"no kinds":           {Name: "health", Names: map[string]string{"en": "X"}, Reason: "test"},
		"a kind twice":       {Name: "health", Names: map[string]string{"en": "X"}, ConfigIDs: []string{sd, sd}, Reason: "test"},
		"no reason":          {Name: "health", Names: map[string]string{"en": "X"}, ConfigIDs: []string{sd}},
		"a long country":     {Name: "health", Names: map[string]string{"en": "X"}, Country: "JOR", ConfigIDs: []string{sd}, Reason: "test"},
	} {
		if _, err := all.AddIssuer(context.Background(), w.admin, bad); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want Invalid", name, err)
		}
	}
}
