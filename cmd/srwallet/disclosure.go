package main

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"socialregistry/internal/jose"
)

// disclosure is a claim, or an element of an array, that the holder may show (RFC
// 9901 §4.2.1, §4.2.2).
type disclosure struct {
	name    string
	element bool // of an array: it has no name
	value   any
}

// maxNested bounds how deep disclosures may stand in one another.
const maxNested = 16

var errDisclosure = errors.New("a disclosure is not one that the issuer signed")

// disclose puts disclosures in the places of their digests and takes the other digests
// out (RFC 9901 §7.1). Every digest stands once, every disclosure has one.
func disclose(signed map[string]any, texts []string) (map[string]any, error) {
	if alg, there := signed["_sd_alg"]; there && alg != "sha-256" {
		return nil, errors.New("_sd_alg is not sha-256")
	}
	o := opener{closed: map[string]disclosure{}, seen: map[string]bool{}}
	for _, text := range texts {
		d, err := parseDisclosure(text)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256([]byte(text))
		digest := base64.RawURLEncoding.EncodeToString(sum[:])
		if _, twice := o.closed[digest]; twice {
			return nil, errDisclosure
		}
		o.closed[digest] = d
	}
	claims, err := o.object(signed, maxNested)
	if err == nil && len(o.closed) > 0 {
		err = errDisclosure
	}
	delete(claims, "_sd_alg")
	return claims, err
}

// parseDisclosure reads [salt, name, value], or [salt, value].
func parseDisclosure(text string) (disclosure, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return disclosure{}, errors.New("a disclosure is not base64url")
	}
	v, err := jose.DecodeValue(raw)
	if err != nil {
		return disclosure{}, errors.New("a disclosure is not JSON")
	}
	list, _ := v.([]any)
	if len(list) != 2 && len(list) != 3 {
		return disclosure{}, errors.New("a disclosure has not two or three parts")
	}
	if salt, ok := list[0].(string); !ok || salt == "" {
		return disclosure{}, errors.New("a disclosure has no salt")
	}
	if len(list) == 2 {
		return disclosure{element: true, value: list[1]}, nil
	}
	name, ok := list[1].(string)
	if !ok || name == "_sd" || name == "..." {
		return disclosure{}, errors.New("a disclosure has no proper name")
	}
	return disclosure{name: name, value: list[2]}, nil
}

// opener walks through what is signed.
type opener struct {
	closed map[string]disclosure // by digest: those whose place was not found yet
	seen   map[string]bool       // digests
}

// take gives the disclosure of a digest, if there is one.
func (o opener) take(v any) (disclosure, bool, error) {
	digest, ok := v.(string)
	if !ok || o.seen[digest] {
		return disclosure{}, false, errors.New("a digest stands twice, or is no text")
	}
	o.seen[digest] = true
	d, there := o.closed[digest]
	delete(o.closed, digest)
	return d, there, nil
}

func (o opener) value(v any, depth int) (any, error) {
	if depth == 0 {
		return nil, fmt.Errorf("it is nested more than %d deep", maxNested)
	}
	switch v := v.(type) {
	case map[string]any:
		return o.object(v, depth)
	case []any:
		return o.array(v, depth)
	}
	return v, nil
}

func (o opener) object(in map[string]any, depth int) (map[string]any, error) {
	out := map[string]any{}
	for name, v := range in {
		if name == "_sd" {
			continue
		}
		var err error
		if out[name], err = o.value(v, depth-1); err != nil {
			return nil, err
		}
	}
	digests, ok := in["_sd"].([]any)
	if _, there := in["_sd"]; there && !ok {
		return nil, errors.New("_sd is no list")
	}
	for _, digest := range digests {
		if err := o.claim(out, digest, depth); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// claim puts the claim of a digest into its object.
func (o opener) claim(into map[string]any, digest any, depth int) error {
	d, there, err := o.take(digest)
	if err != nil || !there {
		return err
	}
	if _, twice := into[d.name]; twice || d.element {
		return errDisclosure
	}
	into[d.name], err = o.value(d.value, depth-1)
	return err
}

func (o opener) array(in []any, depth int) ([]any, error) {
	out := []any{}
	for _, v := range in {
		if m, ok := v.(map[string]any); ok && len(m) == 1 && m["..."] != nil {
			d, there, err := o.take(m["..."])
			if err != nil {
				return nil, err
			}
			if !there {
				continue
			}
			if v = d.value; !d.element {
				return nil, errDisclosure
			}
		}
		one, err := o.value(v, depth-1)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}
