package e2e_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// takeCredential is the least that a wallet does with an offer by reference
// (OID4VCI 1.0, pre-authorized code): it fetches the offer, a token, a nonce and
// the credential, for a new key.
func takeCredential(link, pin string) error {
	query, err := url.ParseQuery(link[strings.Index(link, "?")+1:])
	if err != nil {
		return err
	}
	var offer struct {
		Issuer  string   `json:"credential_issuer"`
		Configs []string `json:"credential_configuration_ids"`
		Grants  map[string]struct {
			Code string `json:"pre-authorized_code"`
		} `json:"grants"`
	}
	if err := fetch(http.MethodGet, query.Get("credential_offer_uri"), "", "", nil, &offer); err != nil {
		return err
	}
	const grant = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
	form := url.Values{"grant_type": {grant}, "pre-authorized_code": {offer.Grants[grant].Code}}
	if pin != "" {
		form.Set("tx_code", pin)
	}
	var token struct {
		Access string `json:"access_token"`
	}
	if err := fetch(http.MethodPost, offer.Issuer+"/oid4vci/token", "application/x-www-form-urlencoded", "", []byte(form.Encode()), &token); err != nil {
		return err
	}
	var nonce struct {
		Nonce string `json:"c_nonce"`
	}
	if err := fetch(http.MethodPost, offer.Issuer+"/oid4vci/nonce", "", "", nil, &nonce); err != nil {
		return err
	}
	proof, err := proofOf(offer.Issuer, nonce.Nonce)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"credential_configuration_id": offer.Configs[0], "proofs": map[string]any{"jwt": []string{proof}}})
	if err != nil {
		return err
	}
	var got struct {
		Credentials []json.RawMessage `json:"credentials"`
	}
	if err := fetch(http.MethodPost, offer.Issuer+"/oid4vci/credential", "application/json", token.Access, body, &got); err != nil {
		return err
	}
	if len(got.Credentials) != 1 {
		return fmt.Errorf("%d credentials", len(got.Credentials))
	}
	return nil
}

func fetch(method, address, contentType, token string, body []byte, into any) error {
	req, err := http.NewRequest(method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, address, res.Status, text)
	}
	return json.Unmarshal(text, into)
}

// proofOf is a key proof by a new did:jwk (OID4VCI 1.0, appendix F.1).
func proofOf(audience, nonce string) (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	b64 := base64.RawURLEncoding
	point, err := key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return "", err
	}
	jwk, err := json.Marshal(map[string]string{"kty": "EC", "crv": "P-256", "x": b64.EncodeToString(point[1:33]), "y": b64.EncodeToString(point[33:])})
	if err != nil {
		return "", err
	}
	header, err := json.Marshal(map[string]any{"typ": "openid4vci-proof+jwt", "alg": "ES256", "kid": "did:jwk:" + b64.EncodeToString(jwk) + "#0"})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(map[string]any{"aud": audience, "iat": time.Now().Unix(), "nonce": nonce})
	if err != nil {
		return "", err
	}
	input := b64.EncodeToString(header) + "." + b64.EncodeToString(payload)
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return input + "." + b64.EncodeToString(signature), nil
}
