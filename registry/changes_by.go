package registry

import (
	"fmt"
	"math"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// changesWork is how many transactions are looked through at a time, of those that
// somebody made or that came by one channel.
const changesWork = 100

// changesPart is entries that were read at once.
type changesPart struct {
	rows []placedChange
	end  feedCursor // how far they reach; zero: to the last of them
	more bool       // there may be older ones
}

// part reads the next entries of records that are for the actor.
func (k *changesLook) part(tx *gorm.DB) (changesPart, error) {
	if k.q.Actor != "" || k.q.Channel != "" {
		return k.partBy(tx)
	}
	rows, err := k.rows(tx, changesChunk, func(find *gorm.DB) *gorm.DB {
		if k.at != (feedCursor{}) {
			find = find.Where("(tx_no, registrant_id, change_log.chain_no) < (?, ?, ?)", k.at.tx, k.at.id, k.at.chain)
		}
		if k.q.Import != uuid.Nil {
			find = find.Where("tx_no = ?", k.only)
		}
		return find
	})
	return changesPart{rows: rows, more: len(rows) == changesChunk}, err
}

// partBy reads the entries that somebody made, or that came by one channel. It goes
// from transaction to transaction by an index, so what others did in between costs
// nothing, and takes one entry of an import, as which it stands in the log.
func (k *changesLook) partBy(tx *gorm.DB) (part changesPart, err error) {
	numbers, err := k.transactions(tx)
	if err != nil {
		return part, err
	}
	if err := k.nameImports(tx, numbers); err != nil {
		return part, err
	}
	for _, no := range numbers {
		whole := k.imports[no].ID != uuid.Nil && k.q.Import == uuid.Nil && k.q.Field == ""
		rows, err := k.rowsOf(tx, no, whole)
		if err != nil {
			return part, err
		}
		part.rows, part.end = append(part.rows, rows...), feedCursor{tx: no}
		if !whole && len(rows) == changesChunk { // it may have more
			part.end = feedCursor{}
		}
		if len(part.rows) >= changesChunk {
			part.more = true
			return part, nil
		}
	}
	part.more = len(numbers) == changesWork
	return part, nil
}

// transactions are the next ones in which the actor, or else the channel, that is
// asked for wrote, newest first.
func (k *changesLook) transactions(tx *gorm.DB) ([]int64, error) {
	column, value := "actor", k.q.Actor
	if value == "" {
		column, value = "channel", string(k.q.Channel)
	}
	last, most := int64(math.MaxInt64), changesWork
	if k.q.Import != uuid.Nil {
		last, most = k.only, 1
	}
	if k.at != (feedCursor{}) {
		if last = min(last, k.at.tx); k.at.id == uuid.Nil { // it is done with
			last = min(last, k.at.tx-1)
		}
	}
	const newest = `SELECT c.tx_no FROM change_log c WHERE c.%s = ? AND c.tx_no %s ORDER BY c.tx_no DESC LIMIT 1`
	var out []int64
	err := tx.Raw(`WITH RECURSIVE walk(tx_no) AS (SELECT (`+fmt.Sprintf(newest, column, "<= ?")+`)
		UNION ALL SELECT (`+fmt.Sprintf(newest, column, "< walk.tx_no")+`) FROM walk WHERE walk.tx_no IS NOT NULL)
		SELECT tx_no FROM walk WHERE tx_no IS NOT NULL LIMIT ?`, value, last, value, most).Scan(&out).Error
	if err != nil {
		return nil, fmt.Errorf("find who wrote what: %w", err)
	}
	if k.q.Import != uuid.Nil && len(out) > 0 && out[0] != k.only {
		return nil, nil
	}
	return out, nil
}

// rowsOf reads the next entries of one transaction; of a whole import, which one
// account makes by one channel, the first.
func (k *changesLook) rowsOf(tx *gorm.DB, no int64, whole bool) ([]placedChange, error) {
	most := changesChunk
	if whole {
		most = 1
	}
	return k.rows(tx, most, func(find *gorm.DB) *gorm.DB {
		find = find.Where("tx_no = ?", no)
		if no == k.at.tx {
			find = find.Where("(registrant_id, change_log.chain_no) < (?, ?)", k.at.id, k.at.chain)
		}
		if k.q.Actor != "" && !whole {
			find = find.Where("actor = ?", k.q.Actor)
		}
		if k.q.Channel != "" && !whole {
			find = find.Where("channel = ?", k.q.Channel)
		}
		return find
	})
}

// rows reads entries of records that are for the actor.
func (k *changesLook) rows(tx *gorm.DB, most int, which func(find *gorm.DB) *gorm.DB) ([]placedChange, error) {
	find := which(tx.Table("change_log").Joins("JOIN registrant ON registrant.id = change_log.registrant_id").
		Select("change_log.*, registrant.kind, registrant.number").
		Order("tx_no DESC, registrant_id DESC, change_log.chain_no DESC").Limit(most))
	if sql, args := k.actor.to(toReadChanges).condition("registrant"); sql != "" {
		find = find.Where(sql, args...)
	}
	var rows []placedChange
	if err := find.Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the change logs: %w", err)
	}
	return rows, nil
}
