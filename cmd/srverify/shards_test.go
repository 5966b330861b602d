package main_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socialregistry/issuer/verify"
)

// A bundle that was made without its lists takes them by --list: each by its name, or a
// folder of them, in which other files lie too.
func TestListsApart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	key := newKey(t)
	raw, err := os.ReadFile(filepath.Join(d.dir, "bundle.json"))
	if err != nil {
		t.Fatal(err)
	}
	var b verify.Bundle
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	token := b.Status[0].Token
	sum := sha256.Sum256([]byte(token))
	b.Version, b.Registry, b.Seq, b.Roots = verify.BundleVersion, url, 3, []verify.BundleRoot{root(t, key)}
	b.Status[0].SHA256, b.Status[0].Bytes, b.Status[0].Token = hex.EncodeToString(sum[:]), len(token), ""
	doc, err := verify.SignBundle(&b, key)
	if err != nil {
		t.Fatal(err)
	}
	credential, apart, whole := d.credential("a", 1, nil), d.write("apart", doc), d.again("whole", key, 3)
	lists := d.folder("lists")
	list, other := d.write("lists/list", []byte(token)), d.write("lists/other", []byte("no list"))
	for _, c := range []struct {
		why, bundle string
		lists       []string
		outcome     string
		says        string
		code        int
	}{
		{"none", apart, nil, "genuine_status_unknown\n", "of which 1 are missing; name them by --list", 4},
		{"the list", apart, []string{list}, "withdrawn\n", "", 3},
		{"the folder", apart, []string{lists}, "withdrawn\n", "", 3},
		{"another file", apart, []string{other}, "", "other is no status list of this trust bundle", 2},
		{"both", apart, []string{list, other}, "", "other is no status list", 2},
		{"no file", apart, []string{list + "x"}, "", "read status lists", 2},
		{"a list that is there", whole, []string{lists}, "withdrawn\n", "", 3},
	} {
		args := []string{"--quiet", "--root=" + root(t, key).KID, "--bundle", c.bundle}
		for _, l := range c.lists {
			args = append(args, "--list", l)
		}
		out, words, code := d.with(append(args, credential)...)
		if out != c.outcome || code != c.code || (words == "") != (c.says == "") || !strings.Contains(words, c.says) {
			t.Errorf("%s: %d, %q, %q", c.why, code, out, words)
		}
	}
}
