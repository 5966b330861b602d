package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
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
	Fields []words
	Action string // where it is withdrawn; "": it is over
}

// Sharing is GET /me/sharing: what the person agreed to.
func (p *Pages) Sharing(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return err
	}
	consents, err := p.issuer.Consents(ctx, actor, actor.RegistrantID)
	if err != nil {
		return err
	}
	v := sharingView{}
	if v.Token, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	for _, consent := range consents {
		v.Consents = append(v.Consents, p.consentEntry(l, fields, consent))
	}
	return p.show(c, http.StatusOK, look{page: "my_sharing", title: l.t("sharing.title"), nav: sharingPath}, v)
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
	return e
}

// SharingWithdraw is POST /me/sharing/:id/withdraw.
func (p *Pages) SharingWithdraw(c *gin.Context) error {
	actor := auth.Actor(c.Request.Context())
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	return p.once(c, actor, form.Get("form"), func(ctx context.Context) (string, error) {
		return sharingPath, p.issuer.WithdrawConsent(ctx, actor, actor.RegistrantID, c.Param("id"))
	})
}
