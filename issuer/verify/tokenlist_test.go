package verify_test

import (
	"crypto/ecdsa"
	"encoding/base64"
	"testing"
	"time"

	"socialregistry/issuer/cwt"
	"socialregistry/issuer/status"
	"socialregistry/issuer/verify"
)

// cborList is the status list as a CWT, in base64url, changed and signed with a key.
func (w *world) cborList(key *ecdsa.PrivateKey, kid string, change func(*cwt.Claims)) string {
	w.t.Helper()
	l := status.New(status.MinBitstring, 2)
	if err := l.Set(index, w.value); err != nil {
		w.t.Fatal(err)
	}
	c := cwt.Claims{Subject: tokenURI, Issued: w.made, Expires: w.ends, TTL: w.ttl, Bits: 2, List: l.Packed()}
	change(&c)
	raw, err := c.Sign(key, kid, w.chain)
	if err != nil {
		w.t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Token Status List §5.2: a list in CBOR says the same as one in JSON, and is held to
// the same: who signed it, for which address, and until when.
func TestListInCBOR(t *testing.T) {
	t.Parallel()
	same := func(*cwt.Claims) {}
	for name, c := range map[string]struct {
		value   byte
		change  func(*cwt.Claims)
		foreign bool
		want    verify.Outcome
	}{
		"valid": {status.Valid, same, false, verify.Genuine}, "invalid": {status.Invalid, same, false, verify.Withdrawn},
		"suspended": {status.Suspended, same, false, verify.Suspended}, "forged": {status.Valid, same, true, verify.GenuineStatusUnknown},
		"of another list":     {status.Valid, func(c *cwt.Claims) { c.Subject += "0" }, false, verify.GenuineStatusUnknown},
		"over":                {status.Valid, func(c *cwt.Claims) { c.Expires = now() }, false, verify.GenuineStatusUnknown},
		"a second before":     {status.Valid, func(c *cwt.Claims) { c.Expires = now().Add(time.Second) }, false, verify.Genuine},
		"neither exp nor ttl": {status.Valid, func(c *cwt.Claims) { c.Expires, c.TTL = time.Time{}, 0 }, false, verify.GenuineStatusUnknown},
		"3 bits":              {status.Valid, func(c *cwt.Claims) { c.Bits = 3 }, false, verify.GenuineStatusUnknown},
		"broken":              {status.Valid, func(c *cwt.Claims) { c.List = []byte("x") }, false, verify.GenuineStatusUnknown},
	} {
		w := newWorld(t)
		w.value, w.withoutList = c.value, true
		key := w.es
		if c.foreign {
			key = newWorld(t).es
		}
		w.bundle.Status = []verify.BundleStatus{{URI: tokenURI, Token: w.cborList(key, "es-1", c.change)}}
		for _, format := range []string{verify.FormatMdoc, verify.FormatSDJWT} {
			if got := w.parsed().Verify(w.credential(format), now()); got.Outcome != c.want {
				t.Errorf("%s, %s: %s (%s), want %s", name, format, got.Outcome, got.Reason, c.want)
			}
		}
	}
	w := newWorld(t)
	for _, text := range []string{"", "AAAA", "!", base64.RawURLEncoding.EncodeToString(make([]byte, 100))} {
		w.withoutList, w.bundle.Status = true, []verify.BundleStatus{{URI: tokenURI, Token: text}}
		if got := w.parsed().Verify(w.credential(verify.FormatMdoc), now()); got.Outcome != verify.GenuineStatusUnknown {
			t.Errorf("%q: %s", text, got.Outcome)
		}
	}
}
