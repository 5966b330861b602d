package vci_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

func TestRow41TokensThatAreNone(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id := s.person()
		body, err := json.Marshal(object{"credential_configuration_id": sd, "proofs": object{"jwt": []string{s.proof(s.nonce()).sign(t)}}})
		s.must(err)
		bare := s.do("POST", "/oid4vci/credential", "application/json", string(body))
		if bare.status != 401 || strings.Contains(bare.header.Get("WWW-Authenticate"), "error=") {
			t.Errorf("no token: %d, challenge %q, want a bare one", bare.status, bare.header.Get("WWW-Authenticate"))
		}
		revoked, code := s.offer(id, false, sd)
		cut := s.json(s.redeem(code))["access_token"].(string)
		s.must(s.issuer.CancelOffer(context.Background(), s.admin, revoked.ID))
		s.refused("revoked", s.ask(cut, sd, s.proof(s.nonce()).sign(t)), 401, "invalid_token")
		_, unused := s.offer(id, false, sd)
		other, err := secret.NewTokens("k1", secret.NewKey()).Seal("access_token", object{"g": "g", "r": id, "c": []string{sd}}, s.clock.now().Add(time.Hour))
		s.must(err)
		old := s.token(id, sd)
		s.clock.pass(5 * time.Minute)
		for name, token := range map[string]string{
			"garbage": "abc", "a JWT": "eyJhbGciOiJub25lIn0.e30.", "a nonce": s.nonce(), "a code": unused,
			"another issuer's": other, "expired": old, "cut": s.token(id, sd)[:40], "with a tail": s.token(id, sd) + "A",
		} {
			a := s.ask(token, sd, s.proof(s.nonce()).sign(t))
			s.refused(name, a, 401, "invalid_token")
			if !strings.Contains(a.header.Get("WWW-Authenticate"), `error="invalid_token"`) {
				t.Errorf("%s: challenge %q", name, a.header.Get("WWW-Authenticate"))
			}
		}
		s.refused("two headers", s.do("POST", "/oid4vci/credential", "application/json", string(body), "Authorization", "Bearer x", "Authorization", "Bearer y"), 400, "invalid_request")
		s.refused("another scheme", s.do("POST", "/oid4vci/credential", "application/json", string(body), "Authorization", "DPoP "+s.token(id, sd)), 401, "invalid_token")
	})
}

func TestRow43ScopeEscalation(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.refused("another configuration", s.ask(s.token(s.person(), ldp), sd, s.proof(s.nonce()).sign(t)), 400, "credential_request_denied")
	})
}

func TestRow44Identifiers(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		token := s.token(s.person(), sd)
		proofs := func() object { return object{"jwt": []string{s.proof(s.nonce()).sign(t)}} }
		for name, body := range map[string]object{
			"both":         {"credential_configuration_id": sd, "credential_identifier": sd, "proofs": proofs()},
			"neither":      {"proofs": proofs()},
			"an array":     {"credential_configuration_id": []string{sd}, "proofs": proofs()},
			"null":         {"credential_configuration_id": nil, "proofs": proofs()},
			"draft format": {"format": "dc+sd-jwt", "vct": "x", "proofs": proofs()},
		} {
			s.refused(name, s.credential(token, body), 400, "invalid_credential_request")
		}
	})
}

func TestRow45UnknownIdentifiers(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		token := s.token(s.person(), sd)
		proofs := object{"jwt": []string{s.proof(s.nonce()).sign(t)}}
		s.refused("configuration", s.credential(token, object{"credential_configuration_id": "nope", "proofs": proofs}), 400, "unknown_credential_configuration")
		s.refused("identifier", s.credential(token, object{"credential_identifier": "nope", "proofs": proofs}), 400, "unknown_credential_identifier")
	})
}

func (s *service) count(table string) int {
	s.t.Helper()
	var n int
	s.must(s.db.Raw("SELECT count(*) FROM " + table).Scan(&n).Error)
	return n
}

func TestRow64UnattestedField(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		for name, spoil := range map[string]func(id uuid.UUID){
			"NEW":      func(id uuid.UUID) { s.decide(id, registry.StateNew, "birth_date") },
			"REJECTED": func(id uuid.UUID) { s.decide(id, registry.StateRejected, "birth_date") },
			"absent":   func(id uuid.UUID) { s.edit(id, map[string]string{"birth_date": ""}) },
		} {
			id := s.person()
			token := s.token(id, sd)
			spoil(id)
			a := s.ask(token, sd, s.proof(s.nonce()).sign(t))
			s.refused(name, a, 400, "credential_request_denied")
			if !strings.Contains(string(a.body), "birth_date") || strings.Contains(string(a.body), "1990") {
				t.Errorf("%s: %s, want the field's name and no value", name, a.body)
			}
		}
		// An optional field that nobody attested is left out.
		a := s.ask(s.token(s.person(), sd), sd, s.proof(s.nonce()).sign(t))
		if claims := s.claims(a); claims["sex"] != nil || claims["region"] != nil || claims["given_name"] != "Zubeida" || len(claims) != 3 {
			t.Errorf("claims %v", claims)
		}
	})
}

