package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// says waits until those who hear the page are told these words.
func (x *tab) says(words string) {
	x.t.Helper()
	x.until(`document.getElementById("said").textContent.includes(` + quote(words) + `)`)
}

// TestFilterWalk: a list is filtered in place. The focus stays, the address and the
// links to other languages follow, whoever hears the page is told, nothing of it is
// kept in the browser, and the way back leads to the list as it was.
func TestFilterWalk(t *testing.T) {
	prepare(t)
	for _, v := range []variant{{lang: "en", width: 1280, scripts: true}, {lang: "ar", width: 360, scripts: true}} {
		t.Run(v.String(), func(t *testing.T) {
			x := newTab(t, v)
			x.as("registrar", staffPassword)
			x.open("/admin/people")
			all := eval[int](x, `document.querySelectorAll("tbody tr").length`)
			x.do(chromedp.Focus(chromedp.CSS("#q")))
			x.swapped(func() { x.keys("zzzz" + kb.Enter) })
			if x.has("tbody tr") || !strings.Contains(x.where(), "q=zzzz") {
				t.Errorf("%s shows %s", x.where(), x.text("main"))
			}
			if on := eval[string](x, "document.activeElement.id"); on != "q" {
				t.Errorf("the focus is on %q", on)
			}
			if !eval[bool](x, `[...document.querySelectorAll("#langs a")].every(a => a.href.includes("q=zzzz"))`) {
				t.Error("the links to other languages lead to the list before")
			}
			x.says(x.text("main .card:last-of-type p"))
			if n := eval[int](x, "localStorage.length + sessionStorage.length"); n != 0 {
				t.Errorf("%d things are kept in the browser", n)
			}
			x.check("walk_filtered")
			eval[bool](x, "history.back(), true")
			x.until(fmt.Sprintf(`document.querySelectorAll("tbody tr").length === %d`, all))

			// Whoever is not signed in any more is led to the way in.
			x.signOut()
			x.do(chromedp.Click(chromedp.CSS("#find-go")))
			x.until(`location.pathname === "/login"`)
			x.heard()
		})
	}
}

// TestFailureWalk: where the answer is another page, that page is opened; and a decision
// that is refused for good is shown as the browser shows it without scripts.
func TestFailureWalk(t *testing.T) {
	p := prepare(t)
	x := newTab(t, variant{lang: "en", width: 1280, scripts: true})
	x.as("attester", staffPassword)
	x.open("/admin/people/" + p.person + "/attest")
	x.tick("#p-given_name")
	x.swapped(func() { x.do(chromedp.Click(chromedp.CSS("#reject-go"))) }) // without a comment
	x.wants("#comment[aria-invalid=true]")
	if !eval[bool](x, `document.querySelector("#p-given_name").checked`) || !strings.HasPrefix(eval[string](x, "document.title"), "Error:") {
		t.Errorf("the form does not come back as it was: %s", eval[string](x, "document.title"))
	}
	x.fill("#comment", "Not readable")
	x.signOut()
	x.do(chromedp.Click(chromedp.CSS("#reject-go")))
	x.until(`document.body.dataset.page === "login"`)
	x.heard()
}
