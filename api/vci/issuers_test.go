package vci_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"socialregistry/issuer"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

// issuerOf is the service as wallets of one issuer see it, by name; "" is the one at
// the root.
func (s *service) issuerOf(name string) *service {
	s.t.Helper()
	i, err := s.issuers.Of(name)
	s.must(err)
	out := *s
	out.issuer, out.url = i, s.url+strings.TrimPrefix(i.Identifier(), publicURL)
	return &out
}

// withIssuer adds an issuer and starts the service anew. It gives both issuers.
func (s *service) withIssuer(name string) (root, named *service) {
	s.t.Helper()
	_, err := s.issuers.AddIssuer(context.Background(), s.admin, issuer.NewIssuer{Name: name, Names: map[string]string{"en": "Pensions", "ar": "معاشات"},
		Country: "JO", ConfigIDs: []string{sd, ldp}, Reason: "test"})
	s.must(err)
	s.start(s.options)
	return s.issuerOf(""), s.issuerOf(name)
}

// The whole way at two issuers of one service, with both grants and in two formats:
// each signs with its own keys, under its own name, and keeps its own status lists.
func TestSeveralIssuers(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		root, pensions := s.withIssuer("pensions")
		id, c := s.person(), s.client("wallet-1")
		lists := map[string]*service{}
		for _, at := range []*service{root, pensions} {
			self := at.issuer.Identifier()
			at.take(id, ldp)
			wallet := *c
			wallet.s = at
			got := wallet.tokens(id)
			payloads, _ := at.payloads(wallet.askAs(got["access_token"].(string), "credential_configuration_id", sd))
			claims := payloads[0]
			list := claims["status"].(object)["status_list"].(object)["uri"].(string)
			if claims["iss"] != self || claims["vct"] != self+"/credentials/types/person" || !strings.HasPrefix(list, self+"/status/token/") {
				t.Errorf("%s: claims %v", self, claims)
			}
			lists[strings.TrimPrefix(list, self)] = at
			if a := wallet.refresh(got["refresh_token"].(string)); a.status != 200 {
				t.Errorf("%s: refresh: %d %s", self, a.status, a.body)
			}
		}
		if len(lists) != 2 {
			t.Fatalf("%d status lists, want one for each issuer", len(lists))
		}
		for path, owner := range lists {
			for _, at := range []*service{root, pensions} {
				if a := at.do("GET", path, "", ""); (a.status == 200) != (at == owner) {
					t.Errorf("%s at %s: %d", path, at.url, a.status)
				}
			}
		}
		self := s.self(id)
		if issued, err := s.issuers.Issued(context.Background(), self, id); err != nil || len(issued) != 4 {
			t.Errorf("the person has %d credentials, %v, want 4", len(issued), err)
		}
	})
}

// take gets a credential by an offer of this issuer.
func (s *service) take(id [16]byte, config string) {
	s.t.Helper()
	token := s.token(id, config)
	if a := s.ask(token, config, s.proofByDID(s.nonce()).sign(s.t)); a.status != 200 {
		s.t.Fatalf("%s: %d %s", s.issuer.Identifier(), a.status, a.body)
	}
}

// Row 20 between two issuers of one service (RFC 9207 §4): a code of one is worth
// nothing at the other, and stays good where it is from.
func TestRow20CodeOfAnotherIssuer(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		root, pensions := s.withIssuer("pensions")
		id, c := s.person(), s.client("wallet-1")
		for from, to := range map[*service]*service{root: pensions, pensions: root} {
			here, there := *c, *c
			here.s, there.s = from, to
			code := here.code(id) // decide holds the iss of the redirect against the issuer
			s.refused("a code of another issuer", there.redeem(code), 400, "invalid_grant")
			_, preAuthorized := from.offer(id, false, sd)
			s.refused("a pre-authorized code of another issuer", to.redeem(preAuthorized), 400, "invalid_grant")
			if a := from.redeem(preAuthorized); a.status != 200 {
				t.Errorf("the pre-authorized code where it is from: %d %s", a.status, a.body)
			}
			got := s.json(here.redeem(code))
			refresh, _ := got["refresh_token"].(string)
			s.refused("a refresh token of another issuer", there.refresh(refresh), 400, "invalid_grant")
			if a := here.refresh(refresh); a.status != 200 {
				t.Errorf("the refresh token where it is from: %d %s", a.status, a.body)
			}
		}
	})
}

