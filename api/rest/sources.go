package rest

import (
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

const sourcesPath = "/api/v1/sources"

// sourceBody is a source. Its secret is never told.
type sourceBody struct {
	Key           string            `json:"key"`
	Label         map[string]string `json:"label"`
	URL           string            `json:"url"`
	Every         int               `json:"every"` // seconds; 0: only when somebody asks
	Mapping       string            `json:"mapping"`
	AuthHeader    string            `json:"auth_header"`
	RowsPath      string            `json:"rows_path"`
	Cursor        cursorBody        `json:"cursor"`
	PageSize      int               `json:"page_size"`
	PageSizeParam string            `json:"page_size_param"`
	VersionLabel  string            `json:"version_label"`
	Enabled       bool              `json:"enabled"`
	HasSecret     bool              `json:"has_secret"`
	Version       int               `json:"version"` // also the ETag
	NextAt        time.Time         `json:"next_at,omitzero"`

	State  registry.SourceState `json:"state"`
	GoesOn bool                 `json:"goes_on"` // the next pull begins at a cursor that is kept
}

// cursorBody says how the next page is asked for.
type cursorBody struct {
	In    registry.CursorPlace `json:"in"`
	Path  string               `json:"path"`
	Param string               `json:"param"`
	Keep  bool                 `json:"keep"`
}

func sourceBodyOf(s registry.Source) sourceBody {
	return sourceBody{Key: s.Key, Label: s.Label, URL: s.URL, Every: s.Every, Mapping: s.Mapping, AuthHeader: s.AuthHeader, RowsPath: s.RowsPath,
		Cursor: cursorBody(s.Cursor), PageSize: s.PageSize, PageSizeParam: s.PageSizeParam, VersionLabel: s.VersionLabel, Enabled: s.Enabled,
		HasSecret: s.HasSecret, Version: s.VersionNo, NextAt: s.NextAt, State: s.State, GoesOn: s.GoesOn}
}

// sourceChange is the body of a write of a source.
type sourceChange struct {
	sourceBody         // has_secret, version, next_at, state and goes_on are not looked at
	Secret     *string `json:"secret"` // absent: as it was; "": none
	Reason     string  `json:"reason"`
}

func (b sourceChange) source() registry.Source {
	return registry.Source{Key: b.Key, Label: b.Label, URL: b.URL, Every: b.Every, Mapping: b.Mapping, AuthHeader: b.AuthHeader, RowsPath: b.RowsPath,
		Cursor: registry.SourceCursor(b.Cursor), PageSize: b.PageSize, PageSizeParam: b.PageSizeParam, VersionLabel: b.VersionLabel, Enabled: b.Enabled}
}

// sourceRunBody is a pull.
type sourceRunBody struct {
	ID           uuid.UUID               `json:"id"`
	State        registry.SourceRunState `json:"state"`
	ErrorCode    string                  `json:"error_code,omitempty"`
	AskedBy      string                  `json:"asked_by"`
	Pages        int                     `json:"pages"`
	Rows         int                     `json:"rows"`
	Created      int                     `json:"created"`
	Updated      int                     `json:"updated"`
	Unchanged    int                     `json:"unchanged"`
	Failed       int                     `json:"failed"`
	ProblemCount int                     `json:"problem_count"`
	BegunAt      time.Time               `json:"begun_at"`
	EndedAt      time.Time               `json:"ended_at,omitzero"`
}

func sourceRunBodyOf(r registry.SourceRun) sourceRunBody {
	return sourceRunBody{ID: r.ID, State: r.State, ErrorCode: r.ErrorCode, AskedBy: r.AskedBy, Pages: r.Pages, Rows: r.Rows, Created: r.Created,
		Updated: r.Updated, Unchanged: r.Unchanged, Failed: r.Failed, ProblemCount: r.ProblemCount, BegunAt: r.BegunAt, EndedAt: r.EndedAt}
}

// sourceProblemBody is one thing that is wrong with a row of a pull.
type sourceProblemBody struct {
	Page   int    `json:"page"`
	Row    int    `json:"row"`
	Column string `json:"column"`
	Code   string `json:"code"`
	Words  string `json:"words"`
}

func sourceProblemBodyOf(p registry.SourceProblem) sourceProblemBody {
	return sourceProblemBody{Page: p.Page, Row: p.Row, Column: p.Column, Code: p.Code, Words: p.Words}
}

// Sources answers GET /sources.
func (h *Handlers) Sources(c *gin.Context) error {
	if err := onlyQuery(c); err != nil {
		return err
	}
	list, err := h.reg.Sources(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	return okList(c, list, sourceBodyOf, "")
}

// DefineSource answers POST /sources.
func (h *Handlers) DefineSource(c *gin.Context) error {
	var body sourceChange
	if err := decode(c, &body); err != nil {
		return err
	}
	secret := ""
	if body.Secret != nil {
		secret = *body.Secret
	}
	s, err := h.reg.DefineSource(c.Request.Context(), actorOf(c), body.source(), secret, body.Reason)
	if err != nil {
		return err
	}
	setETag(c, s.VersionNo)
	return created(c, sourcesPath+"/"+s.Key, sourceBodyOf(s))
}

// Source answers GET /sources/{key}.
func (h *Handlers) Source(c *gin.Context) error {
	s, err := h.reg.Source(c.Request.Context(), actorOf(c), c.Param("key"))
	return okSource(c, s, err)
}

// ChangeSource answers PUT /sources/{key}: If-Match is the version that is
// replaced.
func (h *Handlers) ChangeSource(c *gin.Context) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body sourceChange
	if err := decode(c, &body); err != nil {
		return err
	}
	s := body.source()
	s.Key, s.VersionNo = c.Param("key"), version
	s, err = h.reg.ChangeSource(c.Request.Context(), actorOf(c), s, body.Secret, body.Reason)
	return okSource(c, s, err)
}

func okSource(c *gin.Context, s registry.Source, err error) error {
	if err != nil {
		return err
	}
	setETag(c, s.VersionNo)
	return ok(c, sourceBodyOf(s))
}

// PullSource answers POST /sources/{key}/pull: the pull is a job.
func (h *Handlers) PullSource(c *gin.Context) error {
	j, err := h.reg.StartSourcePull(c.Request.Context(), actorOf(c), c.Param("key"))
	if err != nil {
		return err
	}
	return accepted(c, j)
}

// RestartSource answers POST /sources/{key}/restart: the next pull begins anew.
func (h *Handlers) RestartSource(c *gin.Context) error {
	var body struct {
		Reason string `json:"reason"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	s, err := h.reg.RestartSource(c.Request.Context(), actorOf(c), c.Param("key"), body.Reason)
	return okSource(c, s, err)
}

// onlyPage reads the parameters of an operation that has none but those of a page.
func onlyPage(c *gin.Context) (pageQuery, error) {
	if err := onlyQuery(c, "after", "limit"); err != nil {
		return pageQuery{}, err
	}
	return pageOf(c)
}

// SourceRuns answers GET /sources/{key}/runs.
func (h *Handlers) SourceRuns(c *gin.Context) error {
	page, err := onlyPage(c)
	if err != nil {
		return err
	}
	found, err := h.reg.SourceRuns(c.Request.Context(), actorOf(c), c.Param("key"), page.After, page.Limit)
	if err != nil {
		return err
	}
	return okList(c, found.Runs, sourceRunBodyOf, found.Next)
}

// SourceProblems answers GET /sources/{key}/runs/{id}/problems.
func (h *Handlers) SourceProblems(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	page, err := onlyPage(c)
	if err != nil {
		return err
	}
	found, err := h.reg.SourceProblems(c.Request.Context(), actorOf(c), c.Param("key"), id, page.After, page.Limit)
	if err != nil {
		return err
	}
	return okList(c, found.Problems, sourceProblemBodyOf, found.Next)
}
