package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socialregistry/internal/dbtest"
	"socialregistry/issuer/verify"
)

const testMaster = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

// runWith runs a command in this process and gives its exit code and all it said.
func runWith(t *testing.T, values map[string]string, args ...string) (int, string) {
	t.Helper()
	var out, errOut bytes.Buffer
	code := run(t.Context(), args, env(values), strings.NewReader(""), &out, &errOut)
	return code, out.String() + errOut.String()
}

func TestBundleAndKeys(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		values := map[string]string{"DATABASE_URL": url, "SR_MASTER_KEY": testMaster, "SR_PUBLIC_URL": "https://registry.example", "SR_STATE_DIR": t.TempDir()}
		if code, said := runWith(t, values, "keys", "list"); code != 0 || !strings.Contains(said, "no keys yet") {
			t.Errorf("before the first start: %d, %s", code, said)
		}
		file := filepath.Join(t.TempDir(), "bundle.json")
		if err := os.WriteFile(file, []byte("the old one"), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, said := runWith(t, values, "bundle", "--out", file); code != 0 {
			t.Fatalf("bundle: %d, %s", code, said)
		}
		bundle := readBundle(t, file)
		code, listed := runWith(t, values, "keys", "list")
		if code != 0 || strings.Count(listed, "\n") != 6 || strings.Count(listed, "in use") != 5 {
			t.Errorf("keys list: %d\n%s", code, listed)
		}
		kid := bundle.Issuers[0].Keys[0].KID
		if code, said := runWith(t, values, "keys", "rotate", "EdDSA", "--now", "--reason", "test"); code != 0 || !strings.Contains(said, "is the next EdDSA key") {
			t.Errorf("keys rotate: %d, %s", code, said)
		}
		for _, wrong := range [][]string{{"rotate", "RS256", "--reason", "x"}, {"rotate", "ES256"}, {"revoke", kid}, {"revoke", "nobody", "--reason", "x"}, {"csr", "nobody"}} {
			if code, said := runWith(t, values, append([]string{"keys"}, wrong...)...); code == 0 {
				t.Errorf("keys %v was taken: %s", wrong, said)
			}
		}
		if code, said := runWith(t, values, "keys", "revoke", "--reason", "test", "--", kid); code != 0 || !strings.Contains(said, "is revoked") {
			t.Errorf("keys revoke: %d, %s", code, said)
		}
		for _, issuer := range bundle.Issuers {
			for _, k := range issuer.Keys {
				if !strings.Contains(listed, k.KID) {
					t.Errorf("key %s of the bundle is not listed:\n%s", k.KID, listed)
				}
			}
		}
		values["SR_PUBLIC_URL"] = "https://other.example"
		if code, said := runWith(t, values, "bundle"); code == 0 || !strings.Contains(said, "set SR_PUBLIC_URL=https://registry.example") {
			t.Errorf("bundle under another public URL: %d, %.300s", code, said)
		}
		values["SR_PUBLIC_URL"] = "https://registry.example"
		code, said := runWith(t, values, "bundle")
		if payload := payloadOf(t, said); code != 0 || !strings.Contains(payload, kid) || !strings.Contains(payload, "revoked_at") {
			t.Errorf("bundle to standard output: %d, %.200s", code, said)
		}
		if root, _, err := verify.SignerOf([]byte(said)); err != nil {
			t.Error(err)
		} else if code, printed := runWith(t, values, "bundle", "root"); code != 0 || printed != root+"\n" {
			t.Errorf("bundle root: %d, %q, want %s", code, printed, root)
		}
	})
}

