package web

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
)

type codeView struct {
	personView
	Token   string
	Code    string
	Expires string
	Host    string
}

// CodeForm is GET /admin/people/:id/code: asks before a code is made.
func (p *Pages) CodeForm(c *gin.Context) error {
	if err := auth.Allow(c, officers()...); err != nil {
		return err
	}
	_, head, err := p.person(c, "")
	if err != nil {
		return err
	}
	v := codeView{personView: head}
	if v.Token, err = p.registry.NewForm(auth.Actor(c.Request.Context())); err != nil {
		return err
	}
	return p.show(c, http.StatusOK, look{page: "code", title: p.localeOf(c).t("code.title"), nav: "/admin/people"}, v)
}

// Code is POST /admin/people/:id/code. The answer is the slip itself and not a
// redirect: the code is shown once, and sending the form again leads back to the
// person.
func (p *Pages) Code(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	rec, head, err := p.person(c, "")
	if err != nil {
		return err
	}
	v := codeView{personView: head, Host: p.publicURL + "/activate"}
	location, err := p.runOnce(ctx, actor, form.Get("form"), func(ctx context.Context) (string, error) {
		code, expires, err := p.registry.NewActivationCode(ctx, actor, rec.person.ID)
		v.Code, v.Expires = code, l.date(expires)
		return head.Who.Base + "?done=code_shown", err
	})
	if err != nil {
		return err
	}
	if v.Code == "" {
		return seeOther(c, location)
	}
	return p.show(c, http.StatusOK, look{page: "code_slip", title: l.t("code.slip_title"), nav: "/admin/people"}, v)
}
