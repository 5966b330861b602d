package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

type compareView struct {
	personView
	From, To input
	FromHead string // words of the columns
	ToHead   string
	Rows     []compareRow
	All      bool   // fields that do not differ are listed as well
	Toggle   string // address of the other way
	Compared bool
	Problems []problem
}

type compareRow struct {
	Label    words
	Old, New shown
	Differs  bool
}

// PersonCompare is GET /admin/people/:id/compare?from=&to=: in what two versions
// differ, each by its number, its name or "default".
func (p *Pages) PersonCompare(c *gin.Context) error {
	rec, head, err := p.person(c, "/versions")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	from, to := c.Query("from"), c.DefaultQuery("to", registry.DefaultVersion)
	v := compareView{personView: head, All: c.Query("all") == "1", From: versionInput(l, "from", from), To: versionInput(l, "to", to)}
	if from == "" {
		return p.show(c, http.StatusOK, look{page: "person_compare", title: head.Who.Name, nav: navOf(c)}, v)
	}
	found, err := p.registry.CompareVersions(ctx, actor, rec.person.ID, from, to)
	if fault.CodeOf(err) == "no_such_version" {
		v.Problems = []problem{{Field: "from", Text: l.t("fault.no_such_version")}}
		v.From.Wrong = v.Problems[0].Text
		return p.show(c, http.StatusUnprocessableEntity, look{page: "person_compare", title: head.Who.Name, nav: navOf(c), failed: true}, v)
	}
	if err != nil {
		return err
	}
	v.Compared, v.FromHead, v.ToHead = true, versionName(l, found.From), versionName(l, found.To)
	if err := p.compareRows(c, &v, rec, found); err != nil {
		return err
	}
	query := url.Values{"from": {from}, "to": {to}}
	if !v.All {
		query.Set("all", "1")
	}
	v.Toggle = head.Who.Base + "/compare?" + query.Encode()
	return p.show(c, http.StatusOK, look{page: "person_compare", title: head.Who.Name, nav: navOf(c)}, v)
}

// compareRows lists the fields that differ, or all that one of the versions has.
func (p *Pages) compareRows(c *gin.Context, v *compareView, rec record, found registry.Comparison) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	differs := map[string]registry.Difference{}
	for _, d := range found.Differences {
		differs[d.Field] = d
	}
	same := map[string]registry.Value{}
	if v.All {
		version, err := p.registry.Version(ctx, auth.Actor(ctx), rec.person.ID, found.From.No)
		if err != nil {
			return err
		}
		same = version.Values
	}
	for _, f := range rec.fields {
		if d, ok := differs[f.Key]; ok {
			v.Rows = append(v.Rows, compareRow{p.label(l, f), p.masked(l, f, d.Old.Text), p.masked(l, f, d.New.Text), true})
		} else if text := same[f.Key].Text; text != "" {
			v.Rows = append(v.Rows, compareRow{p.label(l, f), p.masked(l, f, text), p.masked(l, f, text), false})
		}
	}
	return nil
}

func versionInput(l *locale, id, value string) input {
	return input{ID: id, Kind: "text", Label: words{Text: l.t("compare." + id)}, Value: value, Dir: "auto", Autocomplete: "off", MaxLength: registry.MaxLabelLength}
}

func versionName(l *locale, v registry.Version) string {
	name := l.t("person.version", "n", v.No)
	if v.Label != "" {
		name += " · " + v.Label
	}
	return name
}

type asOfView struct {
	personView
	Day      input
	Title    string // of what is shown; "": nothing is
	Sections []section
	Younger  bool // the person was registered later
	Problems []problem
}

// recordAt is a person or group as it stood at a moment.
func (p *Pages) recordAt(c *gin.Context, id uuid.UUID, at time.Time) (registry.Person, error) {
	ctx := c.Request.Context()
	if !aboutGroup(c) {
		return p.registry.PersonAt(ctx, auth.Actor(ctx), id, at)
	}
	g, err := p.registry.GroupAt(ctx, auth.Actor(ctx), id, at)
	return asPerson(g), err
}

// PersonAsOf is GET /admin/people/:id/as-of?day=: the record as it stood at the end
// of a day.
func (p *Pages) PersonAsOf(c *gin.Context) error {
	rec, head, err := p.person(c, "/versions")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	text := c.Query("day")
	v := asOfView{personView: head, Day: asOfInput(l, text, "")}
	day, err := dayOf(text)
	if text != "" && err != nil {
		v.Problems = []problem{{Field: "day", Text: l.t("fault." + registry.CodeBadDate)}}
		v.Day.Wrong = v.Problems[0].Text
		return p.show(c, http.StatusUnprocessableEntity, look{page: "person_asof", title: head.Who.Name, nav: navOf(c), failed: true}, v)
	}
	if text != "" {
		then, err := p.recordAt(c, rec.person.ID, day.AddDate(0, 0, 1).Add(-time.Microsecond))
		switch {
		case fault.KindOf(err) == fault.NotFound:
			v.Younger = true
		case err != nil:
			return err
		default:
			past := rec
			past.person, past.states = then, nil
			v.Title = l.t("asof.title", "day", day, "version", then.VersionNo)
			v.Sections = p.plainSections(l, actor, past)
		}
	}
	return p.show(c, http.StatusOK, look{page: "person_asof", title: head.Who.Name, nav: navOf(c)}, v)
}
