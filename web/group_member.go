package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// nextHeads is how many members the list of those has who may become head.
const nextHeads = 200

type memberView struct {
	groupView
	Member     link
	Role       words
	Start, End string
	EndReason  string
	Action     string
	Open       bool // it holds now, and the reader may change it

	NewRole, Former, On, Reason input // another role
	EndOn, NextHead, Why        input // the end
	Token                       string
	Problems                    []problem
}

// membershipPath is the page of one membership.
func membershipPath(m registry.Membership) string {
	return groupsPath + "/" + m.GroupID.String() + "/members/" + m.MemberID.String() + "/" + strconv.Itoa(m.Seq)
}

// membership finds the membership that the address names.
func (p *Pages) membership(c *gin.Context, group uuid.UUID) (registry.Membership, error) {
	none := fault.New(fault.NotFound, "no_such_membership", "There is no such membership.")
	ctx := c.Request.Context()
	member, err := uuid.Parse(c.Param("member"))
	seq, seqErr := wholeNumber(c.Param("seq"))
	if err != nil || seqErr != nil {
		return registry.Membership{}, none
	}
	for after, more := "", true; more; more = after != "" {
		page, err := p.registry.Memberships(ctx, auth.Actor(ctx), member, after, 200)
		if err != nil {
			return registry.Membership{}, err
		}
		for _, m := range page.Memberships {
			if m.GroupID == group && m.Seq == seq {
				return m, nil
			}
		}
		after = page.Next
	}
	return registry.Membership{}, none
}

// Member is GET /admin/groups/:id/members/:member/:seq: one membership.
func (p *Pages) Member(c *gin.Context) error { return p.member(c, http.StatusOK, nil, nil) }

// MemberChange is POST /admin/groups/:id/members/:member/:seq: another role, or the end.
func (p *Pages) MemberChange(c *gin.Context) error {
	d, form, err := p.desked(c, keepers()...)
	if err != nil {
		return err
	}
	id, err := groupID(c)
	if err != nil {
		return err
	}
	m, err := p.membership(c, id)
	if err != nil {
		return err
	}
	end, back := form.Get("step") == "end", groupsPath+"/"+id.String()+"/members"
	return d.once(form, func(ctx context.Context) (string, error) {
		if end {
			err = p.endMembership(ctx, d.actor, m, form)
			return back + "?done=left", err
		}
		err = p.changeRole(ctx, d.actor, m, form)
		return back + "?done=role", err
	}, func(problems []problem) error {
		return p.member(c, http.StatusUnprocessableEntity, form, memberProblems(problems, fault.CodeOf(err), end))
	})
}

func (p *Pages) endMembership(ctx context.Context, actor registry.Actor, m registry.Membership, form url.Values) error {
	why := strings.TrimSpace(form.Get("why"))
	if err := requireReason(why); err != nil {
		return err
	}
	end := registry.MembershipEnd{MemberID: m.MemberID, Seq: m.Seq, On: form.Get("end_on"), Reason: why}
	var err error
	if end.NextHead, err = p.headOf(ctx, actor, m.GroupID, form.Get("next_head")); err != nil {
		return err
	}
	return p.registry.EndMembership(ctx, actor, m.GroupID, end)
}

func (p *Pages) changeRole(ctx context.Context, actor registry.Actor, m registry.Membership, form url.Values) error {
	reason := strings.TrimSpace(form.Get("reason"))
	if err := requireReason(reason); err != nil {
		return err
	}
	return p.registry.ChangeRole(ctx, actor, m.GroupID, registry.RoleChange{MemberID: m.MemberID, Seq: m.Seq, Role: form.Get("role"),
		On: form.Get("on"), Former: form.Get("former"), Reason: reason})
}

// memberProblems leads mistakes to the inputs of the form that was sent.
func memberProblems(problems []problem, code string, end bool) []problem {
	to := map[string]string{}
	if end {
		to = map[string]string{"on": "end_on", "reason": "why"}
	}
	for i := range problems {
		pr := &problems[i]
		switch {
		case to[pr.Field] != "":
			pr.Field = to[pr.Field]
		case pr.Field != "":
		case end && (code == "head_needed" || code == "not_a_member" || code == "kind_not_allowed"):
			pr.Field = "next_head"
		case code == "role_taken":
			pr.Field = "former"
		case code == "head_needed" || code == "kind_not_allowed":
			pr.Field = "role"
		}
	}
	return problems
}

