package sdjwt

import (
	"crypto/rand"
	"encoding/base64"
	"maps"
	"math/big"
	"slices"

	"socialregistry/internal/secret"
)

// Sizes in bytes: 128 bits of salt, as RFC 9901 §9.3 recommends, and a SHA-256.
const (
	saltBytes   = 16
	digestBytes = 32
)

// writer puts digests in the place of what is hidden, and keeps the disclosures.
type writer struct {
	decoys      int
	hides       bool // a digest was written
	disclosures []string
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
			digests = append(digests, decoy())
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
		digests = append(digests, decoy())
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
			hidden, out = true, append(out, element(decoy()))
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
		for range below(w.decoys + 1) {
			out = slices.Insert(out, below(len(out)+1), any(element(decoy())))
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
	parts := []any{secret.RandomID(saltBytes)}
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
func decoy() string { return secret.RandomID(digestBytes) }

// below draws one of 0 to n-1, each equally likely.
func below(n int) int {
	v, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil { // never: crypto/rand ends the process instead
		return 0
	}
	return int(v.Int64())
}
