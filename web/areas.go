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

const areasPath = "/admin/areas"

// areasShown is how many parts of an area one page has.
const areasShown = 50

func areaPath(code string) string { return areasPath + "/" + url.PathEscape(code) }

// Areas is GET /admin/areas: those at the top.
func (p *Pages) Areas(c *gin.Context) error {
	d := p.visit(c)
	l := d.l
	q := registry.AreaQuery{Text: strings.TrimSpace(c.Query("q")), Retired: c.Query("retired") != "", After: c.Query("after"), Limit: areasShown}
	name := l.t("area.list")
	if q.Text == "" && c.Query("levels") == "" {
		q.Of, name = new(""), l.t("area.top")
	}
	page, err := p.registry.Areas(d.ctx, d.actor, q)
	if err != nil {
		return err
	}
	v, f := d.list("area", areasPath, page.Next), d.asked()
	if v.Grid, err = p.areasGrid(d.ctx, l, d.actor, name, page.Areas, q.Of == nil); err != nil {
		return err
	}
	v.Find = []input{f.text("q", "area.find"), f.tick("levels", "area.levels"), f.tick("retired", "area.with_retired")}
	if q.Text != "" {
		v.Empty = l.t("area.not_found")
	}
	if d.actor.Has(registry.RoleAdmin) {
		v.Acts = []pageLink{{Href: areasPath + "/new", Text: l.t("area.new"), Main: true}, {Href: areasPath + "/import", Text: l.t("area.import"), Icon: "upload"}}
	}
	return d.showList(v)
}

// areasGrid lists areas with their names in all languages, and to whom it is told how
// many of the staff are responsible for each; with the way down to each, if they are
// not of one.
func (p *Pages) areasGrid(ctx context.Context, l *locale, a registry.Actor, name string, areas []registry.Area, way bool) (grid, error) {
	staff, err := p.staffOf(ctx, a, areaCodes(areas))
	if err != nil {
		return grid{}, err
	}
	heads := []string{"source.name", "area.code", "area.other_names", "#area.level", "job.state"}
	if staff != nil {
		heads = append(heads, "#area.staff")
	}
	g := newGrid(l, name, heads...)
	for _, x := range areas {
		named := p.words(l, x.Name, x.Code)
		cell0, state := named.gridCell(), activeBadge(l, x.Active)
		cell0.Href = areaPath(x.Code)
		if way && len(x.Path) > 1 {
			cell0.Note = p.wayNames(l, x.Path[:len(x.Path)-1])
		}
		cells := []cell{cell0, code(x.Code), {Text: otherNames(l, x.Name, named.Text), Dir: "auto"}, {Text: l.number(x.Level)}, {Badge: &state}}
		if staff != nil {
			cells = append(cells, cell{Text: l.number(staff[x.Code])})
		}
		g.add(cells...)
	}
	return g, nil
}

func areaCodes(areas []registry.Area) []string {
	out := make([]string, len(areas))
	for i, x := range areas {
		out[i] = x.Code
	}
	return out
}

// staffOf is how many of the staff are responsible for areas; nil for who is not told.
func (p *Pages) staffOf(ctx context.Context, a registry.Actor, codes []string) (map[string]int, error) {
	staff, err := p.registry.StaffOfAreas(ctx, a, codes)
	if err != nil && fault.KindOf(err) == fault.Forbidden {
		return nil, nil //nolint:nilnil // nobody is told
	}
	return staff, err
}

// otherNames are the names beside the one that is shown.
func otherNames(l *locale, names map[string]string, shown string) string {
	var out []string
	for _, lang := range keysOf(names) {
		if names[lang] != shown {
			out = append(out, names[lang])
		}
	}
	return strings.Join(out, l.t("list.comma")+" ")
}

// wayNames is a way from the top down in names.
func (p *Pages) wayNames(l *locale, codes []string) string {
	out := make([]string, len(codes))
	for i, code := range codes {
		out[i] = p.words(l, p.areas.name(code), code).Text
	}
	return strings.Join(out, " / ")
}

