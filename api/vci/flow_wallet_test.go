package vci_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer/oauth"
)

// flowWallet is a wallet, and the browser of its owner, that do nothing but ask:
// they take every step of a flow over one connection and look at no more than the
// next step needs.
type flowWallet struct {
	flowOwner
	url    string
	client *http.Client
	jwk    map[string]any
	dpop   bool // tokens are bound to the key
}

// flowOwner is whose wallet it is, and what is there before a flow begins.
type flowOwner struct {
	id       uuid.UUID
	number   string            // registration number, the name to sign in with
	session  string            // of the browser: the owner is signed in
	clientID string            // as which the wallet is registered
	key      *ecdsa.PrivateKey // of the wallet, for everything
	from     net.Addr          // an address of its own: limits are per address
}

func newFlowWallet(t testing.TB, url string, owner flowOwner, dpop bool) *flowWallet {
	t.Helper()
	jwk, err := jose.PublicJWK(owner.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 1, DialContext: (&net.Dialer{LocalAddr: owner.from}).DialContext}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &flowWallet{flowOwner: owner, url: url, client: client, jwk: jwk, dpop: dpop}
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
	return w.redeem(form, nil)
}

// redeem turns a code into a token, and that into a credential. claims are those
// that the proof of possession holds besides.
func (w *flowWallet) redeem(form url.Values, claims object) error {
	var token struct {
		Token string `json:"access_token"`
	}
	call := flowCall{method: "POST", path: "/oid4vci/token", contentType: formMedia, body: form.Encode(), bound: w.dpop}
	if err := w.call(call, &token); err != nil {
		return err
	}
	return w.credential(token.Token, claims)
}

func (w *flowWallet) credential(token string, claims object) error {
	var nonce struct {
		Nonce string `json:"c_nonce"`
	}
	if err := w.call(flowCall{method: "POST", path: "/oid4vci/nonce"}, &nonce); err != nil {
		return err
	}
	proven := object{"aud": publicURL, "iat": time.Now().Unix(), "nonce": nonce.Nonce}
	maps.Copy(proven, claims)
	proof, err := w.sign(object{"typ": "openid4vci-proof+jwt", "jwk": w.jwk}, proven)
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
	session                         string // of a browser; "" for none
}

// call sends a request and reads the JSON of the answer into into.
func (w *flowWallet) call(c flowCall, into any) error {
	_, raw, err := w.send(c)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// send sends a request and gives what came back, if it is no refusal.
func (w *flowWallet) send(c flowCall) (http.Header, []byte, error) {
	req, err := w.request(c)
	if err != nil {
		return nil, nil, err
	}
	res, err := w.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s: %d %s", c.method, c.path, res.StatusCode, raw)
	}
	return res.Header, raw, err
}

func (w *flowWallet) request(c flowCall) (*http.Request, error) {
	req, err := http.NewRequest(c.method, w.url+c.path, strings.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	if c.contentType != "" {
		req.Header.Set("Content-Type", c.contentType)
	}
	if c.session != "" {
		req.AddCookie(&http.Cookie{Name: "sr_session", Value: c.session})
	}
	scheme := oauth.TokenTypeBearer
	if c.bound {
		scheme = oauth.TokenTypeDPoP
		proof, err := w.dpopProof(c)
		if err != nil {
			return nil, err
		}
		req.Header.Set("DPoP", proof)
	}
	if c.token != "" {
		req.Header.Set("Authorization", scheme+" "+c.token)
	}
	return req, nil
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
