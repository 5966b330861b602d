package issuer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer"
	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

// verifier is somebody with a bundle, who follows it.
type verifier struct {
	t    testing.TB
	pins verify.Pins
	b    *verify.Bundle
}

// newVerifier pins the root key of a registry, as it was told by another way.
func newVerifier(t testing.TB, s *issuer.Issuers) *verifier {
	t.Helper()
	kid, err := s.RootKey()
	must(t, err)
	return &verifier{t: t, pins: verify.Pins{Roots: []string{kid}}}
}

func (v *verifier) refresh(s *issuer.Issuers, f issuer.Form) *verify.Bundle {
	v.t.Helper()
	doc, err := s.TrustBundle(context.Background(), f)
	must(v.t, err)
	b, pins, err := v.pins.Open(doc.Body)
	must(v.t, err)
	v.pins = pins
	return b
}

func (v *verifier) verdict(credential any, at time.Time) verify.Outcome {
	v.t.Helper()
	return v.b.Verify([]byte(credential.(string)), at).Outcome
}

func plain(t testing.TB, b *verify.Bundle) string {
	t.Helper()
	raw, err := json.Marshal(b)
	must(t, err)
	return string(raw)
}

// A bundle is signed by the root key, given out until it is too old or a key changes,
// and followed by deltas and by shards.
func TestTrustBundle(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		s := issuer.Alone(w.Issuer)
		id := w.person(t, amina(), mandatory()...)
		credential, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		v := newVerifier(t, s)
		v.b = v.refresh(s, issuer.Form{})
		if got := v.verdict(credential, w.clock.now()); got != verify.Genuine {
			t.Fatalf("the credential is %s", got)
		}
		first := v.b.Seq
		w.clock.pass(14 * time.Minute)
		if b := v.refresh(s, issuer.Form{}); b.Seq != first {
			t.Errorf("another one after 14 minutes")
		}
		if b := v.refresh(issuer.Alone(w.issuer(t, d)), issuer.Form{}); b.Seq != first {
			t.Errorf("another process gives out number %d, want %d", b.Seq, first)
		}
		must(t, w.Withdraw(ctx, w.admin, w.live(t, id)[0].ID, "test"))
		w.clock.pass(time.Minute)
		delta := v.refresh(s, issuer.Form{Since: first})
		if delta.Base != first || delta.Seq <= first || len(delta.Issuers) != 0 || len(delta.Types) != 0 || len(delta.Contexts) != 0 || len(delta.Status) == 0 {
			t.Errorf("the delta has %d issuers, %d types, %d contexts, %d lists", len(delta.Issuers), len(delta.Types), len(delta.Contexts), len(delta.Status))
		}
		v.b, err = v.b.Apply(delta)
		must(t, err)
		if got := v.verdict(credential, w.clock.now()); got != verify.Withdrawn {
			t.Errorf("after the delta it is %s", got)
		}
		whole := v.refresh(s, issuer.Form{})
		slices.SortFunc(whole.Status, func(a, b verify.BundleStatus) int { return bytes.Compare([]byte(a.URI), []byte(b.URI)) })
		for n := range whole.Status {
			whole.Status[n].Fetched, v.b.Status[n].Fetched = time.Time{}, time.Time{}
		}
		if plain(t, whole) != plain(t, v.b) {
			t.Errorf("by the delta:\n%s\nwhole:\n%s", plain(t, v.b), plain(t, whole))
		}
		both := v.refresh(s, issuer.Form{Since: first, Apart: true})
		if both.Base != first || len(both.Missing()) != len(delta.Status) {
			t.Errorf("a delta without lists has %d of %d apart", len(both.Missing()), len(delta.Status))
		}
		if b := v.refresh(s, issuer.Form{Since: first - 1}); b.Base != 0 {
			t.Error("a delta of a bundle that there never was")
		}
		if b := v.refresh(s, issuer.Form{Since: whole.Seq}); b.Base != 0 || b.Seq != whole.Seq {
			t.Error("nothing new is not the whole")
		}
	})
}

