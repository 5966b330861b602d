package verifier_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/verify"
)

const registry = "https://registry.example"

// root is a registry's root key.
type root struct {
	t   *testing.T
	key *ecdsa.PrivateKey
	kid string
}

func newRoot(t *testing.T) root {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	kid, err := jose.Thumbprint(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return root{t, key, kid}
}

// named is the root as bundles name it.
func (r root) named() verify.BundleRoot {
	jwk, err := jose.PublicJWK(r.key.Public())
	if err != nil {
		r.t.Fatal(err)
	}
	return verify.BundleRoot{KID: r.kid, JWK: jwk, NotBefore: at().AddDate(-1, 0, 0), NotAfter: at().AddDate(1, 0, 0)}
}

func at() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }

// sign signs a payload, whatever it is.
func (r root) sign(kid, typ string, payload any) string {
	r.t.Helper()
	raw, ok := payload.([]byte)
	if !ok {
		raw = marshal(r.t, payload)
	}
	compact, err := jose.Sign(r.key, jose.ES256, map[string]any{"typ": typ, "kid": kid}, raw)
	if err != nil {
		r.t.Fatal(err)
	}
	part := strings.Split(compact, ".")
	return string(marshal(r.t, map[string]string{"protected": part[0], "payload": part[1], "signature": part[2]}))
}

func (r root) good(b verify.Bundle) string { return r.sign(r.kid, verify.TypeBundle, b) }

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(out.Bytes())
}

// step is one bundle that somebody who checks is given, after those before it.
type step struct {
	Name       string   `json:"name"`
	Text       string   `json:"text"`
	Roots      []string `json:"roots"`
	Fresh      bool     `json:"fresh"`            // begins anew
	Shards     []string `json:"shards,omitempty"` // status lists that can be had
	Credential string   `json:"credential,omitempty"`
	At         string   `json:"at,omitempty"`

	want string // the error, or the outcome; "": it is opened
}

// opened is a line of bundles.mjs.
type opened struct {
	Name, Error, Outcome, Signer string
	Seq                          int
	Missing                      int
	Issuers                      []string
}

func open(t *testing.T, steps []step) []opened {
	t.Helper()
	lines := node(t, marshal(t, steps), "bundles.mjs")
	if len(lines) != len(steps) {
		t.Fatalf("%d answers for %d bundles", len(lines), len(steps))
	}
	out := make([]opened, len(lines))
	for i, line := range lines {
		decode(t, line, &out[i])
		if got := out[i].Error + out[i].Outcome; got != steps[i].want {
			t.Errorf("%s: %q, want %q", steps[i].Name, got, steps[i].want)
		}
	}
	return out
}

// signed gives the usual bundle in its signed form of version 2, and the usual
// credential.
func signed(t *testing.T, r root) (verify.Bundle, string) {
	t.Helper()
	f, _ := file(t)
	var b verify.Bundle
	if err := json.Unmarshal(f.Bundles["usual"], &b); err != nil {
		t.Fatal(err)
	}
	b.Version, b.Registry, b.Seq, b.Base, b.Created, b.Roots = 2, registry, 7, 0, at().AddDate(0, 0, -1), []verify.BundleRoot{r.named()}
	for _, v := range f.Vectors {
		if v.Format == verify.FormatSDJWT && v.Outcome == string(verify.Genuine) && v.Bundle == "usual" && v.At.Equal(at()) {
			return b, v.Data
		}
	}
	t.Fatal("there is no genuine SD-JWT")
	return b, ""
}

// typed gives a bundle in which a type says this; package verify does not take it either.
func typed(t *testing.T, b verify.Bundle, says string) []byte {
	t.Helper()
	b.Types = nil
	raw := append([]byte(`{"types":{"person":`+says+`},`), marshal(t, b)[1:]...)
	if _, err := verify.ParseBundle(raw); err == nil {
		t.Errorf("package verify takes %s", says)
	}
	return raw
}

