package web

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// firstMembers is how many members are read from a form: one more than the registry
// takes at once, so that it is told that they are too many.
const firstMembers = registry.MaxMembersAtOnce + 1

type groupKindsView struct {
	Kinds []kindChoice
}

type kindChoice struct {
	Href    string
	Name    words
	Members []words // who may belong to it
}

type groupNewView struct {
	editView
	Kind  string
	Name  words
	Find  input
	Asked bool
	Rows  []candidate
	Start input
	Wrong string // of the members as a whole
}

// foundingGroup is the form of a new group.
type foundingGroup struct {
	*editing
	kind    registry.GroupKind
	members []registry.NewMember
	find    string
	start   string
}

// GroupNew is GET /admin/groups/new: first the kind, then its details and members.
func (p *Pages) GroupNew(c *gin.Context) error {
	if err := auth.Allow(c, keepers()...); err != nil {
		return err
	}
	if c.Query("kind") == "" {
		return p.groupKindChoice(c)
	}
	f, err := p.founding(c, c.Query("kind"))
	if err != nil {
		return err
	}
	for _, id := range idsOf(c.QueryArray("member"), firstMembers) {
		f.members = append(f.members, registry.NewMember{MemberID: id, Role: f.firstRole()})
	}
	return p.groupNewForm(c, f, http.StatusOK, nil)
}

func (p *Pages) groupKindChoice(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	kinds, err := p.registry.GroupKinds(ctx)
	if err != nil {
		return err
	}
	named, err := p.kindWords(ctx, l)
	if err != nil {
		return err
	}
	var v groupKindsView
	for _, k := range kinds {
		query := url.Values{"kind": {k.Key}, "member": c.QueryArray("member")}
		choice := kindChoice{Href: groupsPath + "/new?" + query.Encode(), Name: p.words(l, k.Label, k.Key)}
		for _, m := range k.MemberKinds {
			choice.Members = append(choice.Members, named[m])
		}
		v.Kinds = append(v.Kinds, choice)
	}
	return p.show(c, http.StatusOK, look{page: "group_kind", title: l.t("groups.new"), nav: groupsPath}, v)
}

// GroupCreate is POST /admin/groups/new: finds members, or makes the group.
func (p *Pages) GroupCreate(c *gin.Context) error {
	d, form, err := p.desked(c, keepers()...)
	if err != nil {
		return err
	}
	f, err := p.founding(c, form.Get("kind"))
	if err != nil {
		return err
	}
	if err := f.readAll(form); err != nil {
		return err
	}
	if form.Get("step") != "save" {
		return p.groupNewForm(c, f, http.StatusOK, nil)
	}
	return d.once(form, func(ctx context.Context) (string, error) {
		if err := f.complete(nil); err != nil {
			return "", err
		}
		g, err := p.registry.CreateGroup(ctx, f.actor, f.kind.Key, f.change(), f.members)
		return groupsPath + "/" + g.ID.String() + "?done=created", err
	}, func(problems []problem) error {
		return p.groupNewForm(c, f, http.StatusUnprocessableEntity, problems)
	})
}

func (p *Pages) founding(c *gin.Context, kind string) (*foundingGroup, error) {
	ctx := c.Request.Context()
	actor := auth.Actor(ctx)
	k, err := p.registry.GroupKind(ctx, kind)
	if err != nil {
		return nil, err
	}
	fields, err := p.registry.FieldsOf(ctx, k.Key)
	if err != nil {
		return nil, err
	}
	return &foundingGroup{kind: k, editing: &editing{p: p, l: p.localeOf(c), actor: actor, rec: record{fields: fields}, staff: true, fields: editableBy(actor, fields),
		action: groupsPath + "/new", back: groupsPath}}, nil
}

// editableBy is editable for those who work in the field, too: they enter what a
// registrar may.
func editableBy(actor registry.Actor, fields []registry.Field) []registry.Field {
	if actor.Has(registry.RoleFieldWorker) {
		actor.Roles = append([]registry.Role{registry.RoleRegistrar}, actor.Roles...)
	}
	return editable(actor, fields)
}