// A bundle has the fields of each type in their order, and words for their codes, under
// the names that the format gives them.
func TestBundleSaysHowDetailsAreShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	b, err := w.Bundle(context.Background())
	must(t, err)
	types := 0
	for name, shown := range b.Types {
		if len(shown.Order) != len(shown.Claims) {
			t.Errorf("%s: %d names, of which %d have a place", name, len(shown.Claims), len(shown.Order))
		}
		if shown.Claims["sex"] == nil {
			continue
		}
		types++
		given := slices.IndexFunc(shown.Order, func(s string) bool { return s == "given_name" || s == "givenName" })
		if sex := slices.Index(shown.Order, "sex"); given != 0 || sex < 3 || shown.Values["sex"]["female"]["ar"] == "" || shown.Values["sex"]["female"]["en"] != "Female" {
			t.Errorf("%s: given name at %d, sex at %d with %v", name, given, sex, shown.Values["sex"])
		}
	}
	if types < 3 {
		t.Errorf("%d types say the sex", types)
	}
}

func TestTrustBundleShards(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		s := issuer.Alone(w.Issuer)
		id := w.person(t, amina(), mandatory()...)
		credential, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		v := newVerifier(t, s)
		v.b = v.refresh(s, issuer.Form{Apart: true})
		if got := v.verdict(credential, w.clock.now()); got != verify.GenuineStatusUnknown {
			t.Errorf("without its list: %s", got)
		}
		for _, missing := range v.b.Missing() {
			list, err := s.BundleShard(ctx, missing.SHA256)
			must(t, err)
			if len(list.Body) != missing.Bytes {
				t.Errorf("%d bytes, said %d", len(list.Body), missing.Bytes)
			}
			if err := v.b.AddStatus(string(list.Body) + " "); err == nil {
				t.Error("a list was taken that is not the one of the hash")
			}
			must(t, v.b.AddStatus(string(list.Body)))
		}
		if got := v.verdict(credential, w.clock.now()); got != verify.Genuine {
			t.Errorf("with its list: %s", got)
		}
		if _, err := s.BundleShard(ctx, "none"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a list that is not there: %v", err)
		}
	})
}

// The root key's successor stands in the bundles long before it signs; a revoked one
// signs nothing more.
func TestRootKeyOfBundles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		s := issuer.Alone(w.Issuer)
		v := newVerifier(t, s)
		v.refresh(s, issuer.Form{})
		next, err := s.RotateKey(ctx, w.admin, issuer.KindRoot, time.Time{}, "test")
		must(t, err)
		if from := w.clock.now().Add(30 * 24 * time.Hour); next.NotBefore.Before(from.Add(-time.Minute)) {
			t.Errorf("used from %s, want a month from now", next.NotBefore)
		}
		if v.refresh(s, issuer.Form{}); !slices.Contains(v.pins.Roots, next.KID) {
			t.Fatal("a key that was made is not in the next bundle")
		}
		w.clock.pass(31 * 24 * time.Hour)
		_, err = s.FollowKeys(ctx)
		must(t, err)
		v.refresh(s, issuer.Form{}) // fails if the verifier does not trust it
		if kid, err := s.RootKey(); err != nil || kid != next.KID {
			t.Errorf("signed by %s, %v", kid, err)
		}
		must(t, s.RevokeKey(ctx, w.admin, next.KID, "stolen"))
		doc, err := s.TrustBundle(ctx, issuer.Form{})
		must(t, err)
		if kid, _, err := verify.SignerOf(doc.Body); err != nil || kid == next.KID {
			t.Errorf("signed by the revoked key: %v", err)
		}
		b := newVerifier(t, s).refresh(s, issuer.Form{})
		if slices.ContainsFunc(b.Roots, func(r verify.BundleRoot) bool { return r.KID == next.KID }) {
			t.Error("the revoked key is named as a root")
		}
		if _, err := s.PublishBundle(ctx, staff(registry.RoleAuditor)); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("an auditor publishes: %v", err)
		}
	})
}

