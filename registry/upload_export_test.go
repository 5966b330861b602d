package registry

import (
	"context"
	"errors"
	"io"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
)

// AttestByGORM is what an upload of decisions is measured against: the same file,
// read, looked up and checked by the same code, and the same rows written to the
// same tables in one transaction by GORM's CreateInBatches.
func (r *Registry) AttestByGORM(ctx context.Context, a Actor, src io.Reader, o ImportOptions, batch int) (int, error) {
	im, err := r.newImport(ctx, a, o)
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
			if err := im.attestByGORM(ctx, tx, rows, no, batch); err != nil {
				return err
			}
			if n += len(rows); end == io.EOF {
				return nil
			}
		}
	})
	return n, err
}

func (im *importRun) attestByGORM(ctx context.Context, tx *gorm.DB, rows []*importRow, no int64, batch int) error {
	if len(rows) == 0 {
		return nil
	}
	if _, err := im.buildChunk(ctx, rows); err != nil {
		return err
	}
	var heads []registrantRow
	var decided []attestationRow
	var states []stateRow
	var logs []loggedRow
	for _, row := range rows {
		if row.bad {
			return errors.New("a row of the measured file has a problem")
		}
		row.person.row.link(row.note)
		heads, logs = append(heads, row.person.row), append(logs, loggedRow{Log: *row.note, TxNo: no})
		for _, v := range row.decided {
			decided, states = append(decided, v.row), append(states, v.state)
		}
	}
	moved := clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns([]string{"chain_no", "chain_head"})}
	return errors.Join(tx.CreateInBatches(logs, batch).Error, tx.Clauses(moved).CreateInBatches(heads, batch).Error,
		tx.CreateInBatches(decided, batch).Error, tx.Clauses(clause.OnConflict{UpdateAll: true}).CreateInBatches(states, batch).Error)
}
