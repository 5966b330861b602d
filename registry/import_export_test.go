package registry

import (
	"context"
	"errors"
	"io"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// loggedRow is a row of change_log as GORM would write it.
type loggedRow struct {
	Log  changeRow `gorm:"embedded"`
	TxNo int64     `gorm:"column:tx_no"`
}

func (loggedRow) TableName() string { return "change_log" }

// ImportByGORM is what the import is measured against: the same rows, read,
// checked, sealed and hashed by the same code, written to the same tables in one
// transaction by GORM's CreateInBatches. It looks nobody up.
func (r *Registry) ImportByGORM(ctx context.Context, a Actor, src io.Reader, batch int) (int, error) {
	im, err := r.newImport(ctx, a, ImportOptions{Mode: ImportCreate})
	if err != nil {
		return 0, err
	}
	im.input = newImportInput(src)
	reader, err := im.open(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		var no int64
		if err := tx.Raw(`SELECT ` + r.db.Dialect.TxNo()).Scan(&no).Error; err != nil {
			return err
		}
		for {
			rows, end := im.readChunk(ctx, reader, batch)
			if end != nil && end != io.EOF {
				return end
			}
			if err := im.createByGORM(tx, rows, no, batch); err != nil {
				return err
			}
			if n += len(rows); end == io.EOF {
				return nil
			}
		}
	})
	return n, err
}

func (im *importRun) createByGORM(tx *gorm.DB, rows []*importRow, no int64, batch int) error {
	var people []registrantRow
	var keys []keyRow
	var versions []*versionRow
	var ids []identifierRow
	var logs []loggedRow
	for _, row := range rows {
		c, err := im.change(row)
		if err != nil {
			return err
		}
		c.Row.Number, im.next = numberFrom(im.next)
		c.Row.link(&c.Log)
		people, keys, versions = append(people, c.Row), append(keys, *c.NewKey), append(versions, versionRowOf(c))
		ids, logs = append(ids, c.Added...), append(logs, loggedRow{Log: c.Log, TxNo: no})
	}
	if len(rows) == 0 {
		return nil
	}
	return errors.Join(tx.CreateInBatches(people, batch).Error, tx.CreateInBatches(keys, batch).Error,
		tx.CreateInBatches(versions, batch).Error, tx.CreateInBatches(ids, batch).Error, tx.CreateInBatches(logs, batch).Error)
}

// MergeSteps names the statements of a merge of new people and decisions about them.
func MergeSteps() []string {
	var names []string
	for _, s := range append(createStatements(), decisionStatements()...) {
		names = append(names, s.name)
	}
	return names
}