// The issuers of another registry are merged by an administrator who was told its root
// key; those that it merged itself are not.
func TestMergedRegistries(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		s := issuer.Alone(w.Issuer)
		other, third := elsewhere(t, "https://other.example"), elsewhere(t, "https://third.example")
		thirds, err := third.TrustBundle(ctx, issuer.Form{})
		must(t, err)
		thirdRoot, err := third.RootKey()
		must(t, err)
		_, err = other.MergeRegistry(ctx, w.admin, thirds.Body, thirdRoot, "test")
		must(t, err)
		theirs, err := other.TrustBundle(ctx, issuer.Form{})
		must(t, err)
		root, err := other.RootKey()
		must(t, err)
		ours, err := s.TrustBundle(ctx, issuer.Form{})
		must(t, err)
		ownRoot, err := s.RootKey()
		must(t, err)
		for name, c := range map[string]struct {
			as           registry.Actor
			bundle       []byte
			root, reason string
			want         string
		}{
			"auditor": {staff(registry.RoleAuditor), theirs.Body, root, "test", "not_allowed"}, "no reason": {w.admin, theirs.Body, root, "", "reason_required"},
			"no root": {w.admin, theirs.Body, "", "test", "bad_root"}, "another root": {w.admin, theirs.Body, thirdRoot, "test", "bad_root"}, "no thumbprint": {w.admin, theirs.Body, "x", "test", "bad_root"},
			"no bundle": {w.admin, []byte("{}"), root, "test", "bundle"}, "our own": {w.admin, ours.Body, ownRoot, "test", "bundle"},
			"altered": {w.admin, bytes.Replace(theirs.Body, []byte(`"signature":"`), []byte(`"signature":"AA`), 1), root, "test", "bundle"},
		} {
			if _, err := s.MergeRegistry(ctx, c.as, c.bundle, c.root, c.reason); fault.CodeOf(err) != c.want {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
		}
		url, err := s.MergeRegistry(ctx, w.admin, theirs.Body, root, "an agreement")
		if err != nil || url != "https://other.example" {
			t.Fatal(url, err)
		}
		b := newVerifier(t, s).refresh(s, issuer.Form{})
		var urls []string
		for _, i := range b.Issuers {
			urls = append(urls, i.URL+" "+i.Source)
		}
		if want := []string{publicURL + " ", "https://other.example https://other.example"}; !slices.Equal(urls, want) {
			t.Errorf("issuers %q, want %q", urls, want)
		}
		if from := sourcesOf(b); !maps.Equal(from, map[string]string{publicURL + "/contexts/v1": "", "https://other.example/contexts/v1": "https://other.example"}) {
			t.Errorf("contexts by where they are from: %q", from)
		}
		if _, err := s.MergeRegistry(ctx, w.admin, theirs.Body, "", "the same again"); err != nil {
			t.Errorf("the same again, without its root: %v", err)
		}
		list, err := s.MergedRegistries(ctx, staff(registry.RoleAuditor))
		if err != nil || len(list) != 1 || list[0].Roots[0] != root {
			t.Errorf("%+v, %v", list, err)
		}
		must(t, s.DropRegistry(ctx, w.admin, url, "it is over"))
		if err := s.DropRegistry(ctx, w.admin, url, "again"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("dropped twice: %v", err)
		}
		if b := newVerifier(t, s).refresh(s, issuer.Form{}); len(b.Issuers) != 1 {
			t.Errorf("%d issuers after it was dropped", len(b.Issuers))
		}
	})
}

