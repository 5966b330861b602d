package web

import (
	"context"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const settingsPath = "/admin/settings"

// desk is one request to a page of the settings.
type desk struct {
	p     *Pages
	c     *gin.Context
	ctx   context.Context
	l     *locale
	actor registry.Actor
	sent  url.Values // that was refused, so that its form is shown again
}

// desk opens a page of the settings to some roles. It returns what auth.Allow does.
func (p *Pages) desk(c *gin.Context, roles ...registry.Role) (*desk, error) {
	if err := auth.Allow(c, roles...); err != nil {
		return nil, err
	}
	ctx := c.Request.Context()
	return &desk{p: p, c: c, ctx: ctx, l: p.localeOf(c), actor: auth.Actor(ctx)}, nil
}

// desked is desk for a form that was sent.
func (p *Pages) desked(c *gin.Context, roles ...registry.Role) (*desk, url.Values, error) {
	d, err := p.desk(c, roles...)
	if err != nil {
		return nil, nil, err
	}
	form, err := respond.Form(c)
	return d, form, err
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
	Next, First string
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
// all that was typed.
func (d *desk) show(status int, v deskPage, nav string) error {
	for n := range v.Forms {
		v.Forms[n].Folded = !d.refill(&v.Forms[n]) && v.Forms[n].Folded
	}
	if v.Form != nil {
		d.refill(v.Form)
	}
	return d.p.show(d.c, status, look{page: "desk", title: v.Title, nav: nav, failed: len(v.Problems) > 0}, v)
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
func (d *desk) done() string {
	key := "desk.done_" + d.c.Query("done")
	if !d.l.has(key) {
		return ""
	}
	return d.l.t(key)
}

// send runs what a form asks for. What the registry refuses is shown by again, with
// the form as it was sent.
func (d *desk) send(form url.Values, act func(ctx context.Context) (string, error), again func(status int, problems []problem) error) error {
	err := d.p.once(d.c, d.actor, form.Get("form"), act)
	if err == nil {
		return nil
	}
	d.sent = form
	if fault.CodeOf(err) == "version_conflict" {
		return again(http.StatusConflict, nil)
	}
	if problems, ok := formErrors(d.l, err); ok {
		return again(http.StatusUnprocessableEntity, problems)
	}
	return err
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
	return deskControl{input: input{ID: id, Kind: "text", Label: d.label(id), Hint: d.hint(id), Value: value, Dir: "auto", Autocomplete: "off"}}
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

// codeArea is a control for several lines of code.
func (d *desk) codeArea(id, value string) deskControl {
	x := d.area(id, value)
	x.Dir = "ltr"
	return x
}

// tick is one box.
func (d *desk) tick(id string, on bool) deskControl {
	return deskControl{input: input{ID: id, Kind: "tick", Label: d.label(id), Hint: d.hint(id),
		Options: []option{{Value: "1", Label: words{Text: d.l.t("value.true")}, Selected: on}}}}
}

// choice is one of several.
func (d *desk) choice(id, value string, options ...option) deskControl {
	for n := range options {
		options[n].Selected = options[n].Value == value
	}
	return deskControl{input: input{ID: id, Kind: "choice", Label: d.label(id), Hint: d.hint(id), Value: value, Options: options}}
}

// ticks is any of several.
func (d *desk) ticks(id string, values []string, options ...option) deskControl {
	for n := range options {
		options[n].Selected = slices.Contains(values, options[n].Value)
	}
	return deskControl{input: input{ID: id, Kind: "ticks", Label: d.label(id), Hint: d.hint(id), Options: options}}
}

// fixed is what cannot be changed.
func (d *desk) fixed(id, value string) deskControl {
	return deskControl{input: input{ID: id, Kind: "fixed", Label: d.label(id), Value: value, Dir: "auto"}}
}

// reason is why something is done.
func (d *desk) reason(value string) deskControl {
	x := d.line("reason", value)
	x.MaxLength, x.Required = 500, true
	return x
}

func (d *desk) label(id string) words { return words{Text: d.l.t("desk.in_" + id)} }

func (d *desk) hint(id string) words {
	if !d.l.has("desk.hint_" + id) {
		return words{}
	}
	return words{Text: d.l.t("desk.hint_" + id)}
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
	codes := slices.Clone(d.p.codes)
	for lang := range texts {
		if !slices.Contains(codes, lang) {
			codes = append(codes, lang)
		}
	}
	slices.Sort(codes[len(d.p.codes):])
	var out []deskControl
	for _, lang := range codes {
		name := lang
		if l := d.p.locales[lang]; l != nil {
			name = l.name
		}
		x := d.line(id+"_"+lang, texts[lang])
		x.Label, x.Hint, x.MaxLength = words{Text: d.l.t("desk.in_"+id, "language", name)}, words{}, 200
		x.Required = id == "label" && lang == defaultLocale
		out = append(out, x)
	}
	return out
}

// languages reads what perLanguage asked for.
func languages(form url.Values, id string) map[string]string {
	out := map[string]string{}
	for key := range form {
		if lang, ok := strings.CutPrefix(key, id+"_"); ok && len(lang) <= 12 {
			if s := strings.TrimSpace(form.Get(key)); s != "" {
				out[lang] = s
			}
		}
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

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// cardPreview is a credential as a wallet draws it.
type cardPreview struct {
	Name, Lang, Alt string
	Src             template.URL // data: of an SVG that we made
	Other           bool         // it is folded: in another language than the page
}
