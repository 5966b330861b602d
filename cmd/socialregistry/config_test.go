package main

import (
	"encoding/base64"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"socialregistry/registry"
	"socialregistry/registry/attestation"
)

func env(values map[string]string) func(string) (string, bool) {
	return func(key string) (string, bool) { v, ok := values[key]; return v, ok }
}

func TestDefaultsStartOnThisMachine(t *testing.T) {
	t.Parallel()
	got, err := LoadConfig(env(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{Listen: "127.0.0.1:8080", PublicURL: "http://localhost:8080", DatabaseURL: "sqlite:./var/registry.db", MasterKeyFile: "./var/master.key", LogLevel: slog.LevelInfo,
		Keep: 90 * 24 * time.Hour, KeepLook: 730 * 24 * time.Hour, JobLease: 30 * time.Second, StepUp: 15 * time.Minute, OwnEdit: attestation.OwnEditAllowed, Kinship: registry.KinshipRules{Spouses: 1, ParentAge: 12, AdultAge: 18},
		Country: "ZZ", IssuerName: "Social Registry", KeyOverlap: 24 * time.Hour, StateDir: "./var/state", Drafts: true, BatchSize: 10,
		Anonymous: true, RefreshLife: 90 * 24 * time.Hour}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestEnvironmentWinsOverFile(t *testing.T) {
	t.Parallel()
	file := strings.NewReader("# settings\n\nSR_LISTEN = 127.0.0.1:1\nSR_DEMO=true\n")
	got, err := LoadConfig(env(map[string]string{"SR_LISTEN": "127.0.0.1:2", "SR_DEMO": ""}), file)
	if err != nil || got.Listen != "127.0.0.1:2" || !got.Demo {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestBadKeyIsNamedAndMended(t *testing.T) {
	t.Parallel()
	key31 := base64.StdEncoding.EncodeToString(make([]byte, 31))
	for _, tc := range []struct{ key, value string }{
		{"SR_LISTEN", "8080"}, {"SR_LISTEN", "127.0.0.1:http"}, {"SR_LISTEN", "127.0.0.1:65536"},
		{"SR_PUBLIC_URL", "http://registry.example"}, {"SR_PUBLIC_URL", "https://registry.example/"}, {"SR_PUBLIC_URL", "https://registry.example/a"},
		{"SR_PUBLIC_URL", "registry.example"}, {"SR_PUBLIC_URL", "https://"}, {"SR_PUBLIC_URL", "https://u:p@h"}, {"SR_PUBLIC_URL", "https://h?x"},
		{"DATABASE_URL", "mysql://x"}, {"DATABASE_URL", "sqlite:"},
		{"SR_MASTER_KEY", "hunter2"}, {"SR_MASTER_KEY", key31},
		{"SR_METRICS_TOKEN", "fifteen-letters"}, {"SR_LOG_LEVEL", "loud"}, {"SR_LOG_FORMAT", "xml"}, {"SR_DEMO", "maybe"},
		{"SR_SCAN_COMMAND", "/nowhere/to/be/found -"},
		{"SR_CONTACT", "one\ntwo"}, {"SR_CONTACT", strings.Repeat("x", 201)}, {"SR_STEP_UP", "4m"}, {"SR_STEP_UP", "13h"}, {"SR_STAFF_TOTP", "true"},
		{"SR_OWN_EDIT", "never"}, {"SR_OWN_EDIT", "Refused"},
		{"SR_WEB_WALLETS", "https://wallet.example"}, {"SR_WEB_WALLETS", "A=http://wallet.example"}, {"SR_WEB_WALLETS", "A=https://wallet.example/?x=1"},
		{"SR_SPOUSES", "0"}, {"SR_SPOUSES", "many"}, {"SR_PARENT_AGE", "-1"}, {"SR_ADULT_AGE", "101"},
		{"SR_COUNTRY", "ke"}, {"SR_COUNTRY", "KEN"}, {"SR_ISSUER_NAME", "a\tb"}, {"SR_ISSUER_NAME", "12345678901234567890123456789012345678901"}, {"SR_ISSUER_NAME_AR", "a\tb"}, {"SR_LOGO", "/nowhere.png"}, {"SR_LOGO", "config_test.go"}, {"SR_KEY_OVERLAP", "59s"}, {"SR_KEY_OVERLAP", "721h"},
		{"SR_COMPAT_DRAFTS", "yes"}, {"SR_BATCH_SIZE", "0"}, {"SR_BATCH_SIZE", "51"}, {"SR_ENCRYPTION", "always"},
		{"SR_DPOP", "true"}, {"SR_DPOP_NONCE", "never"}, {"SR_ANONYMOUS_WALLETS", "no one"}, {"SR_REFRESH_LIFE", "59m"}, {"SR_REFRESH_LIFE", "8761h"}, {"SR_TLS_KEY", "alone.pem"},
		{"SR_MESSAGE_HOOK", "http://gateway.example/"}, {"SR_MESSAGE_HOOK", "https://u:p@gateway.example/"}, {"SR_MESSAGE_HOOK", "gateway.example"}, {"SR_MESSAGE_HOOK_SECRET", "whsec_c2hvcnQ="}, {"SR_MESSAGE_HOOK_SECRET", key31},
		{"SR_MESSAGE_KINDS", "details,others"}, {"SR_LOOK_DAYS", "0"}, {"SR_LOOK_DAYS", "3651"},
		{"SR_KEEP_DAYS", "0"}, {"SR_KEEP_DAYS", "3651"}, {"SR_JOB_LEASE", "999ms"}, {"SR_JOB_LEASE", "11m"}, {"SR_JOB_LEASE", "30"},
	} {
		_, err := LoadConfig(env(map[string]string{tc.key: tc.value}), nil)
		if err == nil || !strings.Contains(err.Error(), "setting "+tc.key+" (in the environment) is wrong: use") {
			t.Errorf("%s=%s: %v", tc.key, tc.value, err)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the value is in the error: %v", err)
		}
	}
}

func TestPublicURLFollowsThePort(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		"127.0.0.1:9090": "http://localhost:9090", "[::1]:8081": "http://localhost:8081", ":80": "http://localhost", "127.0.0.1:0": "http://localhost:8080",
	} {
		got, err := LoadConfig(env(map[string]string{"SR_LISTEN": listen}), nil)
		if err != nil || got.PublicURL != want {
			t.Errorf("%s: %s, %v, want %s", listen, got.PublicURL, err, want)
		}
	}
	got, err := LoadConfig(env(map[string]string{"SR_LISTEN": "127.0.0.1:9090"}), strings.NewReader("SR_PUBLIC_URL=https://registry.example\n"))
	if err != nil || got.PublicURL != "https://registry.example" {
		t.Errorf("a URL that is set: %s, %v", got.PublicURL, err)
	}
	if _, err := LoadConfig(env(map[string]string{"SR_LISTEN": "x"}), nil); err == nil || strings.Contains(err.Error(), "SR_PUBLIC_URL") {
		t.Errorf("a wrong address: %v, want its setting alone", err)
	}
}

func TestGoodValues(t *testing.T) {
	t.Parallel()
	key := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for _, tc := range []struct{ key, value string }{
		{"SR_PUBLIC_URL", "https://registry.example"}, {"SR_PUBLIC_URL", "https://registry.example:8443"}, {"SR_PUBLIC_URL", "http://127.0.0.1:9"}, {"SR_PUBLIC_URL", "http://[::1]:9"},
		{"DATABASE_URL", "postgres:///registry?host=/run/postgresql"}, {"SR_MASTER_KEY", key}, {"SR_MASTER_KEY", strings.TrimRight(key, "=")},
		{"SR_METRICS_TOKEN", "sixteen-letters-"}, {"SR_LOG_LEVEL", "debug"}, {"SR_LOG_FORMAT", "json"},
		{"SR_COUNTRY", "KE"}, {"SR_ISSUER_NAME", "1234567890123456789012345678901234567890"}, {"SR_ISSUER_NAME_AR", "وزارة الرعاية"}, {"SR_LOGO", "../../web/static/favicon.svg"}, {"SR_KEY_OVERLAP", "1m"}, {"SR_KEY_OVERLAP", "720h"},
		{"SR_CONTACT", "وزارة الرعاية، +254 20 555 0100"}, {"SR_STEP_UP", "5m"}, {"SR_STAFF_TOTP", "required"},
		{"SR_COMPAT_DRAFTS", "false"}, {"SR_BATCH_SIZE", "1"}, {"SR_BATCH_SIZE", "50"}, {"SR_ENCRYPTION", "required"}, {"SR_DPOP", "required"}, {"SR_DPOP_NONCE", "required"},
		{"SR_ANONYMOUS_WALLETS", "false"}, {"SR_REFRESH_LIFE", "1h"}, {"SR_REFRESH_LIFE", "8760h"},
		{"SR_MESSAGE_HOOK_SECRET", "whsec_" + key}, {"SR_MESSAGE_KINDS", "details,record"}, {"SR_LOOK_DAYS", "1"},
		{"SR_WEB_WALLETS", "My Wallet=https://wallet.example/offer, Other=https://other.example"}, {"SR_SPOUSES", "4"}, {"SR_PARENT_AGE", "1"}, {"SR_KEEP_DAYS", "1"}, {"SR_KEEP_DAYS", "3650"}, {"SR_JOB_LEASE", "1s"}, {"SR_JOB_LEASE", "10m"}, {"SR_ADULT_AGE", "100"},
	} {
		if _, err := LoadConfig(env(map[string]string{tc.key: tc.value}), nil); err != nil {
			t.Errorf("%s=%s: %v", tc.key, tc.value, err)
		}
	}
}

func TestBadFile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"SR_LISTN=127.0.0.1:1\n":          "unknown key SR_LISTN",
		"\nSR_LISTEN\n":                   "line 2",
		"SR_DEMO=true\nSR_DEMO=false\n":   "SR_DEMO twice",
		"SR_DEMO=\"true\"\n":              "line 1 of the settings file has its value in quotes, which are not taken",
		"\nDATABASE_URL='sqlite:x'\n":     "line 2 of the settings file has its value in quotes",
		"export SR_DEMO=true\n":           "begins with export, which is not taken",
		"SR_LISTEN=x\nSR_LOG_LEVEL=loud ": "SR_LOG_LEVEL (in the settings file)",
	} {
		if _, err := LoadConfig(env(nil), strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// TestReadmeListsEverySetting holds the settings table of the README: each key
// with its default.
func TestReadmeListsEverySetting(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings() {
		row := "| `" + s.key + "` | "
		if s.fallback != "" {
			row += "`" + s.fallback + "` | "
		}
		if !strings.Contains(string(readme), row) {
			t.Errorf("README.md has no row %q", row)
		}
	}
}
