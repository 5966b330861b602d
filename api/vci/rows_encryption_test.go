package vci_test

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer"
	"socialregistry/registry"
)

// issuerKey reads the key for encrypted requests from the metadata, as a wallet
// does.
func (s *service) issuerKey() jose.Recipient {
	s.t.Helper()
	m := s.json(s.do("GET", "/.well-known/openid-credential-issuer", "", ""))["credential_request_encryption"].(object)
	jwk := m["jwks"].(object)["keys"].([]any)[0].(object)
	key, err := jose.ParseEncryptionJWK(jwk)
	s.must(err)
	return jose.Recipient{Key: key, KID: jwk["kid"].(string), Enc: m["enc_values_supported"].([]any)[0].(string)}
}

func (s *service) sealed(path, token string, to jose.Recipient, body any) answer {
	s.t.Helper()
	raw, err := json.Marshal(body)
	s.must(err)
	jwe, err := jose.Encrypt(to, raw)
	s.must(err)
	return s.do("POST", path, "application/jwt", jwe, "Authorization", "Bearer "+token)
}

// wallet is a wallet's key for answers.
type walletKey struct {
	key *ecdh.PrivateKey
	jwk object
}

func (s *service) walletKey() walletKey {
	s.t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	s.must(err)
	jwk, _, err := jose.EncryptionJWK(key.PublicKey())
	s.must(err)
	return walletKey{key, jwk}
}

// read decrypts an answer and puts the plaintext in its place.
func (s *service) read(a answer, k walletKey) answer {
	s.t.Helper()
	if ct := a.header.Get("Content-Type"); ct != "application/jwt" || a.header.Get("Cache-Control") != "no-store" {
		s.t.Fatalf("%d %s %s", a.status, ct, a.body)
	}
	plain, err := jose.Decrypt(string(a.body), map[string]*ecdh.PrivateKey{k.jwk["kid"].(string): k.key}, 1<<20)
	s.must(err)
	a.body = plain
	return a
}

func (s *service) request(config string, more object) object {
	s.t.Helper()
	out := object{"credential_configuration_id": config, "proofs": object{"jwt": s.proofs(1)}}
	for k, v := range more {
		out[k] = v
	}
	return out
}

func TestRow58Encryption(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		const path = "/oid4vci/credential"
		token, to, wallet := s.token(s.person(), sd), s.issuerKey(), s.walletKey()
		good := object{"jwk": wallet.jwk, "enc": "A256GCM"}
		jwk := func(name string, v any) object {
			out := object{}
			for k, was := range wallet.jwk {
				out[k] = was
			}
			out[name] = v
			return object{"jwk": out, "enc": "A256GCM"}
		}
		for name, v := range map[string]any{
			"unlisted enc": object{"jwk": wallet.jwk, "enc": "A128CBC-HS256"}, "jwk without alg": jwk("alg", nil), "RSA1_5": jwk("alg", "RSA1_5"),
			"dir": jwk("alg", "dir"), "off the curve": jwk("y", wallet.jwk["x"]), "null": nil,
		} {
			s.refused(name, s.sealed(path, token, to, s.request(sd, object{"credential_response_encryption": v})), 400, "invalid_encryption_parameters")
		}
		s.refused("in the clear", s.credential(token, s.request(sd, object{"credential_response_encryption": good})), 400, "invalid_encryption_parameters")
		unknown, foreign := to, to
		unknown.KID, foreign.Key = "other", wallet.key.PublicKey()
		s.refused("unknown kid", s.sealed(path, token, unknown, s.request(sd, nil)), 400, "invalid_encryption_parameters")
		s.refused("another's key", s.sealed(path, token, foreign, s.request(sd, nil)), 400, "invalid_encryption_parameters")
		bomb := to
		bomb.Zip = true
		s.refused("a bomb", s.sealed(path, token, bomb, s.request(sd, object{"x": strings.Repeat("0", 30<<20)})), 400, "invalid_credential_request")
		s.refused("no JWE", s.do("POST", path, "application/jwt", "a.b.c.d.e", "Authorization", "Bearer "+token), 400, "invalid_encryption_parameters")
		s.refused("an error in an encrypted request", s.sealed(path, token, to, s.request("nope", object{"credential_response_encryption": good})), 400, "unknown_credential_configuration")
		if n := s.count("issuance"); n != 0 {
			t.Errorf("%d status indices were used", n)
		}
		good["zip"] = "DEF"
		for _, zip := range []bool{false, true} { // twice on one token, as the suite does
			to.Zip = zip
			a := s.sealed(path, token, to, s.request(sd, object{"credential_response_encryption": good}))
			if payloads, _ := s.payloads(s.read(a, wallet)); len(payloads) != 1 {
				t.Errorf("%d credentials", len(payloads))
			}
		}
		plain := s.sealed(path, token, to, s.request(sd, nil))
		if plain.header.Get("Content-Type") != "application/json" || plain.status != 200 {
			t.Errorf("an encrypted request without parameters: %d %v", plain.status, plain.header)
		}
	})
}