// Row 41 between two issuers of one service, at all three endpoints, with tokens that
// are good at the other.
func TestRow41TokenOfAnotherIssuer(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.configure(sd, object{"deferred": true})
		root, pensions := s.withIssuer("pensions")
		for from, to := range map[*service]*service{root: pensions, pensions: root} {
			id := s.newcomer()
			token := from.token(id, sd)
			s.refused("credential", to.ask(token, sd, to.proof(to.nonce()).sign(t)), 401, "invalid_token")
			transaction := from.promise(from.ask(token, sd, from.proof(from.nonce()).sign(t)))
			s.refused("deferred", to.deferred(token, transaction), 401, "invalid_token")
			s.refused("a transaction of another issuer", to.deferred(to.token(id, sd), transaction), 400, "invalid_transaction_id")
			s.decide(id, registry.StateAttested, mandatory()...)
			told := object{"notification_id": s.json(from.deferred(token, transaction))["notification_id"], "event": "credential_accepted"}
			s.refused("notification", to.tell(token, told), 401, "invalid_token")
			s.refused("a notification of another issuer", to.tell(to.token(id, sd), told), 400, "invalid_notification_id")
			if a := from.tell(token, told); a.status != 204 {
				t.Errorf("where it is from: %d %s", a.status, a.body)
			}
		}
	})
}

// Row 53 between two issuers of one service: a nonce of one is none at the other, and
// a proof for one is none for the other.
func TestRow53NonceOfAnotherIssuer(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		root, pensions := s.withIssuer("pensions")
		id := s.person()
		for from, to := range map[*service]*service{root: pensions, pensions: root} {
			token := to.token(id, sd)
			s.refused("a nonce of another issuer", to.ask(token, sd, to.proof(from.nonce()).sign(t)), 400, "invalid_nonce")
			s.refused("a proof for another issuer", to.ask(token, sd, from.proof(to.nonce()).sign(t)), 400, "invalid_proof")
			if a := to.ask(token, sd, to.proof(to.nonce()).sign(t)); a.status != 200 {
				t.Errorf("its own: %d %s", a.status, a.body)
			}
		}
	})
}

// What else an issuer hands out is worth nothing at another: pushed requests, offers,
// what names an offer, and a client's assertion.
func TestRow20RequestsOfAnotherIssuer(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		root, pensions := s.withIssuer("pensions")
		id, c := s.person(), s.client("wallet-1")
		here, there := *c, *c
		here.s, there.s = pensions, root
		request := here.requestURI()
		if _, err := root.issuer.BeginAuthorization(context.Background(), here.query(request)); oauth.CodeOf(err) != "invalid_request_uri" {
			t.Errorf("a request_uri of another issuer: %v", err)
		}
		page := func(at *service) answer {
			return at.do("GET", "/oid4vci/authorize?"+here.query(request).Encode(), "", "")
		}
		if a := page(root); a.status != 400 {
			t.Errorf("the page of another issuer: %d", a.status)
		}
		if a := page(pensions); a.status == 400 || a.status == 404 {
			t.Errorf("the page of the issuer itself: %d %s", a.status, a.body)
		}
		o, _ := pensions.offer(id, false, sd)
		if a := root.do("GET", "/oid4vci/offers/"+o.ID, "", ""); a.status != 404 {
			t.Errorf("an offer of another issuer: %d", a.status)
		}
		assertion := here.form(url.Values{}).Get("client_assertion")
		s.refused("an assertion for another issuer", there.push("client_assertion", assertion), 401, "invalid_client")
		access := s.json(here.redeem(here.code(id)))["access_token"].(string)
		if a := there.post("/oid4vci/revoke", there.form(url.Values{"token": {access}})); a.status != 200 { // RFC 7009 §2.2
			t.Errorf("revoke at another issuer: %d %s", a.status, a.body)
		}
		if a := here.askAs(access, "credential_configuration_id", sd); a.status != 200 {
			t.Errorf("after another issuer revoked it: %d %s", a.status, a.body)
		}
	})
}

