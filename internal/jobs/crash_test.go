package jobs_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/jobs"
)

// childURL makes the test binary a worker process on that database. It hangs in
// the middle of a step, until it is killed.
const childURL = "SR_TEST_JOBS_URL"

const (
	steps   = 30
	hangsAt = 11
	hanging = "hanging inside a transaction"
)

func child(url string) error {
	d, err := db.Open(context.Background(), url)
	if err != nil {
		return err
	}
	defer d.Close()
	r, err := jobs.New(jobs.Config{DB: d, Now: time.Now, Handlers: map[string]jobs.Handler{"steps": stepper(d, time.Now, hangsAt)}})
	if err != nil {
		return err
	}
	return r.Run(context.Background())
}

// stepper writes one row per step, from the cursor on.
func stepper(d *db.DB, now func() time.Time, hangAt int) jobs.Handler {
	return func(ctx context.Context, x *jobs.Run) error {
		done, _ := strconv.Atoi(x.Cursor) // "" is 0: from the beginning
		for n := done + 1; n <= steps; n++ {
			err := d.InTx(ctx, now, func(tx *gorm.DB, _ db.Time) error {
				if err := tx.Exec("INSERT INTO step VALUES (?, ?)", n, x.Attempts).Error; err != nil {
					return err
				}
				if err := x.Save(tx, strconv.Itoa(n), int64(n), steps); err != nil {
					return err
				}
				if n == hangAt {
					fmt.Println(hanging)
					<-ctx.Done()
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// kill -9 in the middle of a step: the step is rolled back, another worker
// takes the job up after the lease, and each step is done once.
func TestKilledWorkerIsReplacedAndNoStepIsDoneTwice(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		d := open(t, url)
		exec(t, d, "CREATE TABLE step (n int, attempt int)")
		id := enqueue(t, d, time.Now, jobs.Spec{Kind: "steps"})
		runUntilHangingThenKill(t, url)

		if j := get(t, d, id); j.State != jobs.Running || j.Progress != hangsAt-1 {
			t.Fatalf("after the kill: %+v, want running, %d steps done", j, hangsAt-1)
		}
		afterLease := func() time.Time { return time.Now().Add(time.Hour) }
		start(t, d, afterLease, map[string]jobs.Handler{"steps": stepper(d, afterLease, 0)})
		if j := await(t, d, id, in(jobs.Done)); j.Attempts != 2 || j.Progress != steps {
			t.Errorf("job = %+v, want done at attempt 2", j)
		}
		for query, want := range map[string]int{
			"SELECT count(*) FROM step":                   steps,
			"SELECT count(DISTINCT n) FROM step":          steps,
			"SELECT count(*) FROM step WHERE attempt = 1": hangsAt - 1,
			"SELECT min(n) FROM step WHERE attempt = 2":   hangsAt,
		} {
			if got := count(t, d, query); got != want {
				t.Errorf("%s = %d, want %d", query, got, want)
			}
		}
	})
}

func runUntilHangingThenKill(t *testing.T, url string) {
	t.Helper()
	cmd := osexec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childURL+"="+url)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make(chan string, 1)
	go func() {
		s, _ := bufio.NewReader(out).ReadString('\n') // "" if the child ends: seen below
		line <- strings.TrimSpace(s)
	}()
	got := receive(t, line)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if state, err := cmd.Process.Wait(); err != nil || state.Exited() {
		t.Fatalf("the child ended by itself: %v, %v", state, err)
	}
	if got != hanging {
		t.Fatalf("the child said %q, want %q", got, hanging)
	}
}
