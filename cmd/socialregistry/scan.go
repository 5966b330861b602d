package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"socialregistry/registry"
)

// scanTime is how long the scanner may take for one document.
const scanTime = time.Minute

// checkCommand tells whether there is an executable of that name.
func checkCommand(v string) error {
	words := strings.Fields(v)
	if len(words) == 0 {
		return nil
	}
	_, err := exec.LookPath(words[0])
	return err
}

// scanner runs a command for each document: it reads the file on its standard
// input and ends with 0 if the file is clean and with 1 if it is infected. What
// else happens, and taking longer than limit, is a scanner that did not work. The
// words of the command are parted by spaces; there is no shell, and of the
// environment, which may hold our keys, it is given PATH alone. "" is no scanner.
func scanner(command string, limit time.Duration) registry.Scan {
	words := strings.Fields(command)
	if len(words) == 0 {
		return nil
	}
	return func(ctx context.Context, file io.Reader) error {
		ctx, stop := context.WithTimeout(ctx, limit)
		defer stop()
		cmd := exec.CommandContext(ctx, words[0], words[1:]...)
		cmd.Stdin, cmd.Env, cmd.WaitDelay = file, []string{"PATH=" + os.Getenv("PATH")}, time.Second
		err := cmd.Run()
		var exit *exec.ExitError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &exit) && exit.ExitCode() == 1:
			return registry.ErrInfected
		}
		return fmt.Errorf("run the scanner: %w", errors.Join(err, ctx.Err()))
	}
}
