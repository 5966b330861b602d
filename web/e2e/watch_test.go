package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// watch hears what a browser complains about while pages load: errors in its
// console, reports of the content security policy, scripts that throw, requests
// that leave our origin.
type watch struct {
	mu       sync.Mutex
	findings []string
}

type watchKey struct{}

// startWatch listens to a browser from now on.
func startWatch(ctx context.Context) (context.Context, error) {
	w := &watch{}
	if err := chromedp.Listen(ctx, w.hear); err != nil {
		return nil, err
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		return nil, err
	}
	if _, err := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{}); err != nil {
		return nil, err
	}
	return context.WithValue(ctx, watchKey{}, w), nil
}

func (w *watch) hear(ev any) {
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		w.add("a script threw: " + ev.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if ev.Type == "error" || ev.Type == "warning" || ev.Type == "assert" {
			w.add(fmt.Sprintf("console %s: %v", ev.Type, ev.Args))
		}
	case *cdplog.EventEntryAdded:
		// That a page answers 404 or 422 is what some tests are about.
		if e := ev.Entry; e.Level == "error" && e.Source != "network" {
			w.add(fmt.Sprintf("%s: %s %s", e.Source, e.Text, e.URL))
		}
	case *network.EventRequestWillBeSent:
		if at := ev.Request.URL; !ours(at) {
			w.add("a request leaves the origin: " + at)
		}
	}
}

// ours tells the addresses that pages may load from: our servers, and what a page
// holds in itself.
func ours(address string) bool {
	world.mu.Lock()
	defer world.mu.Unlock()
	for _, start := range append([]string{"data:", "blob:", "about:"}, world.mine...) {
		if strings.HasPrefix(address, start) {
			return true
		}
	}
	return false
}

func (w *watch) add(finding string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.findings = append(w.findings, finding)
}

// heard gives what was heard since it was last asked.
func (x *tab) heard() []string {
	w := x.ctx.Value(watchKey{}).(*watch)
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.findings
	w.findings = nil
	return out
}
