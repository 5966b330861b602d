package issuer_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/did"
	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const (
	publicURL = "https://registry.example"
	ldp       = "SocialRegistryPerson_ldp_vc"
	sd        = "SocialRegistryPerson_dc_sd_jwt"
	jwtVC     = "SocialRegistryPerson_jwt_vc_json"
	mobile    = "SocialRegistryPerson_mso_mdoc"
)

// clock is a time that the test moves; any goroutine may read it.
type clock struct{ at atomic.Pointer[time.Time] }

func newClock() *clock {
	c := &clock{}
	t := time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)
	c.at.Store(&t)
	return c
}

func (c *clock) now() time.Time { return *c.at.Load() }
func (c *clock) pass(d time.Duration) {
	t := c.now().Add(d)
	c.at.Store(&t)
}

// world is a registry and an issuer on one database.
type world struct {
	*issuer.Issuer
	registry *registry.Registry
	db       *db.DB
	clock    *clock
	master   secret.Master
	admin    registry.Actor
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	w := &world{db: d, clock: newClock(), master: secret.NewMaster(), admin: staff(registry.RoleAdmin)}
	w.openRegistry(t)
	w.Issuer = w.issuer(t, d)
	return w
}

func (w *world) openRegistry(t testing.TB) {
	t.Helper()
	var err error
	w.registry, err = registry.New(context.Background(), registry.Config{DB: w.db, Master: w.master, Now: w.clock.now})
	must(t, err)
}

// issuer starts another issuer on the same world, perhaps through another
// handle of its database.
func (w *world) issuer(t testing.TB, d *db.DB) *issuer.Issuer {
	t.Helper()
	i, err := issuer.New(context.Background(), w.config(d))
	must(t, err)
	return i
}

func (w *world) config(d *db.DB) issuer.Config {
	return issuer.Config{DB: d, Registry: w.registry, Master: w.master, PublicURL: publicURL, Now: w.clock.now, Resolver: did.NewResolver()}
}

func staff(roles ...registry.Role) registry.Actor {
	return registry.Actor{AccountID: uuid.New(), Name: string(roles[0]), Roles: roles, Channel: registry.ChannelStaff}
}

func registrant(id uuid.UUID) registry.Actor {
	return registry.Actor{AccountID: uuid.New(), Name: "self", Roles: []registry.Role{registry.RoleRegistrant}, RegistrantID: id, Channel: registry.ChannelSelf}
}

// amina is a person's values; every mandatory field is among them.
func amina() map[string]string {
	return map[string]string{"given_name": "Amina", "family_name": "Diallo", "birth_date": "1990-04-05", "region": "North", "sex": "female"}
}

// person registers somebody and attests the named fields.
func (w *world) person(t testing.TB, values map[string]string, attested ...string) uuid.UUID {
	t.Helper()
	p, err := w.registry.Register(context.Background(), w.admin, registry.Change{Set: values, Reason: "test"})
	must(t, err)
	if len(attested) > 0 {
		w.decide(t, p.ID, registry.StateAttested, attested...)
	}
	return p.ID
}

func (w *world) decide(t testing.TB, id uuid.UUID, state registry.State, fields ...string) {
	t.Helper()
	must(t, w.tryDecide(id, state, fields...))
}

func (w *world) tryDecide(id uuid.UUID, state registry.State, fields ...string) error {
	p, err := w.registry.Person(context.Background(), registry.System(), id) // who looks is told
	if err != nil {
		return err
	}
	var decisions []registry.Decision
	for _, f := range fields {
		decisions = append(decisions, registry.Decision{Field: f, State: state, Comment: "seen the papers"})
	}
	return w.registry.Attest(context.Background(), w.admin, id, p.VersionNo, decisions)
}

func (w *world) edit(t testing.TB, id uuid.UUID, set map[string]string) {
	t.Helper()
	must(t, w.tryEdit(id, set))
}

func (w *world) tryEdit(id uuid.UUID, set map[string]string) error {
	p, err := w.registry.Person(context.Background(), registry.System(), id) // who looks is told
	if err != nil {
		return err
	}
	_, err = w.registry.Edit(context.Background(), w.admin, id, registry.Change{Set: set, Reason: "test", ExpectVersion: p.VersionNo})
	return err
}

func mandatory() []string { return []string{"given_name", "family_name", "birth_date"} }

// token makes an offer to the person and redeems it.
func (w *world) token(t testing.TB, id uuid.UUID, configs ...string) string {
	t.Helper()
	o, err := w.CreateOffer(context.Background(), w.admin, id, configs, false)
	must(t, err)
	res, err := w.Token(context.Background(), tokenCall(), tokenForm(w.code(t, o.ID), ""))
	must(t, err)
	return res.AccessToken
}

func (w *world) code(t testing.TB, offerID string) string {
	t.Helper()
	doc, err := w.OfferDocument(context.Background(), offerID)
	must(t, err)
	var offer struct {
		Grants map[string]map[string]any `json:"grants"`
	}
	must(t, json.Unmarshal(doc, &offer))
	code, _ := offer.Grants[oauth.GrantPreAuthorizedCode]["pre-authorized_code"].(string)
	return code
}

