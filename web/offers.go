package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/internal/fault"
)

const offersPath = "/admin/offers"

// Offers is GET /admin/offers: what a wallet may still take.
func (p *Pages) Offers(c *gin.Context) error {
	d, err := p.desk(c, registrars()...)
	if err != nil {
		return err
	}
	offers, err := p.issuer.OpenOffers(d.ctx, d.actor)
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(offers))
	for n, o := range offers {
		ids[n] = o.RegistrantID
	}
	names, err := p.registry.Names(d.ctx, d.actor, ids)
	if err != nil {
		return err
	}
	t := deskTable{ID: "offers", Title: d.l.t("settings.offers"), Empty: d.l.t("desk.no_offers"), Act: &deskLink{Href: "/admin/people", Text: d.l.t("people.find")}, Heads: []string{d.l.t("credentials.name"), d.l.t("desk.person"), d.l.t("desk.tx_code"), d.l.t("desk.until")}}
	var open []option
	for _, o := range offers {
		var kinds []string
		for _, id := range o.ConfigIDs {
			kinds = append(kinds, p.configurationName(d.l, o.Issuer, id))
		}
		code := "value.false"
		if o.WithTxCode {
			code = "value.true"
		}
		person := d.personCell(names[o.RegistrantID], o.RegistrantID)
		t.Rows = append(t.Rows, []deskCell{{Text: strings.Join(kinds, " · "), Small: p.issuerIfMany(d.l, o.Issuer)}, person, plainCell(d.l.t(code)), plainCell(d.l.dateTime(o.ExpiresAt))})
		open = append(open, option{Value: o.ID, Label: words{Text: strings.Join(kinds, " · ") + " · " + person.Text + " · " + d.l.dateTime(o.ExpiresAt)}})
	}
	v := deskPage{Title: d.l.t("settings.offers"), Text: d.l.t("settings.offers_about"), Back: settingsPath, Done: d.done(), Tables: []deskTable{t}}
	if len(open) > 0 {
		f, err := d.small("cancel", d.l.t("desk.cancel_offer"), d.l.t("desk.cancel_offer_text"), offersPath+"/cancel", "warn", d.choice("offer", "", open...))
		if err != nil {
			return err
		}
		v.Forms = []deskForm{f}
	}
	return d.show(http.StatusOK, v, offersPath)
}

// OfferCancel is POST /admin/offers/cancel.
func (p *Pages) OfferCancel(c *gin.Context) error {
	d, form, err := p.desked(c, registrars()...)
	if err != nil {
		return err
	}
	id := form.Get("offer")
	if id == "" {
		return fault.New(fault.NotFound, "not_found", "There is no such offer.")
	}
	return p.once(c, d.actor, form.Get("form"), func(ctx context.Context) (string, error) {
		return offersPath + "?done=cancelled", p.issuer.CancelOffer(ctx, d.actor, id)
	})
}
