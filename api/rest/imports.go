package rest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/csvio"
)

const importsPath = "/api/v1/imports"

// importBody is an import: what was asked for and what came of it.
type importBody struct {
	ID           uuid.UUID            `json:"id"`
	Name         string               `json:"name"`
	Mode         registry.ImportMode  `json:"mode"`
	Carries      registry.Carries     `json:"carries"`
	Undoes       *uuid.UUID           `json:"undoes,omitempty"` // the import that it takes back
	AllOrNothing bool                 `json:"all_or_nothing"`
	Kind         string               `json:"kind"`
	Mapping      map[string]string    `json:"mapping"`         // header: field; "" leaves the column out
	Saved        string               `json:"saved,omitempty"` // key of the saved mapping that it came with
	Dates        csvio.DateOrder      `json:"dates,omitempty"`
	Reason       string               `json:"reason"`
	Label        string               `json:"label,omitempty"`
	CollectedAt  time.Time            `json:"collected_at,omitzero"`
	State        registry.ImportState `json:"state"`
	HasFile      bool                 `json:"has_file"`
	CreatedBy    string               `json:"created_by"`
	CreatedAt    time.Time            `json:"created_at"`
	EndedAt      time.Time            `json:"ended_at,omitzero"` // of the last run
	Result       *importResultBody    `json:"result,omitempty"`  // of the last run
}

// importResultBody is what an import did or, checked, would do.
type importResultBody struct {
	Rows           int      `json:"rows"`
	Created        int      `json:"created"`
	Updated        int      `json:"updated"`
	Unchanged      int      `json:"unchanged"`
	Failed         int      `json:"failed"`
	Requested      int      `json:"requested"`   // changes that wait for approval
	Deactivated    int      `json:"deactivated"` // of an undo: people who were new, and are made inactive
	ProblemCount   int      `json:"problem_count"`
	Ignored        []string `json:"ignored"` // headers of columns that are no field
	AlreadyApplied bool     `json:"already_applied"`

	Decisions decisionCountsBody `json:"decisions"`
}

// decisionCountsBody counts the cells that decide about a value.
type decisionCountsBody struct {
	Attested  int `json:"attested"`
	Rejected  int `json:"rejected"`
	TakenBack int `json:"taken_back"`
	Unchanged int `json:"unchanged"`
	Failed    int `json:"failed"`
}

func importBodyOf(b registry.ImportBatch) importBody {
	out := importBody{ID: b.ID, Name: b.Name, Mode: b.Mode, Carries: b.Carries, AllOrNothing: b.AllOrNothing, Kind: b.Kind, Mapping: b.Mapping, Saved: b.Saved, Dates: b.Dates, Reason: b.Reason,
		Label: b.Label, CollectedAt: b.CollectedAt, State: b.State, HasFile: b.HasFile, CreatedBy: b.Actor, CreatedAt: b.CreatedAt, EndedAt: b.EndedAt}
	if b.Undoes != uuid.Nil {
		out.Undoes = &b.Undoes
	}
	if r := b.Result; !b.EndedAt.IsZero() {
		d := r.Decisions
		out.Result = &importResultBody{Rows: r.Rows, Created: r.Created, Updated: r.Updated, Unchanged: r.Unchanged, Failed: r.Failed, Requested: r.Requested,
			Deactivated: r.Deactivated, ProblemCount: r.ProblemCount, Ignored: r.Ignored, AlreadyApplied: r.AlreadyApplied,
			Decisions: decisionCountsBody{d.Attested, d.Rejected, d.TakenBack, d.Repeated, d.Failed}}
	}
	return out
}

// Imports answers GET /imports.
func (h *Handlers) Imports(c *gin.Context) error {
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "after", "limit"); err != nil {
		return err
	}
	before := uuid.Nil
	if page.After != "" {
		if before, err = uuid.Parse(page.After); err != nil {
			return fault.Wrap(fault.Invalid, "bad_cursor", "This page does not exist.", err)
		}
	}
	limit := page.size()
	found, err := h.reg.ImportBatches(c.Request.Context(), actorOf(c), before, limit)
	if err != nil {
		return err
	}
	next := ""
	if len(found) == limit {
		next = found[limit-1].ID.String()
	}
	return okList(c, found, importBodyOf, next)
}

