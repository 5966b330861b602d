package dbtest_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	for range 3 {
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			if err := d.Exec("CREATE TABLE mine (n int)").Error; err != nil {
				t.Error("somebody else's table is here:", err)
			}
			var jobs int
			if err := d.Raw("SELECT count(*) FROM job").Scan(&jobs).Error; err != nil || jobs != 0 {
				t.Errorf("the database is not migrated and empty: %d jobs, %v", jobs, err)
			}
		})
	}
}

// A cluster must also start for a user who is not root, as on a laptop.
func TestClusterStartsForAnOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // then every other test here shows it
	}
	// The test binary stands in a folder of root's: hand it over as an open file.
	self, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	cmd := exec.Command("/proc/self/fd/3", "-test.run=TestEachTestHasADatabaseOfItsOwn/postgres")
	cmd.ExtraFiles = []*os.File{self}
	cmd.Dir, cmd.Env = "/", []string{"PATH=" + os.Getenv("PATH"), "HOME=/"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("as nobody: %v: %s", err, out)
	}
}

func TestMissingPostgreSQLSaysWhatToInstall(t *testing.T) {
	t.Parallel()
	_, _, err := dbtest.FindPrograms("/no/such/*/bin", func(string) (string, error) { return "", exec.ErrNotFound })
	if err == nil || !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Errorf("error = %v, want it to say what to install", err)
	}
}

// What a killed test process leaves behind is removed by the next one.
func TestStaleFoldersAreRemoved(t *testing.T) {
	t.Parallel()
	dead := exec.Command("true")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	stale, live := dbtest.Folder(t, dead.Process.Pid), dbtest.Folder(t, os.Getpid())
	dbtest.RemoveStale()
	if _, err := os.Stat(stale); err == nil {
		t.Error("the folder of a process that has ended is there")
	}
	if _, err := os.Stat(live); err != nil {
		t.Error("the folder of a running process is gone:", err)
	}
}
