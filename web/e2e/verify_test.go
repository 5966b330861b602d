package e2e_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/boombuler/barcode/qr"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Every language is there without a network, and the page opens in the last one.
func TestVerifyLanguagesOffline(t *testing.T) {
	x := newTab(t, variant{lang: "en", width: 360, scripts: true})
	x.open("/verify/")
	x.until(`document.body.dataset.ready === "offline"`)
	x.offline(true)
	defer x.offline(false)
	for _, lang := range []string{"ar", "fr", "hi", "sw"} {
		x.open("/verify/" + lang + ".html")
		x.paste("not a credential")
		x.until(`document.querySelector("#verdict")?.dataset.outcome === "unreadable_code"`)
		x.check("verify.unreadable_" + lang)
		x.open("/verify/trust." + lang + ".html")
		x.check("verify.trust_" + lang)
	}
	x.open("/verify/")
	if got := eval[string](x, "document.documentElement.lang"); got != "sw" {
		t.Errorf("opened in %s", got)
	}
}

// A text in parts is put together in any order; what is missing is told.
func TestVerifySeries(t *testing.T) {
	text := credentials(t)["dc+sd-jwt"]
	x := newTab(t, variant{lang: "en", width: 360, scripts: true})
	x.open("/verify/")
	third := len(text) / 3
	parts := []string{"SRV1:1/3:a7:" + text[:third], "SRV1:2/3:a7:" + text[third:2*third], "SRV1:3/3:a7:" + text[2*third:]}
	x.checked("incomplete_code", func() { x.paste(parts[2]) })
	x.wants("#verdict", "1, 2")
	x.check("verify.incomplete")
	x.paste(parts[2])
	x.paste(parts[0])
	x.until(`document.querySelector("#verdict").textContent.includes("Still missing: \u20682\u2069")`)
	x.checked("genuine", func() { x.paste(parts[1]) })
	dir := t.TempDir()
	var files []string
	for i, part := range []string{parts[1], parts[2], parts[0]} {
		files = append(files, filepath.Join(dir, fmt.Sprint(i, ".png")))
		writePNG(t, files[i], part)
	}
	x.checked("genuine", func() { x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), files)) })
}

// A bundle that is older, that somebody else signed, or that is none, is refused in
// words; a newer one is taken from a file.
func TestVerifyBundles(t *testing.T) {
	dir := t.TempDir()
	anybody, err := world.server.client()
	if err != nil {
		t.Fatal(err)
	}
	old, err := anybody.get("/.well-known/sr-trust-bundle.json")
	if err != nil {
		t.Fatal(err)
	}
	x := newTab(t, variant{lang: "en", width: 1280, scripts: true})
	x.open("/verify/trust")
	x.check("verify.trust")
	newer := filepath.Join(dir, "newer.json")
	if err := world.server.command("", "bundle", "--out", newer); err != nil {
		t.Fatal(err)
	}
	var signed map[string]string
	if err := json.Unmarshal([]byte(old), &signed); err != nil {
		t.Fatal(err)
	}
	flipped := []byte(signed["signature"])
	flipped[10] = map[bool]byte{true: 'A', false: 'B'}[flipped[10] == 'B']
	other := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","typ":"trust-bundle+jws","kid":"nobody"}`))
	for _, c := range []struct{ name, text, want string }{
		{"newer", "", "Renewed."},
		{"same", "", "newest already"},
		{"old", old, "older than"},
		{"wrong signature", strings.Replace(old, signed["signature"], string(flipped), 1), "did not sign"},
		{"another key", strings.Replace(old, signed["protected"], other, 1), "did not sign"},
		{"text", "hello", "not a trust bundle"},
		{"empty", "", "not a trust bundle"},
		{"half", old[:len(old)/2], "not a trust bundle"},
	} {
		file := newer
		if c.name != "newer" && c.name != "same" {
			file = filepath.Join(dir, c.name+".json")
			write(t, file, []byte(c.text))
		}
		eval[bool](x, `document.querySelector("#said").textContent = ""; true`)
		x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}))
		x.until(`document.querySelector("#said").textContent.length > 25 || document.querySelector("#said").textContent === "Renewed."`)
		if got := x.text("#said"); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	x.check("verify.trust_refused")
}

