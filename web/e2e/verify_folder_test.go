package e2e_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// folderSite writes the verifier page as a folder and gives it out as any server of
// files does.
func folderSite(t *testing.T, dir string) *httptest.Server {
	t.Helper()
	if err := world.server.command("", "verifier", "--out", dir); err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(site.Close)
	world.mu.Lock()
	defer world.mu.Unlock()
	world.mine = append(world.mine, site.URL+"/")
	return site
}

// TestVerifyFolder uses the page from a plain server of files, without ours, then
// without that one, and takes a new version when there is one.
func TestVerifyFolder(t *testing.T) {
	held := credentials(t)
	dir := t.TempDir()
	site := folderSite(t, dir)
	x := newTab(t, variant{lang: "en", width: 1280, scripts: true})
	x.on = &server{url: site.URL, log: world.server.log}
	x.openAt("/")
	x.until(`document.body.dataset.ready === "offline"`)
	for format, text := range held {
		x.checked("genuine", func() { x.paste(text) })
		x.wants(`[data-check=status][data-result=passed]`, "")
		_ = format
	}
	x.check("verify.folder")
	x.openAt("/trust.html")
	x.wants("#trust .row", "")
	x.openAt("/ar.html")
	x.wants("h1", "")
	x.openAt("/en.html")
	site.CloseClientConnections()

	if err := os.WriteFile(filepath.Join(dir, "app.css"), append(read(t, filepath.Join(dir, "app.css")), "/* newer */"...), 0o600); err != nil {
		t.Fatal(err)
	}
	worker := string(read(t, filepath.Join(dir, "sw.js")))
	write(t, filepath.Join(dir, "sw.js"), []byte(strings.Replace(worker, `const build = "`, `const build = "1`, 1)))
	x.openAt("/")
	x.until(`!document.querySelector("#newer").hidden`)
	x.check("verify.newer")
	x.press("#take")
	x.openAt("/")
	x.until(`caches.keys().then(all => all.length === 2 && all.some(n => n.startsWith("verify-1")))`)
	if !eval[bool](x, `document.querySelector("#newer").hidden`) {
		t.Error("the new version offers itself")
	}
	site.Close()
	x.openAt("/trust.html")
	x.openAt("/")
	x.checked("genuine", func() { x.paste(held["dc+sd-jwt"]) })
}

// openAt opens the page in a folder.
func (x *tab) openAt(path string) {
	x.t.Helper()
	x.do(chromedp.Navigate(x.on.url + path))
	x.until(`document.body.dataset.ready !== undefined`)
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestVerifyHolder asks who holds a credential: the holder's key answers for this check,
// and not for another.
func TestVerifyHolder(t *testing.T) {
	text, k := heldCredential(t)
	x := newTab(t, variant{lang: "en", width: 360, scripts: true})
	x.open("/verify/")
	x.tick("#ask summary")
	x.until(`document.querySelector("#nonce").textContent.length > 20`)
	x.check("verify.ask")
	shown := text + bindingOf(t, k, text, x.text("#nonce"), x.text("#audience"))
	x.checked("genuine", func() { x.paste(shown) })
	x.wants(`[data-check=holder][data-result=passed]`, "")
	x.wants("#verdict .do", "proved now")
	x.check("verify.held")
	x.checked("altered", func() { x.paste(shown) }) // once more: a copy
	x.wants(`[data-check=holder][data-result=failed]`, "copy")
	x.checked("genuine", func() { x.paste(text) })
	x.wants(`[data-check=holder][data-result=not_checked]`, "Compare the photo")
}

// bindingOf is a key binding JWT (RFC 9901 §4.3).
func bindingOf(t *testing.T, k key, text, nonce, audience string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	out, err := k.sign(map[string]any{"typ": "kb+jwt"}, map[string]any{"iat": time.Now().Unix(), "nonce": nonce, "aud": audience, "sd_hash": base64.RawURLEncoding.EncodeToString(sum[:])})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
