package web

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/registry"
)

// knownAreas is how many areas are suggested to whoever types a code.
const knownAreas = 200

// filterView is the filters of a search, as they were filled.
type filterView struct {
	Filters   []input
	Equals    []input // whole values of searchable fields
	Open      bool    // one is in use
	AsWritten bool
	Areas     []option // known codes, for whoever types one
}

// people makes the form of a search, as it was filled.
func (p *Pages) people(c *gin.Context, kind string, fields []registry.Field, asked url.Values, wrong []problem) (peopleView, error) {
	v := peopleView{Find: findInput(p.localeOf(c), asked.Get("q")), Problems: wrong}
	v.Find.Wrong = wrongOf(wrong, "q")
	var err error
	v.filterView, err = p.filterView(c, kind, fields, asked, wrong)
	return v, err
}

// filterView makes the filters, of records of a kind. Each that the search has is among them: a form must
// not drop one unseen.
func (p *Pages) filterView(c *gin.Context, kind string, fields []registry.Field, asked url.Values, wrong []problem) (filterView, error) {
	ctx, l := c.Request.Context(), p.localeOf(c)
	programmes, err := p.programmeFilters(ctx, l, kind, asked)
	if err != nil {
		return filterView{}, err
	}
	v := filterView{AsWritten: asked.Get("as_written") != "", Filters: slices.Concat(p.filters(l, fields, asked), programmes)}
	for _, f := range fields {
		if f.Searchable && (!f.Retired || asked.Get(equalsID(f)) != "") {
			v.Equals = append(v.Equals, p.equalsInput(l, f, asked))
		}
	}
	for i := range v.Filters {
		v.Filters[i].Wrong = wrongOf(wrong, v.Filters[i].ID)
		v.Open = v.Open || asked.Get(v.Filters[i].ID) != ""
	}
	for i := range v.Equals {
		v.Equals[i].Wrong = wrongOf(wrong, v.Equals[i].ID)
		v.Open = v.Open || v.Equals[i].Value != ""
	}
	page, err := p.registry.Areas(ctx, auth.Actor(ctx), registry.AreaQuery{Limit: knownAreas})
	if err != nil {
		return v, err
	}
	for _, a := range page.Areas {
		v.Areas = append(v.Areas, option{Value: a.Code, Label: p.words(l, a.Name, a.Code)})
	}
	return v, nil
}

// filters are the inputs beside the search box.
func (p *Pages) filters(l *locale, fields []registry.Field, asked url.Values) []input {
	text := func(id, hint string, most int) input {
		in := input{ID: id, Kind: "text", Label: words{Text: l.t("people." + id)}, Value: asked.Get(id), Dir: "auto", Autocomplete: "off", MaxLength: most}
		if hint != "" {
			in.Hint = words{Text: l.t(hint)}
		}
		return in
	}
	area := text("area", "people.area_hint", 40)
	area.Dir, area.Kind = "ltr", "listed"
	field := input{ID: "field", Kind: "choice", Label: words{Text: l.t("people.field")}, Options: []option{{Label: words{Text: l.t("people.any")}}}}
	for _, f := range fields {
		if f.Attestable {
			field.Options = append(field.Options, option{Value: f.Key, Label: p.label(l, f), Selected: f.Key == asked.Get("field")})
		}
	}
	state := input{ID: "state", Kind: "choice", Label: words{Text: l.t("people.state")}, Options: []option{{Label: words{Text: l.t("people.any")}}}}
	for _, s := range []registry.State{registry.StateNew, registry.StateAttested, registry.StateRejected, registry.StateExpired, registry.StateRevoked} {
		state.Options = append(state.Options, option{Value: string(s), Label: words{Text: stateName(l, s)}, Selected: string(s) == asked.Get("state")})
	}
	since := text("changed_since", "", 0)
	since.Kind, since.Dir = "date", ""
	if strings.Contains(since.Value, "T") { // a moment of that day: an input for days would drop it
		since.Kind, since.Dir = "text", "ltr"
	}
	return []input{area, field, state, text("version", "people.version_hint", registry.MaxLabelLength), text("default_version", "", registry.MaxLabelLength), since}
}

// equalsInput asks for the whole value of one searchable field.
func (p *Pages) equalsInput(l *locale, f registry.Field, asked url.Values) input {
	id := equalsID(f)
	e := &editing{p: p, l: l}
	in := input{ID: id, Kind: "text", Label: p.label(l, f), Value: asked.Get(id), Dir: "auto", Autocomplete: "off", MaxLength: f.MaxLength}
	e.shape(&in, f)
	return in
}

func equalsID(f registry.Field) string { return "value[" + f.Key + "]" }
