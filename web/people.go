package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// colsParam is the parameter of the address that names the columns of a list of
// people; columns that are no field begin with a dot, which no key of a field has.
const (
	colsParam  = "cols"
	colUpdated = ".updated"
	colVersion = ".version"
	colArea    = ".area"
)

// maxCols bounds the columns of one list.
const maxCols = 8

// peopleView is a list of people with the form that found them.
type peopleView struct {
	turn
	Find input
	filterView
	Columns     []columnTick
	Heads       []words
	People      []personRow
	Count       string // how many are found in all; "": on a later page
	Asked       bool   // something was searched for
	MayRegister bool
	Export      string // address of the file of these; "": not for the reader
	Switch      string // address of the default version for these; "": not for the reader
	Enrol       string // address of the enrolment of these; "": not for the reader
	Problems    []problem
}

// columnTick is one column that a list can have.
type columnTick struct {
	Value    string
	Label    words
	Selected bool
}

// personRow is one person in a list.
type personRow struct {
	Href    string
	Name    string
	Number  string
	Updated string
	Cells   []personCell
}

// personCell is a value with the words of its column, for narrow screens.
type personCell struct {
	Head words
	shown
}

// People is GET /admin/people: everybody whom the search finds, with the columns
// that were chosen.
func (p *Pages) People(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return err
	}
	asked := c.Request.URL.Query()
	if q := queueOf(asked.Get("queue")); q != "" { // where queues were
		return seeOther(c, queuePath(q))
	}
	cols := columnsOf(asked, fields)
	q, err := peopleQuery(asked)
	q.After, q.Limit, q.Total, q.Names = asked.Get("after"), peoplePage, asked.Get("after") == "", !hasValues(cols)
	var page registry.Page
	if err == nil {
		page, err = p.registry.Search(ctx, actor, q)
	}
	wrong, ok := queryProblems(l, err)
	if err != nil && !ok {
		return err
	}
	v, err := p.people(c, registry.PersonKind, fields, asked, wrong)
	if err != nil {
		return err
	}
	v.list(p, l, fields, cols, page)
	v.turn = turnOf(c.Request.URL, page.Next)
	v.Asked, v.MayRegister = isAsked(asked), mayRegister(actor)
	v.offer(actor, asked, len(wrong) == 0 && len(page.People) > 0)
	status := http.StatusOK
	if len(wrong) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return p.show(c, status, look{page: "people", title: l.t("people.title"), nav: "/admin/people", failed: len(wrong) > 0}, v)
}

// peopleQuery reads a search from an address, with the parameters that the
// interface for programs has. It returns Invalid "bad_query".
func peopleQuery(asked url.Values) (registry.Query, error) {
	q := registry.Query{Text: asked.Get("q"), AsWritten: asked.Get("as_written") != "", Field: asked.Get("field"), State: registry.State(asked.Get("state")),
		Area: typedArea(asked), Version: asked.Get("version"), Default: asked.Get("default_version"),
		Programme: asked.Get("programme"), Enrolment: registry.EnrolmentStatus(asked.Get("enrolment")), Equals: typedEquals(asked)}
	if (q.Field == "") != (q.State == "") { // half a question finds nobody, and says so
		missing := "field"
		if q.State == "" {
			missing = "state"
		}
		return q, badPeopleQuery(missing, missing+"_missing")
	}
	if q.Programme == "" && q.Enrolment != "" {
		return q, badPeopleQuery("programme", "programme_missing")
	}
	text := asked.Get("changed_since")
	if text == "" {
		return q, nil
	}
	at, err := momentOf(text)
	if err != nil {
		return q, badPeopleQuery("changed_since", registry.CodeBadDate)
	}
	q.ChangedSince = at
	return q, nil
}

// typedArea is the code of the area that a search names; it may be typed in small
// letters.
func typedArea(asked url.Values) string { return strings.ToUpper(strings.TrimSpace(asked.Get("area"))) }

// typedEquals are the whole values that a search asks for, by field: value[FIELD].
func typedEquals(asked url.Values) map[string]string {
	equals := map[string]string{}
	for name, values := range asked {
		if key, ok := equalsKey(name); ok && len(values) > 0 && strings.TrimSpace(values[0]) != "" {
			equals[key] = values[0]
		}
	}
	return equals
}

// equalsKey is the field of an input for a whole value.
func equalsKey(name string) (key string, ok bool) {
	key, opened := strings.CutPrefix(name, "value[")
	key, closed := strings.CutSuffix(key, "]")
	return key, opened && closed && key != ""
}

func badPeopleQuery(member, code string) error {
	return fault.InvalidFields("bad_query", "The search cannot be understood.", []fault.Field{{Name: member, Code: code, Detail: "This part of the search cannot be used."}})
}

// queryProblems is what is wrong with a search, by its inputs; ok is false for an
// error that the form cannot help with.
func queryProblems(l *locale, err error) (wrong []problem, ok bool) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return nil, err == nil
	}
	for _, field := range f.Fields {
		name := field.Name
		switch {
		case name == "text":
			name = "q"
		case name == "equals": // which of them is not told
			name = ""
		}
		text := l.t("people.wrong")
		if key := "people." + field.Code; l.has(key) {
			text = l.t(key)
		} else if key := "fault." + field.Code; l.has(key) {
			text = l.t(key)
		}
		wrong = append(wrong, problem{Field: name, Text: text})
	}
	if len(wrong) == 0 {
		wrong = []problem{{Text: faultText(l, f.Code, f.Detail)}}
	}
	return wrong, true
}

// isAsked tells whether an address asks for some people and not for everybody.
func isAsked(asked url.Values) bool {
	for name, values := range asked {
		if !slices.Contains([]string{colsParam, "after", "lang"}, name) && strings.TrimSpace(strings.Join(values, "")) != "" {
			return true
		}
	}
	return false
}

// filterOf is what an address asks for, without the columns and the page.
func filterOf(asked url.Values) url.Values {
	out := url.Values{}
	for name, values := range asked {
		if !slices.Contains([]string{colsParam, "after", "lang", "done"}, name) && strings.TrimSpace(strings.Join(values, "")) != "" {
			out[name] = values
		}
	}
	return out
}

// offer adds what can be done with everybody who is found.
func (v *peopleView) offer(actor registry.Actor, asked url.Values, any bool) {
	if !any {
		return
	}
	filter := filterOf(asked)
	if isOfficer(actor) {
		v.Switch = addressOf("/admin/people/default", filter)
	}
	if mayEnrol(actor) {
		v.Enrol = addressOf(enrolFoundPath, filter)
	}
	if mayExport(actor) { // the form there has every part of a search that this one has
		v.Export = addressOf("/admin/exports/new", filter)
	}
}

// list fills the table.
func (v *peopleView) list(p *Pages, l *locale, fields []registry.Field, cols []string, page registry.Page) {
	heads := p.heads(l, fields, cols)
	for _, h := range heads {
		v.Heads = append(v.Heads, h.label)
	}
	for _, person := range page.People {
		v.People = append(v.People, p.personRow(l, fields, person, heads))
	}
	for _, t := range p.allColumns(l, fields) {
		t.Selected = slices.Contains(cols, t.Value)
		v.Columns = append(v.Columns, t)
	}
	switch {
	case page.Total == registry.Total{}:
	case page.Total.Exact:
		v.Count = l.t("people.count", "n", page.Total.Count)
	default:
		v.Count = l.t("people.count_over", "n", page.Total.Count)
	}
}
