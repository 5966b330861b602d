package vciclient

import (
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// encryption is how this wallet and an issuer keep requests and answers to
// themselves (OID4VCI 1.0 §10).
type encryption struct {
	to          *ecdh.PublicKey // of the issuer
	kid         string
	enc, zip    string // of requests
	answerEnc   string
	answerZip   string
	answerAlgOK bool
}

// encryption chooses among what the issuer can.
func (i *Issuer) encryption() (*encryption, error) {
	req, res := i.RequestEncryption, i.ResponseEncryption
	if req == nil || res == nil {
		return nil, errors.New("it does not say how requests and answers are encrypted")
	}
	e := &encryption{enc: pick(req.Enc), answerEnc: pick(res.Enc), answerAlgOK: slices.Contains(res.Alg, algECDHES)}
	if e.enc == "" || e.answerEnc == "" || !e.answerAlgOK {
		return nil, errors.New("it offers no encryption that this wallet knows (ECDH-ES with AES-GCM)")
	}
	if slices.Contains(req.Zip, "DEF") {
		e.zip = "DEF"
	}
	if slices.Contains(res.Zip, "DEF") {
		e.answerZip = "DEF"
	}
	for _, jwk := range req.JWKS.Keys {
		if jwk["alg"] != algECDHES || jwk["kid"] == nil { // §12.2.4: each key has a kid and an alg
			continue
		}
		if key, err := parseEncryptionKey(jwk); err == nil {
			e.to, e.kid = key, text(jwk["kid"])
			return e, nil
		}
	}
	return nil, errors.New("it publishes no key for requests that this wallet can use (ECDH-ES on P-256)")
}

// pick prefers the longest key.
func pick(listed []string) string {
	for _, enc := range []string{"A256GCM", "A192GCM", "A128GCM"} {
		if slices.Contains(listed, enc) {
			return enc
		}
	}
	return ""
}

// Envelope is how one request is sealed and its answer is opened; nil for plain
// ones.
type Envelope struct {
	*encryption
	Key *ecdh.PrivateKey // made for one answer
	Zip bool             // compress both, if the issuer can

	Edit func(parameters map[string]any) // changes what is asked of the answer, nil for nothing
}

// NewEnvelope makes a key for one answer. It returns nil where neither this
// wallet nor the issuer wants encryption.
func (c *Client) NewEnvelope(i *Issuer) (*Envelope, error) {
	required := i.RequestEncryption != nil && i.RequestEncryption.Required || i.ResponseEncryption != nil && i.ResponseEncryption.Required
	if !c.Encrypt && !required {
		return nil, nil
	}
	e, err := i.encryption()
	if err != nil {
		return nil, fmt.Errorf("metadata of %s: %w", i.ID, err)
	}
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return &Envelope{encryption: e, Key: key}, nil
}

// Parameters are the member credential_response_encryption (§8.2).
func (e *Envelope) Parameters() map[string]any {
	jwk := encryptionJWK(e.Key.PublicKey())
	jwk["alg"], jwk["use"], jwk["kid"] = algECDHES, "enc", "answer"
	p := map[string]any{"jwk": jwk, "enc": e.answerEnc}
	if e.Zip && e.answerZip != "" {
		p["zip"] = e.answerZip
	}
	if e.Edit != nil {
		e.Edit(p)
	}
	return p
}

// Seal turns a JSON body into an encrypted one (§10: a JWT as the payload of a
// compact JWE, kid copied).
func (e *Envelope) Seal(body []byte) (contentType string, sealed []byte, err error) {
	header := map[string]any{"kid": e.kid}
	if e.Zip && e.zip != "" {
		header["zip"] = e.zip
	}
	jwe, err := encrypt(e.to, e.enc, header, body)
	return "application/jwt", []byte(jwe), err
}

// open gives the plain form of a good answer, which must be encrypted if that was
// asked for. Refusals are never encrypted (§8.3.1.2).
func (a Answer) open(e *Envelope) (Answer, error) {
	if e == nil || a.Status != http.StatusOK && a.Status != http.StatusAccepted {
		return a, nil
	}
	if a.mediaType() != "application/jwt" {
		return a, fmt.Errorf("%s answers without the encryption that I asked for", a.address)
	}
	plain, err := decrypt(e.Key, e.answerEnc, string(a.Body))
	if err != nil {
		return a, fmt.Errorf("%s: %w", a.address, err)
	}
	return a.as(plain), nil
}
