package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/registry"
)

// terminal runs commands with settings of its own.
type terminal struct {
	*testing.T
	values map[string]string
}

func newTerminal(t *testing.T, url string) terminal {
	t.Helper()
	return terminal{t, map[string]string{"DATABASE_URL": url, "SR_MASTER_KEY": secret.NewMaster().Encode(), "SR_LISTEN": "127.0.0.1:0", "SR_STATE_DIR": t.TempDir()}}
}

// with is the same terminal with other settings.
func (x terminal) with(settings ...string) terminal {
	values := maps.Clone(x.values)
	for i := 0; i < len(settings); i += 2 {
		values[settings[i]] = settings[i+1]
	}
	return terminal{x.T, values}
}

// leaveTrial opens the accounts of a trial.
func (x terminal) leaveTrial() {
	x.Helper()
	config, err := LoadConfig(env(x.values), nil)
	if err != nil {
		x.Fatal(err)
	}
	a := &app{config: config, log: silent(), now: time.Now}
	err = a.withRegistry(x.Context(), mayBegin, func(r *registry.Registry) error { return openTryAccounts(x.Context(), r) })
	if err != nil {
		x.Fatal(err)
	}
}

// want runs a command with in as standard input, and demands its exit code and
// that it says something.
func (x terminal) want(code int, says, in string, args ...string) string {
	x.Helper()
	var said bytes.Buffer
	if got := run(x.Context(), args, env(x.values), strings.NewReader(in), &said, &said); got != code || !strings.Contains(said.String(), says) {
		x.Errorf("%v: code %d, want %d and %q; said %s", args, got, code, says, &said)
	}
	return said.String()
}

func TestStaffFromTheCommandLine(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		x := newTerminal(t, url)
		x.want(0, "amina may sign in as admin, auditor", "six green kettles\n", "staff", "add", "amina", "--role", "admin", "--role", "auditor")
		x.want(1, "socialregistry: There is an account with this name already.\n", "six green kettles", "staff", "add", "amina", "--role", "admin")
		x.want(1, "already", "short", "staff", "add", "Amina", "--role", "admin") // its name is looked at before its password
		x.want(0, "clerk-2 may sign in", "six green kettles", "staff", "add", "clerk-2", "--role", "registrar")
		x.want(1, "Use at least 10 characters", "short\n", "staff", "add", "berta", "--role", "attester")
		x.want(1, "Use 3 to 40", "", "staff", "add", "2nd-clerk", "--role", "attester")
		x.want(1, "does not read as a registration number", "", "staff", "add", "SR-1", "--role", "attester")
		x.want(2, "--role", "", "staff", "add", "berta")
		x.want(2, "--role", "", "staff", "add", "berta", "--role", "registrant")
		x.want(0, "another password", "seven blue lanterns\r\n", "staff", "password", "amina")
		x.want(0, "sr_pat_", "", "staff", "token", "amina", "--for", "export", "--scope", "people:read", "--days", "366")
		x.want(1, "At most 366 days", "", "staff", "token", "amina", "--for", "export", "--scope", "people:read", "--days", "367")
		x.want(1, "use people:read", "", "staff", "token", "amina", "--for", "export", "--scope", "root")
		x.want(2, "--scope", "", "staff", "token", "amina", "--for", "export")
		x.want(0, "no longer sign in", "", "staff", "disable", "amina")
		x.want(0, "disabled on", "", "staff", "list")
		x.want(1, "There is no staff account", "", "staff", "disable", "nobody")
		x.want(1, "There is no such account that is open", "", "staff", "token", "amina", "--for", "export", "--scope", "people:read") // it is closed
		x.want(1, "There is no staff account", "seven blue lanterns\n", "staff", "password", "nobody")
	})
}

