package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// browsers is how many run at once. Each is a process of its own with one window:
// a window in the background may never draw.
const browsers = 2

// world is what all tests share: one server process, a few browsers.
var world struct {
	server *server
	free   chan context.Context // browsers that nobody uses now
	axe    string               // source of axe-core
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "browser tests:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	axe, err := os.ReadFile(filepath.Join("..", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		return 1, fmt.Errorf("axe-core is missing: run npm ci --ignore-scripts in web: %w", err)
	}
	world.axe = string(axe)
	dir, err := os.MkdirTemp("", "sr-e2e")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if world.server, err = startServer(dir); err != nil {
		return 1, err
	}
	defer world.server.stop()
	world.free = make(chan context.Context, browsers)
	for i := range browsers {
		browser, stop, err := startBrowser(filepath.Join(dir, fmt.Sprint("profile", i)))
		if err != nil {
			return 1, err
		}
		defer stop()
		world.free <- browser
	}
	return m.Run(), nil
}

// startBrowser starts a Chromium that talks to nobody but us. That there is none
// is a failure, not a reason to skip.
func startBrowser(profile string) (browser context.Context, stop func(), err error) {
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err = exec.LookPath(name); err == nil {
			break
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("no Chromium in PATH: on Debian, apt-get install chromium fonts-noto-core: %w", err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(profile),
		chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true))
	if os.Geteuid() == 0 {
		opts = append(opts, chromedp.NoSandbox) // Chromium's sandbox refuses to run as root
	}
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, cancel := chromedp.NewContext(alloc)
	stop = func() { cancel(); cancelAlloc() }
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		stop()
		return nil, nil, fmt.Errorf("start %s: %w", path, err)
	}
	return ctx, stop, nil
}
