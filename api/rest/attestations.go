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
	Status        string         `json:"status,omitempty"`
	ExpiresAt     time.Time      `json:"expires_at,omitzero"`
	AttestedValue string         `json:"attested_value,omitempty"` // the value that was decided on
	Evidence      []uuid.UUID    `json:"evidence,omitempty"`       // documents
	Proposal      *proposalBody  `json:"proposal,omitempty"`
	Appeal        *ownAppealBody `json:"appeal,omitempty"`
}

// proposalBody is what the first of two attesters decided.
type proposalBody struct {
	State      registry.State `json:"state"`
	Status     string         `json:"status,omitempty"`
	AttestedBy string         `json:"attested_by"`
	At         time.Time      `json:"at"`
	Comment    string         `json:"comment,omitempty"`
	Evidence   []uuid.UUID    `json:"evidence,omitempty"`
	Attesters  string         `json:"attesters"` // "1 of 2"
}

// ownAppealBody is where the appeal against the decision stands.
type ownAppealBody struct {
	ID     uuid.UUID            `json:"id"`
	State  registry.AppealState `json:"state"`
	At     time.Time            `json:"at"`
	Answer string               `json:"answer,omitempty"`
}

func stateBodyOf(s registry.FieldState) stateBody {
	b := stateBody{Field: s.Field, State: s.State, Status: s.Status, Changed: s.Changed, AttestedBy: s.By, At: s.At, Comment: s.Comment,
		ExpiresAt: s.ExpiresAt, AttestedValue: s.AttestedText, Evidence: s.Evidence}
	if p := s.Proposal; p.By != "" {
		b.Proposal = &proposalBody{State: p.State, Status: p.Status, AttestedBy: p.By, At: p.At, Comment: p.Comment, Evidence: p.Evidence, Attesters: "1 of 2"}
	}
	b.Appeal = ownAppealBodyOf(s.Appeal)
	return b
}

func ownAppealBodyOf(a registry.OwnAppeal) *ownAppealBody {
	if a.ID == uuid.Nil {
		return nil
	}
	return &ownAppealBody{ID: a.ID, State: a.State, At: a.At, Answer: a.Answer}
}

// decisionsBody is the body of POST /people/{id}/attestations.
type decisionsBody struct {
	Decisions []decisionBody `json:"decisions"`
}

type decisionBody struct {
	Field   string         `json:"field"`
	State   registry.State `json:"state"`
	Status  string         `json:"status"` // in the place of the state, or beside it
	Comment string         `json:"comment"`

	Evidence []uuid.UUID `json:"evidence"` // documents of the record
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

// pastDecisionBody is one decision as it was made.
type pastDecisionBody struct {
	Number     int            `json:"number"`
	State      registry.State `json:"state"`
	Status     string         `json:"status,omitempty"`
	Proposal   bool           `json:"proposal"` // the first of two attesters: it decided nothing yet
	AttestedBy string         `json:"attested_by"`
	At         time.Time      `json:"at"`
	Comment    string         `json:"comment,omitempty"`
	ExpiresAt  time.Time      `json:"expires_at,omitzero"`
	Value      string         `json:"value,omitempty"`
	Version    int            `json:"version"`
	Appeal     *ownAppealBody `json:"appeal,omitempty"`
	Evidence   []uuid.UUID    `json:"evidence,omitempty"`
	Undoes     int            `json:"undoes,omitempty"` // number of the decision that was taken back with an import
}

func pastDecisionBodyOf(d registry.PastDecision) pastDecisionBody {
	return pastDecisionBody{Number: d.Seq, State: d.State, Status: d.Status, Proposal: d.Proposal, AttestedBy: d.By, At: d.At, Comment: d.Comment,
		ExpiresAt: d.ExpiresAt, Value: d.Text, Version: d.VersionNo, Appeal: ownAppealBodyOf(d.Appeal), Evidence: d.Evidence, Undoes: d.Undoes}
}

// AttestationHistory answers GET /people/{id}/attestations/{field}, as of a group.
func (h *Handlers) AttestationHistory(c *gin.Context) error {
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
	found, err := h.reg.AttestationHistory(c.Request.Context(), actorOf(c), id, c.Param("field"), page.After, page.Limit)
	if err != nil {
		return err
	}
	return okList(c, found.Decisions, pastDecisionBodyOf, found.Next)
}
