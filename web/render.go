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
	"sync"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/issuer"
)

//go:embed templates
var templateFiles embed.FS

// shell is what the frame around every page needs.
type shell struct {
	Page      string // name of its template
	Lang, Dir string
	Title     string // of the page, without the service's name
	Language  string // in its own words
	Languages []languageLink
	Menu      bool      // on a phone the sections stand behind a word
	Nav       []navItem // sections
	Pages     []navItem // of the section, if there are several
	SignedIn  bool
	Acting    *actingBand // whom a guardian acts for; nil: nobody
	Name      string      // of whoever is signed in
	Security  string      // where they see how they sign in
	View      any
}

// look is what a handler says about its page besides the view.
type look struct {
	page   string // name of the template
	title  string // heading and title
	nav    string // path of the section in the navigation
	failed bool   // the form came back with mistakes
	here   string // address to open the page at; "": that of the request
}

// templates are the pages. Each is read with the frame and the parts when it is
// first shown in a language, whose functions it is bound to: a test shows every one
// in every language. It is safe for concurrent use.
type templates struct {
	files fs.FS
	names map[string]string // of the files, by page

	mu    sync.Mutex
	bound map[string]*template.Template // by language and page
}

// findTemplates lists the pages.
func findTemplates(files fs.FS) (*templates, error) {
	pages, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	ts := &templates{files: files, names: map[string]string{}, bound: map[string]*template.Template{}}
	for _, file := range pages {
		ts.names[strings.TrimSuffix(path.Base(file), ".html")] = file
	}
	return ts, nil
}

// template is a page in a language.
func (p *Pages) template(l *locale, name string) (*template.Template, error) {
	ts := p.templates
	ts.mu.Lock()
	defer ts.mu.Unlock()
	key := l.code + "/" + name
	if t := ts.bound[key]; t != nil {
		return t, nil
	}
	file, ok := ts.names[name]
	if !ok {
		return nil, fmt.Errorf("no template %q", name)
	}
	t, err := template.New("base.html").Funcs(p.funcs(l)).ParseFS(ts.files, "templates/base.html", "templates/parts/*.html", file)
	if err != nil {
		return nil, fmt.Errorf("parse template %s: %w", name, err)
	}
	ts.bound[key] = t
	return t, nil
}

func (p *Pages) funcs(l *locale) template.FuncMap {
	return template.FuncMap{
		"t": l.t, "date": l.date, "dateTime": l.dateTime, "number": l.number,
		"asset": p.assetURL, "has": p.hasAsset, "icon": icon,
	}
}

// show writes a page. Pages hold personal data: nothing keeps them.
func (p *Pages) show(c *gin.Context, status int, look look, view any) error {
	l := p.localeOf(c)
	p.freshen(c.Request.Context())
	actor := auth.Actor(c.Request.Context())
	s := shell{Page: look.page, Lang: l.code, Dir: l.dir, Title: look.title, Language: l.name, Languages: p.otherLanguages(c, l, look.here),
		Acting: bandOf(c.Request.Context()), SignedIn: len(actor.Roles) > 0, Name: actor.Name, Security: securityOf(actor), View: view}
	s.Nav, s.Pages = nav(l, actor, look.nav)
	s.Menu = len(s.Nav) > 0 && s.Nav[0].Icon == "" // those of the portal have icons, and one row
	if err := p.tellUnread(c, l, s.Nav); err != nil && status < http.StatusBadRequest {
		return err
	}
	if look.failed {
		s.Title = l.t("error.prefix") + " " + s.Title
	}
	t, err := p.template(l, look.page)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, frameOf(c.Request), s); err != nil {
		return fmt.Errorf("show page %s: %w", look.page, err)
	}
	c.Header("Cache-Control", "no-store")
	c.Header("Vary", "Cookie, Accept-Language, HX-Request")
	c.Header("Content-Language", l.code)
	write(c, status, "text/html; charset=utf-8", straight(body.Bytes()))
	return nil
}

// frameOf is what a page is written with: its frame, or its main part alone.
func frameOf(r *http.Request) string {
	if byHTMX(r) {
		return "fragment"
	}
	return "base.html"
}

// straight takes overrides and embeddings of direction out of a page: no text of
// ours has them, and in a name or a reason they would turn what follows.
func straight(page []byte) []byte {
	if !bytes.Contains(page, []byte("\u202a")[:2]) {
		return page
	}
	return bytes.Map(func(r rune) rune {
		if r >= 0x202a && r <= 0x202e {
			return -1
		}
		return r
	}, page)
}

// tellUnread writes beside the messages how many of them are new.
func (p *Pages) tellUnread(c *gin.Context, l *locale, items []navItem) error {
	at := slices.IndexFunc(items, func(item navItem) bool { return item.Href == messagesPath })
	actor := auth.Actor(c.Request.Context())
	if at < 0 || items[at].Current || bandOf(c.Request.Context()) != nil && !actor.Acting() { // what is shown counts as read; and those of a ward are not the guardian's
		return nil
	}
	n, err := p.issuer.Unread(c.Request.Context(), actor)
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