func (p *Pages) member(c *gin.Context, status int, form url.Values, problems []problem) error {
	g, head, err := p.group(c, "/members")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	m, err := p.membership(c, g.group.ID)
	if err != nil {
		return err
	}
	named, err := p.links(ctx, l, actor, m.MemberID)
	if err != nil {
		return err
	}
	v := memberView{groupView: head, Member: named(m.MemberID), Role: p.roleWords(l, []registry.GroupKind{g.kind}, m.Kind, m.Role), Start: l.day(m.Start), End: l.day(m.End),
		EndReason: p.endReason(l, g.kind, m), Action: membershipPath(m), Open: head.MayKeep && m.End == "", Problems: problems}
	if v.Open {
		if err := p.memberForms(ctx, l, actor, g, m, &v, form); err != nil {
			return err
		}
	}
	return p.show(c, status, look{page: "group_member", title: v.Member.Name, nav: groupsPath, failed: len(problems) > 0}, v)
}

// endReason says why a membership ended: in words, where it was for another role.
func (p *Pages) endReason(l *locale, k registry.GroupKind, m registry.Membership) string {
	role, ok := strings.CutPrefix(m.EndReason, "role ")
	for _, r := range k.Roles {
		if ok && r.Key == role {
			return l.t("members.became", "role", p.words(l, r.Label, role).Text)
		}
	}
	return m.EndReason
}

func (p *Pages) memberForms(ctx context.Context, l *locale, actor registry.Actor, g groupRecord, m registry.Membership, v *memberView, form url.Values) (err error) {
	role := form.Get("role")
	if role == "" {
		role = m.Role
	}
	v.NewRole = choiceInput(l, "role", "members.role", "", p.roleOptions(l, g.kind, role), v.Problems)
	v.On = dayInput(l, "on", "members.on", form.Get("on"), v.Problems)
	v.On.Hint = words{Text: l.t("members.today")}
	v.Reason = reasonInput(l, "reason", form.Get("reason"), v.Problems)
	v.Former = choiceInput(l, "former", "members.former", "members.nobody", p.roleOptions(l, g.kind, form.Get("former")), v.Problems)
	v.Former.Hint = words{Text: l.t("members.former_hint")}
	v.EndOn = dayInput(l, "end_on", "members.end_on", form.Get("end_on"), v.Problems)
	v.EndOn.Hint = words{Text: l.t("members.end_hint")}
	v.Why = reasonInput(l, "why", form.Get("why"), v.Problems)
	if g.kind.NeedsHead && m.Role == registry.HeadRole {
		if v.NextHead, err = p.nextHead(ctx, l, actor, m, form.Get("next_head"), v.Problems); err != nil {
			return err
		}
	}
	v.Token, err = p.registry.NewForm(actor)
	return err
}

// headOf reads who shall be head: an id, or a registration number of a member. Nobody is
// named by "". Error: Invalid "no_such_person".
func (p *Pages) headOf(ctx context.Context, actor registry.Actor, group uuid.UUID, text string) (uuid.UUID, error) {
	text = strings.TrimSpace(text)
	if id, err := uuid.Parse(text); err == nil || text == "" {
		return id, nil
	}
	page, err := p.registry.Search(ctx, actor, registry.Query{Text: text, MemberOf: group, Limit: 2, Names: true})
	if err != nil && fault.KindOf(err) != fault.Invalid {
		return uuid.Nil, err
	}
	for _, x := range page.People {
		if strings.EqualFold(x.Number, text) {
			return x.ID, nil
		}
	}
	return uuid.Nil, fault.InvalidFields("invalid_values", "Some values cannot be accepted.", []fault.Field{{Name: "next_head", Code: "no_such_person", Detail: "The group has no member with this number."}})
}

// nextHead lists the people who may become head, or asks for the number of one.
func (p *Pages) nextHead(ctx context.Context, l *locale, actor registry.Actor, m registry.Membership, chosen string, problems []problem) (input, error) {
	page, err := p.registry.Members(ctx, actor, m.GroupID, registry.MemberQuery{Limit: nextHeads})
	if err != nil {
		return input{}, err
	}
	if page.Next != "" { // too many to choose from
		in := input{ID: "next_head", Kind: "text", Label: words{Text: l.t("members.next_head")}, Value: chosen, Dir: "ltr", Autocomplete: "off", MaxLength: 40, Wrong: wrongOf(problems, "next_head")}
		in.Hint = words{Text: l.t("members.next_head_number", "n", nextHeads)}
		return in, nil
	}
	var found []candidate
	for _, other := range page.Members {
		if other.MemberID != m.MemberID && other.RecordKind == registry.PersonKind {
			found = append(found, candidate{ID: other.MemberID.String(), Name: other.Name, Number: other.Number})
		}
	}
	in := choiceInput(l, "next_head", "members.next_head", "value.choose", candidateOptions(found, chosen), problems)
	in.Hint = words{Text: l.t("members.next_head_hint")}
	return in, nil
}
