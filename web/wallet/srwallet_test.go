package wallet_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/aries-framework-go/pkg/doc/jwt"
	"github.com/hyperledger/aries-framework-go/pkg/doc/sdjwt/common"

	"socialregistry/internal/jose"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

// srwallet runs the reference wallet as a program of its own.
func (o *office) srwallet(t *testing.T, args ...string) (code int, words string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), o.wallet, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), said.String()
}

// The reference wallet against the real server: each flow that it knows, and
// each refusal that a holder can meet.
func testReferenceWallet(t *testing.T, o *office) {
	id, _ := o.person(t)
	dir, offer := t.TempDir(), o.offer(t, id, true, everyFormat()...)
	wrong := strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, offer.TxCode)
	for _, step := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"without the transaction code", []string{offer.URI}, 1, "needs a transaction code"},
		{"with a wrong one", []string{offer.URI, "--tx-code", wrong}, 1, "400 invalid_grant"},
		{"with the right one", []string{offer.URI, "--tx-code", offer.TxCode}, 0, "Kept as number 4"},
		{"by reference, once more", []string{offer.URI, "--tx-code", offer.TxCode}, 1, "answers 404"},
		{"by value, once more", []string{offer.URIByValue, "--tx-code", offer.TxCode}, 1, "400 invalid_grant"},
	} {
		code, words := o.srwallet(t, append([]string{"accept", "--dir", dir}, step.args...)...)
		if code != step.code || !strings.Contains(words, step.want) {
			t.Fatalf("%s: exit %d, want %d and %q in:\n%s", step.name, code, step.code, step.want, words)
		}
	}
	files := []string{filepath.Join(dir, "1", "credential.json"), filepath.Join(dir, "2", "credential.sd-jwt"),
		filepath.Join(dir, "3", "credential.jwt"), filepath.Join(dir, "4", "credential.mdoc")}
	checkOutcomes(t, o, files, verify.Genuine)
	checkByAries(t, files[1])
	o.withdrawAll(t, id)
	checkOutcomes(t, o, files, verify.Withdrawn)
}

// testIssuerWithPath: every format of an issuer beside the one at the root, found at
// well-known places that its path is inserted into (OID4VCI 1.0 §12.2.2).
func testIssuerWithPath(t *testing.T, o *office) {
	id, _ := o.person(t)
	offer, err := o.pensions.CreateOffer(t.Context(), o.staff, id, everyFormat(), false)
	must(t, err)
	dir := t.TempDir()
	code, words := o.srwallet(t, "accept", "--dir", dir, offer.URI)
	for _, want := range []string{"/.well-known/openid-credential-issuer/issuers/pensions\n", "/issuers/pensions/did.json\n", "Kept as number 4"} {
		if code != 0 || !strings.Contains(words, want) {
			t.Errorf("exit %d, want %q in:\n%s", code, want, words)
		}
	}
	p := *o
	p.issuer = o.pensions
	checkOutcomes(t, &p, []string{filepath.Join(dir, "1", "credential.json"), filepath.Join(dir, "2", "credential.sd-jwt"),
		filepath.Join(dir, "3", "credential.jwt"), filepath.Join(dir, "4", "credential.mdoc")}, verify.Genuine)
}

// testRefresh: a client that is known takes a credential again by its refresh token,
// which is bound to a DPoP key, and to the key of the attested instance; signed metadata
// and the mdoc lead to the issuer's CA.
func testRefresh(t *testing.T, o *office) {
	for name, register := range map[string]func(*testing.T, string) []string{"private_key_jwt": o.keyFile, "attested": o.attested} {
		t.Run(name, func(t *testing.T) { testRefreshAs(t, o, register) })
	}
}

func testRefreshAs(t *testing.T, o *office, register func(t *testing.T, dir string) []string) {
	id, _ := o.person(t)
	dir := t.TempDir()
	anchors := filepath.Join(dir, "anchors.pem")
	must(t, os.WriteFile(anchors, o.issuer.Authorities(), 0o600))
	known := append(register(t, dir), "--anchors", anchors, "--dir", filepath.Join(dir, "wallet"))
	offer := o.offer(t, id, false, "SocialRegistryPerson_mso_mdoc")
	for _, step := range []struct{ args, want []string }{
		{[]string{"accept", offer.URI}, []string{"the signature is good", "Kept as number 1"}},
		{[]string{"refresh", "1"}, []string{"Asking for another access token", "Kept as number 2"}},
		{[]string{"refresh", "2"}, []string{"Kept as number 3"}},
	} {
		code, words := o.srwallet(t, append(step.args, known...)...)
		for _, want := range step.want {
			if code != 0 || !strings.Contains(words, want) {
				t.Fatalf("%v: exit %d, want %q in:\n%s", step.args, code, want, words)
			}
		}
	}
	checkOutcomes(t, o, []string{filepath.Join(dir, "wallet", "3", "credential.mdoc")}, verify.Genuine)
}

