package e2e_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// preparePaper prints the named details by the form at an address, and gives the page of
// the paper.
func preparePaper(t *testing.T, c *client, form string, details ...string) string {
	t.Helper()
	body, err := c.get(form)
	if err != nil {
		t.Fatal(err)
	}
	action := match(t, body, `id="make-paper" method="post" action="([^"]+)"`)
	body, at, err := c.send(form, action, url.Values{"details": details, "config": {match(t, body, `name="config" value="([^"]+)"`)}})
	if err != nil || !strings.Contains(body, `class="paper sheet"`) {
		t.Fatalf("nothing is printed at %v: %v", at, err)
	}
	return at.Path
}

// paperDots is the density of a cheap scan or a phone at an arm's length: so many dots
// make an inch.
const paperDots = 150

// A printed sheet and a printed card, scanned at 150 dots an inch, askew, blurred and in
// bad light, are read by the verifier page and found genuine by it and by srverify.
func TestPaperIsReadBack(t *testing.T) {
	prepare(t)
	x := newTab(t, variant{lang: "en", width: 1280, scripts: true})
	x.as(world.server.number, world.prepared.passphrase)
	verifier, dir := buildVerifier(t), t.TempDir()
	for _, layout := range []struct {
		name          string
		width, height int // of the paper, in CSS pixels
		pdf           [2]float64
	}{{"a4", 794, 1123, [2]float64{595, 842}}, {"card", 324, 204, [2]float64{242.6, 153}}} {
		x.open(world.prepared.paper + "?layout=" + layout.name)
		side := eval[int](x, `document.querySelector(".paper .mark").viewBox.baseVal.width`)
		if version := (side - 8 - 17) / 4; version < 1 || version > 12 {
			t.Errorf("%s: QR version %d", layout.name, version)
		}
		x.onePage(layout.pdf)
		scan := x.scanned(layout.width, layout.height)
		picture := filepath.Join(dir, layout.name+".png")
		encodePNG(t, picture, worn(scan))
		keepPicture(t, picture, "paper_"+layout.name)
		x.open("/verify/")
		x.checked("genuine", func() { x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{picture})) })
		code := x.codeOn(picture)
		if got := verifier(t, code); got != "genuine" {
			t.Errorf("%s: srverify says %s of %q", layout.name, got, code)
		}
	}
}

// The details that the form suggests for the standard credential are within version 12.
func TestPaperOfTheStandardFields(t *testing.T) {
	p := prepare(t)
	x := newTab(t, variant{lang: "en", width: 360, scripts: true})
	x.as(world.server.number, p.passphrase)
	x.open("/me/credentials/" + p.config + "/print")
	all := eval[int](x, `document.querySelectorAll("[name=details]").length`)
	if on := eval[int](x, `document.querySelectorAll("[name=details]:checked").length`); all < 3 || on != all {
		t.Errorf("%d of %d details are suggested", on, all)
	}
	x.fill("#layout", "card")
	x.press("#make-paper button[type=submit]")
	x.wants(".paper", "Reference number")
	side := eval[int](x, `document.querySelector(".paper .mark").viewBox.baseVal.width`)
	if side > 17+4*12+8 {
		t.Errorf("the code has %d modules", side)
	}
	x.check("paper.standard")
}

// onePage prints the page as a PDF, which has one page of a size in points.
func (x *tab) onePage(want [2]float64) {
	x.t.Helper()
	yes := true
	out, err := chromedp.Call(x.ctx, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: &yes, PrintBackground: &yes})
	if err != nil {
		x.t.Fatal(err)
	}
	boxes := regexp.MustCompile(`/MediaBox\s*\[\s*0 0 ([0-9.]+) ([0-9.]+)\s*\]`).FindAllSubmatch(out.Data, -1)
	if len(boxes) != 1 {
		x.t.Errorf("%d pages are printed, want one of %v points", len(boxes), want)
		return
	}
	var got [2]float64
	fmt.Sscan(string(boxes[0][1]), &got[0])
	fmt.Sscan(string(boxes[0][2]), &got[1])
	if math.Abs(got[0]-want[0]) > 2 || math.Abs(got[1]-want[1]) > 2 {
		x.t.Errorf("the page is %v points, want %v", got, want)
	}
}

// scanned is the page as it is printed, at paperDots.
func (x *tab) scanned(width, height int) image.Image {
	x.t.Helper()
	media := func(name string) {
		if _, err := chromedp.Call(x.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: name}); err != nil {
			x.t.Fatal(err)
		}
	}
	media("print")
	x.call(emulation.SetDeviceMetricsOverrideParams{Width: int64(width), Height: int64(height), DeviceScaleFactor: paperDots / 96.0})
	shot, err := chromedp.Call(x.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: "png"})
	if err != nil {
		x.t.Fatal(err)
	}
	media("")
	x.call(emulation.SetDeviceMetricsOverrideParams{Width: int64(x.v.width), Height: 800, DeviceScaleFactor: 1})
	picture, err := png.Decode(bytes.NewReader(shot.Data))
	if err != nil {
		x.t.Fatal(err)
	}
	if got := picture.Bounds().Dx(); math.Abs(float64(got)-float64(width)*paperDots/96) > 2 {
		x.t.Fatalf("the scan is %d dots wide", got)
	}
	return picture
}

