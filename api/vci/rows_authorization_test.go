package vci_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

// The whole way, with scope and with authorization_details, without and with DPoP.
func TestAuthorizationCodeFlow(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id, c := s.person(), s.client("wallet-1")
		got := c.tokens(id)
		if got["token_type"] != "Bearer" || got["expires_in"] != 300.0 || got["scope"] != sd || got["authorization_details"] != nil || got["refresh_token"] == "" {
			t.Errorf("token response by scope: %v", got)
		}
		if claims := s.claims(c.askAs(got["access_token"].(string), "credential_configuration_id", sd)); claims["given_name"] != "Zubeida" {
			t.Errorf("claims %v", claims)
		}
		c.dpop = newKey(t)
		got = c.tokens(id, "scope", "", "authorization_details", details(t, sd))
		if got["token_type"] != "DPoP" || got["expires_in"] != 600.0 || got["scope"] != nil {
			t.Errorf("token response by details: %v", got)
		}
		detail := got["authorization_details"].([]any)[0].(object)
		identifier := detail["credential_identifiers"].([]any)[0].(string)
		if detail["type"] != "openid_credential" || detail["credential_configuration_id"] != sd || identifier == sd {
			t.Errorf("details %v", detail)
		}
	})
}

// Without state, none comes back; the redirect URI keeps its own query.
func TestAuthorizationResponse(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id, c := s.person(), s.client("wallet-1")
		q, err := c.decide(id, c.requestURI("state", "", "redirect_uri", redirect+"?q=1"), true)
		s.must(err)
		if q.Has("state") || q.Get("q") != "1" || len(q.Get("code")) < 43 {
			t.Errorf("redirect %v", q)
		}
		long := strings.Repeat("x", 2048)
		if q, err = c.decide(id, c.requestURI("state", long), false); err != nil || q.Get("state") != long || q.Get("error") != "access_denied" || q.Has("code") {
			t.Errorf("denied: %v %v", q, err)
		}
	})
}

func TestRow1CodeReplay(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id, c := s.person(), s.client("wallet-1")
		code := c.code(id)
		first := s.json(c.redeem(code))
		s.clock.pass(time.Second)
		s.refused("the second time", c.redeem(code), 400, "invalid_grant")
		s.refused("its access token", c.askAs(first["access_token"].(string), "credential_configuration_id", sd), 401, "invalid_token")
		s.refused("its refresh token", c.refresh(first["refresh_token"].(string)), 400, "invalid_grant")
	})
}

func TestRow2CodeExpired(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id, c := s.person(), s.client("wallet-1")
		early, late := c.code(id), c.code(id)
		s.clock.pass(59 * time.Second)
		if a := c.redeem(early); a.status != 200 {
			t.Errorf("after 59 s: %d %s", a.status, a.body)
		}
		s.clock.pass(time.Second)
		s.refused("after 60 s", c.redeem(late), 400, "invalid_grant")
	})
}

func TestRow3CodeOfAnotherClient(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id, c, other := s.person(), s.client("wallet-1"), s.client("wallet-2")
		code := c.code(id)
		s.refused("another client", other.redeem(code), 400, "invalid_grant")
		s.refused("in the first one's name", other.redeem(code, "client_id", c.id), 401, "invalid_client")
		if a := c.redeem(code); a.status != 200 {
			t.Errorf("the client itself, afterwards: %d %s", a.status, a.body)
		}
	})
}

func TestRow4CodeRace(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		c := s.client("wallet-1")
		code := c.code(s.person())
		answers := make([]answer, 20)
		var wg sync.WaitGroup
		for n := range answers {
			wg.Go(func() { answers[n] = c.redeem(code) })
		}
		wg.Wait()
		won := 0
		for _, a := range answers {
			if a.status == 200 {
				won++
			} else {
				s.refused("a loser", a, 400, "invalid_grant")
			}
		}
		if won != 1 {
			t.Errorf("%d redemptions won", won)
		}
	})
}

