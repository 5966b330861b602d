package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"socialregistry/registry"
)

// TestJobsFromTheCommandLine: jobs are listed, shown, ended, and worked off where
// no server runs.
func TestJobsFromTheCommandLine(t *testing.T) {
	t.Parallel()
	x := newTerminal(t, "sqlite:"+filepath.Join(t.TempDir(), "r.db"))
	x.want(1, "there is no registry", "", "jobs", "list")
	x.want(0, "", "", "migrate")
	config, err := LoadConfig(env(x.values), nil)
	if err != nil {
		t.Fatal(err)
	}
	a := &app{config: config, log: silent(), now: time.Now}
	err = a.withRegistry(t.Context(), mayBegin, func(r *registry.Registry) error {
		if _, err := r.StartStatistics(t.Context(), registry.System()); err != nil {
			return err
		}
		_, err := r.EnqueueDue(t.Context())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	listed := x.want(0, "", "", "jobs", "list", "--kind", "statistics")
	id := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).FindString(listed)
	if !strings.Contains(listed, "queued") || strings.Contains(listed, "audit") || id == "" {
		t.Fatalf("listed:\n%s", listed)
	}
	x.want(0, "cancelled", "", "jobs", "cancel", id)
	x.want(1, "This job has ended.", "", "jobs", "cancel", id)
	x.want(1, "that is no id of a job", "", "jobs", "show", "x")
	x.want(0, "1 jobs were worked on", "", "jobs", "run")
	x.want(0, "0 jobs were worked on", "", "jobs", "run")
	if done := x.want(0, "", "", "jobs", "list", "--state", "done"); !strings.Contains(done, "audit") || !strings.Contains(done, "system") {
		t.Errorf("done:\n%s", done)
	}
}
