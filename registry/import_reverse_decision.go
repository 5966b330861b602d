package registry

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/registry/attestation"
)

// Decisions of an import are taken back as they were made: by a row that says who
// does so and when. The one that stood before counts again as it is, with its
// attester, its moment, its evidence and the appeal against it.

// takenBack is a decision that is taken back.
type takenBack struct {
	row     attestationRow // says so
	state   stateRow       // what counts then
	answers int            // seq of the decision whose open appeal has an answer by that; 0: none
	reopens int            // seq of the decision whose appeal the decision had answered; 0: none
}

// undoneDecisions is what decides about the decisions of a batch.
type undoneDecisions struct {
	decided map[uuid.UUID]map[int][]attestationRow // by the number of the field, in the order of seq
	appeals map[uuid.UUID]map[[2]int]appealRow     // by the number of the field and seq
	decider *decider
}

// loadDecisions reads the decisions about the people of a batch on the fields on
// which the import has decided, and what those who decide are held to.
func (p *undoPage) loadDecisions(tx *gorm.DB, ids []uuid.UUID, revs []*reversal) error {
	var rows []attestationRow
	var appeals []appealRow
	numbers := p.decidedFields(revs)
	err := errors.Join(tx.Where("registrant_id IN ? AND field IN ?", ids, numbers).Order("registrant_id, field, seq").Find(&rows).Error,
		tx.Where("registrant_id IN ? AND field IN ?", ids, numbers).Find(&appeals).Error)
	if err != nil {
		return fmt.Errorf("load decisions: %w", err)
	}
	p.decided, p.appeals = map[uuid.UUID]map[int][]attestationRow{}, map[uuid.UUID]map[[2]int]appealRow{}
	for _, id := range ids {
		p.decided[id], p.appeals[id] = map[int][]attestationRow{}, map[[2]int]appealRow{}
	}
	for _, row := range rows {
		of := p.decided[row.RegistrantID]
		of[row.Field] = append(of[row.Field], row)
	}
	for _, row := range appeals {
		p.appeals[row.RegistrantID][[2]int{row.Field, row.Seq}] = row
	}
	all := make([]decisionsOn, len(revs))
	for i, rev := range revs {
		all[i] = decisionsOn{record{row: registrantRow{ID: rev.id}}, p.mayStandAgain(rev)}
	}
	p.decider, err = p.u.r.loadDecider(tx, p.b, all)
	return err
}

// decidedFields are the numbers of the fields on which the import has decided.
func (p *undoPage) decidedFields(revs []*reversal) []int {
	numbers := map[int]bool{}
	for _, rev := range revs {
		for _, d := range rev.did {
			if def := p.b.fields.byKey[d.Field]; def != nil && d.decides() {
				numbers[def.No] = true
			}
		}
	}
	return slices.Collect(maps.Keys(numbers))
}

// mayStandAgain lists the decisions that there are about the fields on which the
// import has decided.
func (p *undoPage) mayStandAgain(rev *reversal) []Decision {
	var list []Decision
	for _, d := range rev.did {
		if def := p.b.fields.byKey[d.Field]; def != nil && d.decides() {
			for _, row := range p.decided[rev.id][def.No] {
				list = append(list, Decision{Field: d.Field, State: row.State, Status: row.Status})
			}
		}
	}
	return list
}

// decides tells whether an entry of the log is of a decision.
func (d diffEntry) decides() bool { return d.Kind == KindAttestation || d.Kind == KindProposal }

// reverseDecisions takes back the decisions of the import that count still.
func (p *undoPage) reverseDecisions(rev *reversal) error {
	for _, d := range rev.did {
		def := p.b.fields.byKey[d.Field]
		if def == nil || !d.decides() {
			continue
		}
		wrong, err := p.takeBack(rev, def, d)
		if err != nil {
			return err
		}
		if wrong != nil {
			rev.kept++
			rev.fail(problemOf(rev.rec.row.Number, d.Field, wrong.code, wrong.words))
		}
	}
	return nil
}

