package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

const (
	clients = "/api/v1/clients"

	// The key is that of RFC 7517 appendix A.1.
	clientKeys = `"jwks":{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",` +
		`"y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"1"}]}`
	app = `{"client_id":"app","client_name":"App","redirect_uris":["https://app.example/cb"],"token_endpoint_auth_method":"private_key_jwt",` +
		clientKeys + `,"grant_types":["authorization_code","refresh_token"],"reason":"agreed"}`
)

func (s *service) exerciseClients(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	admin, auditor, registrar := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleAuditor), s.as(t, registry.RoleRegistrar)
	at := clients + "/app"
	register := func(as []string) *http.Request { return call("POST", clients, app, as) }
	run(exercise{"registerClient", 201, register(admin), false})
	run(exercise{"registerClient", 409, register(admin), false})
	run(exercise{"registerClient", 422, call("POST", clients, `{"client_id":"b"}`, admin), true})
	exerciseGates(run, "registerClient", auditor, register)
	exerciseBodies(run, "registerClient", "POST", clients, admin)
	for operation, path := range map[string]string{"listClients": clients, "getClient": at, "getClientHistory": at + "/history"} {
		read := func(as []string) *http.Request { return call("GET", path, "", as) }
		run(exercise{operation, 200, read(auditor), false})
		exerciseGates(run, operation, registrar, read)
	}
	run(exercise{"listClients", 422, call("GET", clients+"?x=1", "", auditor), true})
	run(exercise{"getClientHistory", 422, call("GET", at+"/history?x=1", "", auditor), true})
	run(exercise{"getClient", 404, call("GET", clients+"/nothing", "", auditor), false})
	run(exercise{"getClientHistory", 404, call("GET", clients+"/nothing/history", "", auditor), false})
	change := func(as []string) *http.Request { return call("PUT", at, app, as, "If-Match", `"1"`) }
	run(exercise{"changeClient", 200, change(admin), false})
	run(exercise{"changeClient", 412, change(admin), false})
	run(exercise{"changeClient", 428, call("PUT", at, app, admin), true})
	run(exercise{"changeClient", 404, call("PUT", clients+"/nothing", app, admin, "If-Match", `"1"`), false})
	run(exercise{"changeClient", 422, call("PUT", at, `{"client_name":""}`, admin, "If-Match", `"2"`), true})
	exerciseGates(run, "changeClient", auditor, change)
	exerciseBodies(run, "changeClient", "PUT", at, admin, "If-Match", `"2"`)
	for _, step := range []string{"disable", "enable"} {
		operation := step + "Client"
		turn := func(as []string) *http.Request { return call("POST", at+"/"+step, `{"reason":"test"}`, as) }
		run(exercise{operation, 200, turn(admin), false})
		run(exercise{operation, 404, call("POST", clients+"/nothing/"+step, `{"reason":"test"}`, admin), false})
		run(exercise{operation, 422, call("POST", at+"/"+step, `{"reason":""}`, admin), true})
		exerciseGates(run, operation, auditor, turn)
		exerciseBodies(run, operation, "POST", at+"/"+step, admin)
	}
}

// clientAnswer is what a client is read by.
type clientAnswer struct {
	ClientID     string   `json:"client_id"`
	ClientName   string   `json:"client_name"`
	RedirectURIs []string `json:"redirect_uris"`
	DPoPBound    bool     `json:"dpop_bound_access_tokens"`
	DisabledAt   string   `json:"disabled_at"`
	JWKS         struct{ Keys []map[string]any }
}

