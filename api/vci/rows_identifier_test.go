package vci_test

import (
	"strings"
	"testing"
	"time"

	"socialregistry/internal/secret"
	"socialregistry/issuer"
)

// identified gives a token as one that came with credential_identifiers: p-1 for
// the configuration, and one for a configuration that does not exist any more.
func (s *service) identified(token, config string) string {
	s.t.Helper()
	name, _, _ := strings.Cut(token, ".") // the key that sealed it
	tokens := secret.NewTokens(name, s.master.Derive("issuer/tokens").Derive(name))
	var claims object
	s.must(tokens.Open("access_token", token, s.clock.now(), &claims))
	claims["i"] = object{"p-1": config, "p-gone": "gone"}
	out, err := tokens.Seal("access_token", claims, s.clock.now().Add(5*time.Minute))
	s.must(err)
	return out
}

func (s *service) askBy(token string, names object) answer {
	s.t.Helper()
	body := object{"proofs": object{"jwt": s.proofs(1)}}
	for k, v := range names {
		body[k] = v
	}
	return s.credential(token, body)
}

// Row 44, compat.drafts off: a token that came with identifiers is used with one
// of them, and another one with none.
func TestRow44IdentifierOfTheToken(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id := s.person()
		plain, token := s.token(id, sd), s.identified(s.token(id, sd), sd)
		s.refused("configuration id", s.askBy(token, object{"credential_configuration_id": sd}), 400, "invalid_credential_request")
		s.refused("both", s.askBy(token, object{"credential_configuration_id": sd, "credential_identifier": "p-1"}), 400, "invalid_credential_request")
		for name, tc := range map[string]struct{ token, id string }{
			"unknown": {token, "p-2"}, "of another token": {s.identified(s.token(id, ldp), ldp) + "x", "p-1"}, "of no configuration": {token, "p-gone"},
			"a configuration's": {token, sd}, "where none were issued": {plain, "p-1"},
		} {
			if name == "of another token" {
				s.refused(name, s.askBy(tc.token, object{"credential_identifier": tc.id}), 401, "invalid_token")
				continue
			}
			s.refused(name, s.askBy(tc.token, object{"credential_identifier": tc.id}), 400, "unknown_credential_identifier")
		}
		// The suite asks for both kinds, whichever was negotiated.
		s.refused("unknown configuration", s.askBy(token, object{"credential_configuration_id": "nope"}), 400, "unknown_credential_configuration")
		if a := s.askBy(token, object{"credential_identifier": "p-1"}); a.status != 200 {
			t.Errorf("the identifier: %d %s", a.status, a.body)
		}
		if a := s.askBy(plain, object{"credential_configuration_id": sd}); a.status != 200 {
			t.Errorf("the configuration id: %d %s", a.status, a.body)
		}
	})
}

// With compat.drafts, wallets that speak drafts 13 to 15 are served: by a single
// proof, and by the configuration id although identifiers were issued.
func TestDraftsAreServed(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.start(func(c *issuer.Config) { c.Drafts = true })
		id := s.person()
		token := s.identified(s.token(id, sd), sd)
		if a := s.askBy(token, object{"credential_configuration_id": sd}); a.status != 200 {
			t.Errorf("the configuration id: %d %s", a.status, a.body)
		}
		single := func() object {
			return object{"credential_configuration_id": sd, "proof": object{"proof_type": "jwt", "jwt": s.proof(s.nonce()).sign(t)}}
		}
		if a := s.credential(token, single()); a.status != 200 {
			t.Errorf("the single proof: %d %s", a.status, a.body)
		}
		bad := single()
		bad["proof"].(object)["jwt"] = "x"
		s.refused("a bad single proof", s.credential(token, bad), 400, "invalid_proof")
		s.refused("no proof", s.credential(token, object{"credential_configuration_id": sd}), 400, "invalid_proof")
		s.refused("another configuration", s.askBy(token, object{"credential_configuration_id": ldp}), 400, "credential_request_denied")
	})
}
