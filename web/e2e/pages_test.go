package e2e_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// stop is one page of the tour: an address of the route table, and who looks.
type stop struct {
	route string // as in api/routes.go
	path  string
	who   string // "", "registrant" or a member of staff
}

// The downloads of the route table are no pages.
func downloads() []string {
	return []string{"/static/:hash/*name", "/admin/uploads/template.csv", "/admin/uploads/:id/problems.csv"}
}

// prepared is what the tour needs to be there.
type prepared struct {
	person, upload, config, offer string
	trial                         string // a test offer for makers of wallets
	consent                       string // the page that asks whether a wallet may have a credential
	credential, ward              string // ids of a credential that a wallet took, and of somebody in the registrant's care
	passphrase                    string
}

// prepare activates the registrant of the trial, makes an offer, uploads a file
// with problems, and rejects a detail, so that every page has something to show.
func prepare(t *testing.T) prepared {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s, p := world.server, prepared{passphrase: "six green kettles"}
	me, err := s.client()
	must(err)
	if err := me.signIn(s.number, p.passphrase); err != nil { // the first test activates, the others sign in
		_, _, err = me.post("/activate", url.Values{"number": {s.number}, "code": {s.code}, "passphrase": {p.passphrase}, "repeat": {p.passphrase}})
		must(err)
	}
	body, err := me.get("/me/credentials")
	must(err)
	p.config = match(t, body, `/me/credentials/([^/"]+)/offer`)
	_, at, err := me.send("/me/credentials/"+p.config+"/offer", "/me/credentials/"+p.config+"/offer", url.Values{"pin": {"1"}})
	must(err)
	p.offer = at.Path[strings.LastIndex(at.Path, "/")+1:]
	body, _, err = me.send("/me/credentials/"+p.config+"/offer", "/me/credentials/"+p.config+"/offer", url.Values{})
	must(err)
	must(takeCredential(html.UnescapeString(match(t, body, `href="(openid-credential-offer:[^"]+)"`)), ""))
	body, err = me.get("/me/credentials")
	must(err)
	p.credential = match(t, body, `/me/credentials/([0-9a-f-]{36})/reissue`)

	_, at, err = me.send("/wallets", "/wallets/offers", url.Values{"config": {p.config}, "way": {"pin"}})
	must(err)
	p.trial = at.Path[strings.LastIndex(at.Path, "/")+1:]

	admin, err := s.client()
	must(err)
	must(admin.signIn("admin", staffPassword))
	body, err = admin.get("/admin/people?q=" + s.number)
	must(err)
	p.person = match(t, body, `/admin/people/([0-9a-f-]{36})`)
	p.upload = admin.upload(t)
	p.ward, err = admin.ward(p.person)
	must(err)
	p.consent, err = consentPath(me, admin, p.config, "https://wallet.example/callback")
	must(err)
	return p
}

func match(t *testing.T, text, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("%s is not in the page", pattern)
	}
	return m[1]
}

func (p prepared) tour() []stop {
	person := "/admin/people/" + p.person
	offer := "/me/credentials/" + p.config + "/offer"
	return []stop{
		{"/", "/", ""}, {"/login", "/login", ""}, {"/activate", "/activate", ""},
		{"/wallets", "/wallets", ""}, {"/wallets/offers/:id", "/wallets/offers/" + p.trial, ""}, {"/wallets/code/:config", "/wallets/code/" + p.config, ""},
		{"/me", "/me", "registrant"}, {"/me/edit/:section", "/me/edit/contact", "registrant"}, {"/me/history", "/me/history", "registrant"},
		{"/me/credentials", "/me/credentials", "registrant"}, {"/me/credentials/:id/offer", offer, "registrant"},
		{"/me/credentials/:id/offer/:offer", offer + "/" + p.offer, "registrant"},
		{"/me/credentials/:id", "/me/credentials/" + p.credential, "registrant"}, {"", "/me/credentials?for=" + p.ward, "registrant"},
		{"/me/messages", "/me/messages", "registrant"}, {"/me/looks", "/me/looks", "registrant"}, {"/me/sharing", "/me/sharing", "registrant"},
		{"/oid4vci/authorize", "/oid4vci/authorize?client_id=nobody", "registrant"}, {"/me/authorize/:decision", p.consent, "registrant"},
		{"/admin", "/admin", "attester"}, {"/admin/people", "/admin/people", "admin"}, {"/admin/people/new", "/admin/people/new", "registrar"},
		{"/admin/people/:id", person, "admin"}, {"/admin/people/:id/edit", person + "/edit", "registrar"},
		{"/admin/people/:id/attest", person + "/attest", "attester"}, {"/admin/people/:id/code", person + "/code", "registrar"},
		{"/admin/people/:id/versions", person + "/versions", "auditor"}, {"/admin/people/:id/log", person + "/log", "auditor"}, {"/admin/people/:id/looks", person + "/looks", "auditor"},
		{"/admin/people/:id/credentials", person + "/credentials", "registrar"},
		{"/admin/uploads/new", "/admin/uploads/new", "registrar"}, {"/admin/uploads/:id", "/admin/uploads/" + p.upload, "registrar"},
		{"", "/admin/people?q=nobody+has+this+name", "attester"}, {"", "/no/such/page", ""}, {"", "/admin/uploads/new", "attester"},
	}
}

// TestEveryPage looks at every page of the route table in every variant, and in
// the dark.
func TestEveryPage(t *testing.T) {
	p := prepare(t)
	tour := p.tour()
	sessions := map[string]string{"registrant": sessionOf(t, world.server.number, p.passphrase)}
	for _, s := range tour {
		if s.who != "" && sessions[s.who] == "" {
			sessions[s.who] = sessionOf(t, s.who, staffPassword)
		}
	}
	for _, v := range append(variants(), variant{lang: "en", width: 1280, scripts: true, dark: true}, variant{lang: "ar", width: 360, scripts: true, dark: true}) {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			x := newTab(t, v)
			for _, s := range tour {
				x.signOut()
				if s.who != "" {
					x.cookie("sr_session", sessions[s.who])
				}
				x.open(s.path)
				x.check(p.picture(s.path))
			}
		})
	}
}

// picture names the picture of a page.
func (p prepared) picture(path string) string {
	path, query, _ := strings.Cut(strings.NewReplacer(p.person, "ID", p.credential, "ID").Replace(path), "?")
	if strings.HasPrefix(query, "for=") {
		path += "_for"
	}
	return "page" + strings.ReplaceAll(path, "/", "_")
}

// TestTourHasEveryPage reads the route table: a page that is added there must be
// added here.
func TestTourHasEveryPage(t *testing.T) {
	var known []string
	for _, s := range (prepared{}).tour() {
		known = append(known, s.route)
	}
	routes := pageRoutes(t)
	if len(routes) < 20 {
		t.Fatalf("%d pages in the route table: the reader has lost them", len(routes))
	}
	for _, r := range routes {
		if !slices.Contains(known, r) && !slices.Contains(downloads(), r) {
			t.Errorf("no test opens %s", r)
		}
	}
}

// pageRoutes is the first argument of every get in the method pages and in the
// functions that it hands groups to: ownPages, staffPages and the like.
func pageRoutes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", "api", "routes.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != "pages" && !strings.HasSuffix(f.Name.Name, "Pages") {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 2 {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			path, isText := call.Args[0].(*ast.BasicLit)
			if ok && isText && sel.Sel.Name == "get" {
				text, err := strconv.Unquote(path.Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, text)
			}
			return true
		})
	}
	return out
}
