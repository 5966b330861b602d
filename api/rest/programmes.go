package rest

import (
	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

const programmesPath = "/api/v1/programmes"

// programmeBody is a programme.
type programmeBody struct {
	Code    string            `json:"code"`
	Label   map[string]string `json:"label"`
	Kinds   []string          `json:"kinds"`
	Start   string            `json:"start"`
	End     string            `json:"end,omitempty"` // the last day
	Version int               `json:"version"`       // also the ETag
	Field   string            `json:"field"`         // says where a registrant stands in it
}

func programmeBodyOf(p registry.Programme) programmeBody {
	return programmeBody{Code: p.Code, Label: p.Label, Kinds: p.Kinds, Start: p.Start, End: p.End, Version: p.VersionNo, Field: p.Field()}
}

// newProgramme is the body of POST /programmes.
type newProgramme struct {
	Code   string            `json:"code"`
	Label  map[string]string `json:"label"`
	Kinds  []string          `json:"kinds"`
	Start  string            `json:"start"`
	End    string            `json:"end"`
	Reason string            `json:"reason"`
}

// programmePatch is the body of PATCH /programmes/{code}: what is absent stays.
type programmePatch struct {
	Label  map[string]string `json:"label"`
	End    *string           `json:"end"` // "": no last day is set
	Reason string            `json:"reason"`
}

func (b programmePatch) apply(p registry.Programme) registry.Programme {
	if b.Label != nil {
		p.Label = b.Label
	}
	if b.End != nil {
		p.End = *b.End
	}
	return p
}

// Programmes answers GET /programmes.
func (h *Handlers) Programmes(c *gin.Context) error {
	if err := onlyQuery(c); err != nil {
		return err
	}
	programmes, err := h.reg.Programmes(c.Request.Context())
	if err != nil {
		return err
	}
	return okList(c, programmes, programmeBodyOf, "")
}

// DefineProgramme answers POST /programmes.
func (h *Handlers) DefineProgramme(c *gin.Context) error {
	var body newProgramme
	if err := decode(c, &body); err != nil {
		return err
	}
	p, err := h.reg.DefineProgramme(c.Request.Context(), actorOf(c),
		registry.Programme{Code: body.Code, Label: body.Label, Kinds: body.Kinds, Start: body.Start, End: body.End}, body.Reason)
	if err != nil {
		return err
	}
	setETag(c, p.VersionNo)
	return created(c, programmesPath+"/"+p.Code, programmeBodyOf(p))
}

// Programme answers GET /programmes/{code}.
func (h *Handlers) Programme(c *gin.Context) error {
	p, err := h.reg.Programme(c.Request.Context(), c.Param("code"))
	if err != nil {
		return err
	}
	setETag(c, p.VersionNo)
	return ok(c, programmeBodyOf(p))
}

// EditProgramme answers PATCH /programmes/{code}.
func (h *Handlers) EditProgramme(c *gin.Context) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body programmePatch
	if err := decodePatch(c, &body); err != nil {
		return err
	}
	p, err := h.reg.Programme(c.Request.Context(), c.Param("code"))
	if err != nil {
		return err
	}
	p.VersionNo = version
	if p, err = h.reg.EditProgramme(c.Request.Context(), actorOf(c), body.apply(p), body.Reason); err != nil {
		return err
	}
	setETag(c, p.VersionNo)
	return ok(c, programmeBodyOf(p))
}
