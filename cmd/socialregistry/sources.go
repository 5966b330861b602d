package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"socialregistry/registry"
)

// sourcesCmd is about other systems whose people are pulled.
type sourcesCmd struct {
	List sourcesListCmd `cmd:"" help:"List the sources."`
	Pull sourcesPullCmd `cmd:"" help:"Pull from a source now, and wait for the end."`

	Restart sourcesRestartCmd `cmd:"" help:"Forget the cursor of a source that the other system does not take any more."`
}

type sourcesListCmd struct{}

// Run prints one source per line: key, address, mapping, when it is pulled, and its
// state.
func (sourcesListCmd) Run(ctx context.Context, a *app) error {
	d, r, err := a.openRegistry(ctx, mustBeThere)
	if err != nil {
		return err
	}
	defer d.Close()
	list, err := r.Sources(ctx, commandLine())
	if err != nil {
		return err
	}
	for _, s := range list {
		when := "when asked"
		if !s.NextAt.IsZero() {
			when = "next at " + s.NextAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(a.out, "%s\t%s\t%s\t%s\t%s\n", s.Key, s.URL, s.Mapping, when, s.State)
	}
	return nil
}

type sourcesPullCmd struct {
	Key string `arg:"" help:"Of the source."`
}

// Run pulls, prints what came of it, and fails if the pull did.
func (c sourcesPullCmd) Run(ctx context.Context, a *app) error {
	d, r, err := a.openRegistry(ctx, mustBeThere)
	if err != nil {
		return err
	}
	defer d.Close()
	run, err := r.PullSource(ctx, commandLine(), c.Key, nil)
	if run.State != "" {
		tellPull(a, run)
	}
	return err
}

type sourcesRestartCmd struct {
	Key    string `arg:"" help:"Of the source."`
	Reason string `help:"Why, for the history of settings."`
}

// Run lets the next pull begin with the first page.
func (c sourcesRestartCmd) Run(ctx context.Context, a *app) error {
	return a.withRegistry(ctx, mustBeThere, func(r *registry.Registry) error {
		s, err := r.RestartSource(ctx, commandLine(), c.Key, c.Reason)
		if err == nil {
			fmt.Fprintf(a.out, "The next pull of %s begins with the first page\n", s.Key)
		}
		return err
	})
}

func tellPull(a *app, run registry.SourceRun) {
	fmt.Fprintf(a.out, "%d pages, %d rows: %d created, %d updated, %d unchanged, %d with problems\n",
		run.Pages, run.Rows, run.Created, run.Updated, run.Unchanged, run.Failed)
}

// pullLook is how often a server looks for sources that are due.
const pullLook = 30 * time.Second

// pull asks for the pulls that are due for as long as ctx lasts; a worker does
// them. A failure is logged and tried again, it stops nothing else.
func (p *parts) pull(ctx context.Context, log *slog.Logger) error {
	for {
		_, err := p.registry.StartDuePulls(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			log.Error("look for sources that are due", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pullLook):
		}
	}
}
