package main

import (
	"context"
	"log/slog"
	"time"

	"socialregistry/issuer"
)

// followKeysEvery is how soon a running server knows of a rotation or revocation.
const followKeysEvery = 2 * time.Second

// followKeys keeps this process's keys of an issuer those of the database for as long as ctx
// lasts. A failure is logged and tried again, it stops nothing else.
func followKeys(ctx context.Context, i *issuer.Issuer, log *slog.Logger) error {
	for {
		changed, err := i.FollowKeys(ctx)
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
