package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"

	"socialregistry/registry"
)

// exportCmd writes chosen fields of whom a query finds to a file: see
// registry.Export.
type exportCmd struct {
	Output           string            `short:"o" required:"" placeholder:"FILE" help:"File to write, closed to other users; - is standard output."`
	Fields           []string          `required:"" placeholder:"KEY,..." help:"Keys of the fields, in the order of the columns."`
	Purpose          string            `required:"" help:"What the file is for. Registrants and auditors read it."`
	Format           string            `enum:"csv,xlsx" default:"csv" help:"csv or xlsx."`
	Kind             string            `default:"person" help:"person, group (of every kind), or a kind of group."`
	AttestedOnly     bool              `help:"Leave a cell empty unless its value is attested at this moment."`
	WithAttestations bool              `help:"Add the columns of attestations, as an upload reads them."`
	Query            string            `placeholder:"TEXT" help:"Part of a name, a registration number, or a whole identifier."`
	Area             string            `placeholder:"CODE" help:"Who is in this area or below it."`
	Label            string            `placeholder:"LABEL" help:"Who has a version of this name."`
	Programme        string            `placeholder:"CODE" help:"Who has applied for this programme, is enrolled or is suspended now."`
	Enrolment        string            `placeholder:"STATUS" help:"With --programme, who stands there: APPLIED, ENROLLED, SUSPENDED or EXITED."`
	Value            map[string]string `mapsep:"none" placeholder:"FIELD=VALUE" help:"Who has this whole value of a searchable field. May be repeated."`
}

// Run writes the file and says how many rows it has. What went wrong leaves none.
func (c *exportCmd) Run(ctx context.Context, a *app) error {
	d, r, err := a.openRegistry(ctx, mustBeThere)
	if err != nil {
		return err
	}
	defer d.Close()
	out, done, err := a.create(c.Output)
	if err != nil {
		return err
	}
	say, stop := rowProgress(a.errOut)
	result, err := r.Export(ctx, commandLine(), out, registry.ExportRequest{Kind: c.Kind, Fields: c.Fields, AttestedOnly: c.AttestedOnly,
		Attestations: c.WithAttestations, Format: registry.ExportFormat(c.Format), Purpose: c.Purpose,
		Query: registry.Query{Text: c.Query, Area: c.Area, Version: c.Label, Equals: c.Value,
			Programme: c.Programme, Enrolment: registry.EnrolmentStatus(c.Enrolment)}}, say)
	stop()
	if err := done(err); err != nil {
		return err
	}
	fmt.Fprintf(a.errOut, "%d rows\n", result.Rows)
	return nil
}

// create opens a new file, or for - the standard output; done closes it, and removes
// it after an error.
func (a *app) create(name string) (out io.Writer, done func(error) error, err error) {
	if name == "-" {
		return a.out, func(err error) error { return err }, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("write the file: %w", err)
	}
	return f, func(err error) error {
		if err = errors.Join(err, f.Close()); err != nil {
			return errors.Join(err, os.Remove(name))
		}
		return nil
	}, nil
}

// rowProgress draws a bar of rows on a terminal; elsewhere it says nothing.
func rowProgress(w io.Writer) (say func(done, total int64), stop func()) {
	if !isTerminal(w) {
		return nil, func() {}
	}
	bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("writing"),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
	say = func(done, total int64) {
		bar.ChangeMax64(total)
		_ = bar.Set64(done) // a bar that cannot be drawn stops nothing
	}
	return say, func() { _ = bar.Finish() }
}
