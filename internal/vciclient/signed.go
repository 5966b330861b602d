package vciclient

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"socialregistry/internal/jose"
)

const (
	mediaJWT     = "application/jwt"
	metadataType = "openidvci-issuer-metadata+jwt"

	maxChain  = 5 // certificates
	clockSkew = time.Minute
)

// metadata fetches the issuer's description (OID4VCI 1.0 §12.2.2): signed, if the
// issuer offers that and says by certificates who signed, else as JSON.
func (c *Client) metadata(ctx context.Context, address, id string) (Answer, error) {
	a, err := c.described(ctx, address, mediaJWT+", application/json;q=0.9")
	if err != nil || a.mediaType() != mediaJWT {
		return a, err
	}
	header, err := jose.Header(string(a.Body))
	if err != nil {
		return a, fmt.Errorf("%s: the signed metadata: %w", address, err)
	}
	if _, certified := header["x5c"]; !certified {
		return c.described(ctx, address, "application/json") // a signature by nobody known says nothing
	}
	payload, err := c.openMetadata(string(a.Body), header, id)
	if err != nil {
		return a, fmt.Errorf("%s: the signed metadata: %w", address, err)
	}
	c.Say("The description is signed, and the signature is good.")
	return a.as(payload), nil
}

func (c *Client) described(ctx context.Context, address, accept string) (Answer, error) {
	a, err := c.Get(ctx, address, accept)
	if err == nil && a.Status != http.StatusOK {
		err = &Unanswered{fmt.Errorf("%s answers %d", address, a.Status), a.Status}
	}
	return a, err
}

// openMetadata checks signed metadata and gives the members (§12.2.3): the explicit
// type, an asymmetric signature by the first certificate, the issuer as sub, iat, and
// exp if it is there.
func (c *Client) openMetadata(jwt string, header map[string]any, id string) ([]byte, error) {
	if header["typ"] != metadataType {
		return nil, fmt.Errorf("typ is %q", header["typ"])
	}
	leaf, err := c.certified(header["x5c"])
	if err != nil {
		return nil, err
	}
	payload, err := jose.Verify(jwt, leaf.PublicKey, jose.ES256, jose.EdDSA)
	if err != nil {
		return nil, err
	}
	claims, err := jose.DecodeObject(payload)
	if err != nil {
		return nil, err
	}
	if claims["sub"] != id {
		return nil, errors.New("sub is another issuer")
	}
	now := c.Now()
	made, ok := claims["iat"].(float64)
	if !ok || made > float64(now.Add(clockSkew).Unix()) {
		return nil, errors.New("iat is missing, or in the future")
	}
	if end, there := claims["exp"]; there {
		if at, ok := end.(float64); !ok || at <= float64(now.Unix()) {
			return nil, errors.New("exp is over")
		}
	}
	return payload, nil
}

// certified reads x5c (RFC 7515 §4.1.6) and gives the first certificate. The chain must
// lead to one of the anchors; where this wallet has none, it must hold together,
// and who it is stands on TLS alone.
func (c *Client) certified(x5c any) (*x509.Certificate, error) {
	list, _ := x5c.([]any)
	if len(list) == 0 || len(list) > maxChain {
		return nil, errors.New("x5c has no certificates, or too many")
	}
	var chain []*x509.Certificate
	for _, e := range list {
		text, _ := e.(string)
		der, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return nil, errors.New("x5c is not base64")
		}
		one, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, errors.New("x5c holds no certificate")
		}
		chain = append(chain, one)
	}
	roots, others := c.Anchors, x509.NewCertPool()
	if roots == nil {
		roots = x509.NewCertPool()
		roots.AddCert(chain[len(chain)-1])
	}
	for _, one := range chain[1:] {
		others.AddCert(one)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: others, CurrentTime: c.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		return nil, fmt.Errorf("its certificates: %w", err)
	}
	return chain[0], nil
}
