package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"socialregistry/registry/demodata"
)

// demoDataCmd writes a CSV file of invented people. The same flags give the
// same bytes.
type demoDataCmd struct {
	People int    `default:"200" help:"How many people."`
	Seed   uint64 `default:"1" help:"The same seed gives the same people."`
	AsOf   string `default:"2026-01-01" help:"Ages are reckoned on this day."`
	Out    string `short:"o" placeholder:"OUT.CSV" help:"File to write; without it, standard output."`
}

// Run writes the file.
func (c *demoDataCmd) Run(_ context.Context, a *app) error {
	asOf, err := time.Parse(time.DateOnly, c.AsOf)
	if err != nil {
		return fmt.Errorf("--as-of must be a day such as 2026-01-01")
	}
	options := demodata.Options{People: c.People, Seed: c.Seed, AsOf: asOf}
	if c.Out == "" {
		return demodata.Write(a.out, options)
	}
	f, err := os.Create(c.Out)
	if err != nil {
		return fmt.Errorf("write demo data: %w", err)
	}
	return errors.Join(demodata.Write(f, options), f.Close())
}
