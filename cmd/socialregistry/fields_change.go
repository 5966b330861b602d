package main

import (
	"context"
	"fmt"
)

type fieldsRetireCmd struct {
	Key    string `arg:"" help:"Of the field."`
	Revive bool   `help:"Put it back into use."`
	Reason string `help:"Why, for the history of the definition."`
}

// Run retires the field as it stands now, or revives it.
func (c *fieldsRetireCmd) Run(ctx context.Context, a *app) error {
	d, r, err := a.openRegistry(ctx, mustBeThere)
	if err != nil {
		return err
	}
	defer d.Close()
	f, err := r.Field(ctx, c.Key)
	if err != nil {
		return err
	}
	move, words := r.RetireField, "retired"
	if c.Revive {
		move, words = r.ReviveField, "in use"
	}
	if f, err = move(ctx, commandLine(), c.Key, f.Version, c.Reason); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "Field %s is %s (version %d).\n", f.Key, words, f.Version)
	return nil
}

type fieldsIndexCmd struct {
	Key string `arg:"" help:"Of the field."`
}

// Run fills the index of the field and opens it to searches.
func (c *fieldsIndexCmd) Run(ctx context.Context, a *app) error {
	d, r, err := a.openRegistry(ctx, mustBeThere)
	if err != nil {
		return err
	}
	defer d.Close()
	seen := 0
	if err := r.IndexField(ctx, commandLine(), c.Key, func(n int) { seen = n }); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "People are found by %s (%d records looked at, in two rounds).\n", c.Key, seen)
	return nil
}
