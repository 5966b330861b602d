package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// variant is one way to look at a page.
type variant struct {
	lang    string
	width   int64
	scripts bool
}

func (v variant) String() string {
	scripts := "scripts"
	if !v.scripts {
		scripts = "bare"
	}
	return fmt.Sprintf("%s-%d-%s", v.lang, v.width, scripts)
}

// variants are all ways to look at a page; on the second database two that
// differ in everything.
func variants() []variant {
	if world.database == "postgres" {
		return []variant{{lang: "en", width: 1280, scripts: true}, {lang: "ar", width: 360}}
	}
	var out []variant
	for _, lang := range []string{"en", "ar"} {
		for _, width := range []int64{1280, 360} {
			for _, scripts := range []bool{true, false} {
				out = append(out, variant{lang: lang, width: width, scripts: scripts})
			}
		}
	}
	return out
}

// tab is the window of one browser, for one test and variant at a time.
type tab struct {
	t   *testing.T
	ctx context.Context
	v   variant
	on  *server // which it visits

	free func() // gives the window back
}

// newTab waits for a browser and makes its window as good as new: no cookies, the
// variant's size. The test has it until it ends.
func newTab(t *testing.T, v variant) *tab {
	t.Helper()
	return borrowTab(t, v)
}

// borrowTab is newTab for a test that frees the window itself.
func borrowTab(t *testing.T, v variant) *tab {
	t.Helper()
	x := &tab{t: t, ctx: <-world.free, v: v, on: world.server}
	x.free = sync.OnceFunc(func() { world.free <- x.ctx })
	t.Cleanup(x.free)
	x.do(chromedp.Navigate("about:blank"))
	x.heard() // what is left of the test before
	x.call(emulation.SetDeviceMetricsOverrideParams{Width: v.width, Height: 800, DeviceScaleFactor: 1, Mobile: v.width < 600})
	x.colours("light")
	x.signOut()
	x.forgetVerifier()
	x.scripts(v.scripts)
	return x
}

// colours asks for the "light" or the "dark" form of pages.
func (x *tab) colours(scheme string) {
	x.t.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	if _, err := chromedp.Call(x.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		x.t.Fatal(err)
	}
}

// signOut forgets all cookies but the language.
func (x *tab) signOut() {
	x.t.Helper()
	if _, err := chromedp.Call(x.ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
		x.t.Fatal(err)
	}
	x.cookie("sr_lang", x.v.lang)
}

func (x *tab) call(p emulation.SetDeviceMetricsOverrideParams) {
	x.t.Helper()
	if _, err := chromedp.Call(x.ctx, emulation.SetDeviceMetricsOverride, p); err != nil {
		x.t.Fatal(err)
	}
}

// forgetVerifier drops what the verifier page keeps in the browser: the test before may have had
// another language.
func (x *tab) forgetVerifier() {
	x.t.Helper()
	if _, err := chromedp.Call(x.ctx, storage.ClearDataForOrigin, storage.ClearDataForOriginParams{Origin: x.on.url, StorageTypes: "service_workers,cache_storage,indexeddb"}); err != nil {
		x.t.Fatal(err)
	}
}

// scripts turns the page's own scripts on or off; ours run in either case.
func (x *tab) scripts(on bool) {
	x.t.Helper()
	if _, err := chromedp.Call(x.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}); err != nil {
		x.t.Fatal(err)
	}
}

func (x *tab) cookie(name, value string) {
	x.t.Helper()
	url := x.on.url
	if _, err := chromedp.Call(x.ctx, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: url}); err != nil {
		x.t.Fatal(err)
	}
}

// as signs the window in without going through the form.
func (x *tab) as(name, password string) {
	x.t.Helper()
	x.signOut()
	x.cookie("sr_session", sessionOf(x.t, name, password))
}

func sessionOf(t *testing.T, name, password string) string {
	t.Helper()
	c, err := world.server.client()
	if err == nil {
		err = c.signIn(name, password)
	}
	if err != nil {
		t.Fatalf("sign in as %s: %v", name, err)
	}
	return c.session()
}

