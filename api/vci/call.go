package vci

import (
	"github.com/gin-gonic/gin"

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
