package rest

import (
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/issuer/ledger"
)

// consentBody is what a person agreed to.
type consentBody struct {
	ID          string              `json:"id"`
	Issuer      string              `json:"issuer,omitempty"` // name of the one that asked, none for the one at the root
	ClientID    string              `json:"client_id"`
	ClientName  string              `json:"client_name"` // as it was shown
	Details     map[string][]string `json:"details"`     // credential configuration to the keys of its fields
	GivenAt     time.Time           `json:"given_at"`
	ExpiresAt   time.Time           `json:"expires_at"`
	WithdrawnAt time.Time           `json:"withdrawn_at,omitzero"`
}

func consentBodyOf(c ledger.Consent) consentBody {
	return consentBody{ID: c.ID, Issuer: c.Issuer, ClientID: c.ClientID, ClientName: c.ClientName, Details: c.Details, GivenAt: c.GivenAt,
		ExpiresAt: c.ExpiresAt, WithdrawnAt: c.WithdrawnAt}
}

// Consents answers GET /people/{id}/consents, newest first.
func (h *Handlers) Consents(c *gin.Context) error {
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
	consents, err := h.iss.Consents(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	return okList(c, consents, consentBodyOf, "")
}

// WithdrawConsent answers POST /people/{id}/consents/{consent}/withdraw.
func (h *Handlers) WithdrawConsent(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := h.iss.WithdrawConsent(c.Request.Context(), actorOf(c), id, c.Param("consent")); err != nil {
		return err
	}
	return noContent(c)
}
