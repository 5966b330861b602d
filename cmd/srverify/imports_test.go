package main_test

import (
	"os/exec"
	"strings"
	"testing"
)

// It stays a small program: no database, no web framework, no DID library. And nothing
// of ours that is in it knows a network: package net comes with certificates and with
// the loader of JSON-LD, and TestOffTheNet shows that it opens no socket.
func TestDependencies(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{.ImportPath}}: {{join .Imports \" \"}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "socialregistry/issuer/verify: ") {
		t.Fatalf("this does not list dependencies:\n%s", out)
	}
	for line := range strings.Lines(string(out)) {
		path, list, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for _, banned := range []string{"gorm.io", "gin-gonic", "aries-framework", "database/sql", "modernc.org", "jackc", "socialregistry/registry", "socialregistry/did", "socialregistry/internal/db", "socialregistry/internal/outbound"} {
			if strings.Contains(path, banned) {
				t.Errorf("it depends on %s", path)
			}
		}
		for _, imported := range strings.Fields(list) {
			ours := path == "socialregistry" || strings.HasPrefix(path, "socialregistry/")
			if ours && (imported == "net" || strings.HasPrefix(imported, "net/") && imported != "net/url" || imported == "os/exec") {
				t.Errorf("%s imports %s", path, imported)
			}
		}
	}
}
