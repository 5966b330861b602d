package main_test

import (
	"crypto/ecdsa"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	main "socialregistry/cmd/srverify"
	"socialregistry/internal/jose"
	"socialregistry/issuer/verify"
)

// sealed writes the desk's bundle again, signed, under a number. Its roots are the key that
// signs it, or those that are said.
func (d *desk) sealed(name string, key *ecdsa.PrivateKey, seq int64, roots ...*ecdsa.PrivateKey) (file, kid string) {
	d.t.Helper()
	raw, err := os.ReadFile(filepath.Join(d.dir, "bundle.json"))
	if err != nil {
		d.t.Fatal(err)
	}
	b, err := verify.ParseBundle(raw)
	if err != nil {
		d.t.Fatal(err)
	}
	b.Version, b.Registry, b.Seq = verify.BundleVersion, url, seq
	if len(roots) == 0 {
		roots = []*ecdsa.PrivateKey{key}
	}
	for _, r := range roots {
		b.Roots = append(b.Roots, root(d.t, r))
	}
	doc, err := verify.SignBundle(b, key)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.write(name, doc), root(d.t, key).KID
}

// again is sealed, for its file alone.
func (d *desk) again(name string, key *ecdsa.PrivateKey, seq int64, roots ...*ecdsa.PrivateKey) string {
	d.t.Helper()
	file, _ := d.sealed(name, key, seq, roots...)
	return file
}

func root(t *testing.T, key *ecdsa.PrivateKey) verify.BundleRoot {
	t.Helper()
	kid, err := jose.Thumbprint(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := jose.PublicJWK(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return verify.BundleRoot{KID: kid, JWK: jwk, NotBefore: now().AddDate(0, -1, 0), NotAfter: now().AddDate(1, 0, 0)}
}

func (d *desk) with(args ...string) (out, words string, code int) {
	var o, w strings.Builder
	code = main.Run(d.t.Context(), args, nil, &o, &w, now)
	return o.String(), w.String(), code
}

// A bundle counts only if a pinned root key signed it, and none that is older than one
// that was used.
func TestPinnedBundle(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	key := newKey(t)
	credential := d.credential("a", 0, nil)
	older, _ := d.sealed("older", key, 4)
	bundle, kid := d.sealed("newer", key, 5)
	pins := filepath.Join(d.dir, "pins")
	for _, c := range []struct {
		why  string
		args []string
		code int
		says string
	}{
		{"nothing is pinned", []string{"--bundle", bundle}, 2, kid},
		{"another root", []string{"--bundle", bundle, "--root=" + strings.Repeat("A", 43)}, 2, "not trusted"},
		{"the root", []string{"--bundle", bundle, "--root=" + kid}, 0, ""},
		{"the root is kept", []string{"--bundle", bundle, "--root=" + kid, "--pins", pins}, 0, ""},
		{"by the pins alone", []string{"--bundle", bundle, "--pins", pins}, 0, ""},
		{"an older one", []string{"--bundle", older, "--pins", pins}, 2, "older"},
		{"an older one without pins", []string{"--bundle", older, "--root=" + kid}, 0, ""},
		{"nobody signed it", []string{"--bundle", filepath.Join(d.dir, "bundle.json"), "--root=" + kid}, 2, "--unsigned"},
		{"no pins", []string{"--bundle", bundle, "--pins", credential}, 2, "no file of pins"},
		{"pins that cannot be kept", []string{"--bundle", bundle, "--root=" + kid, "--pins", filepath.Join(d.dir, "nowhere", "pins")}, 2, "keep the pins"},
	} {
		out, words, code := d.with(append(c.args, "--quiet", credential)...)
		if code != c.code || !strings.Contains(words, c.says) || (code == 0) != (out == "genuine\n") {
			t.Errorf("%s: %d, %q, %q; want %d", c.why, code, out, words, c.code)
		}
	}
	var kept verify.Pins
	raw, err := os.ReadFile(pins)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &kept); err != nil || kept.Seq != 5 || kept.Registry != url || len(kept.Roots) != 1 {
		t.Errorf("kept %s, %v", raw, err)
	}
}
