package vectors

import (
	"os"
	"path/filepath"
	"testing"
)

// Variable names the environment variable that holds the reference folder.
const Variable = "SR_SHARED"

// File is one vector.
type File struct {
	Name  string // file name without its folder
	Bytes []byte
}

// Folder gives the files of a folder below the reference folder whose names
// match pattern (as filepath.Match), in order of their names: at least one.
func Folder(t testing.TB, folder, pattern string) []File {
	t.Helper()
	root := Root(t, folder)
	if info, err := os.Stat(filepath.Join(root, folder)); err != nil || !info.IsDir() {
		t.Fatalf("vectors: no folder %s in %s=%s", folder, Variable, root)
	}
	paths, err := filepath.Glob(filepath.Join(root, folder, pattern))
	if err != nil {
		t.Fatalf("vectors: pattern %q: %v", pattern, err)
	}
	if len(paths) == 0 {
		t.Fatalf("vectors: no file %s in folder %s of %s=%s", pattern, folder, Variable, root)
	}
	files := make([]File, len(paths))
	for i, path := range paths {
		files[i] = read(t, path)
	}
	return files
}

// Read gives one file by its path below the reference folder.
func Read(t testing.TB, path string) []byte {
	t.Helper()
	return read(t, filepath.Join(Root(t, path), path)).Bytes
}

// Root is the reference folder. It skips the test, named by what it needs, if
// the variable is unset.
func Root(t testing.TB, need string) string {
	t.Helper()
	root := os.Getenv(Variable)
	if root == "" {
		t.Skipf("not run: %s is needed, and %s is unset", need, Variable)
	}
	return root
}

func read(t testing.TB, path string) File {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("vectors: %v", err)
	}
	return File{Name: filepath.Base(path), Bytes: b}
}
