package rest

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/issuer"
	"socialregistry/registry"
)

const credentialsPath = "/api/v1/credentials"

// credentialBody is one credential that was issued, without what it says.
type credentialBody struct {
	ID            uuid.UUID `json:"id"`
	Issuer        string    `json:"issuer,omitempty"` // name, none for the one at the root
	Configuration string    `json:"credential_configuration_id"`
	Format        string    `json:"format"`
	Reference     string    `json:"reference,omitempty"` // of a paper: the number that is printed on it
	State         string    `json:"state"`
	Version       int       `json:"version"` // of the record that it was made from
	Fields        []string  `json:"fields"`
	ValidFrom     time.Time `json:"valid_from"`
	ValidUntil    time.Time `json:"valid_until"`
	IssuedAt      time.Time `json:"issued_at,omitzero"`
	EndedAt       time.Time `json:"ended_at,omitzero"`
	Reason        string    `json:"reason,omitempty"`
}

func credentialBodyOf(c issuer.Issued) credentialBody {
	out := credentialBody{ID: c.ID, Issuer: c.Issuer, Configuration: c.ConfigID, Format: c.Format, State: c.State, Version: c.VersionNo,
		Fields: append([]string{}, c.Fields...), ValidFrom: c.ValidFrom, ValidUntil: c.ValidUntil, IssuedAt: c.IssuedAt,
		EndedAt: c.WithdrawnAt, Reason: c.Reason}
	if c.Format == issuer.FormatPaper {
		out.Reference = c.Reference()
	}
	return out
}

// lifeBody is a credential with what happened to it.
type lifeBody struct {
	credentialBody
	Steps      []stepBody `json:"steps"` // oldest first
	Supersedes *uuid.UUID `json:"supersedes,omitempty"`
	ReplacedBy *uuid.UUID `json:"replaced_by,omitempty"`
	ReplaceAt  time.Time  `json:"replace_at,omitzero"` // when it is withdrawn at the latest, because a newer one was issued
}

type stepBody struct {
	Step   string    `json:"step"`
	At     time.Time `json:"at"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

func lifeBodyOf(l issuer.Life) lifeBody {
	out := lifeBody{credentialBody: credentialBodyOf(l.Issued), Steps: []stepBody{}, Supersedes: some(l.Supersedes), ReplacedBy: some(l.ReplacedBy), ReplaceAt: l.ReplaceAt}
	for _, s := range l.Steps {
		out.Steps = append(out.Steps, stepBody(s))
	}
	return out
}

// some gives an id, nil for none.
func some(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// Credentials answers GET /people/{id}/credentials, newest first.
func (h *Handlers) Credentials(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := onlyQuery(c); err != nil {
		return err
	}
	if _, err := h.reg.CurrentVersion(c.Request.Context(), actorOf(c), id); err != nil { // no such person
		return err
	}
	issued, err := h.iss.Issued(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	return okList(c, issued, credentialBodyOf, "")
}

// Credential answers GET /credentials/{id}.
func (h *Handlers) Credential(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.okLife(c, id)
}

func (h *Handlers) okLife(c *gin.Context, id uuid.UUID) error {
	life, err := h.iss.Life(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	return ok(c, lifeBodyOf(life))
}

// WithdrawCredential answers POST /credentials/{id}/withdraw.
func (h *Handlers) WithdrawCredential(c *gin.Context) error { return h.turn(c, h.iss.Withdraw) }

// SuspendCredential answers POST /credentials/{id}/suspend.
func (h *Handlers) SuspendCredential(c *gin.Context) error { return h.turn(c, h.iss.Suspend) }

// RestoreCredential answers POST /credentials/{id}/restore.
func (h *Handlers) RestoreCredential(c *gin.Context) error { return h.turn(c, h.iss.Restore) }

// turn takes a step for a reason and shows where the credential stands after it.
func (h *Handlers) turn(c *gin.Context, step func(context.Context, registry.Actor, uuid.UUID, string) error) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var body struct {
		Reason string `json:"reason"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	if err := step(c.Request.Context(), actorOf(c), id, body.Reason); err != nil {
		return err
	}
	return h.okLife(c, id)
}

// ReissueCredential answers POST /credentials/{id}/reissue.
func (h *Handlers) ReissueCredential(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var body struct {
		TxCode bool `json:"tx_code"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	o, err := h.iss.Reissue(c.Request.Context(), actorOf(c), id, body.TxCode)
	if err != nil {
		return err
	}
	return created(c, credentialsPath+"/"+id.String(), offerBodyOf(o))
}
