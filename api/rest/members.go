package rest

import (
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

// membershipBody is somebody's part in a group for a time.
type membershipBody struct {
	Group      uuid.UUID `json:"group"`
	Member     uuid.UUID `json:"member"`
	Seq        int       `json:"seq"`
	GroupKind  string    `json:"group_kind"`
	Role       string    `json:"role"`
	Start      string    `json:"start"`
	End        string    `json:"end,omitempty"` // the first day on which it does not hold; absent: it holds
	EndReason  string    `json:"end_reason,omitempty"`
	RecordedAt time.Time `json:"recorded_at"`
	RecordedBy string    `json:"recorded_by"`
	EndedAt    time.Time `json:"ended_at,omitzero"`
	EndedBy    string    `json:"ended_by,omitempty"`
}

func membershipBodyOf(m registry.Membership) membershipBody {
	return membershipBody{Group: m.GroupID, Member: m.MemberID, Seq: m.Seq, GroupKind: m.Kind, Role: m.Role, Start: m.Start, End: m.End, EndReason: m.EndReason,
		RecordedAt: m.RecordedAt, RecordedBy: m.RecordedBy, EndedAt: m.EndedAt, EndedBy: m.EndedBy}
}

// memberBody is a membership with what a list shows of the member.
type memberBody struct {
	membershipBody
	Number string `json:"number"`
	Kind   string `json:"kind"` // person, or a kind of group
	Name   string `json:"name,omitempty"`
}

func memberBodyOf(m registry.Member) memberBody {
	return memberBody{membershipBodyOf(m.Membership), m.Number, m.RecordKind, m.Name}
}

// newMember is who shall belong to a group.
type newMember struct {
	Member uuid.UUID `json:"member"`
	Role   string    `json:"role"`
	Start  string    `json:"start"` // day; absent: today
}

// newMembers is the body of POST /groups/{id}/members.
type newMembers struct {
	Members []newMember `json:"members"`
	Reason  string      `json:"reason"`
}

func newMembersOf(bodies []newMember) []registry.NewMember {
	out := make([]registry.NewMember, len(bodies))
	for i, b := range bodies {
		out[i] = registry.NewMember{MemberID: b.Member, Role: b.Role, Start: b.Start}
	}
	return out
}

// Members answers GET /groups/{id}/members.
func (h *Handlers) Members(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "as_of", "all", "after", "limit"); err != nil {
		return err
	}
	q, err := memberQuery(c)
	if err != nil {
		return err
	}
	found, err := h.reg.Members(c.Request.Context(), actorOf(c), id, q)
	if err != nil {
		return err
	}
	return okList(c, found.Members, memberBodyOf, found.Next)
}

func memberQuery(c *gin.Context) (registry.MemberQuery, error) {
	page, err := pageOf(c)
	if err != nil {
		return registry.MemberQuery{}, err
	}
	all := c.Query("all")
	if all != "" && all != "true" {
		return registry.MemberQuery{}, badQuery("all", "bad_all", "true, or absent.")
	}
	return registry.MemberQuery{AsOf: c.Query("as_of"), All: all != "", After: page.After, Limit: page.Limit}, nil
}

// AddMembers answers POST /groups/{id}/members.
func (h *Handlers) AddMembers(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var body newMembers
	if err := decode(c, &body); err != nil {
		return err
	}
	added, err := h.reg.AddMembers(c.Request.Context(), actorOf(c), id, newMembersOf(body.Members), body.Reason)
	if err != nil {
		return err
	}
	return created(c, groupsPath+"/"+id.String()+"/members", listOf(added, membershipBodyOf))
}

// membershipPath reads the names of one membership in the path.
func membershipPath(c *gin.Context) (group, member uuid.UUID, seq int, err error) {
	if group, err = pathID(c, "id"); err != nil {
		return
	}
	if member, err = pathID(c, "member"); err != nil {
		return
	}
	seq, err = pathNumber(c, "seq")
	return
}

// membershipEnd is the body of POST /groups/{id}/members/{member}/{seq}/end.
type membershipEnd struct {
	On       string    `json:"on"`        // day; absent: today
	NextHead uuid.UUID `json:"next_head"` // a member
	Reason   string    `json:"reason"`
}

// EndMembership answers POST /groups/{id}/members/{member}/{seq}/end.
func (h *Handlers) EndMembership(c *gin.Context) error {
	group, member, seq, err := membershipPath(c)
	if err != nil {
		return err
	}
	var body membershipEnd
	if err := decode(c, &body); err != nil {
		return err
	}
	end := registry.MembershipEnd{MemberID: member, Seq: seq, On: body.On, NextHead: body.NextHead, Reason: body.Reason}
	if err := h.reg.EndMembership(c.Request.Context(), actorOf(c), group, end); err != nil {
		return err
	}
	return noContent(c)
}

// roleChange is the body of POST /groups/{id}/members/{member}/{seq}/role.
type roleChange struct {
	Role   string `json:"role"`
	On     string `json:"on"`     // day; absent: today
	Former string `json:"former"` // the role that whoever has a unique role now gets instead
	Reason string `json:"reason"`
}

// ChangeRole answers POST /groups/{id}/members/{member}/{seq}/role.
func (h *Handlers) ChangeRole(c *gin.Context) error {
	group, member, seq, err := membershipPath(c)
	if err != nil {
		return err
	}
	var body roleChange
	if err := decode(c, &body); err != nil {
		return err
	}
	change := registry.RoleChange{MemberID: member, Seq: seq, Role: body.Role, On: body.On, Former: body.Former, Reason: body.Reason}
	if err := h.reg.ChangeRole(c.Request.Context(), actorOf(c), group, change); err != nil {
		return err
	}
	return noContent(c)
}

// Memberships answers GET /people/{id}/memberships and /groups/{id}/memberships.
func (h *Handlers) Memberships(c *gin.Context) error {
	id, page, err := recordPage(c)
	if err != nil {
		return err
	}
	found, err := h.reg.Memberships(c.Request.Context(), actorOf(c), id, page.After, page.Limit)
	if err != nil {
		return err
	}
	return okList(c, found.Memberships, membershipBodyOf, found.Next)
}
