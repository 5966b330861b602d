package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/jobs"
)

// A pull asks a source for page after page. Each page is one transaction: its
// rows, what was wrong with them, the counts, and the cursor of the next page. A
// process that is killed anywhere leaves whole pages behind, and the next attempt
// goes on after them; a page that is read twice changes nothing the second time.

const (
	jobSourcePull = "source_pull"

	// maxPages bounds one pull; the next one goes on where it ended.
	maxPages = 10_000
)

// sourceArgs are the arguments of a job of kind source_pull.
type sourceArgs struct {
	Source string `json:"source"`
}

// StartSourcePull asks for a pull now, whether or not the source is enabled. Of
// several that are asked for at once, one runs. Its result is a SourceRun. It
// returns Forbidden, NotFound "no_such_source", or Conflict "job_exists".
func (r *Registry) StartSourcePull(ctx context.Context, a Actor, key string) (Job, error) {
	if err := a.check(toPullSources); err != nil {
		return Job{}, err
	}
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		_, err := loadSource(tx, key, "")
		return err
	})
	if err != nil {
		return Job{}, err
	}
	return r.startJob(ctx, a, jobSourcePull, sourceArgs{key}, oneAtATime(key))
}

// StartDuePulls asks for a pull of every source whose time has come, and tells how
// many there were. Servers call it now and then: of several at once, one finds a
// source due.
func (r *Registry) StartDuePulls(ctx context.Context) (n int, err error) {
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		n = 0
		var due []sourceRow
		if err := tx.Raw(`SELECT * FROM source WHERE next_at <= ? ORDER BY key`+r.db.Dialect.ForUpdate()+r.db.Dialect.SkipLocked(), now).Scan(&due).Error; err != nil {
			return fmt.Errorf("look for sources that are due: %w", err)
		}
		for _, row := range due {
			next := db.TimeOf(now.Add(time.Duration(row.Spec.V.Every) * time.Second))
			if err := tx.Exec(`UPDATE source SET next_at = ? WHERE key = ?`, next, row.Key).Error; err != nil {
				return fmt.Errorf("say when a source is due: %w", err)
			}
			_, err := r.enqueue(tx, now, System(), jobSourcePull, sourceArgs{row.Key}, oneAtATime(row.Key))
			if err != nil && fault.CodeOf(err) != "job_exists" { // somebody's own is at work
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

// workSourcePull is the work of a job of kind source_pull.
func (r *Registry) workSourcePull(ctx context.Context, a Actor, run *jobs.Run) (any, error) {
	var args sourceArgs
	if err := run.Args(&args); err != nil {
		return nil, err
	}
	if err := a.check(toPullSources); err != nil {
		return nil, err
	}
	return r.pull(ctx, a, args.Source, run.ID, func(rows int) { run.Tell(ctx, int64(rows), 0) })
}

// PullSource pulls from a source in this process and waits for the end: see
// StartSourcePull. progress, unless nil, is told the rows so far. It returns the
// errors of outbound.Client.Get; Invalid "answer_not_json", "answer_too_deep",
// "no_rows", "too_many_rows", "bad_cursor"; Conflict "cursor_stuck" when a cursor
// comes a second time, "cursor_refused" when the other system does not take one that
// it gave (the next pull begins anew, or, where the cursor is kept, somebody lets it:
// see RestartSource), or "pull_overtaken" when another pull or a change of the
// settings came between.
func (r *Registry) PullSource(ctx context.Context, a Actor, key string, progress func(rows int)) (SourceRun, error) {
	if err := a.check(toPullSources); err != nil {
		return SourceRun{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return SourceRun{}, fmt.Errorf("begin a pull: %w", err)
	}
	if progress == nil {
		progress = func(int) {}
	}
	return r.pull(ctx, a, key, id, progress)
}

// pulling is one pull on its way.
type pulling struct {
	r    *Registry
	src  sourceRow
	run  sourceRunRow
	seen map[string]bool // cursors of this attempt
}

func (r *Registry) pull(ctx context.Context, a Actor, key string, id uuid.UUID, progress func(rows int)) (SourceRun, error) {
	p := &pulling{r: r, seen: map[string]bool{}}
	if err := p.begin(ctx, a, key, id); err != nil {
		return SourceRun{}, err
	}
	var failure error
	for page := 0; ; page++ {
		var more bool
		if more, failure = p.next(ctx); failure != nil || !more {
			break
		}
		progress(p.run.RowCount)
		if page+1 >= maxPages {
			return p.end(ctx, nil, false)
		}
	}
	return p.end(ctx, failure, true)
}

// begin records the pull, or goes on with one whose job is tried again.
func (p *pulling) begin(ctx context.Context, a Actor, key string, id uuid.UUID) error {
	return p.r.db.InTx(ctx, p.r.now, func(tx *gorm.DB, now db.Time) (err error) {
		if p.src, err = loadSource(tx, key, p.r.db.Dialect.ForUpdate()); err != nil {
			return err
		}
		p.run = sourceRunRow{}
		if err := tx.Where("id = ?", id).Limit(1).Find(&p.run).Error; err != nil {
			return fmt.Errorf("look for a pull: %w", err)
		}
		if p.run.ID != uuid.Nil {
			p.run.State, p.run.ErrorCode, p.run.EndedAt = PullRunning, "", nil
			return tx.Select("*").Updates(&p.run).Error
		}
		p.run = sourceRunRow{ID: id, Source: key, AskedBy: a.name(), State: PullRunning, BegunAt: now}
		if err := tx.Create(&p.run).Error; err != nil {
			return fmt.Errorf("begin a pull: %w", err)
		}
		return nil
	})
}

// next fetches a page and keeps it; false: it was the last one.
func (p *pulling) next(ctx context.Context) (more bool, err error) {
	page, err := p.fetch(ctx)
	if err != nil {
		return false, err
	}
	p.seen[p.src.Position] = true
	stuck := page.next != "" && p.seen[page.next]
	if err := p.keep(ctx, page, stuck || page.next == ""); err != nil {
		return false, err
	}
	switch {
	case !stuck:
		return page.next != "", nil
	case len(page.rows) == 0: // it says where to go on another time
		return false, nil
	}
	return false, fault.New(fault.Conflict, "cursor_stuck", "The other system gave a cursor that it has given before. Its rows are kept.")
}

// keep writes a page: rows, problems, counts and cursor, in one transaction. The
// cursor stays where it is after the last page: it is asked for again.
func (p *pulling) keep(ctx context.Context, page sourcePage, last bool) error {
	run, src := p.run, p.src
	src.Turn++
	if !last {
		src.Position = page.next
	}
	err := p.r.db.InTx(ctx, p.r.now, func(tx *gorm.DB, now db.Time) error {
		p.run = run
		p.run.Pages++
		moved := tx.Exec(`UPDATE source SET position = ?, state = ?, turn = ? WHERE key = ? AND turn = ?`, src.Position, SourceReady, src.Turn, src.Key, p.src.Turn)
		switch {
		case moved.Error != nil:
			return fmt.Errorf("move the cursor of a source: %w", moved.Error)
		case moved.RowsAffected == 0:
			return fault.New(fault.Conflict, "pull_overtaken", "Another pull of this source, or a change of its settings, came between.")
		}
		if err := p.apply(tx, page, now); err != nil {
			return err
		}
		if err := tx.Select("*").Updates(&p.run).Error; err != nil {
			return fmt.Errorf("count the rows of a pull: %w", err)
		}
		return nil
	})
	if err != nil {
		p.run = run
		return err
	}
	p.src = src
	return nil
}

// end records how the pull ended. One that came to its end, or whose cursor was
// refused, makes the next one begin anew, unless the cursor is to be kept. One that another worker has, or
// that the end of the server cut off, is left as it is: it goes on.
func (p *pulling) end(ctx context.Context, failure error, over bool) (SourceRun, error) {
	cancelled := errors.Is(failure, jobs.ErrCancelled) || errors.Is(context.Cause(ctx), jobs.ErrCancelled)
	p.run.State = PullDone
	switch {
	case cancelled:
		p.run.State, p.run.ErrorCode = PullFailed, "cancelled"
	case errors.Is(failure, jobs.ErrLost), failure != nil && ctx.Err() != nil:
		return p.run.toRun(), failure
	case failure != nil:
		p.run.State, p.run.ErrorCode = PullFailed, fault.CodeOf(failure)
	}
	refused := p.run.ErrorCode == codeCursorRefused
	anew := (refused || failure == nil && over) && !p.src.Spec.V.Cursor.Keep
	err := p.r.db.InTx(db.Besides(context.WithoutCancel(ctx), nil), p.r.now, func(tx *gorm.DB, now db.Time) error {
		p.run.EndedAt = &now
		if err := tx.Select("*").Updates(&p.run).Error; err != nil {
			return fmt.Errorf("end a pull: %w", err)
		}
		switch {
		case anew:
			return tx.Exec(`UPDATE source SET position = '', state = ?, turn = turn + 1 WHERE key = ? AND turn = ?`, SourceReady, p.src.Key, p.src.Turn).Error
		case refused:
			return tx.Exec(`UPDATE source SET state = ? WHERE key = ? AND turn = ?`, SourceCursorRefused, p.src.Key, p.src.Turn).Error
		}
		return nil
	})
	if failure != nil {
		err = failure
	}
	return p.run.toRun(), err
}
