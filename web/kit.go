package web

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// pageLink leads to another page.
type pageLink struct {
	Href, Text string
	Icon       string // "": none
	Main       bool   // what the page is for
}

// cell is one field of a grid.
type cell struct {
	Head      bool   // it names its row
	Label     string // of its column
	Text      string
	Lang, Dir string
	Href      string
	Num       bool
	Badge     *badge
	Note      string
}

// column is the head of a column.
type column struct {
	Text string
	Num  bool
}

// grid is a table; on a phone each row is a block.
type grid struct {
	Name  string // for who cannot see it
	Heads []column
	Rows  [][]cell
}

// newGrid is an empty table with the words of its columns; those that begin with # are
// of numbers.
func newGrid(l *locale, name string, heads ...string) grid {
	g := grid{Name: name}
	for _, key := range heads {
		key, num := strings.CutPrefix(key, "#")
		g.Heads = append(g.Heads, column{l.t(key), num})
	}
	return g
}

// add appends a row: its first cell names it.
func (g *grid) add(cells ...cell) {
	for i := range cells {
		cells[i].Head, cells[i].Label, cells[i].Num = i == 0, g.Heads[i].Text, g.Heads[i].Num
	}
	g.Rows = append(g.Rows, cells)
}

func (w words) gridCell() cell { return cell{Text: w.Text, Lang: w.Lang, Dir: w.Dir} }

func code(text string) cell { return cell{Text: text, Dir: "ltr"} }

// gridSection is a table under a heading.
type gridSection struct {
	ID, Title, Text string
	Grid            grid
	Empty           string
	Acts            []pageLink
}

// fact is one thing that is known, and its name.
type fact struct {
	Label     string
	Text      string
	Lang, Dir string
	Href      string
}

// act is a form with a button and at most a few inputs.
type act struct {
	ID, Title, Text string
	Action, Token   string
	Hidden          []hidden
	Inputs          []input
	Button          string
	Warn            bool
}

// listPage is a list with the form that finds.
type listPage struct {
	nav         string
	Title, Text string
	Back        *pageLink
	Done, Warn  string
	Problems    []problem // with what was asked for
	Acts        []pageLink
	Find        []input
	FindAction  string
	Hidden      []hidden // of the form that finds
	FindButton  string
	Name        string // heading of the list; "": none
	Grid        grid
	Empty       string
	Turn        turn
	After       []act
}

// list is a list as all of them begin, at its address and with the words of a part:
// PART.title, PART.text, and PART.none where it is empty. next is its next page.
func (d *desk) list(part, path, next string) listPage {
	t := d.l.t
	return listPage{nav: path, Title: t(part + ".title"), Text: t(part + ".text"), Done: doneText(d.c, d.l), FindAction: path, FindButton: t("kit.show"),
		Empty: t(part + ".none"), Turn: turnOf(d.c.Request.URL, next)}
}

// asked is what stands in the address of a list, for the form that finds.
func (d *desk) asked() typed { return typed{l: d.l, values: d.c.Request.URL.Query()} }

// turn is the way to other pages of a list.
type turn struct{ Next, First string }

// turnOf stays at the address of a list, with everything that it was asked for.
func turnOf(here *url.URL, next string) (t turn) {
	query := here.Query()
	query.Del(localeParam)
	query.Del("done")
	if query.Get("after") != "" {
		first := maps.Clone(query)
		first.Del("after")
		t.First = addressOf(here.Path, first)
	}
	if next != "" {
		query.Set("after", next)
		t.Next = addressOf(here.Path, query)
	}
	return t
}

