package registry

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/csvio"
	"socialregistry/registry/seal"
)

// reversal puts one record back to what it was before an import.
type reversal struct {
	id          uuid.UUID
	b           *builder
	rec         record
	change      *built           // the values of before; nil: they stay
	decisions   []attestationRow // the decisions of before
	diff        []diffEntry      // what the log says beside the values
	deactivates bool
	kept        int // decisions that stay
	problems    []csvio.Problem
}

func (rev *reversal) changes() bool {
	return rev.change != nil || len(rev.decisions) > 0 || rev.deactivates
}

// undoPage is what is known of the people of one batch.
type undoPage struct {
	u       *undoRun
	b       *builder
	rows    map[uuid.UUID]placedRow
	keys    map[uuid.UUID]seal.Record
	states  map[uuid.UUID]map[int]stateRow
	decided map[uuid.UUID]map[int][]attestationRow // by seq
	signIn  map[uuid.UUID]bool                     // they have an account
}

// load reads a batch in a few statements; lock holds the records.
func (u *undoRun) load(tx *gorm.DB, entries []changeRow, now db.Time, lock string) (*undoPage, error) {
	ids := make([]uuid.UUID, len(entries))
	for i, e := range entries {
		ids[i] = e.RegistrantID
	}
	p := &undoPage{u: u, rows: map[uuid.UUID]placedRow{}, states: map[uuid.UUID]map[int]stateRow{}, decided: map[uuid.UUID]map[int][]attestationRow{}, signIn: map[uuid.UUID]bool{}}
	rows, err := findRows(tx, u.access(), ids, lock)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		p.rows[row.Row.ID] = row
	}
	if p.keys, err = u.r.loadKeys(tx, ids); err != nil {
		return nil, err
	}
	if p.b, err = u.r.loadBuilderOf(tx, u.source.Kind, u.actor, u.row.Reason, now); err != nil {
		return nil, err
	}
	return p, p.loadDecisions(tx, ids)
}

// access is what the records are read for.
func (u *undoRun) access() access {
	if u.source.Carries.values() {
		return u.actor.to(toImport)
	}
	return u.actor.to(toAttest)
}

func (p *undoPage) loadDecisions(tx *gorm.DB, ids []uuid.UUID) error {
	var accounts []uuid.UUID
	if err := tx.Raw(`SELECT registrant_id FROM account WHERE registrant_id IN ?`, ids).Scan(&accounts).Error; err != nil {
		return fmt.Errorf("find the accounts of people: %w", err)
	}
	for _, id := range accounts {
		p.signIn[id] = true
	}
	if !p.u.source.Carries.decisions() {
		return nil
	}
	var states []stateRow
	var rows []attestationRow
	err := errors.Join(tx.Where("registrant_id IN ?", ids).Find(&states).Error,
		tx.Where("registrant_id IN ?", ids).Order("registrant_id, field, seq").Find(&rows).Error)
	if err != nil {
		return fmt.Errorf("load decisions: %w", err)
	}
	for _, s := range states {
		if p.states[s.RegistrantID] == nil {
			p.states[s.RegistrantID], p.decided[s.RegistrantID] = map[int]stateRow{}, map[int][]attestationRow{}
		}
		p.states[s.RegistrantID][s.Field] = s
	}
	for _, row := range rows {
		of := p.decided[row.RegistrantID]
		of[row.Field] = append(of[row.Field], row)
	}
	return nil
}

// reverse works out how one record is put back, from the entry that the import
// wrote.
func (p *undoPage) reverse(entry *changeRow) (*reversal, error) {
	rev := &reversal{id: entry.RegistrantID, b: p.b}
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
	diff, err := entry.diff(key)
	if err != nil {
		return nil, err
	}
	if entry.ChainNo == 1 {
		return rev, p.reverseNew(rev, entry, diff)
	}
	return rev, p.reverseOld(rev, entry, diff)
}

func (rev *reversal) fail(x csvio.Problem) { rev.problems = append(rev.problems, x) }

// reverseNew makes somebody inactive whom the import had registered, and with whom
// nothing was done since. The unique values are taken away, so that they can be
// given again.
func (p *undoPage) reverseNew(rev *reversal, entry *changeRow, diff []diffEntry) error {
	if row := rev.rec.row; row.ChainNo != 1 || row.Status != statusActive || p.signIn[rev.id] {
		rev.fail(problemOf(row.Number, "", CodeChangedSince, "this record was changed or used after it was registered: it stays."))
		return nil
	}
	rev.deactivates = true
	rev.diff = append(rev.diff, diffEntry{Field: "status", Kind: KindStatus, Old: statusActive, New: statusInactive})
	if err := p.reverseDecisions(rev, entry, diff); err != nil {
		return err
	}
	set := map[string]string{}
	for _, def := range p.b.fields.list {
		if def.Unique && rev.rec.text[def.Key] != "" {
			set[def.Key] = ""
		}
	}
	change, err := p.b.edit(rev.rec, set, time.Time{})
	if err != nil && fault.KindOf(err) != fault.Invalid {
		return err
	}
	rev.change = change // what is required stays
	return p.say(rev)
}

