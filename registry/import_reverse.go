package registry

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/csvio"
	"socialregistry/registry/seal"
)

// reversal puts one record back to what it was before an import.
type reversal struct {
	id    uuid.UUID
	b     *builder
	rec   record
	entry *changeRow  // of the change log: what the import did
	did   []diffEntry // as it says

	change      *built       // the values of before; nil: they stay
	decisions   []takenBack  // of the import
	requests    []requestRow // of the import: withdrawn
	identifiers []releasedID // that the import gave to somebody new
	says        []diffEntry  // what the log says beside the values
	deactivates bool
	kept        int // decisions that stay
	problems    []csvio.Problem
}

func (rev *reversal) changes() bool {
	return rev.change != nil || len(rev.decisions) > 0 || len(rev.requests) > 0 || rev.deactivates
}

func (rev *reversal) fail(x csvio.Problem) { rev.problems = append(rev.problems, x) }

// after is the record with the values that it is given back.
func (rev *reversal) after() record {
	rec := rev.rec
	if c := rev.change; c != nil {
		rec.row, rec.text = c.Row, c.Text
	}
	return rec
}

// undoPage is what is known of the people of one batch.
type undoPage struct {
	u      *undoRun
	b      *builder
	rows   map[uuid.UUID]placedRow
	keys   map[uuid.UUID]seal.Record
	signIn map[uuid.UUID]bool       // they have an account
	before map[uuid.UUID]versionRow // the default versions from before the import

	requests    map[uuid.UUID][]requestRow // that the import sent
	identifiers map[uuid.UUID][]regIDRow   // of people who were new
	types       map[string]*idType         // of those, by key
	undoneDecisions
}

// load reads a batch in a few statements, and opens the entries of the import;
// lock holds the records.
func (u *undoRun) load(tx *gorm.DB, entries []changeRow, now db.Time, lock string) (*undoPage, []*reversal, error) {
	ids := make([]uuid.UUID, len(entries))
	for i, e := range entries {
		ids[i] = e.RegistrantID
	}
	p := &undoPage{u: u, rows: map[uuid.UUID]placedRow{}, signIn: map[uuid.UUID]bool{}}
	rows, err := findRows(tx, u.access(), ids, lock)
	if err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		p.rows[row.Row.ID] = row
	}
	if p.keys, err = u.r.loadKeys(tx, ids); err != nil {
		return nil, nil, err
	}
	if p.b, err = u.r.loadBuilderOf(tx, u.source.Kind, u.actor, u.row.Reason, now); err != nil {
		return nil, nil, err
	}
	revs := make([]*reversal, len(entries))
	for i := range entries {
		if revs[i], err = p.open(&entries[i]); err != nil {
			return nil, nil, err
		}
	}
	return p, revs, p.loadRest(tx, ids, &entries[0], revs)
}

// access is what the records are read for.
func (u *undoRun) access() access {
	if u.source.Carries.values() {
		return u.actor.to(toImport)
	}
	return u.actor.to(toAttest)
}

// loadRest reads what the records have besides values. All entries were written at
// the moment of the first, by the same actor.
func (p *undoPage) loadRest(tx *gorm.DB, ids []uuid.UUID, entry *changeRow, revs []*reversal) error {
	var accounts []uuid.UUID
	if err := tx.Raw(`SELECT registrant_id FROM account WHERE registrant_id IN ?`, ids).Scan(&accounts).Error; err != nil {
		return fmt.Errorf("find the accounts of people: %w", err)
	}
	for _, id := range accounts {
		p.signIn[id] = true
	}
	if p.u.source.Carries.values() {
		err := errors.Join(p.loadBefore(tx, revs, entry.At), p.loadRequests(tx, ids, entry), p.loadIdentifiers(tx, ids))
		if err != nil {
			return err
		}
	}
	if p.u.source.Carries.decisions() {
		return p.loadDecisions(tx, ids, revs)
	}
	return nil
}

// open opens the record of an entry, and what the entry says.
func (p *undoPage) open(entry *changeRow) (*reversal, error) {
	rev := &reversal{id: entry.RegistrantID, b: p.b, entry: entry}
	found, there := p.rows[rev.id]
	above := pathCodes(string(found.Path))
	if !there || !p.u.access().reaches(&found.Row, above) {
		rev.fail(csvio.Problem{Code: CodeNotFound, Words: "A record of this import is not for this account."})
		return rev, nil
	}
	key, readable := p.keys[rev.id]
	if !readable {
		rev.fail(problemOf(found.Row.Number, "", CodeNotFound, "the record has been erased."))
		return rev, nil
	}
	var err error
	if rev.rec, err = openRecord(found.Row, key); err != nil {
		return nil, err
	}
	rev.rec.above = above
	rev.did, err = entry.diff(key)
	return rev, err
}