// What is no credential has words, each its own.
func TestVerifyBadInput(t *testing.T) {
	x := newTab(t, variant{lang: "en", width: 360, scripts: true})
	x.open("/verify/")
	x.paste("")
	x.wants("#problem", "nothing in the field")
	dir := t.TempDir()
	blank := image.NewGray(image.Rect(0, 0, 300, 200))
	for i := range blank.Pix {
		blank.Pix[i] = byte(i)
	}
	for name, c := range map[string]struct {
		make func(file string)
		want string
	}{
		"blank.png":  {func(file string) { encodePNG(t, file, blank) }, "No code was found in the picture"},
		"broken.jpg": {func(file string) { write(t, file, []byte("\xff\xd8\xff broken")) }, "cannot be opened"},
		"empty.txt":  {func(file string) { write(t, file, nil) }, "The file is empty"},
		"none.pdf":   {func(file string) { write(t, file, []byte("%PDF-1.4\n1 0 obj\n<</Type/Page>>\nendobj\n")) }, "No code was found in this PDF"},
		"great.txt":  {func(file string) { write(t, file, make([]byte, 25<<20)) }, "too large"},
		"garbage.pdf": {func(file string) {
			write(t, file, []byte("%PDF-1.7\n"+strings.Repeat("7 0 obj <<<<<< [[[ ((( ", 5000)))
		}, "No code was found in this PDF"},
	} {
		file := filepath.Join(dir, name)
		c.make(file)
		eval[bool](x, `document.querySelector("#problem").textContent = ""; true`)
		x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}))
		x.until(`document.querySelector("#problem").textContent`)
		if got := x.text("#problem"); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	x.check("verify.problem")
	x.tick("#scan") // there is none
	x.until(`document.querySelector("#problem").textContent.includes("camera")`)
	x.check("verify.camera")
	x.checked("unreadable_code", func() { x.paste("hello") })
	x.paste("") // what was said of something else goes away
	x.wants("#problem", "nothing in the field")
	if x.has("#verdict") {
		t.Error("there is a verdict about nothing")
	}
	x.checked("incomplete_code", func() { x.paste(`{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": [`) })
	x.checked("unsupported_format", func() { x.paste(`{"a": 1}`) })
}

// A PDF that a browser printed has its codes as areas: they are read.
func TestVerifyPDF(t *testing.T) {
	text := credentials(t)["jwt_vc_json"]
	x := newTab(t, variant{lang: "en", width: 1280, scripts: true})
	file := filepath.Join(t.TempDir(), "paper.pdf")
	write(t, file, printed(x, text))
	x.open("/verify/")
	x.checked("genuine", func() { x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file})) })
}

// Without a trust bundle nothing is checked, and the pages say what to do.
func TestVerifyWithoutBundle(t *testing.T) {
	type blocked struct {
		URLs []string `json:"urls"`
	}
	block := cdp.Command[blocked, cdp.Empty]{Method: "Network.setBlockedURLs"}
	x := newTab(t, variant{lang: "ar", width: 360, scripts: true})
	if _, err := chromedp.Call(x.ctx, block, blocked{[]string{"*sr-trust-bundle*"}}); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = chromedp.Call(x.ctx, block, blocked{[]string{}}) }()
	x.open("/verify/trust")
	x.wants("#trust .notice", "")
	x.state(stop{"/verify/trust", "/verify/trust", ""}, "empty")
	x.open("/verify/")
	x.paste("anything")
	x.until(`document.querySelector("#problem").textContent.length > 20`)
	if x.has("#verdict") {
		t.Error("it says something without a trust bundle")
	}
	x.check("verify.no_bundle")
}

// credentials gives one of the registrant's credentials of every format.
func credentials(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	me, configs := issuance(t)
	for id, format := range configs {
		k, err := newKey()
		if err == nil && out[format] == "" {
			out[format], err = me.takes(t, k, id)
		}
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
	}
	if len(out) < 4 {
		t.Fatalf("only %d formats are issued: %v", len(out), configs)
	}
	publish(t)
	return out
}