// worn turns a scan by 7°, blurs it and takes light away, more at one side.
func worn(scan image.Image) *image.Gray {
	b := scan.Bounds()
	grey := func(x, y int) float64 {
		if !(image.Point{x, y}).In(b) {
			return 120 // the table
		}
		r, g, bl, _ := scan.At(x, y).RGBA()
		return float64(299*r+587*g+114*bl) / 1000 / 257
	}
	sin, cos := math.Sincos(7 * math.Pi / 180)
	width, height := int(float64(b.Dx())*cos+float64(b.Dy())*sin)+20, int(float64(b.Dx())*sin+float64(b.Dy())*cos)+20
	turned := make([]float64, width*height)
	for y := range height {
		for x := range width {
			dx, dy := float64(x-width/2), float64(y-height/2)
			sx, sy := cos*dx+sin*dy+float64(b.Dx())/2, -sin*dx+cos*dy+float64(b.Dy())/2
			x0, y0 := int(math.Floor(sx)), int(math.Floor(sy))
			fx, fy := sx-float64(x0), sy-float64(y0)
			top := grey(x0, y0)*(1-fx) + grey(x0+1, y0)*fx
			turned[y*width+x] = top*(1-fy) + (grey(x0, y0+1)*(1-fx)+grey(x0+1, y0+1)*fx)*fy
		}
	}
	out := image.NewGray(image.Rect(0, 0, width, height))
	kernel := [3]float64{1, 2, 1} // a blur of about one dot
	for y := range height {
		for x := range width {
			sum := 0.0
			for j, ky := range kernel {
				for i, kx := range kernel {
					sum += kx * ky / 16 * turned[min(max(y+j-1, 0), height-1)*width+min(max(x+i-1, 0), width-1)]
				}
			}
			light := 0.65 - 0.25*float64(x)/float64(width)
			out.Pix[y*out.Stride+x] = uint8(20 + sum*light)
		}
	}
	return out
}

// codeOn gives the text of the one code on a picture, as zxing reads it for the page.
func (x *tab) codeOn(picture string) string {
	x.t.Helper()
	eval[bool](x, `document.body.append(Object.assign(document.createElement("input"), { type: "file", id: "probe" })); true`)
	x.do(chromedp.SetUploadFiles(chromedp.CSS("#probe"), []string{picture}))
	codes := eval[[]string](x, `import("/verify/codes.js").then((m) => m.codesInFile(document.querySelector("#probe").files[0])).then((list) => list.map((c) => typeof c === "string" ? c : new TextDecoder().decode(c)))`)
	eval[bool](x, `document.querySelector("#probe").remove(); true`)
	if len(codes) != 1 {
		x.t.Fatalf("%d codes are on %s", len(codes), picture)
	}
	return codes[0]
}

// buildVerifier gives srverify with the trust bundle of now: the outcome of a text.
func buildVerifier(t *testing.T) func(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	binary, bundle := filepath.Join(dir, "srverify"), filepath.Join(dir, "bundle.json")
	if out, err := exec.Command("go", "build", "-C", filepath.Join("..", ".."), "-o", binary, "./cmd/srverify").CombinedOutput(); err != nil {
		t.Fatalf("build srverify: %v\n%s", err, out)
	}
	if err := world.server.command("", "bundle", "--out", bundle); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	var signed struct{ Protected string }
	if err := json.Unmarshal(raw, &signed); err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, text string) string {
		t.Helper()
		cmd := exec.Command(binary, "--bundle", bundle, "--root="+rootOf(t, signed.Protected), "--quiet", "-")
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.Output()
		if err != nil {
			t.Logf("srverify: %v", err)
		}
		return strings.TrimSpace(string(out))
	}
}

// rootOf is the key that a bundle says it is signed by.
func rootOf(t *testing.T, protected string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(protected)
	var header struct{ Kid string }
	if err == nil {
		err = json.Unmarshal(raw, &header)
	}
	if err != nil {
		t.Fatal(err)
	}
	return header.Kid
}

// keepPicture copies a picture into the folder SR_E2E_PICTURES, for people to look at.
func keepPicture(t *testing.T, file, name string) {
	t.Helper()
	dir := os.Getenv("SR_E2E_PICTURES")
	if dir == "" {
		return
	}
	raw, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), raw, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
