package api_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"socialregistry/api"
	"socialregistry/did"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer"
	"socialregistry/registry"
)

// exerciseIssuers drives what an issuer with a path says of itself.
func (s *service) exerciseIssuers(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	for operation, path := range map[string]string{
		"getIssuerMetadataOf": "/.well-known/openid-credential-issuer/issuers/", "getAuthorizationServerOf": "/.well-known/oauth-authorization-server/issuers/",
		"getOpenIDConfigurationOf": "/.well-known/openid-configuration/issuers/", "getJWTVCIssuerOf": "/.well-known/jwt-vc-issuer/issuers/",
	} {
		cached(run, operation, path+"pensions")
		run(exercise{operation, 404, request("GET", path+"nobody", ""), false})
	}
	cached(run, "getDIDDocumentOf", "/issuers/pensions/did.json")
	run(exercise{"getDIDDocumentOf", 404, request("GET", "/issuers/nobody/did.json", ""), false})
}

// exerciseOfferOf makes an offer of the issuer with a path, and ends it.
func (s *service) exerciseOfferOf(t *testing.T, run func(exercise) *httptest.ResponseRecorder, path string, registrar []string) {
	t.Helper()
	body := `{"issuer":"pensions","credential_configuration_ids":["` + sdJWTConfig + `"]}`
	made := run(exercise{"makeOffer", 201, call("POST", path, body, registrar), false})
	at := made.Header().Get("Location")
	if uri := made.Body.String(); !strings.Contains(uri, "issuers%2Fpensions%2Foid4vci%2Foffers") {
		t.Errorf("the offer of an issuer with a path is %s", uri)
	}
	if got := text(t, run(exercise{"getOfferState", 200, call("GET", at, "", registrar), false}), "issuer"); got != "pensions" {
		t.Errorf("the offer is of %q", got)
	}
	if got := text(t, run(exercise{"cancelOffer", 200, call("POST", at+"/cancel", "", registrar), false}), "state"); got != "cancelled" {
		t.Errorf("the offer is %s after it was cancelled", got)
	}
	run(exercise{"makeOffer", 404, call("POST", path, `{"issuer":"nobody","credential_configuration_ids":["x"]}`, registrar), false})
}

// withIssuer gives a service with a second issuer, pensions, beside the one at the root.
func (s *service) withIssuer(t *testing.T) *service {
	t.Helper()
	admin := staff(registry.RoleAdmin)
	_, err := s.deps.Issuer.AddIssuer(t.Context(), admin, issuer.NewIssuer{Name: "pensions", Names: map[string]string{"en": "Pensions"},
		ConfigIDs: []string{sdJWTConfig}, Reason: "test"})
	must(t, err)
	out := *s
	out.deps.Issuer, err = issuer.Open(t.Context(), issuer.Config{DB: s.db, Registry: s.deps.Registry, Master: s.master, PublicURL: publicURL,
		Now: s.deps.Now, Resolver: did.NewResolver()})
	must(t, err)
	out.Handler, err = api.New(out.deps)
	must(t, err)
	return &out
}

// Every endpoint that wallets and verifiers call is below the path of an issuer too.
func TestIssuersHaveTheSameEndpoints(t *testing.T) {
	t.Parallel()
	routes, err := api.Routes(newService(t, dbtest.New(t, "sqlite")).deps)
	must(t, err)
	var have []string
	for _, r := range routes {
		have = append(have, r.Method+" "+r.Path)
	}
	shared := 0
	for _, r := range routes {
		for _, prefix := range []string{"/oid4vci/", "/status/", "/credentials/", "/jwks.json", "/issuer-ca.pem", "/contexts/", "/vocab"} {
			if len(r.Path) < len(prefix) || r.Path[:len(prefix)] != prefix {
				continue
			}
			shared++
			if !slices.Contains(have, r.Method+" /issuers/:issuer"+r.Path) {
				t.Errorf("%s %s is at the root alone", r.Method, r.Path)
			}
		}
	}
	if shared < 15 {
		t.Errorf("only %d routes: the comparison is hollow", shared)
	}
}
