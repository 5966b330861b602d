package e2e_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"html/template"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// album is which pages were looked at, in which states, by all tests together. A
// page is a route; what a template alone can tell stands under "template NAME".
type album struct {
	mu     sync.Mutex
	routes []*regexp.Regexp           // of the route table, those without parameters first
	names  []string                   // of routes, in the same order
	states map[string]map[string]bool // that were looked at
	needs  map[string]map[string]bool // what a page holds asks for
	files  []picture
}

// picture is a screenshot that was kept.
type picture struct{ Name, Variant, File string }

func newAlbum() *album {
	return &album{states: map[string]map[string]bool{}, needs: map[string]map[string]bool{}}
}

// saw notes that a page was looked at in a state; "" is the usual one.
func (a *album) saw(page, state string) { a.put(a.states, page, state) }

// asks notes that a page has something that has another state.
func (a *album) asks(page, state string) { a.put(a.needs, page, state) }

func (a *album) put(where map[string]map[string]bool, page, state string) {
	if page == "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if where[page] == nil {
		where[page] = map[string]bool{}
	}
	where[page][state] = true
}

// know takes the route table in, to tell which route a path belongs to.
func (a *album) know(routes []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.names = slices.Clone(routes)
	slices.SortStableFunc(a.names, func(p, q string) int { return strings.Count(p, ":") - strings.Count(q, ":") })
	a.routes = nil
	for _, route := range a.names {
		a.routes = append(a.routes, regexp.MustCompile("^"+regexp.MustCompile(`[:*][a-z]+`).ReplaceAllString(route, "[^/]+")+"$"))
	}
}

// routeOf is the route of a path; "" if no page has it.
func (a *album) routeOf(path string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, route := range a.routes {
		if route.MatchString(path) {
			return a.names[i]
		}
	}
	return ""
}

// shown is what the markup of a page says about its state.
type shown struct {
	Page, Path     string
	Work, AtWork   bool // it shows a job; which waits or runs
	Degraded       bool // a part of it is worse off than usual
	Failure, Offer string
	Provider       string
}

// states reads it.
const states = `({
  Page: document.body.dataset.page ?? "", Path: location.pathname,
  Work: document.querySelector("main .job, main #job, main #offer[data-state]") !== null,
  AtWork: document.querySelector("main .job:is([data-state=queued], [data-state=running]), main #job.wait, main #offer[data-state=waiting]") !== null,
  Degraded: document.querySelector("main [data-degraded]") !== null,
  Failure: document.querySelector("main#main #failure") ? String(performance.getEntriesByType("navigation")[0].responseStatus) : "",
  Offer: document.querySelector("main #offer")?.dataset.state ?? "",
  Provider: document.querySelector("main #provider")?.dataset.code ?? "",
})`

// observe notes the states that the markup of the open page tells by itself.
func (x *tab) observe() {
	x.t.Helper()
	is := eval[shown](x, states)
	if is.Page == "gallery" {
		return
	}
	a, route := world.album, world.album.routeOf(is.Path)
	if is.Work {
		a.asks(route, "long-running")
	}
	for state, holds := range map[string]bool{"long-running": is.AtWork, "degraded": is.Degraded} {
		if holds {
			a.saw(route, state)
			a.saw("template "+is.Page, state)
		}
	}
	a.saw("failure", is.Failure)
	a.saw("offer", is.Offer)
	a.saw("provider", is.Provider)
}

// lists tells whether the page shows a list that may be empty: rows of a table or
// entries of a timeline.
const lists = `document.querySelector("main tbody, main ol.line, main ul.plain li, main .empty") !== null`

// note writes down what the page that is open asks for.
func (x *tab) note(s stop) {
	x.t.Helper()
	world.album.saw(s.route, "")
	if s.who != "" && anybody()[s.route] == "" {
		world.album.asks(s.route, "forbidden")
	}
	for i := range eval[int](x, typed) {
		if lenient()[s.route] == "" && lenient()[s.route+" "+strconv.Itoa(i)] == "" {
			world.album.asks(s.route, "error")
		}
	}
	if eval[bool](x, lists) {
		world.album.asks(s.route, "empty")
	}
}

// missing gives a line for each state of each page that nobody looked at.
func (a *album) missing() (lines []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, page := range slices.Sorted(maps.Keys(a.needs)) {
		for _, state := range slices.Sorted(maps.Keys(a.needs[page])) {
			if !a.states[page][state] && never()[page+" "+state] == "" {
				lines = append(lines, fmt.Sprintf("no test looks at %s in the state %q", page, state))
			}
		}
	}
	return lines
}

// readStates asks for the states that stand in the sources: of templates that can
// show work or be worse off, and of those whose words the locale has.
func (a *album) readStates(templates string, locale []byte) error {
	parts, err := filepath.Glob(filepath.Join(templates, "parts", "*.html"))
	if err != nil {
		return err
	}
	pages, err := filepath.Glob(filepath.Join(templates, "*.html"))
	if err != nil || len(parts) == 0 || len(pages) == 0 {
		return fmt.Errorf("no templates in %s: %w", templates, err)
	}
	blocks := map[string]string{}
	for _, file := range parts {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, block := range regexp.MustCompile(`\{\{-? ?define "`).Split(string(text), -1) {
			name, body, _ := strings.Cut(block, `"`)
			blocks[name] = body
		}
	}
	for _, file := range pages {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, whole := strings.TrimSuffix(filepath.Base(file), ".html"), withParts(string(text), blocks, map[string]bool{})
		for mark, state := range map[string]string{`id="job`: "long-running", "data-degraded": "degraded"} {
			if name != "gallery" && strings.Contains(whole, mark) {
				a.asks("template "+name, state)
			}
		}
	}
	var words map[string]any
	if err := json.Unmarshal(locale, &words); err != nil {
		return err
	}
	for key := range words {
		for pattern, page := range map[string]string{`^failure\.(\d+)$`: "failure", `^offer\.head_(.+)$`: "offer", `^provider\.(.+)_help$`: "provider"} {
			if m := regexp.MustCompile(pattern).FindStringSubmatch(key); m != nil {
				a.asks(page, m[1])
			}
		}
	}
	return nil
}

