package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

var (
	errAppliedBefore = errors.New("registry: this file was applied before")
	errRefused       = errors.New("registry: rows have problems, and all or nothing was asked for")
)

// mergeTries is how often a merge is run when somebody takes one of its
// identifiers between the look and the write.
const mergeTries = 3

// merge moves what is staged into the registry, in one transaction. It leaves
// out rows whose person was changed, or whose identifier was taken, since they
// were built, and adds them to the problems.
func (im *importRun) merge(ctx context.Context) error {
	before := *im // every try starts from here
	for try := 1; ; try++ {
		err := im.r.db.InTx(ctx, im.r.now, func(tx *gorm.DB, _ db.Time) error {
			im.importTally = before.importTally
			im.found = problems{slices.Clone(before.found.list), before.found.count}
			return im.mergeOnce(ctx, tx)
		})
		if !im.r.db.Dialect.IsDuplicate(err) || try == mergeTries {
			return err
		}
	}
}

func (im *importRun) mergeOnce(ctx context.Context, tx *gorm.DB) error {
	if err := im.lockUpload(tx); err != nil {
		return err
	}
	if err := im.checkDefinitions(tx); err != nil {
		return err
	}
	if err := im.checkAppliedBefore(tx); err != nil {
		return err
	}
	if err := im.checkStaging(tx); err != nil {
		return err
	}
	if err := im.dropLate(tx); err != nil {
		return err
	}
	if im.opt.AllOrNothing && im.badRows > 0 {
		im.settle()
		return errRefused
	}
	if err := im.number(tx); err != nil {
		return err
	}
	if err := im.countRequests(tx); err != nil {
		return err
	}
	args, err := im.mergeArgs(tx)
	if err != nil {
		return err
	}
	for _, s := range im.statements() {
		if err := im.exec(tx, s, args); err != nil {
			return err
		}
	}
	if err := im.refreshStaged(tx); err != nil {
		return err
	}
	if im.staged >= chunkRows { // the next import looks many people up by identifier
		if err := im.r.db.Dialect.Analyze(tx, "identifier"); err != nil {
			return fmt.Errorf("analyze identifiers: %w", err)
		}
	}
	im.settle()
	im.say("record the import")
	return im.saveIn(tx, batchApplied)
}

// statement is one step of the merge.
type statement struct{ name, sql string }

func (im *importRun) exec(tx *gorm.DB, s statement, args map[string]any) error {
	im.say(s.name)
	if err := tx.Exec(s.sql, args).Error; err != nil {
		return fmt.Errorf("merge, %s: %w", s.name, err)
	}
	return nil
}

func (im *importRun) say(statement string) {
	im.opt.Progress(ImportProgress{Rows: im.result.Rows, Bytes: im.input.bytes, Statement: statement})
}

// lockUpload makes of two runs that apply one upload the second find it applied,
// and stops one whose upload is given up while it is read.
func (im *importRun) lockUpload(tx *gorm.DB) error {
	if !im.stored {
		return nil
	}
	var state ImportState
	err := tx.Raw(`SELECT state FROM import_batch WHERE id = ?`+im.r.db.Dialect.ForUpdate(), im.batch).Scan(&state).Error
	switch {
	case err != nil:
		return fmt.Errorf("lock an upload: %w", err)
	case state == batchApplied:
		return errAppliedBefore
	case !slices.Contains(waiting(), state):
		return errImportEnded()
	}
	return nil
}

// checkDefinitions stops a merge of rows that were built by definitions which
// are not those any more, and keeps them as they are until it has ended.
func (im *importRun) checkDefinitions(tx *gorm.DB) error {
	revision, err := fieldRevision(tx, im.r.db.Dialect.ForShare())
	if err == nil && revision != im.fields.revision {
		err = fault.New(fault.Conflict, "definitions_changed", "Somebody changed a field while the file was read. Nothing was changed; import the file again.")
	}
	if err != nil {
		return err
	}
	return im.checkTypes(tx)
}

// checkAppliedBefore makes a second import of the same new people harmless, those
// without an identifier included. A file whose good rows were applied counts too:
// the rows with problems are sent again as a file of their own.
func (im *importRun) checkAppliedBefore(tx *gorm.DB) error {
	print, err := im.fingerprint()
	if err != nil || print == nil {
		return err
	}
	var n int
	err = tx.Raw(`SELECT count(*) FROM import_batch WHERE fingerprint = ? AND state = ? AND created > 0`, print, batchApplied).Scan(&n).Error
	if err != nil {
		return fmt.Errorf("look for the same import: %w", err)
	}
	if n > 0 {
		return errAppliedBefore
	}
	return nil
}

