package registry

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// Source is another system that gives its people by HTTP, page by page, in JSON.
// Its rows are read under a saved mapping whose columns are paths in a row.
type Source struct {
	Key           string            `json:"key"`             // snake_case, never changed
	Label         map[string]string `json:"label"`           // words per language; en is always there
	URL           string            `json:"url"`             // of the first page, on one of the hosts that the operator lists
	Every         int               `json:"every"`           // seconds between two pulls; 0: only when somebody asks
	Mapping       string            `json:"mapping"`         // key of a saved mapping of people
	AuthHeader    string            `json:"auth_header"`     // header field that carries the secret; empty: Authorization
	RowsPath      string            `json:"rows_path"`       // where the list of rows stands in a page; "": the page is the list
	Cursor        SourceCursor      `json:"cursor"`          //
	PageSize      int               `json:"page_size"`       // rows asked for, in PageSizeParam; 0: nothing is said
	PageSizeParam string            `json:"page_size_param"` //
	VersionLabel  string            `json:"version_label"`   // begins the names of the versions that a pull makes; "": they have none
	Enabled       bool              `json:"enabled"`         // pulled by the clock
	HasSecret     bool              `json:"has_secret"`      // the secret itself is never shown again
	VersionNo     int               `json:"version_no"`      // moves with every change of the settings
	NextAt        time.Time         `json:"-"`               // when it is pulled next; zero: when somebody asks
	State         SourceState       `json:"-"`
	GoesOn        bool              `json:"-"` // the next pull begins at a cursor that is kept; else at the first page
}

// SourceCursor says how the next page is asked for.
type SourceCursor struct {
	In    CursorPlace `json:"in"`    // where a page says it; "": there is one page
	Path  string      `json:"path"`  // in the body
	Param string      `json:"param"` // of the next request, for one in the body
	Keep  bool        `json:"keep"`  // the next pull goes on where this one ended; else it begins anew
}

// CursorPlace is where a page says how the next one is asked for.
type CursorPlace string

// The places.
const (
	CursorNone CursorPlace = ""
	CursorBody CursorPlace = "body" // a member: its value goes into a parameter
	CursorLink CursorPlace = "link" // the header field Link, relation next (RFC 8288)
)

// sourceRow is a row of source.
type sourceRow struct {
	Key       string         `gorm:"column:key;primaryKey"`
	Spec      column[Source] `gorm:"column:spec"`
	Mapping   string         `gorm:"column:mapping"`
	Secret    db.Bytes       `gorm:"column:secret"`
	VersionNo int            `gorm:"column:version_no"`
	Position  string         `gorm:"column:position"`
	State     SourceState    `gorm:"column:state"`
	Turn      int64          `gorm:"column:turn"`
	NextAt    *db.Time       `gorm:"column:next_at"`
	CreatedBy string         `gorm:"column:created_by"`
	CreatedAt db.Time        `gorm:"column:created_at;autoCreateTime:false"`
	UpdatedAt db.Time        `gorm:"column:updated_at;autoUpdateTime:false"`
}

func (sourceRow) TableName() string { return "source" }

func (row *sourceRow) toSource() Source {
	s := row.Spec.V
	s.HasSecret, s.VersionNo, s.State, s.GoesOn = len(row.Secret) > 0, row.VersionNo, row.State, row.Position != ""
	if row.NextAt != nil {
		s.NextAt = row.NextAt.Time
	}
	return s
}

// Sources lists the sources by key. It returns Forbidden.
func (r *Registry) Sources(ctx context.Context, a Actor) ([]Source, error) {
	if err := a.check(toReadSources); err != nil {
		return nil, err
	}
	var rows []sourceRow
	err := r.db.Read(ctx, func(tx *gorm.DB) error { return tx.Order("key").Find(&rows).Error })
	if err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	out := make([]Source, len(rows))
	for i := range rows {
		out[i] = rows[i].toSource()
	}
	return out, nil
}

