package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const groupsPath = "/admin/groups"

// groupRecord is a group in the shape in which pages show a record.
type groupRecord struct {
	record
	group registry.Group
	kind  registry.GroupKind
}

// groupView is what all pages of a group begin with.
type groupView struct {
	Who       identity
	Kind      words
	Size      int
	Ended     bool
	Tabs      []tab
	MayEdit   bool
	MayKeep   bool // change who belongs to it
	MayAttest bool
	Waiting   int
	Done      string // what was just done
}

type groupDetailsView struct {
	groupView
	Ring     ring
	Waits    []waitingChange
	Sections []section
	Facts    *factsView
	Above    []aboveRow // groups to which this one belongs
	Job      *jobView
}

// groupID reads :id; what is no id is no group.
func groupID(c *gin.Context) (uuid.UUID, error) {
	return pathID(c, "id", "no_such_group", "There is no such group.")
}

// loadGroup reads a group with definitions and states.
func (p *Pages) loadGroup(ctx context.Context, actor registry.Actor, id uuid.UUID) (g groupRecord, err error) {
	if g.group, err = p.registry.Group(ctx, actor, id); err != nil {
		return g, err
	}
	if g.kind, err = p.registry.GroupKind(ctx, g.group.Kind); err != nil {
		return g, err
	}
	if g.fields, err = p.registry.FieldsOf(ctx, g.group.Kind); err != nil {
		return g, err
	}
	g.person, g.record.kind = asPerson(g.group), g.group.Kind
	g.states, err = p.registry.FieldStates(ctx, actor, id)
	return g, err
}

// asPerson is a group for what shows records of people and groups alike.
func asPerson(g registry.Group) registry.Person {
	return registry.Person{ID: g.ID, Number: g.Number, Status: g.Status, VersionNo: g.VersionNo, LatestNo: g.LatestNo, ChainNo: g.ChainNo,
		Values: g.Values, CreatedAt: g.CreatedAt, UpdatedAt: g.UpdatedAt}
}

// ended tells whether the group is over.
func (g groupRecord) ended() bool { return g.group.Status == registry.StatusInactive }

// group loads the group of the address and the head of the page.
func (p *Pages) group(c *gin.Context, current string) (g groupRecord, v groupView, err error) {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	id, err := groupID(c)
	if err != nil {
		return g, v, err
	}
	if g, err = p.loadGroup(ctx, actor, id); err != nil {
		return g, v, err
	}
	base := groupsPath + "/" + id.String()
	v = groupView{Who: p.identityOf(g.fields, g.person, base), Kind: p.words(l, g.kind.Label, g.kind.Key), Size: g.group.Size, Ended: g.ended(), Waiting: g.waiting(),
		MayEdit: mayRegister(actor), MayKeep: mayKeep(actor) && !g.ended(), MayAttest: slices.ContainsFunc(attesters(), actor.Has)}
	for _, t := range []string{"", "/members", "/attest", "/programmes", "/versions", "/credentials", "/requests", "/log", "/identifiers", "/documents"} {
		v.Tabs = append(v.Tabs, tab{Href: base + t, Text: l.t("group.tab" + t), Current: t == current})
	}
	v.Done = cmp.Or(said(c, l, "group.done_"), said(c, l, "person.done_"))
	return g, v, nil
}

// Some pages show people and groups alike: what tells the two apart is the address.

// aboutGroup tells whether the page asked for is about a group.
func aboutGroup(c *gin.Context) bool { return strings.HasPrefix(c.FullPath(), groupsPath+"/") }

// basePath is what the addresses of the record's pages begin with.
func basePath(c *gin.Context, id uuid.UUID) string {
	if aboutGroup(c) {
		return groupsPath + "/" + id.String()
	}
	return "/admin/people/" + id.String()
}

// navOf is the section that a page of a record lies in.
func navOf(c *gin.Context) string {
	if aboutGroup(c) {
		return groupsPath
	}
	return "/admin/people"
}

// asPerson is the head of a group for the pages that people have too.
func (v groupView) asPerson(g groupRecord) personView {
	return personView{Who: v.Who, MayEdit: v.MayEdit, MayAttest: v.MayAttest, Latest: g.group.LatestNo, Waiting: v.Waiting, Group: &v}
}

// Group is GET /admin/groups/:id.
func (p *Pages) Group(c *gin.Context) error {
	g, head, err := p.group(c, "")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	v := groupDetailsView{groupView: head, Ring: newRing(g.record), Sections: p.sections(l, actor, g.record, p.masked)}
	if v.Waits, err = p.waitingOf(ctx, l, actor, g.group.ID, g.fields, p.masked); err != nil {
		return err
	}
	if v.Facts, err = p.facts(ctx, l, actor, g.group.ID); err != nil {
		return err
	}
	if v.Above, err = p.above(ctx, l, actor, g.group.ID); err != nil {
		return err
	}
	if v.Job, err = p.jobOf(c); err != nil {
		return err
	}
	return p.show(c, http.StatusOK, look{page: "group", title: head.Who.Name, nav: groupsPath}, v)
}

