package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/registry"
)

type groupsView struct {
	Find, Kind, Field, State input
	Rows                     []groupRow
	Next, First              string
	Asked                    bool
	MayCreate                bool
}

type groupRow struct {
	link
	Size    int
	Ended   bool
	Updated string
}

// Groups is GET /admin/groups: search by name or number, kind, and the state of one
// detail.
func (p *Pages) Groups(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	q := registry.Query{Kind: c.Query("kind"), Text: c.Query("q"), Field: c.Query("field"), State: registry.State(c.Query("state")), After: c.Query("after"), Limit: peoplePage}
	v, err := p.groupFilters(c, q)
	if err != nil {
		return err
	}
	v.MayCreate, v.Asked = mayKeep(actor), q.Kind != "" || q.Text != "" || q.Field != ""
	if (q.Field == "") != (q.State == "") { // half a question finds nothing, and says so
		if q.Field == "" {
			v.Field.Wrong = l.t("people.field_missing")
		} else {
			v.State.Wrong = l.t("people.state_missing")
		}
		return p.show(c, http.StatusOK, look{page: "groups", title: l.t("groups.title"), nav: groupsPath}, v)
	}
	page, err := p.registry.Groups(ctx, actor, q)
	if err != nil {
		return err
	}
	if v.Rows, err = p.groupRows(c, page.Groups); err != nil {
		return err
	}
	v.Next, v.First = listLinks(c.Request.URL, page.Next)
	return p.show(c, http.StatusOK, look{page: "groups", title: l.t("groups.title"), nav: groupsPath}, v)
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

func (p *Pages) groupFilters(c *gin.Context, q registry.Query) (v groupsView, err error) {
	ctx, l := c.Request.Context(), p.localeOf(c)
	kinds, err := p.registry.GroupKinds(ctx)
	if err != nil {
		return v, err
	}
	v.Find = input{ID: "q", Kind: "search", Label: words{Text: l.t("groups.find")}, Hint: words{Text: l.t("groups.find_hint")}, Value: q.Text, Dir: "auto", Autocomplete: "off", MaxLength: 200}
	var options []option
	of := registry.AnyGroup
	for _, k := range kinds {
		options = append(options, option{Value: k.Key, Label: p.words(l, k.Label, k.Key), Selected: k.Key == q.Kind})
		if k.Key == q.Kind {
			of = k.Key
		}
	}
	v.Kind = choiceInput(l, "kind", "groups.kind", "people.any", options, nil)
	fields, err := p.registry.FieldsOf(ctx, of)
	if err != nil {
		return v, err
	}
	var named []option
	for _, f := range fields {
		if f.Attestable {
			named = append(named, option{Value: f.Key, Label: p.label(l, f), Selected: f.Key == q.Field})
		}
	}
	v.Field = choiceInput(l, "field", "people.field", "people.any", named, nil)
	v.State = p.stateInput(l, q.State)
	return v, nil
}

// stateInput chooses where a detail stands.
func (p *Pages) stateInput(l *locale, now registry.State) input {
	var options []option
	for _, s := range []registry.State{registry.StateNew, registry.StateAttested, registry.StateRejected, registry.StateExpired, registry.StateRevoked} {
		b := stateBadge(l, registry.Field{Attestable: true}, registry.FieldState{State: s})
		options = append(options, option{Value: string(s), Label: words{Text: b.Text}, Selected: s == now})
	}
	return choiceInput(l, "state", "people.state", "people.any", options, nil)
}
