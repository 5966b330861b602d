package rest

import (
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
)

const offersPath = "/api/v1/offers"

// preAuthorizedGrant is how the pre-authorized code is called in the protocol
// (OID4VCI 1.0 §3.5).
const preAuthorizedGrant = "urn:ietf:params:oauth:grant-type:pre-authorized_code"

// offerBody is an offer as its maker sees it, once.
type offerBody struct {
	ID         string    `json:"id"`
	URI        string    `json:"credential_offer_uri"` // for a QR code
	TxCode     string    `json:"tx_code,omitempty"`
	TxCodeSent bool      `json:"tx_code_sent,omitempty"` // it goes to the person by the hook
	ExpiresAt  time.Time `json:"expires_at"`
}

func offerBodyOf(o issuer.Offer) offerBody {
	return offerBody{ID: o.ID, URI: o.URI, TxCode: o.TxCode, TxCodeSent: o.TxCodeSent, ExpiresAt: o.ExpiresAt}
}

// offerStateBody is how far an offer went, without what redeems it.
type offerStateBody struct {
	ID             string    `json:"id"`
	Issuer         string    `json:"issuer,omitempty"` // name, none for the one at the root
	Configurations []string  `json:"credential_configuration_ids"`
	State          string    `json:"state"`
	ExpiresAt      time.Time `json:"expires_at"`
}

// newOfferBody is what an offer is made of; tx_code in the words of OID4VCI 1.0 §4.1.1.
type newOfferBody struct {
	Issuer         string   `json:"issuer"` // name, none for the one at the root
	Configurations []string `json:"credential_configuration_ids"`
	Grants         []string `json:"grant_types"`
	TxCode         *struct {
		InputMode string `json:"input_mode"`
	} `json:"tx_code"`
}

// offer reads the body: without grants the pre-authorized code, without an input mode
// a numeric transaction code.
func (b newOfferBody) offer() (issuer.NewOffer, error) {
	n := issuer.NewOffer{ConfigIDs: b.Configurations}
	for _, g := range b.Grants {
		switch g {
		case preAuthorizedGrant:
			n.GrantTypes = append(n.GrantTypes, ledger.PreAuthorizedCode)
		case string(ledger.AuthorizationCode):
			n.GrantTypes = append(n.GrantTypes, ledger.AuthorizationCode)
		default:
			return n, fault.New(fault.Invalid, "bad_offer", "The grants of an offer are the authorization code and the pre-authorized code.")
		}
	}
	if b.Grants == nil {
		n.GrantTypes = []ledger.GrantKind{ledger.PreAuthorizedCode}
	}
	if b.TxCode != nil {
		if n.TxCodeMode = b.TxCode.InputMode; n.TxCodeMode == "" {
			n.TxCodeMode = "numeric"
		}
	}
	return n, nil
}

// MakeOffer answers POST /people/{id}/offers.
func (h *Handlers) MakeOffer(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var body newOfferBody
	if err := decode(c, &body); err != nil {
		return err
	}
	n, err := body.offer()
	if err != nil {
		return err
	}
	n.RegistrantID = id
	i, err := h.iss.Of(body.Issuer)
	if err != nil {
		return err
	}
	o, err := i.MakeOffer(c.Request.Context(), actorOf(c), n)
	if err != nil {
		return err
	}
	return created(c, offersPath+"/"+o.ID, offerBodyOf(o))
}

// Offer answers GET /offers/{id}.
func (h *Handlers) Offer(c *gin.Context) error {
	if err := onlyQuery(c); err != nil {
		return err
	}
	return h.okOffer(c)
}

func (h *Handlers) okOffer(c *gin.Context) error {
	o, err := h.iss.Offer(c.Request.Context(), actorOf(c), c.Param("id"))
	if err != nil {
		return err
	}
	return ok(c, offerStateBody{ID: o.ID, Issuer: o.Issuer, Configurations: o.ConfigIDs, State: o.State, ExpiresAt: o.ExpiresAt})
}

// CancelOffer answers POST /offers/{id}/cancel.
func (h *Handlers) CancelOffer(c *gin.Context) error {
	if err := h.iss.CancelOffer(c.Request.Context(), actorOf(c), c.Param("id")); err != nil {
		return err
	}
	return h.okOffer(c)
}
