package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"socialregistry/registry"
	"socialregistry/registry/mapping"
)

// A source is pulled from the command line; without its host in SR_SOURCE_HOSTS it
// is not.
func TestSourcesCommand(t *testing.T) {
	t.Parallel()
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `[{"nid":"KE-1","name":"Mina"}]`)
	}))
	t.Cleanup(feed.Close)
	var out, errOut strings.Builder
	settings := map[string]string{"DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "r.db"), "SR_MASTER_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "SR_SOURCE_HOSTS": feed.URL}
	do := func(args ...string) int {
		out.Reset()
		errOut.Reset()
		return run(t.Context(), args, env(settings), strings.NewReader(""), &out, &errOut)
	}
	c, err := LoadConfig(env(settings), nil)
	if err != nil {
		t.Fatal(err)
	}
	a := &app{config: c, log: slog.New(slog.DiscardHandler), in: strings.NewReader(""), out: &out, errOut: &errOut, now: time.Now}
	d, r, err := a.openRegistry(t.Context(), mayBegin)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.DefineImportMapping(t.Context(), commandLine(), mapping.Mapping{Key: "feed", Label: map[string]string{"en": "Feed"}, Kind: registry.PersonKind, Mode: mapping.Upsert,
		Headers: map[string]string{"nid": "national_id", "name": "full_name"}}, "")
	if err == nil {
		_, err = r.DefineSource(t.Context(), commandLine(), registry.Source{Key: "nsr", Label: map[string]string{"en": "NSR"}, URL: feed.URL, Mapping: "feed"}, "", "")
	}
	if err != nil || d.Close() != nil {
		t.Fatal(err)
	}
	if code := do("sources", "pull", "nsr"); code != 0 || out.String() != "1 pages, 1 rows: 1 created, 0 updated, 0 unchanged, 0 with problems\n" {
		t.Errorf("pull: %d %q %q", code, &out, &errOut)
	}
	if code := do("sources", "list"); code != 0 || !strings.Contains(out.String(), "nsr\t"+feed.URL+"\tfeed\twhen asked\tready\n") {
		t.Errorf("list: %d %q %q", code, &out, &errOut)
	}
	if code := do("sources", "restart", "nsr", "--reason", "their cursors ran out"); code != 0 || !strings.Contains(out.String(), "pull of nsr begins with the first page") {
		t.Errorf("restart: %d %q %q", code, &out, &errOut)
	}
	delete(settings, "SR_SOURCE_HOSTS")
	if code := do("sources", "pull", "nsr"); code != 1 || !strings.Contains(errOut.String(), "not on the list") {
		t.Errorf("a host that is not listed: %d %q", code, &errOut)
	}
	settings["SR_SOURCE_HOSTS"] = "ftp://x"
	if code := do("sources", "list"); code != 1 || !strings.Contains(errOut.String(), "SR_SOURCE_HOSTS") {
		t.Errorf("a wrong list: %d %q", code, &errOut)
	}
}
