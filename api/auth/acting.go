package auth

import (
	"context"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

type wardKey struct{}

// Ward is whom the caller acts for; the zero Ward: nobody.
func Ward(ctx context.Context) registry.Ward {
	w, _ := ctx.Value(wardKey{}).(registry.Ward)
	return w
}

// Acting lets the session of a guardian act for the ward that it has chosen: it
// comes after Session, on pages alone. Every request asks whether the guardianship
// still holds. Pages that are not about a record are closed meanwhile, and
// credentials are had as the one who represents the ward. Errors, as pages:
// Forbidden "acting_ended", "not_while_acting".
func Acting(reg *registry.Registry, render respond.Renderer) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx := c.Request.Context()
		actor, ward, err := reg.ActFor(ctx, Actor(ctx), Token(c))
		if err != nil {
			respond.Fail(c, render, err)
			return
		}
		if !actor.Acting() {
			return
		}
		part := partOf(c.Request.URL.Path)
		if part == "credentials" {
			actor = actor.Own()
		}
		c.Request = c.Request.WithContext(context.WithValue(WithActor(ctx, actor), wardKey{}, ward))
		if !slices.Contains(openWhileActing(), part) {
			respond.Fail(c, render, fault.New(fault.Forbidden, "not_while_acting", "This is not open while you act for somebody else. Go back to your own record first."))
		}
	}
}

// openWhileActing are the parts of the portal that are about a record; "" is the
// record itself, and every page outside of the portal. What does not stand here is
// of the guardian, and closed.
func openWhileActing() []string {
	return []string{"", "acting", "appeals", "credentials", "documents", "edit", "history", "household", "kept", "looks", "messages", "programmes", "requests", "versions"}
}

// partOf is the first step of a path below /me.
func partOf(path string) string {
	rest, inside := strings.CutPrefix(path, "/me/")
	if !inside {
		return ""
	}
	part, _, _ := strings.Cut(rest, "/")
	return part
}
