package registry

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry/csvio"
	"socialregistry/registry/seal"
)

// numberColumn is the key of the column that names people by registration
// number. It is no field: nobody edits it.
const numberColumn = "registration_number"

// collectedColumn is the key of the column that says when the values of a row
// were collected. A field of that name goes before it.
const collectedColumn = "collected_at"

// importRow is one row of the file on its way.
type importRow struct {
	line      int
	number    string            // cell of numberColumn
	collected time.Time         // when the values were collected; zero: unknown
	set       map[string]string // cells that are not blank, by field
	ids       []importID        // its unique identifiers
	bad       bool              // it has a problem
	person    *record           // who it is, if it is somebody
	built     *built            // nil: no new value, or bad
	given     []givenID         // identifiers of a new person
	lacks     bool              // the person is there, without one of those
	asks      []ask             // cells that may decide about a value
	decided   []verdict         // what the row decides
	open      []requestRow      // what the importer has asked for of this person and nobody has decided
	version   int               // that the row shows; 0: it does not say, -1: what it says is no version
	shown     map[string]string // the values of that version, where the record has another one
	waits     bool              // part of what the row says needs approval
	requests  []requestRow      // that it sends for that
	says      []diffEntry       // of requests and decisions
	note      *changeRow        // says so, where no value is new
}

// importID is a unique identifier of a row.
type importID struct {
	scheme string
	bidx   []byte
	doubt  *mistake // why it may be mistyped: told if nobody has it; nil: nothing speaks against it
}

// open reads the header line.
func (im *importRun) open(ctx context.Context) (table, error) {
	contract := im.contract()
	reader, err := openTable(ctx, im.input, contract, csvio.Options{})
	if err != nil {
		return nil, err
	}
	im.columns = map[string]csvio.Column{}
	for _, c := range reader.Columns() {
		if !im.reads(c.Key) {
			im.result.Ignored = append(im.result.Ignored, c.Name)
			continue
		}
		im.columns[c.Key] = c
	}
	if err := im.checkLocked(); err != nil {
		return nil, err
	}
	if err := im.bindDecisions(reader.Columns()); err != nil {
		return nil, err
	}
	im.result.Ignored = append(im.result.Ignored, reader.Ignored()...)
	if im.result.Unknown = contract.Unchosen(reader.Ignored()); im.opt.KnownOnly && len(im.result.Unknown) > 0 {
		// They are not quoted: of a file without a header line they are cells.
		return nil, &csvio.FileError{Problem: csvio.Problem{Line: 1, Code: csvio.CodeUnknownHeader,
			Words: fmt.Sprintf("columns that are no known field: %d", len(im.result.Unknown))}}
	}
	return reader, nil
}

// checkLocked refuses a file with columns, or a mapping with defaults, of fields
// that the actor may not change. One that a download shows alone is not changed.
func (im *importRun) checkLocked() error {
	if !im.opt.Carries.values() {
		return nil // nothing is changed
	}
	names := slices.Sorted(maps.Keys(im.columns))
	if im.opt.saved != nil {
		names = append(names, slices.Sorted(maps.Keys(im.opt.saved.Defaults))...)
	}
	var locked []fault.Field
	for _, name := range names {
		def := im.fields.byKey[name]
		if def != nil && !im.shownOnly(def) && !im.actor.mayEdit(def.Field, im.opt.Kind, nil) || im.notGivable(name) {
			locked = append(locked, fault.Field{Name: name, Code: CodeNotEditable, Detail: "This account may not change this field."})
		}
	}
	if len(locked) == 0 {
		return nil
	}
	return &fault.Error{Kind: fault.Forbidden, Code: CodeNotEditable, Fields: locked,
		Detail: "The file has columns that this account may not change; leave them out by the mapping."}
}

// contract says which columns the file may and must have: the fields by key,
// label or common name.
func (im *importRun) contract() csvio.Contract {
	c := csvio.Contract{Mapping: im.opt.Mapping, Saved: im.opt.savedHeaders(), Order: im.opt.Dates, Refuse: refused}
	who, names := []string(nil), []string(nil)
	if im.opt.Mode == ImportUpdate {
		c.Targets = append(c.Targets, csvio.Target{Key: numberColumn})
		who = append(who, numberColumn)
	}
	if im.fields.byKey[collectedColumn] == nil {
		c.Targets = append(c.Targets, csvio.Target{Key: collectedColumn})
	}
	for _, def := range im.fields.list {
		if im.shownOnly(def) {
			continue // a download has such columns; an upload has nothing to say about them
		}
		c.Targets = append(c.Targets, csvio.Target{Key: def.Key, Names: slices.Sorted(maps.Values(def.Label))})
		if def.Unique {
			who = append(who, def.Key)
		}
		if def.Name {
			names = append(names, def.Key)
		}
		if def.Required && def.ShowIf == "" && im.opt.Mode == ImportCreate {
			c.Require = append(c.Require, []string{def.Key})
		}
	}
	if im.opt.Mode == ImportUpdate {
		for _, scheme := range slices.Sorted(maps.Keys(im.types)) {
			t := im.types[scheme]
			c.Targets = append(c.Targets, csvio.Target{Key: scheme, Names: append([]string{t.Key}, slices.Sorted(maps.Values(t.Label))...)})
			who = append(who, scheme)
		}
	}
	c.Targets = append(c.Targets, im.groupTargets()...)
	if im.opt.Mode == ImportCreate && im.opt.Kind == PersonKind {
		c.Targets = append(c.Targets, im.givenTargets()...)
	}
	if im.opt.Mode == ImportCreate && len(names) > 0 {
		c.Require = append(c.Require, names)
	}
	if im.opt.Mode == ImportUpdate {
		c.Require = append(c.Require, who)
	}
	c.Targets = append(c.Targets, im.decisionTargets()...) // last: no header that means a field means a decision
	return c
}

