package registry

import (
	"slices"
	"strconv"
	"strings"

	"socialregistry/internal/fault"
	"socialregistry/registry/csvio"
)

// A download may hold columns about the decisions on each value, and an upload
// that carries decisions reads them back:
//
//	KEY              the value that a decision is about
//	KEY:attestation  what is decided; empty, or as it is: nothing
//	KEY:comment      why
//
// KEY:attested_by is there to be read by people. KEY:attested_at, where the file has
// it, says which decision the row shows: one that was made after the download is not
// overturned by a cell that was written before it.
const (
	versionColumn  = "version_no"
	decisionColumn = ":attestation"
	commentColumn  = ":comment"
	byColumn       = ":attested_by"
	sinceColumn    = ":attested_at"
)

// CodeValueChanged says that a decision of a file is about a value which is not
// the one that the registry has.
const CodeValueChanged = "value_changed"

// CodeDecidedMeanwhile says that a value was decided on, or a decision taken back,
// after the file was downloaded.
const CodeDecidedMeanwhile = "decided_meanwhile"

// decisionColumns are the places of the columns about one field in a row of
// cells; -1: the file has none.
type decisionColumns struct {
	def            *fieldDef
	order          csvio.DateOrder // of the value, if it is a date
	state, comment int
	value, version int
	since          int
}

// ask is a cell that may decide about a value.
type ask struct {
	def     *fieldDef
	order   csvio.DateOrder
	state   State
	status  string // in the place of the state
	comment string
	value   *string // the cell of the value; nil: the file has none
	version int     // that the row shows; 0: it does not say
	since   *string // when the decision was made that the row shows; nil: the file does not say
}

// checkUpload decides who may send a file: values need the right to import, which
// holds for the registry as a whole; decisions the right to attest, within bounds.
func (a Actor) checkUpload(c Carries) error {
	if c != CarriesAttestations {
		if err := a.check(toImport); err != nil {
			return err
		}
	}
	if c == CarriesAttestations || c == CarriesBoth {
		return a.checkWithin(toAttest)
	}
	return nil
}

// access is what the rows of the file are read for.
func (im *importRun) access() access {
	if im.opt.Carries.values() {
		return im.actor.to(toImport)
	}
	return im.actor.to(toAttest)
}

// decisionTargets are the columns that a download may hold beside values: they
// are known in every file, and left out where they say nothing.
func (im *importRun) decisionTargets() []csvio.Target {
	var list []csvio.Target
	add := func(key string) {
		if im.fields.byKey[key] == nil {
			list = append(list, csvio.Target{Key: key})
		}
	}
	if im.opt.Mode == ImportUpdate {
		add(versionColumn)
	}
	for _, def := range im.fields.list {
		if im.shownOnly(def) && im.opt.Carries.decisions() {
			list = append(list, csvio.Target{Key: def.Key})
		}
		for _, suffix := range []string{decisionColumn, commentColumn, byColumn, sinceColumn} {
			add(def.Key + suffix)
		}
	}
	return list
}

// reads tells whether the file was sent for a column.
func (im *importRun) reads(key string) bool {
	if im.fields.byKey[key] != nil {
		return true
	}
	for _, suffix := range []string{decisionColumn, commentColumn, sinceColumn} {
		if strings.HasSuffix(key, suffix) {
			return im.opt.Carries.decisions()
		}
	}
	return !strings.HasSuffix(key, byColumn)
}

// bindDecisions finds the columns of decisions. It refuses a file without one,
// one that decides about values which it does not show, and one about a field
// that the actor is not told.
func (im *importRun) bindDecisions(columns []csvio.Column) error {
	im.decides = nil
	if !im.opt.Carries.decisions() {
		return nil
	}
	place := func(key string) int {
		return slices.IndexFunc(columns, func(c csvio.Column) bool { return c.Key == key })
	}
	var hidden []fault.Field
	for _, def := range im.fields.list {
		d := decisionColumns{def: def, state: place(def.Key + decisionColumn), comment: place(def.Key + commentColumn),
			value: place(def.Key), version: place(versionColumn), since: place(def.Key + sinceColumn)}
		switch {
		case d.state < 0:
			continue
		case !im.actor.maySee(def.Field):
			hidden = append(hidden, fault.Field{Name: def.Key, Code: "not_visible", Detail: "This account may not see this field."})
			continue
		case d.value < 0 && d.version < 0:
			return missingColumn("a column is missing for the field %s: a decision is about the value that the row shows", def.Key)
		case d.value >= 0:
			d.order = columns[d.value].Order
		}
		im.decides = append(im.decides, d)
	}
	if len(hidden) > 0 {
		return &fault.Error{Kind: fault.Forbidden, Code: "not_visible", Fields: hidden, Detail: "The file decides about fields that this account may not see; leave them out by the mapping."}
	}
	if len(im.decides) == 0 {
		return missingColumn("the file decides about nothing: a column such as %s is missing", "sex"+decisionColumn)
	}
	return nil
}

func missingColumn(words, name string) error {
	return &csvio.FileError{Problem: csvio.Problem{Line: 1, Code: csvio.CodeMissingHeader, Words: strings.ReplaceAll(words, "%s", name)}}
}

// readAsks reads the cells that may decide about something.
func (im *importRun) readAsks(row *importRow, cells []string) {
	at := func(i int) string {
		if i < 0 {
			return ""
		}
		return cells[i]
	}
	for _, d := range im.decides {
		if cells[d.state] == "" {
			continue
		}
		a := ask{def: d.def, order: d.order, state: State(strings.ToUpper(cells[d.state])), comment: at(d.comment)}
		if !a.state.Known() {
			a.state, a.status = "", strings.ToLower(cells[d.state])
		}
		if d.value >= 0 {
			a.value = &cells[d.value]
		}
		if d.since >= 0 {
			a.since = &cells[d.since]
		}
		if n, err := strconv.Atoi(at(d.version)); err == nil {
			a.version = n
		}
		row.asks = append(row.asks, a)
	}
}
