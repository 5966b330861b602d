package web_test

import (
	"encoding/json"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"socialregistry/issuer"
	"socialregistry/web"
)

// verifierTour shows the pages of the verifier.
func verifierTour(w *world, lang string) []page {
	nobody := w.browser(lang)
	return []page{nobody.get("/verify"), nobody.get("/verify/trust")}
}

// Every file that the pages load or the worker keeps is there, by a relative address,
// with a tag and asked about each time.
func TestVerifierFolder(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		nobody := w.browser("ar")
		home := nobody.get("/verify").want(t, http.StatusOK, `<html lang="ar" dir="rtl"`)
		if home.path != "/verify/" {
			t.Errorf("at %s", home.path)
		}
		nobody.get("/verify/trust.html").want(t, http.StatusOK, `<html lang="ar"`)
		nobody.get("/verify/fr.html").want(t, http.StatusOK, `<html lang="fr"`)
		nobody.get("/verify/nothing.js").want(t, http.StatusNotFound)
		nobody.get("/verify/js/../../about.go").want(t, http.StatusNotFound)
		for _, m := range regexp.MustCompile(` (?:href|src)="([^"#]+)"`).FindAllStringSubmatch(home.body, -1) {
			if !strings.HasPrefix(m[1], "./") && !slices.Contains([]string{"/", "/help", "/accessibility", "/privacy"}, m[1]) {
				t.Errorf("an address is not relative: %s", m[1])
			}
		}
		worker := nobody.get("/verify/sw.js").want(t, http.StatusOK).body
		kept := listIn(t, worker, "kept")
		if len(kept) < 25 || kept["ar.html"] == "" || kept["app.css"] == "" || kept["locales/hi.json"] == "" {
			t.Errorf("the worker keeps %v", kept)
		}
		for name, hash := range kept {
			res := w.head(t, "/verify/"+name)
			if res.StatusCode != http.StatusOK || res.Header.Get("ETag") != `"`+hash+`"` || res.Header.Get("Cache-Control") != "no-cache" || res.Header.Get("Content-Type") == "" {
				t.Errorf("%s: %s %v", name, res.Status, res.Header)
			}
			wasm, camera := strings.Contains(res.Header.Get("Content-Security-Policy"), "wasm-unsafe-eval"), strings.Contains(res.Header.Get("Permissions-Policy"), "camera=(self)")
			if wasm || camera != (path.Ext(name) == ".html") {
				t.Errorf("%s may do more or less than it needs: %v", name, res.Header)
			}
		}
		reader := w.head(t, "/verify/reader.js").Header
		if !strings.Contains(reader.Get("Content-Security-Policy"), "wasm-unsafe-eval") || strings.Contains(reader.Get("Permissions-Policy"), "camera=(self)") {
			t.Errorf("what reads codes: %v", reader)
		}
	})
}

func listIn(t *testing.T, worker, name string) map[string]string {
	t.Helper()
	m := regexp.MustCompile(name + ` = (\{[^}]*\})`).FindStringSubmatch(worker)
	var list map[string]string
	if m == nil || json.Unmarshal([]byte(m[1]), &list) != nil {
		t.Fatalf("the worker has no list %s: %.300s", name, worker)
	}
	return list
}

// head asks for a file as a worker does, without cookies.
func (w *world) head(t *testing.T, path string) *http.Response {
	t.Helper()
	res, err := http.Get(w.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res
}

// What has not changed is not sent again, and another look is another version.
func TestVerifierVersions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		nobody := w.browser("en")
		before := nobody.get("/verify/sw.js").want(t, http.StatusOK).body
		req, err := http.NewRequest(http.MethodGet, w.URL+"/verify/app.js", nil)
		w.must(err)
		req.Header.Set("If-None-Match", w.head(t, "/verify/app.js").Header.Get("ETag"))
		res, err := http.DefaultClient.Do(req)
		w.must(err)
		res.Body.Close()
		if res.StatusCode != http.StatusNotModified {
			t.Errorf("%s", res.Status)
		}
		w.dress(web.Theme{Names: map[string]string{"": "Office of Trials"}})
		if after := nobody.get("/verify/sw.js").body; after == before {
			t.Error("another name is no other version")
		}
		nobody.get("/verify/").want(t, http.StatusOK, "Office of Trials")
	})
}

// Alone it has its first page, its bundle, and no way back to us.
func TestVerifierAlone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		pages, err := web.New(web.Config{Registry: w.registry, Issuer: issuer.Alone(w.issuer), PublicURL: w.URL, Now: w.Now})
		w.must(err)
		files, err := pages.VerifierFolder(t.Context(), []byte("{}"), "sw")
		w.must(err)
		index := string(files["index.html"])
		for _, want := range []string{`<html lang="sw"`, `data-bundle="trust-bundle.json"`, `http-equiv="Content-Security-Policy"`, `data-roots="` + issuer.Alone(w.issuer).RootKeys()[0] + `"`} {
			if !strings.Contains(index, want) {
				t.Errorf("no %s in the first page", want)
			}
		}
		for name, body := range files {
			if path.Ext(name) == ".html" && regexp.MustCompile(`(href|src|data-bundle)="/`).Match(body) {
				t.Errorf("%s leads out of the folder", name)
			}
		}
		if string(files["trust-bundle.json"]) != "{}" || files["trust.html"] == nil || files["sw.js"] == nil {
			t.Error("a file is missing")
		}
		if _, err := pages.VerifierFolder(t.Context(), nil, "xx"); err == nil {
			t.Error("a language that there is not")
		}
	})
}

// Taking comments out takes nothing else.
func TestScriptsWithoutComments(t *testing.T) {
	t.Parallel()
	const script = "// One.\nconst a = 1; // two\n\n/**\n * @param {x} y\n */\n  const b = `/* no */ // no`;\n/** one line */\nlet c;\n"
	if got, want := string(web.WithoutComments([]byte(script))), "const a = 1; // two\nconst b = `/* no */ // no`;\nlet c;\n"; got != want {
		t.Errorf("%q", got)
	}
}