func TestBundles(t *testing.T) {
	t.Parallel()
	r, next, stranger := newRoot(t), newRoot(t), newRoot(t)
	b, credential := signed(t, r)
	change := func(f func(*verify.Bundle)) verify.Bundle {
		c := b
		f(&c)
		return c
	}
	handed := change(func(c *verify.Bundle) { c.Seq, c.Roots = 8, append(slices.Clone(c.Roots), next.named()) })
	after := change(func(c *verify.Bundle) { c.Seq, c.Roots = 9, []verify.BundleRoot{next.named()} })
	usual, pins := at().Format(time.RFC3339), []string{r.kid}
	good := r.good(b)
	steps := []step{
		{Name: "the first", Text: good, Roots: pins, Credential: credential, At: usual, want: "genuine"},
		{Name: "the same again", Text: good},
		{Name: "the same with its lists apart", Text: r.good(change(func(c *verify.Bundle) { c.Status = apart(c.Status) }))},
		{Name: "and whole again", Text: good},
		{Name: "another of that number", Text: r.good(change(func(c *verify.Bundle) { c.RefreshAfter = at() })), want: "rolled_back"},
		{Name: "an older one", Text: r.good(change(func(c *verify.Bundle) { c.Seq = 6 })), want: "rolled_back"},
		{Name: "of another registry", Text: r.good(change(func(c *verify.Bundle) { c.Seq, c.Registry = 8, "https://other.example" })), want: "signer"},
		{Name: "by the next key, too early", Text: next.good(after), want: "signer"},
		{Name: "that names the next key", Text: r.good(handed)},
		{Name: "by the next key", Text: next.good(after), Credential: credential, At: usual, want: "genuine"},
		{Name: "by the old key", Text: r.good(change(func(c *verify.Bundle) { c.Seq = 10 })), want: "signer"},
		{Name: "nothing pinned", Text: good, Fresh: true, want: "signer"},
	}
	for name, text := range map[string]string{
		"not JSON": "{", "unsigned": string(marshal(t, b)), "member twice": `{"payload":"",` + good[1:], "unknown member": `{"header":{},` + good[1:],
		"no registry": r.good(change(func(c *verify.Bundle) { c.Registry = "" })), "version 1": r.good(change(func(c *verify.Bundle) { c.Version = 1 })),
		"delta of itself": r.good(change(func(c *verify.Bundle) { c.Base = 7 })), "removes without a base": r.good(change(func(c *verify.Bundle) { c.Removed = &verify.BundleRemoved{} })),
		"another document": r.sign(r.kid, "JWT", b), "an issuer twice": r.good(change(func(c *verify.Bundle) { c.Issuers = append(slices.Clone(c.Issuers), c.Issuers[0]) })),
		"unknown in the payload": r.sign(r.kid, verify.TypeBundle, []byte(`{"x":1,`+string(marshal(t, b))[1:])), "no issuer": r.good(change(func(c *verify.Bundle) { c.Issuers = nil })),
		"a place that is no name": r.sign(r.kid, verify.TypeBundle, typed(t, b, `{"order":[1]}`)), "codes without languages": r.sign(r.kid, verify.TypeBundle, typed(t, b, `{"values":{"sex":{"f":"Woman"}}}`)),
		"codes that are none": r.sign(r.kid, verify.TypeBundle, typed(t, b, `{"values":{"sex":"f"}}`)),
		"list of another hash": r.good(change(func(c *verify.Bundle) {
			c.Status = slices.Clone(c.Status)
			c.Status[0].SHA256 = strings.Repeat("0", 64)
		})),
	} {
		steps = append(steps, step{Name: name, Text: text, Roots: pins, Fresh: true, want: "malformed"})
	}
	for name, text := range map[string]string{
		"by a stranger": stranger.good(b), "by a stranger in the root's name": stranger.sign(r.kid, verify.TypeBundle, b),
		"before the root's window": r.good(change(func(c *verify.Bundle) { c.Created = at().AddDate(-2, 0, 0) })), "root that is not named": r.good(change(func(c *verify.Bundle) { c.Roots = nil })),
	} {
		steps = append(steps, step{Name: name, Text: text, Roots: pins, Fresh: true, want: "signer"})
	}
	if got := open(t, steps); got[0].Signer != r.kid || got[0].Seq != 7 || got[0].Missing != 0 {
		t.Errorf("the first is %+v", got[0])
	}
}