// A registry that says that a key of ours is its own is not merged: what we signed would
// pass for theirs.
func TestMergedRegistryHasNoKeyOfOurs(t *testing.T) {
	t.Parallel()
	const other = "https://other.example"
	jwk := func(x string) map[string]any { return map[string]any{"kty": "OKP", "crv": "Ed25519", "x": x} }
	one := func(id, url, x string) verify.BundleIssuer {
		return verify.BundleIssuer{ID: id, URL: url, Keys: []verify.BundleKey{{KID: "k", JWK: jwk(x)}}}
	}
	for x, want := range map[string]bool{"theirs": true, "ours": false} {
		ours := &verify.Bundle{Issuers: []verify.BundleIssuer{one("did:web:ours.example", "https://ours.example", "ours")}, Contexts: map[string]verify.Context{}, Types: map[string]verify.BundleType{}}
		err := issuer.MergeBundle(ours, &verify.Bundle{Registry: other, Issuers: []verify.BundleIssuer{one("did:web:other.example", other, x)}})
		if (err == nil) != want {
			t.Errorf("a key of %s: %v", x, err)
		}
	}
}

// Nor one that calls a key as we call ours: codes on paper say no more of their signer.
func TestMergedRegistryHasNoKIDOfOurs(t *testing.T) {
	t.Parallel()
	const other = "https://other.example"
	one := func(id, url, x, kid string) verify.BundleIssuer {
		return verify.BundleIssuer{ID: id, URL: url, Keys: []verify.BundleKey{{KID: "k", CoseKID: kid, JWK: map[string]any{"kty": "OKP", "crv": "Ed25519", "x": x}}}}
	}
	for _, c := range []struct {
		ours, theirs string
		want         bool
	}{{"b3Vycw", "dGhlaXJz", true}, {"b3Vycw", "b3Vycw", false}, {"", "", true}} {
		b := &verify.Bundle{Issuers: []verify.BundleIssuer{one("did:web:ours.example", "https://ours.example", "ours", c.ours)}, Contexts: map[string]verify.Context{}, Types: map[string]verify.BundleType{}}
		err := issuer.MergeBundle(b, &verify.Bundle{Registry: other, Issuers: []verify.BundleIssuer{one("did:web:other.example", other, "theirs", c.theirs)}})
		if (err == nil) != c.want || err != nil && !errors.Is(err, verify.ErrBundle) {
			t.Errorf("%q beside %q: %v", c.theirs, c.ours, err)
		}
	}
}

// A context of another registry is taken for its own issuers alone: none that it merged
// itself, none elsewhere, and none at the address of one that is there.
func TestMergedContexts(t *testing.T) {
	t.Parallel()
	const own, other = "https://other.example/issuers/own/contexts/v1", "https://other.example"
	context := func(source string) verify.Context {
		c := verify.NewContext([]byte(`{"@context":{}}`))
		c.Source = source
		return c
	}
	theirs := &verify.Bundle{Registry: other, Issuers: []verify.BundleIssuer{{ID: "did:web:other.example", URL: other}},
		Contexts: map[string]verify.Context{other + "/contexts/v1": context(""), other + "/contexts/merged": context("https://third.example"), "https://elsewhere.example/v1": context("")}}
	ours := func(contexts ...string) *verify.Bundle {
		b := &verify.Bundle{Contexts: map[string]verify.Context{}, Types: map[string]verify.BundleType{}}
		for _, iri := range contexts {
			b.Contexts[iri] = context("")
		}
		return b
	}
	b := ours(own)
	must(t, issuer.MergeBundle(b, theirs))
	if from := sourcesOf(b); !maps.Equal(from, map[string]string{own: "", other + "/contexts/v1": other}) {
		t.Errorf("contexts by where they are from: %q", from)
	}
	if err := issuer.MergeBundle(ours(other+"/contexts/v1"), theirs); !errors.Is(err, verify.ErrBundle) {
		t.Errorf("a context that is ours is replaced: %v", err)
	}
}

// sourcesOf gives the registry that each context is for.
func sourcesOf(b *verify.Bundle) map[string]string {
	out := map[string]string{}
	for iri, c := range b.Contexts {
		out[iri] = c.Source
	}
	return out
}

