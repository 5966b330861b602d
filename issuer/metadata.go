package issuer

import (
	"errors"
	"fmt"
	"time"

	"socialregistry/did"
	"socialregistry/internal/jose"
	"socialregistry/issuer/keys"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
	"socialregistry/registry"
)

// Every URL in these documents comes from the configured public URL, never from
// a request.

// Metadata is the credential issuer's self-description (OID4VCI 1.0 §12.2), with
// names in the languages that an Accept-Language header asks for, and the tags of
// those.
func (i *Issuer) Metadata(acceptLanguage string) (oid4vci.Metadata, []string, error) {
	jwk, err := i.encryptionKey(i.now())
	if err != nil {
		return oid4vci.Metadata{}, nil, fmt.Errorf("publish the key for requests: %w", err)
	}
	m, languages := i.metadata.WithEncryption(jwk, i.encrypted).In(acceptLanguage)
	return m, languages, nil
}

// metadataLife is how long signed metadata are good.
const metadataLife = 24 * time.Hour

// SignedMetadata is Metadata as a JWT (OID4VCI 1.0 §12.2.3), signed with the key of
// our ES256 credentials: by its certificates, or by its kid in /jwks.json if it has
// none.
func (i *Issuer) SignedMetadata(acceptLanguage string) (string, []string, error) {
	m, languages, err := i.Metadata(acceptLanguage)
	if err != nil {
		return "", nil, err
	}
	now := i.now()
	payload, err := m.Claims(now, metadataLife)
	if err != nil {
		return "", nil, err
	}
	key, err := i.ring.Current(jose.ES256, now)
	if err != nil {
		return "", nil, err
	}
	header := map[string]any{"typ": oid4vci.MetadataType, "kid": key.KID}
	switch x5c, err := i.chain(key, now); {
	case err == nil:
		header["x5c"] = x5c
	case !errors.Is(err, keys.ErrNoCertificate):
		return "", nil, err
	}
	jwt, err := jose.Sign(key.Signer, key.Alg, header, payload)
	return jwt, languages, err
}

// AuthorizationServer is the self-description of the authorization server (RFC
// 8414; OID4VCI 1.0 §12.3), which is the credential issuer itself.
func (i *Issuer) AuthorizationServer() oauth.ServerMetadata {
	ids := make([]string, len(i.configs))
	for n, c := range i.configs {
		ids[n] = c.ID
	}
	methods, algs := []string{oauth.AuthNone, oauth.AuthPrivateKeyJWT, oauth.AuthAttestation}, oauth.Algs()
	return oauth.ServerMetadata{
		Issuer: i.url, JWKSURI: i.url + "/jwks.json",
		AuthorizationEndpoint: i.url + "/oid4vci/authorize", TokenEndpoint: i.url + "/oid4vci/token",
		PushedEndpoint: i.url + "/oid4vci/par", RequirePushed: true, RevocationEndpoint: i.url + "/oid4vci/revoke",
		ResponseTypes: []string{"code"}, ResponseModes: []string{"query"}, ChallengeMethods: []string{"S256"},
		GrantTypes: []string{oauth.GrantAuthorizationCode, oauth.GrantPreAuthorizedCode, oauth.GrantRefreshToken},
		Scopes:     i.scopes(ids), DetailTypes: []string{oauth.DetailType}, IssParameter: true,
		AuthMethods: methods, AuthAlgs: algs, RevocationMethods: methods, RevocationAlgs: algs,
		AttestationAlgs: algs, PoPAlgs: algs, DPoPAlgs: algs, ChallengeEndpoint: i.url + "/oid4vci/challenge",
		AnonymousAccess: !i.policy.RequireClient, StatusAggregation: i.url + "/status/aggregation",
	}
}

// JWKS is the set of public keys (RFC 7517 §5).
func (i *Issuer) JWKS() (map[string]any, error) { return i.ring.now().JWKS(i.now()) }

// JWTVCIssuer tells verifiers of SD-JWT VCs the issuer's keys (SD-JWT VC §4).
func (i *Issuer) JWTVCIssuer() (map[string]any, error) {
	jwks, err := i.JWKS()
	return map[string]any{"issuer": i.url, "jwks": jwks}, err
}

// DIDDocument is the issuer's did:web document, for verifiers of W3C
// credentials.
func (i *Issuer) DIDDocument() (map[string]any, error) {
	var public []did.PublicKey
	for _, k := range i.ring.now().Published(i.now()) {
		public = append(public, did.PublicKey{Fragment: k.KID, Key: k.Public()})
	}
	return did.Document(i.did, public)
}

// Context is the JSON-LD context that our W3C credentials name.
func (i *Issuer) Context() []byte { return i.context }

// Vocabulary is the JSON-LD document that the terms of Context lead to.
func (i *Issuer) Vocabulary() []byte { return i.vocabulary }

// buildMetadata: issuer is how the issuer is shown, shown how each configuration is.
func (i *Issuer) buildMetadata(issuer []oid4vci.Display, shown map[string][]oid4vci.Display) oid4vci.Metadata {
	m := oid4vci.Metadata{
		CredentialIssuer:   i.url,
		CredentialEndpoint: i.url + "/oid4vci/credential",
		NonceEndpoint:      i.url + "/oid4vci/nonce",
		Configurations:     map[string]oid4vci.Configuration{},

		DeferredEndpoint:     i.url + "/oid4vci/deferred",
		NotificationEndpoint: i.url + "/oid4vci/notification",
		Display:              issuer,
	}
	for _, c := range i.configs {
		m.Configurations[c.ID] = i.describe(c, shown[c.ID])
	}
	return m.WithBatch(i.batchSize)
}

// labelsOf gives the field's label in the languages of the configuration.
func labelsOf(f registry.Field, c Configuration) []oid4vci.Display {
	var out []oid4vci.Display
	for _, d := range c.Display {
		if label := f.Label[d.Locale]; label != "" {
			out = append(out, oid4vci.Display{Name: label, Locale: d.Locale})
		}
	}
	return out
}

func (i *Issuer) listURL(kind, id string) string { return i.url + "/status/" + kind + "/" + id }

// dateTime writes an xsd:dateTimeStamp in UTC (VCDM 2.0 §4.9).
func dateTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
