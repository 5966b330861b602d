package auth

import (
	"fmt"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// Caller finds out who calls an interface for programs: by the bearer token of
// the Authorization header (RFC 6750 §2.1) or, without that header, by the
// session cookie. A bad token never falls back to the cookie. Errors:
// Unauthenticated "invalid_token" and, for nobody, "sign_in_required".
func Caller(reg *registry.Registry, render respond.Renderer) gin.HandlerFunc {
	session := Session(reg, render)
	return func(c *gin.Context) {
		header := c.GetHeader("Authorization")
		if header == "" {
			session(c)
		} else if err := byToken(c, reg, header); err != nil {
			respond.Fail(c, render, err)
		}
		if !c.IsAborted() && len(Actor(c.Request.Context()).Roles) == 0 {
			respond.Fail(c, render, fault.New(fault.Unauthenticated, "sign_in_required", "Send a personal access token, or sign in first."))
		}
	}
}

// byToken puts the actor of a personal access token into the context.
func byToken(c *gin.Context, reg *registry.Registry, header string) error {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") || len(c.Request.Header.Values("Authorization")) > 1 {
		return fault.New(fault.Unauthenticated, "invalid_token", "Send one token, as Authorization: Bearer.")
	}
	actor, err := reg.ByToken(c.Request.Context(), strings.TrimSpace(token))
	if err != nil {
		return fmt.Errorf("read token: %w", err)
	}
	c.Request = c.Request.WithContext(WithActor(c.Request.Context(), actor))
	return nil
}
