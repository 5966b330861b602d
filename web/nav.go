package web

import (
	"slices"

	"socialregistry/registry"
)

// navItem is one section of the navigation.
type navItem struct {
	Href, Text string
	Icon       string // on a phone; "": none
	Count      string // what is new there; "": nothing
	CountText  string // the same in words
	Current    bool
}

// consolePart is a section of the console, or a page of one.
type consolePart struct {
	href, text string
	roles      []registry.Role // any of them; none: all staff
	parts      []consolePart   // its pages; none: the section is one page
}

func (s consolePart) open(a registry.Actor) bool {
	return s.roles == nil || slices.ContainsFunc(s.roles, a.Has)
}

// consoleParts are the sections of the console, in their order. What one may not
// see is not shown. A section with pages leads to the first that is open.
func consoleParts() []consolePart {
	keepers := []registry.Role{registry.RoleAdmin, registry.RoleRegistrar}
	return []consolePart{
		{href: "/admin", text: "nav.queue"},
		{href: "/admin/people", text: "nav.people"},
		{text: "nav.files", parts: []consolePart{
			{href: "/admin/uploads/new", text: "nav.uploads", roles: keepers},
		}},
	}
}

// ownParts are the sections of the portal.
func ownParts() []navItem {
	return []navItem{{Href: "/me", Text: "nav.record", Icon: "person"}, {Href: "/me/credentials", Text: "nav.credentials", Icon: "card"},
		{Href: sharingPath, Text: "nav.sharing", Icon: "share"}, {Href: "/me/history", Text: "nav.history", Icon: "clock"},
		{Href: messagesPath, Text: "nav.messages", Icon: "letter"}}
}

// nav is the sections that the actor has, and the pages of the section in which
// current lies, if it has more than one.
func nav(l *locale, a registry.Actor, current string) (sections, pages []navItem) {
	if a.Has(registry.RoleRegistrant) {
		sections = ownParts()
		for i := range sections {
			sections[i].Text, sections[i].Current = l.t(sections[i].Text), sections[i].Href == current
		}
		return sections, nil
	}
	if len(a.Roles) == 0 {
		return nil, nil
	}
	for _, s := range consoleParts() {
		if !s.open(a) {
			continue
		}
		item := navItem{Href: s.href, Text: l.t(s.text), Current: s.href == current}
		var inside []navItem
		for _, p := range s.parts {
			if p.open(a) {
				inside = append(inside, navItem{Href: p.href, Text: l.t(p.text), Current: p.href == current})
				item.Current = item.Current || p.href == current
			}
		}
		if len(s.parts) > 0 {
			if len(inside) == 0 {
				continue
			}
			item.Href = inside[0].Href
		}
		if item.Current && len(inside) > 1 {
			pages = inside
		}
		sections = append(sections, item)
	}
	return sections, pages
}
