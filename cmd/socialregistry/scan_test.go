package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"socialregistry/registry"
)

// script writes an executable file.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scan")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheScannerDecides(t *testing.T) {
	t.Parallel()
	const limit = time.Minute
	virus := script(t, `test "$1" = --quiet || exit 2; test -z "$SR_MASTER_KEY" -a -z "$HOME" || exit 3; ! grep -q virus`)
	for file, want := range map[string]error{"clean": nil, strings.Repeat("clean ", 1<<16): nil, "a virus": registry.ErrInfected} {
		if err := scanner(virus+" --quiet", limit)(t.Context(), strings.NewReader(file)); !errors.Is(err, want) {
			t.Errorf("%.20q: %v, want %v", file, err, want)
		}
	}
	for name, c := range map[string]struct {
		command string
		limit   time.Duration
		file    io.Reader
	}{
		"another code": {script(t, "exit 2"), limit, strings.NewReader("x")},
		"too slow":     {script(t, "exec sleep 60"), 50 * time.Millisecond, strings.NewReader("x")},
		"not there":    {filepath.Join(t.TempDir(), "none"), limit, strings.NewReader("x")},
		"a cut file":   {script(t, "cat > /dev/null"), limit, io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrUnexpectedEOF))},
	} {
		if err := scanner(c.command, c.limit)(t.Context(), c.file); err == nil || errors.Is(err, registry.ErrInfected) {
			t.Errorf("%s: %v, want another error", name, err)
		}
	}
	if scanner(" ", limit) != nil {
		t.Error("no command is a scanner")
	}
}
