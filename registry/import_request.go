package registry

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/fault"
)

// What a row changes of a person who is there, and what needs approval by the
// channel of the import, is parted as by Edit: the one is staged as values, the
// other as change requests, and one transaction merges both.

// editRow builds what a row writes, and notes in it what it asks for.
func (im *importRun) editRow(row *importRow) (*built, error) {
	b, c := im.builder, Change{Set: row.set, CollectedAt: row.collected}
	if !b.waits(row.set) {
		return b.edit(*row.person, row.set, row.collected)
	}
	p, err := b.part(*row.person, c)
	if err != nil || p.whole == nil {
		return nil, err
	}
	if len(p.ask) > 0 && row.person.row.Status != statusActive {
		im.bad(row, "", fault.CodeOf(errInactive()), "This record is not active, and a change of this row needs approval.")
		return nil, nil
	}
	made, err := b.requests(*row.person, row.open, p.ask, c, false)
	var full *fault.Error
	if errors.As(err, &full) && full.Kind == fault.Conflict {
		im.badFields(row, full.Fields)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	row.waits, row.requests, row.says = len(p.ask) > 0, made.rows, made.log
	b.beside = made.log
	defer func() { b.beside = nil }()
	change, err := b.edit(*row.person, p.write, row.collected)
	if err != nil || change != nil || len(made.log) == 0 {
		return change, err
	}
	return nil, im.noteRow(row, *row.person)
}

// noteRow makes the entry of the change log of a row without a new value.
func (im *importRun) noteRow(row *importRow, rec record) error {
	log, err := im.builder.logEntry(rec.row.ID, rec.key, row.says)
	row.note = &log
	return err
}

// storeAsked writes the requests of a row of a source, and their entry of the change
// log where no value is new. The record is locked.
func (r *Registry) storeAsked(tx *gorm.DB, rec *record, row *importRow) error {
	if len(row.requests) == 0 {
		return nil
	}
	if err := tx.Create(row.requests).Error; err != nil {
		return fmt.Errorf("store change requests: %w", err)
	}
	if row.built != nil {
		return nil
	}
	return r.appendLog(tx, rec, *row.note)
}

// loadRequests reads what the importer has asked for already of the people of a
// chunk, if anything that the import changes may wait.
func (im *importRun) loadRequests(tx *gorm.DB, ids []uuid.UUID, whose map[*importRow]uuid.UUID) error {
	if !im.asksForApproval() {
		return nil
	}
	rows, err := openRequests(tx, im.actor, ids...)
	if err != nil {
		return err
	}
	open := map[uuid.UUID][]requestRow{}
	for _, row := range rows {
		open[row.RegistrantID] = append(open[row.RegistrantID], row)
	}
	for row, id := range whose {
		row.open = open[id]
	}
	return nil
}

// asksForApproval tells whether a column of the file may need approval.
func (im *importRun) asksForApproval() bool {
	for key := range im.columns {
		if def := im.fields.byKey[key]; def != nil && def.Waits(im.actor) {
			return true
		}
	}
	return false
}

// requestStage are the columns of import_stage_request.
func requestStage() []string {
	return []string{"run_no", "line", "id", "batch_id", "field", "payload", "collected_at"}
}

// stageRequests adds what a row asks for to the chunk.
func (im *importRun) stageRequests(chunk *stageChunk, row *importRow) {
	for _, q := range row.requests {
		chunk.requests = append(chunk.requests, []any{im.stage, row.line, q.ID, q.BatchID, q.Field, q.Payload, q.CollectedAt})
	}
}

// countRequests counts what the rows that are left ask for.
func (im *importRun) countRequests(tx *gorm.DB) error {
	err := tx.Raw(`SELECT count(*)`+stagedRequests, map[string]any{"run": im.stage}).Scan(&im.result.Requested).Error
	if err != nil {
		return fmt.Errorf("count change requests: %w", err)
	}
	return nil
}

// stagedRequests is the requests of rows that have not been dropped.
const stagedRequests = ` FROM import_stage_request q JOIN
	(SELECT line, registrant_id FROM import_stage WHERE run_no = @run UNION ALL SELECT line, registrant_id FROM import_stage_note WHERE run_no = @run) AS s
	ON s.line = q.line WHERE q.run_no = @run`

// sendRequests writes what Registry.ask writes for one person.
func sendRequests() statement {
	return statement{"insert change_request", `INSERT INTO change_request
		(registrant_id, id, batch_id, field, state, version, payload, collected_at, reason, author_id, author, channel, created_at, sent_at)
		SELECT s.registrant_id, q.id, q.batch_id, q.field, 'SENT', 1, q.payload, q.collected_at, @reason, @account, @actor, @channel, @at, @at` + stagedRequests}
}
