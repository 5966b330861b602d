package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/registry"
)

// deskOfferPath is where the office offers a credential to a person or a household, and
// shows the offers that it made.
const deskOfferPath = "/offers"

// deskOfferForm is the page before an offer of the office: what would be in the
// credential, and how it is redeemed.
type deskOfferForm struct {
	personView
	Card     credentialCard
	Values   []detail
	Action   string
	Back     string
	Config   string
	Also     []option // other credentials that can go with it
	Way, Pin input
	Token    string
	Problems []problem
}

// deskOffer is an offer that the office made.
type deskOffer struct {
	personView
	Offer  offerView
	Sent   bool   // the PIN went to the person by message
	Cancel string // ends it; "": it is over, or not for the reader
	Token  string
}

// DeskOfferForm is GET /admin/people/:id/offers/new?config=…&issuer=…, and of groups.
func (p *Pages) DeskOfferForm(c *gin.Context) error {
	return p.deskOfferForm(c, c.Request.URL.Query(), nil)
}

// DeskOfferMake is POST /admin/people/:id/offers, and of groups.
func (p *Pages) DeskOfferMake(c *gin.Context) error {
	d, id, form, err := p.sentAbout(c)
	if err != nil {
		return err
	}
	err = p.once(c, d.actor, form.Get("form"), func(ctx context.Context) (string, error) {
		i, err := p.issuer.Of(form.Get("issuer"))
		if err != nil {
			return "", err
		}
		offer, err := i.MakeOffer(ctx, d.actor, issuer.NewOffer{RegistrantID: id, ConfigIDs: append(form["config"], form["also"]...), GrantTypes: grantsOf(form.Get("way")), TxCodeMode: form.Get("pin")})
		if err != nil {
			return "", err
		}
		return p.offered(c, id, offer), nil
	})
	if problems, ok := formErrors(d.l, err); err != nil && ok {
		return p.deskOfferForm(c, form, problems)
	}
	return err
}

// sentAbout opens a form about an offer to the office: of which record it is, and what
// was sent.
func (p *Pages) sentAbout(c *gin.Context) (*desk, uuid.UUID, url.Values, error) {
	d, form, err := p.desked(c, officers()...)
	if err != nil {
		return nil, uuid.Nil, nil, err
	}
	id, err := personID(c)
	return d, id, form, err
}

// offered is the page of an offer that was just made: it alone has the PIN.
func (p *Pages) offered(c *gin.Context, id uuid.UUID, offer issuer.Offer) string {
	base := basePath(c, id) + deskOfferPath
	p.keepPin(c, offer, base)
	if offer.TxCodeSent {
		return base + "/" + url.PathEscape(offer.ID) + "?pin=sent"
	}
	return base + "/" + url.PathEscape(offer.ID)
}

// grantsOf reads how an offer is redeemed.
func grantsOf(way string) []issuer.GrantKind {
	switch way {
	case "sign_in":
		return []issuer.GrantKind{issuer.AuthorizationCode}
	case "both":
		return []issuer.GrantKind{issuer.AuthorizationCode, issuer.PreAuthorizedCode}
	}
	return []issuer.GrantKind{issuer.PreAuthorizedCode}
}

func (p *Pages) deskOfferForm(c *gin.Context, form url.Values, problems []problem) error {
	if err := auth.Allow(c, officers()...); err != nil {
		return err
	}
	rec, head, err := p.person(c, "/credentials")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	if err := p.withCounted(ctx, c, &rec); err != nil {
		return err
	}
	all, err := p.issuer.Readiness(ctx, actor, rec.person.ID)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(all, func(r issuer.Readiness) bool {
		return r.Config.ID == form.Get("config") && r.Issuer == form.Get("issuer")
	})
	if n < 0 {
		return fault.New(fault.NotFound, "not_found", "There is no such credential.")
	}
	v := deskOfferForm{personView: head, Problems: problems, Action: head.Who.Base + deskOfferPath, Back: head.Who.Base + "/credentials", Config: all[n].Config.ID}
	byKey := fieldsByKey(rec.fields)
	v.Card = p.credentialCard(l, rec, byKey, all[n])
	for _, cf := range all[n].Config.Fields {
		if rec.states[cf.Field].State == registry.StateAttested {
			v.Values = append(v.Values, p.detail(l, rec, fieldOf(byKey, cf.Field), p.masked))
		}
	}
	v.inputs(l, all[n], all, form)
	if v.Token, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	return p.show(c, statusOf(problems), look{page: "person_offer", title: l.t("deskoffer.title"), nav: navOf(c), failed: len(problems) > 0, here: v.Action + "/new"}, v)
}

// inputs asks how the offer is redeemed, and what goes with it.
func (v *deskOfferForm) inputs(l *locale, of issuer.Readiness, all []issuer.Readiness, form url.Values) {
	for _, r := range all {
		if r.Issuer == of.Issuer && r.Config.ID != of.Config.ID && len(r.Missing) == 0 {
			v.Also = append(v.Also, option{Value: r.Config.ID, Label: words{Text: r.Config.Name(l.code) + " (" + r.Config.Format + ")"}, Selected: slices.Contains(form["also"], r.Config.ID)})
		}
	}
	in := typed{l: l, values: form, problems: v.Problems}
	word := func(value, key string) option { return option{Value: value, Label: words{Text: l.t(key)}} }
	v.Way = in.choice("way", "deskoffer.way", word("", "deskoffer.way_link"), word("sign_in", "deskoffer.way_sign_in"), word("both", "deskoffer.way_both"))
	v.Pin = in.choice("pin", "deskoffer.pin", word("", "deskoffer.pin_none"), word(issuer.TxCodeNumeric, "deskoffer.pin_numeric"), word(issuer.TxCodeText, "deskoffer.pin_text"))
}

