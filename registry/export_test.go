package registry

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"socialregistry/registry/seal"
)

// What the tests need of the inside.

var (
	FormatNumber = formatNumber
	CleanNumber  = cleanNumber
	NumberFrom   = numberFrom
	MisreadAt    = misreadAt
	SearchText   = searchText
	PlainDecimal = plainDecimal
	BandOn       = bandOn
)

// Canonical checks one value against a definition on the day today.
func Canonical(f Field, raw string, today time.Time) (text, code string) {
	def, err := newFieldDef(f.withDefaults())
	if err != nil {
		return "", err.Error()
	}
	text, wrong := def.canonical(raw, today.Format(time.DateOnly))
	if wrong != nil {
		return "", wrong.code
	}
	return text, ""
}

// CheckText gives the code of what is wrong with a text, or "".
func CheckText(raw string) string {
	if wrong := checkText(raw); wrong != nil {
		return wrong.code
	}
	return ""
}

// CoreFields reads definitions as New does.
func CoreFields(text []byte) ([]Field, error) { return readCoreFields(text) }

// TypedFields and TypedColumn show the mapping of fields to columns.
func TypedFields() []string          { return typedFields() }
func TypedColumn(key string) *string { return new(values).typed(key) }

// BlindIndex computes what stands in the table identifier.
func (r *Registry) BlindIndex(scheme, value string) []byte { return r.keys.BlindIndex(scheme, value) }

// NumberBlock is how many numbers are leased at once.
const NumberBlock = numberBlock

// FreeNumbers is how many numbers are leased and not used yet.
func (r *Registry) FreeNumbers() int { return len(r.numbers.free) }

// HashSize is the size of a keyed hash.
const HashSize = seal.HashSize

// TakeNumbers leases registration numbers.
func (r *Registry) TakeNumbers(ctx context.Context, n int) ([]string, error) {
	return r.takeNumbers(ctx, n)
}

// ScopeFor tells which scope opens an action.
func ScopeFor(act string) Scope { return scopeFor(action(act)) }

// Limits of kinship.
const (
	MaxAncestors = maxAncestors
	MaxRelatives = maxRelatives
	MaxTies      = maxTies
)

// NewTable arranges numbers, by row and column, and hides the small ones.
func NewTable(n [][]int64, least int64) Table {
	var rows, columns [][]string
	var numbers []tally
	for r, line := range n {
		rows = append(rows, []string{strconv.Itoa(r)})
		for c, n := range line {
			if r == 0 {
				columns = append(columns, []string{strconv.Itoa(c)})
			}
			numbers = append(numbers, tally{rows[r], columns[c], n})
		}
	}
	return newTable(rows, columns, numbers, least)
}

// NewTableOfTotals is NewTable where the totals of rows are known.
func NewTableOfTotals(n [][]int64, least int64) Table {
	var rows, columns [][]string
	var numbers []tally
	for c := range n[0] {
		columns = append(columns, []string{strconv.Itoa(c)})
	}
	for r, line := range n {
		rows = append(rows, []string{strconv.Itoa(r)})
		for c, n := range line {
			numbers = append(numbers, tally{rows[r], columns[c], n})
		}
	}
	return newTableOfTotals(rows, columns, numbers, least)
}

// NewTableOfParts is NewTable where each row counts a part of a number that is known.
func NewTableOfParts(n [][]int64, whole, least int64) Table {
	var rows, columns [][]string
	var numbers []tally
	for c := range n[0] {
		columns = append(columns, []string{strconv.Itoa(c)})
	}
	for r, line := range n {
		rows = append(rows, []string{strconv.Itoa(r)})
		for c, n := range line {
			numbers = append(numbers, tally{rows[r], columns[c], n})
		}
	}
	return newTableOfParts(rows, columns, numbers, func([]string) int64 { return whole }, least)
}

// StatesTold gives the totals of the states of one field that are told: states are
// numbers by state and month, people is how many there are.
func StatesTold(states [][]int64, people int64) map[string]int64 {
	var rows []counted
	for s, line := range states {
		for m, n := range line {
			if n > 0 {
				rows = append(rows, counted{A: "state" + strconv.Itoa(s), B: strconv.Itoa(m), People: n})
			}
		}
	}
	out := map[string]int64{}
	for _, x := range statesTold(rows, people) {
		out[x.row[0]] += x.n
	}
	return out
}

// LogChunk is how many entries of the log of a record are read at once.
const LogChunk = logChunk

// UndoBatch is how many people one transaction of an undo holds.
const UndoBatch = undoBatch

// SwitchBatch is how many people one transaction of a bulk switch holds.
const SwitchBatch = switchBatch

const GroupBatch = groupBatch

// ReadAreaFile reads a file of areas and puts it into a tree, as a dry run in an
// empty registry does.
func ReadAreaFile(file []byte) (created, mistakes int, err error) {
	found := &problems{}
	lines, err := readAreaFile(bytes.NewReader(file), found)
	if err != nil {
		return 0, 0, err
	}
	tree := newAreaTree(nil, found)
	tree.overlay(lines)
	tree.arrange()
	return tree.result(len(lines)).Created, found.count, nil
}

// AdminHistory gives the whole history of one subject, oldest first; none is an
// empty list. It returns the errors of AdminHistoryPage.
func (r *Registry) AdminHistory(ctx context.Context, a Actor, subject string) ([]AdminEntry, error) {
	var out []AdminEntry
	for after := ""; ; {
		page, err := r.AdminHistoryPage(ctx, a, subject, after, maxPage)
		if err != nil {
			return nil, err
		}
		out = append(out, page.Entries...)
		if after = page.Next; after == "" {
			return out, nil
		}
	}
}