// reverse works out how one record is put back.
func (p *undoPage) reverse(rev *reversal) error {
	if len(rev.problems) > 0 { // it was not opened
		return nil
	}
	put := p.reverseOld
	if rev.entry.ChainNo == 1 {
		put = p.reverseNew
	}
	if err := put(rev); err != nil || rev.change == nil || len(rev.says) == 0 {
		return err
	}
	return p.b.addToLog(rev.change, rev.says...)
}

// reverseOld gives the values and the decisions of somebody back that were there
// before, where they are as the import left them.
func (p *undoPage) reverseOld(rev *reversal) error {
	set := map[string]string{}
	for _, d := range rev.did {
		def := p.b.fields.byKey[d.Field]
		switch live := rev.rec.text[d.Field]; {
		case d.Kind != "" || def != nil && (def.kept() || def.Type == TypeComputed):
		case def == nil:
			rev.fail(problemOf(rev.rec.row.Number, d.Field, CodeUnknownField, "there is no such field any more."))
		case live == d.New:
			set[d.Field] = d.Old
		case live != d.Old:
			rev.fail(problemOf(rev.rec.row.Number, d.Field, CodeChangedSince, "the value was changed after the import: it stays."))
		}
	}
	if err := p.edit(rev, set); err != nil {
		return err
	}
	if err := p.reverseDecisions(rev); err != nil {
		return err
	}
	return p.withdraw(rev)
}

// edit puts values back. Those that cannot be accepted by today's definitions stay.
func (p *undoPage) edit(rev *reversal, set map[string]string) error {
	for len(set) > 0 {
		change, err := p.b.edit(rev.rec, set, time.Time{})
		var invalid *fault.Error
		if err == nil && change != nil {
			if held := p.b.mustWait(rev.rec.text, change.Text); len(held) > 0 {
				err = fault.InvalidFields("invalid_values", "Some values cannot be accepted.", held)
			}
		}
		if !errors.As(err, &invalid) || invalid.Kind != fault.Invalid {
			if rev.change = change; err == nil {
				err = p.keepTimes(rev)
			}
			return err
		}
		before := len(set)
		for _, f := range invalid.Fields {
			rev.fail(problemOf(rev.rec.row.Number, f.Name, f.Code, f.Detail))
			delete(set, f.Name)
		}
		if len(set) == before { // the mistake is about a field that the import did not touch
			return nil
		}
	}
	return nil
}

// store writes one reversal. An identifier that somebody else holds by now takes
// the values of this person back alone.
func (u *undoRun) store(tx *gorm.DB, rev *reversal) error {
	if !rev.changes() {
		return nil
	}
	err := tx.Transaction(func(tx *gorm.DB) error { return u.storeOne(tx, rev) })
	switch fault.CodeOf(err) {
	case "identifier_taken", "label_taken", fault.CodeOf(errOutsideArea()):
		rev.fail(problemOf(rev.rec.row.Number, "", fault.CodeOf(err), "the values of before cannot be given back."))
		rev.kept += len(rev.decisions)
		rev.change, rev.decisions, rev.requests, rev.identifiers, rev.deactivates = nil, nil, nil, nil, false
		return nil
	}
	return err
}

func (u *undoRun) storeOne(tx *gorm.DB, rev *reversal) error {
	var err error
	if rec := rev.rec; rev.change != nil {
		err = u.r.store(tx, rev.change)
	} else {
		err = u.r.note(tx, rev.b, &rec, rev.says...)
	}
	if err != nil {
		return err
	}
	if rev.deactivates {
		if err := tx.Exec(`UPDATE registrant SET status = ? WHERE id = ?`, StatusInactive, rev.id).Error; err != nil {
			return fmt.Errorf("make a person inactive: %w", err)
		}
	}
	for _, x := range rev.identifiers {
		if err := u.r.moveIdentifierRow(tx, x.t, x.old, &x.row); err != nil {
			return err
		}
	}
	for _, row := range rev.requests {
		if err := row.move(tx); err != nil {
			return err
		}
	}
	if err := storeTakenBack(tx, rev.b, rev.decisions); err != nil {
		return err
	}
	return u.r.refreshWaiting(tx, rev.id)
}
