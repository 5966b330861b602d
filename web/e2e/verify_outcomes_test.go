package e2e_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// specimens are credentials with their outcomes, and the bundles that they are checked
// against, which nobody signed.
type specimens struct {
	Bundles map[string]map[string]any
	Vectors []specimen
}

type specimen struct {
	Name, Format, Outcome, Bundle, Data string
	At                                  time.Time
}

// TestVerifyEveryOutcome shows each outcome of each format on the page, at the time of the
// sample: the outcome is that of Go, and the page says which checks made it.
func TestVerifyEveryOutcome(t *testing.T) {
	var all specimens
	if err := json.Unmarshal(read(t, filepath.Join("..", "samples", "samples.json")), &all); err != nil {
		t.Fatal(err)
	}
	site := trustedSite(t, t.TempDir(), all.Bundles["usual"])
	for n, v := range []variant{{lang: "en", width: 1280, scripts: true}, {lang: "en", width: 360, scripts: true}, {lang: "ar", width: 360, scripts: true}} {
		x := borrowTab(t, v)
		x.on = &server{url: site.URL + folderAt, log: world.server.log}
		x.forgetVerifier()
		real := x.clock(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
		x.openAt("/" + v.lang + ".html")
		seen := map[string]bool{}
		for _, s := range all.Vectors {
			if n > 0 && seen[s.Outcome] {
				continue
			}
			eval[bool](x, fmt.Sprintf(`clock.is(%d); true`, s.At.UnixMilli()))
			x.checked(s.Outcome, func() { x.paste(s.Data) })
			if t.Failed() {
				t.Fatalf("%s", s.Name)
			}
			if failed := eval[int](x, `document.querySelectorAll("[data-result=failed]").length`); (failed == 0) != (s.Outcome == "genuine") {
				t.Errorf("%s: %d checks failed", s.Name, failed)
			}
			if !seen[s.Outcome] {
				seen[s.Outcome] = true
				x.check("verify.outcome_" + s.Outcome)
			}
		}
		if len(seen) != 12 {
			t.Errorf("%s: only %v", v, seen)
		}
		x.openAt("/trust." + v.lang + ".html")
		x.check("verify.trust_of_samples")
		real()
		x.tooOld(all.Vectors)
		x.free()
	}
}

// tooOld opens the page when its bundle tells of withdrawals no more: it says so, and
// calls nothing genuine without a doubt.
func (x *tab) tooOld(list []specimen) {
	x.t.Helper()
	defer x.clock(time.Date(2027, 2, 1, 9, 0, 0, 0, time.UTC))()
	x.openAt("/" + x.v.lang + ".html")
	if !x.has("#state.wrong") {
		x.t.Errorf("%s: a bundle that is over is in order: %s", x.v, x.text("#state"))
	}
	x.check("verify.too_old")
	for _, s := range list {
		if s.Outcome == "genuine" {
			x.paste(s.Data)
			x.until(`document.querySelector("#verdict")`)
			if got := eval[string](x, `document.querySelector("#verdict").dataset.outcome`); got == "genuine" {
				x.t.Errorf("%s: %s is genuine", x.v, s.Name)
			}
		}
	}
	x.openAt("/trust." + x.v.lang + ".html")
	x.wants("#trust .badge.bad", "")
	x.check("verify.trust_too_old")
}

// A status list of 10 MB, from a registry that is trusted, takes neither the answer nor the
// page away.
func TestVerifyGreatList(t *testing.T) {
	const most = 10 * time.Second // this machine may have much else to do
	dir := t.TempDir()
	file := filepath.Join(dir, "vectors.json")
	cmd := exec.Command("go", "run", "-C", filepath.Join("..", ".."), "./scripts/vectors", file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make vectors: %v\n%s", err, out)
	}
	var all specimens
	if err := json.Unmarshal(read(t, file), &all); err != nil {
		t.Fatal(err)
	}
	site := trustedSite(t, dir, all.Bundles["huge"])
	x := newTab(t, variant{lang: "en", width: 360, scripts: true})
	x.on = &server{url: site.URL + folderAt, log: world.server.log}
	x.forgetVerifier()
	defer x.clock(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))()
	x.openAt("/")
	count := 0
	for _, s := range all.Vectors {
		if s.Bundle == "huge" && strings.HasSuffix(s.Name, "list of 10 MB") {
			eval[bool](x, fmt.Sprintf(`clock.is(%d); true`, s.At.UnixMilli()))
			begun := time.Now()
			x.checked("genuine_status_unknown", func() { x.paste(s.Data) })
			if took := time.Since(begun); took > most {
				t.Errorf("%s took %v", s.Name, took)
			}
			count++
		}
	}
	if count < 5 {
		t.Errorf("only %d credentials name such a list", count)
	}
	x.check("verify.great_list")
	x.tick("#again")
	x.paste("hello")
	x.until(`document.querySelector("#verdict")?.dataset.outcome === "unreadable_code"`)
}

// trustedSite is the page on a plain server of files, with a bundle that it trusts.
func trustedSite(t *testing.T, dir string, bundle map[string]any) *httptest.Server {
	t.Helper()
	dir = filepath.Join(dir, "folder")
	site := folderSite(t, dir)
	k, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	const registry = "https://registry.example"
	sum := sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + k.jwk["x"] + `","y":"` + k.jwk["y"] + `"}`)) // RFC 7638
	root := base64.RawURLEncoding.EncodeToString(sum[:])
	bundle["registry"] = registry
	bundle["created"] = "2026-10-01T00:00:00Z" // before every sample: the page takes no time before that
	bundle["roots"] = []any{map[string]any{"kid": root, "jwk": k.jwk, "not_before": "2026-01-01T00:00:00Z", "not_after": "2028-01-01T00:00:00Z"}}
	signed, err := k.sign(map[string]any{"typ": "trust-bundle+jws", "kid": root}, bundle)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(signed, ".")
	text, err := json.Marshal(map[string]string{"protected": parts[0], "payload": parts[1], "signature": parts[2]})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "trust-bundle.json"), text)
	pages, err := filepath.Glob(filepath.Join(dir, "*.html"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	pins := regexp.MustCompile(`data-registry="[^"]*" data-roots="[^"]*"`)
	for _, name := range pages {
		body := pins.ReplaceAll(read(t, name), []byte(`data-registry="`+registry+`" data-roots="`+root+`"`))
		if err := os.WriteFile(name, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return site
}

// clock lets pages begin at another time, and have others by clock.is(ms) in their scripts,
// until real is called.
func (x *tab) clock(at time.Time) (real func()) {
	x.t.Helper()
	source := fmt.Sprintf(`{ const real = Date; let shift = 0;
  globalThis.Date = class extends real { constructor(...a) { if (a.length === 0) super(real.now() + shift); else super(...a); } static now() { return real.now() + shift; } };
  globalThis.clock = { is(ms) { shift = ms - real.now(); } }; clock.is(%d); }`, at.UnixMilli())
	added, err := chromedp.Call(x.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: source})
	if err != nil {
		x.t.Fatal(err)
	}
	return func() {
		_, _ = chromedp.Call(x.ctx, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: added.Identifier})
	}
}
