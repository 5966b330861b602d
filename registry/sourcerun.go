package registry

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/fault"
)

// SourceRunPage is one page of the pulls of a source, newest first.
type SourceRunPage struct {
	Runs []SourceRun
	Next string // after of the next page; "" after the last
}

// SourceRuns lists the pulls of a source; after is SourceRunPage.Next of the page
// before, limit the most of them (0: 50, at most 200). It returns Forbidden,
// NotFound "no_such_source" or Invalid "bad_cursor".
func (r *Registry) SourceRuns(ctx context.Context, a Actor, key, after string, limit int) (SourceRunPage, error) {
	if err := a.check(toReadSources); err != nil {
		return SourceRunPage{}, err
	}
	before, err := parseAfter(after)
	if err != nil {
		return SourceRunPage{}, err
	}
	var rows []sourceRunRow
	size := pageSize(limit)
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		if _, err := loadSource(tx, key, ""); err != nil {
			return err
		}
		find := tx.Where("source = ?", key)
		if before != uuid.Nil {
			find = find.Where("id < ?", before)
		}
		return find.Order("id DESC").Limit(size + 1).Find(&rows).Error
	})
	if err != nil {
		return SourceRunPage{}, fmt.Errorf("list the pulls of a source: %w", err)
	}
	var page SourceRunPage
	if len(rows) > size {
		rows = rows[:size]
		page.Next = formatAfter(rows[size-1].ID)
	}
	for i := range rows {
		page.Runs = append(page.Runs, rows[i].toRun())
	}
	return page, nil
}

// SourceProblemPage is one page of the problems of a pull, in their order.
type SourceProblemPage struct {
	Problems []SourceProblem
	Next     string
}

// SourceProblems lists what was wrong with the rows of a pull: see SourceRuns. It
// returns NotFound "no_such_pull", too.
func (r *Registry) SourceProblems(ctx context.Context, a Actor, key string, run uuid.UUID, after string, limit int) (SourceProblemPage, error) {
	if err := a.check(toReadSources); err != nil {
		return SourceProblemPage{}, err
	}
	start, err := parseNumberAfter(after, 31)
	if err != nil {
		return SourceProblemPage{}, err
	}
	var rows []sourceProblemRow
	size := pageSize(limit)
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		if _, err := loadSource(tx, key, ""); err != nil {
			return err
		}
		var there bool
		if err := tx.Raw(`SELECT EXISTS (SELECT 1 FROM source_run WHERE id = ? AND source = ?)`, run, key).Scan(&there).Error; err != nil {
			return err
		}
		if !there {
			return fault.New(fault.NotFound, "no_such_pull", "There is no such pull of this source.")
		}
		return tx.Where("run_id = ? AND no > ?", run, start).Order("no").Limit(size + 1).Find(&rows).Error
	})
	if err != nil {
		return SourceProblemPage{}, fmt.Errorf("list the problems of a pull: %w", err)
	}
	var page SourceProblemPage
	if len(rows) > size {
		rows = rows[:size]
		page.Next = strconv.Itoa(rows[size-1].No)
	}
	for _, p := range rows {
		page.Problems = append(page.Problems, SourceProblem{p.No, p.Page, p.RowNo, p.Column, p.Code, p.Words})
	}
	return page, nil
}
