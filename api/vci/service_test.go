package vci_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/api"
	"socialregistry/did"
	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
	"socialregistry/web"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(flowRole); role != "" {
		if err := serveFlow(role); err != nil {
			panic(err)
		}
		return
	}
	dbtest.Main(m)
}

const (
	publicURL = "http://localhost:8080"
	ldp       = "SocialRegistryPerson_ldp_vc"
	sd        = "SocialRegistryPerson_dc_sd_jwt"
)

// service is the real router behind a real listener.
type service struct {
	t        *testing.T
	url      string
	db       *db.DB
	registry *registry.Registry
	issuer   *issuer.Issuer // the one at the root
	issuers  *issuer.Issuers
	master   secret.Master
	admin    registry.Actor
	clock    *clock
	log      *log
	options  func(c *issuer.Config) // what start was called with
}

// each runs a row on both databases.
func each(t *testing.T, f func(t *testing.T, s *service)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, newService(t, d)) })
}

func newService(t *testing.T, d *db.DB) *service {
	t.Helper()
	s := &service{t: t, db: d, master: secret.NewMaster(), admin: staff(registry.RoleAdmin), clock: newClock(), log: &log{}}
	ctx := context.Background()
	var err error
	s.registry, err = registry.New(ctx, registry.Config{DB: d, Master: s.master, Now: s.clock.now})
	s.must(err)
	s.start(func(*issuer.Config) {})
	return s
}

// start starts the service, with other settings of the issuer, behind a listener
// of its own.
func (s *service) start(options func(c *issuer.Config)) {
	s.t.Helper()
	s.options = options
	config := issuer.Config{DB: s.db, Registry: s.registry, Master: s.master, PublicURL: publicURL, Now: s.clock.now, Resolver: did.NewResolver()}
	options(&config)
	var err error
	s.issuers, err = issuer.Open(context.Background(), config)
	s.must(err)
	s.issuer = s.issuers.Issuer
	pages, err := web.New(web.Config{Registry: s.registry, Issuer: s.issuers, PublicURL: publicURL, Now: s.clock.now})
	s.must(err)
	handler, err := api.New(api.Deps{Registry: s.registry, Issuer: s.issuers, Pages: pages, PublicURL: publicURL, Now: s.clock.now,
		Log: slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	s.must(err)
	server := httptest.NewServer(handler)
	s.t.Cleanup(server.Close)
	s.url = server.URL
}

func (s *service) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// clock is a time that the test moves.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC).UnixMicro())
	return c
}

func (c *clock) now() time.Time       { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) pass(d time.Duration) { c.at.Add(d.Microseconds()) }

// log collects what the service logs.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func staff(role registry.Role) registry.Actor {
	return registry.Actor{AccountID: uuid.New(), Name: string(role), Roles: []registry.Role{role}, Channel: registry.ChannelStaff}
}

func mandatory() []string { return []string{"given_name", "family_name", "birth_date"} }

// person registers somebody with the mandatory fields attested.
func (s *service) person() uuid.UUID {
	s.t.Helper()
	p, err := s.registry.Register(context.Background(), s.admin, registry.Change{Set: map[string]string{
		"given_name": "Zubeida", "family_name": "Okonjo", "birth_date": "1990-04-02", "sex": "female", "region": "North"}})
	s.must(err)
	s.decide(p.ID, registry.StateAttested, mandatory()...)
	return p.ID
}

func (s *service) decide(id uuid.UUID, state registry.State, fields ...string) {
	s.t.Helper()
	p, err := s.registry.Person(context.Background(), s.admin, id)
	s.must(err)
	var decisions []registry.Decision
	for _, f := range fields {
		decisions = append(decisions, registry.Decision{Field: f, State: state, Comment: "papers"})
	}
	s.must(s.registry.Attest(context.Background(), s.admin, id, p.VersionNo, decisions))
}

func (s *service) edit(id uuid.UUID, set map[string]string) {
	s.t.Helper()
	p, err := s.registry.Person(context.Background(), s.admin, id)
	s.must(err)
	_, err = s.registry.Edit(context.Background(), s.admin, id, registry.Change{Set: set, Reason: "test", ExpectVersion: p.VersionNo})
	s.must(err)
}

// answer is one HTTP response.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (s *service) do(method, path, contentType, body string, headers ...string) answer {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	s.must(err)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	s.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	s.must(err)
	return answer{res.StatusCode, res.Header, b}
}

