package main_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	main "socialregistry/scripts/pack"
)

const root = "../.."

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// checkout copies what srverify and the verifier for browsers are made of to a folder.
func checkout(t *testing.T, folder string) string {
	t.Helper()
	for _, part := range []string{"go.mod", "go.sum", "LICENSE", "scripts", "cmd/srverify", "contexts", "internal", "issuer", "did", "web/verifier/js", "web/verifier/bundled.json", "web/verifier/package-lock.json"} {
		from, to := filepath.Join(root, part), filepath.Join(folder, part)
		must(t, os.MkdirAll(filepath.Dir(to), 0o755))
		if info, err := os.Stat(from); err == nil && info.IsDir() {
			must(t, os.CopyFS(to, os.DirFS(from)))
			continue
		}
		content, err := os.ReadFile(from)
		must(t, err)
		must(t, os.WriteFile(to, content, 0o644))
	}
	packages, err := filepath.Abs(filepath.Join(root, "web", "verifier", "node_modules")) // for their licences
	must(t, err)
	must(t, os.Symlink(packages, filepath.Join(folder, "web", "verifier", "node_modules")))
	return folder
}

// dist runs scripts/dist.sh there and gives what it made, by name.
func dist(t *testing.T, folder, umask string, env ...string) map[string][]byte {
	t.Helper()
	out := filepath.Join(folder, "given out")
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "umask "+umask+` && exec "$0" "$@"`, filepath.Join(folder, "scripts", "dist.sh"), out, "srverify:linux/amd64", "verifier")
	cmd.Env = append(append(os.Environ(), "SOURCE_DATE_EPOCH=1700000000"), env...)
	if told, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, told)
	}
	made := map[string][]byte{}
	entries, err := os.ReadDir(out)
	must(t, err)
	for _, e := range entries {
		made[e.Name()], err = os.ReadFile(filepath.Join(out, e.Name()))
		must(t, err)
	}
	return made
}

// TestDistIsReproducible builds what is given out twice, in folders of other names, the
// second time with nothing that was compiled before: the bytes are the same.
func TestDistIsReproducible(t *testing.T) {
	t.Parallel()
	here, there := t.TempDir(), filepath.Join(t.TempDir(), "another folder")
	first := dist(t, checkout(t, here), "022", "TZ=UTC")
	second := dist(t, checkout(t, there), "077", "TZ=Asia/Kathmandu", "LC_ALL=C.UTF-8", "GOCACHE="+t.TempDir(), "GOFLAGS=-v")
	const name = "srverify_devel_linux_amd64"
	if len(first) != 5 || len(second) != 5 {
		t.Fatalf("made %d and %d files", len(first), len(second))
	}
	for file, content := range first {
		if !bytes.Equal(content, second[file]) {
			t.Errorf("%s differs", file)
		}
	}
	if !strings.Contains(string(first["SHA256SUMS"]), fmt.Sprintf("%x  %s.tar.gz\n", sha256.Sum256(first[name+".tar.gz"]), name)) {
		t.Errorf("SHA256SUMS:\n%s", first["SHA256SUMS"])
	}
	files := untar(t, first[name+".tar.gz"])
	binary := files[name+"/srverify"]
	if len(binary) == 0 || bytes.Contains(binary, []byte(here)) || bytes.Contains(binary, []byte("/go/pkg/mod")) {
		t.Error("the program is missing, or tells where it was built")
	}
	if !bytes.Equal(files[name+"/sbom.cdx.json"], first[name+".cdx.json"]) {
		t.Error("the SBOM in the archive is another")
	}
	if texts := string(files[name+"/LICENSES-OF-MODULES.txt"]); !strings.Contains(texts, "github.com/alecthomas/kong v") || !strings.Contains(texts, "Go standard library 1.") || strings.Contains(texts, "It has no file") {
		t.Error("licences are missing")
	}
	checkSBOM(t, first[name+".cdx.json"], binary)
}

