package keys_test

import (
	"errors"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer/keys"
)

// TestCurrent walks the windows of two keys that overlap by a day.
func TestCurrent(t *testing.T) {
	t.Parallel()
	older, newer := generate(t, jose.ES256, day(1), day(10)), generate(t, jose.ES256, day(9), day(20))
	ring, err := keys.NewRing(newer, generate(t, jose.EdDSA, day(1), day(30)), older)
	if err != nil {
		t.Fatal(err)
	}
	ns := time.Nanosecond
	for _, tc := range []struct {
		at   time.Time
		want string // "" for none
	}{
		{day(1).Add(-ns), ""}, {day(1), older.KID}, {day(9).Add(-ns), older.KID}, {day(9), newer.KID},
		{day(10), newer.KID}, {day(20).Add(-ns), newer.KID}, {day(20), ""},
	} {
		got, err := ring.Current(jose.ES256, tc.at)
		if got.KID != tc.want || (tc.want == "") != errors.Is(err, keys.ErrNoKey) {
			t.Errorf("%s: %q, %v; want %q", tc.at, got.KID, err, tc.want)
		}
	}
	if _, err := ring.Current("RS256", day(9)); !errors.Is(err, keys.ErrNoKey) {
		t.Errorf("RS256: %v", err)
	}
}

func TestRevokedKeyNeitherSignsNorIsPublished(t *testing.T) {
	t.Parallel()
	old, revoked := generate(t, jose.ES256, day(1), day(10)), generate(t, jose.ES256, day(2), day(10))
	revoked.RevokedAt = day(3)
	ring, err := keys.NewRing(old, revoked)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ring.Current(jose.ES256, day(4)); err != nil || got.KID != old.KID {
		t.Errorf("current = %s, %v", got.KID, err)
	}
	if got := ring.Published(day(4)); len(got) != 1 || got[0].KID != old.KID {
		t.Errorf("published = %v", got)
	}
	if got, ok := ring.ByKID(revoked.KID); !ok || !got.RevokedAt.Equal(day(3)) {
		t.Errorf("ByKID = %v, %v: what it signed must still be told apart", got, ok)
	}
	if len(ring.All()) != 2 {
		t.Errorf("all = %v", ring.All())
	}
}

func TestRingRefusesAKeyTwice(t *testing.T) {
	t.Parallel()
	k := generate(t, jose.EdDSA, day(1), day(2))
	if _, err := keys.NewRing(k, generate(t, jose.EdDSA, day(1), day(2)), k); !errors.Is(err, keys.ErrKey) {
		t.Errorf("%v, want ErrKey", err)
	}
}

// The set holds past and coming keys too: what they sign must verify.
func TestJWKS(t *testing.T) {
	t.Parallel()
	list := []keys.Key{generate(t, jose.ES256, day(1), day(2)), generate(t, jose.EdDSA, day(20), day(30)), generate(t, jose.ES256, day(5), day(6))}
	ring, err := keys.NewRing(list...)
	if err != nil {
		t.Fatal(err)
	}
	set, err := ring.JWKS(day(4))
	if err != nil {
		t.Fatal(err)
	}
	got := set["keys"].([]any)
	for i, want := range []string{list[1].KID, list[2].KID, list[0].KID} { // newest first
		if kid := got[i].(map[string]any)["kid"]; kid != want {
			t.Errorf("key %d = %s, want %s", i, kid, want)
		}
	}
	empty, err := keys.NewRing()
	if err != nil {
		t.Fatal(err)
	}
	if set, err := empty.JWKS(day(4)); err != nil || len(set["keys"].([]any)) != 0 || set["keys"] == nil {
		t.Errorf("empty ring: %v, %v", set, err)
	}
	if _, ok := ring.ByKID("nobody"); ok {
		t.Error("found a key that is not there")
	}
}

// A key is used for what it is for: the CA signs no credential, and what opens
// requests signs nothing.
func TestUsesAreKeptApart(t *testing.T) {
	t.Parallel()
	sig := generate(t, jose.ES256, day(1), day(10))
	ca, err := keys.Generate(keys.Authority, jose.ES256, day(2), day(10))
	must(t, err)
	enc, err := keys.Generate(keys.Encryption, keys.ECDHES, day(2), day(10))
	must(t, err)
	ring, err := keys.NewRing(sig, ca, enc)
	must(t, err)
	if got, err := ring.Current(jose.ES256, day(3)); err != nil || got.KID != sig.KID {
		t.Errorf("signs: %s, %v, want %s", got.KID, err, sig.KID)
	}
	if got, err := ring.Authority(day(3)); err != nil || got.KID != ca.KID {
		t.Errorf("CA: %s, %v", got.KID, err)
	}
	if got, err := ring.Encryption(day(3)); err != nil || got.KID != enc.KID {
		t.Errorf("encryption: %s, %v", got.KID, err)
	}
	if _, err := enc.Private(); err != nil {
		t.Error(err)
	}
	if _, err := sig.Private(); !errors.Is(err, keys.ErrKey) {
		t.Errorf("a signing key opens requests: %v", err)
	}
	if set, err := ring.JWKS(day(3)); err != nil || len(set["keys"].([]any)) != 1 || len(ring.All()) != 1 {
		t.Errorf("published: %v, %v, want the signing key alone", set, err)
	}
	if jwk, err := enc.JWK(); err != nil || jwk["use"] != "enc" || jwk["alg"] != "ECDH-ES" || jwk["d"] != nil {
		t.Errorf("%v, %v", jwk, err)
	}
	for at, want := range map[time.Time]bool{day(10): true, day(17).Add(-1): true, day(17): false} {
		if list := ring.Decrypting(at); (len(list) == 1 && list[0].KID == enc.KID) != want {
			t.Errorf("opens at %s: %d keys, want %v", at, len(list), want)
		}
	}
}

// A wrapped key opens for its own use alone: a row whose use was altered is refused.
func TestUnwrapIsBoundToTheUse(t *testing.T) {
	t.Parallel()
	with := secret.NewKey()
	ca, err := keys.Generate(keys.Authority, jose.ES256, day(1), day(2))
	must(t, err)
	wrapped, err := ca.Wrap(with)
	must(t, err)
	if _, err := keys.Unwrap(keys.Signing, ca.KID, ca.Alg, wrapped, with); !errors.Is(err, keys.ErrKey) {
		t.Errorf("as a signing key: %v, want ErrKey", err)
	}
	if _, err := keys.Unwrap(keys.Authority, ca.KID, ca.Alg, wrapped, with); err != nil {
		t.Errorf("as what it is: %v", err)
	}
}

// A key is published until nothing that it signed can be valid any more.
func TestPublishedUntil(t *testing.T) {
	t.Parallel()
	k := generate(t, jose.EdDSA, day(1), day(2))
	k.PublishedUntil = day(5)
	ring, err := keys.NewRing(k)
	must(t, err)
	for at, want := range map[time.Time]int{day(1).Add(-1): 1, day(5).Add(-1): 1, day(5): 0} {
		if got := len(ring.Published(at)); got != want {
			t.Errorf("%s: %d published, want %d", at, got, want)
		}
	}
}
