package wallet_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"os/exec"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/jose"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

// everyFormat is one configuration of a person for each format.
func everyFormat() []string {
	return []string{ldp, sd, "SocialRegistryPerson_jwt_vc_json", "SocialRegistryPerson_mso_mdoc"}
}

// A wallet that is not ours takes every format with DPoP, by a pre-authorized
// code and over the browser, and the offline verifier finds each one genuine.
func testForeignWalletEveryFormat(t *testing.T, o *office) {
	id, _ := o.person(t)
	client := o.client(t)
	for name, c := range map[string]struct {
		grant ledger.GrantKind
		args  []string
	}{"pre-authorized": {ledger.PreAuthorizedCode, nil}, "over the browser": {ledger.AuthorizationCode, []string{client}}} {
		t.Run(name, func(t *testing.T) {
			offer, err := o.issuer.MakeOffer(t.Context(), o.staff, issuer.NewOffer{RegistrantID: id, ConfigIDs: everyFormat(), GrantTypes: []ledger.GrantKind{c.grant}})
			must(t, err)
			all := o.takeEvery(t, id, append([]string{offer.URI}, c.args...))
			if len(all) != len(everyFormat()) {
				t.Fatalf("%d credentials, want %d", len(all), len(everyFormat()))
			}
			bundle := o.bundle(t)
			for format, credential := range all {
				if got := bundle.Verify(credential, time.Now()); got.Outcome != verify.Genuine {
					t.Errorf("%s: %s (%s)", format, got.Outcome, got.Reason)
				}
			}
		})
	}
}

// client registers the wallet and gives what it has to know of itself.
func (o *office) client(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	jwk, err := jose.PublicJWK(key.Public())
	must(t, err)
	jwk["kid"] = "key-1"
	const redirect = "https://wallet.example/callback"
	_, err = o.issuer.RegisterClient(t.Context(), o.staff, ledger.Client{ID: "npm-wallet", Name: "A wallet that is not ours", RedirectURIs: []string{redirect},
		AuthMethod: oauth.AuthPrivateKeyJWT, JWKS: map[string]any{"keys": []any{jwk}}, GrantTypes: []string{oauth.GrantAuthorizationCode}}, "test")
	must(t, err)
	private, err := key.Bytes()
	must(t, err)
	jwk["d"] = base64.RawURLEncoding.EncodeToString(private)
	b, err := json.Marshal(map[string]any{"id": "npm-wallet", "redirect": redirect, "jwk": jwk})
	must(t, err)
	return string(b)
}

// takeEvery runs the wallet, agrees where it asks, and gives the credentials by
// their format.
func (o *office) takeEvery(t *testing.T, person uuid.UUID, args []string) map[string][]byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{"every.mjs"}, args...)...)
	said := &output{}
	cmd.Stderr = said
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	all := map[string][]byte{}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Open, Format string
			Credential   json.RawMessage
		}
		must(t, json.Unmarshal(lines.Bytes(), &line))
		if line.Open != "" {
			_, err := io.WriteString(in, o.agree(t, person, line.Open)+"\n")
			must(t, err)
			continue
		}
		all[line.Format] = plain(line.Credential)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the wallet: %v\n%s", err, said)
	}
	return all
}

// plain is a credential as it is kept: the text of a string, or the object.
func plain(raw json.RawMessage) []byte {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return []byte(text)
	}
	return raw
}

// agree is the person in the browser; it gives where the browser goes.
func (o *office) agree(t *testing.T, person uuid.UUID, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	decision, err := o.issuer.BeginAuthorization(t.Context(), u.Query())
	must(t, err)
	self := registry.Actor{AccountID: uuid.New(), Name: "self", Roles: []registry.Role{registry.RoleRegistrant}, RegistrantID: person, Channel: registry.ChannelSelf}
	shown, err := o.issuer.Authorization(t.Context(), self, decision)
	must(t, err)
	location, err := o.issuer.Decide(t.Context(), self, shown.Decision, true)
	must(t, err)
	return location
}

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
