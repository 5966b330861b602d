package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// issued is a credential with what is to be said of it.
type issued struct{ format, outcome, text string }

// TestVerifyOfflineWalk opens the verifier page once, cuts the network, and checks
// credentials of every format, paper included: genuine ones, withdrawn and suspended
// ones, by the status lists of the trust bundle; pasted, as files, as pictures of codes,
// and through a camera, some as a series. The server hears nothing of it.
func TestVerifyOfflineWalk(t *testing.T) {
	dir := t.TempDir()
	film := filepath.Join(dir, "camera.y4m")
	writeFilm(t, film, "nothing yet")
	x := cameraTab(t, dir, film)
	held := everyStanding(t, x, dir)
	x.signOut()
	x.forgetVerifier() // its bundle is older than the last that was withdrawn
	x.open("/verify")
	x.at("/verify/")
	x.until(`document.body.dataset.ready === "offline"`)
	x.until(`caches.keys().then(all => all.find(n => n.startsWith("verify /"))).then(n => caches.open(n)).then(c => c.match("./vendor/zxing_reader.wasm"))`)
	x.check("verify.ready")
	x.installable()

	x.offline(true)
	defer x.offline(false)
	before, visits := quietRequests(t), 0
	for n, v := range walkVariants() {
		x.resize(v)
		x.open("/verify/" + v.lang + ".html")
		visits += 2 // of the page, and of its worker that reads codes
		for _, c := range held {
			x.standing(c, func() { x.paste(c.text) })
			x.check("verify." + c.outcome + "_" + strings.ReplaceAll(c.format, "+", "_"))
		}
		for _, c := range held {
			if n == 0 || c.format == "claim169" {
				x.scans(film, c)
			}
		}
		if n == 0 {
			x.otherWays(dir, held)
		}
		if left := eval[[]string](x, `performance.getEntriesByType("resource").filter(e => e.workerStart === 0 && !/^(data|blob):/.test(e.name)).map(e => e.name)`); len(left) > 0 {
			t.Errorf("%s: asked of the network: %v", v, left)
		}
	}
	x.open("/verify/trust.en.html")
	visits++
	x.wants("#trust .row", "")
	x.tick("#refresh")
	x.until(`document.querySelector("#said").textContent.includes("no network")`)
	// That the browser asks at each visit whether the worker has changed, no window's cut stops.
	if heard := requests(t)[before:]; len(heard) > visits || slices.ContainsFunc(heard, func(route string) bool { return route != "/verify/:file" }) {
		t.Errorf("the server heard, in %d visits: %v", visits, heard)
	}
}

// installable asks the browser what keeps the page from being installed. That no window of a
// test's profile installs anything is not the page's.
func (x *tab) installable() {
	x.t.Helper()
	found, err := chromedp.Call(x.ctx, page.GetInstallabilityErrors, cdp.Empty{})
	if err != nil {
		x.t.Fatal(err)
	}
	for _, e := range found.InstallabilityErrors {
		if e.ErrorID != "in-incognito" {
			x.t.Errorf("not installable: %s %+v", e.ErrorID, e.ErrorArguments)
		}
	}
	manifest, err := chromedp.Call(x.ctx, page.GetAppManifest, page.GetAppManifestParams{})
	if err != nil || manifest.URL == "" || len(manifest.Errors) > 0 {
		x.t.Errorf("the manifest %q: %v, %+v", manifest.URL, err, manifest.Errors)
	}
}

// quietRequests is how many requests the server has answered, when no more come: what a
// visit still asks in the background is over.
func quietRequests(t *testing.T) int {
	t.Helper()
	for before, quiet := len(requests(t)), 0; ; {
		time.Sleep(100 * time.Millisecond)
		now := len(requests(t))
		if quiet++; now != before {
			before, quiet = now, 0
		}
		if quiet == 30 {
			return now
		}
	}
}

// walkVariants are both languages and widths; on the second database two that differ in
// both.
func walkVariants() []variant {
	out := []variant{{lang: "en", width: 360, scripts: true}, {lang: "ar", width: 1280, scripts: true}}
	if world.database == "postgres" {
		return out
	}
	return append(out, variant{lang: "en", width: 1280, scripts: true}, variant{lang: "ar", width: 360, scripts: true})
}

// resize gives the window the size of a variant.
func (x *tab) resize(v variant) {
	x.t.Helper()
	x.v = v
	x.call(emulation.SetDeviceMetricsOverrideParams{Width: v.width, Height: 800, DeviceScaleFactor: 1, Mobile: v.width < 600})
}

// standing gives a credential to the page, which finds its outcome by its status.
func (x *tab) standing(c issued, do func()) {
	x.t.Helper()
	x.checked(c.outcome, do)
	result := map[bool]string{true: "passed", false: "failed"}[c.outcome == "genuine"]
	if !x.has(`[data-check=status][data-result=` + result + `]`) {
		x.t.Errorf("%s: %s, %s: not by its status: %s", x.v, c.format, c.outcome, x.text("#result"))
	}
	if !x.has(`[data-check=holder][data-result=not_checked]`) {
		x.t.Errorf("%s: %s, %s: not said that the holder was not checked", x.v, c.format, c.outcome)
	}
	if got := x.text("#verdict"); x.v.lang == "en" && !strings.Contains(got, "status as of") {
		x.t.Errorf("%s: %s: the verdict does not say how old the status is: %s", x.v, c.format, got)
	}
}

