package main

import (
	"context"
	"log/slog"
	"time"
)

// followKeysEvery is how soon a running server knows of a rotation or revocation.
const followKeysEvery = 2 * time.Second

// followKeys keeps this process's keys those of the database for as long as ctx
// lasts. A failure is logged and tried again, it stops nothing else.
func (p *parts) followKeys(ctx context.Context, log *slog.Logger) error {
	for {
		changed, err := p.issuer.FollowKeys(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			log.Error("follow the keys", "error", err)
		case changed:
			log.Info("the issuer's keys changed: read again")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followKeysEvery):
		}
	}
}