// TestClientsAreKeptAndLogged: what is written is read, by an id that is a URL
// too; each step is in the history with who and why; disabled stays disabled until
// it is enabled.
func TestClientsAreKeptAndLogged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		admin := s.as(t, registry.RoleAdmin)
		const id = "https://app.example/wallet"
		at := clients + "/" + url.PathEscape(id)
		step := func(method, path, body string, want int, headers ...string) (c clientAnswer) {
			t.Helper()
			rec := s.do(call(method, path, body, admin, headers...))
			if rec.Code != want {
				t.Fatalf("%s %s: %d %s", method, path, rec.Code, rec.Body)
			}
			must(t, json.Unmarshal(rec.Body.Bytes(), &c))
			return c
		}
		rec := s.do(call("POST", clients, strings.Replace(app, `"app"`, `"`+id+`"`, 1), admin))
		if rec.Code != 201 || rec.Header().Get("Location") != at || rec.Header().Get("ETag") != `"1"` {
			t.Fatalf("%d %v %s", rec.Code, rec.Header(), rec.Body)
		}
		if c := step("GET", at, "", 200); c.ClientID != id || c.ClientName != "App" || len(c.RedirectURIs) != 1 || c.JWKS.Keys[0]["kid"] != "1" || c.DisabledAt != "" {
			t.Errorf("registered: %+v", c)
		}
		if c := step("POST", at+"/disable", `{"reason":"lost"}`, 200); c.DisabledAt == "" {
			t.Errorf("disabled: %+v", c)
		}
		renamed := strings.NewReplacer(`"App"`, `"App 2"`, `"agreed"`, `"renamed","dpop_bound_access_tokens":true`).Replace(app)
		if c := step("PUT", at, renamed, 200, "If-Match", `"2"`); c.ClientID != id || c.ClientName != "App 2" || !c.DPoPBound || c.DisabledAt == "" {
			t.Errorf("changed: %+v", c)
		}
		step("PUT", at, renamed, 412, "If-Match", `"2"`)
		if c := step("POST", at+"/enable", `{"reason":"found"}`, 200); c.DisabledAt != "" {
			t.Errorf("enabled: %+v", c)
		}
		var log struct {
			Items []struct {
				Actor, Reason string
				Old, New      map[string]any
			}
		}
		must(t, json.Unmarshal(s.do(call("GET", at+"/history", "", admin)).Body.Bytes(), &log))
		var reasons []string
		for _, e := range log.Items {
			reasons = append(reasons, e.Reason)
			if !strings.HasPrefix(e.Actor, "staff-") {
				t.Errorf("by %q, want the account", e.Actor)
			}
		}
		if got, want := strings.Join(reasons, " "), "agreed lost renamed found"; got != want || log.Items[1].New["disabled"] != true {
			t.Errorf("history %s, want %s: %+v", got, want, log.Items)
		}
	})
}

// TestClientsThatCannotBe: each is refused by its member, on every database alike.
func TestClientsThatCannotBe(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		admin := s.as(t, registry.RoleAdmin)
		for change, field := range map[[2]string]string{
			{`"app"`, `"a b"`}: "client_id", {`"app"`, `"` + strings.Repeat("a", 201) + `"`}: "client_id", {`"app"`, `"\u0000"`}: "client_id",
			{`"App"`, `" "`}: "client_name", {`"App"`, `"A\u0000"`}: "client_name", {`"App"`, `"A\nB"`}: "client_name",
			{`"agreed"`, `""`}: "reason", {`"agreed"`, `"a\u0000"`}: "reason",
			{`"https://app.example/cb"`, `"http://app.example/cb"`}: "redirect_uris", {`"https://app.example/cb"`, `"javascript:alert(1)"`}: "redirect_uris",
			{`["https://app.example/cb"]`, `[]`}: "redirect_uris",
			{`"private_key_jwt"`, `"none"`}:      "grant_types", {`"refresh_token"`, `"password"`}: "grant_types",
			{`"private_key_jwt"`, `"client_secret_basic"`}: "token_endpoint_auth_method",
			{`"kid":"1"`, `"d":"AQAB"`}:                    "jwks", {`"kid":"1"`, `"kid":"\u0000"`}: "jwks", {`"P-256"`, `"P-521"`}: "jwks", {clientKeys, `"jwks":{}`}: "jwks",
		} {
			rec := s.do(call("POST", clients, strings.Replace(app, change[0], change[1], 1), admin))
			if rec.Code != 422 || !strings.Contains(rec.Body.String(), `"`+field+`"`) {
				t.Errorf("%q: %d %s, want 422 with %s", change, rec.Code, rec.Body, field)
			}
		}
		for _, id := range []string{"%00", "%FF", "a%20b", strings.Repeat("a", 300)} {
			at := clients + "/" + id
			for _, req := range []*http.Request{call("GET", at, "", admin), call("GET", at+"/history", "", admin), call("GET", issuerKeys+"/"+id+"/history", "", admin),
				call("POST", issuerKeys+"/"+id+"/revoke", `{"reason":"x"}`, admin), call("PUT", at, app, admin, "If-Match", `"1"`), call("POST", at+"/disable", `{"reason":"x"}`, admin)} {
				if rec := s.do(req); rec.Code != 404 && (rec.Code != 422 || req.Method != "PUT") {
					t.Errorf("%s %s: %d %s", req.Method, req.URL.EscapedPath(), rec.Code, rec.Body)
				}
			}
		}
	})
}

