package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// The exit codes of a planted fault that ended with its exact outcome. Any other
// failure is 1: a fault that was not caught must never look like one that was.
const (
	exitUnattested = 3
	exitAltered    = 4
	exitOldBundle  = 5
)

type demoCmd struct {
	Fault string `help:"Plant a fault beside its passing twin: unattested (exit code 3), altered (4) or old-bundle (5)." enum:"none,unattested,altered,old-bundle" default:"none" placeholder:"FAULT"`
	Keep  bool   `help:"Leave the folder of the instance (database, log, wallet, bundles) for a look."`
}

// Help is the long help of the command.
func (demoCmd) Help() string {
	return `Starts a server process of its own on a new database, imports generated people, attests one of them, and lets srwallet take
both credentials and srverify check them offline; then a detail changes. Both programs must lie beside this one.

With SQLite everything is in a temporary folder. If DATABASE_URL names a PostgreSQL server, a new database sr_demo_... is made on
it (the role needs CREATEDB) and dropped at the end. Nothing that was there before is touched.

Ends with 0 if every step did what it should; with 3, 4 or 5 if the planted fault ended with its exact outcome
(credential_request_denied, altered, genuine_status_unknown); with 1 if anything else went wrong.`
}

// Run plays the main job against a fresh instance. It returns planted for a
// fault that was caught as it should be.
func (c demoCmd) Run(ctx context.Context, a *app) (err error) {
	d, err := newDemo(ctx, a)
	if err != nil {
		return fmt.Errorf("prepare the demo: %w", err)
	}
	defer func() { err = errors.Join(err, d.close(c.Keep)) }()
	fmt.Fprintf(a.out, "\nThe main job of a social registry, on a fresh instance (%s, %s)\n\n", d.where, d.app.config.PublicURL)
	for _, s := range append(mainPath(), c.rest()...) {
		if err := d.play(ctx, s); err != nil {
			return err
		}
	}
	fmt.Fprintf(a.out, "\nEvery step did what it should.\n\n")
	return nil
}

// rest is what follows once the wallet's credentials were found genuine: the
// rest of the job, or the planted fault. The path up to there is its twin.
func (c demoCmd) rest() []step {
	switch c.Fault {
	case "unattested":
		return []step{{"planted", (*demo).plantUnattested}}
	case "altered":
		return []step{{"planted", (*demo).plantAltered}}
	case "old-bundle":
		return []step{{"planted", (*demo).plantOldBundle}}
	}
	return withdrawalAndReissue()
}

// step is one line of the demo. It gives a few words on what it did.
type step struct {
	name string
	do   func(d *demo, ctx context.Context) (string, error)
}

func mainPath() []step {
	return []step{
		{"start", (*demo).start},
		{"import", (*demo).importPeople},
		{"attest", (*demo).attest},
		{"offer", (*demo).offer},
		{"wallet", (*demo).take},
		{"bundle", (*demo).exportBundle},
		{"check", (*demo).checkGenuine},
	}
}

func withdrawalAndReissue() []step {
	return []step{
		{"change", (*demo).change},
		{"bundle", (*demo).exportBundle},
		{"check", (*demo).checkWithdrawn},
		{"attest", (*demo).attestAgain},
		{"re-issue", (*demo).offer},
		{"wallet", (*demo).take},
		{"bundle", (*demo).exportBundle},
		{"check", (*demo).checkReissued},
	}
}

// play does one step and prints its line: a tick, what was done, how long it took.
func (d *demo) play(ctx context.Context, s step) error {
	begin := d.app.now()
	words, err := s.do(d, ctx)
	mark := "✓"
	if err != nil {
		mark, words = "✗", err.Error()
	}
	printStep(d.app.out, mark, s.name, words, d.app.now().Sub(begin))
	if err != nil && d.server != nil && exitCode(err) == 1 {
		fmt.Fprintf(d.app.errOut, "The end of the server's log:\n%s\n", d.server.lastWords())
	}
	return err
}

func printStep(w io.Writer, mark, name, words string, took time.Duration) {
	fmt.Fprintf(w, "%s %-9s %-62s %8s\n", mark, name, words, took.Round(time.Millisecond))
}

// planted says that a planted fault ended with its exact outcome.
type planted struct {
	outcome string
	words   string
	code    int
}

func (p planted) Error() string { return p.words + ": " + p.outcome }

// ExitCode is the exit code of the process.
func (p planted) ExitCode() int { return p.code }

// exitCode is the exit code that an error asks for, or 1.
func exitCode(err error) int {
	var e interface{ ExitCode() int }
	if errors.As(err, &e) {
		return e.ExitCode()
	}
	return 1
}
