package api_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/google/uuid"

	"socialregistry/api"
	"socialregistry/did"
	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/jose"
	"socialregistry/internal/outbound"
	"socialregistry/internal/secret"
	"socialregistry/issuer"
	"socialregistry/registry"
	"socialregistry/web"
)

const (
	publicURL    = "http://localhost:8080"
	metricsToken = "a-token-of-the-tests"
	sdJWTConfig  = "SocialRegistryPerson_dc_sd_jwt"
	ldpConfig    = "SocialRegistryPerson_ldp_vc"
)

func TestMain(m *testing.M) {
	openapi3filter.RegisterBodyDecoder("application/vc", openapi3filter.JSONBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/statuslist+jwt", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/statuslist+cwt", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("image/svg+xml", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/pem-certificate-chain", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/jwt", openapi3filter.PlainBodyDecoder)
	dbtest.Main(m)
}

// service is the whole handler over a registry with one attested person.
type service struct {
	http.Handler
	deps     api.Deps
	person   uuid.UUID
	log      *bytes.Buffer // every request is served before it is read
	notReady *bool
	programs map[string][]string // see as
	feed     *standIn
	db       *db.DB
	master   secret.Master
}

func staff(role registry.Role) registry.Actor {
	return registry.Actor{AccountID: uuid.New(), Name: string(role), Roles: []registry.Role{role}, Channel: registry.ChannelStaff}
}

func newService(t *testing.T, d *db.DB) *service {
	t.Helper()
	ctx, log, notReady := t.Context(), &bytes.Buffer{}, new(bool)
	clock := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return clock }
	master, feed := secret.NewMaster(), newStandIn(t)
	reg, err := registry.New(ctx, registry.Config{DB: d, Master: master, Now: now, MaxDocument: 64 << 10, Scan: scan,
		Sources: outbound.Config{Hosts: feed.hosts(t)}})
	must(t, err)
	iss, err := issuer.New(ctx, issuer.Config{DB: d, Registry: reg, Master: master, PublicURL: publicURL, Now: now, Resolver: did.NewResolver()})
	must(t, err)
	pages, err := web.New(web.Config{Registry: reg, Issuer: issuer.Alone(iss), PublicURL: publicURL, Now: now})
	must(t, err)
	deps := api.Deps{
		Registry: reg, Issuer: issuer.Alone(iss), Pages: pages, PublicURL: publicURL, Now: now, MetricsToken: metricsToken,
		Log: slog.New(slog.NewJSONHandler(log, nil)),
		Ready: []api.Check{{Name: "database", Run: func(context.Context) error {
			if *notReady {
				return errors.New("gone")
			}
			return nil
		}}},
	}
	handler, err := api.New(deps)
	must(t, err)
	return &service{Handler: handler, deps: deps, person: attestedPerson(t, reg, "").ID, log: log, notReady: notReady, programs: map[string][]string{}, feed: feed, db: d, master: master}
}

// attestedPerson registers somebody in a region ("": nowhere) and attests all that can
// be attested.
func attestedPerson(t *testing.T, reg *registry.Registry, region string) registry.Person {
	t.Helper()
	values := map[string]string{"given_name": "Zubeida", "family_name": "Okonjo-Testperson", "birth_date": "1990-04-02", "sex": "female"}
	if region != "" {
		values["region"] = region
	}
	p, err := reg.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Reason: "test", Set: values})
	must(t, err)
	attester := staff(registry.RoleAttester)
	states, err := reg.FieldStates(t.Context(), attester, p.ID)
	must(t, err)
	var decisions []registry.Decision
	for field := range states {
		decisions = append(decisions, registry.Decision{Field: field, State: registry.StateAttested})
	}
	must(t, reg.Attest(t.Context(), attester, p.ID, p.VersionNo, decisions))
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// do sends one request from this machine.
func (s *service) do(req *http.Request) *httptest.ResponseRecorder {
	if req.RemoteAddr == "192.0.2.1:1234" { // httptest's default
		req.RemoteAddr = "127.0.0.1:50000"
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	return rec
}

func request(method, target, body string, headers ...string) *http.Request {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req := httptest.NewRequest(method, target, reader)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return req
}

// offer makes an offer for the person and gives the path of its document.
func (s *service) offer(t *testing.T, config string) string {
	t.Helper()
	o, err := s.deps.Issuer.CreateOffer(t.Context(), staff(registry.RoleRegistrar), s.person, []string{config}, false)
	must(t, err)
	return "/oid4vci/offers/" + o.ID
}

// member reads a member of a JSON answer with status 200.
func member(t *testing.T, rec *httptest.ResponseRecorder, path ...string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil || rec.Code != http.StatusOK {
		t.Fatalf("answer %d %s: %v", rec.Code, rec.Body, err)
	}
	for _, name := range path {
		object, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("no member %v in %s", path, rec.Body)
		}
		v = object[name]
	}
	return v
}

