package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// stateVariants differ in everything.
func stateVariants() []variant {
	return []variant{{lang: "en", width: 1280, scripts: true}, {lang: "ar", width: 360}}
}

// anybody are the pages that every account may open, with the reason.
func anybody() map[string]string {
	return map[string]string{
		"/oid4vci/authorize": "a wallet's request may come to anybody's browser",
		"/step-up":           "whoever is signed in proves who they are",
		"/login/second":      "whoever is half-way signed in",
		"/me/kept/:name":     "whoever else opens it is led to their own pages",
		"/admin/kept/:name":  "whoever else opens it is led to their own pages",
	}
}

// TestForbidden opens every page as somebody who may not: the page names what is
// needed, and shows nothing else.
func TestForbidden(t *testing.T) {
	p := prepare(t)
	tour := p.tour()
	sessions := p.sessions(t, tour)
	refused := map[string]string{}
	for _, s := range tour {
		if s.route == "" || s.who == "" || !wanted(s.path) || anybody()[s.route] != "" {
			continue
		}
		if refused[s.path] = p.refused(t, s, sessions); refused[s.path] == "" {
			t.Errorf("%s: nobody is refused", s.path)
		}
	}
	for _, v := range stateVariants() {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			x := newTab(t, v)
			for _, s := range tour {
				if who := refused[s.path]; who != "" {
					x.signOut()
					x.cookie("sr_session", sessions[who])
					x.open(s.path)
					x.state(s, "forbidden")
					if x.text("#failure") == "" || x.has("main form[method=post]") {
						t.Errorf("%s: %s as %s: %s", v, s.path, who, x.text("main"))
					}
				}
			}
		})
	}
}

// refused finds an account that may not see a page.
func (p prepared) refused(t *testing.T, s stop, sessions map[string]string) string {
	t.Helper()
	for _, who := range []string{"attester", "auditor", "registrar", "admin", "registrant"} {
		if who == s.who || sessions[who] == "" {
			continue
		}
		req, err := http.NewRequest(http.MethodGet, world.server.url+s.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.AddCookie(&http.Cookie{Name: "sr_session", Value: sessions[who]})
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode == http.StatusForbidden {
			return who
		}
	}
	return ""
}

// state looks at a page in a state that is not its usual one.
func (x *tab) state(s stop, state string, more ...string) {
	x.t.Helper()
	world.album.saw(s.route, state)
	name := world.prepared.picture(s.path)
	x.picture(strings.Join(append([]string{name, state}, more...), "."))
	for _, finding := range append(x.inspect(), x.heard()...) {
		x.t.Errorf("%s, %s, %s: %s", x.v, name, state, finding)
	}
}

// emptyLists are lists without anything in them: a page says instead what would
// be there.
const emptyLists = `[...document.querySelectorAll("main :is(ul, ol, dl, tbody)")].filter(e => !e.children.length).map(e => e.outerHTML.slice(0, 80))`

// TestNothingYet opens the pages of a person of whom little more than the name is
// known, as this person and as staff.
func TestNothingYet(t *testing.T) {
	p := prepare(t)
	fresh := newPerson(t, "Selestina")
	tour := p.tour()
	sessions := p.sessions(t, tour)
	sessions["registrant"] = sessionOf(t, fresh.number, fresh.passphrase)
	group := emptyGroup(t)
	for _, v := range stateVariants() {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			x := newTab(t, v)
			for _, s := range append(tour, p.nothingTour()...) {
				path := rePerson.ReplaceAllString(reGroup.ReplaceAllString(s.path, "/admin/groups/"+group), "/admin/people/"+fresh.id)
				own := s.who == "registrant" && !regexp.MustCompile(`/:|^$`).MatchString(s.route)
				nothing := slices.Contains(p.nothingTour(), s)
				parts := strings.Count(s.route, ":") - strings.Count(s.route, "attestations/:field")
				if !wanted(s.path) || !own && !nothing && path == s.path || parts > 1 {
					continue
				}
				x.signOut()
				x.cookie("sr_session", sessions[s.who])
				x.open(path)
				x.state(s, "empty")
				if lists := eval[[]string](x, emptyLists); len(lists) > 0 {
					t.Errorf("%s: %s: a list with nothing in it: %v", v, path, lists)
				}
			}
		})
	}
}

