package web

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// stepUpView asks who somebody is, before a sensitive act.
type stepUpView struct {
	Action         string
	Hidden         []pair // what was typed in the form that asked, and where to go on
	Kept           bool   // there was such a form
	Back           string // where such a form waits for who signs in anew; "": nowhere
	Ways           registry.ProofWays
	Provider       *providerWay // that asks again; nil: none
	Code, Password input
	Again          string
	Problems       []problem
}

// proofField is the beginning of the names by which a proof is sent; a form of ours has
// no others of that kind.
const proofField = "step_up"

// secretField tells that something secret was typed in the form, which is not kept.
const secretField = proofField + "_secret"

// AskAgain asks for a fresh proof before a sensitive page: see auth.Fresh. Before a form
// it leads to the page that asks, and back. A form that was sent is kept in the page that
// asks, and goes on when it comes again with a proof.
func (p *Pages) AskAgain(c *gin.Context) (passed bool, err error) {
	here := c.Request.URL.RequestURI()
	if strings.HasPrefix(c.Request.URL.Path, authorizePath) && c.Request.Method == http.MethodPost {
		return false, seeOther(c, here) // it goes on to a wallet, which no form of this page may: it is decided anew
	}
	if c.Request.Method != http.MethodPost {
		return false, seeOther(c, "/step-up?next="+url.QueryEscape(here))
	}
	form, err := respond.Form(c)
	if err != nil {
		return false, registry.ErrStale()
	}
	var problems []problem
	if form.Has(proofField) {
		var ok bool
		if problems, ok, err = p.prove(c, form); err != nil {
			return false, err
		} else if ok {
			return true, p.goOn(c, withoutProof(form), form.Has(secretField))
		}
	}
	return false, p.keepAndAsk(c, form, problems)
}

// withProof is for a form of which the registry alone knows whether it needs a fresh
// proof: act sends it. If it does, the form is kept in the page that asks, and goes on
// when it comes again with a proof.
func (p *Pages) withProof(c *gin.Context, form url.Values, act func() error) error {
	if form.Has(proofField) {
		if problems, ok, err := p.prove(c, form); err != nil {
			return err
		} else if !ok {
			return p.keepAndAsk(c, form, problems)
		}
	}
	err := act()
	if fault.CodeOf(err) == fault.CodeOf(registry.ErrStale()) {
		return p.keepAndAsk(c, form, nil)
	}
	return err
}

// keepAndAsk asks for a proof in a page that keeps a form.
func (p *Pages) keepAndAsk(c *gin.Context, form url.Values, problems []problem) error {
	kept, here := withoutProof(form), c.Request.URL.RequestURI()
	v := stepUpView{Action: here, Kept: true, Problems: problems}
	var secret bool
	if v.Hidden, secret = pairsOf(kept); secret || form.Has(secretField) {
		v.Hidden = append(v.Hidden, pair{secretField, "1"})
	}
	var err error
	if v.Back, _, err = p.keep(c.Request.Context(), registry.KeptForm{Action: here, Values: kept}); err != nil {
		return err
	}
	return p.showStepUp(c, http.StatusForbidden, v)
}

// withoutProof is a form without what was sent to prove who somebody is.
func withoutProof(form url.Values) url.Values {
	kept := url.Values{}
	for name, values := range form {
		if !strings.HasPrefix(name, proofField) {
			kept[name] = values
		}
	}
	return kept
}

// goOn hands the form that was sent on, now that its sender has proved who they are. One
// that lacks what was secret in it is shown once more.
func (p *Pages) goOn(c *gin.Context, form url.Values, secret bool) error {
	if secret {
		token, err := p.registry.AgainForm(auth.Actor(c.Request.Context()), registry.FormHadSecret)
		if err != nil {
			return err
		}
		form.Set("form", token)
	}
	c.Request.Body = io.NopCloser(strings.NewReader(form.Encode()))
	return nil
}

// StepUpForm is GET /step-up.
func (p *Pages) StepUpForm(c *gin.Context) error {
	next := localPath(c.Query("next"))
	actor := auth.Actor(c.Request.Context())
	if p.registry.Fresh(actor) && c.Query("by") == "provider" {
		return seeOther(c, cmp.Or(next, homeOf(actor)))
	}
	if p.registry.Fresh(actor) && next != "" {
		return seeOther(c, next)
	}
	v := stepUpView{Action: "/step-up", Hidden: []pair{{"next", next}}}
	if c.Query("by") == "provider" && p.provider != nil {
		v.Problems = []problem{{Text: p.localeOf(c).t("stepup.provider_old", "name", p.provider.Name())}}
	}
	return p.showStepUp(c, http.StatusOK, v)
}