func TestRow5RedirectURIAtToken(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		c := s.client("wallet-1")
		code := c.code(s.person())
		s.refused("another", c.redeem(code, "redirect_uri", redirect+"?q=1"), 400, "invalid_grant")
		s.refused("none", c.redeem(code, "redirect_uri", ""), 400, "invalid_request")
		if a := c.redeem(code); a.status != 200 {
			t.Errorf("the right one, afterwards: %d %s", a.status, a.body)
		}
	})
}

func TestRow6PKCEMissing(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		c := s.client("wallet-1")
		s.refused("none", c.push("code_challenge", "", "code_challenge_method", ""), 400, "invalid_request")
		s.refused("no challenge", c.push("code_challenge", ""), 400, "invalid_request")
		for _, n := range []int{42, 44} {
			s.refused("a challenge of a wrong length", c.push("code_challenge", strings.Repeat("a", n)), 400, "invalid_request")
		}
	})
}

func TestRow7PKCEPlain(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		c := s.client("wallet-1")
		s.refused("plain", c.push("code_challenge_method", "plain"), 400, "invalid_request")
		s.refused("absent", c.push("code_challenge_method", ""), 400, "invalid_request")
	})
}

// Rows 8 and 9: every code is bound to a challenge, so that one cannot be
// stripped off.
func TestRow8PKCEVerifier(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		c := s.client("wallet-1")
		code := c.code(s.person())
		s.refused("missing", c.redeem(code, "code_verifier", ""), 400, "invalid_grant")
		s.refused("wrong", c.redeem(code, "code_verifier", strings.Repeat("a", 43)), 400, "invalid_grant")
		s.refused("the challenge itself", c.redeem(code, "code_verifier", challenge(verifier)), 400, "invalid_grant")
		s.refused("row 9: of no code", c.redeem("k1.AAAA"), 400, "invalid_grant")
	})
}

func TestRow10RedirectURITricks(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		c := s.client("wallet-1")
		for _, uri := range []string{"https://evil.example/callback", "https://wallet.example@evil.example/callback", "https://wallet.example/..%2fcallback",
			redirect + "/", redirect + "/more", redirect + "?q=2", redirect + "#f", "http://wallet.example/callback", "javascript:alert(1)",
			"https://WALLET.example/callback", "https://wallet.example/Callback", "https://localhost/callback", "https://127.0.0.1/callback", " " + redirect} {
			s.refused(uri, c.push("redirect_uri", uri), 400, "invalid_request")
		}
		s.refused("missing", c.push("redirect_uri", ""), 400, "invalid_request")
	})
}

func TestRow11ResponseType(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		c := s.client("wallet-1")
		for _, kind := range []string{"token", "code id_token", "id_token", "none"} {
			s.refused(kind, c.push("response_type", kind), 400, "unsupported_response_type")
		}
		s.refused("none", c.push("response_type", ""), 400, "invalid_request")
		s.refused("a mode", c.push("response_mode", "fragment"), 400, "invalid_request")
	})
}

// pageRefuses expects that the browser sees a page, and is sent nowhere.
func (s *service) pageRefuses(name string, query url.Values, code string) {
	s.t.Helper()
	a := s.browse("GET", "/oid4vci/authorize?"+query.Encode(), "")
	if a.status != 400 || a.header.Get("Location") != "" || !strings.Contains(string(a.body), `data-code="`+code+`"`) {
		s.t.Errorf("%s: %d to %q, want a page with %s", name, a.status, a.header.Get("Location"), code)
	}
}

func TestRow12AuthorizeWithoutPush(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.client("wallet-1")
		s.pageRefuses("parameters in the query", url.Values{"client_id": {"wallet-1"}, "response_type": {"code"}, "redirect_uri": {redirect},
			"scope": {sd}, "code_challenge": {challenge(verifier)}, "code_challenge_method": {"S256"}}, "invalid_request")
		s.pageRefuses("nothing", url.Values{}, "invalid_request")
	})
}