// §12.2.2: the documents of an issuer with a path are found at the path after the
// well-known one, at the address of old wallets before it, and with a slash at the
// end, without a redirect; each names the issuer byte for byte.
func TestWellKnownOfIssuers(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.withIssuer("pensions")
		members := map[string]string{"openid-credential-issuer": "credential_issuer", "oauth-authorization-server": "issuer",
			"openid-configuration": "issuer", "jwt-vc-issuer": "issuer"}
		for document, member := range members {
			at := "/.well-known/" + document
			for path, want := range map[string]string{at: publicURL, at + "/": publicURL, at + "/issuers/pensions": publicURL + "/issuers/pensions",
				at + "/issuers/pensions/": publicURL + "/issuers/pensions", "/issuers/pensions" + at: publicURL + "/issuers/pensions"} {
				if a := s.do("GET", path, "", ""); a.status != 200 || s.json(a)[member] != want || a.header.Get("Location") != "" {
					t.Errorf("%s: %d %v, want %s", path, a.status, s.json(a)[member], want)
				}
			}
			for _, path := range []string{at + "/issuers/nobody", at + "/issuers/nobody/", "/issuers/nobody" + at, at + "/issuers/", at + "/issuers", at + "/issuers/pensions/x", at + "/issuers//", "/issuers/" + at} {
				if a := s.do("GET", path, "", ""); a.status != 404 {
					t.Errorf("%s: %d, want 404", path, a.status)
				}
			}
		}
		for path, method := range map[string]string{"/jwks.json": "GET", "/did.json": "GET", "/issuer-ca.pem": "GET", "/oid4vci/token": "POST", "/oid4vci/par": "POST",
			"/oid4vci/nonce": "POST", "/oid4vci/credential": "POST", "/oid4vci/authorize": "GET"} {
			if a := s.do(method, "/issuers/"+path, "", ""); a.status != 404 {
				t.Errorf("%s with an empty name: %d, want 404", path, a.status)
			}
		}
	})
}

// Every address in the documents of an issuer with a path is below its path, and is
// served there; its DID document is where did:web looks.
func TestMetadataOfAnIssuerWithAPath(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		_, pensions := s.withIssuer("pensions")
		self := pensions.issuer.Identifier()
		metadata := s.json(s.do("GET", wellKnown+"/issuers/pensions", "", ""))
		server := s.json(s.do("GET", "/.well-known/oauth-authorization-server/issuers/pensions", "", ""))
		endpoints := 0
		for _, document := range []object{metadata, server} {
			for name, v := range document {
				if address, ok := v.(string); ok && strings.HasPrefix(address, "http") {
					endpoints++
					if address != self && !strings.HasPrefix(address, self+"/") {
						t.Errorf("%s is %s", name, address)
					}
					if a := s.do("OPTIONS", strings.TrimPrefix(address, publicURL), "", ""); name != "authorization_endpoint" && address != self && a.status == 404 {
						t.Errorf("%s: nothing at %s", name, address)
					}
				}
			}
		}
		if endpoints < 10 {
			t.Errorf("only %d addresses", endpoints)
		}
		display := metadata["display"].([]any)
		if len(display) != 2 || display[0].(object)["name"] != "معاشات" || len(metadata["credential_configurations_supported"].(object)) != 2 {
			t.Errorf("display %v, %d configurations", display, len(metadata["credential_configurations_supported"].(object)))
		}
		if a := pensions.do("GET", "/did.json", "", ""); a.status != 200 || s.json(a)["id"] != "did:web:localhost%3A8080:issuers:pensions" {
			t.Errorf("DID document: %d %s", a.status, a.body)
		}
		s.refused("an endpoint of nobody", s.do("POST", "/issuers/nobody/oid4vci/token", formMedia, "grant_type=x"), 404, "invalid_request")
	})
}

// A rotation at one issuer leaves the keys of the other as they are, and none of the
// keys is common.
func TestKeysOfIssuersAreApart(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		root, pensions := s.withIssuer("pensions")
		kids := func(at *service) []string {
			var out []string
			for _, k := range s.json(at.do("GET", "/jwks.json", "", ""))["keys"].([]any) {
				out = append(out, k.(object)["kid"].(string))
			}
			return out
		}
		before := kids(root)
		k, err := pensions.issuer.RotateKey(context.Background(), s.admin, issuer.KindES256, s.clock.now(), "test")
		s.must(err)
		if got := kids(root); !slices.Equal(got, before) || slices.Contains(got, k.KID) {
			t.Errorf("the keys at the root after a rotation of another issuer: %v, before %v", got, before)
		}
		theirs := kids(pensions)
		if !slices.Contains(theirs, k.KID) || slices.ContainsFunc(theirs, func(kid string) bool { return slices.Contains(before, kid) }) {
			t.Errorf("keys %v, those at the root %v", theirs, before)
		}
		if a, b := root.do("GET", "/issuer-ca.pem", "", ""), pensions.do("GET", "/issuer-ca.pem", "", ""); a.status != 200 || b.status != 200 || string(a.body) == string(b.body) {
			t.Errorf("issuer CAs: %d, %d, equal: %v", a.status, b.status, string(a.body) == string(b.body))
		}
	})
}
