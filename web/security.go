package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// Where people see how they sign in.
const (
	ownSecurity   = "/me/security"
	staffSecurity = "/admin/security"
)

func securityOf(a registry.Actor) string {
	if a.Has(registry.RoleRegistrant) {
		return ownSecurity
	}
	return staffSecurity
}

// securityView is how an account is opened, and where it is open now.
type securityView struct {
	Base       string
	Staff      bool
	MayPasskey bool // they work for this server's name
	Passkeys   []passkeyView
	AppOn      bool
	AppText    string
	Sessions   []sessionView
	Others     bool
	Token      string
	Done       string
	Provider   providerLinkView
}

type passkeyView struct {
	ID, Name, Text string
	Cloned         bool
}

type sessionView struct {
	ID, Device, Text string
	Here             bool
}

// Security is GET /me/security and /admin/security.
func (p *Pages) Security(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	v := securityView{Base: securityOf(actor), Staff: !actor.Has(registry.RoleRegistrant), MayPasskey: p.registry.PasskeysWork()}
	keys, err := p.registry.Passkeys(ctx, actor)
	if err != nil {
		return err
	}
	for _, k := range keys {
		v.Passkeys = append(v.Passkeys, passkeyOf(l, k))
	}
	if v.Staff {
		app, err := p.registry.Authenticator(ctx, actor)
		if err != nil {
			return err
		}
		v.AppOn = !app.Since.IsZero()
		v.AppText = l.t("app.since", "when", l.date(app.Since)) + " " + l.t("app.codes_left", "n", app.Codes)
	}
	sessions, err := p.registry.Sessions(ctx, actor)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		v.Sessions = append(v.Sessions, sessionOf(l, s, s.ID == actor.Session.ID))
	}
	v.Others = len(sessions) > 1
	if !v.Staff {
		if v.Provider, err = p.providerLinks(ctx, l, actor); err != nil {
			return err
		}
	}
	if v.Token, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	if key := "security.done_" + c.Query("done"); c.Query("done") != "" && l.has(key) {
		v.Done = l.t(key)
	}
	return p.show(c, http.StatusOK, look{page: "security", title: l.t("security.title"), nav: v.Base}, v)
}

func passkeyOf(l *locale, k registry.Passkey) passkeyView {
	v := passkeyView{ID: k.ID.String(), Name: k.Name, Cloned: !k.ClonedAt.IsZero()}
	v.Text = l.t("passkey.made", "when", l.date(k.MadeAt))
	if !k.UsedAt.IsZero() {
		v.Text += " · " + l.t("passkey.used", "when", l.dateTime(k.UsedAt))
	}
	return v
}

func sessionOf(l *locale, s registry.Session, here bool) sessionView {
	v := sessionView{ID: s.ID.String(), Here: here, Device: deviceName(l, s.Device)}
	v.Text = l.t("security.by_"+string(s.Method)) + " · " + l.t("security.begun", "when", l.dateTime(s.BegunAt)) + " · " + l.t("security.seen", "when", l.dateTime(s.SeenAt))
	return v
}

// deviceName puts a device into words; names of browsers are the same in all languages.
func deviceName(l *locale, d registry.Device) string {
	switch {
	case d.Browser != "" && d.System != "":
		return l.t("device.on", "browser", d.Browser, "system", d.System)
	case d.Browser+d.System != "":
		return d.Browser + d.System
	}
	return l.t("device.unknown")
}

// SessionsEnd is POST /me/security/sessions and the same of staff: one session, or all
// others.
func (p *Pages) SessionsEnd(c *gin.Context) error {
	actor := auth.Actor(c.Request.Context())
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	return p.once(c, actor, form.Get("form"), func(ctx context.Context) (string, error) {
		if form.Get("session") == "others" {
			return securityOf(actor) + "?done=others", p.registry.EndOtherSessions(ctx, actor)
		}
		id, err := parseID(form.Get("session"))
		if err != nil {
			return "", err
		}
		return securityOf(actor) + "?done=session", p.registry.EndOneSession(ctx, actor, id)
	})
}

