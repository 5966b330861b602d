package vci_test

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"socialregistry/issuer"
	"socialregistry/issuer/oauth"
)

// The numbers are those of the list of negative tests in docs/compliance.

func TestRow21PreauthReplay(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		o, code := s.offer(s.person(), false, sd)
		// Another copy of the same offer carries another sealed code.
		again := s.json(s.do("GET", "/oid4vci/offers/"+o.ID, "", ""))["grants"].(object)[oauth.GrantPreAuthorizedCode].(object)["pre-authorized_code"].(string)
		first := s.redeem(code)
		if first.status != 200 || first.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("first: %d %s", first.status, first.body)
		}
		if m := s.json(first); m["token_type"] != "Bearer" || m["expires_in"] != 300.0 || m["c_nonce"] != nil {
			t.Errorf("token response %v", m)
		}
		s.refused("the same code", s.redeem(code), 400, "invalid_grant")
		s.refused("another code of the offer", s.redeem(again), 400, "invalid_grant")
	})
}

func TestRow22PreauthExpiredRevokedRandom(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id := s.person()
		_, kept := s.offer(id, false, sd)
		cancelled, code := s.offer(id, false, sd)
		s.must(s.issuer.CancelOffer(context.Background(), s.admin, cancelled.ID))
		s.refused("revoked", s.redeem(code), 400, "invalid_grant")
		for _, random := range []string{"x", "k1.", "k1." + strings.Repeat("A", 200), code[:len(code)-4] + "AAAA", code + "A", s.nonce(), s.token(id, sd)} {
			s.refused("random", s.redeem(random), 400, "invalid_grant")
		}
		s.clock.pass(10*time.Minute - time.Second)
		_, early := s.offer(id, false, sd)
		if a := s.redeem(kept); a.status != 200 {
			t.Errorf("a second before its end: %d %s", a.status, a.body)
		}
		s.clock.pass(10 * time.Minute)
		s.refused("expired", s.redeem(early), 400, "invalid_grant")
	})
}

func TestRow23TxCodeMissing(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		o, code := s.offer(s.person(), true, sd)
		s.refused("missing", s.redeem(code), 400, "invalid_request")
		s.refused("empty", s.redeem(code, "tx_code", ""), 400, "invalid_request")
		if a := s.redeem(code, "tx_code", o.TxCode); a.status != 200 {
			t.Errorf("the right one after: %d %s", a.status, a.body)
		}
	})
}

func TestRow24TxCodeUnexpected(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		_, code := s.offer(s.person(), false, sd)
		s.refused("unexpected", s.redeem(code, "tx_code", "123456"), 400, "invalid_request")
		if a := s.redeem(code); a.status != 200 {
			t.Errorf("without it: %d %s", a.status, a.body)
		}
	})
}

// wrongCode differs from the right one.
func wrongCode(right string) string {
	if right == "000000" {
		return "000001"
	}
	return "000000"
}

func TestRow25TxCodeWrong(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		o, code := s.offer(s.person(), true, sd)
		for range 4 {
			s.refused("wrong", s.redeem(code, "tx_code", wrongCode(o.TxCode)), 400, "invalid_grant")
		}
		if a := s.redeem(code, "tx_code", o.TxCode); a.status != 200 {
			t.Errorf("the right one after four: %d %s", a.status, a.body)
		}
	})
}

func TestRow26TxCodeBruteForce(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id := s.person()
		o, code := s.offer(id, true, sd)
		for range 5 {
			s.refused("wrong", s.redeem(code, "tx_code", wrongCode(o.TxCode)), 400, "invalid_grant")
		}
		s.refused("the right one after five", s.redeem(code, "tx_code", o.TxCode), 400, "invalid_grant")

		o, code = s.offer(id, true, sd)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { s.redeem(code, "tx_code", wrongCode(o.TxCode)) })
		}
		wg.Wait()
		s.refused("the right one after twenty at once", s.redeem(code, "tx_code", o.TxCode), 400, "invalid_grant")
	})
}

func TestRow27TxCodeStrange(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		o, code := s.offer(s.person(), true, sd)
		for _, strange := range []string{"１２３４５６", "12\x003456", strings.Repeat("1", 10<<10), "' OR 1=1 --", "\xff\xfe"} {
			s.refused("strange", s.redeem(code, "tx_code", strange), 400, "invalid_request", "invalid_grant")
		}
		if a := s.redeem(code, "tx_code", o.TxCode); a.status != 200 {
			t.Errorf("the right one after: %d %s", a.status, a.body)
		}
	})
}

// The metadata says that anonymous wallets are served, and so they are.
func TestRow28PreauthAnonymous(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		meta := s.json(s.do("GET", "/.well-known/oauth-authorization-server", "", ""))
		if meta["pre-authorized_grant_anonymous_access_supported"] != true {
			t.Fatalf("metadata %v", meta)
		}
		_, code := s.offer(s.person(), false, sd)
		if a := s.redeem(code); a.status != 200 {
			t.Errorf("without client_id: %d %s", a.status, a.body)
		}
		_, code = s.offer(s.person(), false, sd)
		s.refused("a secret", s.redeem(code, "client_id", "w", "client_secret", "s"), 401, "invalid_client")
		if a := s.redeem(code, "client_id", "wallet-1"); a.status != 200 {
			t.Errorf("with client_id: %d %s", a.status, a.body)
		}
	})
}

