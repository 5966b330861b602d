package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
)

// TestDemo plays the main job, and each planted fault beside its passing twin,
// with the real programs on both databases.
func TestDemo(t *testing.T) {
	t.Parallel()
	programs := buildPrograms(t)
	t.Run("blind verifier", func(t *testing.T) {
		t.Parallel()
		blindVerifier(t, programs)
	})
	dbtest.EachURL(t, func(t *testing.T, url string) {
		for _, tc := range []struct {
			fault string
			code  int
			ends  []string // words of the last lines, in order
		}{
			{"none", 0, []string{"✓ check     offline: both genuine", "✓ check     offline: both withdrawn",
				"✓ check     offline: the new ones genuine, the old ones still withdrawn", "Every step did what it should."}},
			{"unattested", 3, []string{"✓ check     offline: both genuine", "✗ planted   a mandatory detail is not attested: credential_request_denied"}},
			{"altered", 4, []string{"✓ check     offline: both genuine", "✗ planted   one bit flipped in a signed value of each credential: altered"}},
			{"old-bundle", 5, []string{"✓ check     offline: both genuine", "✗ planted   a trust bundle that is too old: genuine_status_unknown"}},
		} {
			t.Run(tc.fault, func(t *testing.T) {
				t.Parallel()
				said, code := playDemo(t, programs, url, tc.fault)
				if code != tc.code || !inOrder(said, tc.ends) {
					t.Errorf("exit code %d, want %d with %q; said\n%s", code, tc.code, tc.ends, said)
				}
			})
		}
	})
}

// blindVerifier finds everything genuine. It must not get through the demo, and
// a fault that it lets pass must not look like one that was caught.
func blindVerifier(t *testing.T, programs string) {
	t.Helper()
	blind := t.TempDir()
	for _, name := range []string{"socialregistry", "srwallet"} {
		if err := os.Link(filepath.Join(programs, name), filepath.Join(blind, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(blind, "srverify"), []byte("#!/bin/sh\necho genuine\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, fault := range []string{"none", "altered", "old-bundle"} {
		said, code := playDemo(t, blind, "sqlite:unused", fault)
		if code != 1 || !strings.Contains(said, "the verifier says genuine, want ") {
			t.Errorf("%s: exit code %d; said\n%s", fault, code, said)
		}
	}
}

// buildPrograms builds the three programs into one folder.
func buildPrograms(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", dir, "socialregistry/cmd/socialregistry", "socialregistry/cmd/srwallet", "socialregistry/cmd/srverify")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return dir
}

// playDemo runs the demo and demands that it leaves nothing behind: no file and
// no database.
func playDemo(t *testing.T, programs, url, fault string) (said string, code int) {
	t.Helper()
	temp := t.TempDir()
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, "socialregistry"), "demo", "--fault", fault)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+url, "TMPDIR="+temp)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func inOrder(text string, parts []string) bool {
	for _, part := range parts {
		_, rest, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = rest
	}
	return true
}

// The demo makes a database of its own and drops it, whatever happened.
func TestFreshDatabaseIsDropped(t *testing.T) {
	t.Parallel()
	beside := dbtest.URL(t, "postgres")
	url, drop, err := freshDatabase(t.Context(), beside)
	if err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close() // still open when it is dropped
	if err := drop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if again, err := db.Open(t.Context(), url); err == nil {
		again.Close()
		t.Error("the database is still there")
	}
}

// A demo that cannot start says why and leaves nothing behind.
func TestDemoWithoutItsDatabase(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	code, said := runWith(t, map[string]string{"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}, "demo")
	if code != 1 || !strings.Contains(said, "CREATEDB") {
		t.Errorf("code %d, said %s", code, said)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if code, said = runWith(t, nil, "demo", "--fault", "flood"); code != 2 {
		t.Errorf("unknown fault: code %d, said %s", code, said)
	}
}