// passphraseView is the form for another passphrase.
type passphraseView struct {
	Base, Name, Token string
	Inputs            []input
	Problems          []problem
}

// PassphraseForm is GET /me/security/passphrase and the same of staff.
func (p *Pages) PassphraseForm(c *gin.Context) error { return p.showPassphrase(c, http.StatusOK, nil) }

func (p *Pages) showPassphrase(c *gin.Context, status int, problems []problem) (err error) {
	l, actor := p.localeOf(c), auth.Actor(c.Request.Context())
	v := passphraseView{Base: securityOf(actor), Name: actor.Name, Problems: problems, Inputs: []input{
		{ID: "old", Label: words{Text: l.t("security.old")}, Autocomplete: "current-password"},
		{ID: "password", Label: words{Text: l.t("activate.passphrase")}, Hint: words{Text: l.t("activate.passphrase_hint")}, Autocomplete: "new-password"},
		{ID: "repeat", Label: words{Text: l.t("activate.repeat")}, Autocomplete: "new-password"},
	}}
	for i := range v.Inputs {
		in := &v.Inputs[i]
		in.Kind, in.Dir, in.Required, in.Wrong = "password", "ltr", true, wrongOf(problems, in.ID)
	}
	if v.Token, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	return p.show(c, status, look{page: "security_passphrase", title: l.t("security.change"), nav: v.Base, failed: len(problems) > 0}, v)
}

// Passphrase is POST /me/security/passphrase and the same of staff.
func (p *Pages) Passphrase(c *gin.Context) error {
	l, actor := p.localeOf(c), auth.Actor(c.Request.Context())
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	if problems := emptyInputs(l, form, "old", "password"); len(problems) > 0 {
		return p.showPassphrase(c, http.StatusUnprocessableEntity, problems)
	}
	if form.Get("password") != form.Get("repeat") {
		return p.showPassphrase(c, http.StatusUnprocessableEntity, []problem{{Field: "repeat", Text: l.t("activate.repeat_differs")}})
	}
	location, err := p.runOnce(c.Request.Context(), actor, form.Get("form"), func(ctx context.Context) (string, error) {
		return securityOf(actor) + "?done=passphrase", p.registry.ChangePassword(ctx, actor, form.Get("old"), form.Get("password"))
	})
	if err != nil {
		problems, ok := entryProblems(l, err, "old")
		if !ok {
			return err
		}
		return p.showPassphrase(c, http.StatusUnprocessableEntity, problems)
	}
	return seeOther(c, location)
}

// newCodes runs what gives recovery codes, and shows them.
func (p *Pages) newCodes(c *gin.Context, make func(c *gin.Context, form url.Values) ([]string, error)) error {
	actor := auth.Actor(c.Request.Context())
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	var codes []string
	location, err := p.runOnce(c.Request.Context(), actor, form.Get("form"), func(context.Context) (string, error) {
		codes, err = make(c, form)
		return staffSecurity + "?done=app", err
	})
	if err != nil {
		problems, ok := entryProblems(p.localeOf(c), err, "code")
		if !ok {
			return err
		}
		return p.showApp(c, http.StatusUnprocessableEntity, form.Get("offer"), problems)
	}
	if codes == nil {
		return seeOther(c, location)
	}
	return p.showCodes(c, codes, location)
}

// AppRemove is POST /admin/security/app/remove.
func (p *Pages) AppRemove(c *gin.Context) error {
	actor := auth.Actor(c.Request.Context())
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	return p.once(c, actor, form.Get("form"), func(ctx context.Context) (string, error) {
		return staffSecurity + "?done=app_removed", p.registry.RemoveTOTP(ctx, actor)
	})
}

// browserName is what a new passkey is called at first.
func browserName(l *locale, c *gin.Context) string {
	d := registry.DeviceOf(c.Request.Context())
	if d == (registry.Device{}) {
		return ""
	}
	return strings.TrimSpace(plainText(deviceName(l, d)))
}

// parseID reads an id of an address or a form. Error: NotFound.
func parseID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, fault.Wrap(fault.NotFound, "not_found", "There is no such thing.", err)
	}
	return id, nil
}
