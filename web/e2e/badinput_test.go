package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestStaleForm: two windows edit the same record. The second is shown both values, and
// what it decides is saved; nothing of the first is changed back.
func TestStaleForm(t *testing.T) {
	who := newPerson(t, "Lokwang")
	one, two := newTab(t, variant{lang: "en", width: 1280, scripts: true}), newTab(t, variant{lang: "ar", width: 360})
	for _, x := range []*tab{one, two} {
		x.as("registrar", staffPassword)
		x.open("/admin/people/" + who.id + "/edit")
		x.fill("#reason", "Seen at the office")
	}
	one.fill("#f_locality", "Maralal")
	one.fill("#f_email", "lokwang@example.org")
	one.press("button[value=check]")
	one.press("button[value=save]")
	two.fill("#f_locality", "Wamba")
	two.press("button[value=check]")
	two.wants("main table", "Maralal", "Wamba")
	two.check("bad_stale")
	two.press("button[value=check]") // with what was typed
	two.wants("main", "Wamba")
	two.press("button[value=save]")
	two.at("/admin/people/" + who.id)
	two.wants(".notice.ok", "Wamba", "lokwang@example.org")
}

// TestSessionOver: what is typed when the session ends is there again after signing in,
// for who typed it alone.
func TestSessionOver(t *testing.T) {
	for i, v := range stateVariants() {
		t.Run(v.String(), func(t *testing.T) {
			x := newTab(t, v)
			name := fmt.Sprintf("Nkirote <%d>", i)
			for _, who := range []string{"attester", "registrar"} {
				x.as("registrar", staffPassword)
				x.open("/admin/people/new")
				x.fill("#f_given_name", name)
				x.fill("#reason", "Letter from the chief")
				x.signOut()
				x.press("button[value=save]")
				x.wants("#kept")
				x.check("bad_session_over")
				x.fill("#username", who)
				x.fill("#password", staffPassword)
				x.press("#login-submit")
				if who == "attester" {
					x.at("/admin")
					if strings.Contains(eval[string](x, "document.documentElement.innerHTML"), "Nkirote") {
						t.Errorf("%s: another account sees what was typed", v)
					}
				}
			}
			x.check("bad_session_again")
			x.press("#kept-go")
			x.at("/admin/people/new")
			x.check("bad_session_form")
			if got := eval[string](x, `document.querySelector("#f_given_name").value + "/" + document.querySelector("#reason").value`); got != name+"/Letter from the chief" {
				t.Errorf("%s: typed again: %q", v, got)
			}
			x.press("button[value=save]")
			x.wants(".notice.ok", name)
		})
	}
}

// TestDoubleClick: a form that is sent twice at once makes one person, whether scripts
// hold the second click back or not.
func TestDoubleClick(t *testing.T) {
	for _, v := range []variant{{lang: "en", width: 1280, scripts: true}, {lang: "en", width: 360}} {
		t.Run(v.String(), func(t *testing.T) {
			x := newTab(t, v)
			name := "Twice" + strings.ReplaceAll(v.String(), "-", "")
			x.as("registrar", staffPassword)
			x.open("/admin/people/new")
			x.fill("#f_given_name", name)
			x.fill("#f_family_name", "Ekai")
			x.fill("#reason", "First visit")
			if v.scripts {
				eval[any](x, `(() => { const b = document.querySelector("button[value=save]"); b.id = "twice"; b.addEventListener("click", () => setTimeout(() => b.click(), 0), {once: true}) })(), 0`)
				x.press("#twice")
			} else if at := eval[[]string](x, sendTwice); !strings.Contains(strings.Join(at, " "), "/admin/people/") {
				t.Errorf("%s: %v", v, at)
			}
			x.open("/admin/people?q=" + name)
			if n := eval[int](x, `document.querySelectorAll("main tbody tr").length`); n != 1 {
				t.Errorf("%s: %d people were made", v, n)
			}
		})
	}
}

// sendTwice sends the form that saves twice at once, and gives where each sending led.
const sendTwice = `Promise.all([1, 2].map(() => {
  const form = document.querySelector("button[value=save]").form, typed = new URLSearchParams(new FormData(form));
  typed.set("step", "save");
  return fetch(form.action, {method: "POST", body: typed}).then(r => r.status === 200 ? r.url : "" + r.status);
}))`

// foreign is a server of somebody else, with one page. Its host is ours, and its port
// is not: browsers send our cookies along, so that ours alone refuses.
func foreign(t *testing.T, page string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(page))
	}))
	t.Cleanup(s.Close)
	return strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
}

// TestNobodyFramesUs: a page of another origin shows nothing of ours in a frame.
func TestNobodyFramesUs(t *testing.T) {
	x := newTab(t, variant{lang: "en", width: 1280, scripts: true})
	x.as("registrar", staffPassword)
	for _, path := range []string{"/", "/login", "/admin", "/admin/people/new", "/no/such/page"} {
		x.heard()
		x.do(chromedp.Navigate(foreign(t, `<!doctype html><title>elsewhere</title><iframe id="f" src="`+world.server.url+path+`"></iframe>`)))
		var heard string
		for deadline := time.Now().Add(5 * time.Second); !strings.Contains(heard, "frame-ancestors") && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			heard += strings.Join(x.heard(), "\n")
		}
		if !strings.Contains(heard, "frame-ancestors") {
			t.Errorf("%s stands in a frame of another origin: %s", path, heard)
		}
		if shown := eval[bool](x, `(() => { try { return document.querySelector("#f").contentDocument.body.textContent.trim() !== "" } catch { return false } })()`); shown {
			t.Errorf("%s is read from another origin", path)
		}
	}
	x.heard()
}