func (x *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		x.t.Fatalf("%s: %v\nat %s", x.v, err, x.where())
	}
}

func (x *tab) where() string {
	ctx, cancel := context.WithTimeout(x.ctx, 5*time.Second)
	defer cancel()
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	return at
}

func (x *tab) open(path string) {
	x.t.Helper()
	x.do(chromedp.Navigate(x.on.url + path))
	if x.v.scripts && strings.HasPrefix(path, "/verify") { // it is made by scripts, which load after it
		x.until(`document.body.dataset.ready !== undefined`)
	}
}

// fill types into an input, in the place of what was there.
func (x *tab) fill(selector, text string) {
	x.t.Helper()
	x.do(chromedp.SetValue(chromedp.CSS(selector), text))
}

func (x *tab) tick(selector string) {
	x.t.Helper()
	x.do(chromedp.Click(chromedp.CSS(selector)))
}

// press clicks what leads to another page, or to another main part of this one, and
// waits for that.
func (x *tab) press(selector string) {
	x.t.Helper()
	if x.v.scripts && eval[bool](x, `document.querySelector(`+quote(selector)+`)?.matches("form:is([hx-get], [hx-post]) button") ?? false`) {
		x.swapped(func() { x.do(chromedp.Click(chromedp.CSS(selector))) })
		return
	}
	ctx, cancel := context.WithTimeout(x.ctx, 30*time.Second)
	defer cancel()
	loaded := chromedp.Events(ctx, page.LoadEventFired)
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		x.t.Fatalf("%s: press %s: %v\nat %s", x.v, selector, err, x.where())
	}
	for _, err := range loaded {
		if err != nil {
			x.t.Fatalf("%s: press %s: %v\nat %s", x.v, selector, err, x.where())
		}
		return
	}
	x.t.Fatalf("%s: %s led nowhere\nat %s", x.v, selector, x.where())
}

// swapped does what makes htmx bring another main part, and waits for it. A whole page
// in its place is a failure.
func (x *tab) swapped(do func()) {
	x.t.Helper()
	eval[bool](x, `window.settled = false; document.addEventListener("htmx:afterSettle", e => { if (e.detail.elt.id === "main") settled = true; }); true`)
	do()
	x.until(`window.settled !== false`)
	if !eval[bool](x, `window.settled === true`) {
		x.t.Fatalf("%s: the whole page was loaded at %s", x.v, x.where())
	}
}

func (x *tab) text(selector string) string {
	x.t.Helper()
	return strings.TrimSpace(eval[string](x, "document.querySelector("+quote(selector)+")?.textContent ?? ''"))
}

// at fails unless the page has this path.
func (x *tab) at(path string) {
	x.t.Helper()
	if got := eval[string](x, "location.pathname"); got != path {
		x.t.Fatalf("%s: at %s, want %s: %s", x.v, got, path, x.text("main"))
	}
}

func (x *tab) has(selector string) bool {
	x.t.Helper()
	return eval[bool](x, "document.querySelector("+quote(selector)+") !== null")
}

func eval[T any](x *tab, expression string) T {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.ctx, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		x.t.Fatalf("%s: %v\nat %s", x.v, err, x.where())
	}
	return v
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// picture keeps a screenshot in the folder SR_E2E_PICTURES, for people to look at.
func (x *tab) picture(name string) {
	x.t.Helper()
	x.observe()
	dir := os.Getenv("SR_E2E_PICTURES")
	if dir == "" || !x.v.scripts && !strings.Contains(name, ".") { // without scripts only states
		return
	}
	png, err := chromedp.Run(x.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		x.t.Fatal(err)
	}
	file := name + "." + x.v.String() + ".png"
	if err := os.WriteFile(filepath.Join(dir, file), png, 0o644); err != nil {
		x.t.Fatal(err)
	}
	world.album.mu.Lock()
	defer world.album.mu.Unlock()
	world.album.files = append(world.album.files, picture{name, x.v.String(), file})
}
