package e2e_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// The most bytes that a page of portal or console may cost, as they go over the
// wire: when nothing of ours is in the browser yet, and after that.
const (
	firstWeight = 60 << 10
	laterWeight = 15 << 10
)

// transferred is what the page that is open cost, its files included.
const transferred = `[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].reduce((n, e) => n + e.transferSize, 0)`

// TestWeight weighs every page, with an empty cache and again with a full one.
func TestWeight(t *testing.T) {
	p := prepare(t)
	x := newTab(t, variant{lang: "ar", width: 360, scripts: true})
	var first, later int
	tour := p.tour()
	sessions := p.sessions(t, tour)
	for _, s := range tour {
		if !wanted(s.path) || strings.HasPrefix(s.path, "/verify") { // TestVerifyWeight: a worker keeps them
			continue
		}
		x.signOut()
		if s.who != "" {
			x.cookie("sr_session", sessions[s.who])
		}
		if _, err := chromedp.Call(x.ctx, network.ClearBrowserCache, cdp.Empty{}); err != nil {
			t.Fatal(err)
		}
		x.open(s.path)
		cold := eval[int](x, transferred)
		x.open(s.path)
		warm := eval[int](x, transferred)
		if cold == 0 || warm == 0 || warm > cold {
			t.Errorf("%s: %d bytes at first and %d after: this is no measurement", s.path, cold, warm)
		}
		if cold > firstWeight || warm > laterWeight {
			t.Errorf("%s: %d bytes at first and %d after; the limits are %d and %d", s.path, cold, warm, firstWeight, laterWeight)
		}
		first, later = max(first, cold), max(later, warm)
	}
	t.Logf("%d pages: at most %d bytes at first, %d after", len(tour), first, later)
}
