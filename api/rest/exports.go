package rest

import (
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/respond"
	"socialregistry/registry"
)

// exportAsk says what a download holds. The query may name a person, so it stands
// in the body and not in the address.
type exportAsk struct {
	Kind         string                `json:"kind"` // person, group or a kind of group
	Fields       []string              `json:"fields"`
	Query        switchQuery           `json:"query"`
	AttestedOnly bool                  `json:"attested_only"`
	Attestations bool                  `json:"attestations"`
	Format       registry.ExportFormat `json:"format"`
	Purpose      string                `json:"purpose"`
}

func (b exportAsk) request() registry.ExportRequest {
	return registry.ExportRequest{Kind: b.Kind, Fields: b.Fields, Query: b.Query.query(), AttestedOnly: b.AttestedOnly,
		Attestations: b.Attestations, Format: b.Format, Purpose: b.Purpose}
}

// exportBody is the record of a download.
type exportBody struct {
	ID           uuid.UUID             `json:"id"`
	Kind         string                `json:"kind"`
	Fields       []string              `json:"fields"`
	AttestedOnly bool                  `json:"attested_only"`
	Attestations bool                  `json:"attestations"`
	Format       registry.ExportFormat `json:"format"`
	Purpose      string                `json:"purpose"`
	State        registry.ExportState  `json:"state"`
	Rows         int64                 `json:"rows"`
	Job          uuid.UUID             `json:"job,omitzero"`
	HasFile      bool                  `json:"has_file"` // for whoever asked
	Size         int64                 `json:"size,omitempty"`
	CreatedBy    string                `json:"created_by"`
	CreatedAt    time.Time             `json:"created_at"`
	EndedAt      time.Time             `json:"ended_at,omitzero"`
	ExpiresAt    time.Time             `json:"expires_at,omitzero"` // of the file
}

func exportBodyOf(d registry.Download) exportBody { return exportBody(d) }

// StartExport answers POST /exports.
func (h *Handlers) StartExport(c *gin.Context) error {
	var body exportAsk
	if err := decode(c, &body); err != nil {
		return err
	}
	j, err := h.reg.StartExport(c.Request.Context(), actorOf(c), body.request())
	if err != nil {
		return err
	}
	return accepted(c, j)
}

// CountExport answers POST /exports/count; it needs no purpose.
func (h *Handlers) CountExport(c *gin.Context) error {
	var body exportAsk
	if err := decode(c, &body); err != nil {
		return err
	}
	n, err := h.reg.CountExport(c.Request.Context(), actorOf(c), body.request())
	if err != nil {
		return err
	}
	return ok(c, struct {
		Rows int64 `json:"rows"`
	}{n})
}

// Exports answers GET /exports.
func (h *Handlers) Exports(c *gin.Context) error {
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "after", "limit"); err != nil {
		return err
	}
	found, err := h.reg.Downloads(c.Request.Context(), actorOf(c), page.After, page.Limit)
	if err != nil {
		return err
	}
	return okList(c, found.Downloads, exportBodyOf, found.Next)
}

// Export answers GET /exports/{id}.
func (h *Handlers) Export(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	d, err := h.reg.Download(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	return ok(c, exportBodyOf(d))
}

// ExportFile answers GET /exports/{id}/file.
func (h *Handlers) ExportFile(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	f, err := h.reg.ExportFile(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	return respond.Attachment(c, respond.File{Name: f.Name, ContentType: f.Format.MediaType(), Size: f.Size, Body: f})
}

// DropExportFile answers DELETE /exports/{id}/file: the record stays.
func (h *Handlers) DropExportFile(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := h.reg.DropExportFile(c.Request.Context(), actorOf(c), id); err != nil {
		return err
	}
	return noContent(c)
}

// ExportsOf answers GET /registrants/{id}/exports: the downloads that hold a record.
func (h *Handlers) ExportsOf(c *gin.Context) error {
	id, page, err := recordPage(c)
	if err != nil {
		return err
	}
	found, err := h.reg.DownloadsOf(c.Request.Context(), actorOf(c), id, page.After, page.Limit)
	if err != nil {
		return err
	}
	return okList(c, found.Downloads, exportBodyOf, found.Next)
}