// TestTrialIsNotServedInPublic: what a trial left behind stops a start that other
// machines could reach, until each password is changed or each account closed.
func TestTrialIsNotServedInPublic(t *testing.T) {
	t.Parallel()
	x := newTerminal(t, "sqlite:"+filepath.Join(t.TempDir(), "r.db"))
	x.leaveTrial()
	public := x.with("SR_PUBLIC_URL", "https://registry.example")
	public.want(1, "everybody knows the passwords of admin, attester, auditor, registrar", "", "serve")
	x.want(0, "everybody knows", "", "staff", "list")
	x.want(0, "", "seven blue lanterns\n", "staff", "password", "admin")
	for _, name := range []string{"attester", "auditor"} {
		x.want(0, "", "", "staff", "disable", name)
	}
	public.want(1, "everybody knows the passwords of registrar:", "", "serve")
	x.want(0, "", "", "staff", "disable", "registrar")
	serveOnce(t, public.values)
}

// TestTrialStartsThoughSomebodyLockedItsAccounts: wrong passwords, another
// password or a closed account do not keep `make run` from starting.
func TestTrialStartsThoughSomebodyLockedItsAccounts(t *testing.T) {
	t.Parallel()
	x := newTerminal(t, "sqlite:"+filepath.Join(t.TempDir(), "r.db")).with("SR_DEMO", "true")
	serveOnce(t, x.values)
	x.want(0, "", "seven blue lanterns\n", "staff", "password", "admin")
	x.want(0, "", "", "staff", "disable", "attester")
	serveOnce(t, x.values)
}

// TestTrialLeavesARealRegistryAlone: a start for trying out opens no account that
// everybody knows beside people who were there before.
func TestTrialLeavesARealRegistryAlone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(file, []byte("given_name,family_name\nAmina,Odhiambo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	x := newTerminal(t, "sqlite:"+filepath.Join(t.TempDir(), "r.db"))
	x.want(0, "1 created", "", "import", file)
	serveOnce(t, x.with("SR_DEMO", "true").values)
	x.want(1, "There is no staff account", "", "staff", "disable", "admin")
}

// TestMasterKeyBelongsToItsDatabase: another key and a lost key file stop every
// start, and no key is made for a database that has one.
func TestMasterKeyBelongsToItsDatabase(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "var", "master.key")
	x := newTerminal(t, "sqlite:"+filepath.Join(t.TempDir(), "r.db")).with("SR_MASTER_KEY", "", "SR_MASTER_KEY_FILE", file)
	x.want(0, "", "six green kettles\n", "staff", "add", "amina", "--role", "admin")
	x.want(0, "", "", "staff", "list")
	other := x.with("SR_MASTER_KEY", secret.NewMaster().Encode())
	other.want(1, "another master key", "", "staff", "list")
	other.want(1, "SR_MASTER_KEY_FILE", "", "serve")
	kept := file + ".kept"
	if err := os.Rename(file, kept); err != nil {
		t.Fatal(err)
	}
	x.want(1, "put it back", "", "serve")
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a key file was made for a database that has a key: %v", err)
	}
	if err := os.Rename(kept, file); err != nil {
		t.Fatal(err)
	}
	x.want(0, "", "", "staff", "list")
}

func TestPasswordIsAskedTwice(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		typed []string
		want  string
		fails bool
	}{
		"the same":       {[]string{"a", "a"}, "a", false},
		"the third time": {[]string{"a", "b", "c", "d", "e", "e"}, "e", false},
		"never":          {[]string{"a", "b", "a", "b", "a", "b", "c", "c"}, "", true},
		"terminal gone":  {[]string{"a"}, "", true},
	} {
		left := tc.typed
		got, err := askTwice(func(words string) (string, error) {
			if typed := len(tc.typed) - len(left); typed%2 == 0 && strings.Contains(words, "differ") != (typed > 0) {
				t.Errorf("%s: %d words typed, asked %q", name, typed, words)
			}
			if len(left) == 0 {
				return "", errors.New("gone")
			}
			word := left[0]
			left = left[1:]
			return word, nil
		})
		if got != tc.want || err != nil != tc.fails {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestPasswordIsNotWaitedForAfterCtrlC: whoever stops the command is not asked on.
func TestPasswordIsNotWaitedForAfterCtrlC(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	in, typing := io.Pipe()
	defer typing.Close()
	a := &app{in: in, errOut: io.Discard}
	stopped := make(chan error, 1)
	go func() {
		_, err := a.newPassword(ctx)
		stopped <- err
	}()
	stop()
	if err := <-stopped; err == nil || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("got %v", err)
	}
}