func activeBadge(l *locale, active bool) badge {
	if active {
		return badge{"ok", "check", l.t("area.active")}
	}
	return badge{"none", "minus", l.t("area.retired")}
}

// Area is GET /admin/areas/:code: its names, where it lies, and what is in it.
func (p *Pages) Area(c *gin.Context) error { return p.areaPage(c, nil, nil) }

func (p *Pages) areaPage(c *gin.Context, sent url.Values, problems []problem) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	a := auth.Actor(ctx)
	x, err := p.registry.Area(ctx, a, c.Param("code"))
	if err != nil {
		return err
	}
	parts, err := p.registry.Areas(ctx, a, registry.AreaQuery{Of: &x.Code, Retired: true, After: c.Query("after"), Limit: areasShown})
	if err != nil {
		return err
	}
	offices, err := p.registry.Offices(ctx, a, registry.OfficeQuery{Area: x.Code, Limit: areasShown})
	if err != nil {
		return err
	}
	state, at := activeBadge(l, x.Active), areaPath(x.Code)
	v := showPage{Title: p.words(l, x.Name, x.Code), Text: p.areaWay(l, x), Back: pageLink{Href: areasPath, Text: l.t("area.title")}, Badge: &state, Problems: problems, Done: doneText(c, l), Name: l.t("area.about"), Facts: p.areaFacts(l, x), Sent: sent}
	if x.Parent != "" {
		v.Back = pageLink{Href: areaPath(x.Parent), Text: l.t("area.up")}
	}
	if v.Facts, err = p.areaStaff(ctx, l, a, x.Code, v.Facts); err != nil {
		return err
	}
	in := gridSection{ID: "parts", Title: l.t("area.parts"), Empty: l.t("area.no_parts")}
	if in.Grid, err = p.areasGrid(ctx, l, a, l.t("area.parts"), parts.Areas, false); err != nil {
		return err
	}
	if parts.Next != "" {
		in.Acts = []pageLink{{Href: turnOf(c.Request.URL, parts.Next).Next, Text: l.t("people.next")}}
	}
	v.Grids = []gridSection{in, {ID: "offices", Title: l.t("office.title"), Grid: p.officesGrid(l, offices.Offices), Empty: l.t("office.none_here")}}
	v.Links = []pageLink{{Href: statisticsPath + "?area=" + url.QueryEscape(x.Code), Text: l.t("area.statistics")}}
	if a.Has(registry.RoleAdmin) {
		if err := p.areaActs(&v, l, a, x, at, problems); err != nil {
			return err
		}
	}
	return p.visit(c).showOne(areasPath, at, v)
}

// areaActs are what whoever keeps the areas can do with one.
func (p *Pages) areaActs(v *showPage, l *locale, a registry.Actor, x registry.Area, at string, problems []problem) error {
	v.Links = append(v.Links, pageLink{Href: at + "/rename", Text: l.t("area.rename"), Icon: "pencil"}, pageLink{Href: at + "/move", Text: l.t("area.move")})
	if !x.Active {
		return nil
	}
	token, err := p.registry.NewForm(a)
	v.Links = append(v.Links, pageLink{Href: areasPath + "/new?parent=" + url.QueryEscape(x.Code), Text: l.t("area.new_part")})
	f := typed{l: l, problems: problems}
	v.Acts = []act{{ID: "retire", Title: l.t("area.retire"), Text: l.t("area.retire_text"), Action: at + "/retire", Token: token, Hidden: []hidden{{Name: "version", Value: decimal(x.Version)}}, Inputs: []input{f.reason()}, Button: l.t("area.retire"), Warn: true}}
	return err
}

// areaWay is the way from the top down to an area, in names.
func (p *Pages) areaWay(l *locale, x registry.Area) string {
	return l.t("area.way", "way", p.wayNames(l, x.Path))
}

// areaStaff adds how many of the staff are responsible for an area.
func (p *Pages) areaStaff(ctx context.Context, l *locale, a registry.Actor, code string, facts []fact) ([]fact, error) {
	staff, err := p.staffOf(ctx, a, []string{code})
	if err != nil || staff == nil {
		return facts, err
	}
	return append(facts, fact{Label: l.t("area.staff"), Text: l.number(staff[code])}), nil
}

