package vci_test

import (
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

// controls are questions whose result is known.
func (t *timingBench) controls() []timed {
	ask := func(slow bool) func(bool) *http.Request {
		return func(second bool) *http.Request {
			req := t.post("/oid4vci/token", t.asserted(false, url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {"k1.AAAA"}}))
			if slow && second {
				req.Header.Set("X-Slow", "1")
			}
			return req
		}
	}
	return []timed{
		{name: "control: a question against itself", status: http.StatusUnauthorized, samples: timingSamples, ask: ask(false)},
		{name: fmt.Sprintf("control: a question against itself, %v later", timingSlow), status: http.StatusUnauthorized, samples: timingSamples, ask: ask(true), differs: true},
	}
}

// questions are those of row 80: clients, codes, tokens, offers, accounts.
func (t *timingBench) questions() []timed {
	code := t.code()
	return []timed{
		{name: "token endpoint: a known client with a wrong signature, an unknown client", status: http.StatusUnauthorized, samples: timingSamples, ask: func(second bool) *http.Request {
			return t.post("/oid4vci/token", t.asserted(second, url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {code}}))
		}},
		{name: "PAR endpoint: a known client with a wrong signature, an unknown client", status: http.StatusUnauthorized, samples: timingSamples, ask: func(second bool) *http.Request {
			return t.post("/oid4vci/par", t.asserted(second, url.Values{"response_type": {"code"}, "redirect_uri": {redirect},
				"code_challenge": {challenge(verifier)}, "code_challenge_method": {"S256"}, "scope": {sd}}))
		}},
		t.edDSAClient(),
		t.txCodes(),
		{name: "pre-authorized code: one with a wrong end, one that nobody made", status: http.StatusBadRequest, samples: timingSamples, ask: func(second bool) *http.Request {
			sent := wrongAt(code, len(code)-2)
			if second {
				sent = unknown(code)
			}
			return t.post("/oid4vci/token", url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {sent}})
		}},
		t.accessTokens(),
		{name: "offer: one that is over, one that nobody made", status: http.StatusNotFound, samples: timingSamples, ask: t.offerOver()},
		t.accounts(),
	}
}

// asserted adds an assertion signed by a wrong key, of a registered client or of
// one that there is not.
func (t *timingBench) asserted(unknown bool, form url.Values) url.Values {
	t.b.Helper()
	n := rand.IntN(len(t.owners))
	w := flowWallet{flowOwner: t.owners[n]}
	w.key = t.owners[(n+1)%len(t.owners)].key
	if unknown {
		w.clientID = strings.Replace(w.clientID, "wallet", "nobody", 1)
	}
	form, err := w.authenticated(form)
	t.must(err)
	return form
}

