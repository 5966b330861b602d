package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// signInView is the sign-in form.
type signInView struct {
	Name, Password input
	Next           string
	Passkeys       bool // they work for this server's name
	Problems       []problem
	Provider       *providerWay // nil: there is none
	CodeWay        string       // where a code is sent; "": there is no such way
	Kept           bool         // the form that was sent waits until its sender is signed in
	Files          []string     // that came with it, and have to be chosen again
}

// Home is GET /: what this is, and the way in. Who is signed in goes on to the
// own pages.
func (p *Pages) Home(c *gin.Context) error {
	l := p.localeOf(c) // before the redirect: it keeps ?lang=
	if actor := auth.Actor(c.Request.Context()); len(actor.Roles) > 0 {
		return seeOther(c, homeOf(actor))
	}
	if p.beginning(c.Request.Context()) {
		return seeOther(c, setupPath)
	}
	return p.show(c, http.StatusOK, look{page: "home", title: l.t("home.title")}, p.signIn(l, "", "", nil))
}

// LoginForm is GET /login.
func (p *Pages) LoginForm(c *gin.Context) error {
	l := p.localeOf(c)
	return p.show(c, http.StatusOK, look{page: "login", title: l.t("login.title")}, p.signIn(l, "", c.Query("next"), nil))
}

// Login is POST /login. An older session of this browser ends: the new one has a
// token of its own.
func (p *Pages) Login(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	l := p.localeOf(c)
	problems := emptyInputs(l, form, "username", "password") // which cost no try
	var token string
	var account registry.Account
	if len(problems) == 0 {
		token, account, err = p.registry.SignIn(c.Request.Context(), form.Get("username"), form.Get("password"))
	}
	if err != nil {
		var ok bool
		if problems, ok = entryProblems(l, err, "username"); !ok {
			return err
		}
	}
	if len(problems) > 0 {
		return p.show(c, http.StatusUnprocessableEntity, look{page: "login", title: l.t("login.title"), failed: true},
			p.signIn(l, form.Get("username"), form.Get("next"), problems))
	}
	return p.enter(c, token, account, form.Get("next"))
}

// emptyInputs names the inputs that were left empty.
func emptyInputs(l *locale, form url.Values, names ...string) (problems []problem) {
	for _, name := range names {
		if form.Get(name) == "" {
			problems = append(problems, problem{Field: name, Text: l.t("fault.required")})
		}
	}
	return problems
}

// enter begins the session in the browser and goes on.
func (p *Pages) enter(c *gin.Context, token string, account registry.Account, next string) error {
	if err := p.begin(c, token); err != nil {
		return err
	}
	return seeOther(c, afterSignIn(account, next))
}

// begin puts a session in the place of the one that the browser had.
func (p *Pages) begin(c *gin.Context, token string) error {
	if old := auth.Token(c); old != "" {
		if err := p.registry.EndSession(c.Request.Context(), old); err != nil {
			return err
		}
	}
	auth.Keep(c, token, p.secure)
	return nil
}

// afterSignIn is where somebody goes on who signed in: to what the session still needs,
// to the page that was asked for, or to where the work begins.
func afterSignIn(account registry.Account, next string) string {
	next = localPath(next)
	if account.Needs != registry.NeedsNothing {
		return withNext("/login/second", next)
	}
	if next == "" {
		return homeOf(registry.Actor{Roles: account.Roles})
	}
	return next
}

func withNext(path, next string) string {
	if next == "" {
		return path
	}
	return path + "?next=" + url.QueryEscape(next)
}

// Logout is POST /logout.
func (p *Pages) Logout(c *gin.Context) error {
	if err := p.registry.EndSession(c.Request.Context(), auth.Token(c)); err != nil {
		return err
	}
	auth.Drop(c)
	return seeOther(c, "/")
}

func (p *Pages) signIn(l *locale, name, next string, problems []problem) signInView {
	v := signInView{Provider: p.providerWayOf(next), CodeWay: p.codeWayOf(next), Next: localPath(next), Passkeys: p.registry.PasskeysWork(), Problems: problems,
		Name:     input{ID: "username", Kind: "text", Label: words{Text: l.t("login.name")}, Hint: words{Text: l.t("login.name_hint")}, Value: name, Dir: "ltr", Autocomplete: "username", Required: true},
		Password: input{ID: "password", Kind: "password", Label: words{Text: l.t("login.password")}, Dir: "ltr", Autocomplete: "current-password", Required: true},
	}
	v.Name.Wrong, v.Password.Wrong = wrongOf(problems, "username"), wrongOf(problems, "password")
	return v
}

// entryProblems puts a refusal of SignIn or Activate into words, with what is
// left to try. ok is false for any other error.
func entryProblems(l *locale, err error, field string) (problems []problem, ok bool) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Unauthenticated && f.Kind != fault.Limited && f.Kind != fault.Gone && f.Kind != fault.Invalid {
		return nil, false
	}
	if len(f.Fields) > 0 {
		return fieldProblems(l, f), true
	}
	text := faultText(l, f.Code, f.Detail)
	var refusal *registry.Refusal
	if errors.As(err, &refusal) {
		if !refusal.Until.IsZero() {
			text += " " + l.t("login.locked_until", "when", l.dateTime(refusal.Until)) + " " + l.t("login.locked_help")
		} else {
			text += " " + l.t("login.tries_left", "n", refusal.TriesLeft)
		}
	}
	return []problem{{Field: field, Text: text}}, true
}

// homeOf is where somebody's work begins.
func homeOf(a registry.Actor) string {
	if a.Has(registry.RoleRegistrant) {
		return "/me"
	}
	return "/admin"
}

// localPath keeps a path of our own pages and nothing else, so that nobody is
// sent to another site. The last step of the first run is one.
func localPath(next string) string {
	if next == setupLast {
		return next
	}
	if !strings.HasPrefix(next, "/me") && !strings.HasPrefix(next, "/admin") || strings.ContainsAny(next, "\\\r\n") || strings.Contains(next, "//") {
		return ""
	}
	return next
}
