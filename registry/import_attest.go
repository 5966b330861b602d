package registry

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/fault"
)

// Decisions of a file are checked row by row by the rule of Attest (builder.decide),
// staged, and merged in the transaction of the values.

// loadDecisions reads what was decided about the people of a chunk.
func (im *importRun) loadDecisions(tx *gorm.DB, ids []uuid.UUID, whose map[*importRow]uuid.UUID) error {
	var list []stateRow
	if err := tx.Where("registrant_id IN ?", ids).Find(&list).Error; err != nil {
		return fmt.Errorf("load the field states of an import: %w", err)
	}
	states := map[uuid.UUID]map[int]stateRow{}
	for _, s := range list {
		if states[s.RegistrantID] == nil {
			states[s.RegistrantID] = map[int]stateRow{}
		}
		states[s.RegistrantID][s.Field] = s
	}
	for row, id := range whose {
		row.states = states[id]
	}
	return nil
}

// decide makes the decisions of a row once it is known what its values will be.
// A row with a problem decides nothing and changes nothing.
func (im *importRun) decide(row *importRow) error {
	if len(row.asks) == 0 {
		return nil
	}
	if !row.bad {
		if err := im.decideRow(row); err != nil {
			return err
		}
	}
	if row.bad {
		row.built, row.note, row.decided, row.requests = nil, nil, nil, nil
		im.decided.Failed += len(row.asks)
	}
	return nil
}

func (im *importRun) decideRow(row *importRow) error {
	rec := row.after()
	var list []Decision
	for _, a := range row.asks {
		switch {
		case im.repeats(row, a):
		case !im.isAbout(row, rec, a):
			im.bad(row, a.def.Key, CodeValueChanged, "The registry has another value by now: look at that one first.")
		default:
			list = append(list, Decision{Field: a.def.Key, State: a.state, Comment: a.comment})
		}
	}
	if row.bad || len(list) == 0 {
		if !row.bad {
			im.decided.Repeated += len(row.asks)
		}
		return nil
	}
	decided, err := im.builder.decide(rec, row.states, list)
	var invalid *fault.Error
	if errors.As(err, &invalid) && invalid.Kind == fault.Invalid {
		for _, f := range invalid.Fields {
			im.bad(row, f.Name+decisionColumn, f.Code, f.Detail)
		}
		return nil
	}
	if err != nil {
		return err
	}
	im.decided.Repeated += len(row.asks) - len(list)
	row.decided = decided
	return im.noteDecisions(row, rec)
}

// noteDecisions writes them into the entry of the change log about the row's
// values, or one of their own.
func (im *importRun) noteDecisions(row *importRow, rec record) error {
	diff := im.r.decisionDiff(im.fields, rec, row.states, row.decided)
	if row.built != nil {
		return im.builder.addToLog(row.built, diff...)
	}
	row.says = append(row.says, diff...)
	return im.noteRow(row, rec)
}

// after is the record as the values of the row leave it.
func (row *importRow) after() record {
	var rec record
	if row.person != nil {
		rec = *row.person
	}
	if c := row.built; c != nil {
		rec.row, rec.key, rec.text = c.Row, c.key, c.Text
	}
	return rec
}

// repeats tells whether a cell says what was decided already. It is compared with
// the value that was there before the upload: whoever changes an attested value
// and leaves the cell beside it alone has not attested the new one.
func (im *importRun) repeats(row *importRow, a ask) bool {
	if row.person == nil {
		return a.state == StateNew
	}
	return a.state == im.r.stateOf(*row.person, a.def.Key, row.states[a.def.No])
}

// isAbout tells whether the row shows the value that is decided on.
func (im *importRun) isAbout(row *importRow, rec record, a ask) bool {
	live := rec.text[a.def.Key]
	if a.value == nil { // the version says which value was shown
		return row.person != nil && a.version == row.person.row.VersionNo && live == row.person.text[a.def.Key]
	}
	if *a.value == live {
		return true
	}
	text, flaw := a.def.read(*a.value, a.order)
	if flaw != nil || text == "" {
		return false
	}
	text, wrong := a.def.canonical(text, im.at.UTC().Format(time.DateOnly))
	return wrong == nil && text == live
}