func (p *Pages) areaFacts(l *locale, x registry.Area) []fact {
	out := []fact{{Label: l.t("area.code"), Text: x.Code, Dir: "ltr"}, {Label: l.t("area.level"), Text: l.number(x.Level)}}
	for _, lang := range keysOf(x.Name) {
		name := fact{Label: l.t("area.name_in", "language", p.languageName(lang)), Text: x.Name[lang], Lang: lang, Dir: "auto"}
		out = append(out, name)
	}
	return out
}

// AreaForm is GET /admin/areas/new.
func (p *Pages) AreaForm(c *gin.Context) error {
	return p.areaForm(c, areaEdit{typed: typed{values: url.Values{"parent": {c.Query("parent")}}}})
}

// AreaCreate is POST /admin/areas.
func (p *Pages) AreaCreate(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	a := auth.Actor(c.Request.Context())
	err = p.once(c, a, form.Get("form"), func(ctx context.Context) (string, error) {
		n := registry.NewArea{Code: strings.TrimSpace(form.Get("code")), Parent: strings.TrimSpace(form.Get("parent")), Name: labelsIn(form, "name")}
		if form.Get("level") != "" {
			n.Level = new(numberOf(form.Get("level")))
		}
		x, err := p.registry.AddArea(ctx, a, n, form.Get("reason"))
		return areaPath(x.Code) + "?done=saved", err
	})
	if problems, ok := formErrors(p.localeOf(c), err); err != nil && ok {
		return p.areaForm(c, areaEdit{typed: typed{values: form, problems: problems}})
	}
	return err
}

// areaEdit is a form about an area: a new one, or one that is renamed or moved.
type areaEdit struct {
	typed
	area *registry.Area // nil: a new one
	move bool
}

// AreaRename is GET /admin/areas/:code/rename.
func (p *Pages) AreaRename(c *gin.Context) error { return p.areaOpen(c, false) }

// AreaMove is GET /admin/areas/:code/move.
func (p *Pages) AreaMove(c *gin.Context) error { return p.areaOpen(c, true) }

func (p *Pages) areaOpen(c *gin.Context, move bool) error {
	x, err := p.registry.Area(c.Request.Context(), auth.Actor(c.Request.Context()), c.Param("code"))
	if err != nil {
		return err
	}
	return p.areaForm(c, areaEdit{typed: typed{values: areaValues(x)}, area: &x, move: move})
}

func areaValues(x registry.Area) url.Values {
	v := url.Values{"version": {decimal(x.Version)}, "parent": {x.Parent}}
	putLabels(v, "name", x.Name)
	return v
}

// AreaRenamePost is POST /admin/areas/:code/rename: a name that is emptied goes.
func (p *Pages) AreaRenamePost(c *gin.Context) error {
	return p.areaPost(c, false, func(ctx context.Context, a registry.Actor, x registry.Area, form url.Values) error {
		names := labelsIn(form, "name")
		for lang := range x.Name {
			if _, kept := names[lang]; !kept {
				names[lang] = ""
			}
		}
		_, err := p.registry.RenameArea(ctx, a, x.Code, names, numberOf(form.Get("version")), form.Get("reason"))
		return err
	})
}

// AreaMovePost is POST /admin/areas/:code/move.
func (p *Pages) AreaMovePost(c *gin.Context) error {
	return p.areaPost(c, true, func(ctx context.Context, a registry.Actor, x registry.Area, form url.Values) error {
		_, err := p.registry.MoveArea(ctx, a, x.Code, strings.TrimSpace(form.Get("parent")), numberOf(form.Get("version")), form.Get("reason"))
		return err
	})
}

