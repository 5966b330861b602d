package e2e_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// startPostgres makes a PostgreSQL of its own in dir, which listens on a socket
// there alone, and gives its address. That there is none is a failure, not a
// reason to skip.
func startPostgres(dir string) (database string, stop func(), err error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		return "", nil, errors.New("no PostgreSQL: on Debian, apt-get install postgresql")
	}
	bin := found[len(found)-1]
	owner, err := databaseOwner(dir)
	if err != nil {
		return "", nil, err
	}
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, []string{"LC_ALL=C.UTF-8", "TZ=UTC"}, &syscall.SysProcAttr{Credential: owner}
		return cmd
	}
	data := filepath.Join(dir, "data")
	if out, err := run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync").CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	server := &server{cmd: run("postgres", "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=100", "-c", "dynamic_shared_memory_type=mmap"), log: filepath.Join(dir, "log")}
	log, err := os.Create(server.log)
	if err != nil {
		return "", nil, err
	}
	defer log.Close()
	server.cmd.Stdout, server.cmd.Stderr = log, log
	if err := server.start(); err != nil {
		return "", nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	socket := filepath.Join(dir, ".s.PGSQL.5432")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if c, err := net.Dial("unix", socket); err == nil {
			c.Close()
			return "postgres://postgres@/postgres?host=" + dir + "&sslmode=disable", server.interrupt, nil
		}
		if time.Now().After(deadline) {
			server.stop()
			text, _ := os.ReadFile(server.log)
			return "", nil, fmt.Errorf("PostgreSQL does not answer:\n%s", text)
		}
	}
}

// databaseOwner is whom PostgreSQL runs as: itself where we are root, since it
// refuses that, else whoever we are. The folder is given to it.
func databaseOwner(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
