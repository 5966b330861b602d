package rest

import (
	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

const attestationStatusesPath = "/api/v1/attestation-statuses"

// AttestationStatuses answers GET /attestation-statuses.
func (h *Handlers) AttestationStatuses(c *gin.Context) error {
	if err := onlyQuery(c); err != nil {
		return err
	}
	list, err := h.reg.AttestationStatuses(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	return okList(c, list, func(s registry.AttestationStatus) registry.AttestationStatus { return s }, "")
}

// DefineAttestationStatus answers POST /attestation-statuses.
func (h *Handlers) DefineAttestationStatus(c *gin.Context) error {
	var body struct {
		Key    string            `json:"key"`
		State  registry.State    `json:"state"`
		Label  map[string]string `json:"label"`
		Office string            `json:"office"`
		Reason string            `json:"reason"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	s, err := h.reg.DefineAttestationStatus(c.Request.Context(), actorOf(c),
		registry.AttestationStatus{Key: body.Key, State: body.State, Label: body.Label, Office: body.Office}, body.Reason)
	if err != nil {
		return err
	}
	setETag(c, s.Version)
	return created(c, attestationStatusesPath+"/"+s.Key, s)
}

// AttestationStatus answers GET /attestation-statuses/{key}.
func (h *Handlers) AttestationStatus(c *gin.Context) error {
	s, err := h.reg.AttestationStatus(c.Request.Context(), actorOf(c), c.Param("key"))
	return okAttestationStatus(c, s, err)
}

// ChangeAttestationStatus answers PUT /attestation-statuses/{key}.
func (h *Handlers) ChangeAttestationStatus(c *gin.Context) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body struct {
		State   registry.State    `json:"state"`
		Label   map[string]string `json:"label"`
		Office  string            `json:"office"`
		Retired bool              `json:"retired"`
		Reason  string            `json:"reason"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	s, err := h.reg.ChangeAttestationStatus(c.Request.Context(), actorOf(c), registry.AttestationStatus{Key: c.Param("key"), State: body.State,
		Label: body.Label, Office: body.Office, Retired: body.Retired, Version: version}, body.Reason)
	return okAttestationStatus(c, s, err)
}

func okAttestationStatus(c *gin.Context, s registry.AttestationStatus, err error) error {
	if err != nil {
		return err
	}
	setETag(c, s.Version)
	return ok(c, s)
}