// checkStaging tells the planner what is staged, and notices an unlogged table
// that a crash of the database has emptied.
func (im *importRun) checkStaging(tx *gorm.DB) error {
	im.say("analyze")
	for _, table := range stageTables {
		if err := im.r.db.Dialect.Analyze(tx, table); err != nil {
			return fmt.Errorf("analyze staging: %w", err)
		}
	}
	var n int
	err := tx.Raw(`SELECT (SELECT count(*) FROM import_stage WHERE run_no = @run) + (SELECT count(*) FROM import_stage_note WHERE run_no = @run)`,
		map[string]any{"run": im.stage}).Scan(&n).Error
	if err != nil {
		return fmt.Errorf("count staged rows: %w", err)
	}
	if n != im.staged+im.noted {
		return fault.New(fault.Unavailable, "import_interrupted", "The database was restarted during the import. Nothing was changed; import the file again.")
	}
	return nil
}

// dropLate leaves out rows that others have overtaken. From here on the people
// of the batch are locked: nobody changes them before the merge has ended.
func (im *importRun) dropLate(tx *gorm.DB) error {
	if im.opt.Mode == ImportUpdate || im.opt.Carries.decisions() {
		if err := im.dropChanged(tx); err != nil {
			return err
		}
	}
	if err := im.dropNamed(tx); err != nil {
		return err
	}
	code, words := CodeExists, "This person was registered by somebody else while the file was read."
	if im.opt.Mode == ImportUpdate {
		code, words = CodeIdentifierTaken, "Another person is registered with an identifier of this row."
	}
	im.say("find taken identifiers")
	return im.drop(tx, code, words, `DELETE FROM import_stage WHERE run_no = @run AND line IN
		(SELECT i.line FROM import_stage_identifier i JOIN import_stage s ON s.run_no = i.run_no AND s.line = i.line
		 JOIN identifier t ON t.scheme = i.scheme AND t.bidx = i.bidx
		 WHERE i.run_no = @run AND i.op = 'add' AND i.is_unique AND t.is_unique AND t.registrant_id <> s.registrant_id)
		RETURNING line`)
}

// dropChanged compares the records with those that the rows were built from:
// chain_no moves with every edit and with every decision on a value.
func (im *importRun) dropChanged(tx *gorm.DB) error {
	im.say("lock people")
	var locked int
	err := tx.Raw(`SELECT count(*) FROM (SELECT id FROM registrant WHERE id IN
			(SELECT registrant_id FROM import_stage WHERE run_no = @run UNION ALL SELECT registrant_id FROM import_stage_note WHERE run_no = @run)
			ORDER BY id`+im.r.db.Dialect.ForUpdate()+`) AS locked`,
		map[string]any{"run": im.stage}).Scan(&locked).Error
	if err != nil {
		return fmt.Errorf("lock the people of an import: %w", err)
	}
	im.say("find changed people")
	for table, count := range map[string]*int{"import_stage": &im.staged, "import_stage_note": &im.noted} {
		err := im.dropFrom(tx, count, CodeChangedMeanwhile, "Somebody else changed this record while the file was read; import the row again.",
			`DELETE FROM `+table+` WHERE run_no = @run AND base_chain_no > 0 AND NOT EXISTS
				(SELECT 1 FROM registrant r WHERE r.id = `+table+`.registrant_id AND r.chain_no = `+table+`.base_chain_no)
			RETURNING line`)
		if err != nil {
			return err
		}
	}
	return nil
}

// dropNamed finds people who have a version of this name already.
func (im *importRun) dropNamed(tx *gorm.DB) error {
	if im.opt.Label == "" {
		return nil
	}
	im.say("find taken labels")
	return im.drop(tx, CodeLabelTaken, "This person has a version with this name already.",
		`DELETE FROM import_stage WHERE run_no = @run AND EXISTS
			(SELECT 1 FROM registrant_version v WHERE v.registrant_id = import_stage.registrant_id AND v.label = @label)
		RETURNING line`)
}