func checkSBOM(t *testing.T, raw, binary []byte) {
	t.Helper()
	var b struct {
		BOMFormat, SpecVersion, SerialNumber string
		Metadata                             struct {
			Timestamp string
			Component struct {
				Name   string
				Hashes []struct{ Alg, Content string }
			}
		}
		Components []struct {
			Name, Version, PURL string
			Evidence            struct {
				Licenses []struct{ License struct{ ID string } }
			}
			Properties []struct{ Name, Value string }
		}
		Dependencies []struct{ DependsOn []string }
	}
	must(t, json.Unmarshal(raw, &b))
	if b.BOMFormat != "CycloneDX" || b.SpecVersion != "1.6" || len(b.SerialNumber) != len("urn:uuid:")+36 || b.Metadata.Timestamp != "2023-11-14T22:13:20Z" || b.Metadata.Component.Name != "srverify" {
		t.Errorf("head %+v", b)
	}
	if h := b.Metadata.Component.Hashes; len(h) != 1 || h[0].Content != fmt.Sprintf("%x", sha256.Sum256(binary)) {
		t.Errorf("hashes %+v", h)
	}
	found, sums := map[string]string{}, 0
	for _, c := range b.Components {
		if l := c.Evidence.Licenses; len(l) == 1 {
			found[c.Name] = l[0].License.ID
		}
		if len(c.Properties) == 1 && c.Properties[0].Name == "go:h1" && strings.HasPrefix(c.Properties[0].Value, "h1:") {
			sums++
		}
		if !strings.HasPrefix(c.PURL, "pkg:golang/"+strings.ToLower(c.Name)+"@") {
			t.Errorf("purl %s", c.PURL)
		}
	}
	for name, want := range map[string]string{"std": "BSD-3-Clause", "github.com/alecthomas/kong": "MIT", "github.com/piprate/json-gold": "Apache-2.0", "golang.org/x/term": "BSD-3-Clause", "github.com/veraison/go-cose": "MPL-2.0"} {
		if found[name] != want {
			t.Errorf("%s stands under %q, want %s", name, found[name], want)
		}
	}
	if sums != len(b.Components)-1 || len(b.Dependencies) != 1 || len(b.Dependencies[0].DependsOn) != len(b.Components) {
		t.Errorf("%d sums of %d components", sums, len(b.Components))
	}
	t.Logf("licences of %d components: %v", len(b.Components), found)
}