// areaPost changes an area, or shows its form again.
func (p *Pages) areaPost(c *gin.Context, move bool, do func(context.Context, registry.Actor, registry.Area, url.Values) error) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	a := auth.Actor(ctx)
	x, err := p.registry.Area(ctx, a, c.Param("code"))
	if err != nil {
		return err
	}
	err = p.once(c, a, form.Get("form"), func(ctx context.Context) (string, error) {
		return areaPath(x.Code) + "?done=saved", do(ctx, a, x, form)
	})
	if fault.CodeOf(err) == "version_conflict" {
		return p.areaForm(c, areaEdit{typed: typed{values: form, now: areaValues(x)}, area: &x, move: move})
	}
	if problems, ok := formErrors(p.localeOf(c), err); err != nil && ok {
		return p.areaForm(c, areaEdit{typed: typed{values: form, problems: problems}, area: &x, move: move})
	}
	return err
}

func (p *Pages) areaForm(c *gin.Context, f areaEdit) error {
	if err := auth.Allow(c, registry.RoleAdmin); err != nil {
		return err
	}
	d, l := p.visit(c), p.localeOf(c)
	f.l = l
	for i := range f.problems { // name:en
		f.problems[i].Field = strings.ReplaceAll(f.problems[i].Field, ":", "_")
	}
	v := d.formOf(f.typed, "area", areasPath, "")
	parent := f.code("parent", "area.parent")
	what := controlGroup{ID: "what", Title: l.t("area.about")}
	switch {
	case f.area == nil:
		level := f.code("level", "area.level")
		level.Mode = "numeric"
		what.Inputs = append([]input{f.code("code", "area.code"), parent, level}, p.labels(f.typed, "name", "area.name")...)
	case f.move:
		v.Title, v.Action = l.t("area.move"), areaPath(f.area.Code)+"/move"
		var err error
		if v.Text, err = p.whatFollows(d.ctx, l, d.actor, *f.area); err != nil {
			return err
		}
		what.Inputs = []input{parent}
	default:
		v.Title, v.Text, v.Action = l.t("area.rename"), l.t("area.rename_text"), areaPath(f.area.Code)+"/rename"
		what.Inputs = p.labels(f.typed, "name", "area.name")
	}
	if f.area != nil {
		what.Title, v.Back = p.words(l, f.area.Name, f.area.Code).Text, pageLink{Href: areaPath(f.area.Code), Text: l.t("shell.back")}
		v.Hidden = []hidden{{Name: "version", Value: f.version()}}
	}
	v.Groups = []controlGroup{what, f.why()}
	return d.showForm(v)
}

// movedMost is how many areas are counted before a move.
const movedMost = 1000

// whatFollows tells what moves with an area.
func (p *Pages) whatFollows(ctx context.Context, l *locale, a registry.Actor, x registry.Area) (string, error) {
	below, err := p.registry.Areas(ctx, a, registry.AreaQuery{Under: x.Code, Retired: true, Limit: movedMost})
	if err != nil {
		return "", err
	}
	people, err := p.registry.Search(ctx, a, registry.Query{Kind: registry.PersonKind, Area: x.Code, Limit: 1, Total: true, Names: true})
	if err != nil {
		return "", err
	}
	n := len(below.Areas) - 1
	if below.Next != "" {
		n = movedMost
	}
	var many any = people.Total.Count
	if !people.Total.Exact {
		many = l.number(people.Total.Count) + "+"
	}
	return l.t("area.follows", "n", n, "people", many), nil
}

// AreaRetire is POST /admin/areas/:code/retire.
func (p *Pages) AreaRetire(c *gin.Context) error {
	if err := auth.Allow(c, registry.RoleAdmin); err != nil {
		return err
	}
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	a, at := auth.Actor(c.Request.Context()), c.Param("code")
	err = p.once(c, a, form.Get("form"), func(ctx context.Context) (string, error) {
		_, err := p.registry.RetireArea(ctx, a, at, numberOf(form.Get("version")), form.Get("reason"))
		return areaPath(at) + "?done=saved", err
	})
	if problems, ok := formErrors(p.localeOf(c), err); err != nil && ok {
		return p.areaPage(c, form, reasonProblems(problems))
	}
	return err
}
