package web

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/internal/qrcode"
	"socialregistry/issuer"
	"socialregistry/registry"
)

// pinCookie carries the transaction code from the answer that made the offer to
// the page that shows it: the issuer tells it once, and keeps only a hash.
const pinCookie = "sr_pin"

// offerStartView is the page before an offer: what would be in the credential.
type offerStartView struct {
	Card   credentialCard
	Values []detail
	Back   string
	Action string
	Token  string
}

// offerView is an offer: one, in three renderings (QR code, link, text).
type offerView struct {
	ID, Name  string
	Back      string // the credentials that it will be among
	Replaces  string // what becomes of the credential in whose place it is; "": it is in nobody's
	State     string
	Badge     badge
	QR        qrcode.Code
	Open      template.URL // opens a wallet on this device
	OpenOther template.URL // the same for wallets of the HAIP profile
	Copy      string
	Web       []ownLink // the same for wallets that are web sites
	Stages    []stage   // waiting, scanned, issued
	Pin       string
	Expires   string
	StateURL  string
	Poll      string // where the page asks whether the state has changed
	Again     string // where a new code is made; "": the reader makes none
	Desk      bool   // for the office: the wallet is somebody else's
	Waiting   bool
}

// OfferStart is GET /me/credentials/:id/offer, of a configuration.
func (p *Pages) OfferStart(c *gin.Context) error {
	d := p.visit(c)
	rec, err := p.subject(c)
	if err != nil {
		return err
	}
	r, err := p.configuration(d.ctx, d.actor, rec, c)
	if err != nil {
		return err
	}
	v := offerStartView{Back: rec.path(credentialsPath), Action: rec.offerPath(r.Issuer, r.Config.ID, "")}
	byKey := map[string]registry.Field{}
	for _, f := range rec.fields {
		byKey[f.Key] = f
	}
	v.Card = p.credentialCard(d.l, rec, byKey, r)
	for _, cf := range r.Config.Fields {
		if rec.states[cf.Field].State == registry.StateAttested {
			v.Values = append(v.Values, p.detail(d.l, rec, byKey[cf.Field], p.ownValue))
		}
	}
	v.Token = d.token()
	return d.page(http.StatusOK, look{page: "offer_start", title: d.l.t("offer.title"), nav: "/me/credentials"}, v)
}

// OfferCreate is POST /me/credentials/:id/offer, of a configuration.
func (p *Pages) OfferCreate(c *gin.Context) error {
	return p.press(c, func(ctx context.Context, d *desk, form url.Values) (string, error) {
		rec, err := p.subject(c)
		if err != nil {
			return "", err
		}
		r, err := p.configuration(ctx, d.actor, rec, c)
		if err != nil {
			return "", err
		}
		i, err := p.issuer.Of(r.Issuer)
		if err != nil {
			return "", err
		}
		offer, err := i.CreateOffer(ctx, d.actor, rec.person.ID, []string{r.Config.ID}, form.Get("pin") != "")
		if err != nil {
			return "", err
		}
		p.keepPin(c, offer, credentialsPath)
		return rec.offerPath(r.Issuer, r.Config.ID, offer.ID), nil
	})
}

// OfferShow is GET /me/credentials/:id/offer/:offer, of a configuration.
func (p *Pages) OfferShow(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	rec, err := p.subject(c)
	if err != nil {
		return err
	}
	r, err := p.configuration(ctx, actor, rec, c)
	if err != nil {
		return err
	}
	offer, err := p.issuer.Offer(ctx, actor, c.Param("offer"))
	if err != nil {
		return err
	}
	if following(c.Request) != "" && !turned(c, offer.State) {
		c.Header("Cache-Control", "no-store")
		c.Status(http.StatusNoContent)
		return nil
	}
	v, err := p.offer(l, rec, r.Config, offer)
	if err != nil {
		return err
	}
	if v.Replaces, err = p.replaced(ctx, l, actor, offer); err != nil {
		return err
	}
	v.Pin = pinOf(c, offer.ID)
	return p.show(c, http.StatusOK, look{page: "offer", title: l.t("offer.title"), nav: "/me/credentials"}, v)
}