// elsewhere is another registry.
func elsewhere(t *testing.T, url string) *issuer.Issuers {
	t.Helper()
	d := dbtest.New(t, "sqlite")
	w := &world{db: d, clock: newClock(), master: secret.NewMaster(), admin: staff(registry.RoleAdmin)}
	w.openRegistry(t)
	c := w.config(d)
	c.PublicURL = url
	i, err := issuer.New(context.Background(), c)
	must(t, err)
	return issuer.Alone(i)
}

// What one process makes, every other gives out within seconds; a key that was revoked
// while nobody gave out anything is in no bundle of before.
func TestEveryProcessGivesOutTheNewest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		here, there := issuer.Alone(w.Issuer), issuer.Alone(w.issuer(t, d))
		v := newVerifier(t, here)
		v.refresh(here, issuer.Form{})
		v.refresh(there, issuer.Form{})
		made, err := there.PublishBundle(ctx, w.admin)
		must(t, err)
		w.clock.pass(3 * time.Second)
		if b := v.refresh(here, issuer.Form{}); b.Seq != made.Seq {
			t.Errorf("number %d here, %d was made there", b.Seq, made.Seq)
		}
		old := w.current(t, w.Issuer, jose.ES256)
		must(t, w.RevokeKey(ctx, w.admin, old, "stolen"))
		fresh := issuer.Alone(w.issuer(t, d)) // as after a restart
		b := v.refresh(fresh, issuer.Form{})
		if !slices.ContainsFunc(b.Issuers[0].Keys, func(k verify.BundleKey) bool { return k.KID == old && k.RevokedAt != nil }) {
			t.Error("a process that starts gives out a bundle from before the revocation")
		}
	})
}

// A root key whose time is over stands in no bundle.
func TestRootKeyOfThePast(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		s := issuer.Alone(w.Issuer)
		first, err := s.RootKey()
		must(t, err)
		_, err = s.RotateKey(ctx, w.admin, issuer.KindRoot, w.clock.now(), "test")
		must(t, err)
		w.clock.pass(time.Hour)
		b := newVerifier(t, s).refresh(s, issuer.Form{})
		if slices.ContainsFunc(b.Roots, func(r verify.BundleRoot) bool { return r.KID == first }) {
			t.Error("it is named still")
		}
	})
}

// Registries that merge each other do not stand in each other's way, also with status
// lists; one that does not fit any more is left out, and ours stands.
func TestRegistriesThatMergeEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		s, other := issuer.Alone(w.Issuer), elsewhere(t, "https://other.example")
		_, err := w.ask(ctx, w.token(t, w.person(t, amina(), mandatory()...), sd), sd, newHolder(t))
		must(t, err)
		merge := func(into, from *issuer.Issuers) error {
			doc, err := from.TrustBundle(ctx, issuer.Form{})
			must(t, err)
			root, err := from.RootKey()
			must(t, err)
			_, err = into.MergeRegistry(ctx, w.admin, doc.Body, root, "test")
			return err
		}
		must(t, merge(other, s))
		must(t, merge(s, other)) // which holds us
		w.clock.pass(time.Minute)
		must(t, merge(other, s)) // which holds them
		b := newVerifier(t, s).refresh(s, issuer.Form{})
		if len(b.Issuers) != 2 || len(b.Status) == 0 {
			t.Errorf("%d issuers, %d lists", len(b.Issuers), len(b.Status))
		}
		spoil(t, d)
		if b, err := s.PublishBundle(ctx, w.admin); err != nil || len(b.Issuers) != 1 {
			t.Errorf("with one that cannot be read: %v", err)
		}
		list, err := s.MergedRegistries(ctx, w.admin)
		if err != nil || len(list) != 1 || !list[0].Out {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

// spoil makes a merged bundle unreadable, as another version of it would be.
func spoil(t *testing.T, d *db.DB) {
	t.Helper()
	must(t, d.InTx(context.Background(), time.Now, func(tx *gorm.DB, _ db.Time) error {
		return tx.Exec("UPDATE merged_registry SET payload = ?", db.Bytes("{}")).Error
	}))
}
