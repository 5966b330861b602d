package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// passkeyPage is the form of a passkey: a new one, if it has no ID.
type passkeyPage struct {
	Base     string
	Passkey  passkeyView
	Name     input
	Token    string
	Problems []problem
}

// PasskeyBegin is POST /login/passkey/begin, for passkey.js.
func (p *Pages) PasskeyBegin(c *gin.Context) error {
	return ceremony(c, func() (registry.Ceremony, error) { return p.registry.BeginPasskeySignIn(c.Request.Context()) })
}

// PasskeySignIn is POST /login/passkey.
func (p *Pages) PasskeySignIn(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	l := p.localeOf(c)
	token, account, err := p.registry.SignInWithPasskey(c.Request.Context(), form.Get("ticket"), form.Get("answer"))
	if err != nil {
		problems, ok := entryProblems(l, err, "")
		if !ok {
			return err
		}
		return p.show(c, http.StatusUnprocessableEntity, look{page: "login", title: l.t("login.title"), failed: true, here: "/login"},
			p.signIn(l, "", form.Get("next"), problems))
	}
	return p.enter(c, token, account, form.Get("next"))
}

// PasskeyNew is GET /me/security/passkeys/new and the same of staff.
func (p *Pages) PasskeyNew(c *gin.Context) error {
	return p.showPasskey(c, http.StatusOK, passkeyView{Name: browserName(p.localeOf(c), c)}, nil)
}

// PasskeyMake is POST /me/security/passkeys/begin and the same of staff, for passkey.js.
func (p *Pages) PasskeyMake(c *gin.Context) error {
	ctx := c.Request.Context()
	return ceremony(c, func() (registry.Ceremony, error) { return p.registry.BeginPasskey(ctx, auth.Actor(ctx)) })
}

// PasskeyAdd is POST /me/security/passkeys and the same of staff.
func (p *Pages) PasskeyAdd(c *gin.Context) error {
	return p.changePasskey(c, passkeyView{}, func(ctx context.Context, actor registry.Actor, form url.Values) (string, error) {
		_, err := p.registry.AddPasskey(ctx, actor, form.Get("name"), form.Get("ticket"), form.Get("answer"))
		return "passkey", err
	})
}

// Passkey is GET /me/security/passkeys/:id and the same of staff.
func (p *Pages) Passkey(c *gin.Context) error {
	k, err := p.passkeyAt(c)
	if err != nil {
		return err
	}
	return p.showPasskey(c, http.StatusOK, k, nil)
}

// passkeyAt is the passkey of an address.
func (p *Pages) passkeyAt(c *gin.Context) (passkeyView, error) {
	ctx := c.Request.Context()
	keys, err := p.registry.Passkeys(ctx, auth.Actor(ctx))
	if err != nil {
		return passkeyView{}, err
	}
	for _, k := range keys {
		if k.ID.String() == c.Param("id") {
			return passkeyOf(p.localeOf(c), k), nil
		}
	}
	return passkeyView{}, fault.New(fault.NotFound, "not_found", "There is no such passkey.")
}

// PasskeyChange is POST /me/security/passkeys/:id and the same of staff: another name,
// or none of it any more.
func (p *Pages) PasskeyChange(c *gin.Context) error {
	k, err := p.passkeyAt(c)
	if err != nil {
		return err
	}
	id, err := parseID(k.ID)
	if err != nil {
		return err
	}
	return p.changePasskey(c, k, func(ctx context.Context, actor registry.Actor, form url.Values) (string, error) {
		if form.Get("step") == "remove" {
			return "passkey_removed", p.registry.RemovePasskey(ctx, actor, id)
		}
		return "passkey_renamed", p.registry.RenamePasskey(ctx, actor, id, form.Get("name"))
	})
}

func (p *Pages) changePasskey(c *gin.Context, k passkeyView, change func(ctx context.Context, actor registry.Actor, form url.Values) (done string, err error)) error {
	actor := auth.Actor(c.Request.Context())
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	location, err := p.runOnce(c.Request.Context(), actor, form.Get("form"), func(ctx context.Context) (string, error) {
		done, err := change(ctx, actor, form)
		return securityOf(actor) + "?done=" + done, err
	})
	if err == nil {
		return seeOther(c, location)
	}
	problems, ok := formErrors(p.localeOf(c), err)
	if !ok {
		return err
	}
	k.Name = form.Get("name")
	return p.showPasskey(c, http.StatusUnprocessableEntity, k, problems)
}

func (p *Pages) showPasskey(c *gin.Context, status int, k passkeyView, problems []problem) (err error) {
	l, actor := p.localeOf(c), auth.Actor(c.Request.Context())
	v := passkeyPage{Base: securityOf(actor), Passkey: k, Problems: problems}
	v.Name = input{ID: "name", Kind: "text", Label: words{Text: l.t("passkey.name")}, Hint: words{Text: l.t("passkey.name_hint")}, Value: k.Name, Dir: "auto",
		Required: true, MaxLength: registry.MaxPasskeyName, Wrong: wrongOf(problems, "name")}
	title := l.t("passkey.add")
	here := v.Base + "/passkeys/new"
	if k.ID != "" {
		title, here = l.t("passkey.one"), ""
	}
	if v.Token, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	return p.show(c, status, look{page: "security_passkey", title: title, nav: v.Base, failed: len(problems) > 0, here: here}, v)
}
