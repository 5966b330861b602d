package e2e_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"net/url"
	"os"
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

// isDownload tells the routes that give files and parts, which are no pages.
func isDownload(route string) bool {
	return slices.Contains([]string{"/static/:hash/*name", "/verifiers/samples/:n", "/me/documents/:id/file", "/admin/people/:id/documents/:document/file", "/admin/groups/:id/documents/:document/file"}, route) || regexp.MustCompile(`\.(csv|json|ndjson|xlsx|svg)$`).MatchString(route)
}

// prepared is what the tour needs to be there.
type prepared struct {
	person, upload, config, offer string
	trial                         string // a test offer for makers of wallets
	consent                       string // the page that asks whether a wallet may have a credential
	paper                         string // the page of one that is printed
	credential, ward              string // ids of a credential that a wallet took, and of somebody in the registrant's care
	passphrase                    string
	groups                        groupsPrepared
	people                        peoplePrepared
	keys                          keysPrepared
	files                         preparedFiles
	portal                        preparedPortal
	settings                      preparedSettings
}

// prepare makes what the pages show, once for each server.
func prepare(t *testing.T) prepared {
	t.Helper()
	if world.prepared == nil {
		p := prepareServer(t)
		world.prepared = &p
	}
	return *world.prepared
}

// prepareServer activates the registrant of the trial, makes an offer, uploads a
// file with problems, and rejects a detail, so that every page has something to
// show.
func prepareServer(t *testing.T) prepared {
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
	p.files = prepareFiles(t, admin)
	p.ward, err = admin.ward(p.person)
	must(err)
	p.groups = prepareGroups(t, admin, p.person, p.ward)
	p.keys = prepareSecurity(t, s, me)
	p.settings = prepareSettings(t, admin)
	p.paper = preparePaper(t, me, "/me/credentials/"+p.config+"/print", "given_name", "family_name", "birth_date")
	p.portal = preparePortal(t, me, admin, p.person)
	p.people = preparePeople(t, admin, p.person, p.config)
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

// tour is every page, part by part.
func (p prepared) tour() []stop {
	return slices.Concat(p.publicTour(), p.ownTour(), p.portalTour(), p.recordTour(), p.filesTour(), p.settingsTour(), p.aboutTour(), p.verifyTour(), p.groupsTour(), p.securityTour(), p.requestsTour(), p.groupRecordTour(), p.programmesTour())
}

// sessions are the tokens of all who look at the stops.
func (p prepared) sessions(t *testing.T, tour []stop) map[string]string {
	t.Helper()
	sessions := map[string]string{"registrant": sessionOf(t, world.server.number, p.passphrase)}
	for _, s := range tour {
		if s.who != "" && sessions[s.who] == "" {
			sessions[s.who] = sessionOf(t, s.who, staffPassword)
		}
	}
	return sessions
}

// wanted keeps a run to the pages that SR_E2E_ONLY, a regular expression, names:
// for whoever works on one of them. Everything is wanted without it.
func wanted(path string) bool {
	only := os.Getenv("SR_E2E_ONLY")
	return only == "" || regexp.MustCompile(only).MatchString(path)
}

// TestEveryPage looks at every page of the route table in every variant. With
// scripts it looks at each in the dark as well.
func TestEveryPage(t *testing.T) {
	p := prepare(t)
	tour := p.tour()
	sessions := p.sessions(t, tour)
	for _, v := range variants() {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			x := newTab(t, v)
			for _, s := range tour {
				if !wanted(s.path) {
					continue
				}
				x.signOut()
				if s.who != "" {
					x.cookie("sr_session", sessions[s.who])
				}
				x.open(s.path)
				x.check(p.picture(s.path))
				if v == variants()[0] {
					x.note(s)
				}
			}
		})
	}
}

// picture names the picture of a page.
func (p prepared) picture(path string) string {
	path, query, _ := strings.Cut(regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9_-]{43}`).ReplaceAllString(path, "ID"), "?")
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
	routes, err := pageRoutes()
	if err != nil || len(routes) < 20 {
		t.Fatalf("%d pages in the route table: the reader has lost them: %v", len(routes), err)
	}
	for _, r := range routes {
		if !slices.Contains(known, r) && elsewhere()[r] == "" && !isDownload(r) {
			t.Errorf("no test opens %s", r)
		}
	}
}

// elsewhere are the pages that no tour can open, with the test that does.
func elsewhere() map[string]string {
	return map[string]string{
		"/verify":                  "TestVerifyOffline: it leads to /verify/",
		"/login/provider":          "TestProviderWalk: it leads to another server",
		"/login/provider/callback": "TestProviderWalk: only the other server knows what to send",
	}
}

// pageRoutes is the first argument of every get in the method pages and in the
// functions that it hands groups to: ownPages, staffPages and the like.
func pageRoutes() (out []string, err error) {
	files, err := filepath.Glob(filepath.Join("..", "..", "api", "routes*.go"))
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && (f.Name.Name == "pages" || strings.HasSuffix(f.Name.Name, "Pages")) {
				paths, err := pathsIn(f)
				if err != nil {
					return nil, err
				}
				out = append(out, paths...)
			}
		}
	}
	return out, nil
}

// pathsIn is the first argument of every get. One that is put together from others
// cannot be read, so that its page would need no test: it is an error.
func pathsIn(f *ast.FuncDecl) (out []string, err error) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); !ok || sel.Sel.Name != "get" {
			return true
		}
		arg := call.Args[0]
		if sum, ok := arg.(*ast.BinaryExpr); ok { // the same page of every issuer
			if base, ok := sum.X.(*ast.Ident); ok && base.Name == "issuerPath" {
				arg = sum.Y
			}
		}
		lit, ok := arg.(*ast.BasicLit)
		if !ok {
			err = fmt.Errorf("a route of %s is not written out", f.Name.Name)
			return true
		}
		text, wrong := strconv.Unquote(lit.Value)
		out, err = append(out, text), errors.Join(err, wrong)
		return true
	})
	return out, err
}
