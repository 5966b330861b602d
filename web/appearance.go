package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/registry"
)

const appearancePath = "/admin/appearance"

// maxLogo is of a logo, in bytes.
const maxLogo = 128 << 10

// ourColours are those that come with the program: see 10-tokens.css.
func ourColours() Colours { return Colours{"#0f4c4a", "#0b3837", "#ffbf3c"} }

// appearanceForm is the form of name and look, in the first run and after it.
type appearanceForm struct {
	Name    input
	Names   []input // the same in each language, folded
	Colours []input
	Logo    input
	Own     *input // takes the logo away; nil: there is none
	Fixed   bool   // a setting of the server goes before what is chosen here
	Version int
}

// appearanceForm is a form with what was typed, or with what holds.
func (p *Pages) appearanceForm(l *locale, x registry.Appearance, typed url.Values, problems []problem) appearanceForm {
	value := func(name, now string) string {
		if typed != nil {
			return typed.Get(name)
		}
		return now
	}
	colours, err := ParseColours(x.Colours)
	if err != nil || colours == (Colours{}) {
		colours = ourColours()
	}
	v := appearanceForm{Version: x.Version, Fixed: len(p.theme.Names) > 0 || p.theme.Logo != nil || p.theme.Colours != (Colours{}),
		Name: input{ID: "name", Kind: "text", Label: words{Text: l.t("appearance.name")}, Hint: words{Text: l.t("appearance.name_hint")}, Value: value("name", x.Names[""]), Dir: "auto", MaxLength: 40, Autocomplete: "off", Wrong: wrongOf(problems, "name")},
		Logo: input{ID: fileName, Kind: "file", Accept: ".svg,image/svg+xml", MaxSize: maxLogo, Label: words{Text: l.t("appearance.logo")}, Hint: words{Text: l.t("appearance.logo_hint")}, Wrong: wrongOf(problems, fileName)}}
	for _, code := range p.codes {
		id := "name_" + code
		v.Names = append(v.Names, input{ID: id, Kind: "text", Label: words{Text: p.languageName(code), Lang: code}, Value: value(id, x.Names[code]), Dir: "auto", MaxLength: 40, Autocomplete: "off", Wrong: wrongOf(problems, id)})
	}
	for _, c := range []struct{ id, now string }{{"brand", colours.Brand}, {"dark", colours.Dark}, {"mark", colours.Mark}} {
		v.Colours = append(v.Colours, input{ID: c.id, Kind: "color", Label: words{Text: l.t("appearance." + c.id)}, Value: value(c.id, c.now), Wrong: wrongOf(problems, c.id)})
	}
	if len(x.Logo) > 0 {
		v.Own = &input{ID: "own_logo", Kind: "tick", Label: words{Text: l.t("appearance.own_logo")}, Value: typed.Get("own_logo")}
	}
	return v
}

// appearanceOf reads the form. problems say what cannot be taken.
func (p *Pages) appearanceOf(l *locale, form sentForm, now registry.Appearance) (x registry.Appearance, problems []problem) {
	x = registry.Appearance{Names: map[string]string{"": strings.TrimSpace(form.Get("name"))}, Logo: now.Logo, Version: numberOf(form.Get("version"))}
	for _, code := range p.codes {
		x.Names[code] = strings.TrimSpace(form.Get("name_" + code))
	}
	x.Names = namesOf(x.Names)
	for code, name := range x.Names {
		if checkThemeName(name) != nil {
			problems = append(problems, problem{Field: strings.TrimSuffix("name_"+code, "_"), Text: l.t("appearance.bad_name")})
		}
	}
	colours := Colours{form.Get("brand"), form.Get("dark"), form.Get("mark")}
	if colours != ourColours() && colours != (Colours{}) {
		x.Colours = strings.Join([]string{colours.Brand, colours.Dark, colours.Mark}, ",")
		if _, err := ParseColours(x.Colours); err != nil {
			problems = append(problems, problem{Field: "brand", Text: l.t("appearance.contrast")})
		}
	}
	if form.Get("own_logo") != "" {
		x.Logo = nil
	}
	if form.file == nil {
		return x, problems
	}
	body, err := io.ReadAll(io.LimitReader(form.file, maxLogo+1))
	_, _ = io.Copy(io.Discard, form.body) // the request has its limit
	if err != nil || len(body) > maxLogo || issuer.CheckDrawing(body) != nil {
		return x, append(problems, problem{Field: fileName, Text: l.t("appearance.bad_logo")})
	}
	x.Logo = body
	return x, problems
}

