package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"socialregistry/registry"
)

// jobsCmd follows the work that somebody has asked for. A server works it off by
// itself.
type jobsCmd struct {
	List   jobsListCmd   `cmd:"" help:"List jobs, newest first."`
	Show   jobsShowCmd   `cmd:"" help:"Show how far a job is, and what came of it."`
	Cancel jobsCancelCmd `cmd:"" help:"End a job; one that runs stops at whichever server it is."`
	Run    jobsRunCmd    `cmd:"" help:"Work off the jobs that are due, where no server runs."`
}

type jobsListCmd struct {
	State string `enum:",queued,running,done,failed,cancelled" default:"" help:"queued, running, done, failed or cancelled."`
	Kind  string `help:"What is done: import_apply, audit and so on."`
	Limit int    `default:"50" help:"At most so many, up to 200."`
}

// Run prints one line per job.
func (c jobsListCmd) Run(ctx context.Context, a *app) error {
	return a.withRegistry(ctx, mustBeThere, func(r *registry.Registry) error {
		page, err := r.Jobs(ctx, commandLine(), registry.JobQuery{State: registry.JobState(c.State), Kind: c.Kind, Limit: c.Limit})
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tKIND\tSTATE\tPROGRESS\tBY\tASKED FOR")
		for _, j := range page.Jobs {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", j.ID, j.Kind, jobState(j), jobProgress(j), j.CreatedBy, j.CreatedAt.Format(time.RFC3339))
		}
		return table.Flush()
	})
}

type jobsShowCmd struct {
	ID string `arg:"" help:"Of the job."`
}

// Run prints a job.
func (c jobsShowCmd) Run(ctx context.Context, a *app) error {
	return a.onJob(ctx, c.ID, (*registry.Registry).Job)
}

type jobsCancelCmd struct {
	ID string `arg:"" help:"Of the job."`
}

// Run ends a job and prints it.
func (c jobsCancelCmd) Run(ctx context.Context, a *app) error {
	return a.onJob(ctx, c.ID, (*registry.Registry).CancelJob)
}

type jobsRunCmd struct{}

// Run works until nothing is due. Work that failed and is tried again later is
// left for another time.
func (jobsRunCmd) Run(ctx context.Context, a *app) error {
	d, r, err := a.openRegistry(ctx, mustBeThere)
	if err != nil {
		return err
	}
	defer d.Close()
	worker, err := a.worker(d, r)
	if err != nil {
		return err
	}
	attempts, err := worker.Drain(ctx)
	fmt.Fprintf(a.out, "%d jobs were worked on; jobs list tells what came of them.\n", attempts)
	return err
}

// onJob does something with a job and prints it.
func (a *app) onJob(ctx context.Context, text string, act func(*registry.Registry, context.Context, registry.Actor, uuid.UUID) (registry.Job, error)) error {
	id, err := uuid.Parse(text)
	if err != nil {
		return fmt.Errorf("that is no id of a job; jobs list shows them")
	}
	return a.withRegistry(ctx, mustBeThere, func(r *registry.Registry) error {
		j, err := act(r, ctx, commandLine(), id)
		if err != nil {
			return err
		}
		a.tellJob(j)
		return nil
	})
}

func (a *app) tellJob(j registry.Job) {
	fmt.Fprintf(a.out, "%s %s: %s, %s\nasked for by %s at %s, begun %d times\n", j.Kind, j.ID, jobState(j), jobProgress(j), j.CreatedBy, j.CreatedAt.Format(time.RFC3339), j.Attempts)
	if !j.EndedAt.IsZero() {
		fmt.Fprintf(a.out, "ended at %s\n", j.EndedAt.Format(time.RFC3339))
	}
	if j.Result != nil {
		fmt.Fprintf(a.out, "result: %s\n", j.Result)
	}
	if f := j.Failure; f != nil {
		fmt.Fprintf(a.out, "%s\n", f.Detail)
		for _, x := range f.Fields {
			fmt.Fprintf(a.out, "  %s: %s\n", x.Name, x.Detail)
		}
	}
}

func jobState(j registry.Job) string {
	if j.Cancelling {
		return "stopping"
	}
	return string(j.State)
}

func jobProgress(j registry.Job) string {
	if j.Total == 0 {
		return fmt.Sprint(j.Progress)
	}
	return fmt.Sprintf("%d of %d", j.Progress, j.Total)
}
