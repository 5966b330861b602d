package main_test

import (
	"crypto/ecdsa"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socialregistry/issuer/status"
	"socialregistry/issuer/verify"
)

// delta writes what changed since a bundle of the desk: the first entry is withdrawn.
func (d *desk) delta(name string, key *ecdsa.PrivateKey, seq, base int64) string {
	d.t.Helper()
	l := status.New(16, 2)
	if err := l.Set(0, status.Invalid); err != nil {
		d.t.Fatal(err)
	}
	token := d.sign("statuslist+jwt", map[string]any{"sub": list, "iat": now().Unix(), "exp": now().AddDate(0, 0, 7).Unix(), "ttl": 43200, "status_list": map[string]any{"bits": 2, "lst": l.TokenList()}})
	doc, err := verify.SignBundle(&verify.Bundle{Version: verify.BundleVersion, Registry: url, Seq: seq, Base: base, Created: now(),
		Roots:  []verify.BundleRoot{root(d.t, key)},
		Status: []verify.BundleStatus{{URI: list, Token: token}}}, key)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.write(name, doc)
}

// A bundle and its deltas are one bundle; it counts where it ends.
func TestDeltas(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	key := newKey(t)
	credential := d.credential("a", 0, nil)
	whole, kid := d.sealed("whole", key, 4)
	next, last, other := d.delta("next", key, 5, 4), d.delta("last", key, 7, 5), d.delta("other", key, 9, 8)
	pins := filepath.Join(d.dir, "pins")
	for _, c := range []struct {
		why     string
		bundles []string
		outcome string
		says    string
	}{
		{"the bundle", []string{whole}, "genuine\n", ""},
		{"a delta alone", []string{next}, "", "since number 4"},
		{"a delta before its bundle", []string{next, whole}, "", "since number 4"},
		{"with its delta", []string{whole, next}, "withdrawn\n", ""},
		{"again", []string{whole, next}, "withdrawn\n", ""},
		{"without it", []string{whole}, "", "number 4, and number 5 is known"},
		{"one is missing", []string{whole, last}, "", "not of bundle 4"},
		{"of another bundle", []string{whole, other}, "", "not of bundle 4"},
		{"no delta", []string{whole, whole}, "", "not of bundle 4"},
		{"two deltas", []string{whole, next, last}, "withdrawn\n", ""},
		{"nobody signed the first", []string{filepath.Join(d.dir, "bundle.json"), next}, "", "no deltas"},
		{"nobody signed the delta", []string{whole, filepath.Join(d.dir, "bundle.json")}, "", "srverify: "},
	} {
		args := []string{"--quiet", "--root=" + kid, "--pins", pins, credential}
		if strings.HasPrefix(c.why, "nobody") {
			args = append(args, "--unsigned")
		}
		for _, b := range c.bundles {
			args = append(args, "--bundle", b)
		}
		out, words, code := d.with(args...)
		if out != c.outcome || !strings.Contains(words, c.says) || (c.outcome == "") != (code == 2) {
			t.Errorf("%s: %d, %q, %q", c.why, code, out, words)
		}
	}
	var kept verify.Pins
	raw, err := os.ReadFile(pins)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &kept); err != nil || kept.Seq != 7 {
		t.Errorf("kept %s, %v", raw, err)
	}
}
