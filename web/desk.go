package web

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const settingsPath = "/admin/settings"

// desk is one request to a page: who asks, and in which language.
type desk struct {
	p     *Pages
	c     *gin.Context
	ctx   context.Context
	l     *locale
	actor registry.Actor
	sent  url.Values // that was refused, so that its form is shown again
	err   error      // of a token that could not be made: nothing is shown
}

// visit opens a page to everybody: the registry decides.
func (p *Pages) visit(c *gin.Context) *desk {
	ctx := c.Request.Context()
	return &desk{p: p, c: c, ctx: ctx, l: p.localeOf(c), actor: auth.Actor(ctx)}
}

// desk opens a page to some roles. It returns what auth.Allow does.
func (p *Pages) desk(c *gin.Context, roles ...registry.Role) (*desk, error) {
	if err := auth.Allow(c, roles...); err != nil {
		return nil, err
	}
	return p.visit(c), nil
}

// token is that of a form on the page.
func (d *desk) token() string {
	token, err := d.p.registry.NewForm(d.actor)
	if err != nil {
		d.err = err
	}
	return token
}

// page writes a page.
func (d *desk) page(status int, look look, view any) error {
	if d.err != nil {
		return d.err
	}
	return d.p.show(d.c, status, look, view)
}

// sent is visit for a form that was sent. It returns what respond.Form does.
func (p *Pages) sent(c *gin.Context) (*desk, url.Values, error) {
	form, err := respond.Form(c)
	return p.visit(c), form, err
}

// desked is desk for a form that was sent.
func (p *Pages) desked(c *gin.Context, roles ...registry.Role) (*desk, url.Values, error) {
	if err := auth.Allow(c, roles...); err != nil {
		return nil, nil, err
	}
	return p.sent(c)
}

func admins() []registry.Role { return []registry.Role{registry.RoleAdmin} }

func keepersAndAuditors() []registry.Role {
	return []registry.Role{registry.RoleAdmin, registry.RoleAuditor}
}

func allStaff() []registry.Role {
	return []registry.Role{registry.RoleAdmin, registry.RoleRegistrar, registry.RoleFieldWorker, registry.RoleAttester, registry.RoleAuditor}
}

// deskPage is a page of the settings, of which each part may be left out: what it is
// for, tables, facts, a form, what the form would give, what happened.
type deskPage struct {
	Title, Code string // Code: an id that stands under the title
	Text, Back  string
	Badge       *badge
	Acts        []deskLink
	Done        string
	Notes       []string
	Problems    []problem
	Stale       []staleRow
	Find        []deskControl
	FindAction  string // where it finds: the page itself
	Facts       []deskFact
	Cards       []cardPreview
	Preview     *fieldPreview
	Form        *deskForm
	Tables      []deskTable
	Forms       []deskForm // small ones, folded
	Line        *deskTable // what happened, oldest first
	turn
}

type deskLink struct{ Href, Text, Icon, Class string }

// deskFact is one thing that is known.
type deskFact struct {
	Label string
	Value deskCell
}

// deskTable is a list under a title. Empty is what is said when it has no rows.
type deskTable struct {
	ID, Title, Text string
	Heads           []string
	Rows            [][]deskCell
	Empty           string
	Act             *deskLink // what fills it when it is empty; nil: Empty says it
}

// table is an empty one, by the keys of its words.
func (d *desk) table(empty string, heads ...string) deskTable {
	t := deskTable{Empty: d.l.t(empty)}
	for _, key := range heads {
		t.Heads = append(t.Heads, d.l.t(key))
	}
	return t
}

// deskCell is one thing in a table: words, and what marks them.
type deskCell struct {
	Text, Href string
	Lang, Dir  string // ltr for codes
	Small      string
	Badges     []badge
	List       []string
}

func plainCell(s string) deskCell { return deskCell{Text: s} }

// codeCell is a cell of an id or a key.
func codeCell(s string) deskCell { return deskCell{Text: s, Dir: "ltr"} }

func (w words) cell() deskCell { return deskCell{Text: w.Text, Lang: w.Lang, Dir: w.Dir} }

// deskForm is a form of groups of controls.
type deskForm struct {
	ID, Title, Text string
	Action, Token   string
	Hidden          []hidden
	Groups          []deskGroup
	Buttons         []deskButton
	Leave           string
	Folded          bool
	Multipart       bool // it has a file
}

type deskGroup struct {
	Title, Text string
	Two         bool
	Controls    []deskControl
}

type deskButton struct{ Name, Value, Text, Class string }

// deskControl is an input, several that are ticked (Kind "ticks"), one that is (Kind
// "tick"), or what cannot be changed (Kind "fixed").
type deskControl struct {
	input
	Rows int
}

// form gives a form its token.
func (d *desk) form(f deskForm) (deskForm, error) {
	token, err := d.p.registry.NewForm(d.actor)
	f.Token = token
	return f, err
}

