package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"socialregistry/registry"
)

// undo takes an import back: see registry.UndoImport. With --dry-run it tells what
// that would change; the undo waits to be applied then.
func (c *importCmd) undo(ctx context.Context, a *app) error {
	id, err := uuid.Parse(c.Undo)
	if err != nil {
		return fmt.Errorf("--undo takes the id of an import: %w", err)
	}
	d, r, err := a.openRegistry(ctx, mayBegin)
	if err != nil {
		return err
	}
	defer d.Close()
	result, err := c.takeBack(ctx, r, id)
	if err != nil {
		return err
	}
	problems, err := r.ImportProblems(ctx, commandLine(), result.Batch, 0, registry.MaxProblems)
	if err != nil {
		return err
	}
	if err := c.writeProblems(problems); err != nil {
		return err
	}
	result.Problems = problems
	c.tellProblems(a, result, nil)
	if c.DryRun {
		fmt.Fprintln(a.out, "Dry run, nothing was changed. The undo would give:")
	}
	fmt.Fprintf(a.out, "%d people: %d put back, %d made inactive, %d unchanged, %d changed since; %d decisions taken back\n",
		result.Rows, result.Updated, result.Deactivated, result.Unchanged, result.Failed, result.Decisions.TakenBack)
	return nil
}

// takeBack checks the undo, unless it is on its way already, and applies it.
func (c *importCmd) takeBack(ctx context.Context, r *registry.Registry, id uuid.UUID) (registry.ImportResult, error) {
	undo, err := r.UndoImport(ctx, commandLine(), id, c.Reason)
	if err != nil {
		return registry.ImportResult{}, err
	}
	b, err := r.ImportBatch(ctx, commandLine(), undo)
	if err != nil {
		return registry.ImportResult{}, err
	}
	if c.DryRun || b.State != registry.ImportUndoing {
		if result, err := r.CheckImport(ctx, commandLine(), undo, nil); err != nil || c.DryRun {
			return result, err
		}
	}
	return r.ApplyImport(ctx, commandLine(), undo, nil)
}
