package registry

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// FeedEntry says that something about a person has changed.
type FeedEntry struct {
	RegistrantID uuid.UUID
	ChainNo      int64
	At           time.Time
}

// maxFeed bounds one page of the feed.
const maxFeed = 1000

// feedCursor is a place in the feed: after this row.
type feedCursor struct {
	tx    int64
	id    uuid.UUID
	chain int64
}

// Feed gives up to limit entries of the change log after cursor ("" = from the
// beginning), and the cursor after them. The order is that of the writing
// transactions, and it ends before the oldest transaction of this database that is
// still open: what is committed late is never before a cursor that was handed out. Several
// changes of one person in one transaction follow their chain. It returns
// Invalid "bad_cursor".
//
// The numbers of transactions belong to one PostgreSQL cluster: after a restore
// into another one (pg_dump), read again from the beginning.
func (r *Registry) Feed(ctx context.Context, cursor string, limit int) (entries []FeedEntry, next string, err error) {
	after, err := parseFeedCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	var rows []feedRow
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		return tx.Raw(`SELECT registrant_id, chain_no, tx_no, at FROM change_log
			WHERE (tx_no, registrant_id, chain_no) > (?, ?, ?) AND `+r.db.Dialect.Settled()+`
			ORDER BY tx_no, registrant_id, chain_no LIMIT ?`, after.tx, after.id, after.chain, min(max(limit, 1), maxFeed)).Scan(&rows).Error
	})
	if err != nil {
		return nil, "", fmt.Errorf("read the feed: %w", err)
	}
	for _, row := range rows {
		entries = append(entries, FeedEntry{RegistrantID: row.RegistrantID, ChainNo: row.ChainNo, At: row.At.Time})
		after = feedCursor{row.TxNo, row.RegistrantID, row.ChainNo}
	}
	return entries, after.String(), nil
}

type feedRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id"`
	ChainNo      int64     `gorm:"column:chain_no"`
	TxNo         int64     `gorm:"column:tx_no"`
	At           db.Time   `gorm:"column:at"`
}

// String writes the cursor; the beginning is "".
func (c feedCursor) String() string {
	if c == (feedCursor{}) {
		return ""
	}
	return fmt.Sprintf("%d.%s.%d", c.tx, c.id, c.chain)
}

func parseFeedCursor(s string) (feedCursor, error) {
	if s == "" {
		return feedCursor{}, nil
	}
	var c feedCursor
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return c, errBadCursor(nil)
	}
	var err error
	if c.tx, err = strconv.ParseInt(parts[0], 10, 64); err != nil {
		return c, errBadCursor(err)
	}
	if c.id, err = uuid.Parse(parts[1]); err != nil {
		return c, errBadCursor(err)
	}
	if c.chain, err = strconv.ParseInt(parts[2], 10, 64); err != nil {
		return c, errBadCursor(err)
	}
	return c, nil
}

func errBadCursor(err error) error {
	return fault.Wrap(fault.Invalid, "bad_cursor", "The cursor is not one that was given out here.", err)
}
