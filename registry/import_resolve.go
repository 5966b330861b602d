package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// resolve finds for every good row of a chunk the person whom it means, and
// reads their records, in a few statements for the whole chunk.
func (im *importRun) resolve(ctx context.Context, rows []*importRow) error {
	return im.r.db.Read(ctx, func(tx *gorm.DB) error {
		owners, err := findOwners(tx, rows)
		if err != nil {
			return err
		}
		whose := map[*importRow]uuid.UUID{}
		for _, row := range rows {
			if row.bad {
				continue
			}
			if id := im.identify(row, owners); id != uuid.Nil {
				whose[row] = id
			}
		}
		if err := im.compareGiven(tx, whose); err != nil {
			return err
		}
		if err := im.loadPeople(tx, whose); err != nil {
			return err
		}
		return im.loadDecisions(tx, rows, whose)
	})
}

// owners says whose the identifiers and registration numbers of a chunk are.
type owners struct {
	byID     map[string]uuid.UUID // scheme, a zero byte, blind index
	byNumber map[string]uuid.UUID
	groups   map[uuid.UUID]bool // owners that are no people
}

func (id importID) key() string { return id.scheme + "\x00" + string(id.bidx) }

func findOwners(tx *gorm.DB, rows []*importRow) (owners, error) {
	out := owners{map[string]uuid.UUID{}, map[string]uuid.UUID{}, map[uuid.UUID]bool{}}
	schemes, numbers := map[string][]db.Bytes{}, []string(nil)
	for _, row := range rows {
		for _, id := range row.ids {
			schemes[id.scheme] = append(schemes[id.scheme], id.bidx)
		}
		if row.number != "" {
			numbers = append(numbers, row.number)
		}
	}
	for scheme, list := range schemes {
		var found []identifierRow
		if err := tx.Where("scheme = ? AND bidx IN ? AND is_unique", scheme, list).Find(&found).Error; err != nil {
			return out, fmt.Errorf("find people by identifier: %w", err)
		}
		for _, f := range found {
			out.byID[importID{scheme: f.Scheme, bidx: f.Bidx}.key()] = f.RegistrantID
		}
	}
	if len(numbers) > 0 {
		if err := out.addNumbers(tx, numbers); err != nil {
			return out, err
		}
	}
	return out, out.findGroups(tx)
}

func (o *owners) addNumbers(tx *gorm.DB, numbers []string) error {
	var found []registrantRow
	if err := tx.Select("id", "number").Where("number IN ?", numbers).Find(&found).Error; err != nil {
		return fmt.Errorf("find people by registration number: %w", err)
	}
	for _, f := range found {
		o.byNumber[f.Number] = f.ID
	}
	return nil
}

// findGroups tells which owners are groups. They have numbers as people have, and
// perhaps identifiers of a type or field that is for both, or was once.
func (o *owners) findGroups(tx *gorm.DB) error {
	ids := slices.AppendSeq(slices.Collect(maps.Values(o.byID)), maps.Values(o.byNumber))
	if len(ids) == 0 {
		return nil
	}
	var groups []uuid.UUID
	if err := tx.Raw(`SELECT id FROM registrant WHERE id IN ? AND kind <> ?`, ids, PersonKind).Scan(&groups).Error; err != nil {
		return fmt.Errorf("find the groups among the owners of identifiers: %w", err)
	}
	for _, id := range groups {
		o.groups[id] = true
	}
	return nil
}

// identify gives the person that a row means, or Nil: a new one, or a problem.
func (im *importRun) identify(row *importRow, o owners) uuid.UUID {
	var who uuid.UUID
	if row.number != "" {
		if who = o.byNumber[row.number]; who == uuid.Nil || o.groups[who] {
			im.bad(row, numberColumn, CodeNotFound, "Nobody is registered under this number.")
			return uuid.Nil
		}
	}
	for _, id := range row.ids {
		owner := o.byID[id.key()]
		if o.groups[owner] {
			code := CodeNotFound
			if im.opt.Mode == ImportCreate {
				code = CodeExists
			}
			im.bad(row, id.scheme, code, "This is the identifier of a group, not of a person.")
			return uuid.Nil
		}
		if owner == uuid.Nil && im.types[id.scheme] != nil && im.opt.Mode == ImportUpdate { // it would be left out in silence
			wrong := id.doubt
			if wrong == nil {
				wrong = &mistake{CodeNotFound, "Nobody is registered with this identifier."}
			}
			im.bad(row, id.scheme, wrong.code, wrong.words)
			return uuid.Nil
		}
		if owner != uuid.Nil && who != uuid.Nil && owner != who {
			im.bad(row, id.scheme, CodeTwoPeople, "The identifiers of this row belong to two different people.")
			return uuid.Nil
		}
		if owner != uuid.Nil {
			who = owner
		}
	}
	switch {
	case who != uuid.Nil || im.opt.Mode == ImportCreate:
	case len(row.ids) == 0:
		im.bad(row, "", CodeNoIdentifier, "This row has no identifier: it does not say whom it means.")
	default:
		im.bad(row, row.ids[0].scheme, CodeNotFound, "Nobody is registered with this identifier.")
	}
	return who
}

