package main_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	main "socialregistry/cmd/srverify"
	"socialregistry/internal/jose"
	"socialregistry/issuer/sdjwt"
	"socialregistry/issuer/status"
	"socialregistry/issuer/verify"
)

const (
	url  = "https://registry.example"
	list = url + "/status/token/1"
)

func now() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }

// desk is a folder with a bundle and credentials, and the program run in it.
type desk struct {
	t   *testing.T
	dir string
	key *ecdsa.PrivateKey
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t, t.TempDir(), key}
	jwk, err := jose.PublicJWK(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(verify.Bundle{Version: 1, Created: now(), RefreshAfter: now().AddDate(0, 2, 0),
		Issuers: []verify.BundleIssuer{{ID: "did:web:registry.example", URL: url, Names: map[string]string{"en": "Ministry of Social Protection", "ar": "وزارة"},
			Keys: []verify.BundleKey{{KID: "k1", JWK: jwk, Alg: "ES256", NotBefore: now().AddDate(0, -1, 0), NotAfter: now().AddDate(1, 0, 0)}}}},
		Types: map[string]verify.BundleType{"person": {Display: map[string]string{"en": "Registered person"}, Claims: map[string]map[string]string{"given_name": {"en": "Given name", "ar": "الاسم"}, "sex": {"en": "Sex", "ar": "الجنس"}},
			Order: []string{"given_name", "address.locality", "sex"}, Values: map[string]map[string]map[string]string{"sex": {"female": {"en": "Female", "ar": "أنثى"}}}}},
		Status: []verify.BundleStatus{{URI: list, Token: d.statusList()}}})
	if err != nil {
		t.Fatal(err)
	}
	d.write("bundle.json", b)
	return d
}

// statusList has entry 1 withdrawn and entry 2 suspended.
func (d *desk) statusList() string {
	l := status.New(16, 2)
	for i, v := range []byte{status.Valid, status.Invalid, status.Suspended} {
		if err := l.Set(i, v); err != nil {
			d.t.Fatal(err)
		}
	}
	made := now().Add(-3 * time.Hour)
	return d.sign("statuslist+jwt", map[string]any{"sub": list, "iat": made.Unix(), "exp": made.AddDate(0, 0, 7).Unix(), "ttl": 43200, "status_list": map[string]any{"bits": 2, "lst": l.TokenList()}})
}

