package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/registry"
)

// consentView is what a person is asked: what goes to whom, until when.
type consentView struct {
	Client, To string  // name of the wallet, and where the browser goes afterwards
	Issuer     string  // what it is called
	Choices    []other // about whom the person may agree, if there is a choice or it is somebody else
	Parts      []consentPart
	Until      string
	Action     string
}

// consentPart is one credential that the wallet asks for.
type consentPart struct {
	ID, Name string
	Values   []detail
	Missing  []words // mandatory details that are not attested yet
	Later    []words // optional ones: they go to the wallet once they are
}

const authorizePath = "/me/authorize/"

// Authorize is GET /oid4vci/authorize, and the same below the path of an issuer, to where a wallet sends the browser
// (OID4VCI 1.0 §5). Whatever is wrong with the request is shown here: nobody is
// sent anywhere. The decision is made on a page of the person, who signs in first.
func (p *Pages) Authorize(c *gin.Context) error {
	name, below := c.Params.Get("issuer")
	i, err := p.issuer.Of(name)
	if err != nil {
		return err
	}
	if below && name == "" { // a path with an empty part is not that of the one at the root
		return fault.New(fault.NotFound, "issuer_not_found", "There is no such credential issuer.")
	}
	decision, err := i.BeginAuthorization(c.Request.Context(), c.Request.URL.Query())
	if err != nil {
		return err
	}
	return seeOther(c, authorizePath+url.PathEscape(decision))
}

// Consent is GET /me/authorize/:decision.
func (p *Pages) Consent(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	about, err := aboutOf(c)
	if err != nil {
		return err
	}
	asked, err := p.issuer.AuthorizationAbout(ctx, actor, c.Param("decision"), about)
	if err != nil {
		return err
	}
	rec, err := p.loadAbout(ctx, actor, asked.About)
	if err != nil {
		return err
	}
	v := consentView{Client: asked.ClientName, Issuer: p.issuerTitle(l, asked.Issuer), To: formTarget(asked.RedirectURI), Until: l.date(asked.Until), Action: authorizePath + url.PathEscape(asked.Decision)}
	if v.Choices, err = p.consentChoices(ctx, l, actor, asked); err != nil {
		return err
	}
	v.Parts = p.consentParts(l, rec, asked.Configs)
	allowFormTo(c, asked.RedirectURI)
	return p.show(c, http.StatusOK, look{page: "consent", title: l.t("consent.title")}, v)
}

// consentChoices lists about whom the person may agree; none if that is the person
// alone.
func (p *Pages) consentChoices(ctx context.Context, l *locale, actor registry.Actor, asked issuer.Authorization) ([]other, error) {
	if len(asked.Choices) == 0 || len(asked.Choices) == 1 && asked.Choices[0].Self {
		return nil, nil
	}
	var out []other
	for _, r := range asked.Choices {
		choice := other{Name: l.t("consent.self"), Current: r.RegistrantID == asked.About,
			Path: authorizePath + url.PathEscape(asked.Decision) + "?" + url.Values{aboutMember: {r.RegistrantID.String()}}.Encode()}
		if !r.Self {
			fields, err := p.fieldsFor(ctx, r.For)
			if err != nil {
				return nil, err
			}
			choice.Name, choice.Kind = recordOf(fields, r).name(), l.t("others."+string(r.For))
		}
		out = append(out, choice)
	}
	return out, nil
}

// consentParts says of each credential what would be in it.
func (p *Pages) consentParts(l *locale, rec record, configs []issuer.Configuration) []consentPart {
	byKey := map[string]registry.Field{}
	for _, f := range rec.fields {
		byKey[f.Key] = f
	}
	var parts []consentPart
	for _, config := range configs {
		part := consentPart{ID: config.ID, Name: config.Name(l.code)}
		for _, f := range config.Fields {
			if rec.states[f.Field].State == registry.StateAttested {
				part.Values = append(part.Values, p.detail(l, rec, byKey[f.Field], p.ownValue))
			} else if f.Mandatory {
				part.Missing = append(part.Missing, p.label(l, byKey[f.Field]))
			} else {
				part.Later = append(part.Later, p.label(l, byKey[f.Field]))
			}
		}
		parts = append(parts, part)
	}
	return parts
}

// ConsentDecide is POST /me/authorize/:decision. The browser goes back to the
// wallet, whatever the answer.
func (p *Pages) ConsentDecide(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	location, err := p.issuer.Decide(ctx, auth.Actor(ctx), c.Param("decision"), form.Get("decision") == "allow")
	if err != nil {
		return err
	}
	return seeOther(c, location)
}

// allowFormTo lets the form of a page end at a wallet: browsers hold the redirect
// after a form to the policy of the page (CSP 3 §6.5.1).
func allowFormTo(c *gin.Context, redirectURI string) {
	h := c.Writer.Header()
	policy := h.Get("Content-Security-Policy")
	h.Set("Content-Security-Policy", strings.Replace(policy, "form-action 'self'", "form-action 'self' "+formTarget(redirectURI), 1))
}

// formTarget is the origin of a redirect URI, or the scheme of an app.
func formTarget(redirectURI string) string {
	u, err := url.Parse(redirectURI)
	if err != nil || u.Scheme == "" {
		return "'self'"
	}
	if u.Scheme == "https" || u.Scheme == "http" {
		return u.Scheme + "://" + u.Host
	}
	return u.Scheme + ":"
}
