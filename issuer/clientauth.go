package issuer

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"net/url"

	"socialregistry/internal/jose"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
)

// One text for every client that is not what it says, so that it tells nothing.
const badClient = "The client is not known, or it does not authenticate as it is registered."

// caller is the client of a call, as it proved to be.
type caller struct {
	ledger.Client        // Name "" = a wallet that nobody registered
	instance      string // thumbprint of the attested key of the wallet's instance; "" = it showed no attestation
}

// client authenticates the client of a call to the PAR, token or revocation
// endpoint: by private_key_jwt, by attest_jwt_client_auth, or not at all if it is
// registered so. An empty ID is an anonymous wallet, and an empty Name one that
// nobody registered but that says a name, or is attested by a trusted provider:
// such a client has no redirect URI and may use a pre-authorized code alone (OID4VCI 1.0
// §6.1). What proves its identity is used up. Errors are *oauth.Error:
// those of oauth.ReadCredentials, oauth.CheckAssertion and oauth.CheckAttestation,
// invalid_client.
func (i *Issuer) client(ctx context.Context, call oauth.Call, form url.Values) (caller, error) {
	c, err := oauth.ReadCredentials(call, form)
	if err != nil || c.ClientID == "" {
		return caller{}, err
	}
	client, err := i.ledger.ClientOr(ctx, c.ClientID, i.decoys.client(c))
	if err != nil {
		return caller{}, err
	}
	if client.ID == "" {
		client.Name, client.RedirectURIs, client.GrantTypes = "", nil, nil
	}
	client.ID = c.ClientID             // also of nobody, whose assertion is checked by a key that nobody has: the answer takes as long
	if client.AuthMethod != c.Method { // what it sent is checked all the same, as that of nobody is
		client.JWKS = i.decoys.of(c.Alg)
	}
	instance := ""
	switch c.Method {
	case oauth.AuthPrivateKeyJWT:
		err = i.checkAssertion(ctx, client, c, call)
	case oauth.AuthAttestation:
		instance, err = i.checkAttestation(ctx, c)
	}
	if err == nil && (client.AuthMethod != c.Method || !client.DisabledAt.IsZero()) {
		err = oauth.InvalidClient(badClient)
	}
	if err != nil {
		return caller{}, err
	}
	return caller{Client: client, instance: instance}, nil
}

// checkAssertion checks a client assertion against the keys that are registered.
// Only who has such a key learns that the client is disabled.
func (i *Issuer) checkAssertion(ctx context.Context, client ledger.Client, c oauth.Credentials, call oauth.Call) error {
	proof, err := oauth.CheckAssertion(c.Assertion, oauth.AssertionPolicy{ClientID: client.ID, Keys: client.JWKS, Decoys: i.decoys.of(c.Alg),
		Audiences: []string{i.url, i.url + "/oid4vci/token", call.URL}, Now: i.now()})
	if err != nil {
		return err
	}
	if !client.DisabledAt.IsZero() {
		return oauth.InvalidClient(badClient)
	}
	return i.useProof(ctx, ledger.OnceAssertion, proof, oauth.InvalidClient("The client assertion was used before; make a new one for each request."))
}

// checkAttestation checks a client attestation and gives the thumbprint of the key
// that it is for.
func (i *Issuer) checkAttestation(ctx context.Context, c oauth.Credentials) (instance string, err error) {
	trust, err := i.trust(ctx, ledger.ForClients)
	if err != nil {
		return "", err
	}
	attested, err := oauth.CheckAttestation(c, oauth.AttestationPolicy{ClientID: c.ClientID, Issuer: i.url, Trust: trust, Now: i.now(),
		FreshChallenge: i.freshOf(kindChallenge)})
	if err != nil {
		return "", err
	}
	return attested.JKT, i.useProof(ctx, ledger.OnceAttestation, attested.Proof,
		oauth.InvalidClientAttestation("The proof of possession was used before; make a new one for each request."))
}

// useProof uses up a proof, or refuses it for having been used.
func (i *Issuer) useProof(ctx context.Context, kind ledger.Once, p oauth.Proof, used *oauth.Error) error {
	err := i.ledger.UseOnce(ctx, kind, p.ID, p.Expires)
	if errors.Is(err, ledger.ErrUsed) {
		return used.Because(err)
	}
	return err
}

// decoys are JWK Sets of one key each, by algorithm, whose private parts are thrown
// away: what is checked by one of them takes as long as by a client's own, and is
// refused.
type decoys map[string]map[string]any

// of gives the set for an algorithm; for one that no client can use, any of them.
func (d decoys) of(alg string) map[string]any {
	if set, known := d[alg]; known {
		return set
	}
	return d[jose.ES256]
}

// client is read in place of one that nobody registered.
func (d decoys) client(c oauth.Credentials) ledger.Client {
	return ledger.Client{Name: "Wallet", RedirectURIs: []string{"https://wallet.example/callback"}, AuthMethod: c.Method, JWKS: d.of(c.Alg),
		GrantTypes: []string{oauth.GrantAuthorizationCode}}
}

func newDecoys() (decoys, error) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	d := decoys{}
	for alg, public := range map[string]crypto.PublicKey{jose.ES256: ec.Public(), jose.EdDSA: ed} {
		jwk, err := jose.PublicJWK(public)
		if err != nil {
			return nil, err
		}
		d[alg] = map[string]any{"keys": []any{jwk}}
	}
	return d, nil
}
