package main

import (
	"context"
	"fmt"
)

type migrateCmd struct{}

// Run brings the schema up to date. Several processes may do it at once.
func (migrateCmd) Run(ctx context.Context, a *app) error {
	d, err := openDatabase(ctx, a.config, mayBegin)
	if err != nil {
		return err
	}
	defer d.Close()
	fmt.Fprintln(a.out, "The database has the newest schema.")
	return nil
}
