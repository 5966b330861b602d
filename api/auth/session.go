package auth

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// cookieName is the session cookie. Its value is the token of
// registry.SignIn; the browser forgets it when it is closed.
const cookieName = "sr_session"

const neededKey = "auth.needed"

type actorKey struct{}

// WithActor puts an actor into a context, for Actor to find.
func WithActor(ctx context.Context, a registry.Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// Actor is who is calling; the zero Actor, who may do nothing, if nobody is
// signed in.
func Actor(ctx context.Context) registry.Actor {
	a, _ := ctx.Value(actorKey{}).(registry.Actor)
	return a
}

// Session reads the session cookie of every request. A session that is over is
// no error: the caller is nobody then, and the cookie is taken back. If the
// session cannot be read, render tells so. A session that begins under this request
// is told the browser.
func Session(reg *registry.Registry, render respond.Renderer) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Request = c.Request.WithContext(registry.WithDevice(c.Request.Context(), c.GetHeader("User-Agent")))
		token := Token(c)
		if token == "" {
			return
		}
		actor, err := reg.Session(c.Request.Context(), token)
		switch {
		case err == nil:
			c.Request = c.Request.WithContext(WithActor(c.Request.Context(), actor))
		case fault.CodeOf(err) == "session_halfway": // nobody yet, but the cookie is needed
		case fault.KindOf(err) == fault.Unauthenticated:
			Drop(c)
		default:
			respond.Fail(c, render, fmt.Errorf("read session: %w", err))
		}
	}
}

// Require lets a request pass whose actor has one of the roles. Errors:
// Unauthenticated "sign_in_required", Forbidden "role_needed", after which
// Needed says which roles would do.
func Require(render respond.Renderer, roles ...registry.Role) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := Allow(c, roles...); err != nil {
			respond.Fail(c, render, err)
		}
	}
}

// Allow is Require within a handler.
func Allow(c *gin.Context, roles ...registry.Role) error {
	actor := Actor(c.Request.Context())
	switch {
	case slices.ContainsFunc(roles, actor.Has):
		return nil
	case len(actor.Roles) == 0:
		return fault.New(fault.Unauthenticated, "sign_in_required", "Sign in first.")
	}
	c.Set(neededKey, roles)
	return fault.New(fault.Forbidden, "role_needed", "Your account does not have the role for this.")
}

// Needed is the roles of which the request would have needed one, if Require
// refused it, or a part of the service that says so.
func Needed(c *gin.Context) []registry.Role {
	roles, _ := c.Get(neededKey)
	needed, _ := roles.([]registry.Role)
	if len(needed) > 0 {
		return needed
	}
	for _, role := range respond.Roles(c) {
		needed = append(needed, registry.Role(role))
	}
	return needed
}

// Token is the session token of the request, "" without one.
func Token(c *gin.Context) string {
	cookie, err := c.Request.Cookie(cookieName)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// Keep hands the session token to the browser: not readable by scripts, not
// sent along with other sites' posts, and over https only where secure says so.
func Keep(c *gin.Context, token string, secure bool) {
	http.SetCookie(c.Writer, &http.Cookie{Name: cookieName, Value: token, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode})
}

// Drop takes the session cookie back.
func Drop(c *gin.Context) {
	http.SetCookie(c.Writer, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
