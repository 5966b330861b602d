package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/secret"
	"socialregistry/registry"
)

// Limits of waiting. A loaded machine may need long; a broken one should not
// keep anybody.
const (
	demoLimit = time.Minute           // for one condition
	demoPoll  = 50 * time.Millisecond // between two looks
)

// demo is one run: a fresh instance and what the steps hand to one another.
type demo struct {
	app    *app   // with the settings of the fresh instance
	where  string // the database in a word
	folder string
	drop   func(context.Context) error // removes the database
	server *child
	parts  *parts // the office: same database, own process

	admin  registry.Actor
	person registry.Person
	link   string // of the offer
	txCode string
	wallet []credential // as last taken
	before []credential // as taken before the change
	bundle string       // file of the newest trust bundle
	root   string       // thumbprint of the key that signed it
}

// newDemo makes the folder and the database and settles the settings.
func newDemo(ctx context.Context, a *app) (*demo, error) {
	folder, err := os.MkdirTemp("", "socialregistry-demo-")
	if err != nil {
		return nil, err
	}
	d := &demo{folder: folder, where: "SQLite", drop: func(context.Context) error { return nil }}
	config := Config{
		Listen: "", LogLevel: a.config.LogLevel, MasterKey: secret.NewMaster().Encode(),
		DatabaseURL: "sqlite:" + filepath.Join(folder, "registry.db"), StateDir: filepath.Join(folder, "state"),
	}
	if strings.HasPrefix(a.config.DatabaseURL, "postgres") {
		d.where = "PostgreSQL"
		if config.DatabaseURL, d.drop, err = freshDatabase(ctx, a.config.DatabaseURL); err != nil {
			return nil, errors.Join(err, os.RemoveAll(folder))
		}
	}
	if config.Listen, err = freePort(); err != nil {
		return nil, errors.Join(err, d.close(false))
	}
	_, port, err := net.SplitHostPort(config.Listen)
	if err != nil {
		return nil, errors.Join(err, d.close(false))
	}
	config.PublicURL = "http://localhost:" + port
	d.app = &app{config: config, log: newLog(a.errOut, Config{LogLevel: quiet}), in: a.in, out: a.out, errOut: a.errOut, now: a.now}
	return d, nil
}

// quiet keeps the office's own log out of the demo's lines; failures are
// returned anyway.
const quiet = 12

// freshDatabase makes a database beside the one that databaseURL names. It gives
// its URL and how to drop it.
func freshDatabase(ctx context.Context, databaseURL string) (string, func(context.Context) error, error) {
	name := "sr_demo_" + secret.RandomDigits(12)
	if err := execute(ctx, databaseURL, "CREATE DATABASE "+name); err != nil {
		return "", nil, fmt.Errorf("make a database for the demo (the role of DATABASE_URL needs CREATEDB): %w", err)
	}
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "", nil, errors.New("DATABASE_URL is not a URL")
	}
	u.Path = "/" + name
	return u.String(), func(ctx context.Context) error {
		return execute(ctx, databaseURL, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	}, nil
}

func execute(ctx context.Context, databaseURL, statement string) error {
	d, err := db.Open(ctx, databaseURL)
	if err != nil {
		return err
	}
	_, err = d.SQL.ExecContext(ctx, statement)
	return errors.Join(err, d.Close())
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// environment is what the processes of the instance are told.
func (d *demo) environment() []string {
	c := d.app.config
	return append(os.Environ(), "SR_LISTEN="+c.Listen, "SR_PUBLIC_URL="+c.PublicURL, "DATABASE_URL="+c.DatabaseURL,
		"SR_MASTER_KEY="+c.MasterKey, "SR_MASTER_KEY_FILE=", "SR_STATE_DIR="+c.StateDir, "SR_METRICS_TOKEN=", "SR_LOG_LEVEL=info", "SR_LOG_FORMAT=text", "SR_DEMO=false")
}

// start starts the server process, waits until it is ready, and opens the office
// beside it.
func (d *demo) start(ctx context.Context) (string, error) {
	own, err := os.Executable()
	if err != nil {
		return "", err
	}
	if d.server, err = startChild(d.environment(), filepath.Join(d.folder, "server.log"), own, "serve"); err != nil {
		return "", fmt.Errorf("start the server: %w", err)
	}
	if err := waitFor(ctx, "the server to be ready", func() (bool, error) { return d.ready(ctx) }); err != nil {
		return "", err
	}
	if d.parts, err = d.app.open(ctx, mustBeThere); err != nil {
		return "", err
	}
	if err := openTryAccounts(ctx, d.parts.registry); err != nil {
		return "", err
	}
	d.admin = tryActor(registry.RoleAdmin)
	return "a new database, keys of its own, the server", nil
}

func (d *demo) ready(ctx context.Context) (bool, error) {
	if d.server.ended() {
		return false, errors.New("the server ended before it was ready")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.app.config.Listen+"/readyz", nil)
	if err != nil {
		return false, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, nil // not listening yet
	}
	return res.StatusCode == http.StatusOK, res.Body.Close()
}

// waitFor looks at a condition again and again until it holds.
func waitFor(ctx context.Context, what string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, demoLimit)
	defer cancel()
	look := time.NewTicker(demoPoll)
	defer look.Stop()
	for {
		ok, err := holds()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		case <-look.C:
		}
	}
}

// close stops the server, lets go of the database and removes everything.
func (d *demo) close(keep bool) error {
	var errs []error
	if d.parts != nil {
		errs = append(errs, d.parts.Close())
	}
	if d.server != nil {
		errs = append(errs, d.server.stop())
	}
	ctx, cancel := context.WithTimeout(context.Background(), demoLimit) // also after Ctrl-C
	defer cancel()
	errs = append(errs, d.drop(ctx))
	if keep {
		fmt.Fprintf(d.app.out, "The folder of the instance: %s\n", d.folder)
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, os.RemoveAll(d.folder))...)
}
