package issuer_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/internal/jose"
	"socialregistry/issuer"
	"socialregistry/issuer/keys"
	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

// published gives the ids of the keys in a process's JWK set.
func published(t *testing.T, i *issuer.Issuer) []string {
	t.Helper()
	set, err := i.JWKS()
	must(t, err)
	var out []string
	for _, k := range set["keys"].([]any) {
		out = append(out, k.(map[string]any)["kid"].(string))
	}
	return out
}

func (w *world) current(t *testing.T, i *issuer.Issuer, alg string) string {
	t.Helper()
	key, err := i.PublicKey(alg)
	must(t, err)
	kid, err := jose.Thumbprint(key)
	must(t, err)
	return kid
}

// A new key is published before it signs, takes over at its time in every process
// without a restart, and the one before it stays published until all that it
// signed is over.
func TestRotationWithOverlap(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		other := w.issuer(t, d) // another process, that somebody else's hand does not reach
		old := w.current(t, other, jose.ES256)
		id := w.person(t, amina(), mandatory()...)
		_, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		until := w.live(t, id)[0].ValidUntil

		next, err := w.RotateKey(ctx, w.admin, issuer.KindES256, time.Time{}, "yearly")
		must(t, err)
		if got := published(t, other); slices.Contains(got, next.KID) {
			t.Fatalf("the other process has it without having read it: %v", got)
		}
		changed, err := other.FollowKeys(ctx)
		must(t, err)
		if again, err := other.FollowKeys(ctx); err != nil || !changed || again {
			t.Errorf("followed %v, then %v, %v, want once", changed, again, err)
		}
		for _, i := range []*issuer.Issuer{w.Issuer, other} {
			if got := published(t, i); !slices.Contains(got, next.KID) || !slices.Contains(got, old) {
				t.Errorf("published %v, want the old and the new", got)
			}
			if got := w.current(t, i, jose.ES256); got != old {
				t.Errorf("signs with %s before its time", got)
			}
		}
		w.clock.pass(24*time.Hour - time.Second)
		if got := w.current(t, other, jose.ES256); got != old {
			t.Errorf("a second before: %s", got)
		}
		w.clock.pass(time.Second)
		if got := w.current(t, other, jose.ES256); got != next.KID {
			t.Errorf("at its time: %s, want %s", got, next.KID)
		}
		w.clock.pass(11 * time.Minute) // beyond the hand-over, and as much for clocks
		_, err = other.FollowKeys(ctx)
		must(t, err)
		if got := published(t, other); !slices.Contains(got, old) {
			t.Errorf("no longer published, with a credential that is valid until %s: %v", until, got)
		}
		w.clock.at.Store(&until)
		if got := published(t, other); slices.Contains(got, old) {
			t.Errorf("still published after its last credential: %v", got)
		}
	})
}

// What a process that has not heard of a revocation yet would sign with the key is
// not signed with it.
func TestRevokedKeySignsNothingAnywhere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		admins := w.issuer(t, d)
		old := w.current(t, w.Issuer, jose.ES256)
		id := w.person(t, amina(), mandatory()...)
		must(t, admins.RevokeKey(ctx, w.admin, old, "stolen"))
		credential, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		if kid := w.live(t, id)[0].KID; kid == old || kid != w.current(t, admins, jose.ES256) {
			t.Errorf("signed with %s", kid)
		}
		header, err := jose.Header(strings.Split(credential.(string), "~")[0])
		must(t, err)
		if header["kid"] == old || slices.Contains(published(t, w.Issuer), old) {
			t.Errorf("header %v, published %v", header["kid"], published(t, w.Issuer))
		}
		if err := admins.RevokeKey(ctx, w.admin, old, "again"); fault.CodeOf(err) != "key_revoked" {
			t.Errorf("twice: %v", err)
		}
		b, err := w.Bundle(ctx)
		must(t, err)
		if n := slices.IndexFunc(b.Issuers[0].Keys, func(k verify.BundleKey) bool { return k.KID == old }); n < 0 || b.Issuers[0].Keys[n].RevokedAt == nil {
			t.Error("the trust bundle does not tell that the key is revoked")
		}
		for _, k := range b.Issuers[0].Keys { // codes on paper name a key by the first 8 bytes of its thumbprint
			whole, err := base64.RawURLEncoding.DecodeString(k.KID)
			must(t, err)
			if k.CoseKID != base64.RawURLEncoding.EncodeToString(whole[:8]) {
				t.Errorf("key %s has the cose_kid %s", k.KID, k.CoseKID)
			}
		}
	})
}

