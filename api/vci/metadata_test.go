package vci_test

import (
	"crypto/x509"
	"encoding/base64"
	"reflect"
	"testing"

	"socialregistry/internal/jose"
	"socialregistry/issuer"
)

const wellKnown = "/.well-known/openid-credential-issuer"

// Names come in the language that the wallet asks for, if there are any in it.
func TestMetadataByLanguage(t *testing.T) {
	const every = "ar, en, fr, hi, sw"
	each(t, func(t *testing.T, s *service) {
		for header, want := range map[string]string{"": every, "ar": "ar", "ar-EG,en;q=0.5": "ar", "de,en-GB;q=0.3": "en", "fr-CA": "fr", "de": every, "*": every, ";;;": every} {
			a := s.do("GET", wellKnown, "", "", "Accept-Language", header)
			if a.status != 200 || a.header.Get("Content-Language") != want || a.header.Get("Vary") == "" || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("%q: %d %v, want %q", header, a.status, a.header, want)
			}
			m := s.json(a)["credential_configurations_supported"].(object)[sd].(object)["credential_metadata"].(object)
			locales := map[string]bool{}
			for _, d := range m["display"].([]any) {
				locales[d.(object)["locale"].(string)] = true
			}
			if len(locales) == 5 != (want == every) || len(want) == 2 && !locales[want] {
				t.Errorf("%q: names in %v", header, locales)
			}
		}
	})
}

// §12.2.4: what there is stands in the metadata, and what there is not does not.
func TestMetadataSayWhatThereIs(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		m := s.json(s.do("GET", wellKnown, "", ""))
		for name, path := range map[string]string{"credential_endpoint": "credential", "deferred_credential_endpoint": "deferred",
			"notification_endpoint": "notification", "nonce_endpoint": "nonce"} {
			if m[name] != publicURL+"/oid4vci/"+path {
				t.Errorf("%s is %v", name, m[name])
			}
		}
		if _, given := m["authorization_servers"]; given || !reflect.DeepEqual(m["batch_credential_issuance"], object{"batch_size": 10.0}) {
			t.Errorf("batch %v, authorization_servers given: %t", m["batch_credential_issuance"], given)
		}
		if m["credential_request_encryption"].(object)["encryption_required"] != false || m["credential_response_encryption"].(object)["encryption_required"] != false {
			t.Errorf("encryption %v", m["credential_request_encryption"])
		}
		s.options = func(c *issuer.Config) { c.BatchSize, c.Encrypted = 1, true }
		s.configure(sd, object{"key_attestations_required": object{"key_storage": []string{"iso_18045_high"}}})
		m = s.json(s.do("GET", wellKnown, "", ""))
		if m["batch_credential_issuance"] != nil || m["credential_request_encryption"].(object)["encryption_required"] != true {
			t.Errorf("without batches, with encryption: %v", m)
		}
		want := object{"proof_signing_alg_values_supported": []any{"ES256", "EdDSA"}, "key_attestations_required": object{"key_storage": []any{"iso_18045_high"}}}
		types := m["credential_configurations_supported"].(object)[sd].(object)["proof_types_supported"]
		if !reflect.DeepEqual(types, object{"jwt": want, "attestation": want}) {
			t.Errorf("proof types %v", types)
		}
		s.refused("two proofs without batches", s.askBatch(s.token(s.person(), ldp), ldp, []string{"a", "b"}), 400, "invalid_credential_request")
	})
}

// §12.2.3: the same, signed, for whoever asks for it.
func TestSignedMetadata(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		a := s.do("GET", wellKnown, "", "", "Accept", "application/jwt", "Accept-Language", "en")
		if a.status != 200 || a.header.Get("Content-Type") != "application/jwt" || a.header.Get("Content-Language") != "en" {
			t.Fatalf("%d %v", a.status, a.header)
		}
		head, err := jose.Header(string(a.body))
		s.must(err)
		x5c, _ := head["x5c"].([]any)
		if head["typ"] != "openidvci-issuer-metadata+jwt" || len(x5c) == 0 {
			t.Fatalf("header %v", head)
		}
		der, err := base64.StdEncoding.DecodeString(x5c[0].(string))
		s.must(err)
		leaf, err := x509.ParseCertificate(der)
		s.must(err)
		payload, err := jose.Verify(string(a.body), leaf.PublicKey, jose.ES256)
		s.must(err)
		claims, err := jose.DecodeObject(payload)
		s.must(err)
		now := float64(s.clock.now().Unix())
		if claims["sub"] != publicURL || claims["iss"] != publicURL || claims["iat"] != now || claims["exp"].(float64) <= now {
			t.Errorf("claims %v", claims)
		}
		for _, name := range []string{"sub", "iss", "iat", "exp"} {
			delete(claims, name)
		}
		if plain := s.json(s.do("GET", wellKnown, "", "", "Accept-Language", "en")); !reflect.DeepEqual(plain, claims) {
			t.Errorf("signed %v, plain %v", claims, plain)
		}
		for accept, want := range map[string]string{"": "application/json", "*/*": "application/json", "application/json, application/jwt": "application/json",
			"application/jwt, application/json": "application/jwt", "text/html": "application/json", "image/png;q=0": "application/json"} {
			if a := s.do("GET", wellKnown, "", "", "Accept", accept); a.status != 200 || a.header.Get("Content-Type") != want {
				t.Errorf("Accept %q: %d %s, want %s", accept, a.status, a.header.Get("Content-Type"), want)
			}
		}
	})
}
