package registry

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// The table waiting says who waits for a decision, since when and with which fields.
// It follows from values, decisions and definitions (the view waiting_now), and is
// written in the transaction of each of them: after a change or a decision anew for
// its record, by an import of new people from what it staged, and after a change of
// a definition for its field.

// queueEnds is kept in the place of QueueExpiring and QueueExpired, which the clock tells
// apart. QueueOverdue is a part of undecided and changed.
const queueEnds Queue = "ends"

// refreshWaiting writes anew in which queues people stand. Their records are locked.
// Of groups nothing is kept.
func refreshWaiting(tx *gorm.DB, ids ...uuid.UUID) error {
	for some := range slices.Chunk(ids, chunkRows) {
		if err := tx.Exec(`DELETE FROM waiting WHERE registrant_id IN ?`, some).Error; err != nil {
			return fmt.Errorf("clear who waits: %w", err)
		}
		if err := addWaiting(tx, some...); err != nil {
			return err
		}
	}
	return nil
}

// addWaiting is refreshWaiting of people who stand in no queue yet.
func addWaiting(tx *gorm.DB, ids ...uuid.UUID) error {
	err := tx.Exec(`INSERT INTO waiting (registrant_id, queue, since, fields)
		SELECT registrant_id, queue, since, fields FROM waiting_now WHERE registrant_id IN ?`, ids).Error
	if err != nil {
		return fmt.Errorf("write who waits: %w", err)
	}
	return nil
}

// waits tells whether values of the field wait for decisions about people at all.
func (f Field) waits() bool { return f.Attestable && !f.Retired && f.isAbout(PersonKind) }

// refreshWaitingOf puts a field into the queues, or takes it out of them, when the
// next version of its definition says so. Whoever writes a record waits meanwhile, and
// goes on by the new definition.
func (r *Registry) refreshWaitingOf(tx *gorm.DB, old, next Field) error {
	if old.waits() == next.waits() {
		return nil
	}
	if err := r.db.Dialect.LockTable(tx, "waiting"); err != nil {
		return fmt.Errorf("lock the queues: %w", err)
	}
	if next.waits() {
		err := tx.Exec(`INSERT INTO waiting (registrant_id, queue, since, fields)
			SELECT registrant_id, queue, since, CAST(? AS text) FROM waiting_each WHERE field = ?
			ON CONFLICT (registrant_id, queue, since) DO UPDATE SET fields = waiting.fields || substr(excluded.fields, 2)`, fieldList(next.No), next.No).Error
		if err != nil {
			return fmt.Errorf("put a field into the queues: %w", err)
		}
		return nil
	}
	list := fieldList(next.No)
	err := tx.Exec(`DELETE FROM waiting WHERE fields = ?`, list).Error
	if err == nil {
		err = tx.Exec(`UPDATE waiting SET fields = replace(fields, ?, ',') WHERE fields LIKE ?`, list, "%"+list+"%").Error
	}
	if err != nil {
		return fmt.Errorf("take a field out of the queues: %w", err)
	}
	return nil
}

// fieldList writes numbers of fields as in waiting.fields; "" if there are none.
func fieldList(numbers ...int) string {
	if len(numbers) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteByte(',')
	for _, no := range numbers {
		b.WriteString(strconv.Itoa(no))
		b.WriteByte(',')
	}
	return b.String()
}

// waitingNew is what of a new person waits, as in waiting.fields: all of it since
// now. Of one about whom the same row decides "" is said: see refreshStaged.
func (im *importRun) waitingNew(c *built, decided bool) string {
	if c.NewKey == nil || decided {
		return ""
	}
	var numbers []int
	for _, def := range im.fields.list {
		if def.waits() && c.Text[def.Key] != "" {
			numbers = append(numbers, def.No)
		}
	}
	return fieldList(numbers...)
}

// insertWaiting writes the new people of an import into the queue of those on whom
// nobody has decided.
func insertWaiting() statement {
	return statement{"insert waiting", `INSERT INTO waiting (registrant_id, queue, since, fields)
		SELECT registrant_id, '` + string(QueueUndecided) + `', @micros, waiting FROM import_stage WHERE run_no = @run AND waiting <> ''`}
}

// refreshStaged writes anew in which queues those stand whom an import has changed
// or decided about, some lines of the file at a time.
func (im *importRun) refreshStaged(tx *gorm.DB) error {
	im.say("refresh waiting")
	var lines int
	err := tx.Raw(`SELECT coalesce(max(line), 0) FROM (SELECT max(line) AS line FROM import_stage WHERE run_no = @run
		UNION ALL SELECT max(line) FROM import_stage_attestation WHERE run_no = @run) AS lines`,
		map[string]any{"run": im.stage}).Scan(&lines).Error
	for from := 0; err == nil && from <= lines; from += chunkRows {
		var ids []uuid.UUID
		err = tx.Raw(`SELECT registrant_id FROM import_stage WHERE run_no = @run AND line >= @from AND line < @to AND waiting = ''
			UNION SELECT registrant_id FROM import_stage_attestation WHERE run_no = @run AND line >= @from AND line < @to`,
			map[string]any{"run": im.stage, "from": from, "to": from + chunkRows}).Scan(&ids).Error
		if err == nil && len(ids) > 0 {
			err = refreshWaiting(tx, ids...)
		}
	}
	if err != nil {
		return fmt.Errorf("refresh who waits: %w", err)
	}
	return nil
}

// waitingRow is a row of waiting or of waiting_now.
type waitingRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id"`
	Queue        Queue     `gorm:"column:queue"`
	Since        int64     `gorm:"column:since"`
	Fields       string    `gorm:"column:fields"`
}

// loadWaiting reads what one of the two says of some people, each row as text that
// can be compared.
func loadWaiting(tx *gorm.DB, table string, ids []uuid.UUID) (map[uuid.UUID][]string, error) {
	var rows []waitingRow
	err := tx.Raw(`SELECT registrant_id, queue, since, fields FROM `+table+` WHERE registrant_id IN ? ORDER BY registrant_id, queue, since`, ids).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read who waits: %w", err)
	}
	out := map[uuid.UUID][]string{}
	for _, row := range rows {
		fields := strings.Split(row.Fields, ",")
		slices.Sort(fields)
		out[row.RegistrantID] = append(out[row.RegistrantID], fmt.Sprint(row.Queue, row.Since, fields))
	}
	return out, nil
}