// UploadImport answers POST /imports: the body is the file, and the query says how
// to read it. The file is kept; nothing else is done.
func (h *Handlers) UploadImport(c *gin.Context) error {
	options, err := importOptionsOf(c)
	if err != nil {
		return err
	}
	file, err := respond.Stream(c, "text/csv", registry.ExportXLSX.MediaType())
	if err != nil {
		return err
	}
	id, err := h.reg.UploadImport(c.Request.Context(), actorOf(c), file, options)
	if err != nil {
		return err
	}
	b, err := h.reg.ImportBatch(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	return created(c, importsPath+"/"+id.String(), importBodyOf(b))
}

// importOptionsOf reads how a file is to be read.
func importOptionsOf(c *gin.Context) (o registry.ImportOptions, err error) {
	chosen := c.QueryMap("map")
	names := append(parameters("map", chosen), "name", "mode", "carries", "mapping", "kind", "all_or_nothing", "dates", "reason", "label", "collected_at")
	if err := onlyQuery(c, names...); err != nil {
		return o, err
	}
	o = registry.ImportOptions{Name: c.Query("name"), Mode: registry.ImportMode(c.Query("mode")),
		Carries: registry.Carries(c.Query("carries")), Mapping: chosen, Saved: c.Query("mapping"), Kind: c.Query("kind"), Dates: csvio.DateOrder(c.Query("dates")), Reason: c.Query("reason"), Label: c.Query("label")}
	if o.Mode == "" && o.Saved == "" {
		o.Mode = registry.ImportCreate
	}
	if o.AllOrNothing, err = flagOf(c, "all_or_nothing"); err != nil {
		return o, err
	}
	if text := c.Query("collected_at"); text != "" {
		if o.CollectedAt, err = time.Parse(time.RFC3339, text); err != nil {
			return o, badQuery("collected_at", "bad_time", "As 2026-01-31T12:00:00Z.")
		}
	}
	return o, nil
}

// ImportTemplate answers GET /imports/template: a file with headers alone.
func (h *Handlers) ImportTemplate(c *gin.Context) error {
	if err := onlyQuery(c, "kind", "format", "carries"); err != nil {
		return err
	}
	kind, format := c.DefaultQuery("kind", registry.PersonKind), c.DefaultQuery("format", "csv")
	var file bytes.Buffer
	err := h.reg.WriteImportTemplate(c.Request.Context(), actorOf(c), kind, registry.Carries(c.Query("carries")), format, &file)
	if err != nil {
		return err
	}
	media := map[string]string{"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
	c.Header("Content-Disposition", `attachment; filename="`+kind+"."+format+`"`)
	c.Data(http.StatusOK, media[format], file.Bytes())
	return nil
}

// Import answers GET /imports/{id}.
func (h *Handlers) Import(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	b, err := h.reg.ImportBatch(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	return ok(c, importBodyOf(b))
}

// ImportProblems answers GET /imports/{id}/problems.
func (h *Handlers) ImportProblems(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "after", "limit"); err != nil {
		return err
	}
	after, err := strconv.ParseUint("0"+page.After, 10, 31)
	if err != nil {
		return fault.Wrap(fault.Invalid, "bad_cursor", "This page does not exist.", err)
	}
	limit := page.size()
	found, err := h.reg.ImportProblems(c.Request.Context(), actorOf(c), id, int(after), limit)
	if err != nil {
		return err
	}
	next := ""
	if len(found) == limit {
		next = strconv.Itoa(int(after) + limit)
	}
	return okList(c, found, problemBodyOf, next)
}

// ImportProblemsFile answers GET /imports/{id}/problems.csv: all that were kept.
func (h *Handlers) ImportProblemsFile(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	problems, err := h.reg.ImportProblems(c.Request.Context(), actorOf(c), id, 0, registry.MaxProblems)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Type", "text/csv; charset=utf-8")
	c.Header("Content-Disposition", `attachment; filename="problems.csv"`)
	c.Status(http.StatusOK)
	out, err := csvio.NewProblemWriter(c.Writer)
	for i := 0; err == nil && i < len(problems); i++ {
		err = out.Write(problems[i])
	}
	if err != nil {
		return fmt.Errorf("write problems: %w", err)
	}
	return out.Flush()
}

// CheckImport answers POST /imports/{id}/check.
func (h *Handlers) CheckImport(c *gin.Context) error { return startImport(c, h.reg.StartImportCheck) }

// ApplyImport answers POST /imports/{id}/apply.
func (h *Handlers) ApplyImport(c *gin.Context) error { return startImport(c, h.reg.StartImportApply) }

func startImport(c *gin.Context, start func(context.Context, registry.Actor, uuid.UUID) (registry.Job, error)) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	j, err := start(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	return accepted(c, j)
}

// DiscardImport answers DELETE /imports/{id}: the file is deleted.
func (h *Handlers) DiscardImport(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := h.reg.DiscardImport(c.Request.Context(), actorOf(c), id); err != nil {
		return err
	}
	return noContent(c)
}

// undoImportBody asks for an import to be taken back.
type undoImportBody struct {
	Reason string `json:"reason"`
}

// UndoImport answers POST /imports/{id}/undo: the undo is an import of its own, to be
// checked and applied as a file is.
func (h *Handlers) UndoImport(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var in undoImportBody
	if err := decode(c, &in); err != nil {
		return err
	}
	undo, err := h.reg.UndoImport(c.Request.Context(), actorOf(c), id, in.Reason)
	if err != nil {
		return err
	}
	b, err := h.reg.ImportBatch(c.Request.Context(), actorOf(c), undo)
	if err != nil {
		return err
	}
	return created(c, importsPath+"/"+undo.String(), importBodyOf(b))
}
