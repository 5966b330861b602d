package main_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	main "socialregistry/cmd/srverify"
	"socialregistry/internal/jose"
	"socialregistry/issuer/sdjwt"
	"socialregistry/issuer/verify"
)

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func content(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(raw))
}

// shown gives a credential that is bound to a key, with the holder's proof for a nonce.
func (d *desk) shown(holder *ecdsa.PrivateKey, nonce string) string {
	d.t.Helper()
	jwk, err := jose.PublicJWK(holder.Public())
	if err != nil {
		d.t.Fatal(err)
	}
	bare := content(d.t, d.credential("bare", 0, func(i *sdjwt.Issue) { i.Plain["cnf"] = map[string]any{"jwk": jwk} }))
	sum := sha256.Sum256([]byte(bare))
	payload, err := json.Marshal(map[string]any{"iat": now().Unix(), "aud": "desk", "nonce": nonce, "sd_hash": base64.RawURLEncoding.EncodeToString(sum[:])})
	if err != nil {
		d.t.Fatal(err)
	}
	proof, err := jose.Sign(holder, "ES256", map[string]any{"typ": "kb+jwt"}, payload)
	if err != nil {
		d.t.Fatal(err)
	}
	return bare + proof
}

// Where a proof of the holder is demanded, a copy from which it was cut off is no yes.
func TestHeld(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	shown := d.shown(newKey(t), "n1")
	held := d.write("held", []byte(shown))
	stripped := d.write("stripped", []byte(shown[:strings.LastIndex(shown, "~")+1]))
	withdrawn := d.credential("withdrawn", 1, nil)
	for _, c := range []struct {
		why   string
		args  []string
		code  int
		quiet string
	}{
		{"with its proof", []string{"--nonce=n1", "--audience=desk", held}, 0, "genuine\n"},
		{"with the proof of another check", []string{"--nonce=n2", "--audience=desk", held}, 1, "altered\n"},
		{"without its proof", []string{"--nonce=n1", "--audience=desk", stripped}, 6, "holder_not_checked\n"},
		{"nobody asked", []string{stripped}, 0, "genuine\n"},
		{"withdrawn and not shown", []string{"--nonce=n1", "--audience=desk", withdrawn}, 3, "withdrawn\n"},
		{"an empty nonce", []string{"--nonce=", "--audience=desk", held}, 2, ""},
		{"an empty audience", []string{"--nonce=n1", "--audience=", held}, 2, ""},
		{"both empty", []string{"--nonce=", "--audience=", held}, 2, ""},
	} {
		if out, words, code := d.run(nil, append(c.args, "--quiet")...); code != c.code || out != c.quiet {
			t.Errorf("%s: %d, %q, %s", c.why, code, out, words)
		}
	}
	out, words, code := d.run(nil, "--nonce=n1", "--audience=desk", stripped, held)
	if code != 6 || !strings.Contains(out, "✗ Genuine and in date (genuine)") || !strings.Contains(out, "Nobody showed to hold it") || !strings.Contains(words, "; of 1 nobody showed to hold it\n") {
		t.Errorf("%d, %s\n%s", code, words, out)
	}
}

// Of many the worst decides, in whatever order they come.
func TestTheWorstDecides(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	good, withdrawn, unknown := d.credential("good", 0, nil), d.credential("withdrawn", 1, nil), d.credential("unknown", 99, nil)
	foreign := d.credential("foreign", 0, func(i *sdjwt.Issue) { i.Plain["iss"] = "https://bank.example" })
	unreadable := d.write("unreadable", []byte("?"))
	for _, c := range []struct {
		files []string
		code  int
	}{
		{[]string{good, good}, 0}, {[]string{withdrawn, foreign}, 1}, {[]string{foreign, withdrawn, good}, 1}, {[]string{unknown, unreadable, withdrawn}, 3},
		{[]string{unknown, unreadable}, 5}, {[]string{good, unknown}, 4},
	} {
		if _, words, code := d.run(nil, append([]string{"--quiet"}, c.files...)...); code != c.code {
			t.Errorf("%v: %d, want %d (%s)", c.files, code, c.code, words)
		}
	}
}

// What a registry has dropped is not trusted again because somebody goes on to name it.
func TestADroppedRootStaysDropped(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	credential, pins := d.credential("a", 0, nil), filepath.Join(d.dir, "pins")
	old, next := newKey(t), newKey(t)
	first, kid := d.sealed("first", old, 10)
	second, _ := d.sealed("second", next, 12, old, next)
	third, nextKID := d.sealed("third", next, 13)
	forged, _ := d.sealed("forged", old, 14)
	for _, c := range []struct {
		why, bundle, root string
		code              int
	}{
		{"the first, by its root", first, kid, 0},
		{"a root that it does not name", third, nextKID, 2},
		{"the old root names the next", d.again("both", old, 11, old, next), kid, 0},
		{"by the next root", second, kid, 0},
		{"the next root alone is left", third, kid, 0},
		{"the old root signs again", forged, kid, 2},
		{"the true one holds", third, kid, 0},
	} {
		if out, words, code := d.with("--quiet", "--bundle", c.bundle, "--root="+c.root, "--pins", pins, credential); code != c.code {
			t.Errorf("%s: %d, %q, %q", c.why, code, out, words)
		}
	}
}

