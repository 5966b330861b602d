package main

import (
	"context"
	"log/slog"
	"time"

	"socialregistry/registry"
)

// Statistics are counted every hour. Each server looks more often, so that one
// that starts late or dies leaves no gap: of several, one counts.
const (
	countEvery = time.Hour
	countLook  = 5 * time.Minute
)

// count counts the statistics anew for as long as ctx lasts. A failure is logged
// and tried again, it stops nothing else.
func (p *parts) count(ctx context.Context, log *slog.Logger) error {
	for {
		counted, err := p.registry.RefreshStatistics(ctx, registry.System(), countEvery)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			log.Error("count statistics", "error", err)
		case counted:
			log.Info("counted statistics")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(countLook):
		}
	}
}
