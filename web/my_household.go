package web

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

const householdPath = "/me/household"

// shownMembers is how many members of a group a page shows.
const shownMembers = 50

// ownHousehold is with whom the reader is registered.
type ownHousehold struct {
	Groups []ownGroup
	Past   []ownGroup
	Family []ownTie
	Others []other
	Tell   []tellLink       // where the reader tells of a change
	Asked  []ownRequestLine // what was told
	Open   int              // of it, what waits for an answer
	Told   []toldNote       // notes that were filed as documents
	Done   string
}

// ownGroup is one group that the reader is in, or was.
type ownGroup struct {
	ID      string
	Kind    words
	Number  string
	Role    words
	Dates   string
	Size    string // how many are in it; "": nobody knows
	Members []ownMember
	Head    bool   // the reader stands for it, and sees who is in it
	Next    string // address of its next members
	First   string
}

// ownMember is somebody in the reader's group.
type ownMember struct {
	Name, Number string
	Role         words
	Since        string
	Self         bool
}

// ownTie is somebody of the reader's family.
type ownTie struct {
	Key      string // of the relation
	Relation string
	Number   string
	About    string // what kind of marriage, or how it ended
	From, To string // days
	Dates    string // in words
}

// MyHousehold is GET /me/household.
func (p *Pages) MyHousehold(c *gin.Context) (err error) {
	d := p.visit(c)
	v := ownHousehold{Done: said(c, d.l, "ownhousehold.done_")}
	if v.Groups, v.Past, err = p.ownGroups(c, d.l, d.actor); err != nil {
		return err
	}
	kin, err := p.registry.Kinship(d.ctx, d.actor, d.actor.RegistrantID)
	if err != nil {
		return err
	}
	v.Family = familyOf(d.l, kin)
	if v.Tell, v.Asked, v.Open, err = p.tell(d.ctx, d.l, d.actor); err != nil {
		return err
	}
	if v.Told, err = p.toldNotes(d.ctx, d.l, d.actor, d.actor.RegistrantID, "/me"); err != nil {
		return err
	}
	if !d.actor.Acting() { // a ward's wards are not the guardian's
		if v.Others, err = p.others(d.ctx, d.l, d.actor); err != nil {
			return err
		}
	}
	return d.page(http.StatusOK, look{page: "my_household", title: d.l.t("ownhousehold.title"), nav: householdPath}, v)
}

// ownGroups are those that the reader is in now, and those that are over.
func (p *Pages) ownGroups(c *gin.Context, l *locale, actor registry.Actor) (now, past []ownGroup, err error) {
	ctx := c.Request.Context()
	kinds, err := p.registry.GroupKinds(ctx)
	if err != nil {
		return nil, nil, err
	}
	list, err := p.registry.Memberships(ctx, actor, actor.RegistrantID, "", 0)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range list.Memberships {
		kind := groupKindOf(kinds, m.Kind)
		g := ownGroup{ID: m.GroupID.String(), Kind: p.words(l, kind.Label, m.Kind), Role: p.memberRole(l, kind, m.Role), Dates: spanWords(l, m.Start, m.End)}
		if m.End != "" {
			past = append(past, g)
			continue
		}
		group, err := p.registry.Group(ctx, actor, m.GroupID)
		if err != nil {
			return nil, nil, err
		}
		g.Number, g.Size = group.Number, l.t("ownhousehold.size", "n", group.Size)
		if g.Head = m.Role == registry.HeadRole; g.Head {
			if err := p.ownMembers(c, l, actor, kind, m.GroupID, &g); err != nil {
				return nil, nil, err
			}
		}
		now = append(now, g)
	}
	return now, past, nil
}

// ownMembers adds a page of who is in a group that the reader stands for.
func (p *Pages) ownMembers(c *gin.Context, l *locale, actor registry.Actor, kind registry.GroupKind, group uuid.UUID, g *ownGroup) error {
	q := registry.MemberQuery{Limit: shownMembers}
	if c.Query("group") == g.ID {
		q.After = c.Query("after")
	}
	page, err := p.registry.Members(c.Request.Context(), actor, group, q)
	if err != nil {
		return err
	}
	for _, m := range page.Members {
		g.Members = append(g.Members, ownMember{Name: m.Name, Number: m.Number, Role: p.memberRole(l, kind, m.Role), Since: spanWords(l, m.Start, ""), Self: m.MemberID == actor.RegistrantID})
	}
	if page.Next != "" {
		g.Next = householdPath + "?group=" + g.ID + "&after=" + page.Next
	}
	if q.After != "" {
		g.First = householdPath
	}
	return nil
}

func groupKindOf(kinds []registry.GroupKind, key string) registry.GroupKind {
	for _, k := range kinds {
		if k.Key == key {
			return k
		}
	}
	return registry.GroupKind{Key: key}
}

func (p *Pages) memberRole(l *locale, kind registry.GroupKind, role string) words {
	for _, r := range kind.Roles {
		if r.Key == role {
			return p.words(l, r.Label, role)
		}
	}
	return words{Text: role}
}

// spanWords says from when to when something holds; the last day may be open.
func spanWords(l *locale, from, to string) string {
	switch {
	case from == "" && to == "":
		return ""
	case to == "":
		return l.t("span.since", "from", ownDay(l, from))
	case from == "":
		return l.t("span.until", "to", ownDay(l, to))
	}
	return l.t("span.both", "from", ownDay(l, from), "to", ownDay(l, to))
}

func ownDay(l *locale, text string) string {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return l.date(day)
	}
	return text
}

// familyOf is the reader's family, as far as the registry tells them: see
// registry.Kinship.
func familyOf(l *locale, k registry.Kinship) (out []ownTie) {
	add := func(key, number, about, from, to string) {
		t := ownTie{Key: key, Relation: l.t("tie." + key), Number: number, About: about, From: from, To: to, Dates: spanWords(l, from, to)}
		out = append(out, t)
	}
	for n, parent := range []*registry.Kin{k.Parent1, k.Parent2} {
		if parent != nil {
			add([]string{"parent1", "parent2"}[n], parent.Number, "", "", "")
		}
	}
	for _, s := range k.Spouses {
		about := l.t("ownhousehold.partners")
		switch {
		case s.IsSeparated:
			about = l.t("ownhousehold.separated")
		case s.IsMarried:
			about = l.t("ownhousehold.married")
		}
		add("spouse", s.Number, about, s.MarriedOn, s.SeparatedOn)
	}
	for _, g := range k.Guardians {
		add("guardian", g.Number, "", g.From, g.To)
	}
	return out
}
