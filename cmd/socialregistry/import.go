package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/csvio"
)

// importCmd imports a file of people: see registry.Import.
type importCmd struct {
	File          string            `arg:"" optional:"" help:"CSV (UTF-8) or XLSX; - reads standard input."`
	Mode          string            `enum:",create,update" default:"" help:"create (unless told, or by the mapping): rows are new people. update: rows are changes of people who are there."`
	Carries       string            `enum:"values,attestations,both" default:"values" help:"What the rows bring. Decisions stand in columns such as sex:attestation, as in a download."`
	Undo          string            `placeholder:"IMPORT" help:"Take back the import with this id instead of reading a file; with --dry-run, tell what that would change."`
	Mapping       string            `placeholder:"KEY" help:"Saved mapping to read the file by, such as openg2p; --map goes before it."`
	Kind          string            `placeholder:"KIND" help:"What the rows are: person (unless told), or a kind of group such as household."`
	AllOrNothing  bool              `help:"Change nothing if a row has a problem; else the good rows are applied."`
	DryRun        bool              `help:"Check and count everything, change nothing."`
	Map           map[string]string `mapsep:"none" placeholder:"HEADER=FIELD" help:"Which field a column is; HEADER= leaves it out. May be repeated."`
	IgnoreUnknown bool              `name:"ignore-unknown-columns" help:"Leave out every column that is no field. Without it, a file of new people that has one is refused; a file of changes is not."`
	Dates         string            `enum:",dmy,mdy" default:"" help:"Order of dates with slashes: dmy or mdy."`
	CollectedAt   string            `placeholder:"DATE" help:"When the values were collected, YYYY-MM-DD or with a time as in RFC 3339; a column collected_at goes before it."`
	Reason        string            `help:"Why, for the change log."`
	Label         string            `help:"Name of the versions that it makes, such as \"Survey 2026\"."`
	Template      string            `placeholder:"KIND" help:"Print an empty file of a kind, such as person or household, and stop; with a file, write it there, as a workbook if it ends in .xlsx."`
	Problems      string            `placeholder:"OUT.CSV" help:"Write the problems to this file."`
}

// shownProblems is how many problems are printed; --problems writes the others.
const shownProblems = 10

// Run imports the file, or takes an import back, prints what was done, and fails if
// a row has a problem.
func (c *importCmd) Run(ctx context.Context, a *app) error {
	switch {
	case c.Template != "":
		return c.writeTemplate(ctx, a)
	case c.Undo != "" && c.File != "":
		return errors.New("--undo takes no file")
	case c.Undo != "":
		return c.undo(ctx, a)
	case c.File == "":
		return errors.New("name a file, or - for standard input")
	}
	collected, err := c.collected()
	if err != nil {
		return err
	}
	src, size, err := c.open(a)
	if err != nil {
		return err
	}
	defer src.Close()
	d, r, err := a.openRegistry(ctx, mayBegin)
	if err != nil {
		return err
	}
	defer d.Close()
	if c.Mode == "" && c.Mapping == "" {
		c.Mode = string(registry.ImportCreate)
	}
	say, stop := progress(a.errOut, size)
	result, err := r.Import(ctx, commandLine(), src, registry.ImportOptions{
		Name: filepath.Base(c.File), Mode: registry.ImportMode(c.Mode), Carries: registry.Carries(c.Carries), AllOrNothing: c.AllOrNothing, DryRun: c.DryRun,
		Saved: c.Mapping, Kind: c.Kind, Mapping: c.Map, KnownOnly: c.Mode != string(registry.ImportUpdate) && !c.IgnoreUnknown,
		Dates: csvio.DateOrder(c.Dates), Reason: c.Reason, Label: c.Label, CollectedAt: collected, Progress: say,
	})
	stop()
	if err := c.writeProblems(result.Problems); err != nil {
		return err
	}
	c.tell(a, result, err)
	if err == nil && !c.DryRun && result.Created+result.Updated > 0 {
		fmt.Fprintf(a.out, "To take it back: socialregistry import --undo %s\n", result.Batch)
	}
	if err == nil && result.Failed > 0 {
		return fmt.Errorf("%d of %d rows have problems", result.Failed, result.Rows)
	}
	return err
}

// collected reads --collected-at.
func (c *importCmd) collected() (time.Time, error) {
	if c.CollectedAt == "" {
		return time.Time{}, nil
	}
	at, flaw := csvio.ParseMoment(c.CollectedAt, csvio.DateOrder(c.Dates))
	if flaw != nil {
		return time.Time{}, fmt.Errorf("--collected-at %s", flaw.Words)
	}
	return at, nil
}

