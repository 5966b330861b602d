package web

import (
	"net/url"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/registry"
)

// groupsView is a list of groups with the form that found them: that of people, and
// a kind.
type groupsView struct {
	turn
	Find, Kind input
	Filters    []input
	Equals     []input // whole values of searchable fields
	Open       bool    // the filters are in use
	AsWritten  bool
	Areas      []option // known codes, for whoever types one
	Rows       []groupRow
	Count      string // how many are found in all; "": on a later page
	Asked      bool
	MayCreate  bool
	Export     string // address of the file of these; "": not for the reader, or not of one kind
	Problems   []problem
}

type groupRow struct {
	link
	Size    int
	Ended   bool
	Updated string
}

// Groups is GET /admin/groups: search by name or number, kind, place, value, version,
// time, and the state of one detail.
func (p *Pages) Groups(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor, asked := auth.Actor(ctx), c.Request.URL.Query()
	q, err := peopleQuery(asked)
	q.Kind, q.After, q.Limit, q.Total = asked.Get("kind"), asked.Get("after"), peoplePage, asked.Get("after") == ""
	var page registry.GroupPage
	if err == nil {
		page, err = p.registry.Groups(ctx, actor, q)
	}
	wrong, ok := queryProblems(l, err)
	if err != nil && !ok {
		return err
	}
	v, err := p.groupFilters(c, asked, wrong)
	if err != nil {
		return err
	}
	if v.Rows, err = p.groupRows(c, page.Groups); err != nil {
		return err
	}
	v.Count = countWords(l, page.Total)
	v.turn = turnOf(c.Request.URL, page.Next)
	v.MayCreate, v.Asked = mayKeep(actor), isAsked(asked)
	if q.Kind != "" && len(v.Rows) > 0 && mayExport(actor) {
		v.Export = addressOf("/admin/exports/new", filterOf(asked))
	}
	return p.show(c, statusOf(wrong), look{page: "groups", title: l.t("groups.title"), nav: groupsPath, failed: len(wrong) > 0}, v)
}

// countWords tells how many groups were found; "" where they were not counted.
func countWords(l *locale, total registry.Total) string {
	switch {
	case total == registry.Total{}:
		return ""
	case total.Exact:
		return l.t("groups.count", "n", total.Count)
	}
	return l.t("groups.count_over", "n", total.Count)
}

func (p *Pages) groupRows(c *gin.Context, groups []registry.Group) ([]groupRow, error) {
	ctx, l := c.Request.Context(), p.localeOf(c)
	kinds, err := p.kindWords(ctx, l)
	if err != nil {
		return nil, err
	}
	fields, err := p.registry.FieldsOf(ctx, registry.AnyGroup)
	if err != nil {
		return nil, err
	}
	var out []groupRow
	for _, g := range groups {
		who := p.identityOf(fields, asPerson(g), "")
		out = append(out, groupRow{link: link{Href: groupsPath + "/" + who.ID, Name: who.Name, Number: who.Number, Kind: kinds[g.Kind]}, Size: g.Size,
			Ended: g.Status == registry.StatusInactive, Updated: l.date(g.UpdatedAt)})
	}
	return out, nil
}

func (p *Pages) groupFilters(c *gin.Context, asked url.Values, wrong []problem) (groupsView, error) {
	ctx, l := c.Request.Context(), p.localeOf(c)
	kinds, err := p.registry.GroupKinds(ctx)
	if err != nil {
		return groupsView{}, err
	}
	var options []option
	of := registry.AnyGroup
	for _, k := range kinds {
		options = append(options, option{Value: k.Key, Label: p.words(l, k.Label, k.Key), Selected: k.Key == asked.Get("kind")})
		if k.Key == asked.Get("kind") {
			of = k.Key
		}
	}
	fields, err := p.registry.FieldsOf(ctx, of)
	if err != nil {
		return groupsView{}, err
	}
	form, err := p.people(c, of, fields, asked, wrong)
	if err != nil {
		return groupsView{}, err
	}
	v := groupsView{Find: form.Find, Kind: choiceInput(l, "kind", "groups.kind", "people.any", options, wrong), Filters: form.Filters, Equals: form.Equals,
		Open: form.Open || form.AsWritten, AsWritten: form.AsWritten, Areas: form.Areas, Problems: wrong}
	v.Find.Label, v.Find.Hint = words{Text: l.t("groups.find")}, words{Text: l.t("groups.find_hint")}
	return v, nil
}
