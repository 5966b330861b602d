package web

import (
	"context"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const officesPath = "/admin/offices"

func officePath(code string) string { return officesPath + "/" + url.PathEscape(code) }

// Offices is GET /admin/offices.
func (p *Pages) Offices(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	a := auth.Actor(ctx)
	page, err := p.registry.Offices(ctx, a, registry.OfficeQuery{Area: strings.TrimSpace(c.Query("area")), Retired: c.Query("retired") != "", After: c.Query("after"), Limit: areasShown})
	if err != nil {
		return err
	}
	f := typed{l: l, values: c.Request.URL.Query()}
	v := listPage{Title: l.t("office.title"), Text: l.t("office.text"), Done: doneText(c, l), Find: []input{f.code("area", "office.in_area"), f.tick("retired", "area.with_retired")}, FindAction: officesPath, FindButton: l.t("kit.show"),
		Grid: p.officesGrid(l, page.Offices), Empty: l.t("office.none"), Turn: turnOf(c.Request.URL, page.Next)}
	if a.Has(registry.RoleAdmin) {
		v.Acts = []pageLink{{Href: officesPath + "/new", Text: l.t("office.new"), Main: true}}
	}
	return p.showList(c, officesPath, v)
}

func (p *Pages) officesGrid(l *locale, offices []registry.Office) grid {
	g := newGrid(l.t("office.title"), column{Text: l.t("source.name")}, column{Text: l.t("area.code")}, column{Text: l.t("office.area")}, column{Text: l.t("job.state")})
	for _, o := range offices {
		name, state := p.words(l, o.Label, o.Code).gridCell(), activeBadge(l, o.Active)
		name.Href = officePath(o.Code)
		at := p.words(l, p.areas.name(o.Area), o.Area).gridCell()
		at.Href = areaPath(o.Area)
		g.add(name, code(o.Code), at, cell{Badge: &state})
	}
	return g
}

// Office is GET /admin/offices/:code.
func (p *Pages) Office(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	a := auth.Actor(ctx)
	o, err := p.registry.Office(ctx, a, c.Param("code"))
	if err != nil {
		return err
	}
	state, where := activeBadge(l, o.Active), p.words(l, p.areas.name(o.Area), o.Area)
	v := showPage{Title: p.words(l, o.Label, o.Code), Text: l.t("office.about"), Back: pageLink{Href: officesPath, Text: l.t("office.title")}, Badge: &state, Done: doneText(c, l), Name: l.t("source.settings"),
		Facts: []fact{{Label: l.t("area.code"), Text: o.Code, Dir: "ltr"}, {Label: l.t("office.area"), Text: where.Text, Lang: where.Lang, Dir: where.Dir, Href: areaPath(o.Area)}}}
	for _, lang := range keysOf(o.Label) {
		v.Facts = append(v.Facts, fact{Label: l.t("area.name_in", "language", p.languageName(lang)), Text: o.Label[lang], Lang: lang, Dir: "auto"})
	}
	if a.Has(registry.RoleAdmin) {
		v.Links = []pageLink{{Href: officePath(o.Code) + "/edit", Text: l.t("office.edit"), Icon: "pencil"}}
	}
	return p.showOne(c, officesPath, "", v)
}

// OfficeForm is GET /admin/offices/new.
func (p *Pages) OfficeForm(c *gin.Context) error {
	return p.officeForm(c, typed{values: url.Values{"area": {c.Query("area")}}}, "")
}

// OfficeOpen is POST /admin/offices.
func (p *Pages) OfficeOpen(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	a := auth.Actor(c.Request.Context())
	err = p.once(c, a, form.Get("form"), func(ctx context.Context) (string, error) {
		o, err := p.registry.OpenOffice(ctx, a, officeOf(form, strings.TrimSpace(form.Get("code"))), form.Get("reason"))
		return officePath(o.Code) + "?done=saved", err
	})
	if problems, ok := formErrors(p.localeOf(c), err); err != nil && ok {
		return p.officeForm(c, typed{values: form, problems: problems}, "")
	}
	return err
}

// OfficeEdit is GET /admin/offices/:code/edit.
func (p *Pages) OfficeEdit(c *gin.Context) error {
	o, err := p.registry.Office(c.Request.Context(), auth.Actor(c.Request.Context()), c.Param("code"))
	if err != nil {
		return err
	}
	return p.officeForm(c, typed{values: officeValues(o)}, o.Code)
}

// OfficeChange is POST /admin/offices/:code/edit.
func (p *Pages) OfficeChange(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	a, at := auth.Actor(c.Request.Context()), c.Param("code")
	err = p.once(c, a, form.Get("form"), func(ctx context.Context) (string, error) {
		o := officeOf(form, at)
		o.Active, o.Version = form.Get("active") != "", numberOf(form.Get("version"))
		_, err := p.registry.ChangeOffice(ctx, a, o, form.Get("reason"))
		return officePath(at) + "?done=saved", err
	})
	if fault.CodeOf(err) == "version_conflict" {
		o, err := p.registry.Office(c.Request.Context(), a, at)
		if err != nil {
			return err
		}
		return p.officeForm(c, typed{values: form, now: officeValues(o)}, at)
	}
	if problems, ok := formErrors(p.localeOf(c), err); err != nil && ok {
		return p.officeForm(c, typed{values: form, problems: problems}, at)
	}
	return err
}

func officeOf(form url.Values, code string) registry.Office {
	return registry.Office{Code: code, Label: labelsIn(form, "label"), Area: strings.TrimSpace(form.Get("area"))}
}

func officeValues(o registry.Office) url.Values {
	v := url.Values{"area": {o.Area}, "version": {decimal(o.Version)}}
	if o.Active {
		v.Set("active", "1")
	}
	putLabels(v, "label", o.Label)
	return v
}

// officeForm shows the form of an office; code "" is a new one.
func (p *Pages) officeForm(c *gin.Context, f typed, at string) error {
	if err := auth.Allow(c, registry.RoleAdmin); err != nil {
		return err
	}
	l := p.localeOf(c)
	f.l = l
	v := formPage{Title: l.t("office.new"), Text: l.t("office.form_text"), Back: pageLink{Href: officesPath, Text: l.t("office.title")}, Action: officesPath, Problems: f.problems, Stale: f.now != nil, Button: l.t("messages.save")}
	var err error
	if v.Token, err = p.registry.NewForm(auth.Actor(c.Request.Context())); err != nil {
		return err
	}
	what := controlGroup{ID: "what", Title: l.t("source.what")}
	if at == "" {
		what.Inputs = append(what.Inputs, f.code("code", "area.code"))
	} else {
		v.Title, v.Action, v.Back.Href = l.t("office.edit"), officePath(at)+"/edit", officePath(at)
		v.Hidden = []hidden{{Name: "version", Value: f.version()}}
	}
	what.Inputs = append(append(what.Inputs, p.labels(f, "label", "kit.label")...), f.code("area", "office.area"))
	if at != "" {
		what.Inputs = append(what.Inputs, f.tick("active", "office.active"))
	}
	v.Groups = []controlGroup{what, {ID: "why", Title: l.t("kit.why"), Inputs: []input{f.reason()}}}
	return p.showForm(c, officesPath, v.Action, v)
}