func TestRow13RequestURIReuse(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id, c := s.person(), s.client("wallet-1")
		uri := c.requestURI()
		for range 2 { // looking at the page uses up nothing
			if _, err := s.issuer.BeginAuthorization(context.Background(), c.query(uri)); err != nil {
				t.Fatal(err)
			}
		}
		self := s.self(id)
		decision, err := s.issuer.BeginAuthorization(context.Background(), c.query(uri))
		s.must(err)
		shown, err := s.issuer.Authorization(context.Background(), self, decision)
		s.must(err)
		if _, err := c.decide(id, uri, true); err != nil {
			t.Fatal(err)
		}
		s.pageRefuses("after the decision", c.query(uri), "invalid_request_uri")
		if _, err := s.issuer.Decide(context.Background(), self, shown.Decision, true); oauth.CodeOf(err) != "invalid_request_uri" {
			t.Errorf("a second decision: %v", err)
		}
		if _, err := c.decide(id, c.requestURI(), false); err != nil {
			t.Error(err)
		}
	})
}

func TestRow14RequestURIExpiredForeignGuessed(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		c, other := s.client("wallet-1"), s.client("wallet-2")
		uri := c.requestURI()
		s.pageRefuses("another client's", other.query(uri), "invalid_request_uri")
		s.pageRefuses("an unknown client's", url.Values{"client_id": {"nobody"}, "request_uri": {uri}}, "invalid_request_uri")
		for _, guess := range []string{uri + "A", uri[:len(uri)-1], "urn:ietf:params:oauth:request_uri:", "urn:ietf:params:oauth:request_uri:x", "nothing",
			"https://wallet.example/request.jwt", "http://169.254.169.254/"} { // row 75: nothing is fetched
			s.pageRefuses(guess, c.query(guess), "invalid_request_uri")
		}
		s.clock.pass(89 * time.Second)
		if a := s.browse("GET", "/oid4vci/authorize?"+c.query(uri).Encode(), ""); a.status != 303 {
			t.Errorf("after 89 s: %d %s", a.status, a.body)
		}
		s.clock.pass(time.Second)
		s.pageRefuses("after 90 s", c.query(uri), "invalid_request_uri")
	})
}

func TestRow15PushedRequestURI(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		c := s.client("wallet-1")
		s.refused("request_uri", c.push("request_uri", "urn:ietf:params:oauth:request_uri:x"), 400, "invalid_request")
		s.refused("request", c.push("request", "a.b.c"), 400, "request_not_supported")
	})
}

func TestRow16PushMethodSize(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		a := s.do("GET", "/oid4vci/par", "", "")
		if a.status != 405 || !strings.Contains(a.header.Get("Allow"), "POST") {
			t.Errorf("GET: %d, Allow %q", a.status, a.header.Get("Allow"))
		}
		c := s.client("wallet-1")
		if a := c.push("x", strings.Repeat("x", 1<<20)); a.status != 413 {
			t.Errorf("1 MB: %d", a.status)
		}
		if a := c.push(); a.header.Get("Cache-Control") != "no-cache, no-store" || s.json(a)["expires_in"] != 90.0 {
			t.Errorf("push: %v %s", a.header, a.body)
		}
	})
}

func TestRow17DuplicateParameters(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		c := s.client("wallet-1")
		for _, name := range []string{"redirect_uri", "code_challenge", "client_id", "state", "scope"} {
			form := c.form(url.Values{"response_type": {"code"}, "redirect_uri": {redirect}, "state": {"s"}, "scope": {sd},
				"code_challenge": {challenge(verifier)}, "code_challenge_method": {"S256"}})
			form[name] = append(form[name], form[name][0])
			s.refused(name, c.post("/oid4vci/par", form), 400, "invalid_request")
		}
		form := c.form(url.Values{"grant_type": {"authorization_code"}, "code": {"a", "a"}, "redirect_uri": {redirect}, "code_verifier": {verifier}})
		s.refused("two codes", c.post("/oid4vci/token", form), 400, "invalid_request")
		query := c.query(c.requestURI())
		query.Add("client_id", c.id)
		s.pageRefuses("two client ids", query, "invalid_request")
	})
}

