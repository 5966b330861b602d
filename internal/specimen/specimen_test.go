package specimen_test

import (
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"socialregistry/internal/specimen"
	"socialregistry/issuer/verify"
)

// made makes the vectors once for all tests.
var made = sync.OnceValues(func() (*specimen.File, error) { return specimen.Make(specimen.Seed) })

func file(t testing.TB) *specimen.File {
	t.Helper()
	f, err := made()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Work that one vector may cost, whatever is in it.
const (
	mostBytes = 80 << 20
	mostTime  = 5 * time.Second
)

// Every vector gives the outcome that it was made to have, and shows nothing but
// what it may, at bounded cost.
func TestVectors(t *testing.T) { // not parallel: it measures
	f := file(t)
	bundles := map[string]*verify.Bundle{}
	for name, payload := range f.Bundles {
		b, err := verify.ParseBundle(payload)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		bundles[name] = b
	}
	seen := map[string]bool{}
	for _, v := range f.Vectors {
		if seen[v.Name] {
			t.Errorf("%s: stands twice", v.Name)
		}
		seen[v.Name] = true
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		got := answer(bundles[v.Bundle], v)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if string(got.Outcome) != v.Outcome {
			t.Errorf("%s: %s (%s), want %s", v.Name, got.Outcome, got.Reason, v.Outcome)
		}
		if v.Claims != nil && !reflect.DeepEqual(got.Claims, v.Claims) {
			t.Errorf("%s: claims %v, want %v", v.Name, got.Claims, v.Claims)
		}
		if v.Format != "" && got.Format != "" && got.Format != v.Format {
			t.Errorf("%s: format %q, want %q", v.Name, got.Format, v.Format)
		}
		if got.Refresh != v.Refresh || !slices.Equal(got.Messages, v.Messages) {
			t.Errorf("%s: refresh %v, messages %q; want %v, %q", v.Name, got.Refresh, got.Messages, v.Refresh, v.Messages)
		}
		if h := result(got, verify.CheckHolder); v.Holder != "" && h != v.Holder {
			t.Errorf("%s: holder %s, want %s", v.Name, h, v.Holder)
		}
		if got.Claims != nil && !believed(got.Outcome) {
			t.Errorf("%s: shows what nobody signed", v.Name)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > mostBytes || took > mostTime {
			t.Errorf("%s: %d bytes and %s", v.Name, n, took)
		}
	}
	t.Logf("%d vectors", len(f.Vectors))
}

func answer(b *verify.Bundle, v specimen.Vector) verify.Result {
	if v.Binding != nil {
		return b.VerifyHeld([]byte(v.Data), v.At, *v.Binding)
	}
	return b.Verify([]byte(v.Data), v.At)
}

// result gives the check of that name.
func result(r verify.Result, name string) string {
	for _, c := range r.Checks {
		if c.Name == name {
			return c.Result
		}
	}
	return ""
}

// believed says whether an outcome lets claims be shown: the issuer's key signed
// them.
func believed(o verify.Outcome) bool {
	return !slices.Contains([]verify.Outcome{verify.Altered, verify.UnknownIssuer, verify.UnsupportedFormat, verify.UnreadableCode, verify.IncompleteCode}, o)
}

// Every format has every outcome that it can have, and there are 300 at least.
func TestNothingIsLeftOut(t *testing.T) {
	t.Parallel()
	f := file(t)
	if len(f.Vectors) < 300 {
		t.Errorf("%d vectors, want 300", len(f.Vectors))
	}
	have := map[[2]string]bool{}
	for _, v := range f.Vectors {
		have[[2]string{v.Format, v.Outcome}] = true
	}
	for _, format := range []string{verify.FormatSDJWT, verify.FormatLDP, verify.FormatJWTVC, verify.FormatMdoc, verify.FormatClaim169} {
		for _, o := range verify.Outcomes() {
			if noEnd := o == verify.IncompleteCode && format == verify.FormatJWTVC; !noEnd && !have[[2]string{format, string(o)}] {
				t.Errorf("%s has no vector that is %s", format, o)
			}
		}
	}
}

// The same seed makes the same bytes; another seed, other keys.
func TestSeed(t *testing.T) {
	t.Parallel()
	first := file(t)
	again, err := specimen.Make(specimen.Seed)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range first.Vectors {
		if w := again.Vectors[i]; !reflect.DeepEqual(v, w) {
			t.Errorf("%s: another vector the second time: %s", v.Name, w.Name)
		}
	}
	if !reflect.DeepEqual(first.Bundles, again.Bundles) {
		t.Error("one seed, two sets of bundles")
	}
	other, err := specimen.Make("another")
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(jwks(t, first), jwks(t, other)) {
		t.Error("two seeds, one set of keys")
	}
}

func jwks(t *testing.T, f *specimen.File) []map[string]any {
	t.Helper()
	b, err := verify.ParseBundle(f.Bundles["without-lists"])
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for _, i := range b.Issuers {
		for _, k := range i.Keys {
			out = append(out, k.JWK)
		}
	}
	return out
}