// withParts is a template with the parts that it uses.
func withParts(text string, blocks map[string]string, seen map[string]bool) string {
	out := text
	for _, m := range regexp.MustCompile(`\{\{-? ?template "([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if !seen[m[1]] {
			seen[m[1]] = true
			out += withParts(blocks[m[1]], blocks, seen)
		}
	}
	return out
}

// TestAlbumNamesWhatIsMissing: the count of states can fail.
func TestAlbumNamesWhatIsMissing(t *testing.T) {
	a := newAlbum()
	a.know([]string{"/admin/people/:id", "/admin/people/new"})
	for path, want := range map[string]string{"/admin/people/new": "/admin/people/new", "/admin/people/7": "/admin/people/:id", "/admin/people/7/edit": ""} {
		if got := a.routeOf(path); got != want {
			t.Errorf("%s is taken for %q, want %q", path, got, want)
		}
	}
	if err := a.readStates(filepath.Join("..", "templates"), []byte(`{"failure.500": "", "failure.back": "", "offer.head_waiting": ""}`)); err != nil {
		t.Fatal(err)
	}
	a.asks("/me", "forbidden")
	for _, want := range []string{"/me in the state \"forbidden\"", `failure in the state "500"`, `offer in the state "waiting"`, `template upload_status in the state "long-running"`, `template statistics in the state "degraded"`} {
		if !slices.Contains(a.missing(), "no test looks at "+want) {
			t.Errorf("nothing is said about %s: %q", want, a.missing())
		}
	}
	a.saw("/me", "forbidden")
	if slices.Contains(a.missing(), `no test looks at /me in the state "forbidden"`) {
		t.Error("a state that was looked at is said to be missing")
	}
}

// TestEveryStateHasItsPicture counts what all tests of this package looked at, so
// it is the last of them and says nothing of value alone.
func TestEveryStateHasItsPicture(t *testing.T) {
	for _, line := range world.album.missing() {
		t.Error(line)
	}
	if t.Failed() && flag.Lookup("test.run").Value.String() != "" {
		t.Log("it counts what all tests look at: run them together")
	}
}

// never are states that cannot be, each with the reason.
func never() map[string]string {
	return map[string]string{
		"/wallets empty":                         "the table of refusals is part of the program",
		"/me/credentials/:id empty":              "a credential has a life from the start",
		"/admin/uploads/:id empty":               "an upload without problems has no table of them",
		"/admin/people/:id/credentials error":    "nothing is typed but a reason, which web tests hold",
		"/admin/clients/:key empty":              "that it was registered stands in its history",
		"/admin/wallet-providers/:key empty":     "that it was defined stands in its history",
		"/admin/credentials/:config empty":       "a type has claims",
		"/admin/fields/:key empty":               "a definition has a first version",
		"/admin/issued/:id empty":                "that it was issued stands in its life",
		"/admin/keys/:kid empty":                 "that it was made stands in its history",
		"/admin/mappings/:key empty":             "a mapping names a column",
		"/admin/requests/:id empty":              "a request asks for something, and was made by somebody",
		"/admin/sources/:key empty":              "a source that was never asked says so beside its settings",
		"/admin/staff/:name empty":               "an account has a role",
		"/me/requests/:id empty":                 "a request asks for something, and was made by somebody",
		"/me/versions/:number empty":             "a version has values",
		"/me/credentials/:id/offer/:offer empty": "an offer can always be opened in a wallet",
		"/admin/people/:id/offers/:offer empty":  "an offer can always be opened in a wallet",
		"/admin/groups/:id/offers/:offer empty":  "an offer can always be opened in a wallet",
	}
}

// writeIndex writes one page with all pictures, for people to look at.
func (a *album) writeIndex(dir string) error {
	missing := a.missing()
	page := template.Must(template.New("").Parse(`<!doctype html><meta charset="utf-8"><title>Every page in every state</title>
<style>body{font:16px sans-serif;margin:2rem}figure{display:inline-block;margin:1rem;vertical-align:top}img{inline-size:22rem;border:1px solid #999}figcaption{max-inline-size:22rem}</style>
<h1>Every page in every state</h1>{{with .Missing}}<h2>Not looked at</h2><ul>{{range .}}<li>{{.}}</li>{{end}}</ul>{{end}}{{range .Files}}<figure><a href="{{.File}}"><img src="{{.File}}" loading="lazy" alt=""></a><figcaption>{{.Name}}<br>{{.Variant}}</figcaption></figure>
{{end}}`))
	f, err := os.Create(filepath.Join(dir, "index.html"))
	if err != nil {
		return err
	}
	defer f.Close()
	slices.SortFunc(a.files, func(p, q picture) int { return strings.Compare(p.File, q.File) })
	return page.Execute(f, map[string]any{"Missing": missing, "Files": a.files})
}
