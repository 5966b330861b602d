package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

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
	d := p.visit(c)
	consents, err := p.issuer.Consents(d.ctx, d.actor, rec.person.ID)
	if err != nil {
		return err
	}
	households, err := p.fieldsFor(d.ctx, issuer.ForHousehold)
	if err != nil {
		return err
	}
	v := personConsentsView{personView: head, MayEnd: isOfficer(d.actor)}
	for _, consent := range consents {
		e := p.consentEntry(d.l, slices.Concat(rec.fields, households), consent)
		if consent.RegistrantID != rec.person.ID {
			e.About = d.l.t("sharing.somebody")
		}
		if e.Action != "" {
			e.Action = head.Who.Base + "/consents/" + url.PathEscape(consent.ID) + "/withdraw"
		}
		v.Consents = append(v.Consents, e)
	}
	v.Token = d.token()
	return d.page(http.StatusOK, look{page: "person_consents", title: head.Who.Name, nav: "/admin/people"}, v)
}

// PersonConsentEnd is POST /admin/people/:id/consents/:consent/withdraw: staff stop
// it in the person's name.
func (p *Pages) PersonConsentEnd(c *gin.Context) error {
	d, form, err := p.desked(c, officers()...)
	if err != nil {
		return err
	}
	id, err := personID(c)
	if err != nil {
		return err
	}
	return d.once(form, func(ctx context.Context) (string, error) {
		return "/admin/people/" + id.String() + "/consents?done=consent_ended", p.issuer.WithdrawConsent(ctx, d.actor, id, c.Param("consent"))
	}, nil)
}
