package registry

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/csvio"
	"socialregistry/registry/mapping"
)

// How an import goes, from one file to the registry:
//
//	table         rows under the header contract: csvio or xlsx      table.go, import_read.go
//	resolve       who is this? blind index -> stored record          import_resolve.go
//	builder       new row, sealed and hashed, as for a single edit   row.go
//	stage         COPY into staging tables, chunk by chunk           stage.go
//	check         what only the whole file shows: doubled ids        stage.go
//	merge         one set-based transaction; the only one that
//	              touches anything but staging                       merge.go
//
// Until the merge has committed nothing has changed, so a process may be killed
// anywhere and the same file be sent again.

// ImportMode says what a row is.
type ImportMode string

// The modes.
const (
	// ImportCreate: a row is a new person. One who is there already, with the
	// very same values, is left alone; with other values it is a problem.
	ImportCreate ImportMode = "create"
	// ImportUpdate: a row is a change of a person who is there. A blank cell
	// leaves the value as it is, and so does a column that the file lacks.
	ImportUpdate ImportMode = "update"
)

// Carries says what the rows of a file bring.
type Carries string

// What they may bring. Decisions stand in columns such as sex:attestation, beside
// the value that they are about: see import_decision.go.
const (
	CarriesValues       Carries = "values"       // values; columns of decisions are left out
	CarriesAttestations Carries = "attestations" // decisions about values as they are; a row whose value differs is a problem
	CarriesBoth         Carries = "both"         // first the values, then the decisions about them
)

func (c Carries) values() bool    { return c != CarriesAttestations }
func (c Carries) decisions() bool { return c != CarriesValues }

// ImportOptions say how to read a file and what to do with it.
type ImportOptions struct {
	Name         string            // of the file, for lists of imports
	Mode         ImportMode        // ImportUpdate for a file of nothing but decisions
	Carries      Carries           // "" is CarriesValues
	AllOrNothing bool              // one problem and nothing is applied; else the good rows are
	DryRun       bool              // everything but the merge
	Mapping      map[string]string // header -> field key, "" leaves the column out; goes before the contract
	Saved        string            // key of a saved mapping, behind Mapping: says Kind, Mode and Dates where they are left out
	Kind         string            // what a row is: PersonKind (also when empty), or a kind of group
	KnownOnly    bool              // refuse a file with a column that is no field, unless Mapping leaves it out
	Dates        csvio.DateOrder   // of dates with slashes
	Reason       string            // for the change log
	Label        string            // names the versions that are made; "": they have no name. See AddVersion
	CollectedAt  time.Time         // when the values were collected, where no cell says it; zero: unknown
	Progress     func(ImportProgress)

	saved *mapping.Mapping // what Saved names
}

// ImportProgress tells how far an import is. Statement is set while the merge
// runs: the name of the statement that is about to be sent.
type ImportProgress struct {
	Rows      int   // read so far
	Bytes     int64 // read so far; of an undo, Rows
	Statement string
}

// ImportResult is what an import did, or with DryRun what it would do.
type ImportResult struct {
	Batch        uuid.UUID
	SHA256       string // of the file, in hex; "" if it was not read to its end
	Rows         int    // = Created + Updated + Unchanged + Failed + Deactivated
	Created      int
	Updated      int // people with new values, new decisions, or both
	Unchanged    int
	Failed       int             // rows with a problem
	Requested    int             // change requests of the updated rows: what of them needs approval
	Deactivated  int             // of an undo: people who were new, and are made inactive
	Decisions    DecisionCounts  //
	Ignored      []string        // headers of columns that are no field
	Unknown      []string        // those of them that the mapping does not leave out
	Problems     []csvio.Problem // by line, the first MaxProblems of them
	ProblemCount int             // all of them
	DryRun       bool
	// AlreadyApplied: the same file of new people, with the same columns, was
	// applied before, at least its good rows, or the same upload was. Nothing is
	// changed again; rows with problems are sent as a file of their own. A file of changes is compared row by row instead: what it
	// says may have been changed since.
	AlreadyApplied bool
}

// DecisionCounts counts cells that decide about a value.
type DecisionCounts struct {
	Attested  int
	Rejected  int
	TakenBack int // to NEW
	Repeated  int // they say what was decided already, and decide nothing
	Failed    int // they cannot be accepted, or another cell of the row cannot
}

// MaxProblems is how many problems of one import are kept.
const MaxProblems = 10_000

// Import reads a file of people, CSV or XLSX, and applies it in one transaction. It
// returns Forbidden; Invalid with the code of the problem (packages csvio and xlsx) if the
// file cannot be read under the header contract; and Invalid
// "import_has_problems" if AllOrNothing is set and a row has one. The result
// holds the problems then too, and nothing was changed.
func (r *Registry) Import(ctx context.Context, a Actor, src io.Reader, o ImportOptions) (ImportResult, error) {
	im, err := r.newImport(ctx, a, o)
	if err != nil {
		return ImportResult{}, err
	}
	if _, err := r.SweepImports(ctx); err != nil {
		return ImportResult{}, err
	}
	return im.run(ctx, src)
}

