package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// newPassword asks twice at a terminal, without showing it; else it reads one
// line of standard input. It ends at once when ctx does, as after Ctrl-C.
func (a *app) newPassword(ctx context.Context) (string, error) {
	if f, ok := a.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return askTwice(func(words string) (string, error) { return a.askHidden(ctx, f, words) })
	}
	return orStopped(ctx, func() (string, error) {
		line, err := bufio.NewReader(io.LimitReader(a.in, 4<<10)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	})
}

// askHidden asks at a terminal without showing what is typed. The terminal shows
// it again afterwards, whatever ended the question.
func (a *app) askHidden(ctx context.Context, f *os.File, words string) (string, error) {
	before, err := term.GetState(int(f.Fd()))
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	fmt.Fprint(a.errOut, words)
	typed, err := orStopped(ctx, func() (string, error) {
		typed, err := term.ReadPassword(int(f.Fd()))
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return string(typed), nil
	})
	fmt.Fprintln(a.errOut)
	if err != nil {
		return "", errors.Join(err, term.Restore(int(f.Fd()), before))
	}
	return typed, nil
}

// orStopped gives what read gives, or an error once ctx ends. Nothing ends a read
// of a terminal, so it is left behind: the process is about to end.
func orStopped(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := read()
		answers <- answer{text, err}
	}()
	select {
	case got := <-answers:
		return got.text, got.err
	case <-ctx.Done():
		return "", errors.New("stopped before there was a password; nothing was changed")
	}
}

// askTwice asks for a new password until it is typed the same twice, three times
// at most.
func askTwice(ask func(words string) (string, error)) (string, error) {
	first := "New password: "
	for range 3 {
		password, err := ask(first)
		if err != nil {
			return "", err
		}
		again, err := ask("The same again: ")
		if err != nil {
			return "", err
		}
		if password == again {
			return password, nil
		}
		first = "The two passwords differ. New password: "
	}
	return "", errors.New("the two passwords differ; nothing was changed")
}