// withCounted adds what is counted of a household, which no record has: a credential can
// hold it.
func (p *Pages) withCounted(ctx context.Context, c *gin.Context, rec *record) error {
	if !aboutGroup(c) {
		return nil
	}
	attested, err := p.registry.Attested(ctx, rec.person.ID)
	if err != nil {
		return err
	}
	for _, f := range registry.CountedFields() {
		rec.fields = append(rec.fields, f)
		if v, ok := attested.Values[f.Key]; ok {
			rec.person.Values[f.Key] = v.Value
			rec.states[f.Key] = registry.FieldState{Field: f.Key, State: registry.StateAttested}
		}
	}
	return nil
}

// DeskOffer is GET /admin/people/:id/offers/:offer, and of groups: the code to scan, for
// those who may offer, and how far it went.
func (p *Pages) DeskOffer(c *gin.Context) error {
	rec, head, err := p.person(c, "/credentials")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	offer, err := p.offerAbout(ctx, actor, rec.person.ID, c.Param("offer"))
	if err != nil {
		return err
	}
	if following(c.Request) != "" && !turned(c, offer.State) {
		c.Header("Cache-Control", "no-store")
		c.Status(http.StatusNoContent)
		return nil
	}
	var names []string
	for _, id := range offer.ConfigIDs {
		names = append(names, p.configurationName(l, offer.Issuer, id))
	}
	here := head.Who.Base + deskOfferPath + "/" + url.PathEscape(offer.ID)
	view := offerView{ID: offer.ID, Name: strings.Join(names, l.t("list.comma")+" "), Back: head.Who.Base + "/credentials", StateURL: here, Desk: true}
	if isOfficer(actor) && len(offer.ConfigIDs) > 0 {
		view.Again = head.Who.Base + deskOfferPath + "/new?" + url.Values{"config": offer.ConfigIDs[:1], "issuer": {offer.Issuer}}.Encode()
	}
	v := deskOffer{personView: head, Sent: c.Query("pin") == "sent"}
	if v.Sent {
		view.StateURL += "?pin=sent"
	}
	if v.Offer, err = p.offerAt(l, view, offer); err != nil {
		return err
	}
	if v.Offer.Replaces, err = p.replaced(ctx, l, actor, offer); err != nil {
		return err
	}
	v.Offer.Pin = pinOf(c, offer.ID)
	if offer.URI != "" && v.Offer.Waiting {
		v.Cancel = here + "/cancel"
	}
	if v.Token, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	return p.show(c, http.StatusOK, look{page: "person_offered", title: l.t("deskoffer.title"), nav: navOf(c)}, v)
}

// offerAbout reads an offer about one record. NotFound: it is about another.
func (p *Pages) offerAbout(ctx context.Context, actor registry.Actor, record uuid.UUID, id string) (issuer.Offer, error) {
	offer, err := p.issuer.Offer(ctx, actor, id)
	if err == nil && offer.About != record {
		err = fault.New(fault.NotFound, "not_found", "There is no such offer.")
	}
	return offer, err
}

// DeskOfferCancel is POST /admin/people/:id/offers/:offer/cancel, and of groups.
func (p *Pages) DeskOfferCancel(c *gin.Context) error {
	d, id, form, err := p.sentAbout(c)
	if err != nil {
		return err
	}
	return p.once(c, d.actor, form.Get("form"), func(ctx context.Context) (string, error) {
		offer, err := p.offerAbout(ctx, d.actor, id, c.Param("offer"))
		if err != nil {
			return "", err
		}
		return basePath(c, id) + deskOfferPath + "/" + url.PathEscape(offer.ID), p.issuer.CancelOffer(ctx, d.actor, offer.ID)
	})
}

// DeskReissue is POST /admin/people/:id/credentials/:credential/reissue, and of groups: an
// offer of a new credential in the place of one.
func (p *Pages) DeskReissue(c *gin.Context) error {
	d, id, form, err := p.sentAbout(c)
	if err != nil {
		return err
	}
	credential, err := uuid.Parse(c.Param("credential"))
	if err != nil {
		return fault.Wrap(fault.NotFound, "not_found", "There is no such credential.", err)
	}
	err = p.once(c, d.actor, form.Get("form"), func(ctx context.Context) (string, error) {
		life, err := p.issuer.Life(ctx, d.actor, credential)
		if err != nil {
			return "", err
		}
		if life.RegistrantID != id {
			return "", fault.New(fault.NotFound, "not_found", "There is no such credential.")
		}
		offer, err := p.issuer.Reissue(ctx, d.actor, credential, form.Get("pin") != "")
		if err != nil {
			return "", err
		}
		return p.offered(c, id, offer), nil
	})
	if problems, ok := formErrors(d.l, err); err != nil && ok {
		return p.personCredentials(c, http.StatusUnprocessableEntity, problems)
	}
	return err
}