// drop takes rows with new values out of the merge and adds a problem for each.
func (im *importRun) drop(tx *gorm.DB, code, words, sql string) error {
	return im.dropFrom(tx, &im.staged, code, words, sql)
}

// dropFrom runs a statement that takes rows out of a staging table, of which
// count is the number of rows, and adds a problem for each.
func (im *importRun) dropFrom(tx *gorm.DB, count *int, code, words, sql string) error {
	var lines []int
	if err := tx.Raw(sql, map[string]any{"run": im.stage, "label": im.opt.Label}).Scan(&lines).Error; err != nil {
		return fmt.Errorf("drop rows (%s): %w", code, err)
	}
	for _, line := range lines {
		im.problem(line, "", code, words)
	}
	*count -= len(lines)
	im.badRows += len(lines)
	return im.dropDecisions(tx, lines)
}

// number takes the registration numbers that the rows were staged with. If
// somebody else has taken some since, the rows get others.
func (im *importRun) number(tx *gorm.DB) error {
	if im.opt.Mode != ImportCreate || im.staged == 0 {
		return nil
	}
	im.say("number people")
	counter, err := im.r.lockCounter(tx)
	if err != nil {
		return err
	}
	next := im.next
	if counter != im.first {
		if next, err = im.renumber(tx, counter); err != nil {
			return err
		}
	}
	return moveCounter(tx, next)
}

// renumber gives the rows numbers from counter on, and the counter after them.
func (im *importRun) renumber(tx *gorm.DB, counter int64) (int64, error) {
	var lines []int
	if err := tx.Raw(`SELECT line FROM import_stage WHERE run_no = ? ORDER BY line`, im.stage).Scan(&lines).Error; err != nil {
		return 0, fmt.Errorf("renumber people: %w", err)
	}
	for some := range slices.Chunk(lines, chunkRows) {
		args := []any{}
		for _, line := range some {
			var number string
			number, counter = numberFrom(counter)
			args = append(args, line, number)
		}
		args = append(args, im.stage)
		err := tx.Exec(`UPDATE import_stage SET number = v.column2 FROM (VALUES `+
			strings.TrimSuffix(strings.Repeat("(CAST(? AS integer), CAST(? AS text)), ", len(some)), ", ")+
			`) AS v WHERE run_no = ? AND line = v.column1`, args...).Error
		if err != nil {
			return 0, fmt.Errorf("renumber people: %w", err)
		}
	}
	return counter, nil
}

func (im *importRun) mergeArgs(tx *gorm.DB) (map[string]any, error) {
	var no int64
	if err := tx.Raw(`SELECT ` + im.r.db.Dialect.TxNo()).Scan(&no).Error; err != nil {
		return nil, fmt.Errorf("number the transaction: %w", err)
	}
	im.txNo = &no
	return map[string]any{
		"run": im.stage, "tx": no, "at": im.at, "micros": im.at.UnixMicro(), "actor": im.actor.name(), "account": im.actor.AccountID, "kind": im.actor.kind(), "channel": im.actor.channel(),
		"reason": im.opt.Reason, "label": optional(im.opt.Label), "person": PersonKind, "active": statusActive, "valid": IdentifierValid, "zero": db.Bytes(make([]byte, chainHashSize)),
	}, nil
}

// statements are the steps of the merge. They write what builder.register,
// builder.edit and Registry.store write for one person.
func (im *importRun) statements() []statement {
	var list []statement
	if im.opt.Carries.values() && im.opt.Mode == ImportCreate {
		list = createStatements()
	} else if im.opt.Carries.values() {
		list = updateStatements()
	}
	list = append(list, sendRequests())
	list = append(list, noteStatements()...)
	if im.opt.Carries.decisions() {
		list = append(list, decisionStatements()...)
	}
	return list
}

