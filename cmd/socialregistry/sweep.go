package main

import (
	"context"
	"log/slog"
	"time"

	"socialregistry/registry"
)

// sweepEvery is how often what nobody needs any more is looked for.
const sweepEvery = time.Hour

// sweep deletes uploaded files that nobody goes on with, other files whose time is
// over, and answers that were kept long enough, for as long as ctx lasts. A failure is logged and tried
// again, it stops nothing else.
func (p *parts) sweep(ctx context.Context, log *slog.Logger, c Config) error {
	for {
		p.sweepOnce(ctx, log, c)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(sweepEvery):
		}
	}
}

func (p *parts) sweepOnce(ctx context.Context, log *slog.Logger, c Config) {
	uploads, err := p.registry.SweepImports(ctx)
	tellSwept(ctx, log, "uploads that nobody went on with", int64(uploads), err)
	files, err := p.registry.SweepBlobs(ctx)
	tellSwept(ctx, log, "files whose time is over", files, err)
	answers, err := p.registry.SweepAnswers(ctx)
	tellSwept(ctx, log, "answers that were kept long enough", answers, err)
	jobs, err := p.registry.PurgeJobs(ctx, c.Keep)
	tellSwept(ctx, log, "jobs that ended long ago", jobs, err)
	for _, i := range p.issuer.All() {
		offers, err := i.PurgeOffers(ctx, c.Keep)
		tellSwept(ctx, log, "offers that ended long ago", offers, err)
	}
	looks, err := p.registry.PurgeLooks(ctx, c.KeepLook)
	tellSwept(ctx, log, "days on which records were read", looks, err)
}

// expireEvery is how often it is written down which attestations have come to
// their end. Nothing is issued from them before either; credentials that were are
// withdrawn soon after.
const expireEvery = time.Minute

// expire writes down which attestations have expired, for as long as ctx lasts.
func (p *parts) expire(ctx context.Context, log *slog.Logger) error {
	for {
		n, err := p.registry.ExpireAttestations(ctx, registry.System())
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			log.Error("write down which attestations expired", "error", err)
		case n > 0:
			log.Info("attestations expired", "done", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(expireEvery):
		}
	}
}

func tellSwept(ctx context.Context, log *slog.Logger, what string, n int64, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil:
		log.Error("sweep "+what, "error", err)
	case n > 0:
		log.Info("deleted "+what, "done", n)
	}
}
