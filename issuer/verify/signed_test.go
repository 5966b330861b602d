package verify_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"socialregistry/internal/jose"
	"socialregistry/issuer/verify"
)

// root is a registry's root key, and a bundle that names it.
type root struct {
	*world
	key *ecdsa.PrivateKey
	kid string
}

func newRoot(t testing.TB) *root {
	t.Helper()
	r := &root{world: newWorld(t)}
	r.key, r.kid = r.newKey()
	r.bundle.Version, r.bundle.Registry, r.bundle.Seq = verify.BundleVersion, url, 7
	r.bundle.Roots = []verify.BundleRoot{r.named(r.key, r.kid)}
	return r
}

func (r *root) newKey() (*ecdsa.PrivateKey, string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		r.t.Fatal(err)
	}
	kid, err := jose.Thumbprint(key.Public())
	if err != nil {
		r.t.Fatal(err)
	}
	return key, kid
}

func (r *root) named(key *ecdsa.PrivateKey, kid string) verify.BundleRoot {
	jwk, err := jose.PublicJWK(key.Public())
	if err != nil {
		r.t.Fatal(err)
	}
	return verify.BundleRoot{KID: kid, JWK: jwk, NotBefore: day(1, 1, 0), NotAfter: day(12, 31, 0)}
}

func (r *root) sign(b verify.Bundle) []byte {
	r.t.Helper()
	doc, err := verify.SignBundle(&b, r.key)
	if err != nil {
		r.t.Fatal(err)
	}
	return doc
}

func (r *root) pins() verify.Pins { return verify.Pins{Roots: []string{r.kid}} }