func TestRow65StaleAttestation(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id := s.person()
		token := s.token(id, sd)
		s.edit(id, map[string]string{"family_name": "Okonkwo"})
		s.refused("stale", s.ask(token, sd, s.proof(s.nonce()).sign(t)), 400, "credential_request_denied")
		log, err := s.registry.History(context.Background(), s.admin, id)
		s.must(err)
		last := log[0]
		if len(log) > 1 && log[len(log)-1].ChainNo > last.ChainNo {
			last = log[len(log)-1]
		}
		if last.Changes[0].Field != "family_name" {
			t.Errorf("the change log does not tell the edit: %+v", last)
		}
	})
}

func TestRow71ClaimInjection(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		a := s.credential(s.token(s.person(), sd), object{"credential_configuration_id": sd, "proofs": object{"jwt": []string{s.proof(s.nonce()).sign(t)}},
			"claims": object{"given_name": "Mallory"}, "credentialSubject": object{"given_name": "Mallory"}, "sex": "male", "given_name": "Mallory"})
		if claims := s.claims(a); claims["given_name"] != "Zubeida" || claims["sex"] != nil {
			t.Errorf("claims %v", claims)
		}
	})
}

// claims reads the disclosures of an issued SD-JWT.
func (s *service) claims(a answer) map[string]any {
	s.t.Helper()
	if a.status != 200 || a.header.Get("Cache-Control") != "no-store" {
		s.t.Fatalf("credential: %d %s", a.status, a.body)
	}
	jwt := s.json(a)["credentials"].([]any)[0].(object)["credential"].(string)
	parts := strings.Split(jwt, "~")
	claims := map[string]any{}
	for _, d := range parts[1 : len(parts)-1] {
		raw, err := base64.RawURLEncoding.DecodeString(d)
		s.must(err)
		var item []any
		s.must(json.Unmarshal(raw, &item))
		claims[item[1].(string)] = item[2]
	}
	return claims
}

// A token serves a wallet that asks again, and no machine that asks for ever.
func TestATokenIsGoodForAFewCredentials(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		token := s.token(s.person(), sd)
		for n := range ledger.MaxPerGrant {
			if a := s.ask(token, sd, s.proof(s.nonce()).sign(t)); a.status != 200 {
				t.Fatalf("request %d: %d %s", n+1, a.status, a.body)
			}
		}
		s.refused("one more", s.ask(token, sd, s.proof(s.nonce()).sign(t)), 400, "credential_request_denied")
	})
}

// Token Status List §8.4: a list of another time is refused, which is nobody's
// error.
func TestAStatusListOfAnotherTime(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		a := s.do("GET", "/status/token/x?time=1", "", "")
		if a.status != 501 || !bytes.Contains(a.body, []byte("Not Implemented")) {
			t.Errorf("got %d %s, want 501 Not Implemented", a.status, a.body)
		}
		if text := s.log.String(); strings.Contains(text, `"ERROR"`) {
			t.Errorf("logged as an error: %s", text)
		}
	})
}

// Row 78: after a whole flow and some refusals, nothing of it is in the log.
func TestRow78LogLeak(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id := s.person()
		o, code := s.offer(id, true, sd)
		s.redeem(code, "tx_code", wrongCode(o.TxCode))
		token := s.json(s.redeem(code, "tx_code", o.TxCode))["access_token"].(string)
		nonce := s.nonce()
		good := s.proof(nonce).sign(t)
		credential := s.json(s.ask(token, sd, good))["credentials"].([]any)[0].(object)["credential"].(string)
		s.ask(token, sd, good)
		s.redeem(code, "tx_code", o.TxCode)
		s.do("POST", "/oid4vci/credential?access_token="+token, "application/json", "{}")
		text := s.log.String()
		if !strings.Contains(text, "/oid4vci/credential") {
			t.Fatalf("the log is empty: %q", text)
		}
		for name, secret := range map[string]string{"offer": o.ID, "code": code, "transaction code": `"` + o.TxCode + `"`, "token": token, "nonce": nonce, "proof": good,
			"credential": credential, "name": "Zubeida", "birth date": "1990-04-02"} {
			if strings.Contains(text, secret) {
				t.Errorf("the log tells the %s", name)
			}
		}
	})
}