// small is a folded form with one button, for one act on what the page shows.
func (d *desk) small(id, title, text, action, class string, controls ...deskControl) (deskForm, error) {
	return d.form(deskForm{ID: id, Title: title, Text: text, Action: action, Folded: true,
		Groups: []deskGroup{{Controls: controls}}, Buttons: []deskButton{{Text: title, Class: class}}})
}

// show writes the page. The form that was sent to this address and refused is open, with
// all that was typed. Where somebody else was quicker and there is nothing to compare,
// it says so.
func (d *desk) show(status int, v deskPage, nav string) error {
	if status == http.StatusConflict && len(v.Stale) == 0 && len(v.Problems) == 0 {
		v.Problems = []problem{{Text: d.l.t("desk.moved")}}
	}
	for n := range v.Forms {
		v.Forms[n].Folded = !d.refill(&v.Forms[n]) && v.Forms[n].Folded
	}
	if v.Form != nil {
		d.refill(v.Form)
	}
	return d.page(status, look{page: "desk", title: v.Title, nav: nav, failed: len(v.Problems) > 0}, v)
}

// refill puts what was sent into a form, if it was sent there.
func (d *desk) refill(f *deskForm) bool {
	if d.sent == nil || !sentTo(d.c.Request, f.Action) {
		return false
	}
	for g := range f.Groups {
		for n := range f.Groups[g].Controls {
			f.Groups[g].Controls[n].refill(d.sent)
		}
	}
	return true
}

// done says what was done, if the address names it: ?done=saved is desk.done_saved.
func (d *desk) done() string { return said(d.c, d.l, "desk.done_") }

// once runs what a form asks for. What the registry refuses is shown by refused, with
// the form as it was sent; nil: by the page of failures.
func (d *desk) once(form url.Values, act func(ctx context.Context) (string, error), refused func(problems []problem) error) error {
	err := d.p.once(d.c, d.actor, form.Get("form"), act)
	d.sent = form
	if problems, ok := formErrors(d.l, err); ok && refused != nil {
		return refused(problems)
	}
	return err
}

// send is once for a form over a version of something: again shows both values, too,
// when somebody else was quicker.
func (d *desk) send(form url.Values, act func(ctx context.Context) (string, error), again func(status int, problems []problem) error) error {
	err := d.once(form, act, func(problems []problem) error { return again(http.StatusUnprocessableEntity, problems) })
	if fault.CodeOf(err) == "version_conflict" {
		return again(http.StatusConflict, nil)
	}
	return err
}

// change is send for a page that only says that somebody else was quicker, in the words
// of moved.
func (d *desk) change(form url.Values, moved string, act func(ctx context.Context) (string, error), again func(status int, problems []problem) error) error {
	return d.send(form, act, func(status int, problems []problem) error {
		if status == http.StatusConflict {
			problems = []problem{{Text: d.l.t(moved)}}
		}
		return again(status, problems)
	})
}

// versionOf is the version that a form is about; -1, which nothing has, for none.
func versionOf(form url.Values) int {
	n, err := wholeNumber(form.Get("version"))
	if err != nil {
		return -1
	}
	return n
}

// press is once for a form of nothing but a button.
func (p *Pages) press(c *gin.Context, act func(ctx context.Context, d *desk, form url.Values) (string, error)) error {
	d, form, err := p.sent(c)
	if err != nil {
		return err
	}
	return d.once(form, func(ctx context.Context) (string, error) { return act(ctx, d, form) }, nil)
}

// refused writes what is wrong beside the controls. alias leads from the name of a
// member to the control that it is in, where the two differ.
func (v *deskPage) refused(l *locale, problems []problem, alias map[string]string) {
	at := map[string]*deskControl{}
	forms := []*deskForm{}
	if v.Form != nil {
		forms = append(forms, v.Form)
	}
	for n := range v.Forms {
		forms = append(forms, &v.Forms[n])
	}
	for _, f := range forms {
		for g := range f.Groups {
			for n := range f.Groups[g].Controls {
				at[f.Groups[g].Controls[n].ID] = &f.Groups[g].Controls[n]
			}
		}
	}
	for _, p := range problems {
		if to := alias[p.Field]; to != "" {
			p.Field = to
		}
		x := at[p.Field]
		if x == nil {
			v.Problems = append(v.Problems, problem{Text: p.Text})
			continue
		}
		x.Wrong = p.Text
		v.Problems = append(v.Problems, problem{Field: x.anchor(), Text: l.t("edit.problem", "field", x.Label.Text, "text", p.Text)})
	}
}

// anchor is the id that a link to the control leads to.
func (x deskControl) anchor() string {
	if x.Kind == "ticks" && len(x.Options) > 0 {
		return x.ID + "-" + x.Options[0].Value
	}
	return x.ID
}

