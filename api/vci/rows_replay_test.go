package vci_test

import (
	"sync"
	"testing"

	"socialregistry/registry"
)

// servers gives two servers on one database, each with an issuer of its own.
func (s *service) servers() []*service {
	s.t.Helper()
	first := s.at(s.url)
	first.issuer = s.issuer
	s.start(s.options)
	return []*service{first, s}
}

// race sends a request to both servers, so many times at once, and gives how many
// were answered with 200; the others are refused with the code.
func (s *service) race(times int, code string, send func(at *service, n int) answer) int {
	s.t.Helper()
	servers, answers := s.servers(), make([]answer, times)
	var wg sync.WaitGroup
	for n := range answers {
		wg.Go(func() { answers[n] = send(servers[n%2], n) })
	}
	wg.Wait()
	won := 0
	for _, a := range answers {
		if a.status == 200 {
			won++
		} else {
			s.refused("a loser", a, 400, code)
		}
	}
	return won
}

// Row 53, over two servers: of one nonce in several requests, one is taken,
// whatever the keys.
func TestRow53NonceOnceOverTwoServers(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id, nonce := s.person(), s.nonce()
		var tokens, proofs []string
		for range 8 {
			tokens, proofs = append(tokens, s.token(id, sd)), append(proofs, s.proof(nonce).sign(t))
		}
		if won := s.race(8, "invalid_nonce", func(at *service, n int) answer { return at.ask(tokens[n], sd, proofs[n]) }); won != 1 || s.count("issuance") != 1 {
			t.Errorf("%d won, %d rows, want 1", won, s.count("issuance"))
		}
	})
}

// Row 54, over two servers: the proof of one token, sent with those of others.
func TestRow54ProofReplayOverTwoServers(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		var tokens []string
		for range 8 {
			tokens = append(tokens, s.token(s.person(), sd))
		}
		jwt := s.proof(s.nonce()).sign(t)
		if won := s.race(8, "invalid_nonce", func(at *service, n int) answer { return at.ask(tokens[n], sd, jwt) }); won != 1 || s.count("issuance") != 1 {
			t.Errorf("%d won, %d rows, want 1", won, s.count("issuance"))
		}
	})
}

// Row 60, over two servers: a deferred credential is given out once.
func TestRow60DeferredOnceOverTwoServers(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.configure(sd, object{"deferred": true})
		id := s.newcomer()
		token := s.token(id, sd)
		transaction := s.promise(s.ask(token, sd, s.proof(s.nonce()).sign(t)))
		s.decide(id, registry.StateAttested, mandatory()...)
		delivered := s.race(4, "invalid_transaction_id", func(at *service, _ int) answer { return at.deferred(token, transaction) })
		if delivered != 1 {
			t.Errorf("%d delivered, want 1", delivered)
		}
	})
}