func TestRow18AuthorizationDetails(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		c := s.client("wallet-1")
		for name, text := range map[string]string{
			"unknown configuration": details(t, "nothing"),
			"wrong type":            `[{"type":"payment","credential_configuration_id":"` + sd + `"}]`,
			"wrong locations":       `[{"type":"openid_credential","credential_configuration_id":"` + sd + `","locations":["https://other.example"]}]`,
			"no configuration":      `[{"type":"openid_credential"}]`,
			"an object":             `{"type":"openid_credential"}`, "empty": `[]`, "no JSON": `[`,
			"bad claims": `[{"type":"openid_credential","credential_configuration_id":"` + sd + `","claims":[{}]}]`,
		} {
			s.refused(name, c.push("authorization_details", text), 400, "invalid_authorization_details")
		}
		good := `[{"type":"openid_credential","credential_configuration_id":"` + sd + `","locations":["` + publicURL + `"],"claims":[{"path":["given_name"]}],"x":1}]`
		if a := c.push("authorization_details", good); a.status != 201 {
			t.Errorf("good details: %d %s", a.status, a.body)
		}
		s.refused("unknown scopes alone", c.push("scope", "openid email"), 400, "invalid_scope")
		if a := c.push("scope", "openid "+sd); a.status != 201 {
			t.Errorf("an unknown scope beside: %d %s", a.status, a.body)
		}
		s.refused("resource", c.push("resource", "https://other.example"), 400, "invalid_target")
	})
}

// offerState makes an offer by the authorization code grant and gives its state.
func (s *service) offerState(n issuer.NewOffer) (issuer.Offer, string) {
	s.t.Helper()
	n.ConfigIDs, n.GrantTypes = []string{sd}, append(n.GrantTypes, ledger.AuthorizationCode)
	o, err := s.issuer.MakeOffer(context.Background(), s.admin, n)
	s.must(err)
	grants := s.json(s.do("GET", "/oid4vci/offers/"+o.ID, "", ""))["grants"].(object)
	return o, grants["authorization_code"].(object)["issuer_state"].(string)
}

func TestRow19IssuerState(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id, other, c := s.person(), s.person(), s.client("wallet-1")
		own, state := s.offerState(issuer.NewOffer{RegistrantID: id, GrantTypes: []ledger.GrantKind{ledger.PreAuthorizedCode}})
		q, err := c.decide(other, c.requestURI("issuer_state", state), true)
		if err != nil || q.Get("error") != "access_denied" || q.Has("code") {
			t.Errorf("injected into somebody else's session: %v %v", q, err)
		}
		s.refused("made up", c.push("issuer_state", "k1.AAAA"), 400, "invalid_request")
		s.refused("a code as a state", c.push("issuer_state", c.code(id)), 400, "invalid_request")
		s.refused("more than the offer", c.push("issuer_state", state, "scope", sd+" "+ldp), 400, "invalid_request")
		if a := c.redeem(c.code(id, "issuer_state", state)); a.status != 200 {
			t.Fatalf("the person's own: %d %s", a.status, a.body)
		}
		if o, err := s.issuer.Offer(context.Background(), s.admin, own.ID); err != nil || o.State != "redeemed" {
			t.Errorf("the offer is %v %v", o.State, err)
		}
		s.refused("the offer again", c.push("issuer_state", state), 400, "invalid_request")
		if doc := s.do("GET", "/oid4vci/offers/"+own.ID, "", ""); doc.status != 404 {
			t.Errorf("the offer's other grant lives on: %d", doc.status)
		}
	})
}

func TestRow38DPoPKeyBinding(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id, c := s.person(), s.client("wallet-1")
		c.dpop = newKey(t)
		s.refused("dpop_jkt of another key", c.push("dpop_jkt", strings.Repeat("a", 43)), 400, "invalid_dpop_proof")
		code, key := c.code(id), c.dpop
		c.dpop = newKey(t)
		s.refused("another key at the token endpoint", c.redeem(code), 400, "invalid_grant")
		c.dpop = nil
		s.refused("no key at the token endpoint", c.redeem(code), 400, "invalid_dpop_proof")
		c.dpop = key
		if a := c.redeem(code); a.status != 200 || s.json(a)["token_type"] != "DPoP" {
			t.Errorf("the same key: %d %s", a.status, a.body)
		}
	})
}

