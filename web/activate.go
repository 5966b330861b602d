package web

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
)

// activateView is the form of the first sign-in.
type activateView struct {
	Inputs   []input
	Problems []problem
}

// ActivateForm is GET /activate.
func (p *Pages) ActivateForm(c *gin.Context) error {
	l := p.localeOf(c)
	return p.show(c, http.StatusOK, look{page: "activate", title: l.t("activate.title")}, p.activation(l, url.Values{}, nil))
}

// Activate is POST /activate: number, code and a passphrase of one's own.
func (p *Pages) Activate(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	l := p.localeOf(c)
	if form.Get("passphrase") != form.Get("repeat") {
		return p.activationAgain(c, form, []problem{{Field: "repeat", Text: l.t("activate.repeat_differs")}})
	}
	token, account, err := p.registry.Activate(c.Request.Context(), form.Get("number"), form.Get("code"), form.Get("passphrase"))
	if err != nil {
		problems, ok := entryProblems(l, err, "code")
		if !ok {
			return err
		}
		return p.activationAgain(c, form, problems)
	}
	return p.enter(c, token, account, "/me")
}

func (p *Pages) activationAgain(c *gin.Context, form url.Values, problems []problem) error {
	l := p.localeOf(c)
	return p.show(c, http.StatusUnprocessableEntity, look{page: "activate", title: l.t("activate.title"), failed: true}, p.activation(l, form, problems))
}

func (p *Pages) activation(l *locale, form url.Values, problems []problem) activateView {
	inputs := []input{
		{ID: "number", Kind: "text", Value: form.Get("number"), Dir: "ltr", Autocomplete: "username"},
		{ID: "code", Kind: "text", Class: "code", Value: form.Get("code"), Dir: "ltr", Autocomplete: "one-time-code", Mode: "numeric"},
		{ID: "passphrase", Kind: "password", Dir: "ltr", Autocomplete: "new-password"},
		{ID: "repeat", Kind: "password", Dir: "ltr", Autocomplete: "new-password"},
	}
	for i := range inputs {
		in := &inputs[i]
		in.Required = true
		in.Label = words{Text: l.t("activate." + in.ID)}
		if l.has("activate." + in.ID + "_hint") {
			in.Hint = words{Text: l.t("activate." + in.ID + "_hint")}
		}
		in.Wrong = wrongOf(problems, in.ID)
	}
	return activateView{Inputs: inputs, Problems: problems}
}
