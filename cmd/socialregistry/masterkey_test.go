package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"socialregistry/internal/secret"
)

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func TestMasterKeyIsMadeOnceBesideSQLite(t *testing.T) {
	t.Parallel()
	c := Config{DatabaseURL: "sqlite:x.db", MasterKeyFile: filepath.Join(t.TempDir(), "var", "master.key")}
	const starts = 8
	keys := make([]string, starts)
	var wg sync.WaitGroup
	for i := range starts {
		wg.Go(func() {
			key, err := masterKey(c, false, silent())
			if err != nil {
				t.Error(err)
			}
			keys[i] = key.Encode()
		})
	}
	wg.Wait()
	for _, key := range keys {
		if key != keys[0] {
			t.Fatal("two first starts made two keys")
		}
	}
	info, err := os.Stat(c.MasterKeyFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(c.MasterKeyFile), ".*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestMasterKeyOnPostgreSQLMustBeGiven(t *testing.T) {
	t.Parallel()
	c := Config{DatabaseURL: "postgres://x", MasterKeyFile: filepath.Join(t.TempDir(), "master.key")}
	if _, err := masterKey(c, false, silent()); err == nil || !strings.Contains(err.Error(), "SR_MASTER_KEY") {
		t.Errorf("got %v, want an error that names the setting", err)
	}
	if _, err := os.Stat(c.MasterKeyFile); err == nil {
		t.Error("a key was made all the same")
	}
	c.MasterKey = secret.NewMaster().Encode()
	if key, err := masterKey(c, false, silent()); err != nil || key.Encode() != c.MasterKey {
		t.Errorf("the given key was not taken: %v", err)
	}
}

func TestBrokenMasterKeyFileIsNamed(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "master.key")
	for _, text := range []string{"", "short", strings.Repeat("A", 44)} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := masterKey(Config{DatabaseURL: "sqlite:x.db", MasterKeyFile: name}, false, silent())
		if err == nil || !strings.Contains(err.Error(), "SR_MASTER_KEY_FILE") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