// offer makes the view of an offer in its state.
func (p *Pages) offer(l *locale, rec record, config issuer.Configuration, o issuer.Offer) (v offerView, err error) {
	return p.offerAt(l, offerView{ID: o.ID, Name: config.Name(l.code), Back: rec.path(credentialsPath), Again: rec.offerPath(o.Issuer, config.ID, ""),
		StateURL: rec.offerPath(o.Issuer, config.ID, o.ID)}, o)
}

// offerAt puts an offer in its state into a view that has the addresses around it.
func (p *Pages) offerAt(l *locale, v offerView, o issuer.Offer) (_ offerView, err error) {
	v.State, v.Badge = o.State, offerBadge(l, o.State)
	v.Poll = pollAt(v.StateURL, seenParam, o.State)
	v.Waiting = o.State == "waiting" || o.State == "redeemed"
	v.Stages = offerStages(l, o.State)
	if o.State != "waiting" {
		return v, nil
	}
	minutes := int((o.ExpiresAt.Sub(p.now()) + time.Minute - 1) / time.Minute)
	v.Expires = l.t("offer.expires", "n", max(minutes, 1), "time", o.ExpiresAt.UTC().Format("15:04"))
	if o.URI == "" { // the reader may only see how far it went
		return v, nil
	}
	v.Copy, v.Web = o.URI, p.webWallets(o.URI)
	if v.Open, err = walletLink(o.URI); err != nil {
		return v, err
	}
	if v.OpenOther, err = walletLink("haip-vci" + strings.TrimPrefix(o.URI, "openid-credential-offer")); err != nil {
		return v, err
	}
	v.QR, err = qrcode.New(o.URI)
	return v, err
}

// walletLink lets a link of our own issuer pass html/template, which knows no
// scheme but http and mailto. Only these schemes, followed by a query, pass.
func walletLink(uri string) (template.URL, error) {
	for _, scheme := range []string{"openid-credential-offer", "haip-vci"} {
		if rest, ok := strings.CutPrefix(uri, scheme+"://?"); ok && !strings.ContainsAny(rest, "\"'<> \\") {
			return template.URL(uri), nil
		}
	}
	return "", fault.New(fault.Internal, "bad_wallet_link", "The link cannot be shown.")
}

func offerBadge(l *locale, state string) badge {
	switch state {
	case "waiting":
		return badge{"wait", "clock", l.t("offer.waiting")}
	case "redeemed":
		return badge{"chg", "phone", l.t("offer.redeemed")}
	case "issued":
		return badge{"ok", "check", l.t("offer.issued")}
	case "expired":
		return badge{"none", "clock", l.t("offer.expired")}
	}
	return badge{"bad", "cross", l.t("offer.cancelled")}
}

// replaced says what becomes of the credential that an offer is in the place of; "" if
// it is in nobody's.
func (p *Pages) replaced(ctx context.Context, l *locale, actor registry.Actor, o issuer.Offer) (string, error) {
	if o.Replaces == uuid.Nil {
		return "", nil
	}
	life, err := p.issuer.Life(ctx, actor, o.Replaces)
	if err != nil {
		return "", err
	}
	return p.replacePolicy(l, life), nil
}

// configuration finds the configuration of an address by its id and its issuer, with its
// readiness for a record.
func (p *Pages) configuration(ctx context.Context, actor registry.Actor, rec record, c *gin.Context) (issuer.Readiness, error) {
	readiness, err := p.issuer.Readiness(ctx, actor, rec.person.ID)
	if err != nil {
		return issuer.Readiness{}, err
	}
	for _, r := range readiness {
		if r.Config.ID == c.Param("id") && r.Issuer == c.Query("issuer") {
			return r, nil
		}
	}
	return issuer.Readiness{}, fault.New(fault.NotFound, "not_found", "There is no such credential.")
}

// keepPin keeps the transaction code for the pages under a path.
func (p *Pages) keepPin(c *gin.Context, o issuer.Offer, path string) {
	if o.TxCode == "" {
		return
	}
	http.SetCookie(c.Writer, &http.Cookie{Name: pinCookie, Value: o.ID + "." + o.TxCode, Path: path, MaxAge: int(o.ExpiresAt.Sub(p.now()).Seconds()),
		HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteStrictMode})
}

func pinOf(c *gin.Context, offerID string) string {
	cookie, err := c.Request.Cookie(pinCookie)
	if err != nil {
		return ""
	}
	id, pin, _ := strings.Cut(cookie.Value, ".")
	if id != offerID || len(pin) != 6 || strings.Trim(pin, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	return pin
}