// StepUp is POST /step-up.
func (p *Pages) StepUp(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	next := localPath(form.Get("next"))
	problems, ok, err := p.prove(c, form)
	if err != nil {
		return err
	}
	if !ok {
		return p.showStepUp(c, http.StatusUnprocessableEntity, stepUpView{Action: "/step-up", Hidden: []pair{{"next", next}}, Problems: problems})
	}
	if next == "" {
		next = homeOf(auth.Actor(c.Request.Context()))
	}
	return seeOther(c, next)
}

// StepUpPasskey is POST /step-up/passkey/begin, for passkey.js.
func (p *Pages) StepUpPasskey(c *gin.Context) error {
	ctx := c.Request.Context()
	return ceremony(c, func() (registry.Ceremony, error) { return p.registry.BeginPasskeyProof(ctx, auth.Actor(ctx)) })
}

// prove checks the proof in a form. Problems are for the form to show.
func (p *Pages) prove(c *gin.Context, form url.Values) (problems []problem, ok bool, err error) {
	ctx, l := c.Request.Context(), p.localeOf(c)
	field, check := p.proofOf(form)
	if check == nil {
		return []problem{{Field: proofField + "_password", Text: l.t("fault.required")}}, false, nil
	}
	if err := check(ctx, auth.Actor(ctx)); err != nil {
		problems, known := entryProblems(l, err, field)
		if !known {
			return nil, false, err
		}
		return problems, false, nil
	}
	actor := auth.Actor(ctx) // whose session is fresh from now on
	actor.Session.ProvedAt = p.now()
	c.Request = c.Request.WithContext(auth.WithActor(ctx, actor))
	return nil, true, nil
}

// proofOf is the proof that was given, and the input that it came from.
func (p *Pages) proofOf(form url.Values) (field string, check func(context.Context, registry.Actor) error) {
	answer, code, password := form.Get(proofField+"_answer"), form.Get(proofField+"_code"), form.Get(proofField+"_password")
	switch {
	case answer != "":
		return "", func(ctx context.Context, a registry.Actor) error {
			return p.registry.ProveByPasskey(ctx, a, form.Get(proofField+"_ticket"), answer)
		}
	case code != "":
		return proofField + "_code", func(ctx context.Context, a registry.Actor) error { return p.registry.ProveByCode(ctx, a, code) }
	case password != "":
		return proofField + "_password", func(ctx context.Context, a registry.Actor) error { return p.registry.ProveByPassword(ctx, a, password) }
	}
	return "", nil
}

func (p *Pages) showStepUp(c *gin.Context, status int, v stepUpView) (err error) {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	if v.Ways, err = p.registry.ProofWays(ctx, actor); err != nil {
		return err
	}
	v.Code = input{ID: proofField + "_code", Kind: "text", Class: "code", Label: words{Text: l.t("second.code")}, Hint: words{Text: l.t("second.code_hint")},
		Dir: "ltr", Autocomplete: "one-time-code", MaxLength: 20, Wrong: wrongOf(v.Problems, proofField+"_code")}
	v.Password = input{ID: proofField + "_password", Kind: "password", Label: words{Text: l.t("login.password")}, Dir: "ltr", Autocomplete: "current-password",
		Wrong: wrongOf(v.Problems, proofField+"_password")}
	next := homeOf(actor)
	for _, h := range v.Hidden {
		if h.Name == "next" && h.Value != "" {
			next = h.Value
		}
	}
	if v.Back != "" {
		next = v.Back
	}
	v.Again = "/login?next=" + url.QueryEscape(next)
	if v.Ways.Provider && p.provider != nil {
		v.Provider = &providerWay{Name: p.provider.Name(), Href: providerPath + "?" + url.Values{askAgain: {"1"}, "next": {next}}.Encode()}
	}
	look := look{page: "step_up", title: l.t("stepup.title"), failed: len(v.Problems) > 0}
	if v.Kept {
		look.here = "/step-up"
	}
	return p.show(c, status, look, v)
}

// ceremony answers with what passkey.js needs.
func ceremony(c *gin.Context, begin func() (registry.Ceremony, error)) error {
	begun, err := begin()
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, map[string]any{"options": json.RawMessage(begun.Options), "ticket": begun.Ticket})
	return nil
}