func createStatements() []statement {
	return []statement{
		{"insert change_log", `INSERT INTO change_log (registrant_id, chain_no, tx_no, at, actor, actor_kind, channel, reason, diff, payload_hash, prev_hash, hash)
			SELECT registrant_id, 1, @tx, @at, @actor, @kind, @channel, @reason, diff, payload_hash, @zero, chain_hash(@zero, payload_hash)
			FROM import_stage WHERE run_no = @run`},
		{"insert registrant", `INSERT INTO registrant (id, number, kind, status, version_no, latest_no, area, ` + valueColumns + `, chain_head, chain_no, created_at, updated_at)
			SELECT registrant_id, number, @person, @active, version_no, version_no, n.code, ` + valueColumns + `, chain_hash(@zero, payload_hash), 1, @at, @at
			FROM import_stage LEFT JOIN area_name n ON n.name = import_stage.area_name WHERE run_no = @run`},
		insertVersions(),
		{"insert record_key", `INSERT INTO record_key (registrant_id, kid, wrapped, kek)
			SELECT registrant_id, key_kid, key_wrapped, key_kek FROM import_stage WHERE run_no = @run`},
		insertIdentifiers(),
		insertGiven(),
		insertIndexed(),
		insertWaiting(),
	}
}

func updateStatements() []statement {
	return []statement{
		{"insert change_log", `INSERT INTO change_log (registrant_id, chain_no, tx_no, at, actor, actor_kind, channel, reason, diff, payload_hash, prev_hash, hash)
			SELECT s.registrant_id, r.chain_no + 1, @tx, @at, @actor, @kind, @channel, @reason, s.diff, s.payload_hash, r.chain_head, chain_hash(r.chain_head, s.payload_hash)
			FROM import_stage s JOIN registrant r ON r.id = s.registrant_id WHERE s.run_no = @run`},
		{"update registrant", `UPDATE registrant SET ` + setColumns() + `, version_no = s.version_no, latest_no = s.version_no,
			area = CASE WHEN s.area_name IS NULL THEN registrant.area ELSE (SELECT n.code FROM area_name n WHERE n.name = s.area_name) END,
			chain_no = registrant.chain_no + 1, chain_head = chain_hash(registrant.chain_head, s.payload_hash), updated_at = @at
			FROM import_stage s WHERE s.run_no = @run AND registrant.id = s.registrant_id`},
		insertVersions(),
		{"delete identifier", `DELETE FROM identifier WHERE (scheme, bidx, registrant_id) IN
			(SELECT i.scheme, i.bidx, s.registrant_id FROM import_stage_identifier i JOIN import_stage s ON s.run_no = i.run_no AND s.line = i.line
			 WHERE i.run_no = @run AND i.op = 'drop')`},
		insertIdentifiers(),
		{"delete field_value", `DELETE FROM field_value WHERE (registrant_id, field) IN
			(SELECT s.registrant_id, v.field FROM import_stage_value v JOIN import_stage s ON s.run_no = v.run_no AND s.line = v.line
			 WHERE v.run_no = @run AND v.norm_value = '')`},
		insertIndexed(),
		{"update field_state", `UPDATE field_state SET live_hash = f.live_hash, proposal = 0
			FROM import_stage_state f JOIN import_stage s ON s.run_no = f.run_no AND s.line = f.line
			WHERE f.run_no = @run AND field_state.registrant_id = s.registrant_id AND field_state.field = f.field`},
	}
}

func insertVersions() statement {
	return statement{"insert registrant_version", `INSERT INTO registrant_version (registrant_id, version_no, label, ` + valueColumns + `, author, channel, reason, created_at)
		SELECT registrant_id, version_no, @label, ` + valueColumns + `, @actor, @channel, @reason, @at
		FROM import_stage WHERE run_no = @run`}
}

func insertIdentifiers() statement {
	return statement{"insert identifier", `INSERT INTO identifier (scheme, bidx, registrant_id, is_unique)
		SELECT i.scheme, i.bidx, s.registrant_id, i.is_unique
		FROM import_stage_identifier i JOIN import_stage s ON s.run_no = i.run_no AND s.line = i.line
		WHERE i.run_no = @run AND i.op = 'add'`}
}

func insertIndexed() statement {
	return statement{"insert field_value", `INSERT INTO field_value (registrant_id, field, norm_value)
		SELECT s.registrant_id, v.field, v.norm_value
		FROM import_stage_value v JOIN import_stage s ON s.run_no = v.run_no AND s.line = v.line
		WHERE v.run_no = @run AND v.norm_value <> ''`}
}

// columnList splits a list such as valueColumns.
func columnList(columns string) []string { return strings.Split(columns, ", ") }

func setColumns() string {
	var set []string
	for _, c := range columnList(valueColumns) {
		set = append(set, c+" = s."+c)
	}
	return strings.Join(set, ", ")
}