// open gives the file and its size in bytes, -1 if that is unknown.
func (c *importCmd) open(a *app) (io.ReadCloser, int64, error) {
	if c.File == "-" {
		return io.NopCloser(a.in), -1, nil
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, 0, fmt.Errorf("open the file: %w", err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder")
	}
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("open the file %s: %w", c.File, err), f.Close())
	}
	if info.Mode().IsRegular() {
		return placedFile{io.NewSectionReader(f, 0, info.Size()), f}, info.Size(), nil
	}
	return f, info.Size(), nil
}

// placedFile is a file that a workbook can be read from, which jumps about.
type placedFile struct {
	*io.SectionReader
	io.Closer
}

// tellProblems prints the first problems, but not the one that ended the import:
// that is the error.
func (c *importCmd) tellProblems(a *app, r registry.ImportResult, failed error) {
	for i, p := range r.Problems {
		if i == shownProblems {
			fmt.Fprintf(a.errOut, "... and %d more", r.ProblemCount-shownProblems)
			if c.Problems == "" {
				fmt.Fprint(a.errOut, "; --problems OUT.CSV writes them to a file")
			}
			fmt.Fprintln(a.errOut)
			break
		}
		if failed == nil || words(failed) != p.Error() {
			fmt.Fprintln(a.errOut, p.Error())
		}
	}
}

// tell prints the counts and the first problems.
func (c *importCmd) tell(a *app, r registry.ImportResult, failed error) {
	c.tellProblems(a, r, failed)
	if fault.CodeOf(failed) == csvio.CodeUnknownHeader {
		fmt.Fprintf(a.errOut, "No field is known for: %s\nSay which field each column is (--map 'HEADER=FIELD'), leave it out (--map 'HEADER='), or leave all of them out (--ignore-unknown-columns).\n",
			strings.Join(r.Unknown, ", "))
		return
	}
	if len(r.Ignored) > 0 {
		fmt.Fprintf(a.out, "Columns that are no field, left out: %s\n", strings.Join(r.Ignored, ", "))
	}
	if r.Rows == 0 && failed != nil {
		return // the file could not be read; the error says why
	}
	switch {
	case r.AlreadyApplied:
		fmt.Fprintln(a.out, "This file was applied before: nothing to change.")
		if r.Failed > 0 {
			fmt.Fprintln(a.out, "Its rows with problems were left out then. Mend them in a file of their own.")
		}
	case r.DryRun:
		fmt.Fprintln(a.out, "Dry run, nothing was changed. The import would give:")
	case failed != nil:
		fmt.Fprintln(a.out, "Nothing was changed. The import would have given:")
	}
	fmt.Fprintf(a.out, "%d rows: %d created, %d updated, %d unchanged, %d with problems\n", r.Rows, r.Created, r.Updated, r.Unchanged, r.Failed)
	if d := r.Decisions; c.Carries != string(registry.CarriesValues) {
		fmt.Fprintf(a.out, "Decisions: %d attested, %d rejected, %d taken back, %d as they were, %d with problems\n", d.Attested, d.Rejected, d.TakenBack, d.Repeated, d.Failed)
	}
}

func (c *importCmd) writeProblems(list []csvio.Problem) error {
	if c.Problems == "" {
		return nil
	}
	f, err := os.Create(c.Problems)
	if err != nil {
		return fmt.Errorf("write the problems: %w", err)
	}
	w, err := csvio.NewProblemWriter(f)
	for i := 0; err == nil && i < len(list); i++ {
		err = w.Write(list[i])
	}
	if err == nil {
		err = w.Flush()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the problems: %w", err)
	}
	return nil
}

// progress draws a bar on a terminal; elsewhere it says nothing.
func progress(w io.Writer, size int64) (say func(registry.ImportProgress), stop func()) {
	if !isTerminal(w) {
		return nil, func() {}
	}
	bar := progressbar.NewOptions64(size, progressbar.OptionSetWriter(w), progressbar.OptionShowBytes(true),
		progressbar.OptionSetDescription("reading"), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
	say = func(p registry.ImportProgress) {
		if p.Statement != "" {
			bar.Describe("writing: " + p.Statement)
		}
		_ = bar.Set64(p.Bytes) // a bar that cannot be drawn stops nothing
	}
	return say, func() { _ = bar.Finish() }
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// commandLine is whoever has the keys and the database: nobody could stop them
// from acting as an administrator.
func commandLine() registry.Actor {
	return registry.Actor{Name: "command line", Roles: []registry.Role{registry.RoleSystem, registry.RoleAdmin}, Channel: registry.ChannelSystem}
}
