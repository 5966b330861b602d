package e2e_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// folderAt is where the folder stands on its server, beside what others have there.
const folderAt = "/offices/north/checks"

// folderSite writes the verifier page as a folder and gives it out as any server of
// files does, which has other folders too.
func folderSite(t *testing.T, dir string) *httptest.Server {
	t.Helper()
	if err := world.server.command("", "verifier", "--out", dir); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(folderAt+"/", http.StripPrefix(folderAt, http.FileServer(http.Dir(dir))))
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	world.mu.Lock()
	defer world.mu.Unlock()
	world.mine = append(world.mine, site.URL+folderAt+"/")
	return site
}

// TestVerifyFolder uses the page from a plain server of files, without ours, in a folder
// of it; then without that one, and takes a new version when there is one. Nothing is
// asked of the server but what is in the folder.
func TestVerifyFolder(t *testing.T) {
	held := credentials(t)
	dir := t.TempDir()
	site := folderSite(t, dir)
	x := newTab(t, variant{lang: "en", width: 1280, scripts: true})
	x.on = &server{url: site.URL + folderAt, log: world.server.log}
	x.openAt("/")
	x.until(`document.body.dataset.ready === "offline"`)
	for format, text := range held {
		x.checked("genuine", func() { x.paste(text) })
		x.wants(`[data-check=status][data-result=passed]`, "")
		_ = format
	}
	x.check("verify.folder")
	x.homeIcons()
	x.openAt("/trust.html")
	x.wants("#trust .row", "")
	x.openAt("/ar.html")
	x.wants("h1", "")
	x.openAt("/en.html")
	site.CloseClientConnections()

	styles := filepath.Join(dir, "app.css")
	before := hashed(t, styles)
	write(t, styles, append(read(t, styles), "/* newer */"...))
	worker := string(read(t, filepath.Join(dir, "sw.js")))
	write(t, filepath.Join(dir, "sw.js"), []byte(strings.NewReplacer(`const build = "`, `const build = "1`, before, hashed(t, styles)).Replace(worker)))
	x.openAt("/")
	x.until(`!document.querySelector("#newer").hidden`)
	x.check("verify.newer")
	x.press("#take")
	x.openAt("/")
	x.until(`caches.keys().then(all => all.length === 2 && all.some(n => n.includes("checks/ 1")))`)
	if !eval[bool](x, `document.querySelector("#newer").hidden`) {
		t.Error("the new version offers itself")
	}
	x.until(`caches.keys().then(all => all.find(n => n.includes("checks/ 1"))).then(n => caches.open(n)).then(c => c.match("./vendor/zxing_reader.wasm"))`)
	site.Close()
	x.offline(true)
	defer x.offline(false)
	picture := filepath.Join(t.TempDir(), "code.png")
	writePNG(t, picture, held["jwt_vc_json"])
	for _, page := range []string{"/trust.html", "/trust.ar.html", "/ar.html", "/"} {
		x.openAt(page)
	}
	for _, text := range held {
		x.checked("genuine", func() { x.paste(text) })
	}
	x.checked("genuine", func() { x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{picture})) })
	x.check("verify.folder_offline")
}

// homeIcons fails unless the pictures for home screens are there, and as large as the
// page and its manifest say.
func (x *tab) homeIcons() {
	x.t.Helper()
	wrong := eval[[]string](x, `(async () => {
  const out = [], link = (rel) => document.querySelector("link[rel=" + rel + "]").href, at = link("manifest"), m = await (await fetch(at)).json();
  const all = [...m.icons.filter(i => i.type === "image/png").map(i => [new URL(i.src, at).href, i.sizes]), [link("apple-touch-icon"), "180x180"]];
  if (all.length < 4) out.push("only " + all.length + " pictures");
  for (const [url, sizes] of all) {
    const answer = await fetch(url), picture = await createImageBitmap(await answer.blob());
    if (picture.width + "x" + picture.height !== sizes) out.push(url + " is " + picture.width + "x" + picture.height);
  }
  if (m.theme_color !== document.querySelector("meta[name=theme-color]").content) out.push("the colour of the manifest is " + m.theme_color);
  return out;
})()`)
	for _, finding := range wrong {
		x.t.Errorf("%s: %s", x.v, finding)
	}
}

// openAt opens the page in a folder.
func (x *tab) openAt(path string) {
	x.t.Helper()
	x.do(chromedp.Navigate(x.on.url + path))
	x.until(`document.body.dataset.ready !== undefined`)
}

// hashed is how the worker names the content of a file.
func hashed(t *testing.T, file string) string {
	t.Helper()
	sum := sha256.Sum256(read(t, file))
	return hex.EncodeToString(sum[:6])
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
