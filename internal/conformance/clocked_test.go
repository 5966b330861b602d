package conformance_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"socialregistry/api"
	"socialregistry/did"
	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/issuer"
	"socialregistry/registry"
	"socialregistry/web"
)

// clocked is a setting that makes the test program itself a server, whose clock
// its input moves: the delivered one has the machine's clock and no other.
const clocked = "CONFORMANCE_CLOCKED_SERVER"

// here is what a clocked server says when it is ready, and after each step.
const here = "here"

func TestMain(m *testing.M) {
	if os.Getenv(clocked) == "" {
		dbtest.Main(m)
		return
	}
	if err := serveClocked(os.Stdin, os.Stdout, os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// startClocked is startProgram for tests that move the clock.
func startClocked(t *testing.T, databaseURL string) *suite {
	t.Helper()
	p, c := newPlace(t, databaseURL), &clock{}
	s := prepare(t, p, c)
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(p.settings(), clocked+"=1")
	said := &output{}
	cmd.Stderr = said
	c.server, err = cmd.StdinPipe()
	must(t, err)
	lines, err := cmd.StdoutPipe()
	must(t, err)
	c.moved = launch(t, cmd, p, said, lines, here)
	if !<-c.moved {
		t.Fatal("the server ended before it was ready")
	}
	s.meet(t, p)
	return s
}

// serveClocked serves the whole product behind TLS until its input ends. Each line
// of it is a time by which the clock goes ahead.
func serveClocked(in io.Reader, out io.Writer, env func(string) string) error {
	c := &clock{}
	handler, err := clockedHandler(context.Background(), c, env)
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(env("SR_TLS_CERT"), env("SR_TLS_KEY"))
	if err != nil {
		return err
	}
	listener, err := tls.Listen("tcp", env("SR_LISTEN"), &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // ends with Close
	defer server.Close()
	fmt.Fprintln(out, here)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		d, err := time.ParseDuration(lines.Text())
		if err != nil {
			return err
		}
		c.ahead.Add(int64(d))
		fmt.Fprintln(out, here)
	}
	return lines.Err()
}

// clockedHandler builds what cmd/socialregistry builds, on another clock.
func clockedHandler(ctx context.Context, c *clock, env func(string) string) (http.Handler, error) {
	d, err := db.Open(ctx, env("DATABASE_URL"))
	if err != nil {
		return nil, err
	}
	master, err := secret.ParseMaster(env("SR_MASTER_KEY"))
	if err != nil {
		return nil, err
	}
	r, err := registry.New(ctx, registry.Config{DB: d, Master: master, Now: c.now})
	if err != nil {
		return nil, err
	}
	url := env("SR_PUBLIC_URL")
	i, err := issuer.New(ctx, issuer.Config{DB: d, Registry: r, Master: master, PublicURL: url, Now: c.now, Resolver: did.NewResolver()})
	if err != nil {
		return nil, err
	}
	pages, err := web.New(web.Config{Registry: r, Issuer: issuer.Alone(i), PublicURL: url, Now: c.now})
	if err != nil {
		return nil, err
	}
	return api.New(api.Deps{Registry: r, Issuer: issuer.Alone(i), Pages: pages, PublicURL: url, Now: c.now, Log: slog.New(slog.DiscardHandler)})
}
