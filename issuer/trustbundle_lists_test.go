package issuer_test

import (
	"context"
	"encoding/json"
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
	"socialregistry/issuer/verify"
)

// The first credential of a list is genuine by the bundle that is fetched right after,
// also from another process than the one that opened the list; what opens none makes no
// new bundle.
func TestANewListIsInTheNextBundle(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		here, there := issuer.Alone(w.Issuer), issuer.Alone(w.issuer(t, d))
		v := newVerifier(t, there)
		before := v.refresh(there, issuer.Form{}).Seq
		v.refresh(here, issuer.Form{})
		id := w.person(t, amina(), mandatory()...)
		token := w.token(t, id, sd, ldp)
		for n, config := range []string{sd, sd, ldp} {
			credential, err := w.ask(ctx, token, config, newDIDHolder(t))
			must(t, err)
			b := v.refresh(there, issuer.Form{})
			if opened := n != 1; (b.Seq > before) != opened {
				t.Errorf("credential %d: number %d after %d", n, b.Seq, before)
			}
			if delta := v.refresh(there, issuer.Form{Since: before}); b.Seq > before && (delta.Base != before || len(delta.Status) == 0) {
				t.Errorf("the delta of %d has %d lists", delta.Base, len(delta.Status))
			}
			if got := b.Verify(textOf(t, credential), w.clock.now()).Outcome; got != verify.Genuine {
				t.Errorf("credential %d is %s", n, got)
			}
			if own := v.refresh(here, issuer.Form{}); own.Seq != b.Seq {
				t.Errorf("the process that issued gives out number %d, the other %d", own.Seq, b.Seq)
			}
			before = b.Seq
		}
	})
}

// textOf writes a credential as its holder keeps it.
func textOf(t *testing.T, credential any) []byte {
	t.Helper()
	if s, ok := credential.(string); ok {
		return []byte(s)
	}
	raw, err := json.Marshal(credential)
	must(t, err)
	return raw
}

// Lists that are opened at once, by several processes, while bundles are fetched: each
// stands in what is fetched after it, and no more bundles are made than there are lists.
func TestManyListsAreOpenedAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		const lists = 12
		first, second, third := w.Issuer, w.issuer(t, d), issuer.Alone(w.issuer(t, d))
		before, err := third.TrustBundle(ctx, issuer.Form{})
		must(t, err)
		var wg sync.WaitGroup
		for n := range lists {
			wg.Go(func() {
				opens := []*issuer.Issuer{first, second}[n%2]
				list, _, err := opens.TakeIndexUntil(ctx, issuer.TokenList, w.clock.now().AddDate(0, 3*n, 0))
				if err != nil {
					t.Error(err)
					return
				}
				doc, err := third.TrustBundle(ctx, issuer.Form{})
				if err != nil {
					t.Error(err)
					return
				}
				b, _, err := newVerifier(t, third).pins.Open(doc.Body)
				if err != nil || !slices.ContainsFunc(b.Status, func(s verify.BundleStatus) bool { return strings.HasSuffix(s.URI, "/"+list) }) {
					t.Errorf("list %d is not in the bundle that was fetched after it, %v", n, err)
				}
			})
		}
		wg.Wait()
		var made int64
		must(t, d.Raw("SELECT count(*) FROM trust_bundle").Scan(&made).Error)
		if made < 2 || made > lists+1 {
			t.Errorf("%d bundles were made for %d lists", made, lists)
		}
		after, err := third.TrustBundle(ctx, issuer.Form{})
		must(t, err)
		again, err := third.TrustBundle(ctx, issuer.Form{})
		must(t, err)
		if after.ETag == before.ETag || after.ETag != again.ETag || after.MaxAge != 0 {
			t.Errorf("tags %s, %s and %s, kept for %s", before.ETag, after.ETag, again.ETag, after.MaxAge)
		}
	})
}

// The list of another issuer of the registry stands in the bundle too; what another
// process still serves of the bundle before can be fetched by its hash.
func TestANewListOfAnotherIssuer(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		s, ctx := newSite(t, url), context.Background()
		must(t, addIssuer(t, issuer.Alone(s.Issuer), s.admin))
		opens, serves := s.openAll(), s.openAll()
		_, _, err := opens.TakeIndex(ctx, issuer.TokenList)
		must(t, err)
		v := newVerifier(t, serves)
		former := v.refresh(serves, issuer.Form{Apart: true})
		list, _, err := s.of(opens, "pensions").TakeIndex(ctx, issuer.TokenList)
		must(t, err)
		b := v.refresh(serves, issuer.Form{})
		if !slices.ContainsFunc(b.Status, func(l verify.BundleStatus) bool { return l.URI == publicURL+"/issuers/pensions/status/token/"+list }) {
			t.Errorf("it is not among %d lists", len(b.Status))
		}
		for _, l := range former.Missing() {
			_, err := serves.BundleShard(ctx, l.SHA256)
			must(t, err)
		}
	})
}

