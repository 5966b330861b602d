package web_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"socialregistry/registry"
)

// byHTMX opens a page as htmx does.
func (b *browser) byHTMX(path string, headers ...string) page {
	b.w.t.Helper()
	req, err := http.NewRequestWithContext(b.w.t.Context(), http.MethodGet, b.w.URL+path, nil)
	b.w.must(err)
	req.Header.Set("HX-Request", "true")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return b.do(req, nil)
}

// A part is asked for: the main part comes with its title, and not the frame.
func TestMainPartAlone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		registrar := w.staff("en", registry.RoleRegistrar)
		part := registrar.byHTMX("/admin/people?q=zzzz").want(t, http.StatusOK, "<title>", `<main id="main"`, "Nobody was found", `id="langs"`, "q=zzzz")
		if strings.Contains(part.body, "<html") || strings.Contains(part.body, "<script") || part.header.Get("Cache-Control") != "no-store" {
			t.Errorf("it is more than the main part, or is kept:\n%s", part.body)
		}
		registrar.byHTMX("/admin/people", "HX-History-Restore-Request", "true").want(t, http.StatusOK, "<html", "<footer")
		registrar.byHTMX("/admin/people/nonsense").want(t, http.StatusNotFound)
		w.browser("en").byHTMX("/admin/people").want(t, http.StatusUnauthorized)
	})
}

// A page that follows a job is told how far it is, and gets its whole main part when
// the job has come further than the page knows.
func TestProgressOfJobs(t *testing.T) {
	t.Parallel()
	poll := regexp.MustCompile(`hx-get="([^"]+)"`)
	onEach(t, func(t *testing.T, w *world) {
		registrar := w.staff("en", registry.RoleRegistrar)
		p := registrar.upload("visit.csv", "Given name\nOtieno\n").want(t, http.StatusOK, "Save 1 row")
		live := registrar.post(p.path+"/apply", p.hidden(nil)).want(t, http.StatusOK, "data-without", "every 2s")
		at := unescape(poll.FindStringSubmatch(live.body)[1])
		same := registrar.byHTMX(at).want(t, http.StatusOK, "Waiting", "every 2s")
		if strings.Contains(same.body, "<main") || same.header.Get("HX-Retarget") != "" {
			t.Errorf("more than the job has come:\n%s", same.body)
		}
		w.work()
		over := registrar.byHTMX(at).want(t, http.StatusOK, "<main", "The file was saved")
		if over.header.Get("HX-Retarget") != "#main" || over.header.Get("HX-Reselect") != "#main" || strings.Contains(over.body, "every 2s") {
			t.Errorf("the main part is not replaced: %v", over.header)
		}
		registrar.get(at).want(t, http.StatusOK, "<html", "The file was saved")
	})
}

// A page that follows an offer hears nothing while it stands as it was, and gets its
// whole main part when it does not.
func TestProgressOfOffers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date")
		start := me.get("/me/credentials/" + sdJWT + "/offer")
		offer := me.post("/me/credentials/"+sdJWT+"/offer", start.hidden(nil)).want(t, http.StatusOK, "data-without", "every 2s", "seen=waiting")
		if same := me.byHTMX(offer.path + "?seen=waiting"); same.status != http.StatusNoContent || same.body != "" {
			t.Errorf("an offer that is as it was: %d %s", same.status, same.body)
		}
		w.pass(11 * time.Minute)
		if over := me.byHTMX(offer.path+"?seen=waiting").want(t, http.StatusOK, "<main", "This code is over"); over.header.Get("HX-Retarget") != "#main" {
			t.Errorf("the main part is not replaced: %v", over.header)
		}
	})
}

// Each template in which htmx does something asks for it, and no other does, nor the
// gallery, where nothing happens; what cannot be installed is not asked for.
func TestPagesAskForHTMX(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("templates/*.html")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	does := regexp.MustCompile(` hx-|template "(finds|jobrow|offercard)"`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if asks := strings.Contains(string(text), `{{template "htmx"}}`); asks != (does.Match(text) && file != "templates/gallery.html") {
			t.Errorf("%s: asks for htmx: %t", file, asks)
		}
	}
	_, err = os.Stat("static/vendor/htmx.min.js")
	onEach(t, func(t *testing.T, w *world) {
		body := w.staff("en", registry.RoleRegistrar).get("/admin/people").body
		if there := err == nil; strings.Contains(body, "htmx.min.js") != there || strings.Contains(body, "live.js") != there || strings.Contains(body, "htmx-config") != there {
			t.Errorf("the script is installed: %t; the page names it: %t", there, strings.Contains(body, "htmx.min.js"))
		}
	})
}
