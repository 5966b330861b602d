package rest

import (
	"bytes"
	"strconv"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/registry"
	"socialregistry/registry/csvio"
)

// areaBody is an area.
type areaBody struct {
	Code    string            `json:"code"`
	Parent  string            `json:"parent,omitempty"`
	Level   int               `json:"level"`
	Name    map[string]string `json:"name"`
	Path    []string          `json:"path"` // codes from the top down to this one
	Active  bool              `json:"active"`
	Version int               `json:"version"` // also the ETag
}

func areaBodyOf(a registry.Area) areaBody {
	return areaBody{Code: a.Code, Parent: a.Parent, Level: a.Level, Name: a.Name, Path: a.Path, Active: a.Active, Version: a.Version}
}

// areaImportBody is what an import of areas did or, dry, would do.
type areaImportBody struct {
	DryRun       bool          `json:"dry_run"`
	Rows         int           `json:"rows"`
	Created      int           `json:"created"`
	Updated      int           `json:"updated"`
	Unchanged    int           `json:"unchanged"`
	Placed       int           `json:"placed"` // records that lie in another area now
	ProblemCount int           `json:"problem_count"`
	Problems     []problemBody `json:"problems"` // the first of them
}

// problemBody is one thing that is wrong with a file.
type problemBody struct {
	Line   int    `json:"line"`
	Column string `json:"column"`
	Code   string `json:"code"`
	Words  string `json:"words"`
}

func areaImportBodyOf(r registry.AreaImport) areaImportBody {
	return areaImportBody{DryRun: r.DryRun, Rows: r.Rows, Created: r.Created, Updated: r.Updated, Unchanged: r.Unchanged, Placed: r.Placed,
		ProblemCount: r.ProblemCount, Problems: listOf(r.Problems, problemBodyOf).Items}
}

func problemBodyOf(p csvio.Problem) problemBody {
	return problemBody{Line: p.Line, Column: p.Column, Code: p.Code, Words: p.Words}
}

// Areas answers GET /areas.
func (h *Handlers) Areas(c *gin.Context) error {
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "under", "level", "retired", "after", "limit"); err != nil {
		return err
	}
	q := registry.AreaQuery{Under: c.Query("under"), After: page.After, Limit: page.Limit}
	if text, ok := c.GetQuery("level"); ok {
		level, err := strconv.Atoi(text)
		if err != nil {
			return badQuery("level", "bad_level", "A whole number.")
		}
		q.Level = &level
	}
	if q.Retired, err = flagOf(c, "retired"); err != nil {
		return err
	}
	found, err := h.reg.Areas(c.Request.Context(), actorOf(c), q)
	if err != nil {
		return err
	}
	return okList(c, found.Areas, areaBodyOf, found.Next)
}

// flagOf reads a parameter that is true or false; absent is false.
func flagOf(c *gin.Context, name string) (bool, error) {
	switch c.Query(name) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, badQuery(name, "bad_"+name, "true or false.")
}

// ImportAreas answers POST /areas/import.
func (h *Handlers) ImportAreas(c *gin.Context) error {
	if err := onlyQuery(c, "dry_run", "reason"); err != nil {
		return err
	}
	dry, err := flagOf(c, "dry_run")
	if err != nil {
		return err
	}
	file, err := respond.Body(c, "text/csv")
	if err != nil {
		return err
	}
	result, err := h.reg.ImportAreas(c.Request.Context(), actorOf(c), bytes.NewReader(file), dry, c.Query("reason"))
	if err != nil {
		return err
	}
	return ok(c, areaImportBodyOf(result))
}

// Area answers GET /areas/{code}.
func (h *Handlers) Area(c *gin.Context) error {
	a, err := h.reg.Area(c.Request.Context(), actorOf(c), c.Param("code"))
	return okArea(c, a, err)
}

// AddArea answers POST /areas.
func (h *Handlers) AddArea(c *gin.Context) error {
	var body struct {
		Code   string            `json:"code"`
		Parent string            `json:"parent"` // "": the top
		Level  *int              `json:"level"`  // absent: one below the parent's
		Name   map[string]string `json:"name"`
		Reason string            `json:"reason"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	a, err := h.reg.AddArea(c.Request.Context(), actorOf(c),
		registry.NewArea{Code: body.Code, Parent: body.Parent, Level: body.Level, Name: body.Name}, body.Reason)
	if err != nil {
		return err
	}
	setETag(c, a.Version)
	return created(c, "/api/v1/areas/"+a.Code, areaBodyOf(a))
}

// RenameArea answers PATCH /areas/{code}: null takes a name away.
func (h *Handlers) RenameArea(c *gin.Context) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body struct {
		Name   map[string]*string `json:"name"`
		Reason string             `json:"reason"`
	}
	if err := decodePatch(c, &body); err != nil {
		return err
	}
	names := make(map[string]string, len(body.Name))
	for lang, words := range body.Name {
		if names[lang] = ""; words != nil {
			names[lang] = *words
		}
	}
	a, err := h.reg.RenameArea(c.Request.Context(), actorOf(c), c.Param("code"), names, version, body.Reason)
	return okArea(c, a, err)
}

// MoveArea answers POST /areas/{code}/move.
func (h *Handlers) MoveArea(c *gin.Context) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body struct {
		Parent string `json:"parent"` // "": the top
		Reason string `json:"reason"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	a, err := h.reg.MoveArea(c.Request.Context(), actorOf(c), c.Param("code"), body.Parent, version, body.Reason)
	return okArea(c, a, err)
}

// RetireArea answers POST /areas/{code}/retire.
func (h *Handlers) RetireArea(c *gin.Context) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body reasonBody
	if err := decode(c, &body); err != nil {
		return err
	}
	a, err := h.reg.RetireArea(c.Request.Context(), actorOf(c), c.Param("code"), version, body.Reason)
	return okArea(c, a, err)
}

func okArea(c *gin.Context, a registry.Area, err error) error {
	if err != nil {
		return err
	}
	setETag(c, a.Version)
	return ok(c, areaBodyOf(a))
}

// reasonBody is the body of a write that has nothing but a reason.
type reasonBody struct {
	Reason string `json:"reason"`
}