func TestRow40Refresh(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id, c, other := s.person(), s.client("wallet-1"), s.client("wallet-2")
		token := c.tokens(id)["refresh_token"].(string)
		s.clock.pass(24 * time.Hour)
		a := c.refresh(token)
		if a.status != 200 || s.json(a)["refresh_token"] != nil {
			t.Fatalf("refresh: %d %s", a.status, a.body)
		}
		if claims := s.claims(c.askAs(s.json(a)["access_token"].(string), "credential_configuration_id", sd)); claims["given_name"] != "Zubeida" {
			t.Errorf("claims %v", claims)
		}
		s.refused("another client", other.refresh(token), 400, "invalid_grant")
		s.refused("made up", c.refresh(token+"A"), 400, "invalid_grant")
		s.refused("more scope", c.refresh(token, "scope", ldp), 400, "invalid_scope")
		s.refused("more details", c.refresh(token, "authorization_details", details(t, ldp)), 400, "invalid_authorization_details")
		if a := c.post("/oid4vci/revoke", c.form(url.Values{"token": {token}})); a.status != 200 {
			t.Errorf("revoke: %d %s", a.status, a.body)
		}
		s.refused("after it was revoked", c.refresh(token), 400, "invalid_grant")

		token = c.tokens(id)["refresh_token"].(string)
		s.clock.pass(90*24*time.Hour - time.Second)
		if a := c.refresh(token); a.status != 200 {
			t.Errorf("a second before its end: %d %s", a.status, a.body)
		}
		s.clock.pass(time.Second)
		s.refused("at its end", c.refresh(token), 400, "invalid_grant")
	})
}

// The refresh token of a client without keys of its own is bound to its DPoP key
// (RFC 9449 §5), and a person whose record is not active any more is not refreshed
// for. Staff cannot register such a client: the ledger is filled directly.
func TestRow40RefreshOfAnotherKeyAndPerson(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id, c := s.person(), &client{s: s, id: "app", key: newKey(t), dpop: newKey(t)}
		s.must(ledger.New(s.db, s.clock.now).CreateClient(context.Background(), ledger.Client{ID: c.id, Name: "App", RedirectURIs: []string{redirect}, DPoPBound: true,
			AuthMethod: oauth.AuthNone, GrantTypes: []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken}}, ledger.Entry{Actor: "test", Reason: "test"}))
		public := []string{"client_assertion", "", "client_assertion_type", ""}
		token := s.json(c.redeem(c.code(id, public...), public...))["refresh_token"].(string)
		own := c.dpop
		c.dpop = newKey(t)
		s.refused("another key", c.refresh(token, public...), 400, "invalid_grant")
		c.dpop = own
		if a := c.refresh(token, public...); a.status != 200 {
			t.Fatalf("its own key: %d %s", a.status, a.body)
		}
		s.must(s.db.Exec("UPDATE registrant SET status = 'INACTIVE' WHERE id = ?", id).Error)
		s.refused("a record that is inactive", c.refresh(token, public...), 400, "invalid_grant")
	})
}

func TestRow66StaleConsent(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		ctx := context.Background()
		id, c := s.person(), s.client("wallet-1")
		got := c.tokens(id)
		code := c.code(id)
		consents, err := s.issuer.Consents(ctx, s.self(id), id)
		s.must(err)
		if len(consents) != 2 || consents[0].ClientName != "Wallet wallet-1" || len(consents[0].Details[sd]) == 0 {
			t.Fatalf("consents %+v", consents)
		}
		if err := s.issuer.WithdrawConsent(ctx, s.self(s.person()), id, consents[0].ID); err == nil {
			t.Error("somebody else withdrew it")
		}
		for _, consent := range consents {
			s.must(s.issuer.WithdrawConsent(ctx, s.self(id), id, consent.ID))
			s.must(s.issuer.WithdrawConsent(ctx, s.self(id), id, consent.ID))
		}
		s.refused("the credential", c.askAs(got["access_token"].(string), "credential_configuration_id", sd), 400, "credential_request_denied")
		s.refused("the refresh token", c.refresh(got["refresh_token"].(string)), 400, "invalid_grant")
		s.refused("a code from before", c.redeem(code), 400, "invalid_grant")

		s.configure(sd, object{"deferred": true})
		id = s.newcomer()
		got = c.tokens(id)
		consents, err = s.issuer.Consents(ctx, s.self(id), id)
		s.must(err)
		s.must(s.issuer.WithdrawConsent(ctx, s.self(id), id, consents[0].ID))
		s.refused("a promise", c.askAs(got["access_token"].(string), "credential_configuration_id", sd), 400, "credential_request_denied")
	})
}

