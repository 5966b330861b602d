package rest

import (
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

// enrolmentBody is one stay of a person or group in a programme.
type enrolmentBody struct {
	Registrant uuid.UUID                `json:"registrant"`
	Programme  string                   `json:"programme"`
	Seq        int                      `json:"seq"`
	Status     registry.EnrolmentStatus `json:"status"`
	Start      string                   `json:"start"`
	Since      string                   `json:"since"` // day from which the status holds
	End        string                   `json:"end,omitempty"`
	Reason     string                   `json:"reason,omitempty"`
	RecordedAt time.Time                `json:"recorded_at"`
	RecordedBy string                   `json:"recorded_by"`
}

func enrolmentBodyOf(e registry.Enrolment) enrolmentBody {
	return enrolmentBody{Registrant: e.RegistrantID, Programme: e.Programme, Seq: e.Seq, Status: e.Status, Start: e.Start, Since: e.Since, End: e.End,
		Reason: e.Reason, RecordedAt: e.RecordedAt, RecordedBy: e.RecordedBy}
}

// newStatus is the body of POST /people/{id}/enrolments.
type newStatus struct {
	Programme string                   `json:"programme"`
	Status    registry.EnrolmentStatus `json:"status"`
	On        string                   `json:"on"` // day; absent: today
	Reason    string                   `json:"reason"`
}

func (b newStatus) change(version int) registry.EnrolmentChange {
	return registry.EnrolmentChange{Programme: b.Programme, Status: b.Status, On: b.On, Reason: b.Reason, ExpectVersion: version}
}

// Enrolled answers GET /programmes/{code}/enrolments.
func (h *Handlers) Enrolled(c *gin.Context) error {
	if err := onlyQuery(c, "status", "after", "limit"); err != nil {
		return err
	}
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	found, err := h.reg.Enrolled(c.Request.Context(), actorOf(c), registry.EnrolledQuery{Programme: c.Param("code"),
		Status: registry.EnrolmentStatus(c.Query("status")), After: page.After, Limit: page.Limit})
	if err != nil {
		return err
	}
	return okList(c, found.Enrolments, enrolmentBodyOf, found.Next)
}

// Enrolments answers GET /people/{id}/enrolments and /groups/{id}/enrolments.
func (h *Handlers) Enrolments(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	enrolments, err := h.reg.Enrolments(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	return okList(c, enrolments, enrolmentBodyOf, "")
}

// Enrol answers POST /people/{id}/enrolments and /groups/{id}/enrolments:
// If-Match is the version of the record, which the enrolment changes.
func (h *Handlers) Enrol(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body newStatus
	if err := decode(c, &body); err != nil {
		return err
	}
	e, err := h.reg.Enrol(c.Request.Context(), actorOf(c), id, body.change(version))
	if err != nil {
		return err
	}
	setETag(c, e.VersionNo)
	return ok(c, enrolmentBodyOf(e))
}
