package web_test

import (
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"socialregistry/registry"
	"socialregistry/web"
)

var (
	pageName  = regexp.MustCompile(`data-page="([a-z_]+)"`)
	faulty    = regexp.MustCompile(`\[[a-z_]+\.[a-z_./]+\]|ZgotmplZ|<no value>|%!`)
	emptyWord = regexp.MustCompile(`<(label|legend|h1|h2|h3|a|button|th|option)\b[^>]*>\s*</`)
)

// TestEveryTemplate shows every template in every language with real data, and
// looks for what html/template could not place, words that are missing, and
// labels that are empty.
func TestEveryTemplate(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date", "sex")
		w.attest(registry.StateRejected, "The letter is not readable.", "locality")
		for code := range locales(t) {
			seen := map[string]bool{}
			for _, p := range tour(t, w, code) {
				name := pageName.FindStringSubmatch(p.body)
				if name == nil {
					t.Fatalf("%s: not a page of ours: %d %.200s", p.path, p.status, p.body)
				}
				seen[name[1]] = true
				if bad := faulty.FindString(p.body); bad != "" {
					t.Errorf("%s, %s: %q", code, name[1], bad)
				}
				if bad := emptyWord.FindString(p.body); bad != "" {
					t.Errorf("%s, %s: empty: %s", code, name[1], bad)
				}
				if !strings.Contains(p.body, `<html lang="`+code+`"`) {
					t.Errorf("%s: another language", p.path)
				}
				if bad := untranslated(locales(t)["en"], locales(t)[code], code, p.body); code != "en" && bad != "" {
					t.Errorf("%s, %s: not translated: %s", code, name[1], bad)
				}
				if strings.Contains(p.body, "<Yusuf>") {
					t.Errorf("%s: a value is not escaped", p.path)
				}
			}
			files, err := fs.Glob(web.Templates(), "templates/*.html")
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				if name := strings.TrimSuffix(path.Base(file), ".html"); name != "base" && !seen[name] {
					t.Errorf("%s: template %s was not shown; shown: %v", code, name, slices.Sorted(maps.Keys(seen)))
				}
			}
		}
	})
}

// tour opens pages until every template was shown once.
func tour(t *testing.T, w *world, lang string) []page {
	t.Helper()
	var pages []page
	add := func(p page) page {
		pages = append(pages, p)
		return p
	}
	nobody, admin, me := w.browser(lang), w.staff(lang, registry.RoleAdmin), w.registrant(lang)
	for _, path := range []string{"/", "/login", "/activate", "/verifiers", "/wallets", "/wallets/code/SocialRegistryPerson_ldp_vc", "/no/such/page"} {
		add(nobody.get(path))
	}
	add(nobody.post("/login", url.Values{"username": {"nobody"}, "password": {"wrong"}}))
	add(nobody.post("/activate", url.Values{"number": {"x"}, "code": {"y"}, "passphrase": {"short"}, "repeat": {"other"}}))

	add(me.get("/me"))
	add(me.get("/me/history"))
	add(nobody.get("/login/code"))
	actTour(func(p page) { add(p) }, me)
	providerTour(func(p page) { add(p) }, nobody, w.withProvider())
	add(me.get("/me/looks"))
	add(me.get("/me/messages"))
	creds := add(me.get("/me/credentials"))
	config := regexp.MustCompile(`/me/credentials/([^/"]+)/offer`).FindStringSubmatch(creds.body)
	if config == nil {
		t.Fatalf("no credential is ready:\n%s", text(creds.body))
	}
	start := add(me.get("/me/credentials/" + config[1] + "/offer"))
	add(me.post("/me/credentials/"+config[1]+"/offer", start.hidden(map[string]string{"pin": "1"})))
	add(me.get(w.asked(t, "wallet-"+lang)))
	add(me.get("/me/sharing"))
	add(me.get(w.issue(t, w.person.ID)))
	pages = append(pages, printTour(t, w, me, admin)...)
	pages = append(pages, portalTour(w, me)...)
	edit := add(me.get("/me/edit/contact"))
	add(me.post("/me/edit/contact", edit.hidden(map[string]string{"f_email": "no address", "step": "check"})))
	add(me.post("/me/edit/contact", edit.hidden(map[string]string{"f_locality": "Maralal " + lang, "step": "check"})))
	stale := edit.hidden(map[string]string{"f_locality": "Maralal", "step": "save"})
	stale.Set("version", "0")
	add(me.post("/me/edit/contact", stale))

	person := "/admin/people/" + w.person.ID.String()
	for _, path := range []string{"/admin", "/admin/people", "/admin/people?q=zzz", "/admin/people/new", person, person + "/edit", person + "/attest",
		person + "/versions", person + "/log", person + "/credentials", person + "/looks"} {
		add(admin.get(path))
	}
	code := add(admin.get(person + "/code"))
	add(admin.post(person+"/code", code.hidden(nil)))
	for _, p := range w.filesTour(admin) {
		add(p)
	}
	add(w.staff(lang, registry.RoleAuditor).get("/admin/people/new").want(t, http.StatusForbidden))
	pages = append(pages, peopleTour(t, w, admin)...)
	pages = append(pages, groupsTour(t, w, admin)...)
	pages = append(pages, securityTour(t, w, lang)...)
	pages = append(pages, aboutTour(w, lang)...)
	pages = append(pages, verifierTour(w, lang)...)
	pages = append(pages, keptTour(t, w, lang)...)
	pages = append(pages, requestsTour(t, w, admin)...)
	pages = append(pages, programmesTour(t, w, admin)...)
	return append(pages, settingsTour(admin)...)
}

