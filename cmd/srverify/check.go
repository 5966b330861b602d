package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"socialregistry/issuer/verify"
)

// Limits of what is read; package verify refuses what is longer.
const (
	maxBundle     = verify.MaxSigned + 1
	maxCredential = 1<<20 + 1
	maxPins       = 1 << 16
)

// check checks every file and gives the exit code. An error means that nothing
// can be said of a file, or of none.
func (c *commandLine) check(in io.Reader, out, words io.Writer, now func() time.Time) (int, error) {
	at, err := c.time(now)
	if err != nil {
		return 0, err
	}
	raw, err := readFile(c.Bundle, in, maxBundle)
	if err != nil {
		return 0, fmt.Errorf("read the trust bundle: %w", err)
	}
	bundle, err := c.open(raw)
	if err != nil {
		return 0, err
	}
	if due := bundle.RefreshAfter; !due.IsZero() && at.After(due) {
		fmt.Fprintf(words, "srverify: the trust bundle is old; a new one was due on %s\n", due.UTC().Format("2 Jan 2006 15:04 MST"))
	}
	code := 0
	for _, name := range c.Files {
		credential, err := readFile(name, in, maxCredential)
		if err != nil {
			return 0, fmt.Errorf("read the credential: %w", err)
		}
		result := bundle.Verify(credential, at)
		if code == 0 {
			code = exitCode(result.Outcome)
		}
		if err := c.answer(out, name, result, bundle, at); err != nil {
			return 0, fmt.Errorf("write the answer: %w", err)
		}
	}
	return code, nil
}

// open reads the bundle and holds it to the root keys that are trusted.
func (c *commandLine) open(raw []byte) (*verify.Bundle, error) {
	if !verify.IsSigned(raw) {
		if !c.Unsigned {
			return nil, errors.New("nobody signed the trust bundle; to take it all the same, say --unsigned")
		}
		return verify.ParseBundle(raw)
	}
	pins, err := c.pins()
	if err != nil {
		return nil, err
	}
	if len(pins.Roots) == 0 {
		kid, registry, err := verify.SignerOf(raw)
		if err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("the trust bundle says that it is of %s, signed by the root key %s. Compare that with what the registry says elsewhere, and then say --root %s", clean(registry), clean(kid), clean(kid))
	}
	bundle, next, err := pins.Open(raw)
	if err != nil {
		return nil, err
	}
	if bundle.Base != 0 {
		return nil, fmt.Errorf("the trust bundle is a delta, which says what changed since number %d; take the whole one", bundle.Base)
	}
	if reflect.DeepEqual(pins, next) {
		return bundle, nil
	}
	return bundle, c.keep(next)
}

// pins are the keys that the command line or the file names.
func (c *commandLine) pins() (p verify.Pins, err error) {
	if c.Pins != "" {
		raw, err := readFile(c.Pins, nil, maxPins)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return p, fmt.Errorf("read the pins: %w", err)
		default:
			if err := json.Unmarshal(raw, &p); err != nil {
				return p, fmt.Errorf("read the pins: %s is no file of pins: %w", c.Pins, err)
			}
		}
	}
	p.Roots = append(p.Roots, c.Root...)
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

// time is that of --at, else now.
func (c *commandLine) time(now func() time.Time) (time.Time, error) {
	if c.At == "" {
		return now(), nil
	}
	at, err := time.Parse(time.RFC3339, c.At)
	if err != nil {
		return time.Time{}, errors.New("--at must be a time such as 2026-11-22T09:00:00Z")
	}
	return at, nil
}

func readFile(name string, in io.Reader, limit int64) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(in, limit))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, limit))
	return b, errors.Join(err, f.Close())
}

// exitCode gives the class of an outcome, as the help lists them.
func exitCode(o verify.Outcome) int {
	switch o {
	case verify.Genuine:
		return 0
	case verify.Expired, verify.NotYetValid, verify.Withdrawn, verify.Suspended:
		return 3
	case verify.GenuineStatusUnknown:
		return 4
	case verify.UnsupportedFormat, verify.UnreadableCode, verify.IncompleteCode:
		return 5
	}
	return 1
}

func (c *commandLine) answer(out io.Writer, name string, r verify.Result, b *verify.Bundle, at time.Time) error {
	switch {
	case c.JSON:
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		return enc.Encode(struct {
			File string `json:"file"`
			verify.Result
		}{name, r})
	case c.Quiet:
		_, err := fmt.Fprintln(out, r.Outcome)
		return err
	}
	t := text{lang: c.Lang, result: r, shown: b.Types[r.Type], at: at}
	_, err := io.WriteString(out, t.render(name))
	return err
}