// says is what stands in a control, for people to read.
func (x deskControl) says() string {
	switch x.Kind {
	case "ticks", "choice", "tick":
		var out []string
		for _, o := range x.Options {
			if o.Selected {
				out = append(out, o.Label.Text)
			}
		}
		return strings.Join(out, " · ")
	}
	return x.Value
}

// differences are the controls in which what was sent is not what is there now.
func (d *desk) differences(mine, there []deskGroup) []staleRow {
	now := map[string]string{}
	for _, g := range there {
		for _, x := range g.Controls {
			now[x.ID] = x.says()
		}
	}
	var out []staleRow
	for _, g := range mine {
		for _, x := range g.Controls {
			if x.ID == "reason" || x.says() == now[x.ID] {
				continue
			}
			out = append(out, staleRow{Label: x.Label, Mine: d.shown(x.says()), There: d.shown(now[x.ID])})
		}
	}
	return out
}

func (d *desk) shown(s string) shown {
	if s == "" {
		return shown{Text: d.l.t("value.none"), Empty: true}
	}
	return shown{Text: s, Dir: "auto"}
}

// line is a control for a line of words; its label is desk.in_ID.
func (d *desk) line(id, value string) deskControl {
	in := d.l.input(id, "text", "desk.in_"+id, "desk.hint_"+id, value)
	in.Dir = "auto"
	return deskControl{input: in}
}

// code is a control for what is read from left to right.
func (d *desk) code(id, value string) deskControl {
	x := d.line(id, value)
	x.Dir = "ltr"
	return x
}

// area is a control for several lines.
func (d *desk) area(id, value string) deskControl {
	x := d.line(id, value)
	x.Kind = "area"
	return x
}

// day is a control for a day of the calendar.
func (d *desk) day(id, value string) deskControl {
	x := d.line(id, value)
	x.Kind, x.Dir = "date", ""
	return x
}

// codeArea is a control for several lines of code.
func (d *desk) codeArea(id, value string) deskControl {
	x := d.area(id, value)
	x.Dir = "ltr"
	return x
}

// tick is one box.
func (d *desk) tick(id string, on bool) deskControl {
	x := d.line(id, "")
	x.Kind, x.Dir, x.Options = "tick", "", []option{{Value: "1", Label: words{Text: d.l.t("value.true")}, Selected: on}}
	return x
}

// choice is one of several.
func (d *desk) choice(id, value string, options ...option) deskControl {
	x := d.line(id, value)
	x.Kind, x.Dir, x.Options = "choice", "", chosen(options, value)
	return x
}

// ticks is any of several.
func (d *desk) ticks(id string, values []string, options ...option) deskControl {
	x := d.line(id, "")
	x.Kind, x.Dir, x.Options = "ticks", "", chosen(options, values...)
	return x
}

// fixed is what cannot be changed.
func (d *desk) fixed(id, value string) deskControl {
	x := d.line(id, value)
	x.Kind, x.Hint = "fixed", words{}
	return x
}

// reason is why something is done.
func (d *desk) reason(value string) deskControl {
	x := d.line("reason", value)
	x.MaxLength, x.Required = 500, true
	return x
}

// options puts values into words by keys that begin with prefix.
func (d *desk) options(prefix string, values ...string) []option {
	out := make([]option, len(values))
	for n, v := range values {
		out[n] = option{Value: v, Label: words{Text: d.l.t(prefix + v)}}
	}
	return out
}

// roles are ticks for roles.
func roleOptions(d *desk, roles ...registry.Role) []option {
	return d.options("role.", textsOf(roles)...)
}

func textsOf[S ~string](list []S) []string {
	out := make([]string, len(list))
	for n, s := range list {
		out[n] = string(s)
	}
	return out
}

func asTexts[S ~string](list []string) []S {
	var out []S
	for _, s := range list {
		if s != "" {
			out = append(out, S(s))
		}
	}
	return out
}

// perLanguage is one line for each language of the program, and for each other one
// that there are words in.
func (d *desk) perLanguage(id string, texts map[string]string) []deskControl {
	var out []deskControl
	for _, lang := range d.p.languagesAnd(keysOf(texts)) {
		x := d.line(id+"_"+lang, texts[lang])
		x.Label, x.Hint, x.MaxLength = words{Text: d.l.t("desk.in_"+id, "language", d.p.languageName(lang))}, words{}, 200
		x.Required = id == "label" && lang == defaultLocale
		out = append(out, x)
	}
	return out
}

// linesOf reads a text of one thing a line.
func linesOf(s string) []string {
	var out []string
	for _, line := range strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// cardPreview is a credential as a wallet draws it.
type cardPreview struct {
	Name, Lang, Alt string
	Src             template.URL // data: of an SVG that we made
	Other           bool         // it is folded: in another language than the page
}
