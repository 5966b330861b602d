package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/issuer"
	"socialregistry/registry"
)

//go:embed templates
var templateFiles embed.FS

// shell is what the frame around every page needs.
type shell struct {
	Page      string // name of its template
	Lang, Dir string
	Title     string // of the page, without the service's name
	Languages []languageLink
	Nav       []navItem
	SignedIn  bool
	Name      string // of whoever is signed in
	View      any
}

type navItem struct {
	Href, Text string
	Icon       string // on a phone; "": none
	Count      string // what is new there; "": nothing
	CountText  string // the same in words
	Current    bool
}

// look is what a handler says about its page besides the view.
type look struct {
	page   string // name of the template
	title  string // heading and title
	nav    string // path of the section in the navigation
	failed bool   // the form came back with mistakes
	here   string // address to open the page at; "": that of the request
}

// parse reads each page once per language: the functions in it are bound to the
// language.
func (p *Pages) parse(files fs.FS) error {
	pages, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return fmt.Errorf("list templates: %w", err)
	}
	p.templates = map[string]*template.Template{}
	for _, l := range p.locales {
		frame, err := template.New("base.html").Funcs(p.funcs(l)).ParseFS(files, "templates/base.html", "templates/parts/*.html")
		if err != nil {
			return fmt.Errorf("parse templates: %w", err)
		}
		for _, file := range pages {
			t, err := template.Must(frame.Clone()).ParseFS(files, file)
			if err != nil {
				return fmt.Errorf("parse template %s: %w", file, err)
			}
			p.templates[l.code+"/"+strings.TrimSuffix(path.Base(file), ".html")] = t
		}
	}
	return nil
}

func (p *Pages) funcs(l *locale) template.FuncMap {
	return template.FuncMap{
		"t": l.t, "date": l.date, "dateTime": l.dateTime, "number": l.number,
		"asset": p.assetURL, "icon": icon,
	}
}

// show writes a page. Pages hold personal data: nothing keeps them.
func (p *Pages) show(c *gin.Context, status int, look look, view any) error {
	l := p.localeOf(c)
	actor := auth.Actor(c.Request.Context())
	s := shell{Page: look.page, Lang: l.code, Dir: l.dir, Title: look.title, Languages: p.otherLanguages(c, l, look.here), Nav: nav(l, actor, look.nav),
		SignedIn: len(actor.Roles) > 0, Name: actor.Name, View: view}
	if err := p.tellUnread(c, l, s.Nav); err != nil && status < http.StatusBadRequest {
		return err
	}
	if look.failed {
		s.Title = l.t("error.prefix") + " " + s.Title
	}
	t := p.templates[l.code+"/"+look.page]
	if t == nil {
		return fmt.Errorf("no template %q", look.page)
	}
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, "base.html", s); err != nil {
		return fmt.Errorf("show page %s: %w", look.page, err)
	}
	c.Header("Cache-Control", "no-store")
	c.Header("Vary", "Cookie, Accept-Language")
	c.Header("Content-Language", l.code)
	c.Data(status, "text/html; charset=utf-8", body.Bytes())
	return nil
}

// tellUnread writes beside the messages how many of them are new.
func (p *Pages) tellUnread(c *gin.Context, l *locale, items []navItem) error {
	at := slices.IndexFunc(items, func(item navItem) bool { return item.Href == messagesPath })
	if at < 0 || items[at].Current { // what is shown counts as read
		return nil
	}
	n, err := p.issuer.Unread(c.Request.Context(), auth.Actor(c.Request.Context()))
	if err != nil || n == 0 {
		return err
	}
	items[at].Count, items[at].CountText = l.number(n), l.t("nav.unread", "n", n)
	if n >= issuer.UnreadCap {
		items[at].Count = l.number(issuer.UnreadCap-1) + "+"
	}
	return nil
}

// seeOther ends a post: the browser asks for the page that shows its outcome.
func seeOther(c *gin.Context, location string) error {
	c.Header("Cache-Control", "no-store")
	c.Redirect(http.StatusSeeOther, location)
	return nil
}

// nav is the sections that the actor has.
func nav(l *locale, a registry.Actor, current string) []navItem {
	var items []navItem
	switch {
	case a.Has(registry.RoleRegistrant):
		items = []navItem{{Href: "/me", Text: "nav.record", Icon: "person"}, {Href: "/me/credentials", Text: "nav.credentials", Icon: "card"},
			{Href: sharingPath, Text: "nav.sharing", Icon: "share"}, {Href: "/me/history", Text: "nav.history", Icon: "clock"},
			{Href: messagesPath, Text: "nav.messages", Icon: "letter"}}
	case a.Has(registry.RoleAdmin) || a.Has(registry.RoleRegistrar):
		items = []navItem{{Href: "/admin", Text: "nav.queue"}, {Href: "/admin/people", Text: "nav.people"}, {Href: "/admin/uploads/new", Text: "nav.uploads"}}
	case len(a.Roles) > 0:
		items = []navItem{{Href: "/admin", Text: "nav.queue"}, {Href: "/admin/people", Text: "nav.people"}}
	}
	for i := range items {
		items[i].Text, items[i].Current = l.t(items[i].Text), items[i].Href == current
	}
	return items
}
