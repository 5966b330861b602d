package e2e_test

import (
	"fmt"
	"html/template"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// album is which pages were looked at, in which states, by all tests together.
type album struct {
	mu     sync.Mutex
	states map[string]map[string]bool // by route
	needs  map[string]map[string]bool // what a page holds asks for
	files  []picture
}

// picture is a screenshot that was kept.
type picture struct{ Name, Variant, File string }

// saw notes that a page was looked at in a state; "" is the usual one.
func (a *album) saw(route, state string) {
	if route == "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.states[route] == nil {
		a.states[route] = map[string]bool{}
	}
	a.states[route][state] = true
}

// asks notes that a page has something that has another state.
func (a *album) asks(route, state string) {
	if route == "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.needs[route] == nil {
		a.needs[route] = map[string]bool{}
	}
	a.needs[route][state] = true
}

func newAlbum() *album {
	return &album{states: map[string]map[string]bool{}, needs: map[string]map[string]bool{}}
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
	for route, state := range special() {
		if a.needs[route] == nil {
			a.needs[route] = map[string]bool{}
		}
		for _, one := range strings.Fields(state) {
			a.needs[route][one] = true
		}
	}
	for _, route := range slices.Sorted(maps.Keys(a.needs)) {
		for _, state := range slices.Sorted(maps.Keys(a.needs[route])) {
			if !a.states[route][state] && never()[route+" "+state] == "" {
				lines = append(lines, fmt.Sprintf("no test looks at %s in the state %q", route, state))
			}
		}
	}
	return lines
}

// special are the states that no page shows by its markup: work that goes on,
// figures that are old, offers that are over.
func special() map[string]string {
	return map[string]string{
		"/me/credentials/:id/offer/:offer": "issued",
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
