package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"socialregistry/issuer"
)

// How long the follower rests when it has read the whole change log, and when it
// failed.
const (
	followEvery = 500 * time.Millisecond
	followAgain = 5 * time.Second
)

// followLimit is how long the follower may stand still before a change of the
// registry. Beyond it, credentials that are no longer true count as valid.
const followLimit = 10 * time.Minute

// keepsUp is the check that the follower reads the change log.
func keepsUp(ctx context.Context, i *issuer.Issuer) error {
	behind, err := i.Behind(ctx)
	if err == nil && behind > followLimit {
		err = fmt.Errorf("it has stood still for %s: credentials are not withdrawn", behind.Round(time.Second))
	}
	return err
}

// follow lets an issuer read the change log for as long as ctx lasts: what was
// issued from values that changed is withdrawn and offered anew. A failure is
// logged and tried again, it stops nothing else.
func follow(ctx context.Context, i *issuer.Issuer, log *slog.Logger) error {
	for {
		rest := time.Duration(0)
		caughtUp, withdrawn, err := i.Follow(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !errors.Is(err, issuer.ErrUnreadable):
			log.Error("follow the change log", "error", err)
			rest = followAgain
		case caughtUp:
			rest = followEvery
		}
		if errors.Is(err, issuer.ErrUnreadable) { // told once: the follower has gone on
			log.Error("follow the change log", "error", err)
		}
		if withdrawn > 0 {
			log.Info("withdrew credentials whose values changed", "withdrawn", withdrawn)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(rest):
		}
	}
}
