package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"socialregistry/internal/dbtest"
)

// openTerminal gives the end of a pseudo-terminal at which a program reads.
func openTerminal(t *testing.T) *os.File {
	t.Helper()
	far, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	if err := unix.IoctlSetPointerInt(int(far.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(far.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	near, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close() })
	return near
}

func shows(t *testing.T, near *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(near.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// TestCtrlCEndsThePrompt: at a terminal that waits for a password, the signal ends
// the command at once, and what is typed afterwards is shown again.
func TestCtrlCEndsThePrompt(t *testing.T) {
	t.Parallel()
	near := openTerminal(t)
	x := newTerminal(t, dbtest.URL(t, "sqlite"))
	ctx, interrupt := context.WithCancel(t.Context())
	said, write := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"staff", "add", "amina", "--role", "admin"}, env(x.values), near, write, write)
		write.Close()
	}()
	var all bytes.Buffer
	for part := make([]byte, 100); !strings.Contains(all.String(), "New password: "); {
		n, err := said.Read(part)
		all.Write(part[:n])
		if err != nil {
			t.Fatalf("ended with %d: %s", <-ended, &all)
		}
	}
	for shows(t, near) { // until the prompt has the terminal
		time.Sleep(time.Millisecond)
	}
	interrupt()
	rest, err := io.ReadAll(said)
	if code := <-ended; code != 1 || err != nil || !strings.Contains(string(rest), "nothing was changed") {
		t.Errorf("code %d, %v; said %s%s", code, err, &all, rest)
	}
	if !shows(t, near) {
		t.Error("the terminal hides what is typed")
	}
	x.want(1, "There is no staff account", "", "staff", "disable", "amina")
}