func (s *service) json(a answer) map[string]any {
	s.t.Helper()
	var m map[string]any
	if err := json.Unmarshal(a.body, &m); err != nil {
		s.t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return m
}

// refused expects a refusal by status and one of codes, and row 79 of every
// refusal: JSON with error and error_description alone, in the characters that
// RFC 6749 §5.2 allows, kept by nobody.
func (s *service) refused(name string, a answer, status int, codes ...string) {
	s.t.Helper()
	m := s.json(a)
	code, _ := m["error"].(string)
	if a.status != status || !slices.Contains(codes, code) {
		s.t.Errorf("%s: %d %s, want %d %v", name, a.status, a.body, status, codes)
	}
	for k := range maps.Keys(m) {
		if k != "error" && k != "error_description" {
			s.t.Errorf("%s: unknown member %s", name, k)
		}
	}
	description, _ := m["error_description"].(string)
	for _, r := range description {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			s.t.Errorf("%s: %q in the description", name, r)
		}
	}
	if a.header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		s.t.Errorf("%s: headers %v", name, a.header)
	}
	challenge := a.header.Get("WWW-Authenticate")
	if code == "invalid_token" && !strings.HasPrefix(challenge, "Bearer") && !strings.HasPrefix(challenge, "DPoP") {
		s.t.Errorf("%s: no challenge", name)
	}
}

// offer makes an offer and gives it with the code in its document.
func (s *service) offer(id uuid.UUID, withTxCode bool, configs ...string) (issuer.Offer, string) {
	s.t.Helper()
	o, err := s.issuer.CreateOffer(context.Background(), s.admin, id, configs, withTxCode)
	s.must(err)
	a := s.do("GET", "/oid4vci/offers/"+o.ID, "", "")
	if a.status != 200 {
		s.t.Fatalf("offer: %d %s", a.status, a.body)
	}
	grant := s.json(a)["grants"].(map[string]any)[oauth.GrantPreAuthorizedCode].(map[string]any)
	return o, grant["pre-authorized_code"].(string)
}

// redeem sends a token request; pairs are further parameters.
func (s *service) redeem(code string, pairs ...string) answer {
	s.t.Helper()
	form := url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {code}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return s.do("POST", "/oid4vci/token", "application/x-www-form-urlencoded", form.Encode())
}

// token gives an access token for the person.
func (s *service) token(id uuid.UUID, configs ...string) string {
	s.t.Helper()
	_, code := s.offer(id, false, configs...)
	a := s.redeem(code)
	if a.status != 200 {
		s.t.Fatalf("token: %d %s", a.status, a.body)
	}
	return s.json(a)["access_token"].(string)
}

func (s *service) nonce() string {
	s.t.Helper()
	return s.json(s.do("POST", "/oid4vci/nonce", "", ""))["c_nonce"].(string)
}

// credential sends a credential request.
func (s *service) credential(token string, body any) answer {
	s.t.Helper()
	raw, ok := body.(string)
	if !ok {
		b, err := json.Marshal(body)
		s.must(err)
		raw = string(b)
	}
	return s.do("POST", "/oid4vci/credential", "application/json", raw, "Authorization", "Bearer "+token)
}

// ask sends a good request with one proof.
func (s *service) ask(token, config, proof string) answer {
	s.t.Helper()
	return s.credential(token, object{"credential_configuration_id": config, "proofs": object{"jwt": []string{proof}}})
}

type object = map[string]any

// proof is a good proof by key, which the test may change.
type proof struct {
	key    crypto.Signer
	alg    string
	header object
	claims object
}

func (s *service) proof(nonce string) *proof {
	s.t.Helper()
	key := newKey(s.t)
	jwk, err := jose.PublicJWK(key.Public())
	s.must(err)
	return &proof{key, jose.ES256, object{"typ": "openid4vci-proof+jwt", "jwk": jwk},
		object{"aud": s.issuer.Identifier(), "iat": s.clock.now().Unix(), "nonce": nonce}}
}

// proofByDID is a good proof that names its key by did:key.
func (s *service) proofByDID(nonce string) *proof {
	s.t.Helper()
	p := s.proof(nonce)
	kid, err := did.KeyURL(p.key.Public())
	s.must(err)
	p.header = object{"typ": "openid4vci-proof+jwt", "kid": kid}
	return p
}

func (p *proof) sign(t testing.TB) string {
	t.Helper()
	payload, err := json.Marshal(p.claims)
	if err != nil {
		t.Fatal(err)
	}
	jwt, err := jose.Sign(p.key, p.alg, p.header, payload)
	if err != nil {
		t.Fatal(err)
	}
	return jwt
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func openURL(t *testing.T, url string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}
