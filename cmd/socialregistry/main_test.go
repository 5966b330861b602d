package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

func TestMain(m *testing.M) {
	if os.Getenv(serverVariable) != "" { // this process is a server of a test
		main()
	}
	dbtest.Main(m)
}

func TestWrongCommandLineAndSettings(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args []string
		env  map[string]string
		code int
		says string
	}{
		"help":             {[]string{"--help"}, nil, 0, "Start the server."},
		"the word help":    {[]string{"help"}, nil, 0, "Start the server."},
		"help of a part":   {[]string{"help", "staff", "add"}, nil, 0, "--role"},
		"version":          {[]string{"version"}, nil, 0, "socialregistry devel go1."},
		"--version":        {[]string{"--version"}, map[string]string{"SR_LISTEN": "x"}, 0, "socialregistry devel go1."},
		"no command":       {nil, nil, 2, "socialregistry: say what to do; socialregistry --help lists it"},
		"unknown command":  {[]string{"dance"}, nil, 2, "dance; see socialregistry --help"},
		"no number":        {[]string{"demo-data", "--people", "many"}, nil, 2, `--people: must be a whole number, not "many"`},
		"bad setting":      {[]string{"migrate"}, map[string]string{"SR_LISTEN": "x"}, 1, "setting SR_LISTEN"},
		"no settings file": {[]string{"migrate", "--config", "/nowhere/at/all"}, nil, 1, "read the settings"},
		"trial in public":  {[]string{"serve", "--demo"}, map[string]string{"SR_LISTEN": "0.0.0.0:0", "SR_PUBLIC_URL": "https://registry.example"}, 1, "must be of this machine"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errOut bytes.Buffer
			values := map[string]string{"DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "r.db"), "SR_MASTER_KEY_FILE": filepath.Join(t.TempDir(), "k")}
			for key, value := range tc.env {
				values[key] = value
			}
			code := run(t.Context(), tc.args, env(values), strings.NewReader(""), &out, &errOut)
			if code != tc.code || !strings.Contains(out.String()+errOut.String(), tc.says) {
				t.Errorf("code %d, want %d; said %s%s", code, tc.code, &out, &errOut)
			}
		})
	}
}

// TestServeForTrying is the second half of `make run`: an empty folder becomes a
// server with people and accounts; a second start finds them there.
func TestServeForTrying(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		values := map[string]string{"DATABASE_URL": url, "SR_LISTEN": "127.0.0.1:0", "SR_DEMO": "true",
			"SR_MASTER_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}
		first := serveOnce(t, values)
		second := serveOnce(t, values)
		number := regexp.MustCompile(`number +(SR-\S+)`)
		a, b := number.FindStringSubmatch(first), number.FindStringSubmatch(second)
		if len(a) != 2 || len(b) != 2 {
			t.Fatalf("no registration number in:\n%s\n%s", first, second)
		}
		for _, want := range []string{"http://localhost:8080", "registrar", "attester", "auditor", tryPassword, "created=200"} {
			if !strings.Contains(first, want) {
				t.Errorf("%q is not in:\n%s", want, first)
			}
		}
		if strings.Contains(second, "created=200") {
			t.Errorf("the second start imported again:\n%s", second)
		}
	})
}

// TestLaterTrialTellsWhatStillOpens: a later start gives out no new code and
// lists no account whose password is another one.
func TestLaterTrialTellsWhatStillOpens(t *testing.T) {
	t.Parallel()
	x := newTerminal(t, "sqlite:"+filepath.Join(t.TempDir(), "r.db")).with("SR_DEMO", "true")
	first := serveOnce(t, x.values)
	found := regexp.MustCompile(`number +(\S+)\n +code +(\d{4} \d{4})\n`).FindStringSubmatch(first)
	if len(found) != 3 {
		t.Fatalf("no number and code in:\n%s", first)
	}
	again := serveOnce(t, x.values)
	if !strings.Contains(again, "code       the one that the first start printed") || !strings.Contains(again, found[1]) {
		t.Errorf("a later start says:\n%s", again)
	}
	x.activate(found[1], found[2]) // the code of the first start is still good
	x.want(0, "", "seven blue lanterns\n", "staff", "password", "admin")
	x.want(0, "", "", "staff", "disable", "attester")
	last := serveOnce(t, x.values)
	for word, want := range map[string]bool{"activated already": true, "the one you chose": true, "/activate": false, "  registrar ": true, "  auditor ": true,
		"  admin ": false, "  attester ": false, "socialregistry staff add": true} {
		if strings.Contains(last, word) != want {
			t.Errorf("%q: want %v in:\n%s", word, want, last)
		}
	}
}

// activate opens the account of a registrant.
func (x terminal) activate(number, code string) {
	x.Helper()
	config, err := LoadConfig(env(x.values), nil)
	if err != nil {
		x.Fatal(err)
	}
	a := &app{config: config, log: silent(), now: time.Now}
	err = a.withRegistry(x.Context(), mustBeThere, func(r *registry.Registry) error {
		_, _, err := r.Activate(x.Context(), number, code, "six green kettles")
		return err
	})
	if err != nil {
		x.Fatal(err)
	}
}

// serveOnce starts the server, waits until it is ready, looks at a page and at
// /readyz, stops it as a signal would, and gives all that it said.
func serveOnce(t *testing.T, values map[string]string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if values["SR_STATE_DIR"] == "" {
		values = maps.Clone(values)
		values["SR_STATE_DIR"] = t.TempDir()
	}
	said, write := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"serve"}, env(values), strings.NewReader(""), write, write)
		write.Close()
	}()
	var all bytes.Buffer
	line := make([]byte, 1<<10)
	ready := regexp.MustCompile(`msg=ready address=(\S+) `)
	for !ready.Match(all.Bytes()) {
		n, err := said.Read(line)
		all.Write(line[:n])
		if err != nil {
			t.Fatalf("ended with %d before it was ready:\n%s", <-done, &all)
		}
	}
	address := ready.FindStringSubmatch(all.String())[1]
	rest := make(chan []byte, 1)
	go func() { b, _ := io.ReadAll(said); rest <- b }()
	for path, want := range map[string]int{"/readyz": 200, "/login": 200, "/.well-known/openid-credential-issuer": 200} {
		res, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
	stop()
	if code := <-done; code != 0 {
		t.Errorf("ended with %d", code)
	}
	all.Write(<-rest)
	return all.String()
}
