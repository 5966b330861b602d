package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"socialregistry/issuer/verify"
)

// Limits of what is read; package verify refuses what is longer.
const (
	maxBundle     = 32<<20 + 1
	maxCredential = 1<<20 + 1
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
	bundle, err := verify.ParseBundle(raw)
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
