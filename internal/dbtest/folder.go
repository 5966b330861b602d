package dbtest

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// roomInMemory is what the clusters of a few test binaries need in /dev/shm. A
// container often has 64 MiB there; then a folder on disk serves.
const roomInMemory = 2 << 30

// prefix begins the name of every folder here; the number of the test process
// that owns it follows.
const prefix = "sr-test-"

// scratchBase is the folder for what need not outlive the test. The path is
// short: that of a unix socket is limited to 107 bytes.
func scratchBase() string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &fs); err == nil && fs.Bavail*uint64(fs.Bsize) >= roomInMemory {
		return "/dev/shm"
	}
	return "/tmp"
}

// makeScratch makes a folder that belongs to this process.
func makeScratch() (string, error) {
	dir, err := os.MkdirTemp(scratchBase(), prefix+strconv.Itoa(os.Getpid())+"-")
	if err != nil {
		return "", fmt.Errorf("dbtest: %w", err)
	}
	return dir, nil
}

// makeFolder makes the cluster's folder, owned by the user that the server runs
// as, and says how to start processes as that user.
func makeFolder() (dir string, attr *syscall.SysProcAttr, err error) {
	if dir, err = makeScratch(); err != nil {
		return "", nil, err
	}
	attr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		attr.Credential, err = serverUser()
		if err == nil {
			err = os.Chown(dir, int(attr.Credential.Uid), int(attr.Credential.Gid))
		}
	}
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("dbtest: %w", err), os.RemoveAll(dir))
	}
	return dir, attr, nil
}

// serverUser is postgres if the package made that user, else nobody.
func serverUser() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("neither user postgres nor nobody exists")
}

// removeStale removes folders of test processes that were killed. Their servers
// died with them.
func removeStale() {
	for _, base := range []string{"/dev/shm", "/tmp"} {
		dirs, _ := filepath.Glob(filepath.Join(base, prefix+"*")) // a constant pattern cannot be wrong
		for _, dir := range dirs {
			owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), prefix), "-")
			pid, err := strconv.Atoi(owner)
			if err == nil && pid > 0 && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
				_ = os.RemoveAll(dir) // somebody else may be doing the same
			}
		}
	}
}