// payloadOf gives what a signed bundle says.
func payloadOf(t *testing.T, signed string) string {
	t.Helper()
	var s struct{ Payload string }
	if err := json.Unmarshal([]byte(signed), &s); err != nil {
		t.Fatalf("%v\n%.300s", err, signed)
	}
	payload, err := base64.RawURLEncoding.DecodeString(s.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return string(payload)
}

// One registry's bundle tells of the issuers of another: by the command line, and held
// to a root key that is given by another way.
func TestMergeByCommandLine(t *testing.T) {
	t.Parallel()
	other := map[string]string{"DATABASE_URL": dbtest.URL(t, "sqlite"), "SR_MASTER_KEY": testMaster, "SR_PUBLIC_URL": "https://other.example", "SR_STATE_DIR": t.TempDir()}
	theirs := filepath.Join(t.TempDir(), "theirs.json")
	if code, said := runWith(t, other, "bundle", "--out", theirs); code != 0 {
		t.Fatalf("bundle: %d, %s", code, said)
	}
	_, root := runWith(t, other, "bundle", "root")
	root = strings.TrimSpace(root)
	dbtest.EachURL(t, func(t *testing.T, url string) {
		values := map[string]string{"DATABASE_URL": url, "SR_MASTER_KEY": testMaster, "SR_PUBLIC_URL": "https://registry.example", "SR_STATE_DIR": t.TempDir()}
		for name, wrong := range map[string][]string{
			"no root": {theirs, "--reason", "x"}, "another root": {theirs, "--root=" + strings.Repeat("A", 43), "--reason", "x"}, "no reason": {theirs, "--root=" + root},
			"no bundle": {"bundle_test.go", "--root=" + root, "--reason", "x"},
		} {
			if code, said := runWith(t, values, append([]string{"bundle", "merge"}, wrong...)...); code == 0 {
				t.Errorf("%s was taken: %s", name, said)
			}
		}
		if code, said := runWith(t, values, "bundle", "merge", theirs, "--root="+root, "--reason", "an agreement"); code != 0 || !strings.Contains(said, "https://other.example") {
			t.Fatalf("merge: %d, %s", code, said)
		}
		ours := filepath.Join(t.TempDir(), "ours.json")
		if code, said := runWith(t, values, "bundle", "--out", ours); code != 0 {
			t.Fatalf("bundle: %d, %s", code, said)
		}
		if b := readBundle(t, ours); len(b.Issuers) != 2 || b.Issuers[1].Source != "https://other.example" {
			t.Errorf("issuers %+v", b.Issuers)
		}
		if code, said := runWith(t, values, "bundle", "merged"); code != 0 || !strings.Contains(said, "https://other.example") || !strings.Contains(said, root) {
			t.Errorf("merged: %d, %s", code, said)
		}
		if code, said := runWith(t, values, "bundle", "drop", "https://other.example", "--reason", "it is over"); code != 0 {
			t.Errorf("drop: %d, %s", code, said)
		}
		if code, said := runWith(t, values, "bundle", "drop", "https://other.example", "--reason", "again"); code == 0 {
			t.Errorf("dropped twice: %s", said)
		}
	})
}

// readBundle demands a whole, readable bundle and nothing private in it.
func readBundle(t *testing.T, file string) *verify.Bundle {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	kid, _, err := verify.SignerOf(raw)
	if err != nil {
		t.Fatalf("%v\n%.500s", err, raw)
	}
	bundle, _, err := verify.Pins{Roots: []string{kid}}.Open(raw)
	if err != nil || len(bundle.Issuers) == 0 || len(bundle.Issuers[0].Keys) < 2 {
		t.Fatalf("%v\n%.500s", err, raw)
	}
	if strings.Contains(string(raw), `"d":`) || strings.Contains(string(raw), testMaster) {
		t.Error("something private is in the bundle")
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	return bundle
}

func TestBundleIntoNoFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	values := map[string]string{"DATABASE_URL": dbtest.URL(t, "sqlite"), "SR_MASTER_KEY": testMaster, "SR_STATE_DIR": t.TempDir()}
	if code, said := runWith(t, values, "bundle", "--out", filepath.Join(folder, "nowhere", "b.json")); code != 1 || !strings.Contains(said, "write the trust bundle") {
		t.Errorf("%d, %s", code, said)
	}
	// A failed write leaves the old file and no scrap.
	target := filepath.Join(folder, "taken")
	if err := os.MkdirAll(filepath.Join(target, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(target, []byte("x")); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if scraps, err := filepath.Glob(filepath.Join(folder, ".taken-*")); err != nil || len(scraps) > 0 {
		t.Errorf("scraps: %v, %v", scraps, err)
	}
}
