package web

import (
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

func newGrid(name string, heads ...column) grid { return grid{Name: name, Heads: heads} }

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
	Title, Text string
	Back        *pageLink
	Done, Warn  string
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

// showList, showOne and showForm write the three kinds of pages.
func (p *Pages) showList(c *gin.Context, nav string, v listPage) error {
	return p.show(c, http.StatusOK, look{page: "list", title: v.Title, nav: nav}, v)
}

func (p *Pages) showOne(c *gin.Context, nav, here string, v showPage) error {
	refill(v.Acts, c.Request, v.Sent)
	return p.show(c, statusOf(v.Problems), look{page: "one", title: v.Title.Text, nav: nav, here: here, failed: len(v.Problems) > 0}, v)
}

func (p *Pages) showForm(c *gin.Context, nav, here string, v formPage) error {
	status := statusOf(v.Problems)
	if v.Stale {
		status = http.StatusConflict
	}
	return p.show(c, status, look{page: "form", title: v.Title, nav: nav, here: here, failed: status != http.StatusOK}, v)
}

func statusOf(problems []problem) int {
	if len(problems) > 0 {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
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
	in := input{ID: id, Kind: kind, Label: words{Text: f.l.t(key)}, Value: f.values.Get(id), Wrong: wrongOf(f.problems, id), Autocomplete: "off"}
	if f.l.has(key + "_hint") {
		in.Hint = words{Text: f.l.t(key + "_hint")}
	}
	if now, ok := f.now[id]; ok && now[0] != in.Value {
		in.Now = &shown{Text: now[0], Empty: now[0] == "", Dir: "auto"}
		if now[0] == "" {
			in.Now.Text = f.l.t("kit.nothing")
		}
	}
	return in
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

func (f typed) tick(id, key string) input { return f.input(id, "tick", key) }

func (f typed) choice(id, key string, options ...option) input {
	in := f.input(id, "choice", key)
	in.Options = options
	for i := range in.Options {
		in.Options[i].Selected = in.Options[i].Value == in.Value
	}
	return in
}

func (f typed) reason() input {
	in := f.text("reason", "kit.reason")
	in.Required = true
	return in
}

// labels are inputs for words per language: those of the service, and those that
// are there already.
func (p *Pages) labels(f typed, prefix, key string) []input {
	languages := slices.Clone(p.codes)
	for name := range f.values {
		if lang, ok := strings.CutPrefix(name, prefix+"_"); ok && !slices.Contains(languages, lang) {
			languages = append(languages, lang)
		}
	}
	slices.Sort(languages[len(p.codes):])
	var out []input
	for _, lang := range languages {
		in := f.text(prefix+"_"+lang, key)
		in.Label = words{Text: f.l.t(key+"_in", "language", p.languageName(lang))}
		if lang == defaultLocale && in.Wrong == "" {
			in.Wrong = wrongOf(f.problems, prefix)
		}
		out = append(out, in)
	}
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
		if lang, ok := strings.CutPrefix(name, prefix+"_"); ok && lang != "" && strings.TrimSpace(values[0]) != "" {
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
func doneText(c *gin.Context, l *locale) string {
	if key := "done." + c.Query("done"); c.Query("done") != "" && l.has(key) {
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
