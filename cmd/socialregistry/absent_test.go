package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// managing are the commands that only read or manage a registry.
func managing(folder string) [][]string {
	return [][]string{
		{"bundle"}, {"bundle", "--out", filepath.Join(folder, "bundle.json")}, {"keys", "list"},
		{"staff", "list"}, {"staff", "password", "amina"}, {"staff", "disable", "amina"},
		{"fields"}, {"fields", "list"}, {"fields", "add", "roof", "--label", "en=Roof"},
	}
}

// TestManagingBeginsNoRegistry: a wrong path or folder is told, and not filled
// with a new registry, its lock and its key.
func TestManagingBeginsNoRegistry(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "sub", "r.db")
	x := terminal{t, map[string]string{"DATABASE_URL": "sqlite:" + path, "SR_MASTER_KEY_FILE": filepath.Join(folder, "var", "master.key")}}
	for _, args := range managing(folder) {
		x.want(1, "there is no registry at "+path+"; `socialregistry serve` begins one", "six green kettles\n", args...)
	}
	wantOnly(t, folder)
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	x.want(1, "there is no registry at", "", "staff", "list") // an empty file is none either
	x.want(0, "may sign in", "six green kettles\n", "staff", "add", "amina", "--role", "admin")
	x.want(0, "amina", "", "staff", "list")
}

// TestOtherFilesAreNoRegistry: no command touches a file that holds something else.
func TestOtherFilesAreNoRegistry(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "go.mod")
	const text = "module socialregistry\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	x := terminal{t, map[string]string{"DATABASE_URL": "sqlite:" + path, "SR_MASTER_KEY_FILE": filepath.Join(folder, "master.key"), "SR_LISTEN": "127.0.0.1:0"}}
	beginning := [][]string{{"serve"}, {"migrate"}, {"import", path}, {"staff", "add", "amina", "--role", "admin"}}
	for _, args := range append(managing(folder), beginning...) {
		x.want(1, path+" is no registry", "six green kettles\n", args...)
	}
	wantOnly(t, folder, "go.mod")
	if got, err := os.ReadFile(path); err != nil || string(got) != text {
		t.Errorf("the file became %q, %v", got, err)
	}
}

// wantOnly demands that a folder holds these files and nothing else.
func wantOnly(t *testing.T, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the folder holds %v, want %v", got, want)
	}
}
