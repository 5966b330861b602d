package registry

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/fault"
)

// HistoryPage is one page of the change log of a person or group, oldest first.
type HistoryPage struct {
	Entries []LogEntry
	Next    string // after of the next page; "" after the last
}

// HistoryPage gives a page of the change log of a person or group: after is HistoryPage.Next of
// the page before, limit its most entries (0: 50, at most 200). It returns Invalid
// "bad_cursor", NotFound or Forbidden: see Person.
func (r *Registry) HistoryPage(ctx context.Context, a Actor, id uuid.UUID, after string, limit int) (HistoryPage, error) {
	return r.historyPage(ctx, a, id, oldestFirst, after, limit)
}

// LatestHistory is HistoryPage from the newest entry to the oldest.
func (r *Registry) LatestHistory(ctx context.Context, a Actor, id uuid.UUID, after string, limit int) (HistoryPage, error) {
	return r.historyPage(ctx, a, id, newestFirst, after, limit)
}

// numbered is an order of what is numbered within one record.
type numbered bool

const (
	oldestFirst numbered = false
	newestFirst numbered = true
)

// page reads the rows of a record behind a number, and one more than a page has.
func (n numbered) page(tx *gorm.DB, column string, id uuid.UUID, after int64, size int) *gorm.DB {
	tx = tx.Where("registrant_id = ?", id).Limit(size + 1)
	switch {
	case n == oldestFirst:
		return tx.Where(column+" > ?", after).Order(column)
	case after > 0:
		tx = tx.Where(column+" < ?", after)
	}
	return tx.Order(column + " DESC")
}

func (r *Registry) historyPage(ctx context.Context, a Actor, id uuid.UUID, order numbered, after string, limit int) (HistoryPage, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return HistoryPage{}, err
	}
	start, err := parseNumberAfter(after, 64)
	if err != nil {
		return HistoryPage{}, err
	}
	var page HistoryPage
	err = r.reading(ctx, a, id, func(tx *gorm.DB) error {
		rec, err := r.loadRecord(tx, a.to(toRead), id, "")
		if err != nil {
			return err
		}
		var rows []changeRow
		size := pageSize(limit)
		if err := order.page(tx, "chain_no", id, start, size).Find(&rows).Error; err != nil {
			return fmt.Errorf("load a page of a change log: %w", err)
		}
		if page = (HistoryPage{}); len(rows) > size {
			rows = rows[:size]
			page.Next = strconv.FormatInt(rows[size-1].ChainNo, 10)
		}
		if page.Entries, err = entriesOf(a, rows, rec.key); err != nil {
			return err
		}
		return r.hideEntries(tx, a, page.Entries)
	})
	return page, err
}

// VersionPage is one page of the versions of a person's or group's record, oldest first.
type VersionPage struct {
	Versions  []Version // without Values
	DefaultNo int       // the default version, on this page or not
	Next      string    // after of the next page; "" after the last
}

// VersionPage gives a page of the versions of a person's or group's record: see HistoryPage.
func (r *Registry) VersionPage(ctx context.Context, a Actor, id uuid.UUID, after string, limit int) (VersionPage, error) {
	return r.versionPage(ctx, a, id, oldestFirst, after, limit)
}

// LatestVersions is VersionPage from the newest version to the oldest.
func (r *Registry) LatestVersions(ctx context.Context, a Actor, id uuid.UUID, after string, limit int) (VersionPage, error) {
	return r.versionPage(ctx, a, id, newestFirst, after, limit)
}

func (r *Registry) versionPage(ctx context.Context, a Actor, id uuid.UUID, order numbered, after string, limit int) (VersionPage, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return VersionPage{}, err
	}
	start, err := parseNumberAfter(after, 32)
	if err != nil {
		return VersionPage{}, err
	}
	var page VersionPage
	err = r.reading(ctx, a, id, func(tx *gorm.DB) error {
		rec, err := r.loadRecord(tx, a.to(toRead), id, "")
		if err != nil {
			return err
		}
		var rows []versionRow
		size := pageSize(limit)
		columns := tx.Select("version_no", "label", "author", "channel", "reason", "created_at")
		err = order.page(columns, "version_no", id, start, size).Find(&rows).Error
		if err != nil {
			return fmt.Errorf("load a page of versions: %w", err)
		}
		page = VersionPage{DefaultNo: rec.row.VersionNo}
		if len(rows) > size {
			rows = rows[:size]
			page.Next = strconv.Itoa(rows[size-1].VersionNo)
		}
		for i := range rows {
			page.Versions = append(page.Versions, rows[i].toVersion(nil))
		}
		return nil
	})
	return page, err
}

// Version gives one version of a person's or group's record. It returns NotFound, also
// "no_such_version", or Forbidden: see Person.
func (r *Registry) Version(ctx context.Context, a Actor, id uuid.UUID, number int) (Version, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return Version{}, err
	}
	var out Version
	err := r.reading(ctx, a, id, func(tx *gorm.DB) error {
		rec, err := r.loadRecord(tx, a.to(toRead), id, "")
		if err != nil {
			return err
		}
		var row versionRow
		missing := fault.New(fault.NotFound, "no_such_version", "This record has no such version.")
		if err := first(tx.Where("registrant_id = ? AND version_no = ?", id, number), &row, missing); err != nil {
			return fmt.Errorf("load a version: %w", err)
		}
		text, err := row.Values.open(rec.key)
		if err != nil {
			return fmt.Errorf("open version %d: %w", number, err)
		}
		hidden, err := r.hiddenFrom(tx, a)
		if err != nil {
			return err
		}
		out = row.toVersion(without(hidden, text))
		return nil
	})
	return out, err
}

// pageSize is how many things a page has when limit are asked for.
func pageSize(limit int) int {
	if limit < 1 {
		return defaultPage
	}
	return min(limit, maxPage)
}

// CurrentVersion gives the number of the default version of a person or group.
// It returns NotFound or Forbidden: see Person.
func (r *Registry) CurrentVersion(ctx context.Context, a Actor, id uuid.UUID) (int, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return 0, err
	}
	number := 0
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		found, err := readRow(tx, a.to(toRead), id, "")
		number = found.Row.VersionNo
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("look up a version number: %w", err)
	}
	return number, nil
}

// parseNumberAfter reads a cursor that is a number within one record, from a
// column of so many bits.
func parseNumberAfter(s string, bits int) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, bits)
	if err != nil || n < 0 {
		return 0, errBadCursor(err)
	}
	return n, nil
}
