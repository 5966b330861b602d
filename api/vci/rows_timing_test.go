package vci_test

import (
	"context"
	"crypto/ecdsa"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
)

// What may not be told apart is answered in the same words after the same
// statements. Those are the timing class; how long they take is measured by
// BenchmarkTiming.
func TestRow80RefusalsLookAlike(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		sent := s.statements()
		known, gone := s.client("wallet-1"), s.client("wallet-2")
		_, err := s.issuer.DisableClient(context.Background(), s.admin, gone.id, "test")
		s.must(err)
		wrong := newKey(t) // nobody's
		as := func(id string) *client { return &client{s: s, id: id, key: wrong} }
		offer, code := s.offer(s.person(), true, sd)
		over, _ := s.offer(s.person(), false, sd)
		s.must(s.issuer.CancelOffer(context.Background(), s.admin, over.ID))
		token := s.token(s.person(), sd)
		s.register(ledger.Client{ID: "public", AuthMethod: oauth.AuthNone, RedirectURIs: []string{redirect}})
		s.register(ledger.Client{ID: "attested", AuthMethod: oauth.AuthAttestation})
		s.register(ledger.Client{ID: "attested-gone", AuthMethod: oauth.AuthAttestation})
		_, err = s.issuer.DisableClient(context.Background(), s.admin, "attested-gone", "test")
		s.must(err)
		for name, ask := range map[string][]func() answer{
			"token endpoint": {
				func() answer { return as(known.id).redeem("k1.AAAA") },
				func() answer { return as("nobody-1").redeem("k1.AAAA") },
				func() answer { return as(gone.id).redeem("k1.AAAA") },
				func() answer { return as("public").redeem("k1.AAAA") },
				func() answer { return as("attested").redeem("k1.AAAA") },
				func() answer { return as("attested-gone").redeem("k1.AAAA") },
			},
			"attestation at the token endpoint": {
				func() answer { return s.attestedBy(wrong, "nobody-1") },
				func() answer { return s.attestedBy(wrong, "attested") },
				func() answer { return s.attestedBy(wrong, "attested-gone") },
				func() answer { return s.attestedBy(wrong, known.id) },
				func() answer { return s.attestedBy(wrong, "public") },
			},
			"PAR endpoint": {
				func() answer { return as(known.id).push() },
				func() answer { return as("nobody-1").push() },
				func() answer { return as(gone.id).push() },
			},
			"transaction code": {
				func() answer { return s.redeem(code, "tx_code", otherDigit(offer.TxCode, 0)) },
				func() answer { return s.redeem(code, "tx_code", otherDigit(offer.TxCode, len(offer.TxCode)-1)) },
			},
			"pre-authorized code": {
				func() answer { return s.redeem(wrongAt(code, len(code)-2)) },
				func() answer { return s.redeem(unknown(code)) },
			},
			"access token": {
				func() answer { return s.credential(wrongAt(token, len(token)-2), object{}) },
				func() answer { return s.credential(unknown(token), object{}) },
			},
			"offer": {
				func() answer { return s.do("GET", "/oid4vci/offers/"+over.ID, "", "") },
				func() answer { return s.do("GET", "/oid4vci/offers/"+secret.RandomID(16), "", "") },
			},
		} {
			*sent = nil
			first := ask[0]()
			took := slices.Clone(*sent)
			if first.status < 400 || len(took) == 0 && strings.HasSuffix(name, "endpoint") {
				t.Errorf("%s: %d after %d statements", name, first.status, len(took))
			}
			for n, another := range ask[1:] {
				*sent = nil
				a := another()
				if a.status != first.status || string(a.body) != string(first.body) {
					t.Errorf("%s: %d %s, but %d %s for number %d", name, first.status, first.body, a.status, a.body, n+2)
				}
				if !slices.Equal(*sent, took) {
					t.Errorf("%s: the statements\n%s\nbut for number %d\n%s", name, strings.Join(took, "\n"), n+2, strings.Join(*sent, "\n"))
				}
			}
		}
		if a := gone.redeem("k1.AAAA"); a.status != 401 || oauthDescription(s, a) == oauthDescription(s, as(gone.id).redeem("k1.AAAA")) {
			t.Errorf("a disabled client with its key: %d %s", a.status, a.body)
		}
	})
}

// attestedBy sends a code with an attestation of a client by a provider that nobody
// trusts.
func (s *service) attestedBy(provider *ecdsa.PrivateKey, id string) answer {
	s.t.Helper()
	now := s.clock.now()
	attestation := s.signJWT(provider, object{"typ": "oauth-client-attestation+jwt"},
		object{"sub": id, "exp": now.Add(time.Minute).Unix(), "cnf": object{"jwk": s.jwk(provider)}})
	pop := s.signJWT(provider, object{"typ": "oauth-client-attestation-pop+jwt"}, object{"iss": id, "aud": publicURL, "jti": secret.RandomID(16), "iat": now.Unix()})
	return s.redeemAs("k1.AAAA", nil, "OAuth-Client-Attestation", attestation, "OAuth-Client-Attestation-PoP", pop)
}

func oauthDescription(s *service, a answer) any { return s.json(a)["error_description"] }

func otherDigit(code string, at int) string {
	return code[:at] + string('0'+(code[at]-'0'+1)%10) + code[at+1:]
}

// statements notes those that are sent, without their values. One request is
// made at a time.
func (s *service) statements() *[]string {
	s.t.Helper()
	var sent []string
	note := func(tx *gorm.DB) { sent = append(sent, tx.Statement.SQL.String()) }
	on := s.db.Callback()
	s.must(on.Query().After("gorm:query").Register("test:query", note))
	s.must(on.Row().After("gorm:row").Register("test:row", note))
	s.must(on.Raw().After("gorm:raw").Register("test:raw", note))
	s.must(on.Create().After("gorm:create").Register("test:create", note))
	s.must(on.Update().After("gorm:update").Register("test:update", note))
	s.must(on.Delete().After("gorm:delete").Register("test:delete", note))
	return &sent
}
