package verify_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"socialregistry/issuer/verify"
)

// A delta that changes and removes as much as fits into a bundle is applied in the time
// that reading it takes.
func TestALargeDelta(t *testing.T) {
	t.Parallel()
	const entries = 150_000
	base := newRoot(t).bundle
	base.Seq, base.Base, base.Status, base.Types = 1, 0, nil, map[string]verify.BundleType{}
	delta := base
	delta.Seq, delta.Base, delta.Types, delta.Removed = 2, 1, nil, &verify.BundleRemoved{}
	for n := range entries {
		uri, name := fmt.Sprint("https://registry.example/status/token/", n), fmt.Sprint("type", n)
		base.Status, base.Types[name] = append(base.Status, verify.BundleStatus{URI: uri, SHA256: "x"}), verify.BundleType{}
		switch n % 3 {
		case 0:
			delta.Status = append(delta.Status, verify.BundleStatus{URI: uri, SHA256: "y"})
		case 1:
			delta.Removed.Status, delta.Removed.Types = append(delta.Removed.Status, uri), append(delta.Removed.Types, name)
		}
	}
	began := time.Now()
	b, err := base.Apply(&delta)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if want := entries / 3 * 2; len(b.Status) != want || len(b.Types) != want {
		t.Errorf("%d lists and %d types, want %d", len(b.Status), len(b.Types), want)
	}
}

// A bundle may name as many issuers as fit, and is read in the time of its size.
func TestManyIssuers(t *testing.T) {
	t.Parallel()
	b := newRoot(t).bundle
	for n := range 200_000 {
		b.Issuers = append(b.Issuers, verify.BundleIssuer{ID: fmt.Sprint("did:web:", n, ".example"), URL: fmt.Sprint("https://", n, ".example")})
	}
	began := time.Now()
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	for _, twice := range []verify.BundleIssuer{{ID: "did:web:7.example"}, {ID: "https://7.example"}, {ID: "x", URL: "did:web:7.example"}} {
		again := b
		again.Issuers = append(again.Issuers[:len(again.Issuers):len(again.Issuers)], twice)
		if err := again.Check(); !errors.Is(err, verify.ErrBundle) {
			t.Errorf("%+v beside another of its name: %v", twice, err)
		}
	}
}