func addressOf(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// showPage is about one thing: what is known of it, and what can be done.
type showPage struct {
	Title    words
	Text     string
	Back     pageLink
	Badge    *badge
	Problems []problem
	Done     string
	Warn     string
	Job      *jobRow
	Links    []pageLink
	Name     string // heading of the facts
	Facts    []fact
	Grids    []gridSection
	Acts     []act
	Sent     url.Values // to one of Acts, which was refused
}

// formPage is a form with all its inputs.
type formPage struct {
	nav         string
	Title, Text string
	Back        pageLink
	Problems    []problem
	Stale       bool // somebody else has changed it meanwhile
	Action      string
	Token       string
	Hidden      []hidden
	Groups      []controlGroup
	Button      string
}

// controlGroup is inputs that belong together.
type controlGroup struct {
	ID, Title, Text string
	Inputs          []input
}

// formOf is the form of a thing of the list at an address, with the words of a part:
// PART.new for a new one, whose key is "", and PART.edit for one that is there.
func (d *desk) formOf(f typed, part, path, key string) formPage {
	v := formPage{nav: path, Title: d.l.t(part + ".new"), Text: d.l.t(part + ".form_text"), Back: pageLink{Href: path, Text: d.l.t(part + ".title")}, Action: path,
		Token: d.token(), Problems: f.problems, Stale: f.now != nil, Button: d.l.t("messages.save")}
	if key != "" {
		v.Back.Href = path + "/" + url.PathEscape(key)
		v.Title, v.Action, v.Hidden = d.l.t(part+".edit"), v.Back.Href+"/edit", []hidden{{"version", f.version()}}
	}
	return v
}

// showList, showOne and showForm write the three kinds of pages.
func (d *desk) showList(v listPage) error {
	return d.page(statusOf(v.Problems), look{page: "list", title: v.Title, nav: v.nav, failed: len(v.Problems) > 0}, v)
}

func (d *desk) showOne(nav, here string, v showPage) error {
	refill(v.Acts, d.c.Request, v.Sent)
	return d.page(statusOf(v.Problems), look{page: "one", title: v.Title.Text, nav: nav, here: here, failed: len(v.Problems) > 0}, v)
}

func (d *desk) showForm(v formPage) error {
	status := statusOf(v.Problems)
	if v.Stale {
		status = http.StatusConflict
	}
	return d.page(status, look{page: "form", title: v.Title, nav: v.nav, here: v.Action, failed: status != http.StatusOK}, v)
}

// reasonProblems puts what is wrong with a form of nothing but a reason beside it.
func reasonProblems(problems []problem) []problem { return allAbout("reason", problems) }

// allAbout puts what is wrong with a form as a whole beside one of its inputs.
func allAbout(input string, problems []problem) []problem {
	for i := range problems {
		if problems[i].Field == "" {
			problems[i].Field = input
		}
	}
	return problems
}

func statusOf(problems []problem) int {
	if len(problems) > 0 {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// editor is the form of the things of a list: for a new one, whose key is "", and for
// one that is there.
type editor struct {
	p    *Pages
	now  func(d *desk, key string) (url.Values, error) // what is stored, as its form has it
	save func(ctx context.Context, d *desk, key string, form url.Values) (location string, err error)
	page func(d *desk, f typed, key string) error
}

// open shows the form; of a new one with what it begins with.
func (e editor) open(c *gin.Context, key string, first url.Values) error {
	d, err := e.p.desk(c, admins()...)
	if err == nil && key != "" {
		first, err = e.now(d, key)
	}
	if err != nil {
		return err
	}
	return e.page(d, typed{l: d.l, values: first}, key)
}

// post saves what was sent, once, or shows it again beside what is stored now.
func (e editor) post(c *gin.Context, key string) error {
	d, form, err := e.p.desked(c, admins()...)
	if err != nil {
		return err
	}
	return d.send(form, func(ctx context.Context) (string, error) { return e.save(ctx, d, key, form) }, func(status int, problems []problem) (err error) {
		f := typed{l: d.l, values: form, problems: problems}
		if status == http.StatusConflict {
			if f.now, err = e.now(d, key); err != nil {
				return err
			}
		}
		return e.page(d, f, key)
	})
}

// typed is what stands in a form: of a thing as it is, or as it was sent.
type typed struct {
	l        *locale
	values   url.Values
	now      url.Values // what is stored, where somebody else changed it; nil: nobody did
	problems []problem
}

// input is one control with what stands in it. Words are t(KEY) and, where there
// is one, t(KEY_hint).
func (f typed) input(id, kind, key string) input {
	in := f.l.input(id, kind, key, key+"_hint", f.values.Get(id))
	in.Wrong = wrongOf(f.problems, id)
	if now, ok := f.now[id]; ok {
		in.against(f.l, now[0])
	}
	return in
}

// against shows what is stored above an input that differs from it.
func (in *input) against(l *locale, stored string) {
	switch {
	case stored == in.Value:
	case stored == "":
		in.Now = &shown{Text: l.t("kit.nothing"), Empty: true, Dir: "auto"}
	default:
		in.Now = &shown{Text: stored, Dir: "auto"}
	}
}

func (f typed) text(id, key string) input {
	in := f.input(id, "text", key)
	in.Dir, in.MaxLength = "auto", 500
	return in
}

func (f typed) code(id, key string) input {
	in := f.input(id, "text", key)
	in.Dir, in.MaxLength = "ltr", 200
	return in
}

func (f typed) area(id, key string) input {
	in := f.input(id, "area", key)
	in.Dir = "auto"
	return in
}

func (f typed) tick(id, key string) input {
	in := f.input(id, "tick", key)
	if in.Now = nil; f.now != nil && (f.now.Get(id) == "") != (in.Value == "") { // a box that is not ticked is not among the values
		in.Now = &shown{Text: f.l.t("value.true")}
		if f.now.Get(id) == "" {
			in.Now.Text = f.l.t("value.false")
		}
	}
	return in
}

func (f typed) choice(id, key string, options ...option) input {
	in := f.input(id, "choice", key)
	in.Options = chosen(options, in.Value)
	return in
}

func (f typed) reason() input {
	in := f.text("reason", "kit.reason")
	in.Required = true
	return in
}

// why is the group of the reason alone.
func (f typed) why() controlGroup {
	return controlGroup{ID: "why", Title: f.l.t("kit.why"), Inputs: []input{f.reason()}}
}

// version is the one that a form is about: after a conflict, the one that is there.
func (f typed) version() string {
	if f.now != nil {
		return f.now.Get("version")
	}
	return f.values.Get("version")
}

// chosen marks the options that have one of the values.
func chosen(options []option, values ...string) []option {
	for i := range options {
		options[i].Selected = slices.Contains(values, options[i].Value)
	}
	return options
}

// anyOf are values to choose from, with their names, after "any".
func anyOf[S ~string](l *locale, values []S, name func(*locale, S) string) []option {
	out := []option{{Label: words{Text: l.t("people.any")}}}
	for _, v := range values {
		out = append(out, option{Value: string(v), Label: words{Text: name(l, v)}})
	}
	return out
}

// labels are inputs for words per language.
func (p *Pages) labels(f typed, prefix, key string) []input {
	var there []string
	for name := range f.values {
		if lang, ok := strings.CutPrefix(name, prefix+"_"); ok {
			there = append(there, lang)
		}
	}
	var out []input
	for _, lang := range p.languagesAnd(there) {
		in := f.text(prefix+"_"+lang, key)
		if f.now != nil {
			in.against(f.l, f.now.Get(in.ID))
		}
		in.Label = words{Text: f.l.t(key+"_in", "language", p.languageName(lang))}
		if lang == defaultLocale && in.Wrong == "" {
			in.Wrong = wrongOf(f.problems, prefix)
		}
		out = append(out, in)
	}
	return out
}

// languagesAnd are the languages of the service, and others that there are words in.
func (p *Pages) languagesAnd(others []string) []string {
	out := slices.Clone(p.codes)
	for _, lang := range others {
		if !slices.Contains(out, lang) {
			out = append(out, lang)
		}
	}
	slices.Sort(out[len(p.codes):])
	return out
}

func (p *Pages) languageName(lang string) string {
	if l := p.locales[lang]; l != nil {
		return l.name
	}
	return lang
}

// labelsIn reads words per language from a form; none where nothing was typed.
func labelsIn(form url.Values, prefix string) map[string]string {
	out := map[string]string{}
	for name, values := range form {
		if lang, ok := strings.CutPrefix(name, prefix+"_"); ok && lang != "" && len(lang) <= 12 && strings.TrimSpace(values[0]) != "" {
			out[lang] = strings.TrimSpace(values[0])
		}
	}
	return out
}

// putLabels is the other way round.
func putLabels(form url.Values, prefix string, labels map[string]string) {
	for lang, text := range labels {
		form.Set(prefix+"_"+lang, text)
	}
}

// doneText is what came of the form before, from ?done=; "" for anything else.
func doneText(c *gin.Context, l *locale) string { return said(c, l, "done.") }

// said is what ?done= says by the key that it completes; "" for anything else.
func said(c *gin.Context, l *locale, prefix string) string {
	if key := prefix + c.Query("done"); c.Query("done") != "" && l.has(key) {
		return l.t(key)
	}
	return ""
}

// textOr is a text, or a dash where there is none.
func textOr(text string) string {
	if text == "" {
		return "—"
	}
	return text
}

// refill puts into an input what was sent for it: a form that is refused forgets nothing
// but files and what is secret.
func (in *input) refill(sent url.Values) {
	switch {
	case slices.Contains([]string{"file", "fixed", "password"}, in.Kind):
	case in.Kind == "tick" && len(in.Options) == 0:
		in.Value = sent.Get(in.ID)
	case in.Kind == "tick":
		in.Options[0].Selected = sent.Get(in.ID) != ""
	case in.Kind == "ticks" || sent.Has(in.ID):
		in.Value = sent.Get(in.ID)
		for i := range in.Options {
			in.Options[i].Selected = slices.Contains(sent[in.ID], in.Options[i].Value)
		}
	}
}

// refill does so for the one of several forms that was sent.
func refill(acts []act, r *http.Request, sent url.Values) {
	for i := range acts {
		for n := range acts[i].Inputs {
			if sent != nil && sentTo(r, acts[i].Action) {
				acts[i].Inputs[n].refill(sent)
			}
		}
	}
}

// sentTo tells whether a request is the sending of the form with this address.
func sentTo(r *http.Request, action string) bool {
	return r.Method == http.MethodPost && (action == r.URL.Path || action == r.URL.EscapedPath())
}

// keysOf are the keys of a map in their order.
func keysOf[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
