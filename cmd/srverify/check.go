package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"socialregistry/issuer/verify"
)

// Exit codes that no outcome decides.
const (
	codeUnusable = 2
	codeNotHeld  = 6
	codeStopped  = 130 // as of a process that SIGINT ended
)

// maxJobs bounds --jobs: each holds a credential of up to a megabyte, and what is
// made of it.
const maxJobs = 256

// check checks every credential and gives the exit code. An error means that nothing
// can be said of any.
func (c *commandLine) check(ctx context.Context, in io.Reader, out, words io.Writer, now func() time.Time) (int, error) {
	at, err := c.settings(now)
	if err != nil {
		return 0, err
	}
	bundle, err := c.open(ctx, in)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(words, "srverify: stopped, with 0 checked")
		return codeStopped, nil
	case err != nil:
		return 0, err
	}
	if at, err = c.asOf(at, bundle, words); err != nil {
		return 0, err
	}
	if n := len(bundle.Missing()); n > 0 {
		fmt.Fprintf(words, "srverify: the trust bundle was made without its status lists, of which %d are missing; name them by --list\n", n)
	}
	if due := bundle.RefreshAfter; !due.IsZero() && at.After(due) {
		fmt.Fprintf(words, "srverify: the trust bundle is old; a new one was due on %s\n", due.UTC().Format("2 Jan 2006 15:04 MST"))
	}
	list, many, err := c.sources()
	if err != nil {
		return 0, err
	}
	b := &batch{commandLine: c, bundle: bundle, at: at, out: out, words: words, many: many, told: map[verify.Outcome]int{}}
	b.bar = newBar(out, words, many, list)
	err = b.run(ctx, list, in)
	b.bar.stop()
	if err != nil {
		return 0, fmt.Errorf("write the answer: %w", err)
	}
	return b.end()
}

// settings checks the flags, and gives the time of --at, else now.
func (c *commandLine) settings(now func() time.Time) (at time.Time, err error) {
	at = now()
	if c.At != "" {
		if at, err = time.Parse(time.RFC3339, c.At); err != nil {
			return at, errors.New("--at must be a time such as 2026-11-22T09:00:00Z")
		}
	}
	if c.Jobs < 0 || c.Jobs > maxJobs {
		return at, fmt.Errorf("--jobs must be from 1 to %d", maxJobs)
	}
	if c.Jobs == 0 {
		c.Jobs = min(runtime.GOMAXPROCS(0), maxJobs)
	}
	if c.MaxFiles < 1 {
		return at, errors.New("--max-files must be at least 1")
	}
	if c.Nonce != nil && (*c.Nonce == "" || *c.Audience == "") {
		return at, errors.New("--nonce and --audience must not be empty: nobody could have signed that")
	}
	return at, c.inputOnce()
}

// clocksDiffer is how far a clock may be behind that of who made the bundle before a word
// is said of it.
const clocksDiffer = 5 * time.Minute

// asOf gives the time to check as of. The bundle was not made in the future: a clock that
// says so is wrong, and by it what is over, or what a revoked key signed, would be good.
func (c *commandLine) asOf(at time.Time, b *verify.Bundle, words io.Writer) (time.Time, error) {
	if !at.Before(b.Created) {
		return at, nil
	}
	made := b.Created.UTC().Format("2 Jan 2006 15:04 MST")
	if c.At != "" {
		_, err := fmt.Fprintf(words, "srverify: the trust bundle was made after --at, on %s: what it says of status is of then\n", made)
		return at, err
	}
	var err error
	if b.Created.Sub(at) > clocksDiffer {
		_, err = fmt.Fprintf(words, "srverify: the clock of this machine is wrong: it says %s, and the trust bundle was made on %s. Checked as of then; set the clock\n", at.UTC().Format("2 Jan 2006 15:04 MST"), made)
	}
	return b.Created, err
}

// inputOnce sees to it that standard input is named once: there is only one.
func (c *commandLine) inputOnce() error {
	named := 0
	for _, list := range [][]string{c.Bundle, c.Files} {
		for _, name := range list {
			if name == stdin {
				named++
			}
		}
	}
	if named > 1 {
		return errors.New("standard input can be read once only")
	}
	return nil
}

func readFile(name string, in io.Reader, limit int64) ([]byte, error) {
	if name == stdin {
		return io.ReadAll(io.LimitReader(in, limit))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, limit))
	return b, errors.Join(err, f.Close())
}

// worse gives that of two exit codes which says more: a certain no comes before what
// cannot be told.
func worse(a, b int) int {
	for _, code := range []int{1, 3, 5, 4, codeNotHeld} {
		if a == code || b == code {
			return code
		}
	}
	return 0
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
