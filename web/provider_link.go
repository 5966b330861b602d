package web

import (
	"context"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const securityPath = "/me/security"

// providerLinkView is the part "providerlink" of the page about security: by whom the
// reader signs in besides.
type providerLinkView struct {
	Name  string // of the provider; "": there is none, and nothing to show
	Links []linkView
	Token string
}

type linkView struct {
	ID, Since, Used string
	Ended           bool
}

// providerLinks makes the part for whoever is signed in.
func (p *Pages) providerLinks(ctx context.Context, l *locale, actor registry.Actor) (v providerLinkView, err error) {
	if p.provider == nil {
		return v, nil
	}
	links, err := p.registry.ProviderLinks(ctx, actor)
	if err != nil {
		return v, err
	}
	v.Name = p.provider.Name()
	for _, link := range links {
		if link.Issuer == p.provider.Issuer() {
			v.Links = append(v.Links, linkView{ID: link.ID.String(), Since: l.date(link.CreatedAt), Used: l.dateTime(link.UsedAt), Ended: !link.EndedAt.IsZero()})
		}
	}
	v.Token, err = p.registry.NewForm(actor)
	return v, err
}

// ProviderLinkPost is POST /me/security/provider: takes a link away, or allows it.
func (p *Pages) ProviderLinkPost(c *gin.Context) error {
	d, form, err := p.sent(c)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(form.Get("link"))
	if err != nil {
		return fault.New(fault.NotFound, "no_such_link", "There is no such link.")
	}
	return d.once(form, func(ctx context.Context) (string, error) {
		return securityPath + "?done=provider", p.registry.AllowProviderLink(ctx, d.actor, id, form.Get("allow") != "")
	}, nil)
}