// importRun is one import on its way.
type importRun struct {
	r       *Registry
	actor   Actor
	opt     ImportOptions
	batch   uuid.UUID // its row in import_batch
	stage   int64     // run_no of its rows in the staging tables: every run has its own
	at      db.Time   // the moment of all its changes
	fields  *fieldSet
	types   map[string]*idType // by scheme: those that say whom a row means; of new people, those that they may be given
	builder *builder
	first   int64 // where the counter of registration numbers stood at the beginning
	next    int64 // where it stands after the rows that were staged, if nobody else moves it

	stored  bool   // import_batch has a row for this import: an upload
	kept    string // SHA-256 of the file that was uploaded, in hex; "" without an upload
	input   *importInput
	columns map[string]csvio.Column // by field
	decides []decisionColumns       // the fields about whose values the file decides
	result  ImportResult
	txNo    *int64 // of the merge
	importTally
}

// importTally counts what is staged, and what is not.
type importTally struct {
	found   problems
	staged  int // rows in import_stage
	noted   int // rows in import_stage_note
	badRows int // rows with a problem, that are not staged
	decided DecisionCounts
	decider *decider // of the chunk at work
}

func (r *Registry) newImport(ctx context.Context, a Actor, o ImportOptions) (*importRun, error) {
	if err := a.checkUpload(o.Carries); err != nil {
		return nil, err
	}
	o, err := r.withSaved(ctx, o)
	if err == nil {
		o, err = o.clean()
	}
	if err != nil {
		return nil, err
	}
	a.Channel = ChannelCSV
	im := &importRun{r: r, actor: a, opt: o, at: db.TimeOf(r.now())}
	switch wrong := checkCollected(o.CollectedAt, im.at.Time); {
	case wrong == nil:
	case wrong.code == CodeFutureDate:
		return nil, fault.New(fault.Invalid, "collected_in_future", wrong.words)
	default:
		return nil, fault.New(fault.Invalid, "collected_too_early", wrong.words)
	}
	im.stage = runNo(im.at.Time, rand.Uint64())
	if im.batch, err = uuid.NewV7(); err != nil {
		return nil, fmt.Errorf("begin an import: %w", err)
	}
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		if im.fields, err = r.fieldSetOf(tx, o.Kind); err != nil {
			return err
		}
		if im.types, err = im.readTypes(tx); err != nil {
			return err
		}
		return tx.Raw(`SELECT next_no FROM registrant_number WHERE one = 1`).Scan(&im.first).Error
	})
	if err != nil {
		return nil, fmt.Errorf("begin an import: %w", err)
	}
	im.next = im.first
	im.builder = r.newBuilder(im.fields, a, o.Reason, im.at)
	im.builder.label = o.Label
	im.builder.hasDocument = func(id uuid.UUID, sha256 string) (bool, error) {
		return r.hasDocument(r.db.WithContext(ctx), id, sha256)
	}
	im.result = ImportResult{Batch: im.batch, DryRun: o.DryRun}
	return im, nil
}

// clean checks the options and fills what may be left out.
func (o ImportOptions) clean() (ImportOptions, error) {
	if o.Mode != ImportCreate && o.Mode != ImportUpdate {
		return o, fault.New(fault.Invalid, "invalid_import_mode", "The mode is create or update.")
	}
	switch o.Carries {
	case "":
		o.Carries = CarriesValues
	case CarriesValues, CarriesBoth:
	case CarriesAttestations:
		if o.Mode != ImportUpdate {
			return o, fault.New(fault.Invalid, "invalid_import_mode", "Decisions alone are about people who are there: the mode is update.")
		}
	default:
		return o, fault.New(fault.Invalid, "invalid_carries", "A file carries values, attestations or both.")
	}
	if o.Dates != csvio.OrderUnknown && o.Dates != csvio.DayFirst && o.Dates != csvio.MonthFirst {
		return o, fault.New(fault.Invalid, "invalid_date_order", "The order of dates is dmy or mdy.")
	}
	if o.Reason == "" {
		o.Reason = "CSV import"
	}
	var err error
	if o.Reason, err = cleanReason(o.Reason); err != nil {
		return o, err
	}
	if o.Label != "" {
		if o.Label, err = cleanLabel(o.Label); err != nil {
			return o, err
		}
	}
	for header, key := range o.Mapping {
		if checkText(header) != nil || checkText(key) != nil {
			return o, fault.New(fault.Invalid, "invalid_mapping", "The mapping holds a character that no header may hold.")
		}
	}
	o.Name = cleanFileName(o.Name)
	if o.Progress == nil {
		o.Progress = func(ImportProgress) {}
	}
	return o, nil
}

