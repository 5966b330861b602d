package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/registry"
)

// serverVariable makes the test binary a server process.
const serverVariable = "SR_TEST_SERVER"

// serverProcess is one server.
type serverProcess struct {
	*exec.Cmd
	url string
}

// twoServers are two processes on one PostgreSQL, and a registry beside them.
type twoServers struct {
	*testing.T
	*registry.Registry
	db      *db.DB
	servers []*serverProcess
	token   string
	staff   registry.Actor
}

func startTwoServers(t *testing.T) *twoServers {
	t.Helper()
	url, master := dbtest.URL(t, "postgres"), secret.NewMaster()
	x := &twoServers{T: t}
	var ready sync.WaitGroup
	for range 2 {
		s := &serverProcess{Cmd: exec.Command(os.Args[0], "serve")}
		s.Dir = t.TempDir()
		s.Env = append(os.Environ(), serverVariable+"=yes", "DATABASE_URL="+url, "SR_MASTER_KEY="+master.Encode(),
			"SR_LISTEN=127.0.0.1:0", "SR_LOG_FORMAT=json", "SR_JOB_LEASE=2s")
		out, err := s.StderrPipe()
		if err == nil {
			err = s.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = s.Process.Kill() // it may be dead already
			_ = s.Wait()
		})
		x.servers = append(x.servers, s)
		ready.Add(1)
		go s.watch(out, sync.OnceFunc(ready.Done))
	}
	ready.Wait()
	d, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	x.db = d
	if x.Registry, err = registry.New(t.Context(), registry.Config{DB: d, Master: master, Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	x.signUp()
	return x
}

// watch reads the log to its end and learns the address.
func (s *serverProcess) watch(log io.Reader, ready func()) {
	defer ready() // also of a server that ended: its address is empty
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "ready" {
			s.url = "http://" + line.Address
			ready()
		}
	}
}

func (x *twoServers) signUp() {
	x.Helper()
	for _, s := range x.servers {
		if s.url == "" {
			x.Fatal("a server ended before it was ready")
		}
	}
	account, err := x.CreateStaff(x.Context(), registry.System(), "two.servers", "six green kettles", []registry.Role{registry.RoleAdmin})
	if err != nil {
		x.Fatal(err)
	}
	x.staff = registry.Actor{AccountID: account.ID, Name: account.Username, Roles: account.Roles, Channel: registry.ChannelStaff}
	x.token, _, err = x.CreateTokenFor(x.Context(), registry.System(), account.Username, registry.TokenRequest{Name: "test", Scopes: registry.Scopes(), ExpiresAt: time.Now().Add(time.Hour)})
	if err != nil {
		x.Fatal(err)
	}
}

// call sends a request to one of the servers and reads the answer into v.
func (x *twoServers) call(server int, method, path, body string, v any, headers ...string) int {
	x.Helper()
	req, err := http.NewRequestWithContext(x.Context(), method, x.servers[server].url+path, strings.NewReader(body))
	if err != nil {
		x.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+x.token)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		x.Error(err)
		return 0
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && v != nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil || res.StatusCode >= http.StatusInternalServerError {
		x.Errorf("%s %s: %d %s, %v", method, path, res.StatusCode, text, err)
	}
	return res.StatusCode
}

func (x *twoServers) number(sql string, args ...any) (n int) {
	x.Helper()
	if err := x.db.WithContext(x.Context()).Raw(sql, args...).Scan(&n).Error; err != nil {
		x.Fatal(err)
	}
	return n
}

// upload keeps a file of people that nobody else is in, and that counts as checked.
func (x *twoServers) upload(people, file int) uuid.UUID {
	x.Helper()
	var text bytes.Buffer
	fmt.Fprintln(&text, "national_id,full_name,birth_date,sex")
	for n := range people {
		fmt.Fprintf(&text, "ID-%d-%06d,Zubeida Okonjo,1990-04-02,female\n", file, n)
	}
	id, err := x.UploadImport(x.Context(), x.staff, &text, registry.ImportOptions{Mode: registry.ImportCreate})
	if err == nil {
		err = x.db.Exec("UPDATE import_batch SET state = 'checked' WHERE id = ?", id).Error
	}
	if err != nil {
		x.Fatal(err)
	}
	return id
}

// await looks, a minute at most, until a job is as wanted.
func (x *twoServers) await(id uuid.UUID, what string, want func(registry.Job) bool) registry.Job {
	x.Helper()
	ctx, cancel := context.WithTimeout(x.Context(), time.Minute)
	defer cancel()
	pause := time.NewTicker(5 * time.Millisecond)
	defer pause.Stop()
	for ; ; <-pause.C {
		j, err := x.Job(ctx, x.staff, id)
		switch {
		case err != nil:
			x.Fatal(err)
		case want(j):
			return j
		case !j.EndedAt.IsZero():
			x.Fatalf("the job is not %s: %+v %+v", what, j, j.Failure)
		}
	}
}

// holder is the server that works on a job.
func (x *twoServers) holder(id uuid.UUID) int {
	x.Helper()
	var worker string
	if err := x.db.Raw("SELECT worker FROM job WHERE id = ?", id).Scan(&worker).Error; err != nil {
		x.Fatal(err)
	}
	for n, s := range x.servers {
		if strings.HasSuffix(worker, fmt.Sprintf("/%d", s.Process.Pid)) {
			return n
		}
	}
	x.Fatalf("no server is %q", worker)
	return 0
}