// ask requests one credential with a fresh nonce and gives it as it is signed.
func (w *world) ask(ctx context.Context, token, config string, h holder) (any, error) {
	nonce, err := w.Nonce(ctx)
	if err != nil {
		return nil, err
	}
	res, err := w.Credential(ctx, bearer(token), jsonMedia, request(config, h.proofFor(w.Identifier(), nonce.CNonce, w.clock.now())))
	if err != nil {
		return nil, err
	}
	return res.Credentials[0].Credential, nil
}

const jsonMedia = "application/json"

// bearer is a call of the credential endpoint with a token.
func bearer(token string) oauth.Call {
	return oauth.Call{Method: "POST", URL: publicURL + "/oid4vci/credential", Authorization: []string{"Bearer " + token}}
}

// tokenCall is a call to the token endpoint by a wallet that says nothing of itself.
func tokenCall() oauth.Call { return oauth.Call{Method: "POST", URL: publicURL + "/oid4vci/token"} }

func tokenForm(code, txCode string) url.Values {
	return url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {code}, "tx_code": {txCode}}
}

func request(config, proof string) []byte {
	b, _ := json.Marshal(map[string]any{"credential_configuration_id": config, "proofs": map[string]any{"jwt": []string{proof}}})
	return b
}

// holder is a wallet's key. With a did, its proofs name the key by DID URL.
type holder struct {
	key crypto.Signer
	alg string
	kid string // "" = by jwk
}

func newHolder(t testing.TB) holder {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return holder{key: key, alg: jose.ES256}
}

func newDIDHolder(t testing.TB) holder {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	kid, err := did.KeyURL(key.Public())
	must(t, err)
	return holder{key: key, alg: jose.EdDSA, kid: kid}
}

func (h holder) did() string { id, _, _ := strings.Cut(h.kid, "#"); return id }

// proof is a proof for the issuer at the root.
func (h holder) proof(nonce string, now time.Time) string { return h.proofFor(publicURL, nonce, now) }

func (h holder) proofFor(issuer, nonce string, now time.Time) string {
	header := map[string]any{"typ": "openid4vci-proof+jwt", "kid": h.kid}
	if h.kid == "" {
		jwk, _ := jose.PublicJWK(h.key.Public())
		header = map[string]any{"typ": "openid4vci-proof+jwt", "jwk": jwk}
	}
	payload, _ := json.Marshal(map[string]any{"aud": issuer, "iat": now.Unix(), "nonce": nonce})
	jwt, _ := jose.Sign(h.key, h.alg, header, payload) // a bad proof fails at the endpoint
	return jwt
}

// claimsOf reads what a credential says about the person, without checking it.
func claimsOf(t testing.TB, credential any) map[string]any {
	t.Helper()
	switch c := credential.(type) {
	case map[string]any:
		claims := map[string]any{}
		for k, v := range c["credentialSubject"].(map[string]any) {
			if k != "id" {
				claims[k] = v
			}
		}
		return claims
	case string:
		claims := map[string]any{}
		if payload, err := jose.Payload(c); err == nil {
			var body struct {
				VC struct {
					CredentialSubject map[string]any
				}
			}
			must(t, json.Unmarshal(payload, &body))
			return body.VC.CredentialSubject
		}
		if !strings.Contains(c, "~") {
			return elementsOf(t, c)
		}
		parts := strings.Split(c, "~")
		for _, d := range parts[1 : len(parts)-1] {
			raw, err := base64.RawURLEncoding.DecodeString(d)
			must(t, err)
			var item []any
			must(t, json.Unmarshal(raw, &item))
			claims[item[1].(string)] = item[2]
		}
		return claims
	}
	t.Fatalf("credential is a %T", credential)
	return nil
}

// elementsOf reads the elements of a mobile document in all its namespaces.
func elementsOf(t testing.TB, credential string) map[string]any {
	t.Helper()
	d := mobileDocument(t, credential)
	content, err := d.Verify(d.Chain[0].PublicKey)
	must(t, err)
	claims := map[string]any{}
	for _, elements := range content.Elements {
		maps.Copy(claims, elements)
	}
	return claims
}

// follow lets the follower read to the end of the change log: also what other
// transactions of this moment keep it from seeing.
func (w *world) follow(t testing.TB) int {
	t.Helper()
	total := 0
	for {
		var hidden int64
		must(t, w.db.Raw("SELECT count(*) FROM change_log WHERE NOT ("+w.db.Dialect.Settled()+")").Scan(&hidden).Error)
		caughtUp, n, err := w.Follow(context.Background())
		must(t, err)
		total += n
		if caughtUp && hidden == 0 {
			return total
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) public(t testing.TB, alg string) crypto.PublicKey {
	t.Helper()
	key, err := w.PublicKey(alg)
	must(t, err)
	return key
}

// live gives the ledger's rows of a person's valid credentials.
func (w *world) live(t testing.TB, id uuid.UUID) []ledger.Issuance {
	t.Helper()
	rows, err := ledger.New(w.db, w.clock.now).Of(w.IssuerName()).Live(context.Background(), []uuid.UUID{id})
	must(t, err)
	return rows
}