// While the database is away, the bundle that is known is given out.
func TestBundleWithoutDatabase(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		d, err := db.Open(context.Background(), url)
		must(t, err)
		w, ctx := newWorld(t, d), context.Background()
		s := issuer.Alone(w.Issuer)
		first := newVerifier(t, s).refresh(s, issuer.Form{})
		must(t, d.Close())
		if b := newVerifier(t, s).refresh(s, issuer.Form{}); b.Seq != first.Seq {
			t.Errorf("number %d, want %d", b.Seq, first.Seq)
		}
		w.clock.pass(15 * time.Minute)
		if _, err := s.TrustBundle(ctx, issuer.Form{}); err == nil {
			t.Error("one that is too old is given out")
		}
	})
}

// A process that has not heard yet of a revocation makes no bundle with the keys from
// before it, and takes the one of the process that has.
func TestNoBundleOfFormerKeys(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		here, there := issuer.Alone(w.Issuer), issuer.Alone(w.issuer(t, d))
		v := newVerifier(t, here)
		v.refresh(there, issuer.Form{})
		old := w.current(t, w.Issuer, jose.ES256)
		must(t, w.RevokeKey(ctx, w.admin, old, "stolen"))
		marked := func(b *verify.Bundle) bool {
			return slices.ContainsFunc(b.Issuers[0].Keys, func(k verify.BundleKey) bool { return k.KID == old && k.RevokedAt != nil })
		}
		_, _, err := here.TakeIndex(ctx, issuer.TokenList)
		must(t, err)
		made := v.refresh(there, issuer.Form{}) // has a reason to make one
		if !marked(made) {
			t.Error("it was made with the keys from before")
		}
		if b := v.refresh(here, issuer.Form{}); b.Seq != made.Seq {
			t.Errorf("number %d is made over again as %d", made.Seq, b.Seq)
		}
	})
}

// A bundle from before the last of a registry that was dropped is not merged again.
func TestADroppedRegistryDoesNotComeBackOlder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		s, other := issuer.Alone(w.Issuer), elsewhere(t, "https://other.example")
		root, err := other.RootKey()
		must(t, err)
		publish := func() []byte {
			t.Helper()
			_, err := other.PublishBundle(ctx, w.admin)
			must(t, err)
			doc, err := other.TrustBundle(ctx, issuer.Form{})
			must(t, err)
			return doc.Body
		}
		merge := func(bundle []byte, root string) error {
			_, err := s.MergeRegistry(ctx, w.admin, bundle, root, "test")
			return err
		}
		old, newer := publish(), publish()
		must(t, merge(newer, root))
		first, err := s.MergedRegistries(ctx, w.admin)
		must(t, err)
		must(t, s.DropRegistry(ctx, w.admin, "https://other.example", "test"))
		if list, err := s.MergedRegistries(ctx, w.admin); err != nil || len(list) != 0 {
			t.Errorf("%d are merged after it was dropped, %v", len(list), err)
		}
		if err := merge(old, root); fault.CodeOf(err) != "bundle_older" || fault.KindOf(err) != fault.Conflict {
			t.Errorf("the older one: %v", err)
		}
		if err := merge(newer, ""); fault.CodeOf(err) != "bad_root" {
			t.Errorf("without its root, which is forgotten: %v", err)
		}
		w.clock.pass(time.Hour)
		must(t, merge(newer, root)) // the very one that was dropped
		if err := merge(old, root); fault.CodeOf(err) != "bundle_older" {
			t.Errorf("the older one of a merged registry: %v", err)
		}
		list, err := s.MergedRegistries(ctx, w.admin)
		must(t, err)
		if len(list) != 1 || list[0].Seq != first[0].Seq || !list[0].Since.Equal(first[0].Since.Add(time.Hour)) {
			t.Errorf("%+v", list)
		}
		b := newVerifier(t, s).refresh(s, issuer.Form{})
		if len(b.Issuers) != 2 {
			t.Errorf("%d issuers", len(b.Issuers))
		}
		must(t, merge(publish(), "")) // its roots are known again
	})
}
