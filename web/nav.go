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

// navPart is a section of the console or of the portal, or a page of one.
type navPart struct {
	href, text string
	icon       string          // on a phone; "": none
	roles      []registry.Role // any of them; none: everybody who has the section
	parts      []navPart       // its pages; none: the section is one page
}

func (s navPart) open(a registry.Actor) bool {
	return s.roles == nil || slices.ContainsFunc(s.roles, a.Has)
}

// consoleParts are the sections of the console, in their order. What one may not
// see is not shown. A section with pages leads to the first that is open.
func consoleParts() []navPart {
	return []navPart{
		{href: "/admin", text: "nav.queue"},
		{href: "/admin/people", text: "nav.people"},
		{text: "nav.requests", parts: []navPart{
			{href: deskRequestsPath, text: "nav.requests"},
			{href: deskAppealsPath, text: "nav.appeals", roles: appealReaders()},
		}},
		{text: "nav.groups", parts: []navPart{
			{href: groupsPath, text: "nav.groups"},
			{href: programmesPath, text: "nav.programmes"},
		}},
		{text: "nav.files", parts: []navPart{
			{href: uploadsPath, text: "nav.uploads", roles: uploaders()}, {href: exportsPath, text: "nav.exports", roles: exportReaders()},
			{href: jobsPath, text: "nav.jobs"}, {href: sourcesPath, text: "nav.sources", roles: sourceReaders()}, {href: mappingsPath, text: "nav.mappings", roles: sourceReaders()},
		}},
		{text: "nav.places", parts: []navPart{{href: areasPath, text: "nav.areas"}, {href: officesPath, text: "nav.offices"}}},
		{href: statisticsPath, text: "nav.statistics", roles: statisticsReaders()},
		{text: "nav.logs", parts: []navPart{
			{href: changesPath, text: "nav.change_log", roles: logReaders()}, {href: auditPath, text: "nav.audit", roles: logReaders()},
		}},
		{href: settingsPath, text: "nav.settings"},
	}
}

// ownParts are the sections of the portal: few enough for one row of a phone.
func ownParts() []navPart {
	return []navPart{
		{text: "nav.record", icon: "person", parts: []navPart{
			{href: "/me", text: "nav.details"}, {href: householdPath, text: "nav.household"}, {href: "/me/programmes", text: "nav.programmes"}, {href: documentsPath, text: "nav.documents"},
		}},
		{text: "nav.changes", icon: "clock", parts: []navPart{
			{href: requestsPath, text: "nav.requests"}, {href: appealsPath, text: "nav.appeals"}, {href: "/me/history", text: "nav.history"}, {href: versionsPath, text: "nav.versions"},
		}},
		{href: credentialsPath, text: "nav.credentials", icon: "card"},
		{href: messagesPath, text: "nav.messages", icon: "letter"},
		{text: "nav.privacy", icon: "share", parts: []navPart{
			{href: sharingPath, text: "nav.sharing"}, {href: "/me/looks", text: "nav.looks"}, {href: ownSecurity, text: "nav.security"}, {href: "/me/data", text: "nav.data"},
		}},
	}
}

// nav is the sections that the actor has, and the pages of the section in which
// current lies, if it has more than one.
func nav(l *locale, a registry.Actor, current string) (sections, pages []navItem) {
	parts := consoleParts()
	switch {
	case a.Has(registry.RoleRegistrant):
		parts = ownParts()
	case len(a.Roles) == 0:
		return nil, nil
	}
	for _, s := range parts {
		if !s.open(a) {
			continue
		}
		item, inside := s.item(l, current), s.pages(l, a, current)
		item.Current = item.Current || slices.ContainsFunc(inside, func(p navItem) bool { return p.Current })
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

func (s navPart) item(l *locale, current string) navItem {
	return navItem{Href: s.href, Text: l.t(s.text), Icon: s.icon, Current: s.href != "" && s.href == current}
}

// pages are those pages of a section that are open to the actor.
func (s navPart) pages(l *locale, a registry.Actor, current string) (inside []navItem) {
	for _, p := range s.parts {
		if p.open(a) {
			inside = append(inside, p.item(l, current))
		}
	}
	return inside
}
