package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/registry"
)

// membersPage is how many members one page of a list has.
const membersPage = 50

type membersView struct {
	groupView
	turn
	Find     input
	Asked    bool
	Found    []candidate
	Role     input
	Start    input
	Reason   input
	AsOf     input
	Seek, In input // a member by name or number, and by role
	Sought   bool
	Past     bool // those are shown who are members no more
	Rows     []memberRow
	Token    string
	Problems []problem
}

type memberRow struct {
	link
	Role       words
	Start, End string
	Change     string // the page of the membership
}

// adding is what is asked of the group's members.
type adding struct {
	find    string
	members []registry.NewMember
	role    string
	start   string
	reason  string
}

// Members is GET /admin/groups/:id/members.
func (p *Pages) Members(c *gin.Context) error {
	return p.members(c, http.StatusOK, adding{find: strings.TrimSpace(c.Query("q"))}, nil)
}

// MembersAdd is POST /admin/groups/:id/members: everybody who is ticked gets one role.
func (p *Pages) MembersAdd(c *gin.Context) error {
	d, form, err := p.desked(c, keepers()...)
	if err != nil {
		return err
	}
	id, err := groupID(c)
	if err != nil {
		return err
	}
	a := addingOf(form)
	return d.once(form, func(ctx context.Context) (string, error) {
		if err := requireReason(a.reason); err != nil {
			return "", err
		}
		_, err := p.registry.AddMembers(ctx, d.actor, id, a.members, a.reason)
		return groupsPath + "/" + id.String() + "/members?done=added", err
	}, func(problems []problem) error { return p.members(c, http.StatusUnprocessableEntity, a, problems) })
}

func addingOf(form url.Values) adding {
	a := adding{find: form.Get("q"), role: form.Get("role"), start: form.Get("start"), reason: strings.TrimSpace(form.Get("reason"))}
	for _, id := range idsOf(form["member"], firstMembers) {
		a.members = append(a.members, registry.NewMember{MemberID: id, Role: a.role, Start: a.start})
	}
	return a
}

func (p *Pages) members(c *gin.Context, status int, a adding, problems []problem) error {
	g, head, err := p.group(c, "/members")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	v := membersView{groupView: head, Asked: a.find != "", Past: c.Query("all") != "", AsOf: dayInput(l, "as_of", "members.as_of", c.Query("as_of"), nil)}
	if _, err := dayOf(c.Query("as_of")); c.Query("as_of") != "" && err != nil {
		status, problems = http.StatusUnprocessableEntity, append(problems, problem{Field: "as_of", Text: l.t("fault." + registry.CodeBadDate)})
		v.AsOf.Wrong = wrongOf(problems, "as_of")
	} else if err := p.listMembers(c, g, &v); err != nil {
		return err
	}
	if head.MayKeep {
		if err := p.addForm(ctx, l, actor, g, a, &v, problems); err != nil {
			return err
		}
	}
	return p.show(c, status, look{page: "group_members", title: head.Who.Name, nav: groupsPath, failed: len(problems) > 0}, v)
}

// listMembers is one page of who belongs to the group now, on a day, or ever did.
func (p *Pages) listMembers(c *gin.Context, g groupRecord, v *membersView) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	q := registry.MemberQuery{AsOf: c.Query("as_of"), All: v.Past, Role: c.Query("in_role"), After: c.Query("after"), Limit: membersPage}
	who := strings.TrimSpace(c.Query("who"))
	v.Seek = input{ID: "who", Kind: "search", Label: words{Text: l.t("members.seek")}, Value: who, Dir: "auto", Autocomplete: "off", MaxLength: 200}
	v.In = choiceInput(l, "in_role", "members.role", "people.any", p.roleOptions(l, g.kind, q.Role), nil)
	v.Sought = who != "" || q.Role != ""
	if who != "" {
		var err error
		if q.Only, err = p.seekMembers(ctx, auth.Actor(ctx), g, who); err != nil {
			return err
		}
	}
	page, err := p.registry.Members(ctx, auth.Actor(ctx), g.group.ID, q)
	if err != nil {
		return err
	}
	kinds, err := p.kindWords(ctx, l)
	if err != nil {
		return err
	}
	for _, m := range page.Members {
		row := memberRow{Role: p.roleWords(l, []registry.GroupKind{g.kind}, m.Kind, m.Role), Start: l.day(m.Start), End: l.day(m.End)}
		if m.Number == "" {
			row.link = link{Name: l.t("members.outside")}
		} else {
			row.link = link{Href: recordPath(m.RecordKind, m.MemberID), Name: m.Name, Number: m.Number, Kind: kinds[m.RecordKind]}
			row.Change = membershipPath(m.Membership)
		}
		if row.Name == "" {
			row.Name = m.Number
		}
		v.Rows = append(v.Rows, row)
	}
	v.turn = turnOf(c.Request.URL, page.Next)
	return nil
}

// seekMembers finds members of a group by name or number; an empty list, if there is none.
func (p *Pages) seekMembers(ctx context.Context, actor registry.Actor, g groupRecord, text string) ([]uuid.UUID, error) {
	found := []uuid.UUID{}
	q := registry.Query{Text: text, MemberOf: g.group.ID, Limit: membersPage, Names: true}
	people, err := p.registry.Search(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	for _, x := range people.People {
		found = append(found, x.ID)
	}
	groups, err := p.registry.Groups(ctx, actor, q)
	for _, x := range groups.Groups {
		found = append(found, x.ID)
	}
	return found, err
}

// addForm is the search for new members, who was found, and how they join.
func (p *Pages) addForm(ctx context.Context, l *locale, actor registry.Actor, g groupRecord, a adding, v *membersView, problems []problem) (err error) {
	v.Problems = problems
	v.Find = searchInput(l, "q", "members.find", a.find)
	v.Role = choiceInput(l, "role", "members.role", "", p.roleOptions(l, g.kind, a.role), problems)
	if a.role == "" && len(v.Role.Options) > 0 {
		v.Role.Options[len(v.Role.Options)-1].Selected = true
	}
	v.Start = dayInput(l, "start", "members.start", a.start, problems)
	v.Start.Hint = words{Text: l.t("members.today")}
	v.Reason = reasonInput(l, "reason", a.reason, problems)
	var chosen []uuid.UUID
	for _, m := range a.members {
		chosen = append(chosen, m.MemberID)
	}
	if v.Found, err = p.candidates(ctx, l, actor, chosen); err != nil {
		return err
	}
	for i := range v.Found {
		v.Found[i].Chosen = true
	}
	v.placeProblems(l)
	if v.Asked {
		found, err := p.findCandidates(ctx, l, actor, a.find, g.kind.MemberKinds, append(chosen, g.group.ID)...)
		if err != nil {
			return err
		}
		v.Found = append(v.Found, found...)
	}
	v.Token, err = p.registry.NewForm(actor)
	return err
}

// placeProblems leads each mistake to the row or input that it is about.
func (v *membersView) placeProblems(l *locale) {
	for i := range v.Problems {
		pr := &v.Problems[i]
		at, member, ok := memberProblem(pr.Field)
		switch {
		case !ok || at >= len(v.Found):
		case member == "start":
			pr.Field, v.Start.Wrong = "start", pr.Text
		case member == "role":
			pr.Field, v.Role.Wrong = "role", pr.Text
		default:
			v.Found[at].Wrong = pr.Text
			pr.Field, pr.Text = "m-"+v.Found[at].ID, l.t("edit.problem", "field", v.Found[at].Name, "text", pr.Text)
		}
	}
}