// Keys that soon are over get successors without anybody's hand, one each however
// many processes look.
func TestKeysAreSucceeded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		other := w.issuer(t, d)
		first := len(w.keys(t))
		old := w.current(t, other, jose.EdDSA)
		w.clock.pass(75 * 24 * time.Hour)
		for _, i := range []*issuer.Issuer{w.Issuer, other} {
			_, err := i.FollowKeys(ctx)
			must(t, err)
		}
		if n := len(w.keys(t)); n != first {
			t.Errorf("%d keys, want still %d", n, first)
		}
		w.clock.pass(24 * time.Hour) // fewer than 14 days are left
		for _, i := range []*issuer.Issuer{w.Issuer, other, w.Issuer} {
			_, err := i.FollowKeys(ctx)
			must(t, err)
		}
		if n := len(w.keys(t)); n != first+3 { // the CA lasts
			t.Errorf("%d keys, want %d: one more for signatures of each kind, and for encryption", n, first+3)
		}
		if got := w.current(t, other, jose.EdDSA); got != old {
			t.Errorf("signs with %s, before the old one ends", got)
		}
		w.clock.pass(14 * 24 * time.Hour)
		if got := w.current(t, other, jose.EdDSA); got == old {
			t.Error("the old one signs beyond its end")
		}
		must(t, other.Ready(ctx))
	})
}

// Each ES256 key has a certificate of the issuer CA; revoking the CA gives them new
// ones under the next.
func TestCertificatesFollowTheKeys(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		roots := func() *x509.CertPool {
			pool := x509.NewCertPool()
			if !pool.AppendCertsFromPEM(w.Authorities()) {
				t.Fatal("no CA")
			}
			return pool
		}
		verify := func(pool *x509.CertPool) error {
			chain, err := w.Chain(jose.ES256)
			must(t, err)
			der, err := base64.StdEncoding.DecodeString(chain[0])
			must(t, err)
			leaf, err := x509.ParseCertificate(der)
			must(t, err)
			_, err = leaf.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: w.clock.now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
			return err
		}
		before := roots()
		must(t, verify(before))
		if _, err := w.Chain(jose.EdDSA); !errors.Is(err, keys.ErrNoCertificate) {
			t.Errorf("EdDSA: %v, want ErrNoCertificate", err)
		}
		_, err := w.RotateKey(ctx, w.admin, issuer.KindES256, w.clock.now(), "now")
		must(t, err)
		must(t, verify(before))
		list, err := w.Keys(ctx, w.admin)
		must(t, err)
		ca := list[slices.IndexFunc(list, func(k issuer.KeyInfo) bool { return k.Kind == issuer.KindAuthority })]
		must(t, w.RevokeKey(ctx, w.admin, ca.KID, "the CA's key is lost"))
		must(t, verify(roots()))
		if err := verify(before); err == nil {
			t.Error("the certificate is still one of the CA that is revoked")
		}
	})
}

