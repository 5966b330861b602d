package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"socialregistry/issuer"
	"socialregistry/registry"
)

const sharingPath = "/me/sharing"

type sharingView struct {
	Consents []consentEntry
	Token    string
}

// consentEntry is one consent in the list.
type consentEntry struct {
	Client string
	Issuer string // what it is called; "": there is one issuer
	Badge  badge
	Text   string
	Used   string // when a credential was last issued under it
	Fields []words
	About  string   // whose details, if the reader agreed for somebody else
	Ends   []string // the credentials that are withdrawn with it
	Action string   // where it is withdrawn; "": it is over
}

// Sharing is GET /me/sharing: what the person agreed to.
func (p *Pages) Sharing(c *gin.Context) error {
	d := p.visit(c)
	fields, err := p.registry.Fields(d.ctx)
	if err != nil {
		return err
	}
	consents, err := p.issuer.Consents(d.ctx, d.actor, d.actor.RegistrantID)
	if err != nil {
		return err
	}
	v := sharingView{}
	v.Token = d.token()
	households, err := p.fieldsFor(d.ctx, issuer.ForHousehold)
	if err != nil {
		return err
	}
	for _, consent := range consents {
		e := p.consentEntry(d.l, slices.Concat(fields, households), consent)
		e.About = p.agreedFor(d.ctx, d.l, d.actor, consent)
		v.Consents = append(v.Consents, e)
	}
	return d.page(http.StatusOK, look{page: "my_sharing", title: d.l.t("sharing.title"), nav: sharingPath}, v)
}

func (p *Pages) consentEntry(l *locale, fields []registry.Field, consent issuer.Consent) consentEntry {
	e := consentEntry{Client: consent.ClientName, Issuer: p.issuerIfMany(l, consent.Issuer), Text: l.t("sharing.given", "when", consent.GivenAt, "until", consent.ExpiresAt)}
	switch {
	case !consent.WithdrawnAt.IsZero():
		e.Badge = badge{"bad", "cross", l.t("sharing.withdrawn")}
	case !p.now().Before(consent.ExpiresAt):
		e.Badge = badge{"none", "clock", l.t("sharing.over")}
	default:
		e.Badge = badge{"ok", "check", l.t("sharing.stands")}
		e.Action = sharingPath + "/" + url.PathEscape(consent.ID) + "/withdraw"
	}
	if e.Used = l.t("sharing.unused"); !consent.LastUsed.IsZero() {
		e.Used = l.t("sharing.used", "when", l.dateTime(consent.LastUsed))
	}
	shared := map[string]bool{}
	for _, keys := range consent.Details {
		for _, key := range keys {
			shared[key] = true
		}
	}
	for _, f := range fields {
		if shared[f.Key] {
			e.Fields = append(e.Fields, p.label(l, f))
		}
	}
	for _, config := range p.issuer.Ends(consent) {
		e.Ends = append(e.Ends, config.Name(l.code))
	}
	return e
}

// agreedFor says for whom the reader agreed; "" for the reader. Who does not represent
// that record any more is not told its name.
func (p *Pages) agreedFor(ctx context.Context, l *locale, actor registry.Actor, consent issuer.Consent) string {
	if consent.RegistrantID == actor.RegistrantID {
		return ""
	}
	rec, err := p.loadAbout(ctx, actor, consent.RegistrantID)
	if err != nil {
		return l.t("sharing.somebody")
	}
	return rec.name()
}

// SharingWithdraw is POST /me/sharing/:id/withdraw.
func (p *Pages) SharingWithdraw(c *gin.Context) error {
	return p.press(c, func(ctx context.Context, d *desk, _ url.Values) (string, error) {
		return sharingPath, p.issuer.WithdrawConsent(ctx, d.actor, d.actor.RegistrantID, c.Param("id"))
	})
}
