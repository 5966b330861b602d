package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"socialregistry/issuer/verify"
)

// Limits of what is read; package verify refuses what is longer.
const (
	maxBundle = verify.MaxSigned + 1
	maxPins   = 1 << 16
)

// open reads the bundle and its deltas, and holds them to the root keys that are
// trusted. Standard input may never end: when ctx is done, open does not wait for it.
func (c *commandLine) open(ctx context.Context, in io.Reader) (*verify.Bundle, error) {
	type opened struct {
		bundle *verify.Bundle
		err    error
	}
	done := make(chan opened, 1)
	go func() {
		b, err := c.openAll(in)
		done <- opened{b, err}
	}()
	select {
	case o := <-done:
		return o.bundle, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *commandLine) openAll(in io.Reader) (*verify.Bundle, error) {
	var parts [][]byte
	for _, name := range c.Bundle {
		raw, err := readFile(name, in, maxBundle)
		if err != nil {
			return nil, fmt.Errorf("read the trust bundle: %w", err)
		}
		parts = append(parts, bytes.TrimPrefix(raw, []byte(byteOrderMark)))
	}
	if !verify.IsSigned(parts[0]) {
		return c.openUnsigned(parts)
	}
	pins, err := c.pins()
	if err != nil {
		return nil, err
	}
	if len(pins.Roots) == 0 {
		kid, registry, err := verify.SignerOf(parts[0])
		if err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("the trust bundle says that it is of %s, signed by the root key %s. Compare that with what the registry says elsewhere, and then say --root=%s", clean(registry), clean(kid), clean(kid))
	}
	bundle, next, err := follow(pins, parts)
	if err == nil {
		err = c.addLists(bundle)
	}
	if err != nil {
		return nil, err
	}
	if reflect.DeepEqual(pins, next) {
		return bundle, nil
	}
	return bundle, c.keep(next)
}

// byteOrderMark stands before a text that some editors wrote.
const byteOrderMark = "\uFEFF"

// openUnsigned takes what nobody signed, if that is said. What is damaged is no such
// bundle: its signature may be what is missing.
func (c *commandLine) openUnsigned(parts [][]byte) (*verify.Bundle, error) {
	bundle, err := verify.ParseBundle(parts[0])
	switch {
	case err != nil:
		return nil, fmt.Errorf("this is no trust bundle, or it is damaged: %w", err)
	case !c.Unsigned:
		return nil, errors.New("nobody signed the trust bundle; to take it all the same, say --unsigned")
	case len(parts) > 1:
		return nil, errors.New("a trust bundle that nobody signed has no deltas")
	}
	return bundle, nil
}

// follow opens a bundle, and applies the deltas to it. Only where it ends must not be
// older than what was used before: a delta is applied to an older one by its nature.
func follow(pins verify.Pins, parts [][]byte) (bundle *verify.Bundle, next verify.Pins, err error) {
	next = pins
	next.Seq, next.Content = 0, ""
	for n, raw := range parts {
		var part *verify.Bundle
		if part, next, err = next.Open(raw); err != nil {
			return nil, next, err
		}
		switch {
		case n > 0:
			if bundle, err = bundle.Apply(part); err != nil {
				return nil, next, err
			}
		case part.Base != 0:
			return nil, next, fmt.Errorf("%w: it is a delta, which says what changed since number %d; name that bundle before it", verify.ErrBundle, part.Base)
		default:
			bundle = part
		}
	}
	next, err = pins.Forward(next)
	return bundle, next, err
}

// pins are the keys that the file keeps; before there is one, those of the command
// line. What a registry has dropped since must not come back by a --root that somebody
// goes on to say.
func (c *commandLine) pins() (p verify.Pins, err error) {
	first := verify.Pins{Roots: c.Root}
	if c.Pins == "" {
		return first, nil
	}
	raw, err := readFile(c.Pins, nil, maxPins)
	if errors.Is(err, fs.ErrNotExist) {
		return first, nil
	}
	if err != nil {
		return p, fmt.Errorf("read the pins: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil || dec.More() || len(p.Roots) == 0 || p.Registry == "" {
		return p, fmt.Errorf("read the pins: %s is no file of pins", c.Pins)
	}
	return p, nil
}

// keep writes the pins for the next time, whole or not at all.
func (c *commandLine) keep(p verify.Pins) error {
	if c.Pins == "" {
		return nil
	}
	raw, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return fmt.Errorf("keep the pins: %w", err)
	}
	next, err := os.CreateTemp(filepath.Dir(c.Pins), ".pins-*") // 0600
	if err != nil {
		return fmt.Errorf("keep the pins: %w", err)
	}
	_, err = next.Write(append(raw, '\n'))
	if err = errors.Join(err, next.Close()); err == nil {
		err = os.Rename(next.Name(), c.Pins)
	}
	if err != nil {
		os.Remove(next.Name())
		return fmt.Errorf("keep the pins: %w", err)
	}
	return nil
}
