package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/google/uuid"

	"socialregistry/registry"
)

const (
	writersPerServer = 8
	editsPerWriter   = 3
	bigFile          = 5000 // people: long enough to be met at work
)

// Two servers on one PostgreSQL: versions never fork, numbers never collide, each
// job is done once, one server ends a job of the other, and takes up that of one
// that was killed.
func TestTwoServersOnOneDatabase(t *testing.T) {
	t.Parallel()
	x := startTwoServers(t)
	x.writeTogether()
	x.eachJobOnce()
	x.cancelFromTheOther()
	x.killOne() // last: then there is one server
}

// writeTogether: writers of both servers edit the same people and register others.
func (x *twoServers) writeTogether() {
	x.Helper()
	var shared []registry.Person
	for n := range 4 {
		p, err := x.Register(x.Context(), x.staff, registry.Change{Set: map[string]string{"full_name": fmt.Sprintf("Shared %c", 'A'+n)}})
		if err != nil {
			x.Fatal(err)
		}
		shared = append(shared, p)
	}
	var writers sync.WaitGroup
	for writer := range 2 * writersPerServer {
		writers.Go(func() {
			for n := range editsPerWriter {
				x.edit(writer%2, shared[(writer+n)%len(shared)].ID, fmt.Sprintf("Quay %d-%d", writer, n))
				if status := x.call(writer%2, "POST", "/api/v1/people", `{"values":{"full_name":"Newly Registered"}}`, nil); status != http.StatusCreated {
					x.Errorf("registered: %d", status)
				}
			}
		})
	}
	writers.Wait()
	edits := 2 * writersPerServer * editsPerWriter
	if n := x.number("SELECT sum(latest_no - 1) FROM registrant"); n != edits {
		x.Errorf("%d edits made %d versions", edits, n)
	}
	x.checkRecords(edits + len(shared))
}

// edit writes until nobody was quicker.
func (x *twoServers) edit(server int, id uuid.UUID, locality string) {
	path := "/api/v1/people/" + id.String()
	for {
		var p struct{ Version int }
		x.call(server, "GET", path, "", &p)
		status := x.call(server, "PATCH", path, fmt.Sprintf(`{"values":{"locality":%q}}`, locality), nil,
			"Content-Type", "application/merge-patch+json", "If-Match", fmt.Sprintf(`"%d"`, p.Version))
		if status == http.StatusOK {
			return
		}
		if status != http.StatusPreconditionFailed {
			x.Errorf("edited: %d", status)
			return
		}
	}
}

// checkRecords holds everybody to gapless versions, a whole log and a number of
// their own.
func (x *twoServers) checkRecords(people int) {
	x.Helper()
	if n := x.number("SELECT count(DISTINCT number) FROM registrant"); n != people {
		x.Errorf("%d people have %d numbers", people, n)
	}
	forked := x.number(`SELECT count(*) FROM registrant r JOIN (SELECT registrant_id, count(*) AS n, min(version_no) AS least, max(version_no) AS most
		FROM registrant_version GROUP BY registrant_id) v ON v.registrant_id = r.id WHERE v.n <> r.latest_no OR v.most <> r.latest_no OR v.least <> 1`)
	if forked != 0 {
		x.Errorf("%d people have versions with gaps", forked)
	}
	page, err := x.ChainCheck(x.Context(), x.staff, "", 1000)
	if err != nil || len(page.Findings) > 0 || page.Checked != min(people, 1000) {
		x.Errorf("chains: %+v, %v", page, err)
	}
}

// eachJobOnce: files are applied by whichever server is free.
func (x *twoServers) eachJobOnce() {
	x.Helper()
	const files, peoplePerFile = 12, 5
	before, logged := x.number("SELECT count(*) FROM registrant"), x.number("SELECT count(*) FROM change_log")
	var ids []uuid.UUID
	for n := range files {
		var j struct{ ID uuid.UUID }
		at := x.upload(peoplePerFile, n).String()
		for server := range x.servers { // asked of both: it is one job
			if status := x.call(server, "POST", "/api/v1/imports/"+at+"/apply", "", &j); status != http.StatusAccepted && status != http.StatusConflict {
				x.Errorf("asked: %d", status)
			}
			if server == 0 {
				ids = append(ids, j.ID)
			}
		}
	}
	by := map[int]int{}
	for _, id := range ids {
		if j := x.await(id, "done", isDone); j.Attempts != 1 {
			x.Errorf("a job was begun %d times", j.Attempts)
		}
		by[x.holder(id)]++
	}
	x.Logf("jobs by server: %v", by)
	if n := x.number("SELECT count(*) FROM registrant") - before; n != files*peoplePerFile {
		x.Errorf("%d people of %d", n, files*peoplePerFile)
	}
	if n := x.number("SELECT count(*) FROM change_log") - logged; n != files*peoplePerFile {
		x.Errorf("%d entries of the log for %d people", n, files*peoplePerFile)
	}
}

func isDone(j registry.Job) bool     { return j.State == registry.JobDone }
func isUnderWay(j registry.Job) bool { return j.State == registry.JobRunning && j.Progress > 0 }

// cancelFromTheOther: a job is ended at the server that does not work on it.
func (x *twoServers) cancelFromTheOther() {
	x.Helper()
	before := x.number("SELECT count(*) FROM registrant")
	j, err := x.StartImportApply(x.Context(), x.staff, x.upload(bigFile, 100))
	if err != nil {
		x.Fatal(err)
	}
	x.await(j.ID, "under way", isUnderWay)
	other := 1 - x.holder(j.ID)
	if status := x.call(other, "POST", "/api/v1/jobs/"+j.ID.String()+"/cancel", "", nil); status != http.StatusOK {
		x.Errorf("cancelled: %d", status)
	}
	x.await(j.ID, "cancelled", func(j registry.Job) bool { return j.State == registry.JobCancelled })
	if n := x.number("SELECT count(*) FROM registrant"); n != before {
		x.Errorf("a cancelled import changed %d people", n-before)
	}
}

// killOne: kill -9 in the middle of an import; the other server does it from the
// kept file, once.
func (x *twoServers) killOne() {
	x.Helper()
	before := x.number("SELECT count(*) FROM registrant")
	j, err := x.StartImportApply(x.Context(), x.staff, x.upload(bigFile, 200))
	if err != nil {
		x.Fatal(err)
	}
	x.await(j.ID, "under way", isUnderWay)
	dead := x.holder(j.ID)
	if err := x.servers[dead].Process.Kill(); err != nil {
		x.Fatal(err)
	}
	if n := x.number("SELECT count(*) FROM registrant"); n != before {
		x.Errorf("half an import is there: %d people", n-before)
	}
	done := x.await(j.ID, "done", isDone)
	if done.Attempts != 2 || x.holder(j.ID) == dead {
		x.Errorf("taken up: %+v", done)
	}
	people := x.number("SELECT count(*) FROM registrant")
	if people-before != bigFile {
		x.Errorf("%d people of %d after the kill", people-before, bigFile)
	}
	x.checkRecords(people)
}
