package ledger

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
	"socialregistry/internal/secret"
)

// Kinds of status lists.
const (
	TokenList     = "token"     // Token Status List
	BitstringList = "bitstring" // Bitstring Status List 1.0
)

// ListSize is the number of entries of a new list: the least that Bitstring
// Status List 1.0 allows, and enough to hide a person in (16 KiB unpacked).
const ListSize = 131072

// ListIDBytes is enough for no two lists to be alike, and short: the address of a list
// takes a quarter of a code on paper.
const ListIDBytes = 8

// StatusList is one list, without its bits.
type StatusList struct {
	ID       string // random, opaque; part of the list's URL
	Kind     string
	EndsAt   time.Time // every credential in it ends before
	Size     int64
	Revision int64 // moves with every change of a value
	// VoidBelow is not 0 if the database was brought back from a backup since: of the
	// positions below it, those without a credential are invalid.
	VoidBelow int64
}

// Block is a run of leased positions of one list. They are positions before the
// permutation that turns them into indices. What is not used of a block stays
// unused for ever, and hides how many credentials there are.
type Block struct {
	List  StatusList
	Seq   int // of the list among its like
	First int64
	Count int64
}

type statusListRow struct {
	Issuer    owner    `gorm:"column:issuer"`
	ID        string   `gorm:"column:id;primaryKey"`
	Kind      string   `gorm:"column:kind"`
	EndsAt    db.Time  `gorm:"column:ends_at"`
	Seq       int      `gorm:"column:seq"`
	Size      int64    `gorm:"column:size"`
	NextIndex int64    `gorm:"column:next_index"`
	Revision  int64    `gorm:"column:revision"`
	CreatedAt db.Time  `gorm:"column:created_at"`
	ClosedAt  *db.Time `gorm:"column:closed_at"`
	VoidBelow int64    `gorm:"column:void_below"`
}

func (statusListRow) TableName() string { return "status_list" }

func (r statusListRow) toStatusList() StatusList {
	return StatusList{ID: r.ID, Kind: r.Kind, EndsAt: r.EndsAt.Time, Size: r.Size, Revision: r.Revision, VoidBelow: r.VoidBelow}
}

// Lease takes the next count positions of the open list of a kind whose credentials
// end before a moment, and opens a new list when the last one is full. No position
// is ever given twice.
func (l *Ledger) Lease(ctx context.Context, kind string, ends time.Time, count int64) (Block, error) {
	var b Block
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		row, err := l.openList(tx, kind, db.TimeOf(ends), count, now)
		if err != nil {
			return err
		}
		b = Block{List: row.toStatusList(), Seq: row.Seq, First: row.NextIndex, Count: count}
		return tx.Model(&statusListRow{}).Where("id = ?", row.ID).Update("next_index", row.NextIndex+count).Error
	})
	if err != nil {
		return Block{}, fmt.Errorf("ledger: lease status positions: %w", err)
	}
	return b, nil
}

// leaseTries is how many lists may fill up under others' hands while one lease
// waits for its turn at them.
const leaseTries = 100

// openList locks the newest list that has room, making one if there is none.
// Two processes that both find the last list full make one between them: the
// place (kind, ends_at, seq) is unique.
func (l *Ledger) openList(tx *gorm.DB, kind string, ends db.Time, count int64, now db.Time) (statusListRow, error) {
	for try := 0; try < leaseTries && count <= ListSize; try++ {
		var row statusListRow
		err := tx.Raw("SELECT id, kind, ends_at, seq, size, next_index, revision, created_at, closed_at FROM status_list WHERE issuer = ? AND kind = ? AND ends_at = ?"+
			" ORDER BY seq DESC LIMIT 1"+l.db.Dialect.ForUpdate(), l.issuer, kind, ends).Scan(&row).Error
		if err != nil {
			return row, err
		}
		if row.ID != "" && row.ClosedAt == nil && row.NextIndex+count <= row.Size {
			return row, nil
		}
		next := statusListRow{ID: secret.RandomID(ListIDBytes), Kind: kind, EndsAt: ends, Seq: row.Seq + 1, Size: ListSize, CreatedAt: now}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&next).Error; err != nil {
			return row, err
		}
	}
	return statusListRow{}, fmt.Errorf("no room for %d positions in a new %s list", count, kind)
}

// StatusList gives one list by kind and id; ErrNotFound if there is none.
func (l *Ledger) StatusList(ctx context.Context, kind, id string) (StatusList, error) {
	if !isID(id) {
		return StatusList{}, fmt.Errorf("ledger: read status list: %w", ErrNotFound)
	}
	var rows []statusListRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("kind = ? AND id = ?", kind, id).Find(&rows).Error
	})
	if err == nil && len(rows) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return StatusList{}, fmt.Errorf("ledger: read status list: %w", err)
	}
	return rows[0].toStatusList(), nil
}

// StatusLists gives the lists that end after a moment, oldest first.
func (l *Ledger) StatusLists(ctx context.Context, after time.Time) ([]StatusList, error) {
	var rows []statusListRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("ends_at > ?", db.TimeOf(after)).Order("kind, ends_at, seq").Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read status lists: %w", err)
	}
	out := make([]StatusList, len(rows))
	for n, r := range rows {
		out[n] = r.toStatusList()
	}
	return out, nil
}

// StatusEntry is an entry of a status list that has something to say.
type StatusEntry struct {
	Index    int64  `gorm:"column:list_index"`
	State    State  `gorm:"column:state"`
	Reason   string `gorm:"column:reason"`   // of an end
	Replaced bool   `gorm:"column:replaced"` // a newer one was issued, and this one will be withdrawn
}

// StatusEntries gives the entries of a list that say something: all others are
// valid, or belong to nobody.
func (l *Ledger) StatusEntries(ctx context.Context, listID string) ([]StatusEntry, error) {
	var out []StatusEntry
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Raw("SELECT list_index, state, reason, replace_at IS NOT NULL AS replaced FROM issuance WHERE issuer = ? AND list_id = ?"+
			" AND (state IN ('suspended', 'withdrawn', 'failed') OR replace_at IS NOT NULL)", l.issuer, listID).Scan(&out).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read status entries: %w", err)
	}
	return out, nil
}
