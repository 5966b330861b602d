package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// providerPath is where people sign in by an OpenID Provider.
const providerPath = "/login/provider"

// flowCookie binds a sign-in by a provider to the browser that began it.
const flowCookie = "sr_flow"

// Provider is an OpenID Provider by which people sign in.
type Provider interface {
	Name() string   // what people call it
	Issuer() string // its identifier
	Rules() registry.ProviderRules
	// Address is where a browser signs in; again, where the person is asked anew.
	Address(ctx context.Context, flow registry.ProviderFlow, again bool) (string, error)
	// Claims checks the query of the callback and gives what the provider says.
	Claims(ctx context.Context, flow registry.ProviderFlow, answer url.Values) (map[string]any, error)
	// AskedAt is when the provider itself asked the person, by such claims; zero: it does
	// not say.
	AskedAt(claims map[string]any) time.Time
	// JWKS is our public key.
	JWKS() ([]byte, error)
}

// providerView says why nobody was signed in, and what helps.
type providerView struct {
	Code, Text, Help, Name string
	Again                  string // address to begin anew; "": it would not help
}

// askAgain is the query of /login/provider by which somebody who is signed in is asked
// anew, before a sensitive act; the way back is through the page that asks.
const askAgain = "again"

// ProviderStart is GET and POST /login/provider: sends the browser to the provider.
func (p *Pages) ProviderStart(c *gin.Context) error {
	if p.provider == nil {
		return noProvider()
	}
	ctx, next, again := c.Request.Context(), localPath(c.Query("next")), c.Query(askAgain) != ""
	if again {
		next = stepUpBack + url.QueryEscape(next)
	}
	flow, err := p.registry.BeginProvider(ctx, next)
	if err != nil {
		return err
	}
	address, err := p.provider.Address(ctx, flow, again)
	if err != nil {
		return p.providerRefused(c, err)
	}
	http.SetCookie(c.Writer, &http.Cookie{Name: flowCookie, Value: flow.Cookie, Path: providerPath, MaxAge: 600, HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteLaxMode})
	return seeOther(c, address)
}

// ProviderCallback is GET /login/provider/callback: where the provider sends the
// browser back to. The cookie and the state are used up, whatever comes of it.
func (p *Pages) ProviderCallback(c *gin.Context) error {
	if p.provider == nil {
		return noProvider()
	}
	token, account, next, err := p.byProvider(c)
	if err != nil {
		return p.providerRefused(c, err)
	}
	if back, again := backOf(next); again && account.Needs != registry.NeedsNothing {
		next = back
	} else if again {
		if err := p.begin(c, token); err != nil {
			return err
		}
		return seeOther(c, next)
	}
	return p.enter(c, token, account, next)
}

// stepUpBack begins the address that follows when a provider was to ask anew.
const stepUpBack = "/step-up?by=provider&next="

// backOf is where a sign-in that began anew was to lead in the end.
func backOf(next string) (back string, again bool) {
	rest, again := strings.CutPrefix(next, stepUpBack)
	if !again {
		return next, false
	}
	back, err := url.QueryUnescape(rest)
	if err != nil {
		return "", true
	}
	return back, true
}

func (p *Pages) byProvider(c *gin.Context) (token string, account registry.Account, next string, err error) {
	ctx, cookie := c.Request.Context(), ""
	if kept, err := c.Request.Cookie(flowCookie); err == nil {
		cookie = kept.Value
	}
	http.SetCookie(c.Writer, &http.Cookie{Name: flowCookie, Path: providerPath, MaxAge: -1, HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteLaxMode})
	flow, err := p.registry.TakeProvider(ctx, cookie, c.Query("state"))
	if err != nil {
		return "", account, "", err
	}
	claims, err := p.provider.Claims(ctx, flow, c.Request.URL.Query())
	if err != nil {
		return "", account, "", err
	}
	back, _ := backOf(flow.Next)
	proof := registry.ProviderProof{Issuer: p.provider.Issuer(), Claims: claims, At: p.provider.AskedAt(claims), AsStaff: strings.HasPrefix(back, "/admin")}
	token, account, err = p.registry.SignInByProvider(ctx, p.provider.Rules(), proof)
	return token, account, flow.Next, err
}

// providerRefused says in words why nobody was signed in, and the way on; the cause is
// for the log of the operator alone.
func (p *Pages) providerRefused(c *gin.Context, err error) error {
	l := p.localeOf(c)
	var f *fault.Error
	if !errors.As(err, &f) || !l.has("provider."+f.Code) {
		return err
	}
	if f.Err != nil { // our side, or the provider's; what the person did has no cause
		respond.Note(c, err)
	}
	status := map[fault.Kind]int{fault.Unavailable: http.StatusServiceUnavailable, fault.Invalid: http.StatusBadRequest}[f.Kind]
	if status == 0 {
		status = http.StatusForbidden
	}
	v := providerView{Code: f.Code, Name: p.provider.Name(), Text: l.t("provider."+f.Code, "name", p.provider.Name()), Help: l.t("provider." + f.Code + "_help")}
	if f.Code != "provider_not_linked" && f.Code != "provider_link_removed" {
		v.Again = providerPath
	}
	return p.show(c, status, look{page: "provider", title: l.t("provider.title"), here: "/login"}, v)
}

// ProviderKeys is GET /login/provider/jwks.json: the key by which we say who we are.
func (p *Pages) ProviderKeys(c *gin.Context) error {
	if p.provider == nil {
		return noProvider()
	}
	body, err := p.provider.JWKS()
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "public, max-age=3600")
	c.Data(http.StatusOK, "application/json", body)
	return nil
}

func noProvider() error {
	return fault.New(fault.NotFound, "not_found", "There is no such page.")
}

// providerWay is the button of the sign-in form.
type providerWay struct{ Name, Href string }

// providerWayOf is the way to sign in by the provider; nil: there is none.
func (p *Pages) providerWayOf(next string) *providerWay {
	if p.provider == nil {
		return nil
	}
	href := providerPath
	if next = localPath(next); next != "" {
		href += "?next=" + url.QueryEscape(next)
	}
	return &providerWay{Name: p.provider.Name(), Href: href}
}
