package main_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	main "socialregistry/cmd/srverify"
)

// openTerminal gives both ends of a pseudo-terminal: what is written at the near one
// is read at the far one.
func openTerminal(t *testing.T) (near, far *os.File) {
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
	near, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close() })
	return near, far
}

// The bar is drawn for a batch, on a terminal that shows no answers.
func TestBarOnATerminalOnly(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, b := d.credential("a", 0, nil), d.credential("b", 0, nil)
	for _, c := range []struct {
		why   string
		files []string
		both  bool // answers go to the terminal, too
		drawn bool
	}{
		{"a batch", []string{a, b}, false, true}, {"lines", []string{"--lines", a}, false, true},
		{"one", []string{a}, false, false}, {"answers on the same terminal", []string{a, b}, true, false},
	} {
		near, far := openTerminal(t)
		var out bytes.Buffer
		var to io.Writer = &out
		if c.both {
			to = near
		}
		args := append([]string{"--unsigned", "--quiet", "--bundle", filepath.Join(d.dir, "bundle.json")}, c.files...)
		if code := main.Run(t.Context(), args, nil, to, near, now); code != 0 {
			t.Errorf("%s: %d", c.why, code)
		}
		fmt.Fprint(near, "END")
		shown := ""
		for part := make([]byte, 4096); !strings.HasSuffix(shown, "END"); {
			n, err := far.Read(part)
			if err != nil {
				t.Fatal(err)
			}
			shown += string(part[:n])
		}
		if strings.Contains(shown, "checking") != c.drawn || strings.Contains(out.String(), "checking") {
			t.Errorf("%s: %q, answers %q", c.why, shown, &out)
		}
	}
}
