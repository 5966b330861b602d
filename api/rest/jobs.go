package rest

import (
	"encoding/json"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

const jobsPath = "/api/v1/jobs"

// jobBody is work that somebody has asked for.
type jobBody struct {
	ID          uuid.UUID         `json:"id"`
	Kind        string            `json:"kind"`
	State       registry.JobState `json:"state"`
	Cancelling  bool              `json:"cancelling"` // it runs, and was asked to end
	Attempts    int               `json:"attempts"`
	Progress    int64             `json:"progress"` // of total
	Total       int64             `json:"total"`    // 0: not known
	Result      json.RawMessage   `json:"result,omitempty"`
	Error       *jobErrorBody     `json:"error,omitempty"` // of a job that failed
	CreatedBy   string            `json:"created_by"`
	CancelledBy string            `json:"cancelled_by,omitempty"`
	CreatedAt   time.Time         `json:"created_at"`
	EndedAt     time.Time         `json:"ended_at,omitzero"`
}

// jobErrorBody says why a job failed.
type jobErrorBody struct {
	Code   string         `json:"code"`
	Detail string         `json:"detail"`
	Errors []jobFieldBody `json:"errors,omitempty"`
}

// jobFieldBody is one mistake.
type jobFieldBody struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func jobBodyOf(j registry.Job) jobBody {
	out := jobBody{ID: j.ID, Kind: j.Kind, State: j.State, Cancelling: j.Cancelling, Attempts: j.Attempts, Progress: j.Progress, Total: j.Total,
		Result: j.Result, CreatedBy: j.CreatedBy, CancelledBy: j.CancelledBy, CreatedAt: j.CreatedAt, EndedAt: j.EndedAt}
	if f := j.Failure; f != nil {
		out.Error = &jobErrorBody{Code: f.Code, Detail: f.Detail}
		for _, x := range f.Fields {
			out.Error.Errors = append(out.Error.Errors, jobFieldBody{x.Name, x.Code, x.Detail})
		}
	}
	return out
}

// Jobs answers GET /jobs.
func (h *Handlers) Jobs(c *gin.Context) error {
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "kind", "state", "after", "limit"); err != nil {
		return err
	}
	found, err := h.reg.Jobs(c.Request.Context(), actorOf(c), registry.JobQuery{
		Kind: c.Query("kind"), State: registry.JobState(c.Query("state")), After: page.After, Limit: page.Limit,
	})
	if err != nil {
		return err
	}
	return okList(c, found.Jobs, jobBodyOf, found.Next)
}

// Job answers GET /jobs/{id}.
func (h *Handlers) Job(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	j, err := h.reg.Job(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	return ok(c, jobBodyOf(j))
}

// CancelJob answers POST /jobs/{id}/cancel.
func (h *Handlers) CancelJob(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	j, err := h.reg.CancelJob(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	return ok(c, jobBodyOf(j))
}

// StartAudit answers POST /audits.
func (h *Handlers) StartAudit(c *gin.Context) error {
	var body struct {
		Chains bool `json:"chains"` // play the change logs again, too
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	j, err := h.reg.StartAudit(c.Request.Context(), actorOf(c), body.Chains)
	if err != nil {
		return err
	}
	return accepted(c, j)
}

// StartStatistics answers POST /statistics/refresh.
func (h *Handlers) StartStatistics(c *gin.Context) error {
	j, err := h.reg.StartStatistics(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	return accepted(c, j)
}
