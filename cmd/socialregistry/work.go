package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/jobs"
	"socialregistry/registry"
)

// scheduleLook is how often a server looks whether work of the schedule is due.
const scheduleLook = time.Minute

// worker makes the one that works off the jobs of a registry.
func (a *app) worker(d *db.DB, r *registry.Registry) (*jobs.Runner, error) {
	runner, err := jobs.New(jobs.Config{DB: d, Handlers: r.JobHandlers(), Ended: r.JobEnded, Now: a.now, Log: a.log, Lease: a.config.JobLease})
	if err != nil {
		return nil, fmt.Errorf("start the worker of jobs: %w", err)
	}
	return runner, nil
}

// schedule asks for the work that is due by itself for as long as ctx lasts. A
// failure is logged and tried again, it stops nothing else.
func (p *parts) schedule(ctx context.Context, log *slog.Logger) error {
	for {
		asked, err := p.registry.EnqueueDue(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			log.Error("ask for work that is due", "error", err)
		case asked > 0:
			log.Info("asked for work that is due", "total", asked)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(scheduleLook):
		}
	}
}