// firstRole is that of the first member: the head, where a group needs one.
func (f *foundingGroup) firstRole() string {
	if len(f.kind.Roles) == 0 {
		return ""
	}
	if f.kind.NeedsHead && len(f.members) == 0 {
		return registry.HeadRole
	}
	return f.kind.Roles[len(f.kind.Roles)-1].Key
}

// readAll takes over the details, who was ticked, and in which role.
func (f *foundingGroup) readAll(form url.Values) error {
	if err := f.read(form); err != nil {
		return err
	}
	f.find, f.start = form.Get("find"), form.Get("start")
	for _, id := range idsOf(form["member"], firstMembers) {
		f.members = append(f.members, registry.NewMember{MemberID: id, Role: form.Get("role_" + id.String()), Start: f.start})
	}
	return nil
}

func (p *Pages) groupNewForm(c *gin.Context, f *foundingGroup, status int, problems []problem) error {
	ctx := c.Request.Context()
	edit, err := f.view(problems)
	if err != nil {
		return err
	}
	v := groupNewView{editView: edit, Kind: f.kind.Key, Name: p.words(f.l, f.kind.Label, f.kind.Key), Asked: f.find != "",
		Find: searchInput(f.l, "find", "members.find", f.find), Start: dayInput(f.l, "start", "members.start", f.start, nil)}
	if v.Rows, err = f.rows(ctx, p); err != nil {
		return err
	}
	for i, problem := range problems {
		at, member, ok := memberProblem(problem.Field)
		switch {
		case problem.Field == "members":
			v.Wrong, v.Problems[i].Field = problem.Text, "members"
		case ok && at < len(f.members) && member == "start":
			v.Start.Wrong, v.Problems[i].Field = problem.Text, "start"
		case ok && at < len(f.members):
			v.Rows[at].Wrong, v.Problems[i].Field = problem.Text, "m-"+v.Rows[at].ID
			v.Problems[i].Text = f.l.t("edit.problem", "field", v.Rows[at].Name, "text", problem.Text)
		}
	}
	return p.show(c, status, look{page: "group_new", title: f.l.t("groups.new_kind", "kind", v.Name.Text), nav: groupsPath, failed: len(problems) > 0}, v)
}

// rows is who is ticked, and then who was found.
func (f *foundingGroup) rows(ctx context.Context, p *Pages) ([]candidate, error) {
	var ids []uuid.UUID
	for _, m := range f.members {
		ids = append(ids, m.MemberID)
	}
	rows, err := p.candidates(ctx, f.l, f.actor, ids)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].Chosen = true
		rows[i].Role = f.roleInput(p, rows[i].ID, f.members[i].Role)
	}
	if f.find == "" {
		return rows, nil
	}
	found, err := p.findCandidates(ctx, f.l, f.actor, f.find, f.kind.MemberKinds, ids...)
	for i := range found {
		found[i].Role = f.roleInput(p, found[i].ID, f.firstRole())
	}
	return append(rows, found...), err
}

func (f *foundingGroup) roleInput(p *Pages, id, role string) input {
	return input{ID: "role_" + id, Kind: "choice", Label: words{Text: f.l.t("members.role")}, Options: p.roleOptions(f.l, f.kind, role)}
}

// roleOptions are the roles of a kind of group.
func (p *Pages) roleOptions(l *locale, k registry.GroupKind, now string) []option {
	var out []option
	for _, r := range k.Roles {
		out = append(out, option{Value: r.Key, Label: p.words(l, r.Label, r.Key), Selected: r.Key == now})
	}
	return out
}

// memberProblem reads which of several members a mistake is about: members[2].role.
func memberProblem(field string) (at int, member string, ok bool) {
	m := regexp.MustCompile(`^members\[(\d{1,4})\](?:\.(\w+))?$`).FindStringSubmatch(field)
	if m == nil {
		return 0, "", false
	}
	at, err := strconv.Atoi(m[1])
	return at, m[2], err == nil
}

// requireReason refuses a form of staff that does not say why.
func requireReason(reason string) error {
	if reason != "" {
		return nil
	}
	return fault.InvalidFields("invalid_values", "Some values cannot be accepted.", []fault.Field{{Name: "reason", Code: "reason_missing", Detail: "Say why: it stands in the change log."}})
}
