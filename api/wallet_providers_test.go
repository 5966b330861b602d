package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

const (
	walletProviders = "/api/v1/wallet-providers"

	// The key is that of RFC 7517 appendix A.1.
	pilot = `{"key":"pilot","name":"Pilot","uses":["client_attestation"],"enabled":true,"reason":"agreed","jwks":{"keys":[{"kty":"EC","crv":"P-256",` +
		`"x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"1"}]}}`
)

func (s *service) exerciseWalletProviders(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	admin, auditor, registrar := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleAuditor), s.as(t, registry.RoleRegistrar)
	at := walletProviders + "/pilot"
	define := func(as []string) *http.Request { return call("POST", walletProviders, pilot, as) }
	run(exercise{"defineWalletProvider", 201, define(admin), false})
	run(exercise{"defineWalletProvider", 409, define(admin), false})
	run(exercise{"defineWalletProvider", 422, call("POST", walletProviders, `{"key":"A","name":"x","uses":[]}`, admin), true})
	exerciseGates(run, "defineWalletProvider", registrar, define)
	exerciseBodies(run, "defineWalletProvider", "POST", walletProviders, admin)
	for operation, path := range map[string]string{"listWalletProviders": walletProviders, "getWalletProvider": at, "getWalletProviderHistory": at + "/history"} {
		read := func(as []string) *http.Request { return call("GET", path, "", as) }
		run(exercise{operation, 200, read(auditor), false})
		exerciseGates(run, operation, registrar, read)
	}
	run(exercise{"listWalletProviders", 422, call("GET", walletProviders+"?x=1", "", auditor), true})
	run(exercise{"getWalletProviderHistory", 422, call("GET", at+"/history?x=1", "", auditor), true})
	run(exercise{"getWalletProvider", 404, call("GET", walletProviders+"/nothing", "", auditor), false})
	run(exercise{"getWalletProviderHistory", 404, call("GET", walletProviders+"/nothing/history", "", auditor), false})
	change := func(as []string) *http.Request { return call("PUT", at, pilot, as, "If-Match", `"1"`) }
	run(exercise{"changeWalletProvider", 200, change(admin), false})
	run(exercise{"changeWalletProvider", 412, change(admin), false})
	run(exercise{"changeWalletProvider", 428, call("PUT", at, pilot, admin), true})
	run(exercise{"changeWalletProvider", 404, call("PUT", walletProviders+"/nothing", pilot, admin, "If-Match", `"1"`), false})
	run(exercise{"changeWalletProvider", 422, call("PUT", at, `{"name":"","uses":[]}`, admin, "If-Match", `"2"`), true})
	exerciseGates(run, "changeWalletProvider", registrar, change)
	exerciseBodies(run, "changeWalletProvider", "PUT", at, admin, "If-Match", `"2"`)
}

// TestWalletProvidersAreKeptAndLogged: what is written is read, each change is in
// the history with who and why, and what cannot be used is refused by its field.
func TestWalletProvidersAreKeptAndLogged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		admin := s.as(t, registry.RoleAdmin)
		read := func(path string, into any) {
			t.Helper()
			rec := s.do(call("GET", path, "", admin))
			if rec.Code != 200 || json.Unmarshal(rec.Body.Bytes(), into) != nil {
				t.Fatalf("%s: %d %s", path, rec.Code, rec.Body)
			}
		}
		if rec := s.do(call("POST", walletProviders, pilot, admin)); rec.Code != 201 || rec.Header().Get("ETag") != `"1"` {
			t.Fatalf("%d %v %s", rec.Code, rec.Header(), rec.Body)
		}
		off := `{"name":"Pilot","uses":["client_attestation","key_attestation"],"clients":["w1"],"roots":"","enabled":false,"reason":"over","jwks":{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}}`
		if rec := s.do(call("PUT", walletProviders+"/pilot", off, admin, "If-Match", `"1"`)); rec.Code != 200 || rec.Header().Get("ETag") != `"2"` {
			t.Fatalf("%d %v %s", rec.Code, rec.Header(), rec.Body)
		}
		var got struct {
			Enabled bool
			Uses    []string
			Clients []string
			JWKS    struct{ Keys []map[string]any }
		}
		read(walletProviders+"/pilot", &got)
		if got.Enabled || len(got.Uses) != 2 || len(got.Clients) != 1 || got.JWKS.Keys[0]["kty"] != "OKP" {
			t.Errorf("got %+v", got)
		}
		var log struct {
			Items []struct {
				Actor, Reason string
				Old, New      map[string]any
			}
		}
		read(walletProviders+"/pilot/history", &log)
		if len(log.Items) != 2 || log.Items[0].Reason != "agreed" || log.Items[1].Reason != "over" || log.Items[1].Actor == "" ||
			log.Items[1].Old["disabled"] != false || log.Items[1].New["disabled"] != true {
			t.Errorf("history: %+v", log.Items)
		}
		for field, body := range map[string]string{
			"key": `{"key":"9","name":"x","uses":["key_attestation"]}`, "name": `{"key":"a","name":"","uses":["key_attestation"]}`,
			"uses": `{"key":"a","name":"x","uses":["login"]}`, "clients": `{"key":"a","name":"x","uses":["key_attestation"],"clients":["a b"]}`,
			"jwks": `{"key":"a","name":"x","uses":["key_attestation"]}`, "roots": `{"key":"a","name":"x","uses":["key_attestation"],"roots":"x"}`,
			"reason": `{"key":"a","name":"x","uses":["key_attestation"],"reason":"a\nb"}`,
		} {
			rec := s.do(call("POST", walletProviders, body, admin))
			if rec.Code != 422 || !strings.Contains(rec.Body.String(), `"bad_`+field+`"`) {
				t.Errorf("%s: %d %s", field, rec.Code, rec.Body)
			}
		}
	})
}
