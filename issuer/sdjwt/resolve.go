package sdjwt

import (
	"fmt"
	"reflect"
)

// maxDepth bounds how deep disclosed values may be nested in one another.
const maxDepth = 64

// resolver puts disclosed values in the place of their digests (RFC 9901 §7.1,
// step 3).
type resolver struct {
	disclosures map[string]disclosure
	seen        map[string]bool // every digest met, disclosed or not
	used        int
}

// claims resolves the whole and checks that no disclosure is left over.
func (r *resolver) claims(in map[string]any) (map[string]any, error) {
	out, err := r.object(in, maxDepth)
	if err != nil {
		return nil, err
	}
	for name, v := range out {
		if alwaysVisible(name) && !reflect.DeepEqual(in[name], v) {
			return nil, fmt.Errorf("%w: %s, or a part of it, was hidden, and must be visible always", ErrDisclosure, name)
		}
	}
	if r.used != len(r.disclosures) {
		return nil, fmt.Errorf("%w: one is not referred to", ErrDisclosure)
	}
	return out, nil
}

func (r *resolver) value(v any, depth int) (any, error) {
	if depth == 0 {
		return nil, fmt.Errorf("%w: nested more than %d deep", ErrMalformed, maxDepth)
	}
	switch v := v.(type) {
	case map[string]any:
		return r.object(v, depth-1)
	case []any:
		return r.array(v, depth-1)
	}
	return v, nil
}

// object gives a copy without _sd and with the claims that it stands for.
func (r *resolver) object(in map[string]any, depth int) (map[string]any, error) {
	out := map[string]any{}
	for name, v := range in {
		if name == "_sd" {
			continue
		}
		if reserved(name) {
			return nil, fmt.Errorf("%w: %q stands where it must not", ErrMalformed, name)
		}
		var err error
		if out[name], err = r.value(v, depth); err != nil {
			return nil, err
		}
	}
	if _, ok := in["_sd"]; !ok {
		return out, nil
	}
	digests, ok := in["_sd"].([]any)
	if !ok {
		return nil, fmt.Errorf("%w: _sd is not an array", ErrMalformed)
	}
	for _, v := range digests {
		if err := r.claim(out, v, depth); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// claim adds the claim that a digest stands for, if it was disclosed.
func (r *resolver) claim(out map[string]any, v any, depth int) error {
	d, ok, err := r.find(v)
	if err != nil || !ok {
		return err
	}
	if d.element {
		return fmt.Errorf("%w: an array element stands for a claim", ErrDisclosure)
	}
	if _, taken := out[d.name]; taken {
		return fmt.Errorf("%w: it stands for a claim that is there already", ErrDisclosure)
	}
	out[d.name], err = r.value(d.value, depth)
	return err
}

func (r *resolver) array(in []any, depth int) ([]any, error) {
	out := []any{}
	for _, v := range in {
		v, shown, err := r.element(v)
		if err != nil {
			return nil, err
		}
		if !shown {
			continue
		}
		if v, err = r.value(v, depth); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// element gives what stands in an array: v itself, or what was disclosed for it;
// false if the holder left it out.
func (r *resolver) element(v any) (any, bool, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return v, true, nil
	}
	hash, ok := m["..."]
	if !ok {
		return v, true, nil
	}
	if len(m) != 1 {
		return nil, false, fmt.Errorf("%w: ... has neighbours", ErrMalformed)
	}
	d, shown, err := r.find(hash)
	if err == nil && shown && !d.element {
		err = fmt.Errorf("%w: a claim stands for an array element", ErrDisclosure)
	}
	return d.value, shown, err
}

// find gives the disclosure of a digest; false if the holder left it out. A
// digest may stand once only (RFC 9901 §7.1, step 4).
func (r *resolver) find(v any) (disclosure, bool, error) {
	hash, ok := v.(string)
	if !ok {
		return disclosure{}, false, fmt.Errorf("%w: a digest is not a string", ErrMalformed)
	}
	if r.seen[hash] {
		return disclosure{}, false, fmt.Errorf("%w: a digest stands twice", ErrDisclosure)
	}
	r.seen[hash] = true
	d, ok := r.disclosures[hash]
	if ok {
		r.used++
	}
	return d, ok, nil
}
