package vci_test

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/ledger"
)

// provider is a wallet provider whose key attestations are believed.
func (s *service) provider(id string) *ecdsa.PrivateKey {
	s.t.Helper()
	key := newKey(s.t)
	jwk, err := jose.PublicJWK(key.Public())
	s.must(err)
	jwk["kid"] = id
	_, err = ledger.New(s.db, s.clock.now).CreateWalletProvider(context.Background(), ledger.WalletProvider{ID: id, Name: id,
		Uses: []ledger.ProviderUse{ledger.ForKeys}, JWKS: object{"keys": []any{jwk}}}, ledger.Entry{Actor: "test", Reason: "test"})
	s.must(err)
	return key
}

// attestation is a good key attestation of the proofs' keys, which change may
// spoil.
func (s *service) attestation(provider *ecdsa.PrivateKey, nonce string, change func(claims object), proofs ...*proof) string {
	s.t.Helper()
	claims := object{"iat": s.clock.now().Unix(), "exp": s.clock.now().Add(time.Hour).Unix(), "nonce": nonce,
		"key_storage": []string{"iso_18045_high"}, "user_authentication": []string{"iso_18045_moderate"}}
	var keys []any
	for _, p := range proofs {
		keys = append(keys, p.header["jwk"])
	}
	claims["attested_keys"] = keys
	if change != nil {
		change(claims)
	}
	payload, err := json.Marshal(claims)
	s.must(err)
	jwt, err := jose.Sign(provider, jose.ES256, map[string]any{"typ": "key-attestation+jwt"}, payload)
	s.must(err)
	return jwt
}

func TestRow56KeyAttestation(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.configure(sd, object{"key_attestations_required": object{"key_storage": []string{"iso_18045_high"}, "user_authentication": []string{"iso_18045_high", "iso_18045_moderate"}}})
		known, stranger, id := s.provider("known"), newKey(t), s.person()
		token := s.token(id, sd)
		set := func(name string, v any) func(object) { return func(claims object) { claims[name] = v } }
		unset := func(name string) func(object) { return func(claims object) { delete(claims, name) } }
		other := s.proof("")
		for name, tc := range map[string]struct {
			by           *ecdsa.PrivateKey
			change       func(object)
			proof, alone string // codes; "" = none
		}{
			"good":             {known, nil, "", ""},
			"unknown provider": {stranger, nil, "invalid_proof", "invalid_proof"},
			"expired":          {known, set("exp", s.clock.now().Unix()), "invalid_proof", "invalid_proof"},
			"of the future":    {known, set("iat", s.clock.now().Add(time.Hour).Unix()), "invalid_proof", "invalid_proof"},
			"no nonce":         {known, unset("nonce"), "", "invalid_proof"},
			"stale nonce":      {known, set("nonce", "x"), "invalid_proof", "invalid_nonce"},
			"level too low":    {known, set("key_storage", []string{"iso_18045_basic"}), "invalid_proof", "invalid_proof"},
			"another key":      {known, set("attested_keys", []any{other.header["jwk"]}), "invalid_proof", ""},
		} {
			nonce := s.nonce()
			p := s.proof(nonce)
			p.header["key_attestation"] = s.attestation(tc.by, nonce, tc.change, p)
			s.outcome(name+" in a proof", s.askBatch(token, sd, []string{p.sign(t)}), tc.proof)
			nonce = s.nonce()
			attestation := s.attestation(tc.by, nonce, tc.change, s.proof(nonce))
			s.outcome(name+" alone", s.credential(s.token(id, sd), object{"credential_configuration_id": sd, "proofs": object{"attestation": []string{attestation}}}), tc.alone)
		}
		s.refused("no attestation", s.askBatch(token, sd, s.proofs(1)), 400, "invalid_proof")
		nonce := s.nonce()
		one, two := s.attestation(known, nonce, nil, s.proof(nonce)), s.attestation(known, nonce, nil, s.proof(nonce))
		s.refused("two", s.credential(token, object{"credential_configuration_id": sd, "proofs": object{"attestation": []string{one, two}}}), 400, "invalid_proof")
		both := s.attestation(known, nonce, nil, s.proof(nonce), s.proof(nonce))
		payloads, _ := s.payloads(s.credential(s.token(id, sd), object{"credential_configuration_id": sd, "proofs": object{"attestation": []string{both}}}))
		if len(payloads) != 2 {
			t.Errorf("%d credentials for two attested keys", len(payloads))
		}
		s.refused("again", s.credential(s.token(id, sd), object{"credential_configuration_id": sd, "proofs": object{"attestation": []string{both}}}), 400, "invalid_nonce")
	})
}

// outcome expects a credential, or a refusal with the code.
func (s *service) outcome(name string, a answer, code string) {
	s.t.Helper()
	if code != "" {
		s.refused(name, a, 400, code)
	} else if a.status != 200 {
		s.t.Errorf("%s: %d %s", name, a.status, a.body)
	}
}
