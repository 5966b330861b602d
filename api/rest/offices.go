package rest

import (
	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

const officesPath = "/api/v1/offices"

// officeBody is an office.
type officeBody struct {
	Code    string            `json:"code"`
	Label   map[string]string `json:"label"`
	Area    string            `json:"area"`
	Active  bool              `json:"active"`
	Version int               `json:"version"` // also the ETag
}

func officeBodyOf(o registry.Office) officeBody {
	return officeBody{Code: o.Code, Label: o.Label, Area: o.Area, Active: o.Active, Version: o.Version}
}

// Offices answers GET /offices.
func (h *Handlers) Offices(c *gin.Context) error {
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "area", "retired", "after", "limit"); err != nil {
		return err
	}
	retired, err := flagOf(c, "retired")
	if err != nil {
		return err
	}
	found, err := h.reg.Offices(c.Request.Context(), actorOf(c),
		registry.OfficeQuery{Area: c.Query("area"), Retired: retired, After: page.After, Limit: page.Limit})
	if err != nil {
		return err
	}
	return okList(c, found.Offices, officeBodyOf, found.Next)
}

// OpenOffice answers POST /offices.
func (h *Handlers) OpenOffice(c *gin.Context) error {
	var body struct {
		Code   string            `json:"code"`
		Label  map[string]string `json:"label"`
		Area   string            `json:"area"`
		Reason string            `json:"reason"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	o, err := h.reg.OpenOffice(c.Request.Context(), actorOf(c), registry.Office{Code: body.Code, Label: body.Label, Area: body.Area}, body.Reason)
	if err != nil {
		return err
	}
	setETag(c, o.Version)
	return created(c, officesPath+"/"+o.Code, officeBodyOf(o))
}

// Office answers GET /offices/{code}.
func (h *Handlers) Office(c *gin.Context) error {
	o, err := h.reg.Office(c.Request.Context(), actorOf(c), c.Param("code"))
	if err != nil {
		return err
	}
	setETag(c, o.Version)
	return ok(c, officeBodyOf(o))
}

// ChangeOffice answers PUT /offices/{code}.
func (h *Handlers) ChangeOffice(c *gin.Context) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body struct {
		Label  map[string]string `json:"label"`
		Area   string            `json:"area"`
		Active bool              `json:"active"`
		Reason string            `json:"reason"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	o, err := h.reg.ChangeOffice(c.Request.Context(), actorOf(c),
		registry.Office{Code: c.Param("code"), Label: body.Label, Area: body.Area, Active: body.Active, Version: version}, body.Reason)
	if err != nil {
		return err
	}
	setETag(c, o.Version)
	return ok(c, officeBodyOf(o))
}
