package registry

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/registry/csvio"
)

// Decisions of a file are checked row by row by the rule of Attest (decider.decide),
// staged, and merged in the transaction of the values.

// loadDecisions reads what the decisions of a chunk are held to.
func (im *importRun) loadDecisions(tx *gorm.DB, rows []*importRow, whose map[*importRow]uuid.UUID) (err error) {
	if !im.opt.Carries.decisions() {
		return nil
	}
	all := make([]decisionsOn, 0, len(rows))
	for _, row := range rows {
		if len(row.asks) > 0 {
			all = append(all, decisionsOn{record{row: registrantRow{ID: whose[row]}}, row.decisions()})
		}
	}
	im.decider, err = im.r.loadDecider(tx, im.builder, all)
	return err
}

// decisions are what the row may decide.
func (row *importRow) decisions() []Decision {
	list := make([]Decision, len(row.asks))
	for i, a := range row.asks {
		list[i] = a.decision()
	}
	return list
}

func (a ask) decision() Decision {
	return Decision{Field: a.def.Key, State: a.state, Status: a.status, Comment: a.comment}
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
			if wrong := im.overtaken(row, a); wrong != nil {
				im.bad(row, a.def.Key+decisionColumn, wrong.code, wrong.words)
				continue
			}
			list = append(list, a.decision())
		}
	}
	if row.bad || len(list) == 0 {
		if !row.bad {
			im.decided.Repeated += len(row.asks)
		}
		return nil
	}
	decided, bad := im.decider.decide(rec, list)
	for _, f := range bad {
		im.bad(row, f.Name+decisionColumn, f.Code, f.Detail)
	}
	if len(bad) > 0 {
		return nil
	}
	im.decided.Repeated += len(row.asks) - len(list)
	row.decided = decided
	return im.noteDecisions(row, rec)
}

// noteDecisions writes them into the entry of the change log about the row's
// values, or one of their own.
func (im *importRun) noteDecisions(row *importRow, rec record) error {
	diff := make([]diffEntry, len(row.decided))
	for i, v := range row.decided {
		diff[i] = v.diff
	}
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
	is, state := stateRow{}, StateNew
	if row.person != nil {
		is = im.decider.standing[row.person.row.ID][a.def.No].State
		state = im.r.stateOf(*row.person, a.def.Key, is, im.at.Time)
	}
	if a.status != "" {
		return a.status == is.Status && state == is.State
	}
	return a.state == state
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

// overtaken tells what keeps a cell from deciding where its row does not show the
// decision that stands: whoever wrote the cell did not know of that one. A download
// writes moments in whole seconds.
func (im *importRun) overtaken(row *importRow, a ask) *mistake {
	if a.since == nil || row.person == nil {
		return nil
	}
	is, stands := im.decider.standing[row.person.row.ID][a.def.No].State, time.Time{}
	if is.Seq > 0 && im.r.stands(*row.person, a.def.Key, is) {
		stands = is.Since.Truncate(time.Second)
	}
	shown, flaw := time.Time{}, (*csvio.CellError)(nil)
	if *a.since != "" {
		shown, flaw = csvio.ParseMoment(*a.since, csvio.OrderUnknown)
	}
	switch expired := im.r.stateOf(*row.person, a.def.Key, is, im.at.Time) == StateExpired; {
	case flaw != nil:
		return &mistake{flaw.Code, "When it was attested " + flaw.Words + "."}
	case !shown.Truncate(time.Second).Equal(stands):
		return &mistake{CodeDecidedMeanwhile, "Somebody has decided about this value since the file was downloaded: look at that first."}
	case expired && a.state == is.State, expired && a.status != "" && a.status == is.Status:
		return &mistake{CodeDecidedMeanwhile, "This has expired since the file was downloaded: look at the value again."}
	}
	return nil
}

// decisionStage are the columns of import_stage_attestation.
func decisionStage() []string {
	return []string{"run_no", "line", "registrant_id", "field", "seq", "version_no", "value_hash", "hash_key_id", "state", "comment",
		"status", "proposal", "expires_at"}
}

// stageDecisions adds what a row decides to the chunk.
func (im *importRun) stageDecisions(chunk *stageChunk, row *importRow) {
	if row.note != nil {
		chunk.notes = append(chunk.notes, []any{im.stage, row.line, row.person.row.ID, row.person.row.ChainNo, row.note.Diff, row.note.PayloadHash})
		im.noted++
	}
	for _, v := range row.decided {
		d := v.row
		chunk.decisions = append(chunk.decisions, []any{im.stage, row.line, d.RegistrantID, d.Field, d.Seq, d.VersionNo, d.ValueHash, d.HashKeyID, d.State, d.Comment,
			d.Status, d.Proposal, d.ExpiresAt})
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
// Registry.storeVerdicts writes for one person, but for the notes.
func decisionStatements() []statement {
	const insertState = `INSERT INTO field_state (registrant_id, field, state, status, seq, last_seq, decided_hash, live_hash, hash_key_id, since, expires_at)
			SELECT registrant_id, field, state, status, seq, seq, value_hash, value_hash, hash_key_id, @at, expires_at
			FROM import_stage_attestation WHERE run_no = @run AND NOT proposal`
	return []statement{
		{"insert attestation", `INSERT INTO attestation (registrant_id, field, seq, version_no, value_hash, hash_key_id, state, status, proposal, attested_by, at, comment, expires_at)
			SELECT registrant_id, field, seq, version_no, value_hash, hash_key_id, state, status, proposal, @actor, @at, comment, expires_at
			FROM import_stage_attestation WHERE run_no = @run`},
		{"insert field_state", insertState + ` AND seq = 1`}, // nobody had decided: it is never in the way of another row
		{"upsert field_state", insertState + ` AND seq > 1
			ON CONFLICT (registrant_id, field) DO UPDATE SET state = excluded.state, status = excluded.status, seq = excluded.seq, last_seq = excluded.last_seq,
				proposal = 0, decided_hash = excluded.decided_hash, live_hash = excluded.live_hash, hash_key_id = excluded.hash_key_id,
				since = excluded.since, expires_at = excluded.expires_at`},
		{"propose", `INSERT INTO field_state (registrant_id, field, state, seq, last_seq, proposal, decided_hash, live_hash, hash_key_id, since)
			SELECT registrant_id, field, 'NEW', 0, seq, seq, value_hash, value_hash, hash_key_id, @at
			FROM import_stage_attestation WHERE run_no = @run AND proposal
			ON CONFLICT (registrant_id, field) DO UPDATE SET proposal = excluded.proposal, last_seq = excluded.last_seq`},
		{"answer appeals", `UPDATE attestation_appeal SET state = 'ANSWERED', answered_by = @actor, answered_at = @at
			FROM import_stage_attestation s WHERE s.run_no = @run AND NOT s.proposal AND attestation_appeal.registrant_id = s.registrant_id
				AND attestation_appeal.field = s.field AND attestation_appeal.state = 'OPEN'`},
	}
}
