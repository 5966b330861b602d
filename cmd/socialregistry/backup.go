package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"socialregistry/issuer"
)

type backupCmd struct {
	Accept   backupAcceptCmd   `cmd:"" help:"The folder SR_STATE_DIR was lost, or is new, and the database is no restored backup: begin the record anew."`
	Restored backupRestoredCmd `cmd:"" help:"The folder SR_STATE_DIR was lost, and the database was restored from a backup: nothing of before is issued from."`
}

type backupAcceptCmd struct {
	Reason string `required:"" help:"Why; it is kept."`
}

// Run begins the record of the database as it is.
func (c backupAcceptCmd) Run(ctx context.Context, a *app) error {
	_, err := a.vouch(ctx, false, c.Reason)
	if err == nil {
		fmt.Fprintf(a.out, "The record in %s begins with the database as it is. Start the server.\n", a.config.StateDir)
	}
	return err
}

type backupRestoredCmd struct {
	Reason string `required:"" help:"Why; it is kept."`
}

// Run begins a new generation of status lists.
func (c backupRestoredCmd) Run(ctx context.Context, a *app) error {
	found, err := a.vouch(ctx, true, c.Reason)
	if err == nil {
		fmt.Fprintf(a.out, "Generation %d of the status lists begins. What was withdrawn since the backup is not known: look through it by hand. Start the server.\n", found.Generation)
	}
	return err
}

func (a *app) vouch(ctx context.Context, restored bool, reason string) (issuer.Restored, error) {
	d, _, master, err := a.openKeyed(ctx, mustBeThere)
	if err != nil {
		return issuer.Restored{}, err
	}
	defer d.Close()
	return issuer.Vouch(ctx, issuer.Config{DB: d, Master: master, Now: a.now, StateDir: a.config.StateDir}, restored, commandLine().Name, reason)
}

// tellRestored says at the start that the database was brought back from a backup.
func (p *parts) tellRestored(log *slog.Logger) {
	for _, i := range p.issuer.All() {
		r := i.Restored()
		if r.Generation == 0 {
			continue
		}
		log.Warn("the database is older than the record outside of it: it was restored from a backup; nothing more is leased from the status lists of before, "+
			"what was withdrawn is withdrawn again, and so is what the database does not know any more", "issuer", i.Identifier(), "generation", r.Generation, "withdrawn", r.Again)
	}
}

// keepJournalEvery is how far the record outside the database is behind it, at most.
// What verifiers see is written before they see it.
const keepJournalEvery = time.Second

// keepJournal writes an issuer's record outside the database for as long as ctx lasts. A
// database that went back in time ends the server; every other failure is logged
// and tried again.
func keepJournal(ctx context.Context, i *issuer.Issuer, log *slog.Logger) error {
	for {
		err := i.KeepJournal(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, issuer.ErrWentBack):
			return err
		case err != nil:
			log.Error("write the record outside the database", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(keepJournalEvery):
		}
	}
}
