package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/issuer"
)

type personConsentsView struct {
	personView
	Consents []consentEntry
	MayEnd   bool
	Token    string
}

// PersonConsents is GET /admin/people/:id/consents: which wallets may have which
// details.
func (p *Pages) PersonConsents(c *gin.Context) error {
	rec, head, err := p.person(c, "/consents")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	consents, err := p.issuer.Consents(ctx, actor, rec.person.ID)
	if err != nil {
		return err
	}
	households, err := p.fieldsFor(ctx, issuer.ForHousehold)
	if err != nil {
		return err
	}
	v := personConsentsView{personView: head, MayEnd: isOfficer(actor)}
	for _, consent := range consents {
		e := p.consentEntry(l, slices.Concat(rec.fields, households), consent)
		if consent.RegistrantID != rec.person.ID {
			e.About = l.t("sharing.somebody")
		}
		if e.Action != "" {
			e.Action = head.Who.Base + "/consents/" + url.PathEscape(consent.ID) + "/withdraw"
		}
		v.Consents = append(v.Consents, e)
	}
	if v.Token, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	return p.show(c, http.StatusOK, look{page: "person_consents", title: head.Who.Name, nav: "/admin/people"}, v)
}

// PersonConsentEnd is POST /admin/people/:id/consents/:consent/withdraw: staff stop
// it in the person's name.
func (p *Pages) PersonConsentEnd(c *gin.Context) error {
	actor := auth.Actor(c.Request.Context())
	if err := auth.Allow(c, officers()...); err != nil {
		return err
	}
	id, err := personID(c)
	if err != nil {
		return err
	}
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	return p.once(c, actor, form.Get("form"), func(ctx context.Context) (string, error) {
		return "/admin/people/" + id.String() + "/consents?done=consent_ended", p.issuer.WithdrawConsent(ctx, actor, id, c.Param("consent"))
	})
}
