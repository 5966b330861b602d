package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"socialregistry/web"
)

// The timeouts of every connection. An upload gets more from its route.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 2 * time.Minute
	drainTimeout      = 20 * time.Second
)

// heapGrowth is by how much of what is in use the heap may grow before it is collected, in
// percent, if GOGC in the environment does not say: what a server keeps is little, what
// it throws away is much, and collecting half as often saves a tenth of its work
// (docs/design/measurements.md).
const heapGrowth = 400

// maxHeaderBytes lets through wallets with long attestation chains, and answers
// 431 to the rest (RFC 6585 §5).
const maxHeaderBytes = 48 << 10

type serveCmd struct {
	Demo bool `help:"Fill an empty registry with 200 generated people and print accounts to try it with (also SR_DEMO)."`
}

// Run serves until ctx ends, then lets the requests under way finish.
func (s serveCmd) Run(ctx context.Context, a *app) error {
	a.config.Demo = a.config.Demo || s.Demo
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	listener, err := net.Listen("tcp", a.config.Listen)
	if err != nil {
		return fmt.Errorf("listen (SR_LISTEN): %w", err)
	}
	defer listener.Close()
	secured, err := overTLS(listener, a.config, a.now())
	if err != nil {
		return err
	}
	p, err := a.open(ctx, mayBegin)
	if err != nil {
		return err
	}
	defer p.Close()
	p.tellRestored(a.log)
	pages, err := p.pages(ctx, a)
	if err != nil {
		return err
	}
	handler, err := p.handler(a, pages)
	if err != nil {
		return err
	}
	if a.config.Demo {
		if err := fillForTrying(ctx, a, p); err != nil {
			return fmt.Errorf("fill the registry for trying out: %w", err)
		}
	}
	if err := refuseOpenSecrets(ctx, a.config, p.registry); err != nil {
		return err
	}
	worker, err := a.worker(p.db, p.registry)
	if err != nil {
		return err
	}
	if err := p.tellFirstRun(ctx, a); err != nil {
		return err
	}
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return serveHTTP(ctx, secured, handler, a.log) })
	work.Go(func() error { return worker.Run(ctx) })
	p.background(ctx, a, work, pages)
	a.log.Info("ready", "address", listener.Addr().String(), "url", a.config.PublicURL)
	return work.Wait()
}

// background is what a server does beside answering.
func (p *parts) background(ctx context.Context, a *app, work *errgroup.Group, pages *web.Pages) {
	for _, i := range p.issuer.All() {
		work.Go(func() error { return follow(ctx, i, a.log) })
		work.Go(func() error { return followKeys(ctx, i, a.log) })
		work.Go(func() error { return keepJournal(ctx, i, a.log) })
	}
	if a.config.MessageHook != "" {
		work.Go(func() error { return p.deliver(ctx, a.config, a.log, pages.Notice) })
	}
	work.Go(func() error { return p.schedule(ctx, a.log) })
	work.Go(func() error { return p.expire(ctx, a.log) })
	work.Go(func() error { return p.sweep(ctx, a.log, a.config) })
	work.Go(func() error { return p.count(ctx, a.log) })
	work.Go(func() error { return p.pull(ctx, a.log) })
}

// serveHTTP serves until ctx ends, then takes no new connection and waits for the
// requests under way, but not for ever.
func serveHTTP(ctx context.Context, listener net.Listener, handler http.Handler, out *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(serverErrors{out}, "", 0),
	}
	drained := make(chan error, 1)
	go func() {
		<-ctx.Done()
		out.Info("stopping: waiting for the requests under way")
		limit, cancel := context.WithTimeout(context.Background(), drainTimeout)
		defer cancel()
		drained <- server.Shutdown(limit)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	if err := <-drained; err != nil {
		return fmt.Errorf("stop: some requests did not end in %s: %w", drainTimeout, errors.Join(err, server.Close()))
	}
	out.Info("stopped")
	return nil
}

// serverErrors takes net/http's own complaints into the log, as errors, so that
// they are scrubbed like them.
type serverErrors struct{ log *slog.Logger }

func (w serverErrors) Write(p []byte) (int, error) {
	w.log.Warn("http server", "error", string(p))
	return len(p), nil
}