// Row 66 by policy: a withdrawn consent also withdraws what was issued under it, where
// the configuration says so, and nothing else.
func TestRow66WithdrawnConsentEndsCredentials(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		ctx := context.Background()
		const mobile = "SocialRegistryPerson_mso_mdoc"
		s.configure(sd, object{"consent_end": "withdraw"})
		id, c := s.person(), s.client("wallet-1")
		both := []string{"scope", sd + " " + mobile}
		for range 2 { // the second consent stands
			token := c.tokens(id, both...)["access_token"].(string)
			for _, config := range []string{sd, mobile} {
				if a := c.askAs(token, "credential_configuration_id", config); a.status != 200 {
					t.Fatalf("%s: %d %s", config, a.status, a.body)
				}
			}
		}
		if a := s.askBatch(s.token(id, sd), sd, s.proofs(1)); a.status != 200 { // without a consent: the person made the offer
			t.Fatalf("by an offer: %d %s", a.status, a.body)
		}
		consents, err := s.issuer.Consents(ctx, s.self(id), id)
		s.must(err)
		if ends := s.issuer.Ends(consents[1]); len(ends) != 1 || ends[0].ID != sd {
			t.Errorf("the page would say that %v end", ends)
		}
		s.must(s.issuer.WithdrawConsent(ctx, s.self(id), id, consents[1].ID))
		issued, err := s.issuer.Issued(ctx, s.self(id), id)
		s.must(err)
		count := map[string]int{}
		for _, credential := range issued {
			count[credential.ConfigID+" "+credential.State+" "+credential.Reason]++
		}
		want := map[string]int{sd + " withdrawn consent_withdrawn": 1, sd + " issued ": 2, mobile + " issued ": 2}
		if !maps.Equal(count, want) {
			t.Errorf("got %v, want %v", count, want)
		}
	})
}

// Row 67: nothing is refreshed for somebody whose death is attested.
func TestRow67NothingIsRefreshedForTheDead(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		_, err := s.registry.DefineField(context.Background(), s.admin, registry.Field{Key: "death_date", Section: "demography", Type: registry.TypeDate,
			Label: map[string]string{"en": "Date of death", "ar": "تاريخ الوفاة"}, Attestable: true}, "deaths are recorded")
		s.must(err)
		id, c := s.person(), s.client("wallet-1")
		token := c.tokens(id)["refresh_token"].(string)
		p, err := s.registry.Person(context.Background(), s.admin, id)
		s.must(err)
		_, err = s.registry.Edit(context.Background(), s.admin, id, registry.Change{Set: map[string]string{"death_date": "2026-11-20"}, Reason: "test", ExpectVersion: p.VersionNo})
		s.must(err)
		if a := c.refresh(token); a.status != 200 {
			t.Errorf("before it is attested: %d %s", a.status, a.body)
		}
		s.decide(id, registry.StateAttested, "death_date")
		s.refused("afterwards", c.refresh(token), 400, "invalid_grant")
	})
}

func TestRevocation(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id, c, other := s.person(), s.client("wallet-1"), s.client("wallet-2")
		got := c.tokens(id)
		access, refresh := got["access_token"].(string), got["refresh_token"].(string)
		revoke := func(c *client, token string) {
			t.Helper()
			if a := c.post("/oid4vci/revoke", c.form(url.Values{"token": {token}})); a.status != 200 || len(a.body) > 0 {
				t.Errorf("revoke: %d %s", a.status, a.body)
			}
		}
		for _, token := range []string{access, refresh} { // another client's word counts for nothing
			revoke(other, token)
		}
		revoke(c, "nothing")
		if a := c.askAs(access, "credential_configuration_id", sd); a.status != 200 {
			t.Errorf("before: %d %s", a.status, a.body)
		}
		revoke(c, access)
		s.refused("the access token", c.askAs(access, "credential_configuration_id", sd), 401, "invalid_token")
		s.refused("the refresh token", c.refresh(refresh), 400, "invalid_grant")
		got = c.tokens(id)
		access, refresh = got["access_token"].(string), got["refresh_token"].(string)
		revoke(c, refresh)
		s.refused("the access token of a refresh token", c.askAs(access, "credential_configuration_id", sd), 401, "invalid_token")
		s.refused("without a token", c.post("/oid4vci/revoke", c.form(url.Values{})), 400, "invalid_request")
		s.must(disable(s, c))
		s.refused("a disabled client", c.refresh(refresh), 401, "invalid_client")
	})
}

