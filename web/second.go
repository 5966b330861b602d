package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/internal/qrcode"
	"socialregistry/registry"
)

// secondView asks for the second factor.
type secondView struct {
	Code     input
	Next     string
	Again    string
	Problems []problem
}

// appView is the secret of an authenticator app that is to be added, or the app that is
// there.
type appView struct {
	Action, Offer, Secret string
	QR                    qrcode.Code
	Code                  input
	Token, Next           string
	Problems              []problem

	On, Needed bool
	Left       string // recovery codes
}

// codesView shows recovery codes, once.
type codesView struct {
	Codes []string
	Next  string
}

// SecondForm is GET /login/second: what a sign-in still needs, a code or an app that
// makes codes.
func (p *Pages) SecondForm(c *gin.Context) error {
	next := localPath(c.Query("next"))
	account, err := p.registry.Halfway(c.Request.Context(), auth.Token(c))
	switch {
	case err != nil && fault.KindOf(err) == fault.Unauthenticated:
		return seeOther(c, withNext("/login", next))
	case err != nil:
		return err
	case account.Needs == registry.NeedsEnrol:
		return p.showEnrol(c, http.StatusOK, account, "", next, nil)
	}
	return p.showSecond(c, http.StatusOK, next, nil)
}

// Second is POST /login/second.
func (p *Pages) Second(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	next := form.Get("next")
	if problems := emptyInputs(p.localeOf(c), form, "code"); len(problems) > 0 {
		return p.showSecond(c, http.StatusUnprocessableEntity, next, problems)
	}
	token, account, err := p.registry.FinishSignIn(c.Request.Context(), auth.Token(c), form.Get("code"))
	if fault.CodeOf(err) == "session_ended" {
		return seeOther(c, withNext("/login", localPath(next)))
	}
	if err != nil {
		problems, ok := entryProblems(p.localeOf(c), err, "code")
		if !ok {
			return err
		}
		return p.showSecond(c, http.StatusUnprocessableEntity, next, problems)
	}
	auth.Keep(c, token, p.secure)
	return seeOther(c, afterSignIn(account, next))
}

func (p *Pages) showSecond(c *gin.Context, status int, next string, problems []problem) error {
	l := p.localeOf(c)
	v := secondView{Next: localPath(next), Problems: problems, Code: codeInput(l, problems)}
	v.Code.Hint = words{Text: l.t("second.code_hint")}
	v.Again = withNext("/login", v.Next)
	return p.show(c, status, look{page: "login_second", title: l.t("second.title"), here: "/login/second", failed: len(problems) > 0}, v)
}

func codeInput(l *locale, problems []problem) input {
	return input{ID: "code", Kind: "text", Class: "code", Label: words{Text: l.t("second.code")}, Dir: "ltr", Autocomplete: "one-time-code",
		Required: true, MaxLength: 20, Wrong: wrongOf(problems, "code")}
}

// Enrol is POST /login/enrol: staff who have to have an authenticator app add one. The answer is the page with the recovery codes.
func (p *Pages) Enrol(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	problems := emptyInputs(p.localeOf(c), form, "code")
	if len(problems) == 0 {
		token, codes, err := p.registry.FinishEnrol(c.Request.Context(), auth.Token(c), form.Get("offer"), form.Get("code"))
		if err == nil {
			auth.Keep(c, token, p.secure)
			return p.showCodes(c, codes, afterSignIn(registry.Account{}, form.Get("next")))
		}
		if fault.CodeOf(err) == "session_ended" {
			return seeOther(c, withNext("/login", localPath(form.Get("next"))))
		}
		var ok bool
		if problems, ok = entryProblems(p.localeOf(c), err, "code"); !ok {
			return err
		}
	}
	account, err := p.registry.Halfway(c.Request.Context(), auth.Token(c))
	if err != nil {
		return err
	}
	return p.showEnrol(c, http.StatusUnprocessableEntity, account, form.Get("offer"), form.Get("next"), problems)
}

func (p *Pages) showEnrol(c *gin.Context, status int, account registry.Account, offer, next string, problems []problem) error {
	l := p.localeOf(c)
	v, err := p.appOffer(l, account, offer, problems)
	if err != nil {
		return err
	}
	v.Action, v.Next = "/login/enrol", localPath(next)
	return p.show(c, status, look{page: "login_enrol", title: l.t("app.title"), here: "/login/second", failed: len(problems) > 0}, v)
}

// appOffer is the form in which an app is added: with the secret of an offer that was
// made before, or a new one.
func (p *Pages) appOffer(l *locale, account registry.Account, offer string, problems []problem) (v appView, err error) {
	o, err := p.registry.SameOffer(account, offer, l.t("service.name"))
	if err != nil {
		return v, err
	}
	v = appView{Offer: o.Offer, Secret: inGroups(o.Text), Code: codeInput(l, problems), Problems: problems}
	v.Code.Mode = "numeric"
	v.QR, err = qrcode.New(o.URI)
	return v, err
}

// inGroups puts a space after each four characters.
func inGroups(text string) string {
	var out strings.Builder
	for i, r := range text {
		if i > 0 && i%4 == 0 {
			out.WriteByte(' ')
		}
		out.WriteRune(r)
	}
	return out.String()
}

func (p *Pages) showCodes(c *gin.Context, codes []string, next string) error {
	l := p.localeOf(c)
	return p.show(c, http.StatusOK, look{page: "security_codes", title: l.t("app.codes"), here: "/login"}, codesView{codes, next})
}

// AppForm is GET /admin/security/app.
func (p *Pages) AppForm(c *gin.Context) error { return p.showApp(c, http.StatusOK, "", nil) }

func (p *Pages) showApp(c *gin.Context, status int, offer string, problems []problem) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	app, err := p.registry.Authenticator(ctx, actor)
	if err != nil {
		return err
	}
	v := appView{}
	if app.Since.IsZero() {
		if v, err = p.appOffer(l, registry.Account{ID: actor.AccountID, Username: actor.Name}, offer, problems); err != nil {
			return err
		}
	}
	v.Action, v.On, v.Needed, v.Problems = staffSecurity+"/app", !app.Since.IsZero(), app.Needed, problems
	v.Left = l.t("app.codes_left", "n", app.Codes)
	if v.Token, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	return p.show(c, status, look{page: "security_app", title: l.t("app.title"), nav: staffSecurity, failed: len(problems) > 0}, v)
}

// AppConfirm is POST /admin/security/app: the first code of an app. The answer is the
// page with the recovery codes, which are shown once.
func (p *Pages) AppConfirm(c *gin.Context) error {
	return p.newCodes(c, func(c *gin.Context, form url.Values) ([]string, error) {
		if form.Get("code") == "" { // which costs no try
			return nil, fault.InvalidFields("required", "A code is needed.", []fault.Field{{Name: "code", Code: "required", Detail: "This is needed."}})
		}
		return p.registry.ConfirmTOTP(c.Request.Context(), auth.Actor(c.Request.Context()), form.Get("offer"), form.Get("code"))
	})
}

// AppCodes is POST /admin/security/app/codes: other recovery codes.
func (p *Pages) AppCodes(c *gin.Context) error {
	return p.newCodes(c, func(c *gin.Context, _ url.Values) ([]string, error) {
		return p.registry.NewRecoveryCodes(c.Request.Context(), auth.Actor(c.Request.Context()))
	})
}
