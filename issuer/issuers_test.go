package issuer_test

import (
	"context"
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

// Each issuer finds out by its own journal whether the database was brought back: what
// one had withdrawn is withdrawn again, and the other goes on as it was.
func TestRestoredBackupOfOneIssuer(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		s, ctx := newSite(t, url), context.Background()
		must(t, addIssuer(t, issuer.Alone(s.Issuer), s.admin))
		open := func() (root, pensions *issuer.Issuer) {
			c := s.config(s.db)
			c.StateDir = s.stateDir
			all, err := issuer.Open(ctx, c)
			must(t, err)
			pensions, err = all.Of("pensions")
			must(t, err)
			return all.Issuer, pensions
		}
		root, pensions := open()
		s.Issuer = root
		kept := s.issue(sd)
		s.Issuer = pensions
		gone := s.issue(sd)
		must(t, root.KeepJournal(ctx))
		s.backup()
		must(t, s.Withdraw(ctx, s.admin, gone.ID, "lost"))
		must(t, pensions.KeepJournal(ctx))

		s.restore()
		root, pensions = open()
		if r := pensions.Restored(); r.Generation != 2 || r.Again != 1 {
			t.Errorf("the issuer that had gone on: %+v, want generation 2 and one withdrawn again", r)
		}
		if r := root.Restored(); r.Generation != 0 {
			t.Errorf("the issuer at the root: %+v, want it as it was", r)
		}
		s.Issuer = pensions
		if s.value(gone) == 0 {
			t.Error("what was withdrawn is valid again")
		}
		s.Issuer = root
		if s.value(kept) != 0 {
			t.Error("what the other issuer issued is not valid")
		}
	})
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
