package main

import (
	"fmt"

	"socialregistry/internal/jobs"
)

// runner makes the one that works off the jobs of the registry.
func (p *parts) runner(a *app) (*jobs.Runner, error) {
	runner, err := jobs.New(jobs.Config{DB: p.db, Handlers: p.registry.JobHandlers(), Now: a.now, Log: a.log})
	if err != nil {
		return nil, fmt.Errorf("start the worker of jobs: %w", err)
	}
	return runner, nil
}
