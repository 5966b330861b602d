package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/registry"
)

// PersonEdit is GET /admin/people/:id/edit: all fields that the editor's role may
// change, and the reason.
func (p *Pages) PersonEdit(c *gin.Context) error { return p.editOpen(c, p.editRecord) }

// PersonEditPost is POST /admin/people/:id/edit: check, save, or back to the form.
func (p *Pages) PersonEditPost(c *gin.Context) error { return p.editSent(c, p.editRecord) }

func editable(actor registry.Actor, fields []registry.Field) []registry.Field {
	var out []registry.Field
	for _, f := range fields {
		if mayEdit(actor, f) {
			out = append(out, f)
		}
	}
	return out
}

// RegisterForm is GET /admin/people/new.
func (p *Pages) RegisterForm(c *gin.Context) error { return p.editOpen(c, p.registration) }

// Register is POST /admin/people/new.
func (p *Pages) Register(c *gin.Context) error {
	e, err := p.registration(c)
	if err != nil {
		return err
	}
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	if err := e.read(form); err != nil {
		return err
	}
	e.other = form.Get("other") != ""
	err = p.once(c, e.actor, form.Get("form"), func(ctx context.Context) (string, error) {
		check := p.registry.CheckRegister(ctx, e.actor, e.change())
		if err := e.complete(check); err != nil {
			return "", err
		}
		if err := e.ask(ctx); err != nil {
			return "", err
		}
		person, err := p.registry.Register(ctx, e.actor, e.change())
		return "/admin/people/" + person.ID.String() + "?done=registered", err
	})
	var twins *likelyError
	if errors.As(err, &twins) {
		return p.registerLikely(c, e, twins.rows)
	}
	if problems, ok := formErrors(e.l, err); err != nil && ok {
		return p.editForm(c, e, http.StatusUnprocessableEntity, problems)
	}
	return err
}

// registerLikely shows who may be the same person before anybody is registered.
func (p *Pages) registerLikely(c *gin.Context, e *editing, likely []personRow) error {
	v, err := e.view(nil)
	if err != nil {
		return err
	}
	v.Likely = likely
	return p.show(c, http.StatusOK, look{page: "edit", title: e.title(), nav: e.navPath()}, v)
}

func (p *Pages) registration(c *gin.Context) (*editing, error) {
	if err := auth.Allow(c, registrars()...); err != nil {
		return nil, err
	}
	ctx := c.Request.Context()
	actor := auth.Actor(ctx)
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return nil, err
	}
	return &editing{p: p, l: p.localeOf(c), actor: actor, rec: record{fields: fields}, staff: true, fields: editable(actor, fields),
		action: "/admin/people/new", back: "/admin/people"}, nil
}
