package rest

import (
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/issuer"
)

const keysPath = "/api/v1/keys"

// keyBody is one of the issuer's keys.
type keyBody struct {
	KID              string    `json:"kid"`
	Issuer           string    `json:"issuer,omitempty"` // name, none for the one at the root
	Kind             string    `json:"kind"`
	State            string    `json:"state"`
	UsedFrom         time.Time `json:"used_from"`
	UsedUntil        time.Time `json:"used_until"`
	PublishedUntil   time.Time `json:"published_until,omitzero"`
	RevokedAt        time.Time `json:"revoked_at,omitzero"`
	CertificateUntil time.Time `json:"certificate_until,omitzero"`
}

func keyBodyOf(k issuer.KeyInfo) keyBody {
	return keyBody{KID: k.KID, Issuer: k.Issuer, Kind: k.Kind, State: k.State, UsedFrom: k.NotBefore, UsedUntil: k.NotAfter,
		PublishedUntil: k.PublishedUntil, RevokedAt: k.RevokedAt, CertificateUntil: k.CertificateUntil}
}

// Keys answers GET /keys.
func (h *Handlers) Keys(c *gin.Context) error {
	if err := onlyQuery(c); err != nil {
		return err
	}
	list, err := h.iss.Keys(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	return okList(c, list, keyBodyOf, "")
}

// RotateKey answers POST /keys.
func (h *Handlers) RotateKey(c *gin.Context) error {
	var body struct {
		Issuer string    `json:"issuer"`
		Kind   string    `json:"kind"`
		At     time.Time `json:"at"`
		Reason string    `json:"reason"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	i, err := h.iss.Of(body.Issuer)
	if err != nil {
		return err
	}
	k, err := i.RotateKey(c.Request.Context(), actorOf(c), body.Kind, body.At, body.Reason)
	if err != nil {
		return err
	}
	k.Issuer = body.Issuer
	return created(c, keysPath+"/"+k.KID+"/history", keyBodyOf(k))
}

// RevokeKey answers POST /keys/{kid}/revoke.
func (h *Handlers) RevokeKey(c *gin.Context) error {
	var body struct {
		Reason string `json:"reason"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	if err := h.iss.RevokeKey(c.Request.Context(), actorOf(c), c.Param("kid"), body.Reason); err != nil {
		return err
	}
	return noContent(c)
}

// KeyHistory answers GET /keys/{kid}/history.
func (h *Handlers) KeyHistory(c *gin.Context) error {
	if err := onlyQuery(c); err != nil {
		return err
	}
	entries, err := h.iss.KeyHistory(c.Request.Context(), actorOf(c), c.Param("kid"))
	if err != nil {
		return err
	}
	return okList(c, entries, entryBodyOf, "")
}