// takeBack takes back the decision that an entry of the import tells of, or says why
// not.
func (p *undoPage) takeBack(rev *reversal, def *fieldDef, d diffEntry) (*mistake, error) {
	rows, is := p.decided[rev.id][def.No], p.decider.standing[rev.id][def.No]
	undone, there := rev.entry.decision(rows, d)
	if there && slices.ContainsFunc(rows, func(row attestationRow) bool { return row.Undoes == undone.Seq }) {
		return nil, nil // by an undo before this one
	}
	if !there || !is.State.counts(undone) && !is.State.isEndOf(undone, rows) {
		return &mistake{CodeChangedSince, "somebody has decided about the value after the import: that decision stands."}, nil
	}
	after := rev.after()
	again, state := p.standingBefore(after, def, rows, undone)
	state.LastSeq = is.State.LastSeq + 1
	back := takenBack{row: again, state: state}
	back.row.Seq, back.row.Undoes, back.row.Proposal = state.LastSeq, undone.Seq, false
	back.row.AttestedBy, back.row.At = p.b.actor.name(), p.b.at
	back.row.sealComment(rev.rec.key, p.u.row.Reason)
	if is.Appealed && !undone.Proposal {
		back.answers = undone.Seq
	}
	if p.appeals[rev.id][[2]int{def.No, again.Seq}].isAnsweredBy(undone) {
		back.reopens = again.Seq
	}
	now, then := p.u.r.stateOf(rev.rec, def.Key, is.State, p.b.at.Time), p.u.r.stateOf(after, def.Key, state, p.b.at.Time)
	if wrong := p.refuses(after, def, back, again, is, then); wrong != nil {
		return wrong, nil
	}
	words, err := again.comment(rev.rec.key)
	rev.decisions = append(rev.decisions, back)
	said := diffEntry{Field: def.Key, Kind: KindAttestation, Old: string(now), New: string(then)}
	if then == again.State {
		said.Status, said.Comment = again.Status, words
	}
	rev.says = append(rev.says, said)
	if back.reopens > 0 {
		rev.says = append(rev.says, diffEntry{Field: def.Key, Kind: KindAppeal, Old: string(AppealAnswered), New: string(AppealOpen)})
	}
	return nil, err
}

// decision finds the row that an entry of the log tells of.
func (c *changeRow) decision(rows []attestationRow, d diffEntry) (attestationRow, bool) {
	for _, row := range slices.Backward(rows) {
		if row.Undoes == 0 && row.At.Equal(c.At.Time) && row.AttestedBy == c.Actor && string(row.State) == d.New {
			return row, true
		}
	}
	return attestationRow{}, false
}

// counts tells whether a decision, or a proposal, is the one that counts, and
// nobody has proposed another.
func (s stateRow) counts(row attestationRow) bool {
	if row.Proposal {
		return s.Proposal == row.Seq
	}
	return s.Seq == row.Seq && s.Proposal == 0
}

// isEndOf tells whether what counts is that a decision has expired, and nobody has
// proposed another.
func (s stateRow) isEndOf(decision attestationRow, rows []attestationRow) bool {
	i := slices.IndexFunc(rows, func(row attestationRow) bool { return row.Seq == s.Seq })
	return i >= 0 && s.Proposal == 0 && rows[i].isSweeps() && attestation.Before(stepsOf(rows), s.Seq).Decision == decision.Seq
}

// isSweeps tells whether a row says that a decision has expired.
func (row attestationRow) isSweeps() bool {
	return row.State == StateExpired && row.AttestedBy == System().name() && !row.Proposal && row.Undoes == 0
}

func (p appealRow) isAnsweredBy(row attestationRow) bool {
	return p.State == AppealAnswered && p.AnsweredBy == row.AttestedBy && p.AnsweredAt != nil && p.AnsweredAt.Equal(row.At.Time)
}

