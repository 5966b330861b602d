package main_test

import (
	"encoding/json"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	main "socialregistry/cmd/srwallet"
	"socialregistry/internal/jose"
	"socialregistry/issuer/verify"
)

// trusted is a bundle that knows the issuer.
func (i *testIssuer) trusted(t *testing.T) *verify.Bundle {
	t.Helper()
	jwk, err := jose.PublicJWK(i.ec.Public())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(verify.Bundle{Version: 1, Created: now(), Issuers: []verify.BundleIssuer{{ID: "did:web:issuer.example", URL: i.id(),
		Keys: []verify.BundleKey{{KID: "ec-1", JWK: jwk, Alg: jose.ES256, NotBefore: now().AddDate(-1, 0, 0), NotAfter: now().AddDate(1, 0, 0)}}}}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := verify.ParseBundle(raw)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What the holder chose is shown, with a proof that holds for one check; the rest stays
// hidden.
func TestPresent(t *testing.T) {
	t.Parallel()
	i, dir := newTestIssuer(t), t.TempDir()
	i.offered = []string{sdjwtID}
	if code, _, words := wallet("accept", "--dir", dir, i.byReference()); code != 0 {
		t.Fatalf("accept: %d, %s", code, words)
	}
	present := func(more ...string) (int, string, string) {
		return wallet(append([]string{"present", "--dir", dir, "--nonce", "n-1", "--audience", "https://shop.example", "1"}, more...)...)
	}
	code, text, words := present("--disclose", "given_name", "--text")
	if code != 0 {
		t.Fatalf("present: %d, %s", code, words)
	}
	b := i.trusted(t)
	ask := verify.Binding{Nonce: "n-1", Audience: "https://shop.example"}
	got := b.VerifyHeld([]byte(strings.TrimSpace(text)), now(), ask)
	if got.Claims["given_name"] != "Amina" || got.Claims["birth_date"] != nil || held(got) != verify.Passed {
		t.Errorf("%s: %v, held %s", got.Outcome, got.Claims, held(got))
	}
	for name, ask := range map[string]verify.Binding{"another check": {Nonce: "n-2", Audience: ask.Audience}, "another verifier": {Nonce: "n-1", Audience: "https://other.example"}} {
		if got := b.VerifyHeld([]byte(strings.TrimSpace(text)), now(), ask); got.Outcome != verify.Altered || len(got.Claims) > 0 {
			t.Errorf("%s: %s", name, got.Outcome)
		}
	}
	if _, all, _ := present("--all", "--text"); len(all) <= len(text) {
		t.Error("all details are no more than one")
	}
	for name, wrong := range map[string][]string{"no detail": {}, "a detail that is not there": {"--disclose", "salary"}, "both": {"--all", "--disclose", "given_name"}} {
		if code, _, words := present(wrong...); code == 0 {
			t.Errorf("%s was taken: %s", name, words)
		}
	}
}

// The text of the code on a verifier's screen says as much as its nonce and its name.
func TestPresentToACode(t *testing.T) {
	t.Parallel()
	i, dir := newTestIssuer(t), t.TempDir()
	i.offered = []string{sdjwtID}
	if code, _, words := wallet("accept", "--dir", dir, i.byReference()); code != 0 {
		t.Fatalf("accept: %d, %s", code, words)
	}
	present := func(more ...string) (int, string, string) {
		return wallet(append([]string{"present", "--dir", dir, "--all", "--text", "1"}, more...)...)
	}
	code, text, words := present("--ask", "SRA1:N-2:https://shop.example:8443\n")
	if code != 0 {
		t.Fatalf("present: %d, %s", code, words)
	}
	got := i.trusted(t).VerifyHeld([]byte(strings.TrimSpace(text)), now(), verify.Binding{Nonce: "N-2", Audience: "https://shop.example:8443"})
	if held(got) != verify.Passed {
		t.Errorf("%s, held %s", got.Outcome, held(got))
	}
	for _, wrong := range [][]string{{}, {"--nonce", "n"}, {"--audience", "a"}, {"--ask", "SRA1:N:a", "--nonce", "n"}, {"--ask", "SRA1:N:a", "--nonce", "n", "--audience", "a"},
		{"--ask", "SRA1::https://shop.example"}, {"--ask", "SRA1:N"}, {"--ask", "SRA1:N:"}, {"--ask", "SRV1:1/2:x:y"}, {"--ask", "openid4vp://?nonce=n"}} {
		if code, out, _ := present(wrong...); code != 2 || out != "" {
			t.Errorf("%q ends with %d: %s", wrong, code, out)
		}
	}
}

// The codes of a long text are a series that is put together again.
func TestPresentAsCodes(t *testing.T) {
	t.Parallel()
	i, dir := newTestIssuer(t), t.TempDir()
	i.offered = []string{sdjwtID}
	if code, _, words := wallet("accept", "--dir", dir, i.byReference()); code != 0 {
		t.Fatalf("accept: %d, %s", code, words)
	}
	folder := filepath.Join(dir, "codes")
	args := []string{"present", "--dir", dir, "--nonce", "n", "--audience", "a", "--all", "1"}
	code, listed, words := wallet(append(args, "--codes", folder)...)
	if code != 0 {
		t.Fatalf("present: %d, %s", code, words)
	}
	for _, name := range strings.Fields(listed) {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(f)
		if err != nil {
			t.Fatal(err)
		}
		if side := img.Bounds().Dx(); side > (4*18+17+8)*6 {
			t.Errorf("%s is %d pixels wide: denser than version 18", name, side)
		}
		f.Close()
	}
	code, drawn, words := wallet(args...)
	if code != 0 || !strings.Contains(drawn, "▀") || !strings.Contains(words, "Code 1 of ") {
		t.Errorf("on the terminal: %d, %s", code, words)
	}
}

func held(r verify.Result) string {
	for _, c := range r.Checks {
		if c.Name == verify.CheckHolder {
			return c.Result
		}
	}
	return ""
}

func TestSeries(t *testing.T) {
	t.Parallel()
	if got := main.Series("short"); len(got) != 1 || got[0] != "short" {
		t.Errorf("a short text: %q", got)
	}
	long := strings.Repeat("0123456789", 123)
	got, joined := main.Series(long), ""
	for n, part := range got {
		head, text, _ := strings.Cut(strings.TrimPrefix(part, "SRV1:"), ":")
		id, text, _ := strings.Cut(text, ":")
		if head != fmt.Sprintf("%d/%d", n+1, len(got)) || id == "" || !strings.Contains(got[0], ":"+id+":") {
			t.Errorf("part %d is %.40q", n+1, part)
		}
		joined += text
	}
	if joined != long {
		t.Error("the parts are not the whole")
	}
}