// A second bundle of the same number is none that may take the place of the first.
func TestAnotherBundleOfTheSameNumber(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	credential, pins, key := d.credential("a", 0, nil), filepath.Join(d.dir, "pins"), newKey(t)
	one, kid := d.sealed("one", key, 10)
	other := d.again("other", key, 10, key, newKey(t))
	delta := d.delta("delta", key, 11, 10)
	for n, c := range []struct {
		bundles []string
		code    int
	}{{[]string{one}, 0}, {[]string{other}, 2}, {[]string{one}, 0}, {[]string{one, delta}, 3}, {[]string{one, delta}, 3}, {[]string{one}, 2}} {
		args := []string{"--quiet", "--root=" + kid, "--pins", pins, credential}
		for _, b := range c.bundles {
			args = append(args, "--bundle", b)
		}
		if out, words, code := d.with(args...); code != c.code || code == 2 && !strings.Contains(words, "is known") {
			t.Errorf("%d: %d, %q, %q", n, code, out, words)
		}
	}
}

// Nobody is told to do without a signature because a file is damaged.
func TestADamagedBundle(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	credential := d.credential("a", 0, nil)
	bundle, kid := d.sealed("whole", newKey(t), 10)
	whole := content(t, bundle)
	for name, data := range map[string]string{"cut": whole[:len(whole)/2], "empty": "", "an object": "{}", "UTF-16": "\xff\xfe{\x00}\x00", "a page": "<html>"} {
		for _, args := range [][]string{{"--root=" + kid}, {"--unsigned"}} {
			out, words, code := d.with(append(args, "--bundle", d.write("damaged", []byte(data)), credential)...)
			if code != 2 || out != "" || !strings.Contains(words, "this is no trust bundle, or it is damaged") || strings.Contains(words, "--unsigned") {
				t.Errorf("%s, %s: %d, %q, %q", name, args, code, out, words)
			}
		}
	}
	if out, words, code := d.with("--quiet", "--root="+kid, "--bundle", d.write("marked", []byte("\uFEFF"+whole)), credential); code != 0 || out != "genuine\n" {
		t.Errorf("with a byte order mark: %d, %q, %q", code, out, words)
	}
}

// A file that is named by mistake is not written over.
func TestPinsAreNoOtherFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	credential := d.credential("a", 0, nil)
	bundle, kid := d.sealed("whole", newKey(t), 10)
	for _, other := range []string{`{"type": "VerifiableCredential"}`, `{}`, `{"roots": ["x"]}`, `{"roots": [], "registry": "https://a.example"}`, `{"roots": ["x"], "registry": "https://a.example"} {}`, `[]`} {
		file := d.write("other", []byte(other))
		if out, words, code := d.with("--bundle", bundle, "--root="+kid, "--pins", file, credential); code != 2 || out != "" || !strings.Contains(words, "no file of pins") || content(t, file) != other {
			t.Errorf("%s: %d, %q, %q", other, code, out, words)
		}
	}
}

// A signal ends it also while a bundle that comes by standard input does not end.
func TestStoppedBeforeTheBundle(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	in, write := io.Pipe()
	t.Cleanup(func() { write.Close() })
	var out, words strings.Builder
	if code := main.Run(ctx, []string{"--bundle=-", d.credential("a", 0, nil)}, in, &out, &words, now); code != 130 || out.String() != "" || words.String() != "srverify: stopped, with 0 checked\n" {
		t.Errorf("%d, %q, %q", code, &out, &words)
	}
}

// The codes of a series are one credential, in whatever order somebody scanned them.
func TestSeries(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	text, other := content(t, d.credential("a", 0, nil)), content(t, d.credential("b", 1, nil))
	code := func(n, m int, id, text string) string { return fmt.Sprintf("SRV1:%d/%d:%s:%s", n, m, id, text) }
	third := len(text) / 3
	a := []string{code(1, 3, "a", text[:third]), code(2, 3, "a", text[third:2*third]), code(3, 3, "a", text[2*third:])}
	b := []string{code(1, 2, "b", other[:third]), code(2, 2, "b", other[third:])}
	for name, c := range map[string]struct {
		lines []string
		want  verify.Outcome
	}{
		"in order": {a, verify.Genuine}, "out of order, and twice": {[]string{a[2], a[0], a[2], "", a[1]}, verify.Genuine},
		"one is missing": {a[:2], verify.IncompleteCode}, "one alone": {b[1:], verify.IncompleteCode},
		"mixed up": {[]string{a[0], b[0], b[1]}, verify.UnreadableCode}, "contradicting": {append(a, code(2, 3, "a", "x")), verify.UnreadableCode},
		"beyond its end": {[]string{code(3, 2, "a", "x")}, verify.UnreadableCode}, "something else behind": {append(a, "x"), verify.UnreadableCode},
		"too long": {[]string{code(1, 1, "a", strings.Repeat("x", 4297))}, verify.UnreadableCode},
	} {
		file := d.write("series", []byte(strings.Join(c.lines, "\r\n")+"\n"))
		if out, words, _ := d.run(nil, "--quiet", file); out != string(c.want)+"\n" {
			t.Errorf("%s: %q, %s", name, out, words)
		}
	}
	mixed := strings.Join([]string{a[1], text, b[0], a[0], b[1], a[2], a[1]}, "\n")
	out, words, code2 := d.run(strings.NewReader(mixed), "--quiet", "--lines", "-")
	if want := "genuine\t-:2\nwithdrawn\t-:3\ngenuine\t-:1\nincomplete_code\t-:7\n"; out != want || code2 != 3 {
		t.Errorf("among lines: %d, %s\n%s", code2, words, out)
	}
	var many strings.Builder
	for n := range 200 {
		fmt.Fprintln(&many, code(1, 2, fmt.Sprint("s", n), "x"))
	}
	if out, _, _ := d.run(strings.NewReader(many.String()), "--quiet", "--lines", "-"); strings.Count(out, "incomplete_code\t") != 200 {
		t.Errorf("many that are not whole:\n%s", out)
	}
	if out, _, _ := d.run(nil, d.write("series", []byte(a[1]))); !strings.Contains(out, "Of 3 codes these are missing: 1, 3.") {
		t.Error(out)
	}
}
