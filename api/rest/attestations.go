package rest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

// stateBody is where one field of a person stands.
type stateBody struct {
	Field         string         `json:"field"`
	State         registry.State `json:"state"`
	Changed       bool           `json:"changed"` // decided once, and the value differs since
	AttestedBy    string         `json:"attested_by,omitempty"`
	At            time.Time      `json:"at,omitzero"`
	Comment       string         `json:"comment,omitempty"`
	AttestedValue string         `json:"attested_value,omitempty"` // the value that was decided on
}

func stateBodyOf(s registry.FieldState) stateBody {
	return stateBody{Field: s.Field, State: s.State, Changed: s.Changed, AttestedBy: s.By, At: s.At, Comment: s.Comment, AttestedValue: s.AttestedText}
}

// decisionsBody is the body of POST /people/{id}/attestations.
type decisionsBody struct {
	Decisions []decisionBody `json:"decisions"`
}

type decisionBody struct {
	Field   string         `json:"field"`
	State   registry.State `json:"state"`
	Comment string         `json:"comment"`
}

func (b decisionsBody) decisions() []registry.Decision {
	out := make([]registry.Decision, len(b.Decisions))
	for i, d := range b.Decisions {
		out[i] = registry.Decision(d)
	}
	return out
}

// Attestations answers GET /people/{id}/attestations, as of a group.
func (h *Handlers) Attestations(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.okStates(c, id)
}

// Attest answers POST /people/{id}/attestations, as of a group: If-Match is the version that
// was looked at.
func (h *Handlers) Attest(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body decisionsBody
	if err := decode(c, &body); err != nil {
		return err
	}
	if err := h.reg.Attest(c.Request.Context(), actorOf(c), id, version, body.decisions()); err != nil {
		return err
	}
	return h.okStates(c, id)
}

// okStates answers with the states of a record's fields. Its ETag is read first:
// if the record changes in between, a decision made from it is refused.
func (h *Handlers) okStates(c *gin.Context, id uuid.UUID) error {
	version, err := h.reg.CurrentVersion(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	states, err := h.reg.FieldStates(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	setETag(c, version)
	sorted := slices.SortedFunc(maps.Values(states), func(a, b registry.FieldState) int { return cmp.Compare(a.Field, b.Field) })
	return okList(c, sorted, stateBodyOf, "")
}
