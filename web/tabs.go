package web

import "socialregistry/registry"

// tab is one part of a person's pages.
type tab struct {
	Href, Text string
	Current    bool
	Count      string // how many there are; "": not told
}

// personTab is a tab of every person: the end of its address, and for whom it is
// shown. The registry decides again when it is opened. Its words are "person.tab"
// and the end of the address.
type personTab struct {
	path string
	open func(registry.Actor) bool // nil: everybody of the staff
}

// personTabs are the tabs, in their order. A part of a person's pages that comes
// with another feature adds its own here.
func personTabs() []personTab {
	return []personTab{
		{path: ""},
		{path: "/attest"},
		{path: "/household"},
		{path: "/programmes"},
		{path: "/versions"},
		{path: "/credentials"},
		{path: "/documents"},
		{path: "/identifiers"},
		{path: "/consents"},
		{path: "/requests"},
		{path: "/messages", open: mayReadMessages},
		{path: "/log"},
		{path: "/looks", open: mayReadLooks},
	}
}

// tabsOf are the tabs that the actor is shown.
func tabsOf(l *locale, actor registry.Actor, base, current string) []tab {
	var out []tab
	for _, t := range personTabs() {
		if t.open == nil || t.open(actor) {
			out = append(out, tab{Href: base + t.path, Text: l.t("person.tab" + t.path), Current: t.path == current})
		}
	}
	return out
}
