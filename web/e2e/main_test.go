package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// browsers is how many run at once. Each is a process of its own with one window:
// a window in the background may never draw.
const browsers = 2

// world is what all tests share: one server process, a few browsers.
var world struct {
	server   *server
	database string               // of the server: sqlite or postgres
	free     chan context.Context // browsers that nobody uses now
	axe      string               // source of axe-core
	prepared *prepared            // what is on the server for the tour; nil: nothing yet
	album    *album

	mu   sync.Mutex
	mine []string // addresses that our servers have or had
}

// walks are the tests that go whole ways: they run on both databases.
const walks = "Walk$|^TestFlows$|^TestPortal$|^TestPasskeys$|^TestAuthenticatorApp$|^TestFirstRun$|^TestAttestByKeyboard$|^TestStaleForm$|^TestSessionOver$|^TestDoubleClick$|^TestPaperIsReadBack$"

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "browser tests:", err)
		code = 1
	}
	os.Exit(code)
}

// run runs all tests with the server on SQLite, and then the walks with one on
// PostgreSQL. SR_E2E_DATABASE, sqlite or postgres, keeps it to one of them.
func run(m *testing.M) (code int, err error) {
	axe, err := os.ReadFile(filepath.Join("..", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		return 1, fmt.Errorf("axe-core is missing: run npm ci --ignore-scripts in web: %w", err)
	}
	world.axe, world.album = string(axe), newAlbum()
	routes, err := pageRoutes()
	if err != nil {
		return 1, err
	}
	world.album.know(routes)
	words, err := os.ReadFile(filepath.Join("..", "locales", "en.json"))
	if err == nil {
		err = world.album.readStates(filepath.Join("..", "templates"), words)
	}
	if err != nil {
		return 1, fmt.Errorf("read which states there are: %w", err)
	}
	dir, err := os.MkdirTemp("", "sr-e2e")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // PostgreSQL, as somebody else, has its folder in it
		return 1, err
	}
	stop, err := startBrowsers(dir)
	defer stop()
	if err != nil {
		return 1, err
	}
	if err := build(dir); err != nil {
		return 1, err
	}
	flag.Parse()
	asked := flag.Lookup("test.run").Value.String()
	for _, database := range []string{"sqlite", "postgres"} {
		if only := os.Getenv("SR_E2E_DATABASE"); only != "" && only != database {
			continue
		}
		if database == "postgres" && asked == "" {
			_ = flag.Set("test.run", walks)
		}
		again, err := runOn(m, dir, database)
		if code = max(code, again); err != nil {
			return 1, err
		}
	}
	if pictures := os.Getenv("SR_E2E_PICTURES"); pictures != "" {
		return code, world.album.writeIndex(pictures)
	}
	return code, nil
}

// runOn runs the tests with a server on one of the databases.
func runOn(m *testing.M, dir, database string) (code int, err error) {
	folder := filepath.Join(dir, database)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return 1, err
	}
	address := "sqlite:" + filepath.Join(folder, "registry.db")
	if database == "postgres" {
		cluster := filepath.Join(dir, "cluster")
		if err := os.Mkdir(cluster, 0o700); err != nil {
			return 1, err
		}
		var stop func()
		if address, stop, err = startPostgres(cluster); err != nil {
			return 1, err
		}
		defer stop()
	}
	if world.server, err = startServer(folder, address); err != nil {
		return 1, err
	}
	defer world.server.stop()
	world.database, world.prepared = database, nil
	fmt.Printf("=== the server runs on %s\n", database)
	return m.Run(), nil
}

func startBrowsers(dir string) (stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, s := range stops {
			s()
		}
	}
	world.free = make(chan context.Context, browsers)
	for i := range browsers {
		browser, end, err := startBrowser(filepath.Join(dir, fmt.Sprint("profile", i)))
		if err != nil {
			return stop, err
		}
		stops = append(stops, end)
		if browser, err = startWatch(browser); err != nil {
			return stop, err
		}
		world.free <- browser
	}
	return stop, nil
}

// startBrowser starts a Chromium that talks to nobody but us. That there is none
// is a failure, not a reason to skip.
func startBrowser(profile string, more ...chromedp.ExecAllocatorOption) (browser context.Context, stop func(), err error) {
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
	opts = append(opts, more...)
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