// standingBefore gives the decision that counted before another one, seq 0 if none
// did, and the state of the field when it counts again.
func (p *undoPage) standingBefore(after record, def *fieldDef, rows []attestationRow, undone attestationRow) (attestationRow, stateRow) {
	counted := attestation.Before(stepsOf(rows), undone.Seq)
	again := attestationRow{RegistrantID: undone.RegistrantID, Field: undone.Field, VersionNo: undone.VersionNo, ValueHash: undone.ValueHash,
		HashKeyID: undone.HashKeyID, State: StateNew, At: p.b.at}
	proposal := 0
	for _, row := range rows {
		switch row.Seq {
		case counted.Decision:
			again = row
		case counted.Proposal:
			if p.isAboutLive(after, def.Key, row) {
				proposal = row.Seq
			}
		}
	}
	state := stateRow{}.after(again)
	state.Proposal, state.LiveHash = proposal, p.b.valueHash(after.row.ID, def.Key, after.text[def.Key])
	return again, state
}

func stepsOf(rows []attestationRow) []attestation.Step {
	steps := make([]attestation.Step, len(rows))
	for i, row := range rows {
		steps[i] = attestation.Step{Seq: row.Seq, Proposal: row.Proposal, Undoes: row.Undoes}
	}
	return steps
}

// isAboutLive tells whether a proposal is about the value that a field has, and has
// had ever since.
func (p *undoPage) isAboutLive(rec record, key string, row attestationRow) bool {
	return rec.row.Values.Times.V[key].R <= row.At.UnixMicro() && p.b.keys.SameValue(row.HashKeyID, row.ValueHash, rec.row.ID, key, rec.text[key])
}

// refuses holds an undo to what a decision of the same account for the state of
// before would be held to, but for what the account need not do once more.
func (p *undoPage) refuses(rec record, def *fieldDef, back takenBack, again attestationRow, is standingRow, then State) *mistake {
	a := p.b.actor
	own := back.answers > 0 && string(is.DecidedBy) == a.name() || back.reopens > 0 && again.AttestedBy == a.name()
	status, named := p.decider.statuses[again.Status]
	switch {
	case !a.maySee(def.Field):
		return &mistake{"not_visible", "this account may not see this field."}
	case !a.mayAttest(def.Field, rec.row.Kind, rec.above):
		return &mistake{"outside_section", "this account does not decide about this field."}
	case own:
		return &mistake{"own_rejection", "the person appealed against this account's decision: somebody else has to take the import back."}
	case named && !status.usableBy(a, def.Section, rec):
		return &mistake{"status_outside_office", "the status of before belongs to another office."}
	}
	verdict := p.u.r.policyOf(def).Judge(attestation.Case{To: then, By: a.name(), Authors: p.decider.authors.of(rec, def.Key, a.name()),
		InArea: a.attestsInArea(def.Section, rec), Evidence: true})
	if verdict.Code != "" {
		return &mistake{verdict.Code, verdict.Words}
	}
	return nil
}

// storeTakenBack writes the decisions that are taken back about one person.
func storeTakenBack(tx *gorm.DB, b *builder, list []takenBack) error {
	if len(list) == 0 {
		return nil
	}
	rows, states := make([]attestationRow, len(list)), make([]stateRow, len(list))
	for i, back := range list {
		rows[i], states[i] = back.row, back.state
		if err := back.moveAppeals(tx, b); err != nil {
			return err
		}
	}
	if err := tx.Create(rows).Error; err != nil {
		return fmt.Errorf("store attestations: %w", err)
	}
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(states).Error; err != nil {
		return fmt.Errorf("store field states: %w", err)
	}
	return nil
}

// moveAppeals answers the appeal against a decision that is taken back, and opens
// the one again that the decision had answered.
func (back takenBack) moveAppeals(tx *gorm.DB, b *builder) error {
	if back.answers > 0 {
		if err := answerAppeals(tx, b, back.row.RegistrantID, []int{back.row.Field}); err != nil {
			return err
		}
	}
	if back.reopens == 0 {
		return nil
	}
	err := tx.Exec(`UPDATE attestation_appeal SET state = ?, answered_by = '', answered_at = NULL WHERE registrant_id = ? AND field = ? AND seq = ?`,
		AppealOpen, back.row.RegistrantID, back.row.Field, back.reopens).Error
	if err != nil {
		return fmt.Errorf("open an appeal again: %w", err)
	}
	return nil
}