// TestEmptyRegistry opens the console's pages where nobody has been registered.
func TestEmptyRegistry(t *testing.T) {
	tour := prepare(t).tour()
	dir := t.TempDir()
	bare, err := startServer(dir, "sqlite:"+filepath.Join(dir, "registry.db"), "SR_DEMO=false")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bare.stop)
	sessions := map[string]string{"": ""}
	for _, role := range []string{"admin", "registrar", "attester", "auditor"} {
		c, err := bare.client()
		if err == nil {
			err = bare.command(staffPassword+"\n", "staff", "add", role, "--role", role)
		}
		if err == nil {
			err = c.signIn(role, staffPassword)
		}
		if err != nil {
			t.Fatal(err)
		}
		sessions[role] = c.session()
	}
	for _, v := range stateVariants() {
		t.Run(v.String(), func(t *testing.T) {
			x := newTab(t, v)
			x.on = bare
			for _, s := range tour {
				if token, ok := sessions[s.who]; ok && s.route == s.path && wanted(s.path) {
					x.signOut()
					x.cookie("sr_session", token)
					x.open(s.path)
					x.state(s, "empty", "registry")
					if lists := eval[[]string](x, emptyLists); len(lists) > 0 {
						t.Errorf("%s: %s: a list with nothing in it: %v", v, s.path, lists)
					}
				}
			}
		})
	}
}

// An address of a record, and where its id stands.
var (
	rePerson = regexp.MustCompile(`/admin/people/[0-9a-f]{8}-[0-9a-f-]{27}`)
	reGroup  = regexp.MustCompile(`/admin/groups/[0-9a-f]{8}-[0-9a-f-]{27}`)
)

// nothingTour: pages about other things than records, of which nothing is known.
func (p prepared) nothingTour() []stop {
	return []stop{
		{"/me/details/:field", "/me/details/locality", "registrant"}, {"/admin/areas/:code", "/admin/areas/XA-1", "admin"}, {"/admin/queues/:queue", "/admin/queues/expiring", "attester"},
		{"/admin/programmes/:code", "/admin/programmes/school_meals", "registrar"},
		{"/admin/programmes/:code/enrol", "/admin/programmes/school_meals/enrol?q=nobody+has+this+name", "registrar"},
	}
}

