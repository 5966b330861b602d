package e2e_test

import (
	"image"
	"image/draw"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Codes that somebody made to confuse the page, and files that are too great for it, have
// words; the page goes on to work.
func TestVerifyHostileCodes(t *testing.T) {
	text := credentials(t)["dc+sd-jwt"]
	x := newTab(t, variant{lang: "en", width: 360, scripts: true})
	x.open("/verify/")
	half := len(text) / 2
	first, second := "SRV1:1/2:b1:"+text[:half], "SRV1:2/2:b1:"+text[half:]
	for _, c := range []struct{ name, text, want string }{
		{"a part beyond the last", "SRV1:5/3:x:nothing", "unreadable_code"},
		{"no part", "SRV1:0/3:x:nothing", "unreadable_code"},
		{"a hundred parts", "SRV1:1/100:x:nothing", "unreadable_code"},
		{"one of 99", "SRV1:99/99:x:" + text, "incomplete_code"},
		{"a text without its end", strings.Split(text, "~")[0], "incomplete_code"},
		{"two texts", text + text, "altered"},
		{"its first half", first, "incomplete_code"},
		{"another series between", "SRV1:1/2:b2:nothing", "incomplete_code"},
		{"its second half, of which the first is forgotten", second, "incomplete_code"},
		{"its first half again", first, "genuine"},
		{"the same number twice", first, "incomplete_code"},
		{"with another text", "SRV1:1/2:b1:nothing", "incomplete_code"},
		{"and its second half", second, "unreadable_code"},
		{"a code as long as the field takes", strings.Repeat("A", 1<<20-1), "unreadable_code"},
		{"brackets as deep", strings.Repeat(`{"a":[`, 150_000), "incomplete_code"},
		{"tildes", strings.Repeat("~", 1<<20-1), "unreadable_code"},
	} {
		begun := time.Now()
		x.checked(c.want, func() { x.paste(c.text) })
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("%s took %v", c.name, took)
		}
		if t.Failed() {
			t.Fatal(c.name)
		}
	}
	x.paste(strings.Repeat("A", 2<<20))
	x.wants("#problem", "too large")
	dir := t.TempDir()
	great, both, parts := filepath.Join(dir, "great.jpg"), filepath.Join(dir, "both.png"), filepath.Join(dir, "parts.txt")
	write(t, great, slices.Concat([]byte("\xff\xd8\xff"), make([]byte, 50<<20)))
	x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{great}))
	x.wants("#problem", "too large")
	write(t, parts, []byte(second+"\r\n"+first+"\n"))
	x.checked("genuine", func() { x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{parts})) })
	encodePNG(t, both, sideBySide(codePicture(t, "https://shop.example/offer", 500, 500), codePicture(t, credentials(t)["jwt_vc_json"], 900, 900)))
	x.checked("genuine", func() { x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{both})) })
	x.check("verify.after_hostile_codes")
}

// sideBySide puts two pictures into one.
func sideBySide(a, b *image.Gray) image.Image {
	out := image.NewGray(image.Rect(0, 0, a.Rect.Dx()+b.Rect.Dx(), max(a.Rect.Dy(), b.Rect.Dy())))
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	draw.Draw(out, a.Rect, a, image.Point{}, draw.Src)
	draw.Draw(out, b.Rect.Add(image.Pt(a.Rect.Dx(), 0)), b, image.Point{}, draw.Src)
	return out
}
