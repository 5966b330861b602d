package main

import (
	"path/filepath"
	"strings"
	"testing"

	"socialregistry/internal/dbtest"
)

// An issuer that is added has an identifier, keys and a bundle of its own.
func TestIssuersCommand(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		values := map[string]string{"DATABASE_URL": url, "SR_MASTER_KEY": testMaster, "SR_PUBLIC_URL": "https://registry.example", "SR_STATE_DIR": t.TempDir()}
		const id, config = "https://registry.example/issuers/pensions", "SocialRegistryPerson_dc_sd_jwt"
		add := func(name, called, config string) []string {
			return []string{"issuers", "add", name, "--called", called, "--configuration", config, "--country", "JO", "--reason", "test"}
		}
		for name, wrong := range map[string][]string{
			"name": add("Pensions", "en=Pensions", config), "language": add("p", "english=Pensions", config), "no such kind": add("p", "en=P", "nothing"),
			"no reason": add("pensions", "en=Pensions", config)[:7],
		} {
			if code, said := runWith(t, values, wrong...); code == 0 {
				t.Errorf("%s was taken: %s", name, said)
			}
		}
		if code, said := runWith(t, values, add("pensions", "en=Pensions;ar=معاشات", config)...); code != 0 || !strings.Contains(said, id) {
			t.Fatalf("issuers add: %d, %s", code, said)
		}
		if code, said := runWith(t, values, add("pensions", "en=Again", config)...); code == 0 || !strings.Contains(said, "already") {
			t.Errorf("the same again: %d, %s", code, said)
		}
		if code, said := runWith(t, values, "issuers", "list"); code != 0 || strings.Count(said, "\n") != 3 || !strings.Contains(said, id) {
			t.Errorf("issuers list: %d\n%s", code, said)
		}
		file := filepath.Join(t.TempDir(), "bundle.json")
		if code, said := runWith(t, values, "bundle", "--out", file); code != 0 {
			t.Fatalf("bundle: %d, %s", code, said)
		}
		both := readBundle(t, file).Issuers
		if len(both) != 2 {
			t.Fatalf("%d issuers in the bundle, want both", len(both))
		}
		own, other := both[1], both[0]
		if own.URL != id || own.ID != "did:web:registry.example:issuers:pensions" || own.Names["ar"] != "معاشات" || own.Keys[0].KID == other.Keys[0].KID {
			t.Errorf("bundle of an issuer: %+v", own)
		}
		_, listed := runWith(t, values, "keys", "list", "--issuer", "pensions")
		if !strings.Contains(listed, own.Keys[0].KID) || strings.Contains(listed, other.Keys[0].KID) {
			t.Errorf("keys of an issuer:\n%s", listed)
		}
	})
}
