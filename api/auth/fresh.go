package auth

import (
	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/registry"
)

// Fresh lets a request pass whose actor has proved lately who they are, or came by a
// token. Of others it asks for a proof: ask answers, or lets the request pass because
// it brought one. What ask returns is shown by render; nil ask stands for the error
// Forbidden "step_up_needed".
func Fresh(reg *registry.Registry, ask func(*gin.Context) (passed bool, err error), render respond.Renderer) gin.HandlerFunc {
	return func(c *gin.Context) {
		if reg.Fresh(Actor(c.Request.Context())) {
			return
		}
		if ask == nil {
			respond.Fail(c, render, registry.ErrStale())
			return
		}
		passed, err := ask(c)
		switch {
		case err != nil:
			respond.Fail(c, render, err)
		case !passed:
			c.Abort()
		}
	}
}