func TestKeysAreKeptByAdmins(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		kid := w.current(t, w.Issuer, jose.ES256)
		bounded := staff(registry.RoleAdmin)
		bounded.Grants = []registry.Grant{{Role: registry.RoleAdmin, Area: "KE-110"}}
		token := staff(registry.RoleAdmin)
		token.Scopes = []registry.Scope{}
		for name, c := range map[string]struct {
			actor registry.Actor
			want  fault.Kind
		}{
			"nobody": {registry.Actor{}, fault.Unauthenticated}, "registrar": {staff(registry.RoleRegistrar), fault.Forbidden}, "auditor": {staff(registry.RoleAuditor), fault.Forbidden},
			"admin of an area": {bounded, fault.Forbidden}, "a token": {token, fault.Forbidden}, "system": {registry.System(), fault.Forbidden},
		} {
			_, rotated := w.RotateKey(ctx, c.actor, issuer.KindES256, time.Time{}, "x")
			_, request := w.KeyRequest(ctx, c.actor, kid)
			for _, err := range []error{rotated, request, w.RevokeKey(ctx, c.actor, kid, "x"), w.CertifyKey(ctx, c.actor, kid, nil, "x")} {
				if fault.KindOf(err) != c.want {
					t.Errorf("%s: %v, want %v", name, err, c.want)
				}
			}
		}
		if _, err := w.Keys(ctx, staff(registry.RoleAuditor)); err != nil {
			t.Errorf("an auditor reads: %v", err)
		}
		_, noReason := w.RotateKey(ctx, w.admin, issuer.KindES256, time.Time{}, "")
		_, noKind := w.RotateKey(ctx, w.admin, "RS256", time.Time{}, "x")
		_, late := w.RotateKey(ctx, w.admin, issuer.KindES256, w.clock.now().AddDate(1, 0, 1), "x")
		eddsa := w.current(t, w.Issuer, jose.EdDSA)
		_, noCSR := w.KeyRequest(ctx, w.admin, eddsa)
		for code, err := range map[string]error{
			"reason_required": noReason, "key_kind": noKind, "key_time": late, "key_without_certificate": noCSR,
			"key_not_found": w.RevokeKey(ctx, w.admin, "nobody", "x"), "certificate": w.CertifyKey(ctx, w.admin, kid, []byte("x"), "x"),
		} {
			if fault.CodeOf(err) != code {
				t.Errorf("%v, want %s", err, code)
			}
		}
		if n := len(w.keys(t)); n != 5 {
			t.Errorf("%d keys: a refusal made or ended one", n)
		}
		_, err := w.RotateKey(ctx, w.admin, issuer.KindEncryption, time.Time{}, "custom")
		must(t, err)
		log, err := w.KeyHistory(ctx, w.admin, kid)
		if err != nil || len(log) != 1 || log[0].Actor != "the issuer" {
			t.Errorf("log %+v, %v", log, err)
		}
	})
}

// Under load no issue fails because of a rotation, every credential of before
// verifies with today's trust bundle, and every one made after names the new key.
func TestRotationUnderLoad(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		processes := []*issuer.Issuer{w.Issuer, w.issuer(t, d)}
		id := w.person(t, amina(), mandatory()...)
		h := newHolder(t)
		var mu sync.Mutex
		var made []string
		issue := func(i *issuer.Issuer) {
			as := *w
			as.Issuer = i
			mu.Lock()
			token := as.token(t, id, sd)
			mu.Unlock()
			for range 5 {
				credential, err := as.ask(ctx, token, sd, h)
				if err != nil {
					t.Errorf("an issue failed: %v", err)
					return
				}
				mu.Lock()
				made = append(made, credential.(string))
				mu.Unlock()
			}
		}
		load := func() *sync.WaitGroup {
			var work sync.WaitGroup
			for n := range 4 {
				work.Go(func() { issue(processes[n%2]) })
			}
			return &work
		}
		old := w.current(t, w.Issuer, jose.ES256)
		running := load()
		next, err := processes[1].RotateKey(ctx, w.admin, issuer.KindES256, w.clock.now(), "under load")
		must(t, err)
		for _, i := range processes {
			_, err := i.FollowKeys(ctx)
			must(t, err)
		}
		running.Wait()
		before := len(made)
		load().Wait()
		for n, c := range made {
			header, err := jose.Header(strings.Split(c, "~")[0])
			must(t, err)
			if kid := header["kid"]; kid != next.KID && (n >= before || kid != old) {
				t.Errorf("credential %d of %d names %v", n, before, kid)
			}
			if got := w.check(t, c).Outcome; got != verify.Genuine {
				t.Errorf("credential %d: %s", n, got)
			}
		}
		if len(made) != 40 {
			t.Errorf("%d credentials, want 40", len(made))
		}
	})
}