// keyFile registers the reference wallet and gives the arguments by which it shows
// itself.
func (o *office) keyFile(t *testing.T, dir string) (args []string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	jwk, err := jose.PublicJWK(key.Public())
	must(t, err)
	jwk["kid"] = "key-1"
	_, err = o.issuer.RegisterClient(t.Context(), o.staff, ledger.Client{ID: "reference-wallet", Name: "The reference wallet", AuthMethod: oauth.AuthPrivateKeyJWT,
		JWKS:       map[string]any{"keys": []any{jwk}},
		GrantTypes: []string{oauth.GrantPreAuthorizedCode, oauth.GrantRefreshToken}}, "test")
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	file := filepath.Join(dir, "client.pem")
	must(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return []string{"--client-id", "reference-wallet", "--client-key", file, "--client-kid", "key-1"}
}

// attested registers the reference wallet as one that its provider attests, makes that
// provider, and gives the arguments by which the wallet shows itself.
func (o *office) attested(t *testing.T, dir string) (args []string) {
	t.Helper()
	file := filepath.Join(dir, "provider.pem")
	root, err := exec.CommandContext(t.Context(), o.wallet, "provider", file).Output()
	must(t, err)
	_, err = o.issuer.DefineWalletProvider(t.Context(), o.staff, ledger.WalletProvider{ID: "trial", Name: "Trial provider",
		Uses: []ledger.ProviderUse{ledger.ForClients, ledger.ForKeys}, Roots: string(root)}, false, "test")
	must(t, err)
	_, err = o.issuer.RegisterClient(t.Context(), o.staff, ledger.Client{ID: "attested-wallet", Name: "The reference wallet, attested", AuthMethod: oauth.AuthAttestation,
		GrantTypes: []string{oauth.GrantPreAuthorizedCode, oauth.GrantRefreshToken}}, "test")
	must(t, err)
	return []string{"--client-id", "attested-wallet", "--provider", file}
}

// checkOutcomes asks the offline verifier, with the bundle of now.
func checkOutcomes(t *testing.T, o *office, files []string, want verify.Outcome) {
	t.Helper()
	made, err := o.issuer.Bundle(t.Context())
	must(t, err)
	raw, err := json.Marshal(made)
	must(t, err)
	bundle, err := verify.ParseBundle(raw)
	must(t, err)
	for _, file := range files {
		credential, err := os.ReadFile(file)
		must(t, err)
		if got := bundle.Verify(credential, time.Now()); got.Outcome != want {
			t.Errorf("%s: %s (%s), want %s", filepath.Base(file), got.Outcome, got.Reason, want)
		}
	}
}

// checkByAries: another implementation finds each disclosure among the signed
// digests, and none that was added or altered.
func checkByAries(t *testing.T, file string) {
	t.Helper()
	credential, err := os.ReadFile(file)
	must(t, err)
	parts := strings.Split(strings.TrimSuffix(string(credential), "~"), "~")
	payload, err := jose.Payload(parts[0])
	must(t, err)
	token := &jwt.JSONWebToken{} // its own parser takes no typ but JWT
	must(t, json.Unmarshal(payload, &token.Payload))
	disclosures := parts[1:]
	if len(disclosures) < 2 {
		t.Fatalf("only %d disclosures", len(disclosures))
	}
	if err := common.VerifyDisclosuresInSDJWT(disclosures, token); err != nil {
		t.Errorf("ours: %v", err)
	}
	const another = "WyJzYWx0IiwicmVnaW9uIiwiTm9ydGgiXQ" // ["salt","region","North"]
	if err := common.VerifyDisclosuresInSDJWT(append(disclosures[:len(disclosures):len(disclosures)], another), token); err == nil {
		t.Error("an added disclosure passed")
	}
	if err := common.VerifyDisclosuresInSDJWT(append([]string{another}, disclosures[1:]...), token); err == nil {
		t.Error("an altered disclosure passed")
	}
}

// A mandatory detail that is not attested any more: the issuer refuses by name,
// and the wallet keeps nothing.
func testRefusedWithoutAttestation(t *testing.T, o *office) {
	id, _ := o.person(t)
	offer := o.offer(t, id, false, ldp, sd)
	person, err := o.registry.Person(t.Context(), o.staff, id)
	must(t, err)
	_, err = o.registry.Edit(t.Context(), o.staff, id, registry.Change{Set: map[string]string{"birth_date": "1991-04-05"}, Reason: "typing error", ExpectVersion: person.VersionNo})
	must(t, err)
	dir := t.TempDir()
	code, words := o.srwallet(t, "accept", "--dir", dir, offer.URI)
	if code != 1 || !strings.Contains(words, "400 credential_request_denied") {
		t.Errorf("exit %d, want 1 and credential_request_denied in:\n%s", code, words)
	}
	if kept, err := os.ReadDir(dir); err != nil || len(kept) != 0 {
		t.Errorf("the wallet keeps %v, %v", kept, err)
	}
}
