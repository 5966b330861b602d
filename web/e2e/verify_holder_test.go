package e2e_test

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

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
	x.wants("#verdict", "could not prove that it is theirs")
	for _, lang := range []string{"en", "ar"} { // cut off: it may be a copy, and is not green
		x.open("/verify/" + lang + ".html")
		x.tick("#ask summary")
		x.until(`document.querySelector("#nonce").textContent.length > 20`)
		x.v.lang = lang
		x.checked("genuine", func() { x.paste(text) })
		x.wants(`#verdict.wait`)
		x.wants(`[data-check=holder][data-result=not_checked] .badge.wait`)
		x.check("verify.not_shown")
	}
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

// TestVerifyHolderWalk asks who holds a credential by the code on the screen. zxing, which
// is not ours, reads it off a picture of the screen; srwallet, which took the credential
// itself, answers with a series of codes; the page reads these through its camera, without
// a network.
func TestVerifyHolderWalk(t *testing.T) {
	dir := t.TempDir()
	film, shot := filepath.Join(dir, "camera.y4m"), filepath.Join(dir, "screen.png")
	writeFilm(t, film, "nothing yet")
	wallet := buildWallet(t)
	wallet("accept", "--dir", filepath.Join(dir, "wallet"), sdjwtOffer(t))
	publish(t)
	x := cameraTab(t, dir, film)
	for n, v := range walkVariants()[:2] {
		x.resize(v)
		x.open("/verify/" + v.lang + ".html")
		x.until(`document.body.dataset.ready === "offline"`)
		if n == 0 {
			x.until(`caches.keys().then(all => all.find(n => n.startsWith("verify /"))).then(n => caches.open(n)).then(c => c.match("./vendor/zxing_reader.wasm"))`)
		}
		x.offline(true)
		defer x.offline(false)
		x.tick("#ask summary")
		x.until(`!document.querySelector("#askcode").hidden`)
		x.check("verify.ask")
		x.screen(shot)
		asked := x.codeOn(shot)
		if want := "SRA1:" + x.text("#nonce") + ":" + x.text("#audience"); asked != want {
			t.Fatalf("%s: the code says %q, the words %q", v, asked, want)
		}
		shown := strings.TrimSpace(wallet("present", "--dir", filepath.Join(dir, "wallet"), "--ask", asked, "--all", "--text", "1"))
		writeFilm(t, film, inCodes(issued{"dc+sd-jwt", "", shown})...)
		x.checked("genuine", func() { x.tick("#scan") })
		x.wants(`[data-check=holder][data-result=passed]`, "")
		if v.lang == "en" {
			x.wants("#verdict .do", "proved now")
		}
		x.check("verify.held")
		if x.text("#nonce") == strings.Split(asked, ":")[1] {
			t.Errorf("%s: the number is asked again", v)
		}
		x.checked("altered", func() { x.tick("#scan") }) // the same film once more: a copy
		x.wants(`[data-check=holder][data-result=failed]`, "")
		x.check("verify.not_held")
		x.offline(false)
	}
}

// screen takes a picture of what is on the screen.
func (x *tab) screen(file string) {
	x.t.Helper()
	shot, err := chromedp.Run(x.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		x.t.Fatal(err)
	}
	write(x.t, file, shot)
}

// sdjwtOffer is an offer of an SD-JWT VC to the registrant.
func sdjwtOffer(t *testing.T) string {
	t.Helper()
	me, configs := issuance(t)
	for id, format := range configs {
		if format == "dc+sd-jwt" {
			at := "/me/credentials/" + id + "/offer"
			body, _, err := me.send(at, at, url.Values{})
			if err != nil {
				t.Fatal(err)
			}
			return html.UnescapeString(match(t, body, `href="(openid-credential-offer:[^"]+)"`))
		}
	}
	t.Fatal("no SD-JWT VC is issued")
	return ""
}

// buildWallet gives srwallet: what it writes for its arguments.
func buildWallet(t *testing.T) func(args ...string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "srwallet")
	if out, err := exec.Command("go", "build", "-C", filepath.Join("..", ".."), "-o", binary, "./cmd/srwallet").CombinedOutput(); err != nil {
		t.Fatalf("build srwallet: %v\n%s", err, out)
	}
	return func(args ...string) string {
		t.Helper()
		var words strings.Builder
		cmd := exec.Command(binary, args...)
		cmd.Stderr = &words
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("srwallet %s: %v: %s", args[0], err, words.String())
		}
		return string(out)
	}
}
