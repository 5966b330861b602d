package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// whyView asks a member of the staff why they look at a record.
type whyView struct {
	Said  string // today, and to the person; "": nothing yet
	Input input
	Token string
}

// why is for those whose look at the record is written down; nil for others.
func (p *Pages) why(ctx context.Context, l *locale, actor registry.Actor, rec record, form url.Values, problems []problem) (*whyView, error) {
	look, ok, err := p.registry.OwnLook(ctx, actor, rec.person.ID)
	if err != nil || !ok {
		return nil, err
	}
	v := &whyView{Said: look.Purpose}
	v.Input = input{ID: "purpose", Kind: "text", Label: words{Text: l.t("why.label")}, Hint: words{Text: l.t("why.hint")}, Value: form.Get("purpose"), Dir: "auto", Autocomplete: "off",
		Required: true, MaxLength: 200, Wrong: wrongOf(problems, "purpose")}
	v.Token, err = p.registry.NewForm(actor)
	return v, err
}

// PersonWhy is POST /admin/people/:id/why: the first thing that is said on a day is kept
// with the look, and the person reads it.
func (p *Pages) PersonWhy(c *gin.Context) error {
	id, err := personID(c)
	if err != nil {
		return err
	}
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	actor, l := auth.Actor(c.Request.Context()), p.localeOf(c)
	err = p.once(c, actor, form.Get("form"), func(ctx context.Context) (string, error) {
		said := actor
		if said.Purpose = strings.TrimSpace(form.Get("purpose")); said.Purpose == "" {
			return "", fault.InvalidFields("bad_purpose", "Say why.", []fault.Field{{Name: "purpose", Code: registry.CodeRequired, Detail: "Say why you look at the record."}})
		}
		_, err := p.registry.Person(ctx, said, id)
		return "/admin/people/" + id.String() + "?done=why", err
	})
	if problems, ok := formErrors(l, err); err != nil && ok {
		return p.personPage(c, http.StatusUnprocessableEntity, form, problems)
	}
	return err
}