// loadPeople reads the records of the people that rows mean.
func (im *importRun) loadPeople(tx *gorm.DB, whose map[*importRow]uuid.UUID) error {
	if len(whose) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, 0, len(whose))
	for _, id := range whose {
		ids = append(ids, id)
	}
	var keys []keyRow
	people, err := findRows(tx, im.access(), ids, "")
	if err == nil {
		err = tx.Where("registrant_id IN ?", ids).Find(&keys).Error
	}
	if err != nil {
		return fmt.Errorf("load the people of an import: %w", err)
	}
	if err := im.openPeople(whose, people, keys); err != nil {
		return err
	}
	if err := im.loadShown(tx, whose); err != nil {
		return err
	}
	return im.loadRequests(tx, ids, whose)
}

func (im *importRun) openPeople(whose map[*importRow]uuid.UUID, people []placedRow, keys []keyRow) error {
	rowOf, keyOf := map[uuid.UUID]placedRow{}, map[uuid.UUID]keyRow{}
	for _, p := range people {
		rowOf[p.Row.ID] = p
	}
	for _, k := range keys {
		keyOf[k.RegistrantID] = k
	}
	for row, id := range whose {
		found := rowOf[id]
		above := pathCodes(string(found.Path))
		if !im.access().reaches(&found.Row, above) {
			im.bad(row, im.identifying(row), CodeNotFound, "Nobody is registered under this number or identifier.")
			continue
		}
		wrapped, ok := keyOf[id]
		if !ok {
			im.bad(row, "", CodeNotFound, "The record of this person has been erased.")
			continue
		}
		key, err := im.r.keys.OpenRecord(id, wrapped.wrapped())
		if err != nil {
			return err
		}
		rec, err := openRecord(found.Row, key)
		if err != nil {
			return err
		}
		rec.above = above
		row.person = &rec
	}
	return nil
}

// draft finds the unique identifiers of a row. In create mode it builds the new
// person, who has them already.
func (im *importRun) draft(row *importRow) error {
	if im.opt.Mode == ImportCreate {
		if err := im.build(row); err != nil {
			return err
		}
	}
	if row.built != nil {
		for _, id := range row.built.Added {
			if id.IsUnique {
				row.ids = append(row.ids, importID{scheme: id.Scheme, bidx: id.Bidx})
			}
		}
		return nil
	}
	im.findIDs(row)
	return nil
}

// findIDs finds the unique identifiers of a row that is not built.
func (im *importRun) findIDs(row *importRow) {
	row.ids = append(row.ids, row.givenIDs()...)
	for _, def := range im.fields.list {
		if !def.Unique || row.set[def.Key] == "" {
			continue
		}
		// A value that is not right is found by the builder, which names the mistake.
		if text, wrong := def.canonical(row.set[def.Key], im.at.UTC().Format(time.DateOnly)); wrong == nil && text != "" {
			row.ids = append(row.ids, importID{scheme: def.Key, bidx: im.r.keys.BlindIndex(def.Key, text)})
		}
	}
}

// settleRow decides what becomes of a row once it is known whom it means.
func (im *importRun) settleRow(row *importRow) error {
	switch {
	case im.opt.Mode == ImportUpdate:
		return im.build(row)
	case row.bad:
		row.built = nil
	case row.person != nil: // the row is no new person, but perhaps says the same
		row.built = nil
		if err := im.build(row); err != nil {
			return err
		}
		if row.built != nil || row.lacks || row.waits {
			row.built, row.requests, row.note = nil, nil, nil
			im.bad(row, im.identifying(row), CodeExists, "This person is registered already, with other values; to change them, import in update mode.")
		}
	}
	return nil
}

// build computes what a row changes. Of a row that has a problem already, the
// other values are looked at as well, so that all problems come at once.
func (im *importRun) build(row *importRow) error {
	if !im.opt.Carries.values() {
		return nil
	}
	if row.bad {
		_, wrong := im.builder.clean(row.set, nil, row.collected)
		im.badFields(row, wrong)
		return nil
	}
	if im.checkShown(row); row.bad {
		return nil
	}
	change, err := im.change(row)
	var invalid *fault.Error
	if errors.As(err, &invalid) && invalid.Kind == fault.Invalid {
		im.badFields(row, invalid.Fields)
		return nil
	}
	row.built = change
	return err
}

func (im *importRun) change(row *importRow) (*built, error) {
	if row.person != nil {
		return im.editRow(row)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("build a person: %w", err)
	}
	im.builder.beside = row.givenDiff()
	defer func() { im.builder.beside = nil }()
	change, err := im.builder.register(id, "", im.withDefaults(row.set), row.collected)
	if err != nil {
		return nil, err
	}
	return change, im.give(row, change)
}

// identifying is the column by which a row's person was found.
func (im *importRun) identifying(row *importRow) string {
	if row.number != "" || len(row.ids) == 0 {
		return numberColumn
	}
	return row.ids[0].scheme
}

// badFields notes the mistakes in a row's values; one that is about no column of
// the file is about the whole row.
func (im *importRun) badFields(row *importRow, wrong []fault.Field) {
	for _, f := range wrong {
		column := f.Name
		if _, ok := im.columns[column]; !ok {
			column = ""
		}
		im.bad(row, column, f.Code, f.Detail)
	}
}
