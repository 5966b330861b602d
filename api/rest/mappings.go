package rest

import (
	"github.com/gin-gonic/gin"

	"socialregistry/registry"
	"socialregistry/registry/mapping"
)

const mappingsPath = "/api/v1/import-mappings"

// mappingBody is a saved mapping.
type mappingBody struct {
	mapping.Mapping
	Version int `json:"version"` // also the ETag
}

func mappingBodyOf(m registry.ImportMapping) mappingBody { return mappingBody{m.Mapping, m.VersionNo} }

// mappingChange is the body of a write of a mapping; its version is not looked at.
type mappingChange struct {
	mappingBody
	Reason string `json:"reason"`
}

// ImportMappings answers GET /import-mappings.
func (h *Handlers) ImportMappings(c *gin.Context) error {
	if err := onlyQuery(c); err != nil {
		return err
	}
	list, err := h.reg.ImportMappings(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	return okList(c, list, mappingBodyOf, "")
}

// DefineImportMapping answers POST /import-mappings.
func (h *Handlers) DefineImportMapping(c *gin.Context) error {
	var body mappingChange
	if err := decode(c, &body); err != nil {
		return err
	}
	m, err := h.reg.DefineImportMapping(c.Request.Context(), actorOf(c), body.Mapping, body.Reason)
	if err != nil {
		return err
	}
	setETag(c, m.VersionNo)
	return created(c, mappingsPath+"/"+m.Key, mappingBodyOf(m))
}

// ImportMapping answers GET /import-mappings/{key}.
func (h *Handlers) ImportMapping(c *gin.Context) error {
	m, err := h.reg.ImportMapping(c.Request.Context(), actorOf(c), c.Param("key"))
	return okMapping(c, m, err)
}

// ChangeImportMapping answers PUT /import-mappings/{key}: If-Match is the version
// that is replaced.
func (h *Handlers) ChangeImportMapping(c *gin.Context) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body mappingChange
	if err := decode(c, &body); err != nil {
		return err
	}
	body.Key = c.Param("key")
	m, err := h.reg.ChangeImportMapping(c.Request.Context(), actorOf(c), registry.ImportMapping{Mapping: body.Mapping, VersionNo: version}, body.Reason)
	return okMapping(c, m, err)
}

func okMapping(c *gin.Context, m registry.ImportMapping, err error) error {
	if err != nil {
		return err
	}
	setETag(c, m.VersionNo)
	return ok(c, mappingBodyOf(m))
}
