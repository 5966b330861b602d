package registry

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/fault"
	"socialregistry/registry/csvio"
)

// A file of new people may give them identifiers of types: a column of the type's
// key, or identifier:KEY where a field has the same name. What belongs to the
// identifier stands in columns of its own: identifier:KEY:valid_to.

// identifierHeader begins the header of a column of identifiers.
const identifierHeader = "identifier:"

// givenMembers are what a file may say of an identifier besides its value.
func givenMembers() []string { return []string{"valid_from", "valid_to", "issued_by"} }

// givenID is an identifier that a row gives to its new person.
type givenID struct {
	t    *idType
	row  *regIDRow // without a registrant; Enc once the person is built
	text string
	held bool // somebody who is there holds it already
}

// addableTypes reads the types of which a kind of registrant is given
// identifiers, by scheme.
func addableTypes(tx *gorm.DB, kind string) (map[string]*idType, error) {
	types, err := loadIdentifierTypes(tx)
	if err != nil {
		return nil, err
	}
	out := map[string]*idType{}
	for _, t := range types {
		if !t.Active || !t.isFor(kind) {
			continue
		}
		if out[t.scheme()], err = newIDType(t); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readTypes reads the types that a file may have columns of.
func (im *importRun) readTypes(tx *gorm.DB) (map[string]*idType, error) {
	if im.opt.Mode == ImportCreate {
		return addableTypes(tx, im.fields.kind)
	}
	return identifyingTypes(tx)
}

// givenTargets are the columns of identifiers in a file of new people.
func (im *importRun) givenTargets() []csvio.Target {
	var out []csvio.Target
	for _, scheme := range slices.Sorted(maps.Keys(im.types)) {
		key := im.types[scheme].Key
		out = append(out, csvio.Target{Key: scheme, Names: []string{key, identifierHeader + key}})
		for _, member := range givenMembers() {
			out = append(out, csvio.Target{Key: givenColumn(scheme, member), Names: []string{identifierHeader + key + ":" + member}})
		}
	}
	return out
}

// givenColumn is the key of the column of a member of an identifier.
func givenColumn(scheme, member string) string { return scheme + "/" + member }

// givenType gives the type that a column is about, and the member of the
// identifier: "" is its value.
func (im *importRun) givenType(column string) (t *idType, member string) {
	scheme, member, _ := strings.Cut(column, "/")
	return im.types[scheme], member
}

// notGivable tells whether a column is of identifiers that the actor may not add.
func (im *importRun) notGivable(column string) bool {
	t, _ := im.givenType(column)
	return t != nil && im.opt.Mode == ImportCreate && t.editableBy(im.actor, &record{row: registrantRow{Kind: im.fields.kind}}) != nil
}

// readGiven reads the identifiers that a row gives: cells by the key of their
// column.
func (im *importRun) readGiven(row *importRow, cells map[string]string) {
	seen := map[string]bool{}
	for _, column := range slices.Sorted(maps.Keys(cells)) {
		t, _ := im.givenType(column)
		if seen[t.Key] {
			continue
		}
		seen[t.Key] = true
		n, fine := im.newIdentifier(row, t, cells)
		if !fine {
			continue
		}
		draft, text, err := im.r.draftIdentifier(t, &record{}, im.actor, n, im.at)
		var invalid *fault.Error
		if errors.As(err, &invalid) {
			im.badGiven(row, t, invalid.Fields)
			continue
		}
		draft.Seq = len(row.given) + 1
		row.given = append(row.given, givenID{t: t, row: draft, text: text})
	}
}

// newIdentifier undoes what spreadsheets do to the cells of an identifier, and
// reads its days as the file writes days; false: a cell is lost.
func (im *importRun) newIdentifier(row *importRow, t *idType, cells map[string]string) (n NewIdentifier, fine bool) {
	fine = true
	flawed := func(column string, flaw *csvio.CellError) {
		if flaw != nil {
			im.bad(row, column, flaw.Code, "The cell "+flaw.Words+".")
			fine = false
		}
	}
	day := func(member string) (text string) {
		column := givenColumn(t.scheme(), member)
		if cells[column] != "" {
			var flaw *csvio.CellError
			text, flaw = csvio.ParseDate(cells[column], im.columns[column].Order)
			flawed(column, flaw)
		}
		return text
	}
	n = NewIdentifier{Type: t.Key, Value: cells[t.scheme()], IssuedBy: cells[givenColumn(t.scheme(), "issued_by")],
		ValidFrom: day("valid_from"), ValidTo: day("valid_to")}
	flaw := csvio.CheckSpreadsheet(n.Value)
	if flaw == nil {
		flaw = csvio.CheckIdentifier(n.Value)
	}
	flawed(t.scheme(), flaw)
	return n, fine
}

// badGiven names the column of each mistake in an identifier: that of its value
// where the file has none for the member.
func (im *importRun) badGiven(row *importRow, t *idType, wrong []fault.Field) {
	for _, f := range wrong {
		column := givenColumn(t.scheme(), f.Name)
		if _, ok := im.columns[column]; !ok {
			column = t.scheme()
		}
		im.bad(row, column, f.Code, f.Detail)
	}
}

// givenDiff is what the log of a new person says of the identifiers.
func (row *importRow) givenDiff() []diffEntry {
	var out []diffEntry
	for _, g := range row.given {
		out = append(out, g.row.diff(nil, g.text)...)
	}
	return out
}

// give seals the identifiers of a row for the person that was built of it, and
// adds what finds them.
func (im *importRun) give(row *importRow, c *built) error {
	if len(row.given) == 0 {
		return nil
	}
	key, err := im.r.keys.OpenRecord(c.Row.ID, c.NewKey.wrapped())
	if err != nil {
		return err
	}
	for _, g := range row.given {
		g.row.RegistrantID = c.Row.ID
		g.row.Enc = key.Seal(sealedIdentifier, g.row.name(), []byte(g.text))
		c.Added = append(c.Added, g.row.index(g.t))
	}
	return nil
}

// givenIDs are the unique ones of a row that could not be built: they are doubled
// in the file all the same.
func (row *importRow) givenIDs() []importID {
	var out []importID
	for _, g := range row.given {
		if g.t.Unique {
			out = append(out, importID{scheme: g.t.scheme(), bidx: g.row.Bidx})
		}
	}
	return out
}

// compareGiven notes the rows that give somebody who is there an identifier that
// this person does not hold: such a row says something else than the registry.
func (im *importRun) compareGiven(tx *gorm.DB, whose map[*importRow]uuid.UUID) error {
	var ids []uuid.UUID
	for row, id := range whose {
		if len(row.given) > 0 {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var found []identifierRow
	if err := tx.Where("registrant_id IN ? AND scheme IN ?", ids, slices.Collect(maps.Keys(im.types))).Find(&found).Error; err != nil {
		return fmt.Errorf("look up the identifiers of people: %w", err)
	}
	held := map[string]bool{}
	for _, f := range found {
		held[f.RegistrantID.String()+importID{scheme: f.Scheme, bidx: f.Bidx}.key()] = true
	}
	for row, id := range whose {
		for i, g := range row.given {
			row.given[i].held = held[id.String()+importID{scheme: g.t.scheme(), bidx: g.row.Bidx}.key()]
			row.lacks = row.lacks || !row.given[i].held
		}
	}
	return nil
}

// stageGiven gives the staged identifiers of a row.
func (im *importRun) stageGiven(row *importRow) [][]any {
	var out [][]any
	for _, g := range row.given {
		out = append(out, []any{im.stage, row.line, g.row.Seq, g.row.Type, g.row.Enc, g.row.Bidx, g.row.ValidFrom, g.row.ValidTo, g.row.IssuedBy})
	}
	return out
}

// givenStageColumns are the columns of import_stage_given, in the order of
// stageGiven.
func givenStageColumns() []string {
	return []string{"run_no", "line", "seq", "type", "enc", "bidx", "valid_from", "valid_to", "issued_by"}
}

func insertGiven() statement {
	return statement{"insert registrant_identifier", `INSERT INTO registrant_identifier (` + regIDColumns + `)
		SELECT s.registrant_id, g.seq, g.type, g.enc, g.bidx, @valid, g.valid_from, g.valid_to, g.issued_by, 1, @actor, @at, @actor, @at
		FROM import_stage_given g JOIN import_stage s ON s.run_no = g.run_no AND s.line = g.line
		WHERE g.run_no = @run`}
}

// checkTypes stops a merge of identifiers that were checked by types which are
// not those any more, and keeps the types as they are until it has ended.
func (im *importRun) checkTypes(tx *gorm.DB) error {
	used := map[string]int{}
	for column := range im.columns {
		if t, _ := im.givenType(column); t != nil {
			used[t.Key] = t.Version
		}
	}
	if len(used) == 0 || im.opt.Mode != ImportCreate {
		return nil
	}
	var now []idTypeRow
	err := tx.Raw(`SELECT `+idTypeColumns+` FROM identifier_type WHERE key IN ?`+im.r.db.Dialect.ForShare(), slices.Sorted(maps.Keys(used))).Scan(&now).Error
	if err != nil {
		return fmt.Errorf("lock identifier types: %w", err)
	}
	for _, t := range now {
		if used[t.Key] != t.Version {
			return fault.New(fault.Conflict, "definitions_changed", "Somebody changed an identifier type while the file was read. Nothing was changed; import the file again.")
		}
	}
	return nil
}