func disable(s *service, c *client) error {
	_, err := s.issuer.DisableClient(context.Background(), s.admin, c.id, "test")
	return err
}

// The page that asks: the wallet's name, what it gets, two answers. Nobody who is
// not signed in sees it, and no other site's form answers it (row 74).
func TestRow74ConsentPage(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id, c := s.person(), s.client("wallet-1")
		page := s.browse("GET", "/oid4vci/authorize?"+c.query(c.requestURI()).Encode(), "").header.Get("Location")
		if !strings.HasPrefix(page, "/me/authorize/") {
			t.Fatalf("authorize leads to %q", page)
		}
		if to := s.browse("GET", page, "").header.Get("Location"); !strings.HasPrefix(to, "/login?next=%2Fme%2Fauthorize%2F") {
			t.Errorf("not signed in: to %q", to)
		}
		cookie := s.session(id)
		a := s.browse("GET", page, "", "Cookie", cookie)
		for _, part := range []string{`id="consent"`, `id="consent-allow"`, `id="consent-deny"`, "Wallet wallet-1", "https://wallet.example", "Zubeida"} {
			if !strings.Contains(string(a.body), part) {
				t.Errorf("the page lacks %q: %d", part, a.status)
			}
		}
		if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' https://wallet.example;") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("policy %q", policy)
		}
		action := regexp.MustCompile(`action="(/me/authorize/[^"]+)"`).FindStringSubmatch(string(a.body))[1]
		if a := s.browse("POST", page, "decision=allow", "Cookie", cookie); a.status != 400 {
			t.Errorf("a decision that was shown to nobody: %d", a.status)
		}
		if a := s.browse("POST", action, "decision=allow", "Cookie", s.session(s.person())); a.status != 400 {
			t.Errorf("a decision that was shown to somebody else: %d", a.status)
		}
		if a := s.browse("POST", action, "decision=allow", "Cookie", cookie, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"); a.status != 403 {
			t.Errorf("another site's form: %d", a.status)
		}
		a = s.browse("POST", action, "decision=allow", "Cookie", cookie)
		to, err := url.Parse(a.header.Get("Location"))
		if err != nil || a.status != 303 || to.Query().Get("code") == "" || to.Query().Get("iss") != publicURL {
			t.Fatalf("allowed: %d to %q", a.status, a.header.Get("Location"))
		}
		if a := s.browse("POST", action, "decision=deny", "Cookie", cookie); a.status != 400 {
			t.Errorf("a second answer: %d", a.status)
		}
		if a := s.browse("GET", "/me/sharing", "", "Cookie", cookie); a.status != 200 || !strings.Contains(string(a.body), "Wallet wallet-1") {
			t.Errorf("what was agreed to: %d", a.status)
		}
	})
}

// session signs a person in, for the first time.
func (s *service) session(id uuid.UUID) string {
	s.t.Helper()
	ctx := context.Background()
	code, _, err := s.registry.NewActivationCode(ctx, s.admin, id)
	s.must(err)
	p, err := s.registry.Person(ctx, s.admin, id)
	s.must(err)
	token, _, err := s.registry.Activate(ctx, p.Number, code, "six green kettles")
	s.must(err)
	return "sr_session=" + token
}

// browse is do, without following redirects.
func (s *service) browse(method, path, body string, headers ...string) answer {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	s.must(err)
	if body != "" {
		req.Header.Set("Content-Type", formMedia)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	s.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	s.must(err)
	return answer{res.StatusCode, res.Header, b}
}