// publish has the trust bundle made anew: the one that is given out may be older than a
// status list of what was just issued.
func publish(t *testing.T) {
	t.Helper()
	admin, err := world.server.client()
	if err == nil {
		err = admin.signIn("admin", staffPassword)
	}
	if err == nil {
		_, _, err = admin.send("/admin/trust", "/admin/trust/publish", url.Values{})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// heldCredential gives an SD-JWT VC with the key that it is bound to.
func heldCredential(t *testing.T) (text string, k key) {
	t.Helper()
	me, configs := issuance(t)
	k, err := newKey()
	for id, format := range configs {
		if err == nil && format == "dc+sd-jwt" {
			text, err = me.takes(t, k, id)
		}
	}
	if err != nil || text == "" {
		t.Fatalf("no SD-JWT VC: %v", err)
	}
	publish(t)
	return text, k
}

// issuance is the registrant, and the format of every configuration of what is known
// about a person.
func issuance(t *testing.T) (me *client, configs map[string]string) {
	t.Helper()
	p := prepare(t)
	me, err := world.server.client()
	if err == nil {
		err = me.signIn(world.server.number, p.passphrase)
	}
	if err != nil {
		t.Fatal(err)
	}
	raw, err := me.get("/.well-known/openid-credential-issuer")
	if err != nil {
		t.Fatal(err)
	}
	var metadata struct {
		Configs map[string]struct{ Format string } `json:"credential_configurations_supported"`
	}
	if err := json.Unmarshal([]byte(raw), &metadata); err != nil {
		t.Fatal(err)
	}
	configs = map[string]string{}
	for id, config := range metadata.Configs {
		if strings.HasPrefix(id, "SocialRegistryPerson_") {
			configs[id] = config.Format
		}
	}
	return me, configs
}

// takes makes an offer and takes it.
func (c *client) takes(t *testing.T, k key, config string) (string, error) {
	t.Helper()
	at := "/me/credentials/" + config + "/offer"
	body, _, err := c.send(at, at, url.Values{})
	if err != nil {
		return "", err
	}
	return credentialFor(k, html.UnescapeString(match(t, body, `href="(openid-credential-offer:[^"]+)"`)), "")
}

// paste gives a text to the page.
func (x *tab) paste(text string) {
	x.t.Helper()
	eval[bool](x, `document.querySelector("#text").value = `+quote(text)+`; document.querySelector("#paste").requestSubmit(); true`)
}

// checked does what gives the page a credential, and waits for the outcome.
func (x *tab) checked(outcome string, do func()) {
	x.t.Helper()
	eval[bool](x, `document.querySelector("#verdict")?.remove(); true`)
	do()
	x.until(`document.querySelector("#verdict") || document.querySelector("#problem").textContent`)
	if got := eval[string](x, `document.querySelector("#verdict")?.dataset.outcome ?? document.querySelector("#problem").textContent`); got != outcome {
		x.t.Errorf("%s: %s, want %s: %s", x.v, got, outcome, x.text("#result"))
	}
}

// offline cuts the network of the window, or gives it back.
func (x *tab) offline(on bool) {
	x.t.Helper()
	type conditions struct {
		Offline            bool `json:"offline"`
		Latency            int  `json:"latency"`
		DownloadThroughput int  `json:"downloadThroughput"`
		UploadThroughput   int  `json:"uploadThroughput"`
	}
	cut := cdp.Command[conditions, cdp.Empty]{Method: "Network.emulateNetworkConditions"}
	if _, err := chromedp.Call(x.ctx, cut, conditions{on, 0, -1, -1}); err != nil {
		x.t.Fatal(err)
	}
}

// requests are the routes of those that the server has answered.
func requests(t *testing.T) (routes []string) {
	t.Helper()
	log, err := os.ReadFile(world.server.log)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"?route"?[:=]"?([^" ]+)`).FindAllStringSubmatch(string(log), -1) {
		routes = append(routes, m[1])
	}
	if len(routes) == 0 {
		t.Fatal("the log has no requests: it is read wrongly")
	}
	return routes
}

// cameraTab is the window of a browser of its own, whose camera shows a film.
func cameraTab(t *testing.T, dir, film string) *tab {
	t.Helper()
	browser, stop, err := startBrowser(filepath.Join(dir, "profile"), chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", film))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	if browser, err = startWatch(browser); err != nil {
		t.Fatal(err)
	}
	x := &tab{t: t, ctx: browser, v: variant{lang: "en", width: 360, scripts: true}, on: world.server, free: func() {}}
	x.call(emulation.SetDeviceMetricsOverrideParams{Width: x.v.width, Height: 800, DeviceScaleFactor: 1, Mobile: true})
	x.colours("light")
	x.signOut()
	return x
}

// codePicture draws the QR code of a text, so many pixels a module, on a page of a size.
func codePicture(t *testing.T, text string, width, height int) *image.Gray {
	t.Helper()
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		t.Fatal(err)
	}
	side := code.Bounds().Dx()
	module := max(2, min(width, height)*9/10/side)
	left, top := (width-module*side)/2, (height-module*side)/2
	out := image.NewGray(image.Rect(0, 0, max(width, module*(side+8)), max(height, module*(side+8))))
	if out.Rect.Dx() > width {
		left, top = 4*module, 4*module
	}
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	for y := range module * side {
		for x := range module * side {
			if r, _, _, _ := code.At(x/module, y/module).RGBA(); r == 0 {
				out.SetGray(left+x, top+y, color.Gray{})
			}
		}
	}
	return out
}

func writePNG(t *testing.T, file, text string) {
	t.Helper()
	encodePNG(t, file, codePicture(t, text, 600, 600))
}

func encodePNG(t *testing.T, file string, picture image.Image) {
	t.Helper()
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := png.Encode(out, picture); err != nil {
		t.Fatal(err)
	}
}

// printed is what Chromium prints of a page with the code of a text.
func printed(x *tab, text string) []byte {
	x.t.Helper()
	picture := codePicture(x.t, text, 10, 10)
	var path strings.Builder
	for py := 0; py < picture.Rect.Dy(); py += 2 {
		for px := 0; px < picture.Rect.Dx(); px += 2 {
			if picture.GrayAt(px, py).Y == 0 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", px/2, py/2)
			}
		}
	}
	side := picture.Rect.Dx() / 2
	x.do(chromedp.Navigate("about:blank"))
	eval[bool](x, `document.body.innerHTML = `+quote(fmt.Sprintf(`<h1>Paper</h1><p>Some words.</p><svg width="300" height="300" viewBox="0 0 %d %d"><path d="%s"/></svg>`, side, side, path.String()))+`; true`)
	out, err := chromedp.Call(x.ctx, page.PrintToPDF, page.PrintToPDFParams{})
	if err != nil {
		x.t.Fatal(err)
	}
	return out.Data
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// altered changes a character in the middle of a text.
func altered(text string) string {
	b := []byte(text)
	b[len(b)/2] = map[bool]byte{true: 'A', false: 'B'}[b[len(b)/2] == 'B']
	return string(b)
}

// TestVerifyOnASlowPhone opens the page and verifies on a CPU that is six times slower
// than this one, with nothing in the browser yet.
func TestVerifyOnASlowPhone(t *testing.T) {
	const most = 10_000 // ms; this machine may have much else to do
	held := credentials(t)
	x := newTab(t, variant{lang: "en", width: 360, scripts: true})
	slow := func(rate float64) {
		if _, err := chromedp.Call(x.ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: rate}); err != nil {
			t.Fatal(err)
		}
	}
	slow(6)
	defer slow(1)
	x.open("/verify/")
	ready := eval[int](x, `Math.round(performance.getEntriesByType("resource").reduce((t, e) => Math.max(t, e.responseEnd), 0))`)
	for _, format := range []string{"dc+sd-jwt", "ldp_vc"} {
		took := eval[int](x, `new Promise(done => {
  document.querySelector("#verdict")?.remove();
  const begun = performance.now();
  new MutationObserver((_, o) => { if (document.querySelector("#verdict")) { o.disconnect(); done(Math.round(performance.now() - begun)); } }).observe(document.querySelector("#result"), { childList: true });
  document.querySelector("#text").value = `+quote(held[format])+`;
  document.querySelector("#paste").requestSubmit();
})`)
		if got := eval[string](x, `document.querySelector("#verdict").dataset.outcome`); got != "genuine" || took > most {
			t.Errorf("%s: %s after %d ms", format, got, took)
		}
		t.Logf("6 times slower: the page has all files after %d ms; the first %s took %d ms to its verdict", ready, format, took)
	}
}