// TestCrossSitePost: what another origin's page sends in the name of who is signed in is
// refused with words, and changes nothing.
func TestCrossSitePost(t *testing.T) {
	x := newTab(t, variant{lang: "en", width: 360, scripts: true})
	x.as("registrar", staffPassword)
	x.open("/admin/people/new")
	token := eval[string](x, `document.querySelector("input[name=form]").value`) // even with a token of ours
	form := `<!doctype html><title>elsewhere</title><form method="post" action="` + world.server.url + `/admin/people/new"><input name="form" value="` + token + `">` +
		`<input name="f_given_name" value="Forged"><input name="reason" value="x"><input name="version" value="0"><input name="step" value="save"><button id="go">Win</button></form>`
	x.do(chromedp.Navigate(foreign(t, form)))
	x.press("#go")
	x.heard() // of the other origin
	x.wants(`#failure[data-code="cross_site_request"]`, "another site")
	x.check("bad_cross_site")
	x.open("/admin/people?q=Forged")
	if x.has("main tbody tr") {
		t.Error("the forged person is there")
	}
}

// TestGreatFile: a file over the limit is told in words, by a script before it is sent
// and by the page after, and nothing of it stays.
func TestGreatFile(t *testing.T) {
	who := newPerson(t, "Lomuria")
	great := filepath.Join(t.TempDir(), "great.pdf")
	if err := os.WriteFile(great, append([]byte("%PDF-1.4\n"), make([]byte, 10<<20+4096)...), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, v := range stateVariants() {
		t.Run(v.String(), func(t *testing.T) {
			x := newTab(t, v)
			x.as(who.number, who.passphrase)
			x.open("/me/documents")
			x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{great}))
			if v.scripts {
				x.until(`[...document.querySelectorAll("p.wrong[role=alert]")].some(p => p.nextElementSibling?.id === "file" && p.textContent.trim() !== "")`)
				return
			}
			x.press("main form[enctype] button")
			x.wants("#file[aria-invalid=true]")
			x.check("bad_great_file")
			x.open("/me/documents")
			if x.has("main tbody tr") {
				t.Errorf("a part of the file is there: %s", x.text("main"))
			}
		})
	}
}

// TestWrongFile: a picture under the name of a table, and a PDF that is none, are told.
func TestWrongFile(t *testing.T) {
	who := newPerson(t, "Ekalale")
	dir := t.TempDir()
	write := func(name, content string) []string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{file}
	}
	picture, pdf := write("visit.csv", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"), write("letter.pdf", "\x00\x01\x02 this is no PDF")
	x := newTab(t, variant{lang: "en", width: 360})
	x.as("registrar", staffPassword)
	x.open("/admin/uploads/new")
	x.fill("#reason", "The visit of May")
	x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), picture))
	x.press("#upload button[type=submit]")
	if strings.HasPrefix(eval[string](x, "location.pathname"), "/admin/uploads/") && !x.has("#upload") {
		x.worked()
		x.wants("main .badge.bad")
	} else {
		x.wants("#file[aria-invalid=true]")
	}
	if x.has("#apply") {
		t.Errorf("a picture can be saved as a table: %s", x.text("main"))
	}
	x.check("bad_wrong_table")
	x.as(who.number, who.passphrase)
	x.open("/me/documents")
	x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), pdf))
	x.press("main form[enctype] button")
	x.wants("#file[aria-invalid=true]", "PDF")
	x.check("bad_wrong_document")
	if x.has("main tbody tr") {
		t.Errorf("it was kept: %s", x.text("main"))
	}
}

// TestHostileNames: names that would run, turn what follows, or be longer than the page.
func TestHostileNames(t *testing.T) {
	names := map[string]string{
		"script": `<script>window.ran=1</script><img src=x onerror="window.ran=1">`,
		"arabic": "محمد" + strings.Repeat(" عبد الرحمن", 10),
		"long":   strings.Repeat("Wolfeschlegelsteinhausen", 9)[:200],
	}
	v := variant{lang: "en", width: 360, scripts: true}
	x := newTab(t, v)
	x.as("registrar", staffPassword)
	x.open("/admin/people/new")
	x.fill("#f_given_name", "Ali\u202eila\u202c")
	x.fill("#reason", "visit\u202etisiv")
	x.press("button[value=save]")
	if turned := regexp.MustCompile("[\u202a-\u202e]").FindString(eval[string](x, "document.documentElement.outerHTML")); turned != "" {
		t.Errorf("an override of direction stands in the page: %+q", turned)
	}
	x.check("bad_override")
	for kind, name := range names {
		x.open("/admin/people/new")
		x.fill("#f_given_name", name)
		x.fill("#f_family_name", "Lekuton")
		x.fill("#f_locality", string([]rune(name)[:min(len([]rune(name)), 90)]))
		x.fill("#reason", name)
		x.press("button[value=save]")
		if x.has("button[name=other]") {
			x.press("button[name=other]")
		}
		at := eval[string](x, "location.pathname")
		if strings.HasSuffix(at, "/new") {
			t.Fatalf("%s was not registered: %s", kind, x.text("main .notice"))
		}
		for _, path := range []string{at, "/admin/people?q=" + regexp.MustCompile(`SR-\d{11}`).FindString(x.text("main")), at + "/credentials", at + "/log"} {
			x.open(path)
			x.check("bad_name_" + kind)
			if eval[bool](x, "window.ran === 1") {
				t.Fatalf("%s: a name ran at %s", kind, path)
			}
		}
	}
}