func untar(t *testing.T, raw []byte) map[string][]byte {
	t.Helper()
	plain, err := gzip.NewReader(bytes.NewReader(raw))
	must(t, err)
	files := map[string][]byte{}
	for r := tar.NewReader(plain); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		must(t, err)
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || h.Mode != 0o755 && h.Mode != 0o644 {
			t.Errorf("header %+v", h)
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestArchives(t *testing.T) {
	t.Parallel()
	at := time.Unix(1700000000, 0).UTC()
	files := main.Files(main.File{Name: "b", Content: "two", Executable: true}, main.File{Name: "d/a", Content: "one"})
	var tarred, zipped bytes.Buffer
	must(t, main.WriteTar(&tarred, "x", files, at))
	must(t, main.WriteZip(&zipped, "x", files, at))
	if got := untar(t, tarred.Bytes()); len(got) != 2 || string(got["x/b"]) != "two" || string(got["x/d/a"]) != "one" {
		t.Errorf("tar %q", got)
	}
	r, err := zip.NewReader(bytes.NewReader(zipped.Bytes()), int64(zipped.Len()))
	must(t, err)
	var names []string
	for _, f := range r.File {
		names = append(names, fmt.Sprint(f.Name, " ", f.Mode(), " ", f.Modified.UTC().Equal(at)))
	}
	if want := []string{"x/b -rwxr-xr-x true", "x/d/a -rw-r--r-- true"}; !slices.Equal(names, want) {
		t.Errorf("zip %q, want %q", names, want)
	}
}

func TestFoldersAndSums(t *testing.T) {
	t.Parallel()
	in, out := t.TempDir(), t.TempDir()
	must(t, os.MkdirAll(filepath.Join(in, "z", ".git"), 0o755))
	for _, name := range []string{"b.js", ".hidden", "z/a.js", "z/.git/x"} {
		must(t, os.WriteFile(filepath.Join(in, name), []byte(name), 0o600))
	}
	must(t, os.WriteFile(filepath.Join(out, "older"), nil, 0o600))
	own, err := os.Executable() // built from here: what the version is read from
	must(t, err)
	npm := packages(t, `{"": {"dependencies": {"a": "1.0.0"}, "devDependencies": {"tool": "1.0.0"}}, "node_modules/a": {"version": "1.0.0", "license": "MIT", "integrity": "sha512-AQI="},`+
		`"node_modules/@b/c": {"version": "2.0.0", "integrity": "sha512-AwQ="}, "node_modules/tool": {"version": "1.0.0"}}`)
	must(t, os.WriteFile(filepath.Join(npm, "bundled.json"), []byte(`["@b/c"]`), 0o600))
	must(t, main.Run([]string{"folder", own, "v", in, out, npm}, "1700000000"))
	must(t, main.Run([]string{"sums", out}, ""))
	raw, err := os.ReadFile(filepath.Join(out, "v_devel.tar.gz"))
	must(t, err)
	bom, err := os.ReadFile(filepath.Join(out, "v_devel.cdx.json"))
	must(t, err)
	if got := untar(t, raw); len(got) != 3 || string(got["v_devel/b.js"]) != "b.js" || string(got["v_devel/z/a.js"]) != "z/a.js" || !bytes.Equal(got["v_devel/sbom.cdx.json"], bom) {
		t.Errorf("%q", got)
	}
	checkPackages(t, bom)
	sums, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
	must(t, err)
	if want := fmt.Sprintf("%x  v_devel.cdx.json\n%x  v_devel.tar.gz\n", sha256.Sum256(bom), sha256.Sum256(raw)); string(sums) != want {
		t.Errorf("%s, want %s", sums, want)
	}
}

// packages makes a folder of npm packages by what its lock says.
func packages(t *testing.T, lock string) string {
	t.Helper()
	folder := t.TempDir()
	must(t, os.WriteFile(filepath.Join(folder, "package-lock.json"), []byte(`{"packages": `+lock+`}`), 0o600))
	for _, name := range []string{"a", "@b/c", "tool"} {
		must(t, os.MkdirAll(filepath.Join(folder, "node_modules", name), 0o755))
		must(t, os.WriteFile(filepath.Join(folder, "node_modules", name, "LICENSE"), []byte("of "+name), 0o600))
	}
	return folder
}

// checkPackages asks for the packages that are carried along, and for no other.
func checkPackages(t *testing.T, raw []byte) {
	t.Helper()
	var b struct {
		Metadata struct {
			Component struct{ Name, Version string }
		}
		Components []struct {
			PURL     string
			Hashes   []struct{ Alg, Content string }
			Licenses []struct {
				License         struct{ ID string }
				Acknowledgement string
			}
		}
	}
	must(t, json.Unmarshal(raw, &b))
	want := "{v devel} [{pkg:npm/%40b/c@2.0.0 [{SHA-512 0304}] []} {pkg:npm/a@1.0.0 [{SHA-512 0102}] [{{MIT} declared}]}]"
	if got := fmt.Sprint(b.Metadata.Component, " ", b.Components); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A package without its hash, or without its files, is not given out.
func TestPackagesWithoutHash(t *testing.T) {
	t.Parallel()
	own, err := os.Executable()
	must(t, err)
	for _, lock := range []string{`{"": {"dependencies": {"a": "1.0.0"}}}`, `{"": {"dependencies": {"a": "1.0.0"}}, "node_modules/a": {"version": "1.0.0", "integrity": "sha1-AQI="}}`,
		`{"": {"dependencies": {"gone": "1.0.0"}}, "node_modules/gone": {"version": "1.0.0", "integrity": "sha512-AQI="}}`, `{`} {
		if err := main.Run([]string{"folder", own, "v", t.TempDir(), t.TempDir(), packages(t, lock)}, ""); err == nil {
			t.Errorf("%s passes", lock)
		}
	}
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args  []string
		epoch string
	}{
		{nil, ""}, {[]string{"sums"}, ""}, {[]string{"sums", t.TempDir()}, "now"}, {[]string{"command", "pack_test.go", t.TempDir()}, ""},
		{[]string{"command", "none", t.TempDir()}, ""}, {[]string{"folder", "none", "x", t.TempDir(), t.TempDir()}, ""},
	} {
		if err := main.Run(c.args, c.epoch); err == nil {
			t.Errorf("%q, %q passes", c.args, c.epoch)
		}
	}
}

// A licence is named only where the text leaves no doubt.
func TestLicencesIn(t *testing.T) {
	t.Parallel()
	const bsd = "Redistribution and use in source and binary\nforms, with or without modification, are permitted provided"
	for text, want := range map[string]string{
		"": "", "All rights reserved.": "", bsd: "BSD-2-Clause", bsd + " Neither the name of X": "BSD-3-Clause", bsd + " All advertising materials": "",
		"                 Apache License\n   Version 2.0, January 2004": "Apache-2.0", "Mozilla Public License Version 2.0": "MPL-2.0",
		"Apache License Version 2.0, January 2004 ... " + bsd: "Apache-2.0 BSD-2-Clause",
	} {
		if got := strings.Join(main.LicencesIn(text), " "); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if got := main.Escaped("github.com/BurntSushi/toml"); got != "github.com/!burnt!sushi/toml" {
		t.Error(got)
	}
}
