package registry

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/csvio"
	"socialregistry/registry/mapping"
	"socialregistry/registry/seal"
)

// apply writes the rows of a page. They go through the same steps as the rows of a
// file, in waves: no two rows of a wave are about one person, so that a page may
// hold several changes of somebody, and each finds what the one before has made.
func (p *pulling) apply(tx *gorm.DB, page sourcePage, now db.Time) error {
	w, err := p.newRowWriter(tx, now)
	if err != nil {
		return err
	}
	rows := make([]*importRow, len(page.rows))
	for i, row := range page.rows {
		rows[i] = w.read(i+1, row)
	}
	for rest := rows; len(rest) > 0; {
		if rest, err = w.wave(rest); err != nil {
			return err
		}
	}
	p.run.RowCount += len(rows)
	p.run.Created, p.run.Updated = p.run.Created+w.created, p.run.Updated+w.updated
	p.run.Failed += w.im.badRows
	p.run.Unchanged += len(rows) - w.created - w.updated - w.im.badRows
	return p.keepProblems(tx, w.im.found.sorted())
}

// keepProblems stores the first MaxProblems of a pull.
func (p *pulling) keepProblems(tx *gorm.DB, found []csvio.Problem) error {
	var rows []sourceProblemRow
	for _, x := range found {
		if p.run.ProblemCount++; p.run.ProblemCount <= MaxProblems {
			rows = append(rows, sourceProblemRow{p.run.ID, p.run.ProblemCount, p.run.Pages, x.Line, x.Column, x.Code, x.Words})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if err := tx.CreateInBatches(rows, 500).Error; err != nil {
		return fmt.Errorf("keep the problems of a pull: %w", err)
	}
	return nil
}

// rowWriter writes rows one by one within a transaction.
type rowWriter struct {
	tx      *gorm.DB
	im      *importRun // reads and builds rows; nothing is staged
	upsert  bool
	columns []csvio.Column // by path
	label   string         // names the versions, but a second one of somebody
	named   []uuid.UUID    // those of the wave who have one of this name
	created int
	updated int
}

// newRowWriter makes a writer for the mapping of the source as it is now.
func (p *pulling) newRowWriter(tx *gorm.DB, now db.Time) (*rowWriter, error) {
	m, err := loadMapping(tx, p.src.Mapping, p.r.db.Dialect.ForShare())
	if err != nil {
		return nil, err
	}
	if m.Kind != PersonKind {
		return nil, fault.New(fault.Conflict, "mapping_kind", "The saved mapping of this source is not of people any more.")
	}
	a := Actor{Name: "source " + p.src.Key, Roles: []Role{RoleSystem}, Channel: ChannelImport}
	w := &rowWriter{tx: tx, upsert: m.Mode == mapping.Upsert}
	mode := ImportMode(m.Mode)
	if w.upsert {
		mode = ImportCreate
	}
	w.im = &importRun{r: p.r, actor: a, at: now, opt: ImportOptions{Mode: mode, Kind: PersonKind, saved: &m.Mapping}, columns: map[string]csvio.Column{}}
	if w.im.fields, err = p.r.fieldSet(tx); err != nil {
		return nil, err
	}
	if w.im.types, err = w.im.readTypes(tx); err != nil {
		return nil, err
	}
	w.im.builder = p.r.newBuilder(w.im.fields, a, "pulled from the source "+p.src.Key, now)
	w.im.builder.hasDocument = func(id uuid.UUID, sha256 string) (bool, error) { return p.r.hasDocument(tx, id, sha256) }
	if label := p.src.Spec.V.VersionLabel; label != "" {
		w.label = label + " " + p.run.BegunAt.UTC().Format("2006-01-02 15:04:05")
	}
	for _, path := range slices.Sorted(maps.Keys(m.Headers)) {
		if key := columnOfType(m.Headers[path]); key != "" {
			c := csvio.Column{Name: path, Key: key, Order: csvio.DateOrder(m.Dates)}
			w.columns, w.im.columns[key] = append(w.columns, c), c
		}
	}
	return w, w.im.checkColumns()
}

// checkColumns refuses a mapping that names what is not there any more.
func (im *importRun) checkColumns() error {
	for _, key := range slices.Sorted(maps.Keys(im.columns)) {
		def := im.fields.byKey[key]
		if t, _ := im.givenType(key); def == nil && t == nil && !isColumn(key, im.opt.Kind) {
			return fault.New(fault.Conflict, csvio.CodeMappingField, "The saved mapping names a field that is not there any more.")
		}
	}
	return im.checkLocked()
}

// read turns a row of a page into values and identifiers. Where several paths are
// one field, the first with a value counts.
func (w *rowWriter) read(no int, raw mapping.RawRow) *importRow {
	bad := &importRow{line: no}
	in, err := raw.Read()
	if err != nil {
		w.im.bad(bad, "", "row_too_large", fmt.Sprintf("A row has at most %d KiB.", mapping.MaxRow>>10))
		return bad
	}
	if in == nil {
		w.im.bad(bad, "", "not_a_row", "This is no object.")
		return bad
	}
	var columns []csvio.Column
	row, taken := csvio.Row{Line: no}, map[string]bool{}
	for _, c := range w.columns {
		text, ok := in.Text(c.Name)
		if text = strings.TrimSpace(text); !ok {
			w.im.bad(bad, c.Key, "not_a_value", "This is neither a text, a number nor a list of them.")
		}
		if text != "" && !taken[c.Key] {
			taken[c.Key] = true
			columns, row.Cells = append(columns, c), append(row.Cells, text)
		}
	}
	if bad.bad {
		return bad
	}
	out := w.im.readRow(columns, row)
	w.im.findIDs(out)
	if !out.bad && out.number == "" && len(out.ids) == 0 {
		w.im.bad(out, "", CodeNoIdentifier, "This row has no identifier: it does not say whom it means.")
	}
	return out
}

// wave writes the rows that are about different people, and gives the others.
func (w *rowWriter) wave(rows []*importRow) (rest []*importRow, err error) {
	now, rest := firstOfEach(rows)
	owners, err := findOwners(w.tx, now)
	if err != nil {
		return nil, err
	}
	whose, taken := map[*importRow]uuid.UUID{}, map[uuid.UUID]bool{}
	wave := now[:0]
	for _, row := range now {
		id := w.im.identify(row, owners)
		if taken[id] {
			rest = append(rest, row)
			continue
		}
		if id != uuid.Nil {
			whose[row], taken[id] = id, true
		}
		wave = append(wave, row)
	}
	if err := w.load(whose, slices.Collect(maps.Keys(taken))); err != nil {
		return nil, err
	}
	for _, row := range wave {
		if err := w.write(row); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(rest, func(a, b *importRow) int { return a.line - b.line })
	return rest, nil
}

// firstOfEach splits good rows so that none of the first share an identifier.
func firstOfEach(rows []*importRow) (now, rest []*importRow) {
	seen := map[string]bool{}
	for _, row := range rows {
		if row.bad {
			continue
		}
		keys := []string{"\x00" + row.number}
		if row.number == "" {
			keys = nil
		}
		for _, id := range row.ids {
			keys = append(keys, id.key())
		}
		if slices.ContainsFunc(keys, func(k string) bool { return seen[k] }) {
			rest = append(rest, row)
		} else {
			now = append(now, row)
		}
		for _, k := range keys { // of a row that waits, too: what comes later stays behind it
			seen[k] = true
		}
	}
	return now, rest
}

// load locks and reads the people whom rows mean.
func (w *rowWriter) load(whose map[*importRow]uuid.UUID, ids []uuid.UUID) error {
	if len(ids) == 0 {
		return nil
	}
	var locked, named []uuid.UUID
	err := errors.Join(
		w.tx.Raw(`SELECT id FROM registrant WHERE id IN ? ORDER BY id`+w.im.r.db.Dialect.ForUpdate(), ids).Scan(&locked).Error,
		w.tx.Raw(`SELECT registrant_id FROM registrant_version WHERE label = ? AND registrant_id IN ?`, w.label, ids).Scan(&named).Error)
	if err != nil {
		return fmt.Errorf("lock the people of a page: %w", err)
	}
	w.named = named
	if err := w.im.compareGiven(w.tx, whose); err != nil {
		return err
	}
	return w.im.loadPeople(w.tx, whose)
}

// write decides what becomes of a row and stores it. What speaks against it is a
// problem of this row alone.
func (w *rowWriter) write(row *importRow) error {
	w.im.builder.label = w.label
	if row.person != nil && slices.Contains(w.named, row.person.row.ID) {
		w.im.builder.label = ""
	}
	if w.upsert && row.person != nil {
		w.compareIDs(row)
	}
	decide := w.im.settleRow
	if row.person == nil || w.upsert {
		decide = w.im.build
	}
	if err := decide(row); err != nil {
		return err
	}
	adds := w.upsert && row.person != nil && row.lacks
	if row.bad || row.built == nil && len(row.requests) == 0 && !adds {
		return nil
	}
	err := w.tx.Transaction(func(tx *gorm.DB) error { return w.store(tx, row) })
	var against *fault.Error
	switch {
	case errors.As(err, &against) && against.Kind != fault.Internal:
		w.im.bad(row, columnAgainst(against), against.Code, against.Detail)
	case err != nil:
		return err
	case row.person == nil:
		w.created++
	default:
		w.updated++
	}
	return nil
}

// compareIDs refuses a row that one of its identifiers takes for somebody who has
// another one otherwise: perhaps it is somebody else. A registration number leaves
// no doubt.
func (w *rowWriter) compareIDs(row *importRow) {
	if row.number != "" {
		return
	}
	for _, def := range w.im.fields.list {
		is, was := row.set[def.Key], row.person.text[def.Key]
		if def.Unique && is != "" && was != "" && seal.Normalise(is) != seal.Normalise(was) {
			w.im.bad(row, def.Key, CodeTwoPeople, "Another identifier of this row belongs to somebody who has a different value here.")
		}
	}
}

// columnAgainst is the column that a refusal is about, or "".
func columnAgainst(f *fault.Error) string {
	if len(f.Fields) == 1 {
		return f.Fields[0].Name
	}
	return ""
}

// store writes one row, with its identifiers.
func (w *rowWriter) store(tx *gorm.DB, row *importRow) error {
	r := w.im.r
	if row.person == nil {
		next, err := r.lockCounter(tx)
		if err != nil {
			return err
		}
		row.built.Row.Number, next = numberFrom(next)
		if err := moveCounter(tx, next); err != nil {
			return err
		}
		if err := r.store(tx, row.built); err != nil {
			return err
		}
		return storeGiven(tx, row)
	}
	rec := *row.person
	if row.built != nil {
		if err := r.store(tx, row.built); err != nil {
			return err
		}
		rec.row = row.built.Row
	}
	if err := r.storeAsked(tx, &rec, row); err != nil {
		return err
	}
	return w.addGiven(tx, &rec, row)
}

// storeGiven stores the identifiers of a new person; the log of the registration
// names them.
func storeGiven(tx *gorm.DB, row *importRow) error {
	for _, g := range row.given {
		if err := tx.Create(g.row).Error; err != nil {
			return fmt.Errorf("store an identifier: %w", err)
		}
	}
	return nil
}

// addGiven adds what a person does not hold yet.
func (w *rowWriter) addGiven(tx *gorm.DB, rec *record, row *importRow) error {
	var diff []diffEntry
	for _, g := range row.given {
		if g.held {
			continue
		}
		g.row.RegistrantID = rec.row.ID
		if err := w.im.r.insertIdentifier(tx, g.t, rec, g.row, g.text); err != nil {
			return err
		}
		diff = append(diff, g.row.diff(nil, g.text)...)
	}
	if len(diff) == 0 {
		return nil
	}
	return w.im.r.note(tx, w.im.builder, rec, diff...)
}
