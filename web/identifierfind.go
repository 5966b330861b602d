package web

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/registry"
)

type identifierFindView struct {
	Inputs   []input
	Holders  []holderView
	Asked    bool
	Problems []problem
}

// holderView is who has an identifier.
type holderView struct {
	Href, Number, Kind string
	Badge              badge
}

// IdentifierFindForm is GET /admin/people/identifier.
func (p *Pages) IdentifierFindForm(c *gin.Context) error {
	return p.identifierFind(c, http.StatusOK, url.Values{}, identifierFindView{})
}

// IdentifierFind is POST /admin/people/identifier: who has it. The value comes in
// the body, so that no list of addresses holds it; nothing is changed.
func (p *Pages) IdentifierFind(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	holders, err := p.registry.FindByIdentifier(ctx, auth.Actor(ctx), form.Get("type"), form.Get("value"))
	if problems, ok := formErrors(l, err); err != nil && ok {
		return p.identifierFind(c, http.StatusUnprocessableEntity, form, identifierFindView{Problems: allAbout("value", problems)})
	}
	if err != nil {
		return err
	}
	v := identifierFindView{Asked: true}
	for _, h := range holders {
		row := holderView{Href: "/admin/people/" + h.ID.String() + "/identifiers", Number: h.Number, Kind: l.t("identifier.person"), Badge: identifierBadge(l, h.Status)}
		if h.Kind != registry.PersonKind {
			row.Href, row.Kind = "/admin/groups/"+h.ID.String(), l.t("identifier.group")
		}
		v.Holders = append(v.Holders, row)
	}
	return p.identifierFind(c, http.StatusOK, form, v)
}

func (p *Pages) identifierFind(c *gin.Context, status int, form url.Values, v identifierFindView) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	types, err := p.registry.IdentifierTypes(ctx, auth.Actor(ctx))
	if err != nil {
		return err
	}
	kind := input{ID: "type", Kind: "choice", Label: words{Text: l.t("identifier.type")}, Required: true, Wrong: wrongOf(v.Problems, "type"),
		Options: []option{{Label: words{Text: l.t("value.choose")}}}}
	for _, t := range types {
		kind.Options = append(kind.Options, option{Value: t.Key, Label: p.words(l, t.Label, t.Key), Selected: form.Get("type") == t.Key})
	}
	v.Inputs = []input{kind, {ID: "value", Kind: "text", Label: words{Text: l.t("identifier.value")}, Value: form.Get("value"), Dir: "ltr", Autocomplete: "off",
		Required: true, MaxLength: 64, Wrong: wrongOf(v.Problems, "value")}}
	return p.show(c, status, look{page: "identifier_find", title: l.t("identifier.find"), nav: "/admin/people", failed: len(v.Problems) > 0}, v)
}
