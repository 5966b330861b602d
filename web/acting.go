package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const actingPath = "/me/acting"

// actingBand stands on every page while a guardian acts for somebody.
type actingBand struct {
	Name, Number string
}

// bandOf is the band of a request; nil: nobody acts for anybody.
func bandOf(ctx context.Context) *actingBand {
	w := auth.Ward(ctx)
	if w.ID == uuid.Nil {
		return nil
	}
	return &actingBand{Name: wardTitle(w), Number: w.Number}
}

// wardTitle is what a ward is called; one without a name goes by the number.
func wardTitle(w registry.Ward) string {
	if w.Name == "" {
		return w.Number
	}
	return w.Name
}

// actingView is whom the reader may act for.
type actingView struct {
	Wards []wardView
	Token string
	Done  bool // the reader acts for nobody any more
}

type wardView struct {
	ID, Name, Number string
	Current          bool
}

// ActingForm is GET /me/acting: the people in the reader's care.
func (p *Pages) ActingForm(c *gin.Context) error {
	d := p.visit(c)
	wards, err := p.registry.Wards(d.ctx, d.actor)
	if err != nil {
		return err
	}
	v := actingView{Done: c.Query("done") != ""}
	for _, w := range wards {
		v.Wards = append(v.Wards, wardView{ID: w.ID.String(), Name: wardTitle(w), Number: w.Number, Current: w.ID == auth.Ward(d.ctx).ID})
	}
	v.Token = d.token()
	return d.page(http.StatusOK, look{page: "my_acting", title: d.l.t("acting.title"), nav: "/me"}, v)
}

// Act is POST /me/acting: the session acts for one of them from now on.
func (p *Pages) Act(c *gin.Context) error {
	d, form, err := p.sent(c)
	if err != nil {
		return err
	}
	ward, err := uuid.Parse(form.Get("ward"))
	if err != nil {
		return fault.New(fault.NotFound, "no_such_person", "There is no such person.")
	}
	return d.once(form, func(ctx context.Context) (string, error) {
		return "/me", p.registry.Act(ctx, d.actor, auth.Token(c), ward)
	}, nil)
}

// ActEnd is POST /me/acting/end: back to the own record. It needs no form token: to
// send it twice is to send it once.
func (p *Pages) ActEnd(c *gin.Context) error {
	ctx := c.Request.Context()
	if err := p.registry.StopActing(ctx, auth.Actor(ctx), auth.Token(c)); err != nil {
		return err
	}
	return seeOther(c, actingPath+"?done=1")
}

// mayAct tells whether the reader's page leads to people in care.
func (p *Pages) mayAct(ctx context.Context, actor registry.Actor) (bool, error) {
	if actor.Acting() {
		return false, nil
	}
	return p.registry.HasWards(ctx, actor)
}

// logName is who did something, as a change log names them: a guardian with the ward.
func logName(l *locale, name string) string {
	guardian, ward, acted := strings.Cut(name, registry.ForMark)
	if !acted {
		return name
	}
	return l.t("history.for", "who", guardian, "for", ward)
}
