package web

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// codePath is where people sign in with a code that is sent to them.
const codePath = "/login/code"

// loginCodeView is the form for a number, or after it the one for the code.
type loginCodeView struct {
	Number, Code input
	Next         string
	Sent         bool
	Problems     []problem
}

// CodeAsk is GET /login/code.
func (p *Pages) CodeAsk(c *gin.Context) error {
	if !p.issuer.SendsMessages() {
		return noCodes()
	}
	return p.showCode(c, http.StatusOK, url.Values{"next": {c.Query("next")}}, false, nil)
}

// CodeSend is POST /login/code: sends a code, and says the same, after the same work,
// whether or not there was anybody to send it to.
func (p *Pages) CodeSend(c *gin.Context) error {
	if !p.issuer.SendsMessages() {
		return noCodes()
	}
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	l, ctx := p.localeOf(c), c.Request.Context()
	if problems := emptyInputs(l, form, "number"); len(problems) > 0 {
		return p.showCode(c, http.StatusUnprocessableEntity, form, false, problems)
	}
	code, err := p.registry.NewSignInCode(ctx, form.Get("number"))
	if err == nil {
		err = p.issuer.SendSignInCode(ctx, code.RegistrantID, code.Code, code.ExpiresAt)
	}
	if err != nil {
		problems, ok := entryProblems(l, err, "number")
		if !ok {
			return err
		}
		return p.showCode(c, http.StatusUnprocessableEntity, form, false, problems)
	}
	return p.showCode(c, http.StatusOK, form, true, nil)
}

// CodeEnter is POST /login/code/enter: number and code.
func (p *Pages) CodeEnter(c *gin.Context) error {
	if !p.issuer.SendsMessages() {
		return noCodes()
	}
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	l := p.localeOf(c)
	problems := emptyInputs(l, form, "code")
	var token string
	var account registry.Account
	if len(problems) == 0 {
		if token, account, err = p.registry.SignInByCode(c.Request.Context(), form.Get("number"), form.Get("code")); err != nil {
			var ok bool
			if problems, ok = entryProblems(l, err, "code"); !ok {
				return err
			}
		}
	}
	if len(problems) > 0 {
		form.Del("code")
		return p.showCode(c, http.StatusUnprocessableEntity, form, true, problems)
	}
	return p.enter(c, token, account, form.Get("next"))
}

func (p *Pages) showCode(c *gin.Context, status int, form url.Values, sent bool, problems []problem) error {
	l := p.localeOf(c)
	v := loginCodeView{Next: localPath(form.Get("next")), Sent: sent, Problems: problems,
		Number: input{ID: "number", Kind: "text", Label: words{Text: l.t("activate.number")}, Value: form.Get("number"), Dir: "ltr", Autocomplete: "username", Required: true, MaxLength: 40, Wrong: wrongOf(problems, "number")},
		Code:   input{ID: "code", Kind: "text", Class: "code", Label: words{Text: l.t("logincode.code")}, Dir: "ltr", Autocomplete: "one-time-code", Mode: "numeric", Required: true, MaxLength: 20, Wrong: wrongOf(problems, "code")}}
	return p.show(c, status, look{page: "login_code", title: l.t("logincode.title"), failed: len(problems) > 0, here: codePath}, v)
}

func noCodes() error { return fault.New(fault.NotFound, "not_found", "There is no such page.") }

// codeWayOf is the address of this way to sign in; "": there is none.
func (p *Pages) codeWayOf(next string) string {
	if !p.issuer.SendsMessages() {
		return ""
	}
	if next = localPath(next); next != "" {
		return codePath + "?next=" + url.QueryEscape(next)
	}
	return codePath
}
