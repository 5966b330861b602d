package oid4vci_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"socialregistry/internal/vectors"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

// schema loads one JSON Schema of the OpenID Foundation's conformance suite.
func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(vectors.Read(t, "data/oid4vci-schemas/"+name)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate gives what the schema says of v.
func validate(t *testing.T, s *jsonschema.Schema, v any) error {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

func TestOfferAgainstSuiteSchema(t *testing.T) {
	t.Parallel()
	s := schema(t, "credential_offer-1_0.json")
	doc, err := offer().Document()
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, s, json.RawMessage(doc)); err != nil {
		t.Error(err)
	}
	if err := validate(t, s, map[string]any{"credential_issuer": issuerID}); err == nil {
		t.Error("the schema takes an offer without configurations: it checks nothing")
	}
}

func TestIssuerMetadataAgainstSuiteSchema(t *testing.T) {
	t.Parallel()
	s := schema(t, "credential_issuer_metadata-1_0.json")
	_, jwk := encryptionKey(t)
	m := metadata().WithBatch(10).WithEncryption(jwk, false)
	m.Configurations["sd"] = m.Configurations["sd"].WithKeyAttestations(oid4vci.KeyAttestations{KeyStorage: []string{"iso_18045_high"}})
	ldp := m.Configurations["ldp"]
	delete(m.Configurations, "ldp")
	if err := validate(t, s, m); err != nil {
		t.Errorf("dc+sd-jwt: %v", err)
	}
	// The suite's schema knows no member of ldp_vc and warns of those; hold the
	// rest of the configuration to it.
	if ldp.Definition == nil || len(ldp.SigningAlgs) == 0 {
		t.Error("ldp_vc without its members")
	}
	raw, err := json.Marshal(ldp)
	if err != nil {
		t.Fatal(err)
	}
	common := decode(t, raw)
	delete(common, "credential_definition")
	delete(common, "credential_signing_alg_values_supported")
	if err := validate(t, s, withConfiguration(t, m, common)); err != nil {
		t.Errorf("ldp_vc: %v", err)
	}
	common["proof_types_supported"] = map[string]any{"jwt": map[string]any{}}
	if err := validate(t, s, withConfiguration(t, m, common)); err == nil || !strings.Contains(err.Error(), "proof_signing_alg_values_supported") {
		t.Errorf("the schema takes a proof type without algorithms: %v", err)
	}
}

func withConfiguration(t *testing.T, m oid4vci.Metadata, c map[string]any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	out := decode(t, raw)
	out["credential_configurations_supported"] = map[string]any{"ldp": c}
	return out
}

func TestServerMetadataAgainstSuiteSchema(t *testing.T) {
	t.Parallel()
	s := schema(t, "oauth_authorization_server_metadata.json")
	m := oauth.ServerMetadata{Issuer: issuerID, AuthorizationEndpoint: issuerID + "/authorize", TokenEndpoint: issuerID + "/token",
		PushedEndpoint: issuerID + "/par", RevocationEndpoint: issuerID + "/revoke", JWKSURI: issuerID + "/jwks.json",
		ResponseTypes: []string{"code"}, ResponseModes: []string{"query"}, GrantTypes: []string{oauth.GrantAuthorizationCode},
		ChallengeMethods: []string{"S256"}, Scopes: []string{"person"}, DetailTypes: []string{oauth.DetailType},
		AuthMethods: []string{oauth.AuthPrivateKeyJWT}, AuthAlgs: oauth.Algs(), RevocationMethods: []string{oauth.AuthPrivateKeyJWT},
		RevocationAlgs: oauth.Algs(), DPoPAlgs: oauth.Algs(), AttestationAlgs: oauth.Algs(), PoPAlgs: oauth.Algs()}
	if err := validate(t, s, m); err != nil {
		t.Error(err)
	}
	m.TokenEndpoint = "not a URL"
	if err := validate(t, s, m); err == nil {
		t.Error("the schema takes a token endpoint that is no URL: it checks nothing")
	}
}
