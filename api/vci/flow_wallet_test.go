package vci_test

import (
	"crypto/ecdsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/oauth"
)

// flowWallet is a wallet that does nothing but ask: it takes every step of a flow
// over one connection and looks at no more than the next step needs.
type flowWallet struct {
	url    string
	client *http.Client
	key    *ecdsa.PrivateKey
	jwk    map[string]any
}

func newFlowWallet(t testing.TB, url string) *flowWallet {
	t.Helper()
	key := newKey(t)
	jwk, err := jose.PublicJWK(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return &flowWallet{url: url, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}, key: key, jwk: jwk}
}

// preAuthorized takes a credential by the pre-authorized code of an offer.
func (w *flowWallet) preAuthorized(offer string) error {
	var document struct {
		Grants map[string]struct {
			Code string `json:"pre-authorized_code"`
		}
	}
	if err := w.call("GET", "/oid4vci/offers/"+offer, "", "", "", &document); err != nil {
		return err
	}
	form := url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {document.Grants[oauth.GrantPreAuthorizedCode].Code}}
	var token struct {
		Token string `json:"access_token"`
	}
	if err := w.call("POST", "/oid4vci/token", "application/x-www-form-urlencoded", form.Encode(), "", &token); err != nil {
		return err
	}
	return w.credential(token.Token)
}

func (w *flowWallet) credential(token string) error {
	var nonce struct {
		Nonce string `json:"c_nonce"`
	}
	if err := w.call("POST", "/oid4vci/nonce", "", "", "", &nonce); err != nil {
		return err
	}
	claims, err := json.Marshal(object{"aud": publicURL, "iat": time.Now().Unix(), "nonce": nonce.Nonce})
	if err != nil {
		return err
	}
	proof, err := jose.Sign(w.key, jose.ES256, object{"typ": "openid4vci-proof+jwt", "jwk": w.jwk}, claims)
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
	if err := w.call("POST", "/oid4vci/credential", "application/json", string(body), "Bearer "+token, &answer); err != nil {
		return err
	}
	if len(answer.Credentials) != 1 || strings.Count(answer.Credentials[0].Credential, ".") != 2 {
		return fmt.Errorf("no credential came: %v", answer)
	}
	return nil
}

func (w *flowWallet) call(method, path, contentType, body, authorization string, into any) error {
	req, err := http.NewRequest(method, w.url+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
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
		return fmt.Errorf("%s %s: %d %s", method, path, res.StatusCode, raw)
	}
	return json.Unmarshal(raw, into)
}