// consented is a consent that a person gave, and its id.
func (s *service) consented(t *testing.T, person uuid.UUID) string {
	t.Helper()
	l, request, consent := ledger.New(s.db, s.deps.Now), secret.RandomID(16), secret.RandomID(16)
	must(t, l.Push(t.Context(), ledger.PushedRequest{ID: request, ClientID: "app", Document: map[string]any{}}, time.Minute))
	must(t, l.Decide(t.Context(), request, &ledger.Consent{ID: consent, RegistrantID: person, ClientID: "app", ClientName: "App",
		Details: map[string][]string{sdJWTConfig: {"birth_date", "given_name"}}}, time.Hour))
	return consent
}

func (s *service) exerciseConsents(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	registrar, auditor, narrow := s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAuditor), s.narrow(t)
	list := people + "/" + s.person.String() + "/consents"
	at := list + "/" + s.consented(t, s.person) + "/withdraw"
	read := func(as []string) *http.Request { return call("GET", list, "", as) }
	withdraw := func(as []string) *http.Request { return call("POST", at, "", as) }
	run(exercise{"listConsents", 200, read(auditor), false})
	run(exercise{"withdrawConsent", 204, withdraw(registrar), false})
	run(exercise{"listConsents", 200, read(auditor), false})
	run(exercise{"listConsents", 404, call("GET", people+"/"+uuid.NewString()+"/consents", "", auditor), false})
	run(exercise{"listConsents", 422, call("GET", list+"?x=1", "", auditor), true})
	run(exercise{"withdrawConsent", 404, call("POST", list+"/nothing/withdraw", "", registrar), false})
	exerciseGates(run, "listConsents", narrow, read)
	exerciseGates(run, "withdrawConsent", auditor, withdraw)
}

// TestConsentsThroughREST: a person sees and withdraws the own consents and learns
// nothing of another's; a consent is withdrawn under its own person only.
func TestConsentsThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		me, id := s.registrant(t)
		other, otherID := s.registrant(t)
		list := people + "/" + id.String() + "/consents"
		consent := s.consented(t, id)
		withdrawn := func() bool {
			t.Helper()
			rec := s.do(call("GET", list, "", me))
			var got struct {
				Items []struct {
					ID          string
					ClientName  string `json:"client_name"`
					Details     map[string][]string
					WithdrawnAt string `json:"withdrawn_at"`
				}
			}
			must(t, json.Unmarshal(rec.Body.Bytes(), &got))
			if rec.Code != 200 || len(got.Items) != 1 || got.Items[0].ID != consent || got.Items[0].ClientName != "App" || len(got.Items[0].Details[sdJWTConfig]) != 2 {
				t.Fatalf("%d %s", rec.Code, rec.Body)
			}
			return got.Items[0].WithdrawnAt != ""
		}
		for _, req := range []*http.Request{call("GET", list, "", other), call("POST", list+"/"+consent+"/withdraw", "", other),
			call("POST", people+"/"+otherID.String()+"/consents/"+consent+"/withdraw", "", other),
			call("POST", people+"/"+otherID.String()+"/consents/"+consent+"/withdraw", "", s.as(t, registry.RoleRegistrar))} {
			if rec := s.do(req); rec.Code != http.StatusNotFound {
				t.Errorf("%s %s: %d %s, want 404", req.Method, req.URL.Path, rec.Code, rec.Body)
			}
		}
		if withdrawn() {
			t.Error("withdrawn by somebody else")
		}
		for range 2 {
			if rec := s.do(call("POST", list+"/"+consent+"/withdraw", "", me)); rec.Code != http.StatusNoContent || !withdrawn() {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
		}
	})
}
