package web

import (
	"context"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

const officesPath = "/admin/offices"

func officePath(code string) string { return officesPath + "/" + url.PathEscape(code) }

// Offices is GET /admin/offices.
func (p *Pages) Offices(c *gin.Context) error {
	d := p.visit(c)
	page, err := p.registry.Offices(d.ctx, d.actor, registry.OfficeQuery{Area: strings.TrimSpace(c.Query("area")), Retired: c.Query("retired") != "", After: c.Query("after"), Limit: areasShown})
	if err != nil {
		return err
	}
	v, f := d.list("office", officesPath, page.Next), d.asked()
	v.Find, v.Grid = []input{f.code("area", "office.in_area"), f.tick("retired", "area.with_retired")}, p.officesGrid(d.l, page.Offices)
	if d.actor.Has(registry.RoleAdmin) {
		v.Acts = []pageLink{{Href: officesPath + "/new", Text: d.l.t("office.new"), Main: true}}
	}
	return d.showList(v)
}

func (p *Pages) officesGrid(l *locale, offices []registry.Office) grid {
	g := newGrid(l, l.t("office.title"), "source.name", "area.code", "office.area", "job.state")
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
	d, l := p.visit(c), p.localeOf(c)
	o, err := p.registry.Office(d.ctx, d.actor, c.Param("code"))
	if err != nil {
		return err
	}
	state, where := activeBadge(l, o.Active), p.words(l, p.areas.name(o.Area), o.Area)
	v := showPage{Title: p.words(l, o.Label, o.Code), Text: l.t("office.about"), Back: pageLink{Href: officesPath, Text: l.t("office.title")}, Badge: &state, Done: doneText(c, l), Name: l.t("source.settings"),
		Facts: []fact{{Label: l.t("area.code"), Text: o.Code, Dir: "ltr"}, {Label: l.t("office.area"), Text: where.Text, Lang: where.Lang, Dir: where.Dir, Href: areaPath(o.Area)}}}
	if v.Facts, err = p.areaStaff(d.ctx, l, d.actor, o.Area, v.Facts); err != nil {
		return err
	}
	for _, lang := range keysOf(o.Label) {
		v.Facts = append(v.Facts, fact{Label: l.t("area.name_in", "language", p.languageName(lang)), Text: o.Label[lang], Lang: lang, Dir: "auto"})
	}
	if d.actor.Has(registry.RoleAdmin) {
		v.Links = []pageLink{{Href: officePath(o.Code) + "/edit", Text: l.t("office.edit"), Icon: "pencil"}}
	}
	return d.showOne(officesPath, "", v)
}

func (p *Pages) offices() editor {
	return editor{p: p, page: p.officeForm,
		now: func(d *desk, at string) (url.Values, error) {
			o, err := p.registry.Office(d.ctx, d.actor, at)
			return officeValues(o), err
		},
		save: func(ctx context.Context, d *desk, at string, form url.Values) (where string, err error) {
			o := officeOf(form, at)
			if at == "" {
				o.Code = strings.TrimSpace(form.Get("code"))
				o, err = p.registry.OpenOffice(ctx, d.actor, o, form.Get("reason"))
			} else {
				o.Active, o.Version = form.Get("active") != "", numberOf(form.Get("version"))
				o, err = p.registry.ChangeOffice(ctx, d.actor, o, form.Get("reason"))
			}
			return officePath(o.Code) + "?done=saved", err
		}}
}

// OfficeForm is GET /admin/offices/new.
func (p *Pages) OfficeForm(c *gin.Context) error {
	return p.offices().open(c, "", url.Values{"area": {c.Query("area")}})
}

// OfficeOpen is POST /admin/offices.
func (p *Pages) OfficeOpen(c *gin.Context) error { return p.offices().post(c, "") }

// OfficeEdit is GET /admin/offices/:code/edit.
func (p *Pages) OfficeEdit(c *gin.Context) error { return p.offices().open(c, c.Param("code"), nil) }

// OfficeChange is POST /admin/offices/:code/edit.
func (p *Pages) OfficeChange(c *gin.Context) error { return p.offices().post(c, c.Param("code")) }

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
func (p *Pages) officeForm(d *desk, f typed, at string) error {
	v := d.formOf(f, "office", officesPath, at)
	what := controlGroup{ID: "what", Title: d.l.t("source.what")}
	if at == "" {
		what.Inputs = append(what.Inputs, f.code("code", "area.code"))
	}
	what.Inputs = append(append(what.Inputs, p.labels(f, "label", "kit.label")...), f.code("area", "office.area"))
	if at != "" {
		what.Inputs = append(what.Inputs, f.tick("active", "office.active"))
	}
	v.Groups = []controlGroup{what, f.why()}
	return d.showForm(v)
}