// cleanFileName keeps the last part of a path, without what cannot be shown.
func cleanFileName(name string) string {
	name = strings.ToValidUTF8(name[strings.LastIndexAny(name, `/\`)+1:], "")
	name = strings.Map(func(c rune) rune {
		if refused(c) {
			return -1
		}
		return c
	}, name)
	if utf8.RuneCountInString(name) > DefaultMaxLength {
		name = string([]rune(name)[:DefaultMaxLength])
	}
	return name
}

// runNo names the staging of one run: the milliseconds of our clock, so that
// stale staging can be told by its number, and 20 random bits.
func runNo(at time.Time, random uint64) int64 { return at.UnixMilli()<<20 | int64(random&(1<<20-1)) }

// run takes the file from its first byte to the end of the import.
func (im *importRun) run(ctx context.Context, src io.Reader) (ImportResult, error) {
	im.input = newImportInput(src)
	if err := im.sweep(ctx); err != nil {
		return im.result, err
	}
	defer im.clear(ctx)
	reader, err := im.open(ctx)
	switch {
	case err != nil:
	case im.opt.Kind != PersonKind:
		err = im.createGroups(ctx, reader)
	default:
		err = im.stageAll(ctx, reader)
	}
	var broken *csvio.FileError
	if errors.As(err, &broken) {
		im.found.add(broken.Problem)
		im.settle()
		refusal := fault.Wrap(fault.Invalid, broken.Code, broken.Problem.Error(), err)
		return im.result, errors.Join(refusal, im.save(ctx, batchRefused))
	}
	if err != nil || im.opt.Kind != PersonKind {
		return im.result, err
	}
	im.result.SHA256 = fmt.Sprintf("%x", im.input.hash.Sum(nil))
	if im.kept != "" && im.kept != im.result.SHA256 {
		return im.result, errImportFileChanged()
	}
	if err := im.checkWhole(ctx); err != nil {
		return im.result, err
	}
	if err := im.dropNamed(im.r.db.WithContext(ctx)); err != nil {
		return im.result, err
	}
	return im.finish(ctx)
}

// finish applies what is staged, or says why not.
func (im *importRun) finish(ctx context.Context) (ImportResult, error) {
	im.settle()
	switch {
	case im.opt.DryRun:
		return im.result, im.saveChecked(ctx)
	case im.opt.AllOrNothing && im.result.Failed > 0:
		return im.result, im.refuse(ctx)
	}
	err := im.merge(ctx)
	switch {
	case errors.Is(err, errAppliedBefore):
		im.nothingToDo()
		return im.result, nil
	case errors.Is(err, errRefused):
		return im.result, im.refuse(ctx)
	}
	return im.result, err
}

// nothingToDo notes that the file was applied before.
func (im *importRun) nothingToDo() {
	res := &im.result
	res.AlreadyApplied, res.Created, res.Updated, res.Unchanged = true, 0, 0, res.Rows-res.Failed
	res.Decisions = DecisionCounts{}
}

func (im *importRun) refuse(ctx context.Context) error {
	refusal := fault.New(fault.Invalid, "import_has_problems", "Nothing was changed: there are rows with problems.")
	if err := im.save(ctx, batchRefused); err != nil {
		return err
	}
	return refusal
}

// settle puts the counts and the problems into the result.
func (im *importRun) settle() {
	im.result.Failed, im.result.Created, im.result.Updated = im.badRows, 0, im.noted
	if im.opt.Mode == ImportCreate {
		im.result.Created = im.staged
	} else {
		im.result.Updated += im.staged
	}
	im.result.Unchanged = im.result.Rows - im.staged - im.noted - im.badRows
	im.result.Decisions = im.decided
	im.result.Problems, im.result.ProblemCount = im.found.sorted(), im.found.count
}

// fingerprint names a file of new people: these bytes, with these columns read as
// these fields. A file of changes has none: it may be right to apply it again.
func (im *importRun) fingerprint() (db.Bytes, error) {
	if im.opt.Mode == ImportUpdate {
		return nil, nil
	}
	columns := map[string][]any{}
	for key, c := range im.columns {
		columns[key] = []any{c.Index, c.Order}
	}
	print := []any{im.result.SHA256, im.opt.Mode, columns}
	if im.opt.saved != nil || im.opt.Kind != PersonKind {
		print = append(print, im.opt.saved, im.opt.Kind)
	}
	b, err := json.Marshal(print)
	if err != nil {
		return nil, fmt.Errorf("name an import: %w", err)
	}
	sum := sha256.Sum256(b)
	return sum[:], nil
}

// importInput counts and hashes what is read.
type importInput struct {
	src   io.Reader
	hash  hash.Hash
	bytes int64
}

func newImportInput(src io.Reader) *importInput { return &importInput{src: src, hash: sha256.New()} }

func (in *importInput) Read(p []byte) (int, error) {
	n, err := in.src.Read(p)
	in.hash.Write(p[:n])
	in.bytes += int64(n)
	return n, err
}
