package vci_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer/oauth"
)

// flowWallet is a wallet that does nothing but ask: it takes every step of a flow
// over one connection and looks at no more than the next step needs.
type flowWallet struct {
	url    string
	client *http.Client
	key    *ecdsa.PrivateKey
	jwk    map[string]any
	dpop   bool // tokens are bound to the key
}

func newFlowWallet(t testing.TB, url string, dpop bool) *flowWallet {
	t.Helper()
	key := newKey(t)
	jwk, err := jose.PublicJWK(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return &flowWallet{url: url, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}, key: key, jwk: jwk, dpop: dpop}
}

// preAuthorized takes a credential by the pre-authorized code of an offer.
func (w *flowWallet) preAuthorized(offer string) error {
	var document struct {
		Grants map[string]struct {
			Code string `json:"pre-authorized_code"`
		}
	}
	if err := w.call(flowCall{method: "GET", path: "/oid4vci/offers/" + offer}, &document); err != nil {
		return err
	}
	form := url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {document.Grants[oauth.GrantPreAuthorizedCode].Code}}
	return w.redeem(form)
}

// redeem turns a code into a token, and that into a credential.
func (w *flowWallet) redeem(form url.Values) error {
	var token struct {
		Token string `json:"access_token"`
	}
	call := flowCall{method: "POST", path: "/oid4vci/token", contentType: "application/x-www-form-urlencoded", body: form.Encode(), bound: w.dpop}
	if err := w.call(call, &token); err != nil {
		return err
	}
	return w.credential(token.Token)
}

func (w *flowWallet) credential(token string) error {
	var nonce struct {
		Nonce string `json:"c_nonce"`
	}
	if err := w.call(flowCall{method: "POST", path: "/oid4vci/nonce"}, &nonce); err != nil {
		return err
	}
	proof, err := w.sign(object{"typ": "openid4vci-proof+jwt", "jwk": w.jwk}, object{"aud": publicURL, "iat": time.Now().Unix(), "nonce": nonce.Nonce})
	if err != nil {
		return err
	}
	body, err := json.Marshal(object{"credential_configuration_id": sd, "proofs": object{"jwt": []string{proof}}})
	if err != nil {
		return err
	}
	var answer struct {
		Credentials []struct{ Credential string }
	}
	call := flowCall{method: "POST", path: "/oid4vci/credential", contentType: "application/json", body: string(body), token: token, bound: w.dpop}
	if err := w.call(call, &answer); err != nil {
		return err
	}
	if len(answer.Credentials) != 1 || strings.Count(answer.Credentials[0].Credential, ".") != 2 {
		return fmt.Errorf("no credential came: %v", answer)
	}
	return nil
}

func (w *flowWallet) sign(header, claims object) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return jose.Sign(w.key, jose.ES256, header, payload)
}

// flowCall is one request.
type flowCall struct {
	method, path, contentType, body string
	token                           string // access token; "" for none
	bound                           bool   // with a DPoP proof
}

// call sends a request and reads the answer into into.
func (w *flowWallet) call(c flowCall, into any) error {
	req, err := http.NewRequest(c.method, w.url+c.path, strings.NewReader(c.body))
	if err != nil {
		return err
	}
	if c.contentType != "" {
		req.Header.Set("Content-Type", c.contentType)
	}
	scheme := oauth.TokenTypeBearer
	if c.bound {
		scheme = oauth.TokenTypeDPoP
		proof, err := w.dpopProof(c)
		if err != nil {
			return err
		}
		req.Header.Set("DPoP", proof)
	}
	if c.token != "" {
		req.Header.Set("Authorization", scheme+" "+c.token)
	}
	res, err := w.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %d %s", c.method, c.path, res.StatusCode, raw)
	}
	return json.Unmarshal(raw, into)
}

// dpopProof is a proof for this call (RFC 9449 §4.2).
func (w *flowWallet) dpopProof(c flowCall) (string, error) {
	claims := object{"jti": secret.RandomID(16), "htm": c.method, "htu": publicURL + c.path, "iat": time.Now().Unix()}
	if c.token != "" {
		sum := sha256.Sum256([]byte(c.token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return w.sign(object{"typ": "dpop+jwt", "jwk": w.jwk}, claims)
}
