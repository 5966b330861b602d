package registry

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// The table waiting says who waits for a decision, since when and with which fields.
// It follows from values, decisions and definitions, and is
// written in the transaction of each of them: after a change or a decision anew for
// its record, by an import of new people from what it staged, and after a change of
// a definition for its field.

// queueEnds is kept in the place of QueueExpiring and QueueExpired, which the clock tells
// apart. QueueOverdue is a part of undecided and changed.
const queueEnds Queue = "ends"

// refreshWaiting writes anew in which queues people stand. Their records are locked.
// Of groups nothing is kept.
func (r *Registry) refreshWaiting(tx *gorm.DB, ids ...uuid.UUID) error {
	for some := range slices.Chunk(ids, chunkRows) {
		if err := tx.Exec(`DELETE FROM waiting WHERE registrant_id IN ?`, some).Error; err != nil {
			return fmt.Errorf("clear who waits: %w", err)
		}
		fields, err := r.fieldSet(tx) // after the first write: see refreshWaitingOf
		if err != nil {
			return err
		}
		var people []registrantRow
		err = tx.Raw(`SELECT id, kind, status, times FROM registrant WHERE id IN ?`, some).Scan(&people).Error
		if err != nil {
			return fmt.Errorf("read who waits: %w", err)
		}
		states, err := loadStatesOf(tx, some)
		if err != nil {
			return err
		}
		var rows []waitingRow
		for i := range people {
			rows = append(rows, fields.waiting(&people[i], states[people[i].ID])...)
		}
		if len(rows) == 0 {
			continue
		}
		if err := tx.CreateInBatches(rows, chunkRows).Error; err != nil {
			return fmt.Errorf("write who waits: %w", err)
		}
	}
	return nil
}

// waiting is what the table has to hold of a person, as waiting_now says it in SQL.
func (s *fieldSet) waiting(row *registrantRow, states map[int]stateRow) (rows []waitingRow) {
	if row.Kind != PersonKind || row.Status != statusActive {
		return nil
	}
	for _, def := range s.list {
		at, filled := row.Values.Times.V[def.Key]
		if !filled || !def.waits() {
			continue
		}
		for queue, since := range states[def.No].queues(at.R) {
			i := slices.IndexFunc(rows, func(w waitingRow) bool { return w.Queue == queue && w.Since == since })
			if i < 0 {
				rows = append(rows, waitingRow{row.ID, queue, since, ","})
				i = len(rows) - 1
			}
			rows[i].Fields += strconv.Itoa(def.No) + ","
		}
	}
	return rows
}

// queues gives in which queues a value stands, and since when: recorded is when the
// value was.
func (s stateRow) queues(recorded int64) map[Queue]int64 {
	if s.State == "" { // nearly always
		return map[Queue]int64{QueueUndecided: recorded}
	}
	out, same := map[Queue]int64{}, bytes.Equal(s.LiveHash, s.DecidedHash)
	switch {
	case s.State == StateNew:
		out[QueueUndecided] = recorded
	case !same:
		out[QueueChanged] = recorded
		if s.State == StateRejected {
			out[QueueResubmitted] = recorded
		}
	case s.State == StateRejected:
		out[QueueRejected] = s.Since.UnixMicro()
	case (s.State == StateAttested || s.State == StateExpired) && s.ExpiresAt != nil:
		out[queueEnds] = s.ExpiresAt.UnixMicro()
	}
	if s.Proposal > 0 {
		out[QueueProposed] = recorded
	}
	return out
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
			err = im.r.refreshWaiting(tx, ids...)
		}
	}
	if err != nil {
		return fmt.Errorf("refresh who waits: %w", err)
	}
	return nil
}

// waitingRow is a row of waiting.
type waitingRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id"`
	Queue        Queue     `gorm:"column:queue"`
	Since        int64     `gorm:"column:since"`
	Fields       string    `gorm:"column:fields"`
}

func (waitingRow) TableName() string { return "waiting" }

// waitingLines writes rows so that they can be compared: neither they nor the fields
// in them have an order.
func waitingLines(rows []waitingRow) []string {
	lines := make([]string, len(rows))
	for i, row := range rows {
		fields := strings.Split(row.Fields, ",")
		slices.Sort(fields)
		lines[i] = fmt.Sprint(row.Queue, row.Since, fields)
	}
	slices.Sort(lines)
	return lines
}