// apart takes the lists out and leaves their hashes.
func apart(lists []verify.BundleStatus) []verify.BundleStatus {
	var out []verify.BundleStatus
	for _, l := range lists {
		sum := sha256.Sum256([]byte(l.Token))
		out = append(out, verify.BundleStatus{URI: l.URI, SHA256: hex.EncodeToString(sum[:]), Bytes: len(l.Token), Fetched: l.Fetched})
	}
	return out
}

// A delta replaces whole entries by their keys; lists are found by their hashes.
func TestDeltasAndShards(t *testing.T) {
	t.Parallel()
	r := newRoot(t)
	b, credential := signed(t, r)
	b.Status = slices.Clone(b.Status)
	var shards []string
	for i, s := range b.Status {
		sum := sha256.Sum256([]byte(s.Token))
		shards = append(shards, s.Token)
		b.Status[i].SHA256, b.Status[i].Bytes, b.Status[i].Token = hex.EncodeToString(sum[:]), len(s.Token), ""
	}
	bank := b.Issuers[len(b.Issuers)-1].ID
	delta := verify.Bundle{Version: 2, Registry: registry, Seq: 8, Base: 7, Created: at(), NotAfter: b.NotAfter, Roots: b.Roots, Removed: &verify.BundleRemoved{Issuers: []string{bank}}}
	own := b.Issuers[0]
	own.Names = map[string]string{"en": "Another name"}
	delta.Issuers = []verify.BundleIssuer{own}
	whole := b
	whole.Seq, whole.Created, whole.Issuers = 8, delta.Created, append([]verify.BundleIssuer{own}, b.Issuers[1:len(b.Issuers)-1]...)
	gone := delta
	gone.Seq, gone.Base, gone.Issuers, gone.Removed = 9, 8, nil, &verify.BundleRemoved{Issuers: []string{own.ID}}
	usual, pins := at().Format(time.RFC3339), []string{r.kid}
	got := open(t, []step{
		{Name: "without its lists", Text: r.good(b), Roots: pins, Credential: credential, At: usual, want: "genuine_status_unknown"},
		{Name: "with them", Text: r.good(b), Roots: pins, Fresh: true, Shards: shards, Credential: credential, At: usual, want: "genuine"},
		{Name: "delta", Text: r.good(delta), Shards: shards, Credential: credential, At: usual, want: "genuine"},
		{Name: "the whole of that number", Text: r.good(whole), Shards: shards, Credential: credential, At: usual, want: "genuine"},
		{Name: "delta again: of another bundle", Text: r.good(delta), want: "base"},
		{Name: "delta that leaves no issuer", Text: r.good(gone), want: "malformed"},
		{Name: "delta without a base", Text: r.good(delta), Roots: pins, Fresh: true, want: "base"},
	})
	if got[0].Missing != len(shards) || !slices.Contains(got[1].Issuers, bank) || slices.Contains(got[2].Issuers, bank) || len(got[2].Issuers) != len(b.Issuers)-1 || got[2].Seq != 8 {
		t.Errorf("%+v", got)
	}
}

// One bit altered anywhere makes it no bundle.
func TestAlteredBundle(t *testing.T) {
	t.Parallel()
	r := newRoot(t)
	b, _ := signed(t, r)
	b.Status, b.Contexts, b.Types = nil, nil, nil
	whole := map[string]string{}
	decode(t, []byte(r.good(b)), &whole)
	var steps []step
	for _, name := range slices.Sorted(maps.Keys(whole)) {
		raw, err := base64.RawURLEncoding.DecodeString(whole[name])
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(raw); i += max(1, len(raw)/150) {
			bad := bytes.Clone(raw)
			bad[i] ^= 1 << (i % 8)
			c := maps.Clone(whole)
			c[name] = base64.RawURLEncoding.EncodeToString(bad)
			steps = append(steps, step{Name: name, Text: string(marshal(t, c)), Roots: []string{r.kid}, Fresh: true})
		}
	}
	for i, line := range node(t, marshal(t, steps), "bundles.mjs") {
		var got opened
		decode(t, line, &got)
		if got.Error != "malformed" && got.Error != "signer" {
			t.Errorf("%s, %d: %+v", steps[i].Name, i, got)
		}
	}
}