// scans holds a credential in front of the camera: as one code, or as a series.
func (x *tab) scans(film string, c issued) {
	x.t.Helper()
	x.until(`document.querySelector("#camera").hidden`)
	time.Sleep(500 * time.Millisecond) // until the browser has let go of the last film
	writeFilm(x.t, film, inCodes(c)...)
	x.standing(c, func() { x.tick("#scan") })
	if x.has("#camera:not([hidden])") {
		x.t.Errorf("%s: the camera goes on after a code was read", c.format)
	}
}

// inCodes is how a credential is shown: SD-JWTs, and what one code would not hold, as a
// series like those of srwallet.
func inCodes(c issued) []string {
	const most, part = 1400, 500
	if c.format != "dc+sd-jwt" && len(c.text) <= most {
		return []string{c.text}
	}
	pieces := slices.Collect(slices.Chunk([]byte(c.text), part))
	var out []string
	for n, piece := range pieces {
		out = append(out, fmt.Sprintf("SRV1:%d/%d:walk:%s", n+1, len(pieces), piece))
	}
	return out
}

// otherWays gives credentials as files and as pictures, and an altered one.
func (x *tab) otherWays(dir string, held []issued) {
	x.t.Helper()
	for n, c := range held {
		file := filepath.Join(dir, fmt.Sprint("credential-", n, ".txt"))
		write(x.t, file, []byte(c.text+"\n"))
		x.standing(c, func() { x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file})) })
		var pictures []string
		for k, code := range inCodes(c) {
			pictures = append(pictures, filepath.Join(dir, fmt.Sprint("code-", n, "-", k, ".png")))
			writePNG(x.t, pictures[k], code)
		}
		x.standing(c, func() { x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), pictures)) })
	}
	x.checked("altered", func() { x.paste(altered(held[0].text)) })
	x.check("verify.altered")
	x.tick("#again")
	x.until(`document.querySelector("#result").childElementCount === 0`)
}

// everyStanding gives a genuine and a withdrawn credential of every format, and of some a
// suspended one.
func everyStanding(t *testing.T, x *tab, dir string) (out []issued) {
	t.Helper()
	me, configs := issuance(t)
	admin, err := world.server.client()
	if err == nil {
		err = admin.signIn("admin", staffPassword)
	}
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{"": true}
	for _, config := range slices.Sorted(maps.Keys(configs)) {
		if format := configs[config]; !seen[format] {
			seen[format] = true
			out = append(out, standings(t, admin, format, format == "dc+sd-jwt", func() string {
				k, err := newKey()
				text := ""
				if err == nil {
					text, err = me.takes(t, k, config)
				}
				if err != nil {
					t.Fatalf("%s: %v", config, err)
				}
				return text
			})...)
		}
	}
	if len(seen) < 5 {
		t.Fatalf("only %v are issued", seen)
	}
	picture := filepath.Join(dir, "paper.png")
	x.as(world.server.number, world.prepared.passphrase)
	papers := standings(t, admin, "claim169", true, func() string {
		x.open(preparePaper(t, me, "/me/credentials/"+world.prepared.config+"/print", "given_name", "family_name", "birth_date") + "?layout=a4")
		encodePNG(t, picture, x.scanned(794, 1123))
		x.open("/verify/")
		return x.codeOn(picture)
	})
	publish(t)
	return append(out, papers...)
}

// standings makes credentials and gives each the standing that it is to have.
func standings(t *testing.T, admin *client, format string, suspended bool, make func() string) (out []issued) {
	t.Helper()
	all := []struct{ outcome, step string }{{"genuine", ""}, {"withdrawn", "withdraw"}, {"suspended", "suspend"}}
	if !suspended {
		all = all[:2]
	}
	for _, s := range all {
		c := issued{format, s.outcome, make()}
		if s.step != "" {
			path := "/api/v1/credentials/" + newestCredential(t, admin, format) + "/" + s.step
			if err := admin.create(path, map[string]string{"reason": "trial"}, nil); err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, c)
	}
	return out
}

// newestCredential is the id of the last that was issued about the registrant, which must
// be of a format.
func newestCredential(t *testing.T, admin *client, format string) string {
	t.Helper()
	var list struct {
		Items []struct{ ID, Format, State string }
	}
	raw, err := admin.get("/api/v1/people/" + world.prepared.person + "/credentials")
	if err == nil {
		err = json.Unmarshal([]byte(raw), &list)
	}
	if err != nil || len(list.Items) == 0 || list.Items[0].State != "issued" || list.Items[0].Format != format {
		t.Fatalf("the newest credential is no %s: %v: %.200s", format, err, raw)
	}
	return list.Items[0].ID
}

// writeFilm writes a film (YUV4MPEG2) that shows codes one after the other, which Chromium
// plays again and again.
func writeFilm(t *testing.T, file string, codes ...string) {
	t.Helper()
	const width, height, frames = 1280, 960, 3
	film := []byte(fmt.Sprintf("YUV4MPEG2 W%d H%d F5:1 Ip A1:1 C420\n", width, height))
	for _, code := range codes {
		picture := codePicture(t, code, width, height)
		for range frames {
			film = append(append(film, "FRAME\n"...), picture.Pix...)
			film = append(film, slices.Repeat([]byte{128}, width*height/2)...)
		}
	}
	write(t, file+".new", film)
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}
