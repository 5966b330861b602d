package web

import (
	"context"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/internal/qrcode"
	"socialregistry/issuer"
)

// Trial makes offers of generated data to whoever asks. It is there only where a
// registry holds nothing else.
type Trial interface {
	// MakeOffer offers a credential of a generated person by a pre-authorized
	// code, with or without a transaction code.
	MakeOffer(ctx context.Context, configID string, withTxCode bool) (issuer.Offer, error)
	// Offer gives an offer that MakeOffer made; NotFound for any other.
	Offer(ctx context.Context, id string) (issuer.Offer, error)
}

// The ways of a test offer.
const (
	wayCode = "code" // over the browser (OID4VCI 1.0 §5)
	wayOpen = "pre"  // pre-authorized (§6.1)
	wayPin  = "pin"  // the same, with a transaction code
)

// walletsView is the page for those who make wallets.
type walletsView struct {
	Addresses []address
	Kinds     []kind
	Trial     bool
	Refusals  []refusal
}

// address is one document that a wallet reads.
type address struct{ Name, URL string }

// kind is one credential configuration with its ways.
type kind struct{ ID, Name, Format string }

// refusal is one error code in words.
type refusal struct{ Code, Where, Means, Do string }

// walletOfferView is a test offer.
type walletOfferView struct {
	Name, Way string
	QR        qrcode.Code
	Open      template.URL
	Copy, Pin string
	Expires   string
	Over      bool
}

// Wallets is GET /wallets: where the documents are, test offers, every refusal.
func (p *Pages) Wallets(c *gin.Context) error {
	l := p.localeOf(c)
	v := walletsView{Trial: p.trial != nil}
	for _, path := range []string{"/.well-known/openid-credential-issuer", "/.well-known/oauth-authorization-server", "/.well-known/jwt-vc-issuer",
		"/.well-known/did.json", "/jwks.json", "/status/aggregation"} {
		v.Addresses = append(v.Addresses, address{l.t("wallets.at." + path), p.publicURL + path})
	}
	for _, config := range p.issuer.Configurations() {
		v.Kinds = append(v.Kinds, kind{config.ID, config.Name(l.code), config.Format})
	}
	for _, r := range refusals() {
		r.Where = strings.TrimPrefix(r.Where, "/oid4vci/") // the name of the endpoint is enough, and fits in its column
		r.Means, r.Do = l.t("refusal."+r.Code), l.t("refusal."+r.Code+".do")
		v.Refusals = append(v.Refusals, r)
	}
	return p.show(c, http.StatusOK, look{page: "wallets", title: l.t("wallets.title")}, v)
}

// WalletOffer is POST /wallets/offers: a test offer. It is NotFound where real
// people are registered.
func (p *Pages) WalletOffer(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	config, err := p.kind(form.Get("config"))
	if err != nil {
		return err
	}
	if form.Get("way") == wayCode {
		return seeOther(c, "/wallets/code/"+url.PathEscape(config.ID))
	}
	if p.trial == nil {
		return fault.New(fault.NotFound, "not_found", "Test offers are made where only generated people are registered.")
	}
	offer, err := p.trial.MakeOffer(c.Request.Context(), config.ID, form.Get("way") == wayPin)
	if err != nil {
		return err
	}
	p.keepPin(c, offer, "/wallets")
	return seeOther(c, "/wallets/offers/"+url.PathEscape(offer.ID))
}

// WalletOfferShow is GET /wallets/offers/:id.
func (p *Pages) WalletOfferShow(c *gin.Context) error {
	l := p.localeOf(c)
	if p.trial == nil {
		return fault.New(fault.NotFound, "not_found", "There is no such offer.")
	}
	o, err := p.trial.Offer(c.Request.Context(), c.Param("id"))
	if err != nil {
		return err
	}
	config, err := p.kind(o.ConfigIDs[0])
	if err != nil {
		return err
	}
	v := walletOfferView{Name: config.Name(l.code), Way: l.t("wallets.way.pre"), Pin: pinOf(c, o.ID), Over: o.State != "waiting"}
	if v.Over {
		return p.show(c, http.StatusOK, look{page: "wallet_offer", title: l.t("wallets.offer")}, v)
	}
	minutes := int((o.ExpiresAt.Sub(p.now()) + time.Minute - 1) / time.Minute)
	v.Expires = l.t("offer.expires", "n", max(minutes, 1), "time", o.ExpiresAt.UTC().Format("15:04"))
	return p.showLink(c, v, o.URI)
}

// WalletCode is GET /wallets/code/:config: an offer of the way over the browser.
// It holds no secret and nothing about anybody: who signs in decides.
func (p *Pages) WalletCode(c *gin.Context) error {
	l := p.localeOf(c)
	config, err := p.kind(c.Param("config"))
	if err != nil {
		return err
	}
	link, err := codeOffer(p.publicURL, config.ID)
	if err != nil {
		return err
	}
	return p.showLink(c, walletOfferView{Name: config.Name(l.code), Way: l.t("wallets.way.code")}, link)
}

// codeOffer is a credential offer by value with the authorization_code grant
// (OID4VCI 1.0 §4.1.1). Nothing stands behind it, so it is never over.
func codeOffer(issuerURL, configID string) (string, error) {
	b, err := json.Marshal(map[string]any{"credential_issuer": issuerURL, "credential_configuration_ids": []string{configID},
		"grants": map[string]any{"authorization_code": map[string]any{}}})
	return "openid-credential-offer://?credential_offer=" + url.QueryEscape(string(b)), err
}

// showLink shows a link as a QR code, as a button, and as text.
func (p *Pages) showLink(c *gin.Context, v walletOfferView, link string) error {
	var wrong error
	v.Copy = link
	v.Open, wrong = walletLink(link)
	code, err := qrcode.New(link)
	if err := errors.Join(wrong, err); err != nil {
		return err
	}
	v.QR = code
	return p.show(c, http.StatusOK, look{page: "wallet_offer", title: p.localeOf(c).t("wallets.offer")}, v)
}

func (p *Pages) kind(id string) (issuer.Configuration, error) {
	for _, config := range p.issuer.Configurations() {
		if config.ID == id {
			return config, nil
		}
	}
	return issuer.Configuration{}, fault.New(fault.NotFound, "not_found", "There is no such credential.")
}