func TestForbiddenNamesTheRole(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		auditor := w.staff("en", registry.RoleAuditor)
		for _, path := range []string{"/admin/people/new", "/admin/uploads/new", "/admin/people/" + w.person.ID.String() + "/edit", "/admin/people/" + w.person.ID.String() + "/code"} {
			auditor.get(path).want(t, http.StatusForbidden, "Registrar", "Administrator", "give this number")
		}
		auditor.get("/me").want(t, http.StatusForbidden, "Registered person")
		auditor.get("/admin/people/"+w.person.ID.String()).want(t, http.StatusOK)
	})
}

func TestNobodyIsShownTheWayIn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.browser("en")
		p := b.get("/admin/people?q=a")
		if p.path != "/login" {
			t.Fatalf("at %s", p.path)
		}
		p = b.post("/login", p.hidden(map[string]string{"username": "auditor", "password": password}))
		if p.path != "/admin/people" {
			t.Errorf("after sign-in at %s", p.path)
		}
		w.browser("en").post("/admin/people/new", url.Values{}).want(t, http.StatusUnauthorized, "/login")
	})
}

func TestLanguageIsKept(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.browser("de, ar;q=0.5")
		b.get("/login").want(t, http.StatusOK, `<html lang="ar" dir="rtl">`)
		b.get("/login?lang=en").want(t, http.StatusOK, `<html lang="en" dir="ltr">`)
		b.get("/login").want(t, http.StatusOK, `<html lang="en"`, `href="/login?lang=ar"`)
		b.get("/login?lang=xx").want(t, http.StatusOK, `<html lang="en"`)
		w.browser("de").get("/login").want(t, http.StatusOK, `<html lang="en"`)
	})
}

func TestAssetsAreImmutable(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.browser("en")
		home := b.get("/")
		if home.header.Get("Cache-Control") != "no-store" {
			t.Errorf("page: Cache-Control %q", home.header.Get("Cache-Control"))
		}
		for _, name := range []string{"app.css", "app.js", "favicon.svg"} {
			href := regexp.MustCompile(`/static/[0-9a-f]{12}/` + name).FindString(home.body)
			p := b.get(href).want(t, http.StatusOK)
			if !strings.Contains(p.header.Get("Cache-Control"), "immutable") || p.header.Get("Content-Type") == "" {
				t.Errorf("%s: %v", name, p.header)
			}
			b.get("/static/000000000000/"+name).want(t, http.StatusNotFound)
		}
		b.get("/static/000000000000/../../pages.go").want(t, http.StatusNotFound)
	})
}

// The policy lets nothing inline run or style; so there must be nothing inline.
func TestNothingIsInline(t *testing.T) {
	t.Parallel()
	inline := regexp.MustCompile(`(?i)\sstyle=|\son[a-z]+=|<style|<script(?:[^>]*)>[^<]|javascript:`)
	for _, pattern := range []string{"templates/*.html", "templates/parts/*.html"} {
		files, err := fs.Glob(web.Templates(), pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, file := range files {
			body, err := fs.ReadFile(web.Templates(), file)
			if err != nil {
				t.Fatal(err)
			}
			if bad := inline.Find(body); bad != nil {
				t.Errorf("%s: %s", file, bad)
			}
		}
	}
}

// Only logical properties: a page from right to left is the same sheet.
func TestStyleSheetHasNoPhysicalSides(t *testing.T) {
	t.Parallel()
	sheets, err := fs.Glob(sources(), "static/css/*.css")
	if err != nil || len(sheets) < 10 {
		t.Fatalf("%v, %v", sheets, err)
	}
	var css []byte
	for _, sheet := range sheets {
		text, err := fs.ReadFile(sources(), sheet)
		if err != nil {
			t.Fatal(err)
		}
		css = append(css, text...)
	}
	physical := regexp.MustCompile(`(?m)(margin|padding|border)-(left|right|top|bottom)|[\s;{](left|right|top|bottom|width|height|min-width|max-width|min-height|max-height)\s*:|text-align:\s*(left|right)|float:\s*(left|right)`)
	for _, line := range strings.Split(string(css), "\n") {
		line = regexp.MustCompile(`@media[^{]*`).ReplaceAllString(line, "")
		if bad := physical.FindString(line); bad != "" {
			t.Errorf("%q in: %s", bad, line)
		}
	}
}

// No page names a field: what is known about a person is data.
func TestNoFieldIsNamedInCode(t *testing.T) {
	t.Parallel()
	fields := regexp.MustCompile(`"(given_name|family_name|birth_date|national_id|phone_number|sex|region|locality)"`)
	names, err := fs.Glob(sources(), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		body, err := fs.ReadFile(sources(), name)
		if err != nil {
			t.Fatal(err)
		}
		if bad := fields.Find(body); bad != nil && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s names the field %s", name, bad)
		}
	}
}
