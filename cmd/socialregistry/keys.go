package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"socialregistry/issuer/ledger"
)

type keysCmd struct {
	List keysListCmd `cmd:"" help:"List the signing keys: id, algorithm, window and state. Private parts are never shown."`
}

type keysListCmd struct{}

// Run prints one line per signing key, oldest first. It makes no key: the first
// start of the server does.
func (keysListCmd) Run(ctx context.Context, a *app) error {
	d, err := openDatabase(ctx, a.config, mustBeThere)
	if err != nil {
		return err
	}
	defer d.Close()
	keys, err := ledger.New(d, a.now).Keys(ctx)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		fmt.Fprintln(a.errOut, "There are no signing keys yet; the first start of the server makes them.")
		return nil
	}
	table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KEY\tALGORITHM\tSIGNS FROM\tUNTIL\tSTATE")
	for _, k := range keys {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", k.KID, k.Alg, day(k.NotBefore), day(k.NotAfter), keyState(k, a.now()))
	}
	return table.Flush()
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func keyState(k ledger.Key, now time.Time) string {
	switch {
	case !k.RevokedAt.IsZero():
		return "revoked on " + day(k.RevokedAt)
	case now.Before(k.NotBefore):
		return "to come"
	case now.Before(k.NotAfter):
		return "signing"
	}
	return "retired"
}