// emptyGroup makes a group without members, and a programme that nobody is
// enrolled in.
func emptyGroup(t *testing.T) string {
	t.Helper()
	admin, err := world.server.client()
	if err == nil {
		err = admin.signIn("admin", staffPassword)
	}
	var made struct{ ID string }
	if err == nil {
		err = admin.create("/api/v1/groups", map[string]any{"kind": "community", "reason": "trial", "values": map[string]string{"group_name": "A village that stands alone"}}, &made)
	}
	if err == nil {
		err = admin.create("/api/v1/programmes", map[string]any{"code": "school_meals", "label": map[string]string{"en": "School meals"}, "kinds": []string{"person"}, "start": "2020-01-01", "reason": "trial"}, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// somebody is a person whom a test registered.
type somebody struct{ id, number, passphrase string }

// newPerson registers somebody with two names, and activates the account.
func newPerson(t *testing.T, name string) somebody {
	t.Helper()
	return world.server.person(t, url.Values{"f_given_name": {name}, "f_family_name": {"Nobody"}})
}

// person registers somebody with these details, and activates the account.
func (s *server) person(t *testing.T, details url.Values) somebody {
	t.Helper()
	name, form := details.Get("f_given_name"), url.Values{"reason": {"first visit"}, "step": {"save"}, "other": {"1"}}
	maps.Copy(form, details)
	registrar, err := s.client()
	if err == nil {
		err = registrar.signIn("registrar", staffPassword)
	}
	if err != nil {
		t.Fatal(err)
	}
	body, at, err := registrar.send("/admin/people/new", "/admin/people/new", form)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(at.Path, "/new") {
		t.Fatalf("%s was not registered: %s", name, body)
	}
	who := somebody{id: at.Path[len("/admin/people/"):], number: match(t, body, `(SR-\d{11})`), passphrase: "six green kettles"}
	slip, _, err := registrar.send("/admin/people/"+who.id+"/code", "/admin/people/"+who.id+"/code", url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	own, err := s.client()
	if err == nil {
		_, _, err = own.post("/activate", url.Values{"number": {who.number}, "code": {match(t, slip, `(\d{4} \d{4})`)}, "passphrase": {who.passphrase}, "repeat": {who.passphrase}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return who
}

// typed are the forms of a page into which something is typed or chosen.
const typed = `[...document.querySelectorAll("main form[method=post]")].filter(f => f.querySelector("input:not([type=hidden], [type=checkbox], [type=radio], [readonly]), textarea")).length`

// blank empties the form with this number among the typed ones and presses its
// first button.
const blank = `(() => {
  const forms = [...document.querySelectorAll("main form[method=post]")].filter(f => f.querySelector("input:not([type=hidden], [type=checkbox], [type=radio], [readonly]), textarea"));
  const form = forms[%d];
  form.noValidate = true;
  for (const e of form.querySelectorAll("input:not([type=hidden], [type=checkbox], [type=radio], [readonly]), textarea")) e.value = "";
  for (let d = form.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
  (form.querySelector("button[type=submit], button:not([type])")).id = "first-button";
  return form.action;
})()`

// lenient are the forms that an empty input does not stop, with the reason: all of
// a page, or one by its number.
func lenient() map[string]string {
	return map[string]string{
		"/me/edit/:section":                       "an empty detail is a change like another; the next page asks",
		"/admin/people/:id/edit":                  "the next page asks; without a change it says so",
		"/me/credentials/:id/offer":               "nothing has to be typed",
		"/admin/people/:id/attest":                "nothing is ticked, so nothing is decided; the page says so",
		"/me/credentials/:id/offer/:offer":        "nothing has to be typed",
		"/me/requests/:id 0":                      "who takes a request back need not say why",
		"/admin/people/:id/documents/:document 0": "a document need not prove a detail",
		"/admin/groups/:id/documents/:document 0": "a document need not prove a detail",
		"/admin/exports/new 0":                    "the first button shows the details of another kind of record",
		"/admin/sources/:key 0":                   "a source may begin anew without a reason",
		"/admin/areas/:code/move 0":               "part of nothing: it stands at the top then",
		"/admin/staff/:name 2":                    "an empty passphrase is made for the account, and shown once",
		"/admin/requests/:id 0":                   "who approves need not say why",
		"/me/security/passkeys/new":               "its button asks the device, and without one sends nothing",
		"/admin/security/passkeys/new":            "its button asks the device, and without one sends nothing",
	}
}

// TestEveryFormRefuses sends every form without anything in it: the page says what
// is wrong, above the form and at the input.
func TestEveryFormRefuses(t *testing.T) {
	p := prepare(t)
	tour := p.tour()
	sessions := p.sessions(t, tour)
	for _, v := range stateVariants() {
		t.Run(v.String(), func(t *testing.T) {
			x := newTab(t, v)
			for _, s := range tour {
				if s.route == "" || !wanted(s.path) || lenient()[s.route] != "" {
					continue
				}
				x.signOut()
				if s.who != "" {
					x.cookie("sr_session", sessions[s.who])
				}
				x.open(s.path)
				for i := range eval[int](x, typed) {
					if lenient()[s.route+" "+strconv.Itoa(i)] != "" {
						continue
					}
					x.open(s.path)
					eval[string](x, fmt.Sprintf(blank, i))
					x.press("#first-button")
					x.state(s, "error", strconv.Itoa(i))
					if !x.has("main .notice.bad, main [aria-invalid=true]") {
						t.Errorf("%s: %s, form %d: nothing is said about empty inputs, at %s: %.200s", v, s.path, i, x.where(), x.text("main"))
					}
				}
			}
		})
	}
}
