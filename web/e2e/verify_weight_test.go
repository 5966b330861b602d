package e2e_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// The page costs at most 80 KB before a code is to be read, all that verifies included.
func TestVerifyWeight(t *testing.T) {
	const most, mostKept, mostLater = 80 << 10, 200 << 10, 600 << 10
	x := newTab(t, variant{lang: "hi", width: 360, scripts: true})
	for _, path := range []string{"/verify/", "/verify/trust"} {
		x.forgetVerifier()
		if _, err := chromedp.Call(x.ctx, network.ClearBrowserCache, cdp.Empty{}); err != nil {
			t.Fatal(err)
		}
		x.open(path)
		cost := eval[int](x, `[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].filter(e => !e.name.includes("sr-trust-bundle")).reduce((n, e) => n + e.transferSize, 0)`)
		bundle := eval[int](x, `performance.getEntriesByType("resource").filter(e => e.name.includes("sr-trust-bundle")).reduce((n, e) => n + e.transferSize, 0)`)
		if cost < 10<<10 || cost > most || bundle == 0 {
			t.Errorf("%s: %d bytes, and %d of the trust bundle; the limit is %d: %s", path, cost, bundle, most, eval[string](x, `performance.getEntriesByType("resource").map(e => e.name.split("/").pop() + " " + e.transferSize).join(", ")`))
		}
		if eval[bool](x, `performance.getEntriesByType("resource").some(e => /zxing|reader|jsonld|pdf/.test(e.name))`) {
			t.Errorf("%s: what nobody asked for is loaded", path)
		}
		kept, later := x.keptBytes()
		if kept > mostKept || later > mostLater || later < 100<<10 {
			t.Errorf("%s: the worker keeps %d bytes, and %d once the page is idle; the limits are %d and %d", path, kept, later, mostKept, mostLater)
		}
		t.Logf("%s: %d bytes, and %d of the trust bundle; then the worker fetches %d at most, and %d once the page is idle", path, cost, bundle, kept, later)
	}
}

// keptBytes waits until the worker of the verifier page has all that it keeps, and gives
// its bytes as they are sent: of what it takes at once, and of what reads pictures.
func (x *tab) keptBytes() (kept, later int) {
	x.t.Helper()
	const cache = `caches.keys().then(all => all.find(n => n.startsWith("verify /"))).then(n => caches.open(n))`
	x.until(cache + `.then(c => c.match("./vendor/zxing_reader.wasm"))`)
	for n, last := 0, -1; n != last; time.Sleep(time.Second) {
		last, n = n, eval[int](x, cache+`.then(c => c.keys()).then(all => all.length)`)
	}
	for _, at := range strings.Fields(eval[string](x, cache+`.then(c => c.keys()).then(all => all.map(r => r.url).join(" "))`)) {
		req, err := http.NewRequestWithContext(x.t.Context(), http.MethodGet, at, nil)
		if err != nil {
			x.t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", "gzip")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			x.t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			x.t.Fatalf("%s: %d %v", at, res.StatusCode, err)
		}
		if strings.Contains(at, "/vendor/zxing") || strings.HasSuffix(at, "/reader.js") || strings.HasSuffix(at, ".png") || strings.Contains(at, "jsonld") {
			later += int(n)
			continue
		}
		kept += int(n)
	}
	return kept, later
}
