package vci

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/issuer/oauth"
)

// call gives what the checks of OAuth need of a request. Its URL is
// made of the configured public URL: the Host header is not believed.
func (h *Handlers) call(c *gin.Context) oauth.Call {
	header := c.Request.Header
	return oauth.Call{
		Method:               c.Request.Method,
		URL:                  h.issuer.Origin() + c.Request.URL.Path,
		Authorization:        header.Values("Authorization"),
		DPoP:                 header.Values("DPoP"),
		ClientAttestation:    header.Values("OAuth-Client-Attestation"),
		ClientAttestationPoP: header.Values("OAuth-Client-Attestation-PoP"),
	}
}

// Fresh is middleware for the endpoints that wallets call. Every answer, of
// whatever status, brings the nonce for the wallet's next DPoP proof (RFC 9449
// §8.2); one to an attested client a challenge too (Attestation-Based Client
// Authentication §8).
func (h *Handlers) Fresh(c *gin.Context) {
	nonce, err := h.issuer.DPoPNonce()
	if err != nil {
		respond.Fail(c, respond.OAuth, err)
		return
	}
	c.Header("DPoP-Nonce", nonce)
	if c.GetHeader("OAuth-Client-Attestation") == "" {
		return
	}
	challenge, err := h.issuer.AttestationChallenge()
	if err != nil {
		respond.Fail(c, respond.OAuth, err)
		return
	}
	c.Header("OAuth-Client-Attestation-Challenge", challenge)
}

// Challenge serves POST /oid4vci/challenge (Attestation-Based Client
// Authentication §8): no body, no token.
func (h *Handlers) Challenge(c *gin.Context) error {
	challenge, err := h.issuer.AttestationChallenge()
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	return respond.JSON(c, http.StatusOK, map[string]string{"attestation_challenge": challenge})
}
