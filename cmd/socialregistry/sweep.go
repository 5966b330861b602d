package main

import (
	"context"
	"log/slog"
	"time"
)

// sweepEvery is how often uploads that nobody goes on with are looked for.
const sweepEvery = time.Hour

// sweep deletes uploaded files that nobody goes on with, for as long as ctx
// lasts. A failure is logged and tried again, it stops nothing else.
func (p *parts) sweep(ctx context.Context, log *slog.Logger) error {
	for {
		swept, err := p.registry.SweepImports(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			log.Error("sweep uploads", "error", err)
		case swept > 0:
			log.Info("deleted uploads that nobody went on with", "done", swept)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(sweepEvery):
		}
	}
}
