package registry_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

const (
	killPeople = 60_000
	killSeed   = 20261122
)

// halt gives a progress function for a child: it prints every step, and at the
// point that is named it prints "at POINT" and waits to be killed. A point is
// "rows N", reached once at least N rows are staged, or "merge NAME", the statement NAME
// of the merge. That statement is sent, so that the kill falls while it runs;
// should it be over sooner, the next one is not sent. No point, "", halts nothing.
func halt(point string) func(registry.ImportProgress) {
	kind, rest, _ := strings.Cut(point, " ")
	rows, _ := strconv.Atoi(rest)
	reached := false
	return func(p registry.ImportProgress) {
		if reached {
			time.Sleep(time.Hour) // inside the merge's transaction, after the named statement; no select: nobody else runs, and Go would end it
		}
		switch {
		case kind == "merge" && p.Statement == rest:
			reached = true
			fmt.Println("at", point)
		case kind == "rows" && p.Rows >= rows:
			fmt.Println("at", point, "with", p.Rows, "rows staged")
			time.Sleep(time.Hour)
		}
	}
}

// killPoints are four places while the file is staged and one in the merge. The
// places are nearer to the beginning than to the end, to save time: staging does
// the same for every row.
func killPoints(seed uint64) []string {
	rnd := rand.New(rand.NewPCG(seed, 0))
	var points []string
	least := 1
	for _, most := range []int{killPeople / 100, killPeople / 20, killPeople / 5, killPeople * 3 / 5} {
		points = append(points, fmt.Sprintf("rows %d", least+rnd.IntN(most-least)))
		least = most
	}
	steps := registry.MergeSteps()
	return append(points, "merge "+steps[rnd.IntN(len(steps))])
}

// A killed import, of values and of decisions about them, leaves everything but staging as it was, and the same file
// can be sent again.
func TestImportSurvivesKill(t *testing.T) {
	t.Parallel()
	file := attested(t, writePeople(t, killPeople))
	dbtest.EachURL(t, func(t *testing.T, url string) {
		d, err := db.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		x := newFixture(t, d)
		empty := x.dump(t)
		x.load(t, three, create(), "3 0 0 0")
		if x.dump(t) == empty {
			t.Fatal("the dump does not see an import")
		}
		x.attest(t, x.find(t, "ID-0001"), registry.StateAttested, "", "sex")
		before := x.dump(t)

		job := childJob{URL: url, Master: x.Master.Encode(), File: file, Both: true}
		t.Logf("seed %d", killSeed)
		for _, job.Halt = range killPoints(killSeed) {
			t.Logf("killed %s", killed(t, job))
			if after := x.dump(t); after != before {
				t.Fatalf("killed at %s: the tables differ from before:\n%s", job.Halt, firstDifference(before, after))
			}
		}
		job.Halt = ""
		if res := finish(t, job); counts(res.Result) != fmt.Sprintf("%d 0 0 0", killPeople) || res.Result.AlreadyApplied {
			t.Errorf("after the kills: %+v", res.Result)
		}
		if n, decided := x.count(t, "registrant"), x.count(t, "attestation"); n != killPeople+3 || decided != killPeople+1 {
			t.Errorf("%d people, %d decisions", n, decided)
		}
	})
}

// killed starts an import, kills it at its point and says where that was.
func killed(t testing.TB, job childJob) string {
	t.Helper()
	cmd, lines := child(t, job)
	at := ""
	for at == "" && lines.Scan() {
		at, _ = strings.CutPrefix(lines.Text(), "at ")
		if at == lines.Text() {
			at = ""
		}
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatalf("%s: the import had ended: %v", job.Halt, err)
	}
	rest := drain(lines)
	err := cmd.Wait()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL || at == "" || strings.Contains(rest, "done ") {
		t.Fatalf("%s: the import was not killed on its way: %v %s", job.Halt, err, rest)
	}
	return at
}

func drain(lines *bufio.Scanner) string {
	var b strings.Builder
	for lines.Scan() {
		b.WriteString(lines.Text() + "\n")
	}
	return b.String()
}

// dump gives every row of every table but staging and jobs, in order.
func (x *fixture) dump(t *testing.T) string {
	t.Helper()
	tables := `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`
	if x.DB.Dialect.Name() == "sqlite" {
		tables = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'registrant_fts%'`
	}
	var names []string
	if err := x.DB.Raw(tables).Scan(&names).Error; err != nil || len(names) < 10 {
		t.Fatalf("tables = %v (%v)", names, err)
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		if name == "job" || strings.HasPrefix(name, "import_stage") {
			continue
		}
		fmt.Fprintln(&b, "table", name)
		for _, row := range x.rowsOf(t, name) {
			fmt.Fprintln(&b, row)
		}
	}
	return b.String()
}

func (x *fixture) rowsOf(t *testing.T, table string) []string {
	t.Helper()
	var rows []map[string]any
	if err := x.DB.Table(table).Find(&rows).Error; err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = fmt.Sprint(row) // fmt prints a map by sorted keys
	}
	slices.Sort(out)
	return out
}

func firstDifference(before, after string) string {
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + "\n" + b[i]
		}
	}
	return fmt.Sprintf("%d and %d lines", len(a), len(b))
}