// decisionStage are the columns of import_stage_attestation.
func decisionStage() []string {
	return []string{"run_no", "line", "registrant_id", "field", "seq", "version_no", "value_hash", "hash_key_id", "state", "comment"}
}

// stageDecisions adds what a row decides to the chunk.
func (im *importRun) stageDecisions(chunk *stageChunk, row *importRow) {
	if row.note != nil {
		chunk.notes = append(chunk.notes, []any{im.stage, row.line, row.person.row.ID, row.person.row.ChainNo, row.note.Diff, row.note.PayloadHash})
		im.noted++
	}
	for _, d := range row.decided {
		chunk.decisions = append(chunk.decisions, []any{im.stage, row.line, d.RegistrantID, d.Field, d.Seq, d.VersionNo, d.ValueHash, d.HashKeyID, d.State, d.Comment})
		*im.decided.of(d.State)++
	}
}

// of gives the count of decisions that say state.
func (c *DecisionCounts) of(state State) *int {
	switch state {
	case StateAttested:
		return &c.Attested
	case StateRejected:
		return &c.Rejected
	}
	return &c.TakenBack
}

// dropDecisions takes the decisions of rows out of the merge.
func (im *importRun) dropDecisions(tx *gorm.DB, lines []int) error {
	if !im.opt.Carries.decisions() {
		return nil
	}
	for some := range slices.Chunk(lines, chunkRows) {
		var states []State
		if err := tx.Raw(`DELETE FROM import_stage_attestation WHERE run_no = ? AND line IN ? RETURNING state`, im.stage, some).Scan(&states).Error; err != nil {
			return fmt.Errorf("drop decisions: %w", err)
		}
		for _, s := range states {
			*im.decided.of(s)--
		}
		im.decided.Failed += len(states)
	}
	return nil
}

// noteStatements are the steps of the merge that write the change log of rows
// without a new value.
func noteStatements() []statement {
	return []statement{
		{"insert change_log of notes", `INSERT INTO change_log (registrant_id, chain_no, tx_no, at, actor, actor_kind, channel, reason, diff, payload_hash, prev_hash, hash)
			SELECT s.registrant_id, r.chain_no + 1, @tx, @at, @actor, @kind, @channel, @reason, s.diff, s.payload_hash, r.chain_head, chain_hash(r.chain_head, s.payload_hash)
			FROM import_stage_note s JOIN registrant r ON r.id = s.registrant_id WHERE s.run_no = @run`},
		{"move chains", `UPDATE registrant SET chain_no = registrant.chain_no + 1, chain_head = chain_hash(registrant.chain_head, s.payload_hash)
			FROM import_stage_note s WHERE s.run_no = @run AND registrant.id = s.registrant_id`},
	}
}

// decisionStatements are the steps of the merge that write what
// Registry.storeDecisions writes for one person, but for the notes.
func decisionStatements() []statement {
	return []statement{
		{"insert attestation", `INSERT INTO attestation (registrant_id, field, seq, version_no, value_hash, hash_key_id, state, attested_by, at, comment)
			SELECT registrant_id, field, seq, version_no, value_hash, hash_key_id, state, @actor, @at, comment
			FROM import_stage_attestation WHERE run_no = @run`},
		{"upsert field_state", `INSERT INTO field_state (registrant_id, field, state, seq, decided_hash, live_hash, hash_key_id, since)
			SELECT registrant_id, field, state, seq, value_hash, value_hash, hash_key_id, @at
			FROM import_stage_attestation WHERE run_no = @run
			ON CONFLICT (registrant_id, field) DO UPDATE SET state = excluded.state, seq = excluded.seq, decided_hash = excluded.decided_hash,
				live_hash = excluded.live_hash, hash_key_id = excluded.hash_key_id, since = excluded.since`},
	}
}

// decisionDiff is what the change log says about decisions.
func (r *Registry) decisionDiff(fields *fieldSet, rec record, states map[int]stateRow, rows []attestationRow) []diffEntry {
	diff := make([]diffEntry, len(rows))
	for i, row := range rows {
		key := fields.byNo[row.Field].Key
		before := r.stateOf(rec, key, states[row.Field])
		diff[i] = diffEntry{Field: key, Kind: KindAttestation, Old: string(before), New: string(row.State), Comment: row.Comment}
	}
	return diff
}
