package main_test

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// noSockets is set where this program is to become another one that may open no socket.
const noSockets = "SRVERIFY_TEST_NO_SOCKETS"

func TestMain(m *testing.M) {
	if os.Getenv(noSockets) != "" {
		fmt.Fprintln(os.Stderr, withoutSockets(os.Args[1:]))
		os.Exit(99)
	}
	os.Exit(m.Run())
}

// withoutSockets becomes a program that the kernel kills when it opens a socket. With
// "open" alone it opens one itself: to see that the kernel does.
func withoutSockets(args []string) error {
	runtime.LockOSThread() // the filter is the thread's, and goes on with it
	const load, jumpIfEqual, give = 0x20, 0x15, 0x06
	filter := []unix.SockFilter{
		{Code: load, K: 0}, // the number of the call
		{Code: jumpIfEqual, Jt: 1, K: unix.SYS_SOCKET},
		{Code: give, K: 0x7fff0000}, // SECCOMP_RET_ALLOW
		{Code: give, K: 0x80000000}, // SECCOMP_RET_KILL_PROCESS
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		return err
	}
	if args[0] == "open" {
		_, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		return fmt.Errorf("a socket was opened: %w", err)
	}
	return syscall.Exec(args[0], args, nil)
}

// TestOffTheNet holds the program that is given out to what is promised of it: one
// file, which needs nothing of a system and no network.
func TestOffTheNet(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.credential("a", 0, nil)
	binary := filepath.Join(d.dir, "srverify")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	args := func(root string) []string {
		return []string{"--unsigned", "--quiet", "--at", "2026-11-22T09:00:00Z", "--bundle", root + "/bundle.json", root + "/a"}
	}
	t.Run("static", func(t *testing.T) { isStatic(t, binary) })
	t.Run("empty root, no network", func(t *testing.T) {
		entries, err := os.ReadDir(d.dir)
		if err != nil || len(entries) != 3 {
			t.Fatalf("the root is to hold the program, a bundle and a credential: %v, %v", entries, err)
		}
		inEmptyRoot(t, d.dir, "/srverify", args("")...)
	})
	t.Run("no socket", func(t *testing.T) {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		var killed *exec.ExitError
		if _, err := confined(t, self, "open"); !errors.As(err, &killed) || killed.Sys().(syscall.WaitStatus).Signal() != unix.SIGSYS {
			t.Fatalf("this kernel does not refuse sockets, so the test shows nothing: %v", err)
		}
		if out, err := confined(t, self, append([]string{binary}, args(d.dir)...)...); err != nil || out != "genuine\n" {
			t.Errorf("%v: %s", err, out)
		}
	})
	t.Run("Ctrl-C", func(t *testing.T) { interrupt(t, binary, d) })
}

func isStatic(t *testing.T, binary string) {
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("it has a segment %v", p.Type)
		}
	}
	if f.Section(".dynamic") != nil {
		t.Error("it has a dynamic section")
	}
}

// inEmptyRoot runs the program where there is no other file, and no network. A user
// may do so in a user namespace; where those are forbidden, root can without.
func inEmptyRoot(t *testing.T, root, program string, args ...string) {
	t.Helper()
	var refused []error
	for _, a := range []*syscall.SysProcAttr{
		{Chroot: root, Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNET, UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}},
		{Chroot: root, Cloneflags: unix.CLONE_NEWNET},
	} {
		var out, words bytes.Buffer
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Dir, cmd.Env, cmd.SysProcAttr, cmd.Stdout, cmd.Stderr = "/", []string{}, a, &out, &words
		err := cmd.Run()
		var ended *exec.ExitError
		if err != nil && !errors.As(err, &ended) {
			refused = append(refused, err)
			continue
		}
		if err != nil || out.String() != "genuine\n" || words.String() != "" {
			t.Errorf("%v: %q, %q", err, &out, &words)
		}
		return
	}
	t.Fatalf("this cannot be shown here: it takes root with CAP_SYS_CHROOT and CAP_SYS_ADMIN, or a kernel that allows user namespaces: %v", errors.Join(refused...))
}

func confined(t *testing.T, self string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), noSockets+"=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// interrupt sends the signal of Ctrl-C while standard input goes on.
func interrupt(t *testing.T, binary string, d *desk) {
	raw, err := os.ReadFile(filepath.Join(d.dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "--unsigned", "--quiet", "--lines", "--at", "2026-11-22T09:00:00Z", "--bundle", filepath.Join(d.dir, "bundle.json"), "-")
	var words strings.Builder
	cmd.Stderr = &words
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write(raw); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 100)
	if n, err := out.Read(line); err != nil || string(line[:n]) != "genuine\t-:1\n" {
		t.Fatalf("%v: %q", err, line[:n])
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
	defer kill.Stop()
	err = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 || words.String() != "srverify: stopped, with 1 checked: 1 genuine\n" {
		t.Errorf("%d, %v, %q", code, err, words.String())
	}
}