// forged signs whatever it is given, as somebody with another key would.
func forged(t *testing.T, key *ecdsa.PrivateKey, kid, typ string, payload []byte) []byte {
	t.Helper()
	compact, err := jose.Sign(key, jose.ES256, map[string]any{"typ": typ, "kid": kid}, payload)
	if err != nil {
		t.Fatal(err)
	}
	part := strings.Split(compact, ".")
	raw, err := json.Marshal(map[string]string{"protected": part[0], "payload": part[1], "signature": part[2]})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestSignedBundle(t *testing.T) {
	t.Parallel()
	r := newRoot(t)
	b, next, err := r.pins().Open(r.sign(r.bundle))
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Verify(r.credential(verify.FormatSDJWT), now()); got.Outcome != verify.GenuineStatusUnknown {
		t.Errorf("%s: %s", got.Outcome, got.Reason)
	}
	if next.Seq != 7 || next.Registry != url || len(next.Roots) != 1 || next.Roots[0] != r.kid {
		t.Errorf("pins for the next: %+v", next)
	}
	if _, _, err := next.Open(r.sign(r.bundle)); err != nil {
		t.Errorf("the same again: %v", err)
	}
}

func TestSignedBundleRefuses(t *testing.T) {
	t.Parallel()
	r := newRoot(t)
	stranger, strangerID := r.newKey()
	payload := r.json(r.bundle)
	change := func(f func(*verify.Bundle)) []byte {
		b := r.bundle
		f(&b)
		return forged(t, r.key, r.kid, verify.TypeBundle, r.json(b))
	}
	good := string(r.sign(r.bundle))
	for name, c := range map[string]struct {
		in   []byte
		want error
	}{
		"another key":                   {forged(t, stranger, strangerID, verify.TypeBundle, payload), verify.ErrSigner},
		"another key under the name":    {forged(t, stranger, r.kid, verify.TypeBundle, payload), verify.ErrBundle},
		"another document":              {forged(t, r.key, r.kid, "JWT", payload), verify.ErrBundle},
		"no registry":                   {change(func(b *verify.Bundle) { b.Registry = "" }), verify.ErrBundle},
		"no number":                     {change(func(b *verify.Bundle) { b.Seq = 0 }), verify.ErrBundle},
		"version 1":                     {change(func(b *verify.Bundle) { b.Version = 1 }), verify.ErrBundle},
		"root that is not named":        {change(func(b *verify.Bundle) { b.Roots = nil }), verify.ErrSigner},
		"made before the root's window": {change(func(b *verify.Bundle) { b.Created = day(1, 1, 0).AddDate(0, 0, -1) }), verify.ErrSigner},
		"made after the root's window":  {change(func(b *verify.Bundle) { b.Created = day(12, 31, 0) }), verify.ErrSigner},
		"delta of itself":               {change(func(b *verify.Bundle) { b.Base = 7 }), verify.ErrBundle},
		"removes without a base":        {change(func(b *verify.Bundle) { b.Removed = &verify.BundleRemoved{} }), verify.ErrBundle},
		"status list of another hash": {change(func(b *verify.Bundle) {
			b.Status = []verify.BundleStatus{{URI: "u", Token: "x", SHA256: strings.Repeat("0", 64)}}
		}), verify.ErrBundle},
		"key of another under the issuer": {change(func(b *verify.Bundle) { b.Issuers = append(b.Issuers, b.Issuers[0]) }), verify.ErrBundle},
		"member twice":                    {[]byte(`{"payload":"",` + good[1:]), verify.ErrBundle},
		"unknown member":                  {[]byte(`{"header":{},` + good[1:]), verify.ErrBundle},
		"padding":                         {[]byte(strings.Replace(good, `","signature"`, `=","signature"`, 1)), verify.ErrBundle},
		"unsigned":                        {payload, verify.ErrBundle},
		"nothing":                         {nil, verify.ErrBundle},
	} {
		if b, pins, err := r.pins().Open(c.in); !errors.Is(err, c.want) || !errors.Is(err, verify.ErrBundle) || b != nil || pins.Seq != 0 {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, _, err := (verify.Pins{}).Open([]byte(good)); !errors.Is(err, verify.ErrSigner) {
		t.Errorf("with nothing pinned: %v", err)
	}
	if _, _, err := (verify.Pins{Roots: []string{r.kid}, Registry: "https://other.example"}).Open([]byte(good)); !errors.Is(err, verify.ErrSigner) {
		t.Errorf("of another registry: %v", err)
	}
	if _, _, err := (verify.Pins{Roots: []string{r.kid}, Seq: 8}).Open([]byte(good)); !errors.Is(err, verify.ErrRollBack) {
		t.Errorf("older than what was seen: %v", err)
	}
}

// Of one number there is one bundle, with its status lists in it or apart.
func TestAnotherBundleOfTheSameNumber(t *testing.T) {
	t.Parallel()
	r := newRoot(t)
	token := r.tokenList()
	r.bundle.Status = []verify.BundleStatus{{URI: tokenURI, Token: token}}
	_, pins, err := r.pins().Open(r.sign(r.bundle))
	if err != nil {
		t.Fatal(err)
	}
	apart, other, next, delta := r.bundle, r.bundle, r.bundle, r.bundle
	sum := sha256.Sum256([]byte(token))
	apart.Status = []verify.BundleStatus{{URI: tokenURI, SHA256: hex.EncodeToString(sum[:]), Bytes: len(token)}}
	other.Types = map[string]verify.BundleType{"person": {NoStatus: true}}
	next.Types, next.Seq = other.Types, r.bundle.Seq+1
	delta.Base, delta.Types, delta.Status = r.bundle.Seq-1, nil, nil
	for name, c := range map[string]struct {
		bundle verify.Bundle
		want   error
	}{"the same": {r.bundle, nil}, "its lists apart": {apart, nil}, "another": {other, verify.ErrRollBack}, "the next": {next, nil}, "a delta to it": {delta, nil}} {
		_, after, err := pins.Open(r.sign(c.bundle))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil && c.bundle.Seq == r.bundle.Seq && after.Content != pins.Content {
			t.Errorf("%s: the content is %s, was %s", name, after.Content, pins.Content)
		}
	}
}

// One bit altered anywhere makes it no bundle.
func TestSignedBundleAltered(t *testing.T) {
	t.Parallel()
	r := newRoot(t)
	r.bundle.Types, r.bundle.Contexts = nil, nil
	var s struct{ Protected, Payload, Signature string }
	if err := json.Unmarshal(r.sign(r.bundle), &s); err != nil {
		t.Fatal(err)
	}
	parts := []*string{&s.Protected, &s.Payload, &s.Signature}
	for n, part := range parts {
		whole := *part
		raw, err := base64.RawURLEncoding.DecodeString(whole)
		if err != nil {
			t.Fatal(err)
		}
		for at := range raw {
			raw[at] ^= 1 << (at % 8)
			*part = base64.RawURLEncoding.EncodeToString(raw)
			doc, err := json.Marshal(map[string]string{"protected": s.Protected, "payload": s.Payload, "signature": s.Signature})
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := r.pins().Open(doc); !errors.Is(err, verify.ErrBundle) {
				t.Fatalf("part %d, byte %d: %v", n, at, err)
			}
			raw[at] ^= 1 << (at % 8)
		}
		*part = whole
	}
}

// A root key that a trusted bundle names signs the next one.
func TestRootKeyIsFollowed(t *testing.T) {
	t.Parallel()
	r := newRoot(t)
	key, kid := r.newKey()
	r.bundle.Roots = append(r.bundle.Roots, r.named(key, kid))
	_, next, err := r.pins().Open(r.sign(r.bundle))
	if err != nil {
		t.Fatal(err)
	}
	r.key, r.bundle.Seq = key, 8
	r.bundle.Roots = r.bundle.Roots[1:]
	doc := r.sign(r.bundle)
	if _, last, err := next.Open(doc); err != nil || len(last.Roots) != 1 || last.Roots[0] != kid {
		t.Errorf("%v, %+v", err, last)
	}
	if _, _, err := r.pins().Open(doc); !errors.Is(err, verify.ErrSigner) {
		t.Errorf("to somebody who missed the one between: %v", err)
	}
}

func TestDelta(t *testing.T) {
	t.Parallel()
	r := newRoot(t)
	r.bundle.Status = []verify.BundleStatus{{URI: "a", Token: "1"}, {URI: "b", Token: "2"}}
	base, pins, err := r.pins().Open(r.sign(r.bundle))
	if err != nil {
		t.Fatal(err)
	}
	d := r.bundle
	d.Seq, d.Base, d.Issuers, d.Contexts = 9, 7, nil, nil
	d.Status, d.Removed = []verify.BundleStatus{{URI: "b", Token: "3"}, {URI: "c", Token: "4"}}, &verify.BundleRemoved{Status: []string{"a"}}
	delta, pins, err := pins.Open(r.sign(d))
	if err != nil || pins.Seq != 9 {
		t.Fatal(err)
	}
	out, err := base.Apply(delta)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Status) != 2 || out.Status[0].Token != "3" || out.Status[1].Token != "4" || out.Seq != 9 || out.Base != 0 || len(out.Issuers) != 1 {
		t.Errorf("%+v", out)
	}
	if got := out.Verify(r.credential(verify.FormatSDJWT), now()); got.Outcome != verify.GenuineStatusUnknown {
		t.Errorf("after the delta: %s", got.Outcome)
	}
	if got := delta.Verify(r.credential(verify.FormatSDJWT), now()); got.Outcome != verify.UnknownIssuer {
		t.Errorf("by a delta alone: %s", got.Outcome)
	}
	for name, on := range map[string]verify.Bundle{"another number": {Seq: 8, Registry: url}, "another registry": {Seq: 7, Registry: "https://other.example"}} {
		if _, err := on.Apply(delta); !errors.Is(err, verify.ErrBundle) {
			t.Errorf("on %s: %v", name, err)
		}
	}
	if _, err := base.Apply(base); !errors.Is(err, verify.ErrBundle) {
		t.Errorf("a whole one as a delta: %v", err)
	}
}
