package vectors_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"socialregistry/internal/vectors"
)

// recorder stands in for a test, to see how the test would end.
type recorder struct {
	testing.TB
	failed, skipped string
}

func (r *recorder) Helper() {}
func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}
func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// run calls f as a test would and waits for its end.
func run(f func(t testing.TB)) *recorder {
	r, done := &recorder{}, make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r
}

func TestUnsetSkipsAloud(t *testing.T) {
	t.Setenv(vectors.Variable, "")
	r := run(func(t testing.TB) { vectors.Folder(t, "data/suite", "*.json") })
	if !strings.Contains(r.skipped, "not run: data/suite") || r.failed != "" {
		t.Errorf("skipped %q, failed %q; want a skip that says not run", r.skipped, r.failed)
	}
}

// Each planted fault fails, beside the same call that passes.
func TestSetFailsWithoutVectors(t *testing.T) {
	root := t.TempDir()
	t.Setenv(vectors.Variable, root)
	for _, dir := range []string{"empty", "full", "full/inner.json"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"full/b.txt", "full/a.txt", "file"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ folder, pattern, want string }{
		"no such folder":     {"absent", "*", "no folder absent"},
		"a file":             {"file", "*", "no folder file"},
		"an empty folder":    {"empty", "*", "no file *"},
		"nothing matches":    {"full", "*.cbor", "no file *.cbor"},
		"bad pattern":        {"full", "[", "pattern"},
		"a folder as vector": {"full", "*.json", "is a directory"},
	} {
		r := run(func(t testing.TB) { vectors.Folder(t, c.folder, c.pattern) })
		if !strings.Contains(r.failed, c.want) || r.skipped != "" {
			t.Errorf("%s: failed %q, skipped %q; want failure %q", name, r.failed, r.skipped, c.want)
		}
	}
	if r := run(func(t testing.TB) { vectors.Read(t, "full/none.txt") }); r.failed == "" {
		t.Error("a missing file was read")
	}
	files := vectors.Folder(t, "full", "*.txt")
	if len(files) != 2 || files[0].Name != "a.txt" || string(files[1].Bytes) != "full/b.txt" {
		t.Errorf("files = %v, want a.txt and b.txt", files)
	}
	if got := vectors.Read(t, "full/a.txt"); string(got) != "full/a.txt" {
		t.Errorf("Read = %q", got)
	}
}

func TestSetToAnAbsentFolderFails(t *testing.T) {
	t.Setenv(vectors.Variable, filepath.Join(t.TempDir(), "gone"))
	if r := run(func(t testing.TB) { vectors.Folder(t, "x", "*") }); r.failed == "" || r.skipped != "" {
		t.Errorf("failed %q, skipped %q; want a failure", r.failed, r.skipped)
	}
}
