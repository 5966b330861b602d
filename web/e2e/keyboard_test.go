package e2e_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// keys presses keys, one after the other, where the focus is.
func (x *tab) keys(keys string) {
	x.t.Helper()
	x.do(chromedp.KeyEvent(keys))
}

// leave presses a key that leads to another page, and waits for that page.
func (x *tab) leave(key string) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.ctx, 30*time.Second)
	defer cancel()
	loaded := chromedp.Events(ctx, page.LoadEventFired)
	if err := chromedp.Do(ctx, chromedp.KeyEvent(key)); err != nil {
		x.t.Fatalf("press %q: %v\nat %s", key, err, x.where())
	}
	for _, err := range loaded {
		if err != nil {
			x.t.Fatalf("press %q: %v\nat %s", key, err, x.where())
		}
		return
	}
	x.t.Fatalf("%q led nowhere\nat %s", key, x.where())
}

// TestAttestByKeyboard: an attester decides 20 details of 5 people with the
// keyboard alone, from one person of the queue to the next.
func TestAttestByKeyboard(t *testing.T) {
	prepare(t)
	x := newTab(t, variant{lang: "en", width: 1280, scripts: true})
	x.as("attester", staffPassword)
	x.open("/admin/queues/undecided")
	x.do(chromedp.Focus(chromedp.CSS(".hero a.btn"))) // where Tab leads
	x.leave(kb.Enter)
	decided, people := 0, map[string]bool{}
	for range 5 {
		at := eval[string](x, "location.pathname")
		if people[at] {
			t.Fatalf("%s comes again", at)
		}
		people[at] = true
		// Three are attested: down, tick, down, tick, an arrow down, tick, attest.
		x.keys("j j " + kb.ArrowDown + " ")
		if n := eval[int](x, `document.querySelectorAll("input[name=field]:checked").length`); n != 3 {
			t.Fatalf("%s: %d details are ticked", at, n)
		}
		x.swapped(func() { x.keys("a") })
		x.wants(".notice.ok", "The decisions are saved.")
		// One is rejected: those that wait stand first, and the focus is on the first of them.
		x.keys(" r")
		if eval[string](x, "document.activeElement.id") != "comment" {
			t.Fatalf("r leads to %s", eval[string](x, "document.activeElement.outerHTML"))
		}
		x.keys("Not readable; please bring it again.")
		x.swapped(func() { x.keys(kb.Enter) })
		x.wants(".notice.ok", "The decisions are saved.")
		x.wants(".badge.bad", "")
		x.says("The decisions are saved.")
		if on := eval[string](x, `document.activeElement.closest("tbody") ? "" : document.activeElement.outerHTML`); on != "" {
			t.Errorf("after a decision the focus is on %s", on)
		}
		decided += eval[int](x, `document.querySelectorAll("tbody .badge.ok, tbody .badge.bad").length`)
		x.leave("n")
	}
	if decided != 20 || len(people) != 5 {
		t.Errorf("%d details of %d people were decided", decided, len(people))
	}
	if !strings.HasPrefix(eval[string](x, "location.pathname"), "/admin/people/") {
		t.Errorf("the queue led to %s", x.where())
	}
}

// TestTicksAreFree: on a phone nothing lies over the ticks; each lands.
func TestTicksAreFree(t *testing.T) {
	p := prepare(t)
	for _, scripts := range []bool{true, false} {
		v := variant{lang: "ar", width: 360, scripts: scripts}
		t.Run(v.String(), func(t *testing.T) {
			x := newTab(t, v)
			x.as("attester", staffPassword)
			x.open("/admin/people/" + p.person + "/attest")
			ids := eval[[]string](x, `[...document.querySelectorAll("input[name=field]")].map(e => e.id)`)
			for _, id := range ids {
				x.tick("#" + id)
			}
			if got := eval[int](x, `document.querySelectorAll("input[name=field]:checked").length`); got != len(ids) || got < 3 {
				t.Errorf("%d of %d ticks landed", got, len(ids))
			}
		})
	}
}
