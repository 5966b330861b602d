package dbtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Cluster is a running PostgreSQL server on a data folder of its own.
type Cluster struct {
	dir  string
	cmd  *exec.Cmd
	log  *lockedBuffer
	done chan struct{} // closed when the server process has ended
}

// startLimit is how long a loaded machine may take to bring the server up.
const startLimit = 60 * time.Second

// Start makes a cluster and waits until it answers. It works as root (the
// server then runs as user postgres, else nobody) and as any other user. settings,
// as NAME=VALUE, go before those that spare a test the care for its data.
func Start(ctx context.Context, settings ...string) (*Cluster, error) {
	initdb, server, err := findPrograms(debianFolders, exec.LookPath)
	if err != nil {
		return nil, err
	}
	removeStale()
	dir, attr, err := makeFolder()
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, log: &lockedBuffer{}, done: make(chan struct{})}
	if err := c.init(ctx, initdb, attr); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := c.run(ctx, server, attr, settings); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

// URL is the address of one of the cluster's databases.
func (c *Cluster) URL(database string) string {
	return "postgres://postgres@/" + database + "?host=" + url.QueryEscape(c.dir) + "&sslmode=disable"
}

// Log is what the server has written so far.
func (c *Cluster) Log() string { return c.log.String() }

// Stop ends the server and removes its folder.
func (c *Cluster) Stop() error {
	if c.cmd != nil && c.cmd.Process != nil {
		_ = c.cmd.Process.Signal(syscall.SIGINT) // fast shutdown; an error means it has ended already
		select {
		case <-c.done:
		case <-time.After(startLimit):
			_ = c.cmd.Process.Kill()
			<-c.done
		}
	}
	return os.RemoveAll(c.dir)
}

// init makes the data folder. The collation is not that of bytes, so that a
// query that forgets COLLATE "C" on a sorted column shows here.
func (c *Cluster) init(ctx context.Context, initdb string, attr *syscall.SysProcAttr) error {
	cmd := exec.CommandContext(ctx, initdb, "-D", c.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8",
		"--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US", "--no-sync", "--no-instructions")
	c.prepare(cmd, attr)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("dbtest: initdb: %w: %s", err, out)
	}
	return nil
}

// run starts the server and waits until it answers.
func (c *Cluster) run(ctx context.Context, server string, attr *syscall.SysProcAttr, settings []string) error {
	args := []string{"-D", c.data(), "-k", c.dir}
	for _, setting := range append([]string{
		"listen_addresses=", "max_connections=300", "shared_buffers=128MB", "timezone=UTC",
		// Nothing here has to survive a crash of the machine.
		"fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "autovacuum=off",
		// Shared memory lives in the data folder, so that nothing is left behind elsewhere.
		"dynamic_shared_memory_type=mmap",
	}, settings...) {
		args = append(args, "-c", setting)
	}
	cmd := exec.Command(server, args...)
	c.prepare(cmd, attr)
	cmd.Stdout, cmd.Stderr = c.log, c.log
	if err := c.spawn(cmd); err != nil {
		return fmt.Errorf("dbtest: start PostgreSQL: %w", err)
	}
	return c.waitUp(ctx)
}

// spawn starts the server so that it dies with this process, whatever ends it.
// That signal follows the thread that started the server, hence the lock.
func (c *Cluster) spawn(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		if err == nil {
			c.cmd = cmd
		}
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended stands in the log
			close(c.done)
		}
	}()
	return <-started
}

func (c *Cluster) waitUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-c.done:
			return fmt.Errorf("dbtest: PostgreSQL ended at once: %s", c.log)
		case <-ctx.Done():
			return fmt.Errorf("dbtest: PostgreSQL does not answer: %w: %s", err, c.log)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *Cluster) prepare(cmd *exec.Cmd, attr *syscall.SysProcAttr) {
	cmd.SysProcAttr = attr
	cmd.Dir = c.dir // the other user may not enter ours
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC"}
}

// debianFolders is where Debian puts the server programs of each version.
const debianFolders = "/usr/lib/postgresql/*/bin"

// findPrograms finds initdb and postgres in the newest of the folders, else on
// the path.
func findPrograms(folders string, lookPath func(string) (string, error)) (initdb, server string, err error) {
	found, err := filepath.Glob(folders)
	if err != nil {
		return "", "", fmt.Errorf("dbtest: %w", err)
	}
	for _, folder := range slices.Backward(found) {
		server := filepath.Join(folder, "postgres")
		if _, err := os.Stat(server); err == nil {
			return filepath.Join(folder, "initdb"), server, nil
		}
	}
	if server, err := lookPath("postgres"); err == nil {
		if server, err = filepath.EvalSymlinks(server); err == nil {
			return filepath.Join(filepath.Dir(server), "initdb"), server, nil
		}
	}
	return "", "", errors.New("dbtest: no PostgreSQL server found: install it (Debian: apt-get install postgresql, 15 or newer)")
}

// lockedBuffer holds the server's log; its process writes while a test reads.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
