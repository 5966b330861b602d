package registry_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/secret"
	"socialregistry/registry"
	"socialregistry/registry/demodata"
)

// A child is this test binary, run once more, that imports a file into a
// database and says on standard output what it is about to do. Its parent
// measures it or kills it.

const childVariable = "SR_TEST_IMPORT_CHILD"

// childJob is what a child does, as JSON in its environment.
type childJob struct {
	URL, Master, File string
	Batch             int    // 0: Import; else ImportByGORM, or AttestByGORM, with batches of this size
	Attest            bool   // the file decides about people who are there
	Both              bool   // the file decides about the people whom it brings
	Export            string // "csv", "xlsx" or "attested": it downloads instead
	Halt              string // where it waits to be killed: see halt
}

// childResult is what a child that was not killed prints last, after "done ".
type childResult struct {
	Result    registry.ImportResult
	Seconds   float64
	IdleBytes int64 // resident before the import
	PeakBytes int64 // resident at most
}

// writePeople writes a file of invented people.
func writePeople(t testing.TB, n int) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "people-*.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := demodata.Write(f, demodata.Options{People: n, Seed: 7, AsOf: newClock().Now()}); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// attested gives the same people with a decision about the sex of each.
func attested(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(strings.TrimSuffix(string(b), "\n"), "\n", ",ATTESTED\n") + ",ATTESTED\n"
	text = strings.Replace(text, ",ATTESTED\n", ",sex:attestation\n", 1)
	out := name + ".both.csv"
	if err := os.WriteFile(out, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

// child starts one; its lines are read from the returned reader.
func child(t testing.TB, job childJob) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	b, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestImportChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), childVariable+"="+string(b))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// finish waits for a child that is not to be killed.
func finish(t testing.TB, job childJob) childResult {
	t.Helper()
	cmd, lines := child(t, job)
	var res childResult
	found := false
	var all []string
	for lines.Scan() {
		all = append(all, lines.Text())
		if text, ok := strings.CutPrefix(lines.Text(), "done "); ok {
			found = json.Unmarshal([]byte(text), &res) == nil
		}
	}
	if err := cmd.Wait(); err != nil || !found {
		t.Fatalf("child: %v\n%s", err, strings.Join(all, "\n"))
	}
	return res
}

// TestImportChild is the child; in the parent it does nothing.
func TestImportChild(t *testing.T) {
	text, isChild := os.LookupEnv(childVariable)
	if !isChild {
		return
	}
	var job childJob
	if err := json.Unmarshal([]byte(text), &job); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(t.Context(), job.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	master, err := secret.ParseMaster(job.Master)
	if err != nil {
		t.Fatal(err)
	}
	r, err := registry.New(t.Context(), registry.Config{DB: d, Master: master, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(job.File)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	res := childResult{IdleBytes: resident(t, "VmRSS")}
	begin := time.Now()
	if res.Result, err = job.run(t, r, file); err != nil {
		t.Fatal(err)
	}
	res.Seconds, res.PeakBytes = time.Since(begin).Seconds(), resident(t, "VmHWM")
	res.Result.Problems = nil
	b, err := json.Marshal(res)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("done " + string(b))
}

func (job childJob) run(t *testing.T, r *registry.Registry, file io.Reader) (registry.ImportResult, error) {
	if job.Export != "" {
		return job.export(t.Context(), r)
	}
	if job.Attest && job.Batch > 0 {
		n, err := r.AttestByGORM(t.Context(), attester(), file, carrying(registry.CarriesAttestations), job.Batch)
		return registry.ImportResult{Rows: n, Updated: n}, err
	}
	if job.Attest {
		o := carrying(registry.CarriesAttestations)
		o.Progress = halt(job.Halt)
		return r.Import(t.Context(), attester(), file, o)
	}
	if job.Batch > 0 {
		n, err := r.ImportByGORM(t.Context(), registry.System(), file, job.Batch)
		return registry.ImportResult{Rows: n, Created: n}, err
	}
	o, who := create(), registry.System()
	if job.Both {
		o.Carries, who = registry.CarriesBoth, admin()
	}
	o.Progress = halt(job.Halt)
	return r.Import(t.Context(), who, file, o)
}

// resident reads a memory figure of this process.
func resident(t *testing.T, what string) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, what+":"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatalf("no %s in /proc/self/status", what)
	return 0
}
