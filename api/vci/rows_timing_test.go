package vci_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm"

	"socialregistry/internal/secret"
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
		for name, ask := range map[string][]func() answer{
			"token endpoint": {
				func() answer { return as(known.id).redeem("k1.AAAA") },
				func() answer { return as("nobody-1").redeem("k1.AAAA") },
				func() answer { return as(gone.id).redeem("k1.AAAA") },
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