// appearancePage is the page of an administrator.
type appearancePage struct {
	appearanceForm
	Token    string
	Done     string
	Reason   input
	Problems []problem
}

// Appearance is GET /admin/appearance: the name of the service, its logo and its colours.
func (p *Pages) Appearance(c *gin.Context) error { return p.showAppearance(c, http.StatusOK, nil, nil) }

func (p *Pages) showAppearance(c *gin.Context, status int, typed url.Values, problems []problem) error {
	d, err := p.desk(c, admins()...)
	if err != nil {
		return err
	}
	x, err := p.registry.Appearance(d.ctx)
	if err != nil {
		return err
	}
	v := appearancePage{appearanceForm: p.appearanceForm(d.l, x, typed, problems), Token: d.token(), Done: d.done(), Reason: reasonInput(d.l, "reason", typed.Get("reason"), problems), Problems: problems}
	return d.page(status, look{page: "appearance", title: d.l.t("settings.appearance"), nav: settingsPath, failed: len(problems) > 0, here: appearancePath}, v)
}

// AppearancePost is POST /admin/appearance.
func (p *Pages) AppearancePost(c *gin.Context) error {
	if err := auth.Allow(c, admins()...); err != nil {
		return err
	}
	form, err := readForm(c)
	if err != nil {
		return err
	}
	d := p.visit(c)
	now, err := p.registry.Appearance(d.ctx)
	if err != nil {
		return err
	}
	x, problems := p.appearanceOf(d.l, form, now)
	if len(problems) > 0 {
		return p.showAppearance(c, http.StatusUnprocessableEntity, form.Values, problems)
	}
	err = p.once(c, d.actor, form.Get("form"), func(ctx context.Context) (string, error) {
		if err := requireReason(strings.TrimSpace(form.Get("reason"))); err != nil {
			return "", err
		}
		return appearancePath + "?done=saved", p.keepAppearance(ctx, func() error { return p.registry.SetAppearance(ctx, d.actor, x, form.Get("reason")) })
	})
	return p.appearanceRefused(c, d.l, form.Values, err)
}

// keepAppearance stores a look and wears it at once.
func (p *Pages) keepAppearance(ctx context.Context, store func() error) error {
	if err := store(); err != nil {
		return err
	}
	x, err := p.registry.Appearance(ctx)
	if err == nil {
		p.wear(x, p.now())
	}
	return err
}

func (p *Pages) appearanceRefused(c *gin.Context, l *locale, typed url.Values, err error) error {
	if fault.CodeOf(err) == "version_conflict" {
		return p.showAppearance(c, http.StatusConflict, typed, []problem{{Text: l.t("kit.stale")}})
	}
	if problems, ok := formErrors(l, err); err != nil && ok {
		return p.showAppearance(c, http.StatusUnprocessableEntity, typed, problems)
	}
	return err
}

// SetupPost is POST /setup: the first step, before anybody has an account.
func (p *Pages) SetupPost(c *gin.Context) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	may, err := p.maySetUp(c, form.Get("token"))
	if err != nil {
		return err
	}
	if !may {
		return fault.New(fault.Forbidden, "not_allowed", "The first steps are taken on the machine itself.")
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	now, err := p.registry.Appearance(ctx)
	if err != nil {
		return err
	}
	x, problems := p.appearanceOf(l, form, now)
	if len(problems) == 0 {
		err = p.keepAppearance(ctx, func() error { return p.registry.FirstAppearance(ctx, x) })
		if err == nil {
			return seeOther(c, setupNext(form.Get("token")))
		}
		var refused *fault.Error
		if !errors.As(err, &refused) || refused.Kind != fault.Invalid && refused.Kind != fault.Conflict {
			return err
		}
		problems = fieldProblems(l, refused)
	}
	v := p.setupView(l, 1)
	look := p.appearanceForm(l, now, form.Values, problems)
	v.Look, v.Problems, v.Token = &look, problems, form.Get("token")
	return p.showSetup(c, http.StatusUnprocessableEntity, v)
}

// setupNext is the second step.
func setupNext(token string) string {
	if token == "" {
		return setupPath + "/account"
	}
	return setupPath + "/account?" + url.Values{"token": {token}}.Encode()
}