// factsView is what is counted from the members.
type factsView struct {
	AsOf       string
	Size       int
	Groups     int
	Rows       []factRow
	Dependants int
	WorkingAge int
	Ratio      int // dependants to 100 of working age
	HasRatio   bool
}

type factRow struct {
	Band string
	Sex  words
	N    int
}

// facts counts the members as they are today.
func (p *Pages) facts(ctx context.Context, l *locale, actor registry.Actor, id uuid.UUID) (*factsView, error) {
	f, err := p.registry.HouseholdFacts(ctx, actor, id, "")
	if err != nil || f.Size+f.Groups == 0 {
		return nil, err
	}
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return nil, err
	}
	v := &factsView{AsOf: l.day(f.AsOf), Size: f.Size, Groups: f.Groups, Dependants: f.Dependants, WorkingAge: f.WorkingAge}
	ratio, known := f.DependencyRatio()
	v.Ratio, v.HasRatio = int(ratio+0.5), known
	for _, n := range f.Counts {
		v.Rows = append(v.Rows, factRow{l.t("facts.band_" + string(n.Band)), p.choiceWords(l, fields, n.Sex), n.N})
	}
	return v, nil
}

// choiceWords names a value that is a choice of some field, or else is unknown.
func (p *Pages) choiceWords(l *locale, fields []registry.Field, value string) words {
	for _, f := range fields {
		for _, choice := range f.Choices {
			if f.Type == registry.TypeChoice && choice.Value == value {
				return p.words(l, choice.Label, value)
			}
		}
	}
	return words{Text: l.t("value.none")}
}

// aboveRow is a group that a person or group belongs to.
type aboveRow struct {
	link
	Role       words
	Start, End string
	Change     string // the page of the membership
}

// above lists the groups that a record belongs or belonged to: the first of them.
func (p *Pages) above(ctx context.Context, l *locale, actor registry.Actor, id uuid.UUID) ([]aboveRow, error) {
	page, err := p.registry.Memberships(ctx, actor, id, "", 0)
	if err != nil || len(page.Memberships) == 0 {
		return nil, err
	}
	var ids []uuid.UUID
	for _, m := range page.Memberships {
		ids = append(ids, m.GroupID)
	}
	named, err := p.links(ctx, l, actor, ids...)
	if err != nil {
		return nil, err
	}
	kinds, err := p.registry.GroupKinds(ctx)
	if err != nil {
		return nil, err
	}
	var out []aboveRow
	for _, m := range page.Memberships {
		row := aboveRow{link: named(m.GroupID), Role: p.roleWords(l, kinds, m.Kind, m.Role), Start: l.day(m.Start), End: l.day(m.End)}
		if row.Href != "" {
			row.Change = membershipPath(m)
		}
		out = append(out, row)
	}
	slices.SortStableFunc(out, func(a, b aboveRow) int { return boolFirst(a.End == "", b.End == "") })
	return out, nil
}

// boolFirst puts what is true before what is not.
func boolFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// roleWords names a role of a kind of group.
func (p *Pages) roleWords(l *locale, kinds []registry.GroupKind, kind, role string) words {
	for _, k := range kinds {
		for _, r := range k.Roles {
			if k.Key == kind && r.Key == role {
				return p.words(l, r.Label, role)
			}
		}
	}
	return words{Text: role, Lang: "und", Dir: "auto"}
}

// jobView is work that goes on after its page was left.
type jobView struct {
	State    string
	Running  bool
	Failed   string
	Progress int
	Total    int
	Href     string // looks again
	Page     string // of the job
	Cancel   string // "": it cannot be cancelled
	Token    string
}

// jobOf is the job that the address names, if the reader may follow it.
func (p *Pages) jobOf(c *gin.Context) (*jobView, error) {
	id, err := uuid.Parse(c.Query("job"))
	if err != nil {
		return nil, nil //nolint:nilerr // no job is named
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	j, err := p.registry.Job(ctx, auth.Actor(ctx), id)
	switch {
	case fault.KindOf(err) == fault.NotFound && err != nil, fault.KindOf(err) == fault.Forbidden && err != nil:
		return nil, nil
	case err != nil:
		return nil, err
	}
	v := &jobView{State: l.t("job.now_" + string(j.State)), Running: j.State == registry.JobQueued || j.State == registry.JobRunning,
		Progress: int(j.Progress), Total: int(j.Total), Href: c.Request.URL.RequestURI()}
	v.Page = jobPath(j.ID)
	if j.Failure != nil {
		v.Failed = faultText(l, j.Failure.Code, j.Failure.Detail)
	}
	if v.Running {
		actor := auth.Actor(ctx)
		if v.Token, err = p.registry.NewForm(actor); err != nil {
			return nil, err
		}
		v.Cancel = p.jobRow(l, actor, j, v.Token, v.Href).CancelURL
	}
	return v, nil
}