// edDSAClient asks as a client whose only key is for EdDSA and as one that there is
// not, with assertions of both algorithms by keys that are nobody's.
func (t *timingBench) edDSAClient() timed {
	own, _, err := ed25519.GenerateKey(nil)
	t.must(err)
	_, wrong, err := ed25519.GenerateKey(nil)
	t.must(err)
	jwk, err := jose.PublicJWK(own)
	t.must(err)
	_, err = t.issuer.RegisterClient(t.b.Context(), staff(registry.RoleAdmin), ledger.Client{ID: "wallet-ed", Name: "Wallet", RedirectURIs: []string{redirect},
		AuthMethod: oauth.AuthPrivateKeyJWT, JWKS: object{"keys": []any{jwk}}, GrantTypes: []string{oauth.GrantAuthorizationCode}}, "bench")
	t.must(err)
	asked := 0
	return timed{name: "token endpoint: a client with an EdDSA key, an unknown client", status: http.StatusUnauthorized, samples: timingSamples,
		prepare: func() { asked++ },
		ask: func(second bool) *http.Request {
			id, signer, alg := "wallet-ed", crypto.Signer(wrong), jose.EdDSA
			if second {
				id = "nobody-ed"
			}
			if asked%2 == 0 {
				signer, alg = t.owners[0].key, jose.ES256
			}
			now := time.Now().Unix()
			payload, err := json.Marshal(object{"iss": id, "sub": id, "aud": publicURL, "jti": secret.RandomID(16), "iat": now, "exp": now + 60})
			t.must(err)
			assertion, err := jose.Sign(signer, alg, object{"typ": "JWT"}, payload)
			t.must(err)
			return t.post("/oid4vci/token", url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {"k1.AAAA"}, "client_id": {id},
				"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion}})
		}}
}

func (t *timingBench) post(path string, form url.Values) *http.Request {
	t.b.Helper()
	req, err := http.NewRequest(http.MethodPost, t.url+path, strings.NewReader(form.Encode()))
	t.must(err)
	req.Header.Set("Content-Type", formMedia)
	return req
}

// offer makes one.
func (t *timingBench) offer(withTxCode bool) issuer.Offer {
	t.b.Helper()
	o, err := t.issuer.CreateOffer(t.b.Context(), staff(registry.RoleAdmin), t.owners[0].id, []string{sd}, withTxCode)
	t.must(err)
	return o
}

// codeOf fetches the code of an offer.
func (t *timingBench) codeOf(o issuer.Offer) string {
	t.b.Helper()
	var document struct {
		Grants map[string]struct {
			Code string `json:"pre-authorized_code"`
		}
	}
	w := newFlowWallet(t.b, t.url, t.owners[0], false)
	t.must(w.call(flowCall{method: "GET", path: "/oid4vci/offers/" + o.ID}, &document))
	return document.Grants[oauth.GrantPreAuthorizedCode].Code
}

func (t *timingBench) code() string { return t.codeOf(t.offer(false)) }

// txCodes guesses transaction codes: wrong in the last digit, and wrong in the
// first. Each offer takes four wrong ones.
func (t *timingBench) txCodes() timed {
	var code, tx string
	asked := 0
	return timed{name: "transaction code: wrong in the last digit, in the first", status: http.StatusBadRequest, samples: timingSamples,
		prepare: func() {
			if asked%4 == 0 {
				o := t.offer(true)
				code, tx = t.codeOf(o), o.TxCode
			}
			asked++
		},
		ask: func(second bool) *http.Request {
			at := len(tx) - 1
			if second {
				at = 0
			}
			return t.post("/oid4vci/token", url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {code}, "tx_code": {otherDigit(tx, at)}})
		}}
}

// accessTokens sends tokens that are none.
func (t *timingBench) accessTokens() timed {
	var token struct {
		Token string `json:"access_token"`
	}
	w := newFlowWallet(t.b, t.url, t.owners[0], false)
	form := url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {t.code()}}
	t.must(w.call(flowCall{method: "POST", path: "/oid4vci/token", contentType: formMedia, body: form.Encode()}, &token))
	return timed{name: "access token: one with a wrong end, one that nobody made", status: http.StatusUnauthorized, samples: timingSamples, ask: func(second bool) *http.Request {
		sent := wrongAt(token.Token, len(token.Token)-2)
		if second {
			sent = unknown(token.Token)
		}
		req, err := http.NewRequest(http.MethodPost, t.url+"/oid4vci/credential", strings.NewReader(`{"credential_configuration_id":"`+sd+`"}`))
		t.must(err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+sent)
		return req
	}}
}

// offerOver looks for an offer that was cancelled, and for one that never was.
func (t *timingBench) offerOver() func(bool) *http.Request {
	o := t.offer(false)
	t.must(t.issuer.CancelOffer(t.b.Context(), staff(registry.RoleAdmin), o.ID))
	return func(second bool) *http.Request {
		id := o.ID
		if second {
			id = secret.RandomID(16)
		}
		req, err := http.NewRequest(http.MethodGet, t.url+"/oid4vci/offers/"+id, nil)
		t.must(err)
		return req
	}
}

// accounts signs in with a wrong password, at an account and at none. Each try is
// forgotten before the next, or the names would be locked.
func (t *timingBench) accounts() timed {
	return timed{name: "sign-in: a wrong password, an unknown account", status: http.StatusUnprocessableEntity, samples: 100,
		prepare: func() { t.sql("DELETE FROM sign_in_failure") },
		ask: func(second bool) *http.Request {
			name := t.owners[rand.IntN(len(t.owners))].number
			if second {
				name = name[:len(name)-1] + "X"
			}
			return t.post("/login", url.Values{"username": {name}, "password": {"six green kettles " + time.Now().Format("05")}})
		}}
}

// wrongAt changes one character of a token.
func wrongAt(token string, at int) string {
	other := byte('A')
	if token[at] == 'A' {
		other = 'B'
	}
	return token[:at] + string(other) + token[at+1:]
}

// unknown is a random token of the same form.
func unknown(token string) string {
	id, rest, _ := strings.Cut(token, ".")
	random := secret.RandomID(len(rest))
	return id + "." + random[:len(rest)]
}