// reverseOld gives the values and the decisions of somebody back that were there
// before, where they are as the import left them.
func (p *undoPage) reverseOld(rev *reversal, entry *changeRow, diff []diffEntry) error {
	set := map[string]string{}
	for _, d := range diff {
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
	if err := p.reverseDecisions(rev, entry, diff); err != nil {
		return err
	}
	return p.say(rev)
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
			rev.change = change
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

// reverseDecisions takes back the decisions of the import that are the last ones
// about their values: the ones before them stand again, with their attesters.
func (p *undoPage) reverseDecisions(rev *reversal, entry *changeRow, diff []diffEntry) error {
	for _, d := range diff {
		if d.Kind != KindAttestation && d.Kind != KindProposal || p.b.fields.byKey[d.Field] == nil {
			continue
		}
		def := p.b.fields.byKey[d.Field]
		rows := p.decided[rev.id][def.No]
		switch last := len(rows) - 1; {
		case last < 0 || !rows[last].At.Equal(entry.At.Time) || rows[last].AttestedBy != entry.Actor:
			rev.kept++
			rev.fail(problemOf(rev.rec.row.Number, d.Field, CodeChangedSince, "somebody has decided about the value after the import: that decision stands."))
		case !p.b.actor.mayAttest(def.Field, rev.rec.row.Kind, rev.rec.above):
			rev.kept++
			rev.fail(problemOf(rev.rec.row.Number, d.Field, "outside_section", "this account does not decide about this field."))
		default:
			row, err := p.before(rev.rec.key, rows)
			if err != nil {
				return err
			}
			rev.decisions = append(rev.decisions, row)
		}
	}
	return nil
}

// before is the decision that stood before the last one, to be written again.
func (p *undoPage) before(key seal.Record, rows []attestationRow) (attestationRow, error) {
	last := rows[len(rows)-1]
	out := last
	out.State, out.Comment, out.AttestedBy = StateNew, "", p.b.actor.name()
	out.Status, out.Proposal, out.ExpiresAt = "", false, nil
	for _, row := range rows[:len(rows)-1] {
		if !row.Proposal {
			out = row
		}
	}
	words, err := out.comment(key)
	out.Seq, out.At = last.Seq+1, p.b.at
	out.sealComment(key, words)
	return out, err
}

// say writes into the log what is done beside the values.
func (p *undoPage) say(rev *reversal) error {
	after := rev.rec
	if c := rev.change; c != nil {
		after.row, after.text = c.Row, c.Text
	}
	for _, row := range rev.decisions {
		def := p.b.fields.byNo[row.Field]
		now := p.u.r.stateOf(rev.rec, def.Key, p.states[rev.id][row.Field], p.b.at.Time)
		then := p.u.r.stateOf(after, def.Key, p.b.stateAfter(after, row), p.b.at.Time)
		words, err := row.comment(rev.rec.key)
		if err != nil {
			return err
		}
		rev.diff = append(rev.diff, diffEntry{Field: def.Key, Kind: KindAttestation, Old: string(now), New: string(then), Status: row.Status, Comment: words})
	}
	if rev.change != nil && len(rev.diff) > 0 {
		return p.b.addToLog(rev.change, rev.diff...)
	}
	return nil
}

// stateAfter is the state of a field when a decision is the last one, whatever
// value the field has.
func (b *builder) stateAfter(rec record, row attestationRow) stateRow {
	s := stateRow{}.after(row)
	key := b.fields.byNo[row.Field].Key
	s.LiveHash = b.valueHash(rec.row.ID, key, rec.text[key])
	return s
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
		rev.change, rev.decisions, rev.deactivates = nil, nil, false
		return nil
	}
	return err
}

func (u *undoRun) storeOne(tx *gorm.DB, rev *reversal) error {
	after := rev.rec
	if c := rev.change; c != nil {
		if err := u.r.store(tx, c); err != nil {
			return err
		}
		after.row, after.text = c.Row, c.Text
	} else if err := u.r.note(tx, rev.b, &after, rev.diff...); err != nil {
		return err
	}
	if rev.deactivates {
		if err := tx.Exec(`UPDATE registrant SET status = ? WHERE id = ?`, statusInactive, rev.id).Error; err != nil {
			return fmt.Errorf("make a person inactive: %w", err)
		}
	}
	if len(rev.decisions) == 0 {
		return nil
	}
	states := make([]stateRow, len(rev.decisions))
	for i, row := range rev.decisions {
		states[i] = rev.b.stateAfter(after, row)
	}
	if err := tx.Create(rev.decisions).Error; err != nil {
		return fmt.Errorf("store attestations: %w", err)
	}
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(states).Error; err != nil {
		return fmt.Errorf("store field states: %w", err)
	}
	return nil
}