func text(t *testing.T, rec *httptest.ResponseRecorder, path ...string) string {
	t.Helper()
	s, ok := member(t, rec, path...).(string)
	if !ok {
		t.Fatalf("member %v is no text in %s", path, rec.Body)
	}
	return s
}

const preAuthorized = "urn:ietf:params:oauth:grant-type:pre-authorized_code"

// tokenForm redeems a fresh offer for config, but for the sending.
func (s *service) tokenForm(t *testing.T, config string, more ...string) *http.Request {
	t.Helper()
	code := text(t, s.do(request("GET", s.offer(t, config), "")), "grants", preAuthorized, "pre-authorized_code")
	form := url.Values{"grant_type": {preAuthorized}, "pre-authorized_code": {code}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return request("POST", "/oid4vci/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// credentialRequest goes the whole way up to asking for config, with a token that
// is good for tokenFor.
func (s *service) credentialRequest(t *testing.T, tokenFor, config string) *http.Request {
	t.Helper()
	token := text(t, s.do(s.tokenForm(t, tokenFor)), "access_token")
	nonce := text(t, s.do(request("POST", "/oid4vci/nonce", "")), "c_nonce")
	body, err := json.Marshal(map[string]any{"credential_configuration_id": config, "proofs": map[string]any{"jwt": []string{s.proof(t, nonce)}}})
	must(t, err)
	return request("POST", "/oid4vci/credential", string(body), "Content-Type", "application/json", "Authorization", "Bearer "+token)
}

// proof is a wallet's proof of its key, by did:key (OID4VCI 1.0 appendix F.1).
func (s *service) proof(t *testing.T, nonce string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	kid, err := did.KeyURL(key.Public())
	must(t, err)
	claims, err := json.Marshal(map[string]any{"aud": publicURL, "iat": s.deps.Now().Unix(), "nonce": nonce})
	must(t, err)
	jwt, err := jose.Sign(key, jose.ES256, map[string]any{"typ": "openid4vci-proof+jwt", "kid": kid}, claims)
	must(t, err)
	return jwt
}

// listOf takes a credential and gives the path of its status list.
func (s *service) listOf(t *testing.T, config string) string {
	t.Helper()
	rec := s.do(s.credentialRequest(t, config, config))
	issued, ok := member(t, rec, "credentials").([]any)
	if !ok || len(issued) != 1 {
		t.Fatalf("no credential in %s", rec.Body)
	}
	var list any
	switch credential := issued[0].(map[string]any)["credential"].(type) {
	case string: // dc+sd-jwt: Token Status List §6.2
		payload, err := jose.Payload(strings.Split(credential, "~")[0])
		must(t, err)
		var claims struct {
			Status struct {
				List struct{ URI string } `json:"status_list"`
			}
		}
		must(t, json.Unmarshal(payload, &claims))
		list = claims.Status.List.URI
	case map[string]any: // ldp_vc: Bitstring Status List 1.0 §2.1
		list = credential["credentialStatus"].([]any)[0].(map[string]any)["statusListCredential"]
	}
	path, ok := strings.CutPrefix(list.(string), publicURL)
	if !ok {
		t.Fatalf("the status list %v is not ours", list)
	}
	return path
}

func decode(t *testing.T, rec *httptest.ResponseRecorder, v any) {
	t.Helper()
	if err := json.Unmarshal(rec.Body.Bytes(), v); err != nil {
		t.Errorf("answer %d %q: %v", rec.Code, rec.Body, err)
	}
}
