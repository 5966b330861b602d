package registry

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// TotalCap bounds what a search counts: beyond it, it only matters that it is a
// lot.
const TotalCap = 1000

// Total is how many a search finds in all.
type Total struct {
	Count int  // at most TotalCap
	Exact bool // false: there are more than Count
}

// countAll counts what a search finds, rank by rank: at most one more than
// TotalCap. The first page may say it all; sizes are of ranks that were counted.
func (s search) countAll(tx *gorm.DB, first found, sizes map[int]int) (Total, error) {
	n := 0
	if s.from == (cursor{query: s.from.query}) && first.next == "" {
		n = len(first.rows)
		return Total{n, true}, nil
	}
	for rank, w := range s.ranks() {
		if w == nil {
			continue
		}
		some, ok := sizes[rank]
		if !ok {
			var err error
			if some, err = s.size(tx, rank, w, TotalCap+1-n); err != nil {
				return Total{}, err
			}
		}
		if n += some; n > TotalCap {
			return Total{TotalCap, false}, nil
		}
	}
	return Total{n, true}, nil
}

// size is how many a rank finds: at most so many.
func (s search) size(tx *gorm.DB, rank int, w *where, most int) (n int, err error) {
	err = tx.Raw(`SELECT count(*) FROM (SELECT 1 FROM `+s.source(rank)+` WHERE `+w.text()+` LIMIT ?) AS capped`, append(slices.Clone(w.args), most)...).Scan(&n).Error
	if err != nil {
		return 0, fmt.Errorf("count what a search finds: %w", err)
	}
	return n, nil
}

// cursor is a place in what a query finds: after one record of one rank.
type cursor struct {
	query [6]byte // tells the query from others
	rank  int
	id    uuid.UUID
}

// String writes the cursor as Page.Next.
func (c cursor) String() string {
	b := append(append(c.query[:], byte(c.rank)), c.id[:]...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor reads q.After. It returns Invalid "bad_cursor", also for a cursor of
// a query that finds others.
func parseCursor(q Query) (cursor, error) {
	c, err := beginning(q)
	if err != nil || q.After == "" {
		return c, err
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(q.After)
	if err != nil || len(b) != len(c.query)+1+len(c.id) || !bytes.HasPrefix(b, c.query[:]) {
		return cursor{}, errBadCursor(err)
	}
	c.rank, c.id = int(b[len(c.query)]), uuid.UUID(b[len(c.query)+1:])
	return c, nil
}

// beginning is the cursor of the first page.
func beginning(q Query) (cursor, error) {
	q.After, q.Limit, q.Total = "", 0, false
	text, err := json.Marshal(q) // members in order, keys of maps sorted
	if err != nil {
		return cursor{}, fmt.Errorf("tell a query from others: %w", err)
	}
	var c cursor
	sum := sha256.Sum256(text)
	copy(c.query[:], sum[:])
	return c, nil
}

func formatAfter(id uuid.UUID) string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// parseAfter reads a cursor of lists that are in the order of ids.
func parseAfter(s string) (uuid.UUID, error) {
	if s == "" {
		return uuid.Nil, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return uuid.Nil, errBadCursor(err)
	}
	id, err := uuid.FromBytes(b)
	if err != nil {
		return uuid.Nil, errBadCursor(err)
	}
	return id, nil
}
