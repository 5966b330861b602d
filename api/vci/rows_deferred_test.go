package vci_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/registry"
)

// configure changes the stored document of a configuration and starts the issuer
// anew.
func (s *service) configure(config string, members object) {
	s.t.Helper()
	var document db.JSON
	s.must(s.db.Raw("SELECT document FROM credential_configuration WHERE id = ?", config).Row().Scan(&document))
	for name, v := range members {
		document[name] = v
	}
	s.must(s.db.Exec("UPDATE credential_configuration SET document = ? WHERE id = ?", document, config).Error)
	s.start(s.options)
}

// newcomer is a person none of whose details anybody has decided on.
func (s *service) newcomer() uuid.UUID {
	s.t.Helper()
	p, err := s.registry.Register(context.Background(), s.admin, registry.Change{Set: map[string]string{
		"given_name": "Zubeida", "family_name": "Okonjo", "birth_date": "1990-04-02"}})
	s.must(err)
	return p.ID
}

func (s *service) deferred(token, transaction string, more ...object) answer {
	s.t.Helper()
	body := object{"transaction_id": transaction}
	for _, m := range more {
		for k, v := range m {
			body[k] = v
		}
	}
	raw, err := json.Marshal(body)
	s.must(err)
	return s.do("POST", "/oid4vci/deferred", "application/json", string(raw), "Authorization", "Bearer "+token)
}

// promise reads the answer 202, which has a transaction_id and an interval alone.
func (s *service) promise(a answer) string {
	s.t.Helper()
	m := s.json(a)
	id, _ := m["transaction_id"].(string)
	interval, _ := m["interval"].(float64)
	if a.status != 202 || id == "" || interval < 1 || interval != float64(int(interval)) || len(m) != 2 || a.header.Get("Cache-Control") != "no-store" {
		s.t.Fatalf("%d %s %v, want a 202 with transaction_id and interval", a.status, a.body, a.header)
	}
	return id
}

func TestRow60Deferred(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.configure(sd, object{"deferred": true})
		id := s.newcomer()
		token, proofs := s.token(id, sd), s.proofs(2)
		transaction := s.promise(s.askBatch(token, sd, proofs))
		s.refused("the nonce again", s.askBatch(token, sd, proofs), 400, "invalid_nonce")
		if again := s.promise(s.deferred(token, transaction)); again != transaction {
			t.Error("still pending, and another transaction_id")
		}
		other := s.newcomer()
		_, code := s.offer(id, false, sd)
		named := s.json(s.redeem(code, "client_id", "wallet-1"))
		for name, tc := range map[string]struct {
			token, transaction string
		}{
			"unknown": {token, "guess"}, "cut": {token, transaction[:20]}, "a nonce": {token, s.nonce()}, "the token": {token, token},
			"other person's": {s.token(other, sd), transaction}, "for another configuration": {s.token(id, ldp), transaction},
		} {
			s.refused(name, s.deferred(tc.token, tc.transaction), 400, "invalid_transaction_id")
		}
		if by, ok := named["access_token"].(string); ok {
			s.refused("another client's", s.deferred(by, transaction), 400, "invalid_transaction_id")
		}
		s.refused("wrong token", s.deferred("x", transaction), 401, "invalid_token")
		s.refused("no id", s.do("POST", "/oid4vci/deferred", "application/json", `{}`, "Authorization", "Bearer "+token), 400, "invalid_credential_request")
		s.decide(id, registry.StateAttested, "given_name", "family_name")
		s.promise(s.deferred(token, transaction)) // one is still missing
		s.decide(id, registry.StateAttested, "birth_date")
		s.clock.pass(5 * time.Minute)
		s.refused("an old token", s.deferred(token, transaction), 401, "invalid_token")
		fresh := s.token(id, sd)
		payloads, _ := s.payloads(s.deferred(fresh, transaction, object{"x": 1}))
		if len(payloads) != 2 || payloads[0]["cnf"].(object)["jwk"] == nil {
			t.Errorf("%d credentials, want one for each proof: %v", len(payloads), payloads)
		}
		s.refused("used", s.deferred(fresh, transaction), 400, "invalid_transaction_id")
	})
}

// What is deferred is bound to the keys that were proved, as the wallet named
// them.
func TestDeferredByDID(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.configure(ldp, object{"deferred": true})
		id := s.newcomer()
		token, p := s.token(id, ldp), s.proofByDID(s.nonce())
		transaction := s.promise(s.ask(token, ldp, p.sign(t)))
		s.decide(id, registry.StateAttested, mandatory()...)
		a := s.deferred(token, transaction)
		if a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		credential := s.json(a)["credentials"].([]any)[0].(object)["credential"].(object)
		if subject := credential["credentialSubject"].(object)["id"].(string); p.header["kid"].(string)[:len(subject)] != subject {
			t.Errorf("bound to %s, proved %v", subject, p.header["kid"])
		}
	})
}

func TestRow61DeferredDenied(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.configure(sd, object{"deferred": true})
		id := s.newcomer()
		token := s.token(id, sd)
		transaction := s.promise(s.ask(token, sd, s.proof(s.nonce()).sign(t)))
		s.decide(id, registry.StateAttested, "family_name", "birth_date")
		s.decide(id, registry.StateRejected, "given_name")
		s.refused("rejected", s.deferred(token, transaction), 400, "credential_request_denied")
		s.decide(id, registry.StateAttested, "given_name")
		s.refused("denied for good", s.deferred(token, transaction), 400, "credential_request_denied")
		if n := s.count("issuance"); n != 0 {
			t.Errorf("%d credentials", n)
		}
		// Nothing is promised when a detail is rejected already, or not there.
		second := s.newcomer()
		s.decide(second, registry.StateRejected, "given_name")
		s.refused("rejected before", s.ask(s.token(second, sd), sd, s.proof(s.nonce()).sign(t)), 400, "credential_request_denied")
		third := s.newcomer()
		s.edit(third, map[string]string{"birth_date": ""})
		s.refused("absent", s.ask(s.token(third, sd), sd, s.proof(s.nonce()).sign(t)), 400, "credential_request_denied")
	})
}
