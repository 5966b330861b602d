package oid4vci_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"socialregistry/issuer/oid4vci"
)

func credentialMetadata() oid4vci.CredentialMetadata {
	return oid4vci.CredentialMetadata{
		Display: []oid4vci.Display{{Name: "Person", Locale: "en"}, {Name: "شخص", Locale: "ar"}},
		Claims: []oid4vci.Claim{
			{Path: []string{"credentialSubject", "birthDate"}, Mandatory: true, Display: []oid4vci.Display{{Name: "Date of birth", Locale: "en"}}},
			{Path: []string{"credentialSubject", "sex"}},
		},
	}
}

func metadata() oid4vci.Metadata {
	return oid4vci.Metadata{
		CredentialIssuer:   issuerID,
		CredentialEndpoint: issuerID + "/oid4vci/credential",
		NonceEndpoint:      issuerID + "/oid4vci/nonce",

		DeferredEndpoint: issuerID + "/oid4vci/deferred", NotificationEndpoint: issuerID + "/oid4vci/notification",
		Display: []oid4vci.Display{{Name: "Social registry", Locale: "en"}},
		Configurations: map[string]oid4vci.Configuration{
			"sd":  oid4vci.NewSDJWTConfiguration(issuerID+"/credentials/types/person", []string{"ES256"}, credentialMetadata()),
			"ldp": oid4vci.NewLDPConfiguration([]string{"https://www.w3.org/ns/credentials/v2"}, []string{"VerifiableCredential"}, []string{"eddsa-rdfc-2022"}, credentialMetadata()),
		},
	}
}

func TestMetadataDocument(t *testing.T) {
	t.Parallel()
	if err := metadata().Check(); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(metadata())
	if err != nil {
		t.Fatal(err)
	}
	configurations := decode(t, raw)["credential_configurations_supported"].(map[string]any)
	sd, ldp := configurations["sd"].(map[string]any), configurations["ldp"].(map[string]any)
	proofs := map[string]any{"jwt": map[string]any{"proof_signing_alg_values_supported": []any{"ES256", "EdDSA"}}}
	for _, c := range []map[string]any{sd, ldp} {
		if !reflect.DeepEqual(c["proof_types_supported"], proofs) {
			t.Errorf("proof_types_supported = %v", c["proof_types_supported"])
		}
		if meta, ok := c["credential_metadata"].(map[string]any); !ok || len(meta["display"].([]any)) != 2 || len(meta["claims"].([]any)) != 2 {
			t.Errorf("credential_metadata = %v", c["credential_metadata"])
		}
	}
	if want := []any{"jwk", "did:key", "did:jwk"}; !reflect.DeepEqual(sd["cryptographic_binding_methods_supported"], want) {
		t.Errorf("dc+sd-jwt binds to %v", sd["cryptographic_binding_methods_supported"])
	}
	if want := []any{"did:key", "did:jwk"}; !reflect.DeepEqual(ldp["cryptographic_binding_methods_supported"], want) {
		t.Errorf("ldp_vc binds to %v", ldp["cryptographic_binding_methods_supported"])
	}
	if sd["vct"] != issuerID+"/credentials/types/person" || sd["credential_definition"] != nil || ldp["vct"] != nil {
		t.Errorf("format members: %v %v", sd, ldp)
	}
}

func TestMetadataCheck(t *testing.T) {
	t.Parallel()
	change := func(f func(*oid4vci.Configuration)) func(*oid4vci.Metadata) {
		return func(m *oid4vci.Metadata) {
			c := m.Configurations["sd"]
			f(&c)
			m.Configurations["sd"] = c
		}
	}
	for name, f := range map[string]func(*oid4vci.Metadata){
		"issuer with query":    func(m *oid4vci.Metadata) { m.CredentialIssuer += "?a" },
		"issuer with fragment": func(m *oid4vci.Metadata) { m.CredentialIssuer += "#" },
		"relative endpoint":    func(m *oid4vci.Metadata) { m.CredentialEndpoint = "/oid4vci/credential" },
		"no nonce endpoint":    func(m *oid4vci.Metadata) { m.NonceEndpoint = "" },
		"no configuration":     func(m *oid4vci.Metadata) { m.Configurations = nil },
		"configuration without id": func(m *oid4vci.Metadata) {
			m.Configurations[""] = m.Configurations["sd"]
		},
		"language twice":         func(m *oid4vci.Metadata) { m.Display = append(m.Display, m.Display[0]) },
		"no vct":                 change(func(c *oid4vci.Configuration) { c.VCT = "" }),
		"unknown format":         change(func(c *oid4vci.Configuration) { c.Format = "vc+sd-jwt" }),
		"ldp without definition": change(func(c *oid4vci.Configuration) { c.Format = "ldp_vc" }),
		"no algorithm":           change(func(c *oid4vci.Configuration) { c.SigningAlgs = nil }),
		"no binding method":      change(func(c *oid4vci.Configuration) { c.BindingMethods = nil }),
		"no proof type":          change(func(c *oid4vci.Configuration) { c.ProofTypes = nil }),
		"no display":             change(func(c *oid4vci.Configuration) { c.CredentialMetadata.Display = nil }),
		"display without name":   change(func(c *oid4vci.Configuration) { c.CredentialMetadata.Display[0].Name = "" }),
		"no claims":              change(func(c *oid4vci.Configuration) { c.CredentialMetadata.Claims = nil }),
		"claim without path":     change(func(c *oid4vci.Configuration) { c.CredentialMetadata.Claims[1].Path = nil }),
		"claim in one language twice": change(func(c *oid4vci.Configuration) {
			c.CredentialMetadata.Claims[0].Display = []oid4vci.Display{{Name: "a", Locale: "en"}, {Name: "b", Locale: "en"}}
		}),
	} {
		m := metadata()
		f(&m)
		if err := m.Check(); !errors.Is(err, oid4vci.ErrMetadata) {
			t.Errorf("%s: %v, want ErrMetadata", name, err)
		}
	}
}
