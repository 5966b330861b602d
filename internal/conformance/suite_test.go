package conformance_test

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/uuid"

	"socialregistry/did"
	"socialregistry/internal/db"
	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

// suite is a server and all that wallets need to know of it.
type suite struct {
	url      string
	clock    *clock
	roots    *x509.CertPool
	office   *office
	clients  map[string]registered // by their way to show themselves; +second for another
	provider *vciclient.Provider   // whom the server trusts
	trust    *verify.Bundle        // what a verifier knows of the issuer
	client   *http.Client
	browser  *browser // the person's, who is signed in
}

// registered is a client that the server knows.
type registered struct {
	id, redirect string
	auth         vciclient.Authentication
}

// second names the other client of each kind.
const second = "/second"

// office is the registry's side: what staff does.
type office struct {
	registry *registry.Registry
	issuer   *issuer.Issuer
	ledger   *ledger.Ledger
	staff    registry.Actor
	person   registry.Person
}

// prepare opens registry and issuer beside the server that is to come, on its
// database, and registers a person, clients and a wallet provider.
func prepare(t *testing.T, p place, c *clock) *suite {
	t.Helper()
	now := c.now
	d, err := db.Open(t.Context(), p.database)
	must(t, err)
	t.Cleanup(func() { d.Close() })
	o := &office{ledger: ledger.New(d, now),
		staff: registry.Actor{AccountID: uuid.New(), Name: "office", Roles: []registry.Role{registry.RoleAdmin}, Channel: registry.ChannelStaff}}
	o.registry, err = registry.New(t.Context(), registry.Config{DB: d, Master: p.master, Now: now})
	must(t, err)
	o.seed(t)
	o.issuer, err = issuer.New(t.Context(), issuer.Config{DB: d, Registry: o.registry, Master: p.master, PublicURL: p.url, Now: now, Resolver: did.NewResolver()})
	must(t, err)
	o.register(t)
	s := &suite{url: p.url, clock: c, office: o, clients: map[string]registered{}}
	s.provider, err = vciclient.NewProvider(now())
	must(t, err)
	s.register(t)
	s.trust = o.bundle(t)
	return s
}

// register enters a person whose details are attested.
func (o *office) register(t *testing.T) {
	t.Helper()
	set := map[string]string{"given_name": "Amina", "family_name": "Diallo", "birth_date": "1990-04-05", "sex": "female", "local_script_name": "أمينة ديالو"}
	var decisions []registry.Decision
	for field := range set {
		decisions = append(decisions, registry.Decision{Field: field, State: registry.StateAttested, Comment: "seen the papers"})
	}
	var err error
	o.person, err = o.registry.Register(t.Context(), o.staff, registry.Change{Set: set, Reason: "test"})
	must(t, err)
	must(t, o.registry.Attest(t.Context(), o.staff, o.person.ID, o.person.VersionNo, decisions))
}

// bundle is what a verifier has to know of the issuer.
func (o *office) bundle(t *testing.T) *verify.Bundle {
	t.Helper()
	made, err := o.issuer.Bundle(t.Context())
	must(t, err)
	raw, err := json.Marshal(made)
	must(t, err)
	b, err := verify.ParseBundle(raw)
	must(t, err)
	return b
}

// register makes two clients of each kind known.
func (s *suite) register(t *testing.T) {
	t.Helper()
	for _, suffix := range []string{"", second} {
		redirect := "https://wallet.example/callback"
		if suffix == second {
			redirect += "?dummy1=lorem&dummy2=ipsum" // as the suite's second client
		}
		key := newKey(t)
		jwk, err := jose.PublicJWK(key.Public())
		must(t, err)
		jwk["kid"], jwk["use"], jwk["alg"] = "key-1", "sig", jose.ES256
		s.clients[privateKeyJWT+suffix] = registered{"https://wallet.example/jwt" + suffix, redirect, vciclient.PrivateKeyJWT{Key: key, KID: "key-1"}}
		s.clients[clientAttestation+suffix] = registered{"https://wallet.example/attested" + suffix, redirect, vciclient.Attested{Instance: newKey(t), Provider: s.provider}}
		jwks := map[string]any{"keys": []any{jwk}}
		s.office.client(t, s.clients[privateKeyJWT+suffix], "private_key_jwt", jwks)
		s.office.client(t, s.clients[clientAttestation+suffix], "attest_jwt_client_auth", nil)
	}
	s.office.trust(t, s.provider)
}

func (o *office) client(t *testing.T, c registered, method string, jwks map[string]any) {
	t.Helper()
	must(t, o.ledger.CreateClient(t.Context(), ledger.Client{ID: c.id, Name: "Wallet of " + method, RedirectURIs: []string{c.redirect}, AuthMethod: method,
		JWKS: jwks, GrantTypes: []string{vciclient.GrantCode, vciclient.GrantPreAuthorized, vciclient.GrantRefresh}, DPoPBound: true},
		ledger.Entry{Actor: "office", Reason: "test"}))
}

func (s *suite) http() *http.Client { return s.client }

func (s *suite) providerKey() *ecdsa.PrivateKey { return s.provider.Key.(*ecdsa.PrivateKey) }