// shownOnly tells whether a download has a column of the field that an upload
// does not change.
func (im *importRun) shownOnly(def *fieldDef) bool { return def.Retired || def.Type == TypeComputed }

// readChunk reads up to n rows; io.EOF comes with the last ones.
func (im *importRun) readChunk(ctx context.Context, reader table, n int) ([]*importRow, error) {
	rows := make([]*importRow, 0, n)
	for len(rows) < n {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		row, err := reader.Next()
		switch bad := csvio.ProblemsOf(err); {
		case bad != nil:
			im.result.Rows++
			im.badRows++
			for _, p := range bad {
				im.found.add(p)
			}
		case err == io.EOF:
			return rows, io.EOF
		case err != nil:
			return nil, err
		default:
			im.result.Rows++
			rows = append(rows, im.readRow(reader.Columns(), row))
		}
	}
	return rows, nil
}

// readRow turns cells into values and identifiers.
func (im *importRun) readRow(columns []csvio.Column, in csvio.Row) *importRow {
	row := &importRow{line: in.Line, collected: im.opt.CollectedAt, set: make(map[string]string, len(columns))}
	given := map[string]string{}
	for i, c := range columns {
		in.Cells[i] = im.opt.saved.Value(c.Key, in.Cells[i])
		cell, def := in.Cells[i], im.fields.byKey[c.Key]
		switch t, _ := im.givenType(c.Key); {
		case cell == "":
		case c.Key == numberColumn:
			im.readNumber(row, cell)
		case c.Key == collectedColumn && def == nil:
			im.readCollected(row, c, cell)
		case c.Key == versionColumn && def == nil:
			row.readVersion(cell)
		case t != nil && im.opt.Mode == ImportCreate:
			given[c.Key] = cell
		case t != nil:
			im.readTyped(row, c, cell)
		case def != nil && !im.shownOnly(def) && (im.opt.Carries.values() || def.Unique):
			im.readCell(row, c, cell)
		}
	}
	im.readGiven(row, given)
	im.readAsks(row, in.Cells)
	return row
}

func (im *importRun) readNumber(row *importRow, cell string) {
	number, ok := cleanNumber(cell)
	if !ok {
		im.bad(row, numberColumn, CodeBadIdentifier, "This is not a registration number; a digit may be wrong.")
		return
	}
	row.number = number
}

func (im *importRun) readCollected(row *importRow, c csvio.Column, cell string) {
	at, flaw := csvio.ParseMoment(seal.Digits(cell), c.Order)
	if flaw != nil {
		im.bad(row, c.Key, flaw.Code, "The cell "+flaw.Words+".")
		return
	}
	row.collected = at
}

// readTyped reads an identifier of a type, which says whom the row means and is
// not changed by it.
func (im *importRun) readTyped(row *importRow, c csvio.Column, cell string) {
	flaw := csvio.CheckSpreadsheet(cell)
	if flaw == nil {
		flaw = csvio.CheckIdentifier(cell)
	}
	if flaw != nil {
		im.bad(row, c.Key, flaw.Code, "The cell "+flaw.Words+".")
		return
	}
	compared, doubt, wrong := im.types[c.Key].find(cell)
	if wrong != nil {
		im.bad(row, c.Key, wrong.code, wrong.words)
		return
	}
	row.ids = append(row.ids, importID{c.Key, im.r.keys.BlindIndex(c.Key, compared), doubt})
}

// readCell undoes what spreadsheets do to a cell and leaves everything else to
// the definition of the field.
func (im *importRun) readCell(row *importRow, c csvio.Column, cell string) {
	text, flaw := im.fields.byKey[c.Key].read(cell, c.Order)
	if flaw != nil {
		im.bad(row, c.Key, flaw.Code, "The cell "+flaw.Words+".")
		return
	}
	row.set[c.Key] = text
}

// read gives what a cell of the field says.
func (def *fieldDef) read(cell string, order csvio.DateOrder) (string, *csvio.CellError) {
	flaw := csvio.CheckSpreadsheet(cell)
	switch def.Type {
	case TypeDate:
		if flaw == nil {
			cell, flaw = csvio.ParseDate(seal.Digits(cell), order)
		}
	case TypeIdentifier, TypePhone:
		if flaw == nil {
			flaw = csvio.CheckIdentifier(cell)
		}
	case TypeChoice:
		cell = def.choiceByLabel(cell)
	case TypeMultiChoice:
		cell = def.choicesByLabel(cell)
	}
	return cell, flaw
}

// choiceByLabel gives the value of the choice that is written by its label.
func (def *fieldDef) choiceByLabel(cell string) string {
	for _, c := range def.Choices {
		if strings.EqualFold(c.Value, cell) {
			return c.Value
		}
	}
	for _, c := range def.Choices {
		for _, label := range c.Label {
			if strings.EqualFold(label, cell) {
				return c.Value
			}
		}
	}
	return cell
}

// choicesByLabel does the same for every part of a multi-choice cell.
func (def *fieldDef) choicesByLabel(cell string) string {
	parts := enteredChoices(cell)
	for i := range parts {
		parts[i] = def.choiceByLabel(parts[i])
	}
	return strings.Join(parts, choiceSeparator)
}

// bad notes a problem of a row; column is a field key or "".
func (im *importRun) bad(row *importRow, column, code, words string) {
	im.problem(row.line, column, code, words)
	if !row.bad {
		row.bad = true
		im.badRows++
	}
}

// problem names the column as the file does.
func (im *importRun) problem(line int, column, code, words string) {
	if c, ok := im.columns[column]; ok {
		column = c.Name
	}
	im.found.add(csvio.Problem{Line: line, Column: column, Code: code, Words: words})
}