// The key for requests changes as every key does; the last one opens for some time
// more, for wallets that keep the metadata.
func TestRequestKeysRotate(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id, old := s.person(), s.issuerKey()
		ask := func() answer {
			return s.sealed("/oid4vci/credential", s.token(id, sd), old, s.request(sd, nil))
		}
		_, err := s.issuer.RotateKey(context.Background(), s.admin, issuer.KindEncryption, s.clock.now(), "test")
		s.must(err)
		s.clock.pass(time.Hour)
		if fresh := s.issuerKey(); fresh.KID == old.KID {
			t.Error("the same key after its rotation")
		}
		if a := ask(); a.status != 200 {
			t.Errorf("the last key: %d %s", a.status, a.body)
		}
		s.clock.pass(8 * 24 * time.Hour)
		s.refused("the last key, long after", ask(), 400, "invalid_encryption_parameters")
	})
}

func TestRow58PlaintextWhereEncryptionIsRequired(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.start(func(c *issuer.Config) { c.Encrypted = true })
		token, wallet := s.token(s.person(), sd), s.walletKey()
		s.refused("plaintext", s.credential(token, s.request(sd, nil)), 400, "invalid_credential_request")
		s.refused("no parameters", s.sealed("/oid4vci/credential", token, s.issuerKey(), s.request(sd, nil)), 400, "invalid_encryption_parameters")
		a := s.sealed("/oid4vci/credential", token, s.issuerKey(), s.request(sd, object{"credential_response_encryption": object{"jwk": wallet.jwk, "enc": "A128GCM"}}))
		if payloads, _ := s.payloads(s.read(a, wallet)); len(payloads) != 1 {
			t.Errorf("%d credentials", len(payloads))
		}
	})
}

// §9.1: the parameters of the deferred request replace those of the first; without
// any, the answer goes in the clear.
func TestDeferredAnswersByTheNewParameters(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.configure(sd, object{"deferred": true})
		id, first, second := s.newcomer(), s.walletKey(), s.walletKey()
		token := s.token(id, sd)
		by := func(k walletKey) object {
			return object{"credential_response_encryption": object{"jwk": k.jwk, "enc": "A128GCM"}}
		}
		a := s.sealed("/oid4vci/credential", token, s.issuerKey(), s.request(sd, by(first)))
		transaction := s.promise(s.read(a, first))
		s.promise(s.deferred(token, transaction))
		s.decide(id, registry.StateAttested, mandatory()...)
		request := by(second)
		request["transaction_id"] = transaction
		s.refused("in the clear", s.deferred(token, transaction, by(second)), 400, "invalid_encryption_parameters")
		a = s.sealed("/oid4vci/deferred", token, s.issuerKey(), request)
		if payloads, _ := s.payloads(s.read(a, second)); len(payloads) != 1 {
			t.Errorf("%d credentials", len(payloads))
		}
	})
}