// Source gives one source. It returns Forbidden or NotFound "no_such_source".
func (r *Registry) Source(ctx context.Context, a Actor, key string) (Source, error) {
	if err := a.check(toReadSources); err != nil {
		return Source{}, err
	}
	var row sourceRow
	err := r.db.Read(ctx, func(tx *gorm.DB) (err error) {
		row, err = loadSource(tx, key, "")
		return err
	})
	if err != nil {
		return Source{}, err
	}
	return row.toSource(), nil
}

func loadSource(tx *gorm.DB, key, lock string) (sourceRow, error) {
	var rows []sourceRow
	if keysFine([]string{key}) {
		if err := tx.Raw(`SELECT * FROM source WHERE key = ?`+lock, key).Scan(&rows).Error; err != nil {
			return sourceRow{}, fmt.Errorf("load a source: %w", err)
		}
	}
	if len(rows) == 0 {
		return sourceRow{}, fault.New(fault.NotFound, "no_such_source", "There is no such source.")
	}
	return rows[0], nil
}

// SourceRun is one pull.
type SourceRun struct {
	ID           uuid.UUID
	Source       string
	AskedBy      string
	State        SourceRunState
	ErrorCode    string // why it failed
	Pages        int
	Rows         int // = Created + Updated + Unchanged + Failed
	Created      int
	Updated      int
	Unchanged    int
	Failed       int // rows with a problem
	ProblemCount int
	BegunAt      time.Time
	EndedAt      time.Time // zero: it runs
}

// SourceRunState is where a pull stands.
type SourceRunState string

// The states.
const (
	PullRunning SourceRunState = "running" // or it was cut off, and goes on when its job is tried again
	PullDone    SourceRunState = "done"
	PullFailed  SourceRunState = "failed" // what it had kept by then is kept
)

// SourceProblem is one thing that is wrong with a row of a pull. It never holds a
// value of a person.
type SourceProblem struct {
	No     int
	Page   int    // of the pull, from 1
	Row    int    // in the page, from 1
	Column string // path in the row; "": the whole row
	Code   string
	Words  string
}

// sourceRunRow is a row of source_run.
type sourceRunRow struct {
	ID           uuid.UUID      `gorm:"column:id;primaryKey"`
	Source       string         `gorm:"column:source"`
	AskedBy      string         `gorm:"column:asked_by"`
	State        SourceRunState `gorm:"column:state"`
	ErrorCode    string         `gorm:"column:error_code"`
	Pages        int            `gorm:"column:pages"`
	RowCount     int            `gorm:"column:row_count"`
	Created      int            `gorm:"column:created"`
	Updated      int            `gorm:"column:updated"`
	Unchanged    int            `gorm:"column:unchanged"`
	Failed       int            `gorm:"column:failed"`
	ProblemCount int            `gorm:"column:problem_count"`
	BegunAt      db.Time        `gorm:"column:begun_at"`
	EndedAt      *db.Time       `gorm:"column:ended_at"`
}

func (sourceRunRow) TableName() string { return "source_run" }

func (row *sourceRunRow) toRun() SourceRun {
	out := SourceRun{ID: row.ID, Source: row.Source, AskedBy: row.AskedBy, State: row.State, ErrorCode: row.ErrorCode, Pages: row.Pages,
		Rows: row.RowCount, Created: row.Created, Updated: row.Updated, Unchanged: row.Unchanged, Failed: row.Failed,
		ProblemCount: row.ProblemCount, BegunAt: row.BegunAt.Time}
	if row.EndedAt != nil {
		out.EndedAt = row.EndedAt.Time
	}
	return out
}

// sourceProblemRow is a row of source_problem.
type sourceProblemRow struct {
	RunID  uuid.UUID `gorm:"column:run_id;primaryKey"`
	No     int       `gorm:"column:no;primaryKey;autoIncrement:false"`
	Page   int       `gorm:"column:page"`
	RowNo  int       `gorm:"column:row_no"`
	Column string    `gorm:"column:column_name"`
	Code   string    `gorm:"column:code"`
	Words  string    `gorm:"column:words"`
}

func (sourceProblemRow) TableName() string { return "source_problem" }
