package sdjwt

import (
	"crypto/rand"
	"encoding/base64"
	"io"
	"maps"
	"math/big"
	"slices"
)

// Sizes in bytes: 128 bits of salt, as RFC 9901 §9.3 recommends, and a SHA-256.
const (
	saltBytes   = 16
	digestBytes = 32
)

// writer puts digests in the place of what is hidden, and keeps the disclosures.
type writer struct {
	rand        io.Reader
	decoys      int
	hides       bool // a digest was written
	disclosures []string
	err         error // the first of rand
}

func (w *writer) value(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		return w.object(v)
	case []any:
		return w.array(v)
	}
	return v, nil
}

// object gives a copy with _sd in the place of what is hidden (RFC 9901 §4.2.4.1).
func (w *writer) object(in map[string]any) (map[string]any, error) {
	out, digests := map[string]any{}, []string{}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		var err error
		switch v := in[name].(type) {
		case Hidden:
			var d string
			d, err = w.hide(v.Value, name)
			digests = append(digests, d)
		case Absent:
			digests = append(digests, w.decoy())
		default:
			out[name], err = w.value(v)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(digests) == 0 {
		return out, nil
	}
	for range w.decoys {
		digests = append(digests, w.decoy())
	}
	slices.Sort(digests) // the order must not tell which claim is which
	w.hides, out["_sd"] = true, digests
	return out, nil
}

// array gives a copy with a digest in the place of each element that is hidden
// (RFC 9901 §4.2.4.2), and decoys between them.
func (w *writer) array(in []any) ([]any, error) {
	out, hidden := make([]any, 0, len(in)), false
	for _, v := range in {
		switch h := v.(type) {
		case Hidden:
			d, err := w.hide(h.Value)
			if err != nil {
				return nil, err
			}
			hidden, out = true, append(out, element(d))
		case Absent:
			hidden, out = true, append(out, element(w.decoy()))
		default:
			plain, err := w.value(v)
			if err != nil {
				return nil, err
			}
			out = append(out, plain)
		}
	}
	if hidden {
		w.hides = true
		for range w.below(w.decoys + 1) {
			out = slices.Insert(out, w.below(len(out)+1), any(element(w.decoy())))
		}
	}
	return out, nil
}

func element(digest string) map[string]any { return map[string]any{"...": digest} }

// hide makes the disclosure of a claim, or of an element, which has no name (RFC
// 9901 §4.2.1, §4.2.2), and gives its digest.
func (w *writer) hide(v any, name ...string) (string, error) {
	inner, err := w.value(v)
	if err != nil {
		return "", err
	}
	parts := []any{w.random(saltBytes)}
	for _, n := range name {
		parts = append(parts, n)
	}
	b, err := marshal(append(parts, inner))
	if err != nil {
		return "", err
	}
	disclosure := base64.RawURLEncoding.EncodeToString(b)
	w.disclosures = append(w.disclosures, disclosure)
	return digest(disclosure), nil
}

// decoy looks as a digest does, and is one of nothing (RFC 9901 §4.2.5).
func (w *writer) decoy() string { return w.random(digestBytes) }

// random gives n random bytes in base64url.
func (w *writer) random(n int) string {
	b := make([]byte, n)
	_, err := io.ReadFull(w.rand, b)
	w.fail(err)
	return base64.RawURLEncoding.EncodeToString(b)
}

// below draws one of 0 to n-1, each equally likely.
func (w *writer) below(n int) int {
	v, err := rand.Int(w.rand, big.NewInt(int64(n)))
	if w.fail(err); err != nil {
		return 0
	}
	return int(v.Int64())
}

func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}