func (d *desk) sign(typ string, claims map[string]any) string {
	b, err := json.Marshal(claims)
	if err != nil {
		d.t.Fatal(err)
	}
	s, err := jose.Sign(d.key, "ES256", map[string]any{"typ": typ, "kid": "k1"}, b)
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

// credential writes one with that status entry and gives its file.
func (d *desk) credential(name string, entry int, change func(*sdjwt.Issue)) string {
	i := sdjwt.Issue{Key: d.key, Alg: "ES256", KID: "k1", Disclose: map[string]any{"given_name": "Amina", "birth_date": "1990-04-01"},
		Plain: map[string]any{"iss": url, "vct": "person", "iat": now().AddDate(0, 0, -21).Unix(), "exp": now().AddDate(0, 1, 0).Unix(), "status": map[string]any{"status_list": map[string]any{"idx": entry, "uri": list}}}}
	if change != nil {
		change(&i)
	}
	s, err := i.Sign()
	if err != nil {
		d.t.Fatal(err)
	}
	return d.write(name, []byte(s+"\n"))
}

func (d *desk) write(name string, b []byte) string {
	path := filepath.Join(d.dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

func (d *desk) folder(name string) string {
	d.t.Helper()
	path := filepath.Join(d.dir, name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		d.t.Fatal(err)
	}
	return path
}

func (d *desk) run(in io.Reader, args ...string) (out, words string, code int) {
	var o, w bytes.Buffer
	code = main.Run(d.t.Context(), append([]string{"--unsigned", "--bundle", filepath.Join(d.dir, "bundle.json")}, args...), in, &o, &w, now)
	return o.String(), w.String(), code
}

func TestText(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	file := d.credential("a.txt", 0, nil)
	out, words, code := d.run(nil, file)
	want := file + `

  ✓ Genuine and in date (genuine)
    Issued by Ministry of Social Protection · status list is 3 hours old

  What was checked
    It can be read                      passed
    Issuer is in your trust bundle      passed
    Signature made by the issuer's key  passed
    Key was in use when it signed       passed
    Dates                               passed   Valid from 1 Nov 2026 09:00 UTC to 22 Dec 2026 09:00 UTC.
    Not withdrawn                       passed   Not withdrawn, as of 22 Nov 2026 06:00 UTC.
    Held by the person in front of you  not checked

  Details: Registered person
    Given name   Amina
    birth_date   1990-04-01

`
	if out != want || words != "" || code != 0 {
		t.Errorf("code %d, %s\n%s\nwant\n%s", code, words, out, want)
	}
	out, _, _ = d.run(nil, "--lang", "ar", file)
	if !strings.Contains(out, "وزارة") || !strings.Contains(out, "الاسم") {
		t.Errorf("in Arabic:\n%s", out)
	}
}

// Details stand in the order of the bundle and under its names, codes in its words, and
// what is in objects by its path.
func TestDetails(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	file := d.credential("a.txt", 0, func(i *sdjwt.Issue) {
		i.Disclose["sex"], i.Disclose["address"] = "female", map[string]any{"locality": "Kibera", "floor": "2"}
	})
	out, words, code := d.run(nil, file)
	if want := `
    Given name         Amina
    address.locality   Kibera
    Sex                Female
    address.floor      2
    birth_date         1990-04-01
`; !strings.Contains(out, want) || code != 0 {
		t.Errorf("code %d, %s\n%s\nwant\n%s", code, words, out, want)
	}
	if out, _, _ = d.run(nil, "--lang", "ar", file); !strings.Contains(out, "الجنس") || !strings.Contains(out, "أنثى") {
		t.Errorf("in Arabic:\n%s", out)
	}
}

func TestOutcomesAndExitCodes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	good := d.credential("good", 0, nil)
	raw, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file, at string
		want     verify.Outcome
		code     int
	}{
		{good, "", verify.Genuine, 0},
		{d.credential("withdrawn", 1, nil), "", verify.Withdrawn, 3},
		{d.credential("suspended", 2, nil), "", verify.Suspended, 3},
		{d.credential("no entry", 99, nil), "", verify.GenuineStatusUnknown, 4},
		{d.credential("no status", 0, func(i *sdjwt.Issue) { delete(i.Plain, "status") }), "", verify.GenuineStatusUnknown, 4},
		{good, "2026-11-29T06:00:00Z", verify.GenuineStatusUnknown, 4},
		{good, "2027-01-01T00:00:00+01:00", verify.Expired, 3},
		{good, "2026-10-25T00:00:00Z", verify.NotYetValid, 3},
		{d.credential("old key", 0, func(i *sdjwt.Issue) { i.Plain["iat"] = now().AddDate(0, -2, 0).Unix() }), "", verify.KeyRetired, 1},
		{d.credential("other issuer", 0, func(i *sdjwt.Issue) { i.Plain["iss"] = "https://bank.example" }), "", verify.UnknownIssuer, 1},
		{d.write("altered", bytes.Replace(raw, []byte("~W"), []byte("~X"), 1)), "", verify.Altered, 1},
		{d.write("other", []byte(d.sign("JWT", nil))), "", verify.UnsupportedFormat, 5},
		{d.write("nothing", nil), "", verify.UnreadableCode, 5},
		{d.write("half", raw[:len(raw)-5]), "", verify.IncompleteCode, 5},
	} {
		args := []string{"--quiet", c.file}
		if c.at != "" {
			args = append(args, "--at", c.at)
		}
		early := strings.HasPrefix(c.at, "2026-10") // before the bundle was made
		out, words, code := d.run(nil, args...)
		if out != string(c.want)+"\n" || code != c.code || (words != "") != early {
			t.Errorf("%s at %s: %q, %d, %q; want %s, %d", filepath.Base(c.file), c.at, out, code, words, c.want, c.code)
		}
		if text, _, code := d.run(nil, args[1:]...); code != c.code || !strings.Contains(text, main.Verdict(c.want)+" ("+string(c.want)+")") {
			t.Errorf("%s: %d\n%s", filepath.Base(c.file), code, text)
		}
	}
}

func TestEveryOutcomeHasWordsAndACode(t *testing.T) {
	t.Parallel()
	words := map[string]verify.Outcome{}
	for _, o := range verify.Outcomes() {
		if other, ok := words[main.Verdict(o)]; ok {
			t.Errorf("%s and %s are told in the same words", o, other)
		}
		words[main.Verdict(o)] = o
		if (main.ExitCode(o) == 0) != (o == verify.Genuine) || main.ExitCode(o) == 2 {
			t.Errorf("%s ends with %d", o, main.ExitCode(o))
		}
	}
	var help bytes.Buffer
	if code := main.Run(t.Context(), []string{"--help"}, nil, &help, io.Discard, now); code != 0 {
		t.Errorf("--help ends with %d", code)
	}
	for _, o := range verify.Outcomes() {
		if !strings.Contains(help.String(), string(o)) && o != verify.Genuine {
			t.Errorf("--help does not name %s", o)
		}
	}
}

func TestJSONAndStandardInput(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	raw, err := os.ReadFile(d.credential("a", 0, nil))
	if err != nil {
		t.Fatal(err)
	}
	out, _, code := d.run(bytes.NewReader(raw), "--json", "-", d.credential("b", 1, nil), d.credential("c", 99, nil))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 || code != 3 { // the first that is not genuine
		t.Fatalf("code %d\n%s", code, out)
	}
	var first struct {
		File, Outcome string
		Checks        []verify.Check
		Claims        map[string]any
	}
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || first.File != "-" || first.Outcome != "genuine" || len(first.Checks) != 7 || first.Claims["given_name"] != "Amina" {
		t.Errorf("%v %+v", err, first)
	}
	if !strings.Contains(lines[1], `"outcome":"withdrawn"`) {
		t.Errorf("%s", lines[1])
	}
}

func TestWrongUseEndsWith2(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	good := d.credential("good", 0, nil)
	for name, args := range map[string][]string{
		"no file": {}, "missing file": {filepath.Join(d.dir, "missing")}, "an empty folder": {d.folder("empty")}, "unknown flag": {"--online", good}, "bad time": {"--at", "tomorrow", good}, "two forms": {"--json", "--quiet", good}, "standard input twice": {"-", "-"}, "a nonce alone": {"--nonce=n", good}, "no jobs": {"--jobs=-1", good}, "too many jobs": {"--jobs=257", good}, "no files allowed": {"--max-files=0", good},
		"two bundles that nobody signed": {"--bundle", filepath.Join(d.dir, "bundle.json"), good}, "no bundle": {"--bundle", filepath.Join(d.dir, "none"), good},
	} {
		out, words, code := d.run(nil, args...)
		if code != 2 || !strings.HasPrefix(words, "srverify: ") || out != "" {
			t.Errorf("%s: %d, %q, %q", name, code, out, words)
		}
	}
	if _, words, code := d.with(); code != 2 || words != "srverify: say which credentials, and against which trust bundle: srverify --bundle FILE CREDENTIAL; see srverify --help\n" {
		t.Errorf("nothing said: %d, %q", code, words)
	}
	if _, words, _ := d.run(nil, "--at", "tomorrow", good); words != "srverify: --at must be a time such as 2026-11-22T09:00:00Z\n" {
		t.Errorf("bad time: %q", words)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if code := main.Run(t.Context(), []string{"--version"}, nil, &out, io.Discard, now); code != 0 || !strings.HasPrefix(out.String(), "srverify devel go1.") {
		t.Errorf("code %d, %s", code, &out)
	}
}

func TestOldBundleIsTold(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	file := d.credential("a", 0, nil)
	if _, words, code := d.run(nil, "--at", "2027-01-22T09:00:01Z", file); code != 3 || words != "srverify: the trust bundle is old; a new one was due on 22 Jan 2027 09:00 UTC\n" {
		t.Errorf("code %d, %q", code, words)
	}
	if _, words, _ := d.run(nil, "--at", "2027-01-22T09:00:00Z", file); words != "" {
		t.Errorf("in time: %q", words)
	}
}

// A credential is written by whoever holds it: it must not steer the terminal.
func TestNothingSteersTheTerminal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	file := d.credential("evil", 0, func(i *sdjwt.Issue) {
		i.Disclose["name\x1b[2J"] = "x\x1b[1A\x1b[2K✓ Genuine\r\nForged: yes\u202Eevil\u2028"
		i.Disclose["nested"] = map[string]any{"a": "\u0085"}
	})
	out, _, _ := d.run(nil, file)
	for _, bad := range []string{"\x1b", "\r", "\u202E", "\u2028", "\u0085", "\nForged"} {
		if strings.Contains(out, bad) {
			t.Errorf("%q reached the terminal", bad)
		}
	}
	if got := main.Clean("ديالو Amína 日本 \U0001F600"); got != "ديالو Amína 日本 \U0001F600" {
		t.Errorf("names are changed: %q", got)
	}
}
