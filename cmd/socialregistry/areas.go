package main

import (
	"context"
	"fmt"
	"os"

	"socialregistry/registry"
)

// areasCmd keeps the administrative hierarchy.
type areasCmd struct {
	Import areasImportCmd `cmd:"" help:"Import areas from a CSV file: code, parent, level, name_en, name_ar and so on, in any order."`
}

type areasImportCmd struct {
	File   string `arg:"" help:"CSV file, UTF-8 with commas." type:"existingfile"`
	DryRun bool   `help:"Check and count everything, change nothing."`
	Reason string `help:"Why, for the history."`
}

// Run imports the file and prints what was done, and every problem.
func (c areasImportCmd) Run(ctx context.Context, a *app) error {
	file, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("open the CSV file: %w", err)
	}
	defer file.Close()
	d, r, err := a.openRegistry(ctx, mustBeThere)
	if err != nil {
		return err
	}
	defer d.Close()
	result, err := r.ImportAreas(ctx, commandLine(), file, c.DryRun, c.Reason)
	for _, p := range result.Problems {
		fmt.Fprintln(a.errOut, p.Error())
	}
	if err != nil {
		return err
	}
	c.tell(a, result)
	if result.ProblemCount > 0 {
		return fmt.Errorf("%d problems", result.ProblemCount)
	}
	return nil
}

func (c areasImportCmd) tell(a *app, r registry.AreaImport) {
	if c.DryRun {
		fmt.Fprintln(a.out, "Dry run, nothing was changed. The import would give:")
	}
	fmt.Fprintf(a.out, "%d areas: %d created, %d updated, %d unchanged; %d records lie in another area now\n", r.Rows, r.Created, r.Updated, r.Unchanged, r.Placed)
}