// Where anonymous wallets are not served, the metadata says so, a wallet that says
// no name or one that nobody registered is refused, and its code stays good for a
// client that proves who it is.
func TestRow28PreauthAnonymousRefused(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.start(func(c *issuer.Config) { c.Authorization.RequireClient = true })
		for _, name := range []string{"oauth-authorization-server", "openid-configuration"} {
			if meta := s.json(s.do("GET", "/.well-known/"+name, "", "")); meta["pre-authorized_grant_anonymous_access_supported"] != false {
				t.Errorf("%s: %v", name, meta)
			}
		}
		c := s.client("wallet-1")
		_, code := s.offer(s.person(), false, sd)
		s.refused("without client_id", s.redeem(code), 401, "invalid_client")
		s.refused("an unknown name", s.redeem(code, "client_id", "w"), 401, "invalid_client")
		s.refused("a registered name without proof", s.redeem(code, "client_id", c.id), 401, "invalid_client")
		form := c.form(url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {code}})
		if a := c.post("/oid4vci/token", form); a.status != 200 {
			t.Errorf("a client that proves itself: %d %s", a.status, a.body)
		}
	})
}

func TestRow29GrantUnsupported(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		_, code := s.offer(s.person(), false, sd)
		post := func(form url.Values) answer {
			return s.do("POST", "/oid4vci/token", "application/x-www-form-urlencoded", form.Encode())
		}
		for _, grant := range []string{"password", "implicit", "client_credentials"} {
			s.refused(grant, post(url.Values{"grant_type": {grant}, "pre-authorized_code": {code}}), 400, "unsupported_grant_type")
		}
		s.refused("none", post(url.Values{"pre-authorized_code": {code}}), 400, "invalid_request")
		s.refused("two codes", post(url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {code, code}}), 400, "invalid_request")
		if a := s.redeem(code); a.status != 200 {
			t.Errorf("the code after all this: %d %s", a.status, a.body)
		}
	})
}

// Row 63: whatever is wrong with an offer, its address answers the same, and
// nothing about the person is in its body.
func TestRow63OfferOver(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id := s.person()
		redeemed, code := s.offer(id, false, sd)
		cancelled, _ := s.offer(id, false, sd)
		expired, _ := s.offer(id, false, sd)
		body := string(s.do("GET", "/oid4vci/offers/"+expired.ID, "", "").body)
		for _, personal := range []string{"Zubeida", "Okonjo", "1990", id.String()} {
			if strings.Contains(body, personal) {
				t.Errorf("the offer tells %q", personal)
			}
		}
		s.redeem(code)
		s.must(s.issuer.CancelOffer(context.Background(), s.admin, cancelled.ID))
		s.clock.pass(10 * time.Minute)
		var want answer
		for n, offer := range []string{"unknown", redeemed.ID, cancelled.ID, expired.ID, strings.Repeat("x", 2000)} {
			got := s.do("GET", "/oid4vci/offers/"+offer, "", "")
			if n == 0 {
				want = got
			}
			if got.status != 404 || string(got.body) != string(want.body) {
				t.Errorf("offer %d: %d %s, want %d %s", n, got.status, got.body, want.status, want.body)
			}
		}
	})
}

// OID4VCI 1.0 §6.2: authorization_details of a pre-authorized request name what of
// the offer is asked for, and are answered with identifiers.
func TestDetailsOfAnOffer(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id := s.person()
		_, code := s.offer(id, false, sd)
		s.refused("not offered", s.redeem(code, "authorization_details", details(t, ldp)), 400, "invalid_authorization_details")
		_, code = s.offer(id, false, sd, ldp)
		a := s.redeem(code, "authorization_details", details(t, sd))
		if a.status != 200 {
			t.Fatalf("offered: %d %s", a.status, a.body)
		}
		got := s.json(a)
		list, _ := got["authorization_details"].([]any)
		if len(list) != 1 || list[0].(object)["credential_configuration_id"] != sd {
			t.Fatalf("details %v", got)
		}
		token := got["access_token"].(string)
		identifier := list[0].(object)["credential_identifiers"].([]any)[0].(string)
		ask := func(member, value string) answer {
			return s.credential(token, object{member: value, "proofs": object{"jwt": []string{s.proof(s.nonce()).sign(t)}}})
		}
		if a := ask("credential_identifier", identifier); a.status != 200 {
			t.Errorf("by its identifier: %d %s", a.status, a.body)
		}
		if a := ask("credential_configuration_id", ldp); a.status == 200 {
			t.Error("what was offered and not asked for is issued")
		}
	})
}

// A client that is registered for it refreshes the token of an offer, so that what
// was deferred outlives it (OID4VCI 1.0 §9); an anonymous wallet does not.
func TestRefreshAfterAnOffer(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id, c := s.person(), s.client("wallet-1")
		o, code := s.offer(id, false, sd)
		a := c.post("/oid4vci/token", c.form(url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {code}}))
		token, _ := s.json(a)["refresh_token"].(string)
		if a.status != 200 || token == "" {
			t.Fatalf("%d %s", a.status, a.body)
		}
		s.clock.pass(24 * time.Hour)
		a = c.refresh(token)
		if a.status != 200 {
			t.Fatalf("refresh: %d %s", a.status, a.body)
		}
		if a := c.askAs(s.json(a)["access_token"].(string), "credential_configuration_id", sd); a.status != 200 {
			t.Errorf("credential: %d %s", a.status, a.body)
		}
		s.must(s.issuer.CancelOffer(context.Background(), s.admin, o.ID))
		s.refused("after the offer was cancelled", c.refresh(token), 400, "invalid_grant")
		_, code = s.offer(id, false, sd)
		if a := s.redeem(code); a.status != 200 || s.json(a)["refresh_token"] != nil {
			t.Errorf("anonymous: %d %s", a.status, a.body)
		}
	})
}
