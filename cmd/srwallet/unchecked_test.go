package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The code is spent when the credential has come. If the check of it is cut off,
// key and credential must stay, and be found again.
func TestWhatCouldNotBeCheckedStays(t *testing.T) {
	t.Parallel()
	cut := func(*reply) { panic(http.ErrAbortHandler) }
	status := func(n int) func(*reply) { return func(a *reply) { a.status = n } }
	for name, c := range map[string]struct {
		path   string
		change func(*reply)
	}{
		"keys: connection lost":     {keysPath, cut},
		"keys: server error":        {keysPath, status(500)},
		"keys: a gateway's page":    {keysPath, header("Content-Type", "text/html")},
		"document: connection lost": {didPath, cut},
		"document: not there":       {didPath, status(404)},
		"context: connection lost":  {"/contexts/v1", cut},
		"context: busy":             {"/contexts/v1", status(503)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, dir := newTestIssuer(t), t.TempDir()
			i.change[c.path] = c.change
			code, _, words := wallet("accept", "--dir", dir, i.byReference())
			if code != 1 || !strings.Contains(words, "could not be checked") || strings.Contains(words, "refused:") {
				t.Fatalf("exit %d, %s", code, words)
			}
			noDrafts(t, dir)
			left, err := filepath.Glob(filepath.Join(dir, "unchecked-*"))
			if err != nil || len(left) != 1 || !strings.Contains(words, left[0]) {
				t.Fatalf("left: %v, %v; want one, named in\n%s", left, err, words)
			}
			checkLeft(t, dir, left[0], strings.HasPrefix(name, "keys"))
		})
	}
}

// checkLeft: all of it is there, for the holder alone, and not listed as good.
func checkLeft(t *testing.T, dir, left string, first bool) {
	t.Helper()
	file, number := "credential.json", "2"
	if first {
		file, number = "credential.sd-jwt", "1"
	}
	entries, err := os.ReadDir(left)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
		info, err := e.Info()
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
			t.Errorf("%s: %v, %v", e.Name(), info, err)
		}
	}
	if want := []string{"about.json", file, "key.pem"}; !slices.Equal(names, want) {
		t.Errorf("%s holds %v, want %v", left, names, want)
	}
	if code, _, _ := wallet("show", "--dir", dir, number); code != 1 {
		t.Errorf("number %s is listed", number)
	}
	// It is whole: under a number it is as good as any.
	if err := os.Rename(left, filepath.Join(dir, number)); err != nil {
		t.Fatal(err)
	}
	if code, out, words := wallet("show", "--dir", dir, number); code != 0 || !strings.Contains(out, "Amina") {
		t.Errorf("exit %d, %s%s", code, out, words)
	}
}

// All copies came by one answer. That one of them cannot be checked, or is wrong,
// loses none of the others.
func TestOneBadCopyLosesNoOther(t *testing.T) {
	t.Parallel()
	const copies = 3
	stranger := map[string]any{"kid": "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"}
	for name, c := range map[string]struct {
		unanswered, wrong int // how many of the copies, from the first on
		kept, left        int
	}{
		"all good":                     {0, 0, 3, 0},
		"the first cannot be checked":  {1, 0, 2, 1},
		"none can be checked":          {3, 0, 0, 3},
		"the first is bound otherwise": {0, 1, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, dir := newTestIssuer(t), t.TempDir()
			i.offered = []string{sdjwtID}
			i.change[metadataPath] = set("batch_credential_issuance", map[string]any{"batch_size": copies})
			unanswered, wrong := c.unanswered, c.wrong
			i.change[keysPath] = func(a *reply) {
				if unanswered--; unanswered >= 0 {
					a.status = http.StatusInternalServerError
				}
			}
			i.sign = func(_ string, claims map[string]any) {
				if wrong--; wrong >= 0 {
					claims["cnf"] = stranger
				}
			}
			code, out, words := wallet("accept", "--dir", dir, "--copies", "3", i.byReference())
			if (code == 0) != (c.kept == copies) || strings.Count(out, "\n") != c.kept {
				t.Errorf("exit %d, results %q, want %d\n%s", code, out, c.kept, words)
			}
			noDrafts(t, dir)
			left, err := filepath.Glob(filepath.Join(dir, "unchecked-*", "credential.sd-jwt"))
			if err != nil || len(left) != c.left {
				t.Fatalf("left: %v, %v; want %d", left, err, c.left)
			}
			for _, file := range left {
				if !strings.Contains(words, filepath.Dir(file)) {
					t.Errorf("%s is not named in\n%s", file, words)
				}
			}
		})
	}
}
