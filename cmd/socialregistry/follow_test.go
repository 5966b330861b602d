package main

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

// A follower that stands still for too long is told by the readiness check.
func TestAFollowerThatStandsStillIsNotReady(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		now := time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)
		a := &app{config: Config{DatabaseURL: url, MasterKey: testMaster, PublicURL: "https://registry.example"}, log: silent(),
			now: func() time.Time { return now }}
		p, err := a.open(t.Context(), mustBeThere)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close() })
		clerk := registry.Actor{AccountID: uuid.New(), Name: "clerk", Roles: []registry.Role{registry.RoleRegistrar}, Channel: registry.ChannelStaff}
		_, err = p.registry.Register(t.Context(), clerk, registry.Change{Reason: "test", Set: map[string]string{
			"given_name": "Amina", "family_name": "Diallo", "birth_date": "1990-04-05"}})
		if err != nil {
			t.Fatal(err)
		}
		for behind := time.Duration(0); behind == 0; now = now.Add(time.Minute) { // until no other transaction hides the change
			if behind, err = p.issuer.Behind(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		now = time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC).Add(followLimit)
		if err := keepsUp(t.Context(), p.issuer.Issuer); err != nil {
			t.Errorf("at the limit: %v", err)
		}
		now = now.Add(time.Microsecond)
		if err := keepsUp(t.Context(), p.issuer.Issuer); err == nil {
			t.Error("beyond the limit it counts as ready")
		}
		if _, _, err := p.issuer.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := keepsUp(t.Context(), p.issuer.Issuer); err != nil {
			t.Errorf("after it has read: %v", err)
		}
	})
}
