package keys_test

import (
	"errors"
	"testing"
	"time"

	"socialregistry/internal/jose"
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
	if got := ring.Published(); len(got) != 1 || got[0].KID != old.KID {
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
	set, err := ring.JWKS()
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
	if set, err := empty.JWKS(); err != nil || len(set["keys"].([]any)) != 0 || set["keys"] == nil {
		t.Errorf("empty ring: %v, %v", set, err)
	}
	if _, ok := ring.ByKID("nobody"); ok {
		t.Error("found a key that is not there")
	}
}
