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
	_, err := credentialOf(link, pin)
	return err
}

// credentialOf takes a credential for a new key and gives its text.
func credentialOf(link, pin string) (string, error) {
	k, err := newKey()
	if err != nil {
		return "", err
	}
	return credentialFor(k, link, pin)
}

// credentialFor takes a credential for a key.
func credentialFor(k key, link, pin string) (string, error) {
	query, err := url.ParseQuery(link[strings.Index(link, "?")+1:])
	if err != nil {
		return "", err
	}
	var offer struct {
		Issuer  string   `json:"credential_issuer"`
		Configs []string `json:"credential_configuration_ids"`
		Grants  map[string]struct {
			Code string `json:"pre-authorized_code"`
		} `json:"grants"`
	}
	if err := fetch(http.MethodGet, query.Get("credential_offer_uri"), "", "", nil, &offer); err != nil {
		return "", err
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
		return "", err
	}
	var nonce struct {
		Nonce string `json:"c_nonce"`
	}
	if err := fetch(http.MethodPost, offer.Issuer+"/oid4vci/nonce", "", "", nil, &nonce); err != nil {
		return "", err
	}
	proof, err := k.proof(offer.Issuer, nonce.Nonce, strings.HasSuffix(offer.Configs[0], "_mso_mdoc"))
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]any{"credential_configuration_id": offer.Configs[0], "proofs": map[string]any{"jwt": []string{proof}}})
	if err != nil {
		return "", err
	}
	var got struct {
		Credentials []struct {
			Credential json.RawMessage `json:"credential"`
		} `json:"credentials"`
	}
	if err := fetch(http.MethodPost, offer.Issuer+"/oid4vci/credential", "application/json", token.Access, body, &got); err != nil {
		return "", err
	}
	if len(got.Credentials) != 1 {
		return "", fmt.Errorf("%d credentials", len(got.Credentials))
	}
	raw, text := got.Credentials[0].Credential, ""
	if json.Unmarshal(raw, &text) != nil { // a document, not a text
		text = string(raw)
	}
	return text, nil
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
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusCreated {
		return fmt.Errorf("%s %s: %s: %s", method, address, res.Status, text)
	}
	return json.Unmarshal(text, into)
}

// proof is a key proof (OID4VCI 1.0, appendix F.1): it names its key as a did:jwk, or has
// it in its header.
func (k key) proof(audience, nonce string, whole bool) (string, error) {
	header := map[string]any{"typ": "openid4vci-proof+jwt", "kid": "did:jwk:" + encode(k.jwk) + "#0"}
	if whole {
		header = map[string]any{"typ": "openid4vci-proof+jwt", "jwk": k.jwk}
	}
	return k.sign(header, map[string]any{"aud": audience, "iat": time.Now().Unix(), "nonce": nonce})
}

// key is a P-256 key that signs JWTs by ES256.
type key struct {
	private *ecdsa.PrivateKey
	jwk     map[string]string // its public part
}

func newKey() (key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return key{}, err
	}
	point, err := private.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return key{}, err
	}
	b64 := base64.RawURLEncoding
	return key{private, map[string]string{"kty": "EC", "crv": "P-256", "x": b64.EncodeToString(point[1:33]), "y": b64.EncodeToString(point[33:])}}, nil
}

func (k key) sign(header, claims map[string]any) (string, error) {
	header["alg"] = "ES256"
	input := encode(header) + "." + encode(claims)
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, k.private, sum[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return input + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// encode gives JSON in base64url; what is given here can always be written.
func encode(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// consentPath registers a wallet in the name of admin, pushes its request for a
// credential (RFC 9126) and gives the address of the page on which the person me
// is asked. The wallet wants the browser at back.
func consentPath(me, admin *client, config, back string) (string, error) {
	k, err := newKey()
	if err != nil {
		return "", err
	}
	id := fmt.Sprint("wallet-", time.Now().UnixNano())
	if err := admin.register(id, back, k); err != nil {
		return "", err
	}
	assertion, err := k.sign(map[string]any{"typ": "JWT"}, map[string]any{"iss": id, "sub": id, "aud": me.base, "jti": id,
		"iat": time.Now().Unix(), "exp": time.Now().Unix() + 60})
	if err != nil {
		return "", err
	}
	challenge := sha256.Sum256([]byte("a verifier that is long enough to be taken for one"))
	form := url.Values{"client_id": {id}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion},
		"response_type": {"code"}, "redirect_uri": {back}, "state": {"s"}, "scope": {config},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"}}
	var pushed struct {
		RequestURI string `json:"request_uri"`
	}
	if err := fetch(http.MethodPost, me.base+"/oid4vci/par", "application/x-www-form-urlencoded", "", []byte(form.Encode()), &pushed); err != nil {
		return "", err
	}
	res, err := me.http.Get(me.base + "/oid4vci/authorize?" + url.Values{"client_id": {id}, "request_uri": {pushed.RequestURI}}.Encode())
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("authorize: %s", res.Status)
	}
	return res.Request.URL.Path, nil
}

// ward registers a child whose name is attested, in the care of a guardian, and gives
// the id.
func (c *client) ward(guardian string) (string, error) {
	var child struct{ ID string }
	err := c.create("/api/v1/people", map[string]any{"reason": "trial", "values": map[string]string{"given_name": "Naserian", "family_name": "Lekuton", "birth_date": "2020-05-01"}}, &child)
	if err != nil {
		return "", err
	}
	var decisions []any
	for _, field := range []string{"given_name", "family_name", "birth_date"} {
		decisions = append(decisions, map[string]string{"field": field, "state": "ATTESTED", "comment": "birth certificate"})
	}
	if err := c.create("/api/v1/people/"+child.ID+"/attestations", map[string]any{"decisions": decisions}, nil); err != nil {
		return "", err
	}
	return child.ID, c.create("/api/v1/people/"+child.ID+"/guardians", map[string]string{"guardian_id": guardian, "from": time.Now().UTC().Format(time.DateOnly), "reason": "trial"}, nil)
}

// create posts JSON; into nil leaves the answer unread.
func (c *client) create(path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, c.base+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("If-Match", `"1"`) // of a record that nobody has changed
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("POST %s: %s: %s", path, res.Status, text)
	}
	if err != nil || into == nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// register makes a wallet known to the server.
func (c *client) register(id, back string, k key) error {
	body, err := json.Marshal(map[string]any{"client_id": id, "client_name": "Pocket wallet", "redirect_uris": []string{back}, "token_endpoint_auth_method": "private_key_jwt",
		"jwks": map[string]any{"keys": []any{k.jwk}}, "grant_types": []string{"authorization_code"}, "reason": "trial"})
	if err != nil {
		return err
	}
	res, err := c.http.Post(c.base+"/api/v1/clients", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusCreated {
		err = fmt.Errorf("register a wallet: %s: %s", res.Status, text)
	}
	return err
}
