package vci

import (
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/issuer/oid4vci"
)

// oneYear is as long as any cache keeps anything (RFC 2616 §14.21).
const oneYear = 365 * 24 * time.Hour

const (
	mediaJSON   = "application/json"
	mediaJSONLD = "application/ld+json"
)

// Metadata serves /.well-known/openid-credential-issuer (OID4VCI 1.0 §12.2.2):
// JSON, or a signed JWT for whoever asks for that first.
func (h *Handlers) Metadata(c *gin.Context) error {
	c.Header("Vary", "Accept, Accept-Language")
	wanted := c.GetHeader("Accept-Language")
	if c.NegotiateFormat(mediaJSON, oid4vci.MediaJWT) == oid4vci.MediaJWT {
		jwt, languages, err := h.issuer.SignedMetadata(wanted)
		if err != nil {
			return err
		}
		c.Header("Content-Language", strings.Join(languages, ", "))
		return publish(c, oid4vci.MediaJWT, []byte(jwt))
	}
	m, languages, err := h.issuer.Metadata(wanted)
	if err != nil {
		return err
	}
	c.Header("Content-Language", strings.Join(languages, ", "))
	return describe(c, mediaJSON, m)
}

// AuthorizationServer serves /.well-known/oauth-authorization-server (RFC 8414 §3),
// and the same at /.well-known/openid-configuration, the only place where some
// wallets look. It makes us no OpenID provider: there are no ID tokens.
func (h *Handlers) AuthorizationServer(c *gin.Context) error {
	return describe(c, mediaJSON, h.issuer.AuthorizationServer())
}

// JWTVCIssuer serves /.well-known/jwt-vc-issuer (SD-JWT VC §4.1).
func (h *Handlers) JWTVCIssuer(c *gin.Context) error {
	doc, err := h.issuer.JWTVCIssuer()
	if err != nil {
		return err
	}
	return describe(c, mediaJSON, doc)
}

// DIDDocument serves /.well-known/did.json (did:web §2.5.2).
func (h *Handlers) DIDDocument(c *gin.Context) error {
	doc, err := h.issuer.DIDDocument()
	if err != nil {
		return err
	}
	return describe(c, "application/did+json", doc)
}

// JWKS serves /jwks.json (RFC 7517 §5).
func (h *Handlers) JWKS(c *gin.Context) error {
	doc, err := h.issuer.JWKS()
	if err != nil {
		return err
	}
	return describe(c, "application/jwk-set+json", doc)
}

// IssuerCA serves /issuer-ca.pem: the certificates that verifiers of x5c and x5chain
// trust (RFC 8555 §9.1).
func (h *Handlers) IssuerCA(c *gin.Context) error {
	return publish(c, "application/pem-certificate-chain", h.issuer.Authorities())
}

// TypeMetadata serves /credentials/types/:name and, of later versions,
// /credentials/types/:name/:version (SD-JWT VC §6.3.1): the bytes that vct#integrity
// is the hash of.
func (h *Handlers) TypeMetadata(c *gin.Context) error {
	body, err := h.issuer.TypeMetadata(c.Request.Context(), c.Param("name"), c.Param("version"))
	if err != nil {
		return err
	}
	return publish(c, mediaJSON, body)
}

// Image serves /credentials/images/:name, the pictures that metadata name. They never
// change, and pages of any site may show them; opened by itself, one can do nothing.
func (h *Handlers) Image(c *gin.Context) error {
	picture, err := h.issuer.Image(c.Request.Context(), c.Param("name"))
	if err != nil {
		return err
	}
	c.Header("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	c.Header("Cross-Origin-Resource-Policy", "cross-origin")
	tag, _, _ := strings.Cut(c.Param("name"), ".")
	return respond.Document(c, respond.Doc{Body: picture.Body, ContentType: picture.MediaType, ETag: tag, MaxAge: oneYear})
}

// Context serves /contexts/v1, the JSON-LD context of our credentials.
func (h *Handlers) Context(c *gin.Context) error {
	return publish(c, mediaJSONLD, h.issuer.Context())
}

// Vocabulary serves /vocab, which says what the terms of the context mean.
func (h *Handlers) Vocabulary(c *gin.Context) error {
	return publish(c, mediaJSONLD, h.issuer.Vocabulary())
}
